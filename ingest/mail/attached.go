package mail

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// attached notes a part by name, hash and size.
func (w *walker) attached(name, kind string, r io.Reader) error {
	h := sha256.New()
	n, err := io.Copy(h, r)
	if name == "" {
		name = strings.ReplaceAll(kind, "/", ".")
	}
	w.evidence(name, h.Sum(nil), n)
	return w.damage(err)
}

// separators would end a piece of evidence in a list of them.
var separators = strings.NewReplacer(";", "_", "；", "_", "|", "_")

func (w *walker) evidence(name string, sum []byte, size int64) {
	if len(w.m.Attached) >= mostAttached {
		w.note("more attachments")
		return
	}
	name = separators.Replace(clean(name, 200))
	w.m.Attached = append(w.m.Attached, fmt.Sprintf("%s sha256:%s %s", name, hex.EncodeToString(sum), strconv.FormatInt(size, 10)))
}

// nested reads a message inside the message: somebody else's words, which are
// evidence, and stand apart.
func (w *walker) nested(name string, r io.Reader, depth int) error {
	sum := sha256.New()
	count := &counting{w: sum}
	all := io.TeeReader(r, count)
	h, body, _, err := readHeader(all)
	if err != nil {
		if fatal(err) {
			return err
		}
		w.note("damaged part")
	} else {
		title := subject(clean(w.words(h.Get("Subject")), mostField))
		_, from := w.address(h.Get("From"))
		s, err := w.part(h, body, depth+1)
		if err != nil {
			return err
		}
		if name == "" {
			name = clean(title, 100) + ".eml"
		}
		if text := s.words(); text != "" && len(w.m.Forwarded) < mostOther {
			w.m.Forwarded = cut(strings.TrimSpace(w.m.Forwarded+"\n\n"+from+": "+title+"\n"+text), mostOther)
		}
	}
	err = w.drain(all)
	w.evidence(name, sum.Sum(nil), count.n)
	return err
}

type counting struct {
	w io.Writer
	n int64
}

func (c *counting) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return c.w.Write(p)
}
