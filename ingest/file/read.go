package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"plaint/ingest/profile"
	"plaint/internal/record"
)

// How many rows travel together, and how many bytes of input at most: rows may
// be of any size up to maxRow, and memory is bounded by bytes.
const (
	chunkRows  = 1024
	chunkBytes = 4 << 20
	// A batch is closed before it is full when it holds more than batchBytes, and
	// rowBytes for each row, so that DefaultBatchRows rows of up to a kilobyte
	// stay together and rows of a megabyte do not.
	batchBytes = 36 << 20
	rowBytes   = 768
)

// chunk is a run of rows on its way through a mapper.
type chunk struct {
	rows  []rawRow
	bytes int // of the rows
	out   record.Batch
	ready chan struct{}
}

// chunks are used again: a row of a complaint is close to a kilobyte, and a
// load makes thousands of chunks.
var chunks = sync.Pool{New: func() any { return &chunk{} }}

// release gives the chunk back, with its room but without what it held.
func (c *chunk) release() {
	clear(c.rows)
	reuse(&c.out)
	c.rows, c.bytes, c.ready = c.rows[:0], 0, nil
	chunks.Put(c)
}

// Read yields the input's rows as batches, in order; a batch is valid only
// while emit runs. It returns when emit
// fails, when the context ends, or after the last row. A row or an input that
// cannot be read becomes a refusal, never an error: an error is a fault of
// ours or of the disk.
func (p *Plan) Read(ctx context.Context, emit func(*record.Batch) error) error {
	if p.Err != nil {
		return emit(p.refuseAll(p.Err))
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	source, closeSource, err := p.rows(ctx, p.ReadBytes())
	if err != nil {
		var e *Error
		if errors.As(err, &e) {
			return emit(p.refuseAll(e))
		}
		return err
	}
	defer closeSource()

	// A little is read ahead, to keep both cores busy; more would only cost
	// memory, since a batch on its way into the engine takes both as well.
	size := p.opt.BatchRows
	if size <= 0 {
		size = DefaultBatchRows
	}
	work := make(chan *chunk)
	order := make(chan *chunk, 16)
	var wg sync.WaitGroup
	for range runtime.NumCPU() {
		wg.Go(func() { p.work(ctx, work) })
	}
	wg.Go(func() {
		defer close(work)
		defer close(order)
		p.cut(ctx, cancel, source, size, work, order)
	})
	err = p.gather(ctx, order, size, emit)
	cancel(err)
	for range order { // let the splitter end
	}
	wg.Wait()
	return err
}

func (p *Plan) refuseAll(e *Error) *record.Batch {
	return &record.Batch{Input: p.Input, Refused: []record.Refusal{{Kind: p.Kind(), Input: p.Input, Code: e.Code, Detail: short(e.Detail), Raw: []byte{}}}}
}

// rows opens the input at its first row after the header, until ctx ends.
func (p *Plan) rows(ctx context.Context, read *atomic.Int64) (rows, func(), error) {
	if p.again != nil {
		return newAgain(p), func() {}, nil
	}
	switch p.Format {
	case Mail:
		return p.openMail(read)
	case XLSX:
		x, err := openXLSX(p.in, read)
		if err != nil {
			return nil, nil, err
		}
		for i := 0; i <= p.Skipped; i++ {
			if _, err := x.next(); err != nil {
				break
			}
		}
		return x, x.close, nil
	case Parquet, Arrow:
		c, err := p.openColumns(ctx)
		if err != nil {
			return nil, nil, err
		}
		return c, c.Close, nil
	}
	r, err := p.text(read)
	if err != nil {
		return nil, nil, err
	}
	stop := func() { r.Close() }
	switch p.Format {
	case JSON, NDJSON:
		return p.jsonRows(r, p.Mapping.Header), stop, nil
	case Lines:
		return newLineRows(r, p.form), stop, nil
	}
	c := newCSVRows(r, p.Delimiter)
	for i := 0; i <= p.Skipped; i++ {
		if _, err := c.next(); err != nil {
			break
		}
	}
	return c, stop, nil
}

// next reads the rows of a chunk, up to the input's end or fault.
func next(source rows, most int) (*chunk, error) {
	c := chunks.Get().(*chunk)
	c.ready = make(chan struct{})
	for len(c.rows) < most && c.bytes < chunkBytes {
		row, err := source.next()
		if err != nil {
			return c, err
		}
		n := row.size()
		if n > maxRow && row.raw == nil && row.code == "" { // of a table whose cells are read one by one
			row = rawRow{line: row.line, code: "row_too_long", raw: tableRow(nil, row.cells)[:keptRaw]}
		}
		c.rows, c.bytes = append(c.rows, row), c.bytes+n
	}
	return c, nil
}

// cut reads rows into chunks. A fault of the input ends it with a refusal; the
// rows before it stay loaded.
func (p *Plan) cut(ctx context.Context, cancel context.CancelCauseFunc, source rows, size int, work, order chan<- *chunk) {
	for {
		c, end := next(source, min(chunkRows, size))
		var e *Error
		if errors.As(end, &e) {
			c.rows = append(c.rows, rawRow{code: e.Code, detail: e.Detail})
		} else if end != nil && end != io.EOF {
			cancel(fmt.Errorf("read %s: %w", p.Input, end))
			return
		}
		if len(c.rows) > 0 {
			select {
			case work <- c:
				order <- c
			case <-ctx.Done():
				return
			}
		}
		if end != nil {
			return
		}
	}
}

// gather puts the mapped chunks together in order and emits full batches.
func (p *Plan) gather(ctx context.Context, order <-chan *chunk, size int, emit func(*record.Batch) error) error {
	batch, bytes := p.empty(), 0
	seen := record.Seen{Salt: p.opt.Salt}
	for c := range order {
		select {
		case <-c.ready:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		stamp(&c.out, &seen)
		if batch.Complaints == nil && len(c.out.Complaints) == chunkRows && size >= DefaultBatchRows {
			batch.Complaints = make([]record.Complaint, 0, size) // they are large: grow once
		}
		join(batch, &c.out)
		bytes += c.bytes
		c.release()
		n := batch.Rows()
		full := n+chunkRows > size && (size >= chunkRows || n >= size) || bytes+chunkBytes > batchBytes+n*rowBytes
		if n > 0 && full {
			if err := emit(batch); err != nil {
				return err
			}
			reuse(batch)
			bytes = 0
		}
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if batch.Rows() > 0 {
		return emit(batch)
	}
	return nil
}

// reuse empties a batch and keeps its room, but not the texts in it; what it held
// must not be used any more.
func reuse(b *record.Batch) {
	clear(b.Complaints)
	clear(b.Surveys)
	clear(b.Logs)
	clear(b.Transactions)
	clear(b.Accounts)
	clear(b.Levels)
	clear(b.Refused)
	b.Complaints, b.Surveys, b.Logs = b.Complaints[:0], b.Surveys[:0], b.Logs[:0]
	b.Transactions, b.Accounts, b.Levels = b.Transactions[:0], b.Accounts[:0], b.Levels[:0]
	b.Refused = b.Refused[:0]
}

func (p *Plan) empty() *record.Batch {
	return &record.Batch{Input: p.Input, Profile: p.Mapping.Profile.Name}
}

func stamp(b *record.Batch, seen *record.Seen) {
	for i := range b.Complaints {
		b.Complaints[i].Stamp(seen)
	}
	for i := range b.Surveys {
		b.Surveys[i].Stamp(seen)
	}
	for i := range b.Logs {
		b.Logs[i].Stamp(seen)
	}
	for i := range b.Transactions {
		b.Transactions[i].Stamp(seen)
	}
	for i := range b.Accounts {
		b.Accounts[i].Stamp(seen)
	}
	for i := range b.Levels {
		b.Levels[i].Stamp()
	}
}

func join(to, from *record.Batch) {
	to.Complaints = append(to.Complaints, from.Complaints...)
	to.Surveys = append(to.Surveys, from.Surveys...)
	to.Logs = append(to.Logs, from.Logs...)
	to.Transactions = append(to.Transactions, from.Transactions...)
	to.Accounts = append(to.Accounts, from.Accounts...)
	to.Levels = append(to.Levels, from.Levels...)
	to.Refused = append(to.Refused, from.Refused...)
}

// settled is what the columns' other rows say about the order of day and month,
// found once for all workers.
type settled struct {
	sync.Mutex
	by map[string]profile.Evidence
}

func newSettled() *settled { return &settled{by: map[string]profile.Evidence{}} }

// evidence reads the input once more and counts what one date column says about
// the order of day and month. What was read of it when ctx ends says nothing.
func (p *Plan) evidence(ctx context.Context, column string) profile.Evidence {
	p.settled.Lock()
	defer p.settled.Unlock()
	if e, ok := p.settled.by[column]; ok {
		return e
	}
	var e profile.Evidence
	source, stop, err := p.rows(ctx, new(atomic.Int64))
	if err != nil {
		return e
	}
	defer stop()
	at := slices.Index(p.Mapping.Header, column)
	w := &worker{p: p, decode: newDecoder(p.Encoding)}
	for ctx.Err() == nil {
		r, err := source.next()
		if err != nil && ctx.Err() != nil {
			break
		}
		if err != nil {
			p.settled.by[column] = e
			return e
		}
		if w.split(&r) != nil {
			continue
		}
		if at >= 0 && at < len(r.cells) {
			e.Note(r.cells[at])
		}
		for _, f := range r.extra {
			if f.Name == column {
				e.Note(f.Value)
			}
		}
	}
	return profile.Evidence{}
}
