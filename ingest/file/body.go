package file

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"sync/atomic"
)

// InspectBody is Inspect for an input in memory, unpacked. The error is a fault
// of ours; an input that cannot be read has Plan.Err.
func InspectBody(data []byte, o Options) (*Plan, error) {
	name := cmp.Or(o.Name, "body")
	p := &Plan{Input: name, Size: int64(len(data)), opt: o, settled: newSettled()}
	p.in = &input{name: name, size: p.Size, read: new(atomic.Int64)}
	p.in.open = func(read *atomic.Int64) (io.ReadCloser, error) {
		read.Store(0)
		return io.NopCloser(&counter{bytes.NewReader(data), read}), nil
	}
	if err := p.inspect(); err != nil && !errors.As(err, &p.Err) {
		return nil, err
	}
	return p, nil
}
