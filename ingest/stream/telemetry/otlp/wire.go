package otlp

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// wire is a protobuf message that is read field by field, without a copy.
type wire struct {
	s   string
	tag int
	n   uint64 // of a varint or a fixed field
	b   string // of a field with a length
	bad bool
}

// next moves to the next field; at the end, and at what is no field, it returns
// false.
func (w *wire) next() bool {
	if w.s == "" {
		return false
	}
	tag, ok := w.varint()
	if !ok || tag>>3 == 0 || tag > math.MaxUint32 || tag>>3 > uint64(protowire.MaxValidNumber) {
		return w.fail()
	}
	w.tag = int(tag)
	switch protowire.Type(tag & 7) {
	case protowire.VarintType:
		if w.n, ok = w.varint(); !ok {
			return w.fail()
		}
	case protowire.Fixed64Type:
		return w.fixed(8)
	case protowire.Fixed32Type:
		return w.fixed(4)
	case protowire.BytesType:
		n, ok := w.varint()
		if !ok || n > uint64(len(w.s)) {
			return w.fail()
		}
		w.b, w.s = w.s[:n], w.s[n:]
	default: // groups: OTLP never had any
		return w.fail()
	}
	return true
}

func (w *wire) fail() bool {
	w.bad = true
	return false
}

func (w *wire) varint() (v uint64, ok bool) {
	for i := 0; i < len(w.s) && i < 10; i++ {
		c := w.s[i]
		if i == 9 && c > 1 {
			return 0, false
		}
		v |= uint64(c&0x7F) << (7 * i)
		if c < 0x80 {
			w.s = w.s[i+1:]
			return v, true
		}
	}
	return 0, false
}

func (w *wire) fixed(n int) bool {
	if len(w.s) < n {
		return w.fail()
	}
	w.n = 0
	for i := n - 1; i >= 0; i-- {
		w.n = w.n<<8 | uint64(w.s[i])
	}
	w.s = w.s[n:]
	return true
}

// end is the error of a message that was read to its end.
func (w *wire) end(what string) error {
	if w.bad {
		return malformed("broken protobuf in %s", what)
	}
	return nil
}

// each calls f for the fields of one tag.
func each(s string, tag int, what string, f func(string) error) error {
	w := wire{s: s}
	for w.next() {
		if w.tag == tag {
			if err := f(w.b); err != nil {
				return err
			}
		}
	}
	return w.end(what)
}
