package file

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// encodings by the names that a user may choose; nil is UTF-8.
var encodings = map[string]encoding.Encoding{
	"utf-8":    nil,
	"utf-16le": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
	"utf-16be": unicode.UTF16(unicode.BigEndian, unicode.UseBOM),
	"gb18030":  simplifiedchinese.GB18030,
	"gbk":      simplifiedchinese.GBK,
	"big5":     traditionalchinese.Big5,
	"latin-1":  charmap.Windows1252,
}

func encodingNamed(name string) (string, bool) {
	n := strings.ToLower(strings.ReplaceAll(name, "_", "-"))
	switch n {
	case "utf8":
		n = "utf-8"
	case "utf-16", "utf16", "utf16le":
		n = "utf-16le"
	case "gb2312", "gb-18030":
		n = "gb18030"
	case "latin1", "iso-8859-1", "windows-1252", "cp1252":
		n = "latin-1"
	}
	_, ok := encodings[n]
	return n, ok
}

// detectEncoding guesses the encoding of a file from its beginning. A byte
// order mark decides; valid UTF-8 is taken for it; otherwise the bytes are
// weighed as GB18030, Big5 and Latin-1.
func detectEncoding(sample []byte, truncated bool) string {
	switch {
	case bytes.HasPrefix(sample, []byte{0xEF, 0xBB, 0xBF}):
		return "utf-8"
	case bytes.HasPrefix(sample, []byte{0xFF, 0xFE}):
		return "utf-16le"
	case bytes.HasPrefix(sample, []byte{0xFE, 0xFF}):
		return "utf-16be"
	}
	if even, odd := zeros(sample); len(sample) >= 16 {
		if n := len(sample) / 2; odd > n/3 && even < n/20 {
			return "utf-16le"
		} else if even > n/3 && odd < n/20 {
			return "utf-16be"
		}
	}
	return weigh(sample, truncated)
}

func zeros(b []byte) (even, odd int) {
	for i, c := range b {
		if c == 0 {
			if i%2 == 0 {
				even++
			} else {
				odd++
			}
		}
	}
	return even, odd
}

// weigh compares how well the bytes above 0x7F fit each encoding: most valid
// UTF-8 sequences, most characters of the first level of GB2312 or Big5 (the
// few thousand in daily use), or single letters between ASCII ones.
func weigh(b []byte, truncated bool) string {
	if bad, long := utf8Faults(b, truncated); bad == 0 || long >= bad {
		return "utf-8" // a few broken rows are refused one by one
	}
	var gb, gbBad, big5, big5Bad, single, high int
	for i := 0; i < len(b); {
		if b[i] < 0x80 {
			i++
			continue
		}
		high++
		next := byte(0)
		if i+1 < len(b) {
			next = b[i+1]
		}
		if next < 0x40 {
			single++
			gbBad++
			big5Bad++
			i++
			continue
		}
		if next < 0x80 {
			single++ // might be a letter before an ASCII one
		}
		switch lead := b[i]; {
		case lead >= 0xB0 && lead <= 0xD7 && next >= 0xA1, lead >= 0xA1 && lead <= 0xA3 && next >= 0xA1:
			gb += 2
		case lead >= 0x81 && lead <= 0xFE && next != 0x7F && next != 0xFF:
			gb--
		default:
			gbBad++
		}
		switch lead := b[i]; {
		case lead >= 0xA4 && lead <= 0xC6 && (next <= 0x7E || next >= 0xA1), lead == 0xA1 && (next <= 0x7E || next >= 0xA1):
			big5 += 2
		case lead >= 0xC9 && lead <= 0xF9 && (next <= 0x7E || next >= 0xA1):
			big5--
		default:
			big5Bad++
		}
		i += 2
	}
	switch {
	case single*2 > high && gb < high: // letters with accents stand alone
		return "latin-1"
	case big5-8*big5Bad > gb-8*gbBad:
		return "big5"
	case gb > 0:
		return "gb18030"
	}
	return "latin-1"
}

// utf8Faults counts the bytes that are no UTF-8 and the sequences of three or
// four bytes that are; shorter ones happen by chance in other encodings.
func utf8Faults(b []byte, truncated bool) (bad, long int) {
	for i := 0; i < len(b); {
		if b[i] < 0x80 {
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		switch {
		case r != utf8.RuneError || n > 1:
			if n >= 3 {
				long++
			}
			i += n
		case truncated && len(b)-i < 4:
			return bad, long
		default:
			bad++
			i++
		}
	}
	return bad, long
}

// decoder turns one row's bytes into UTF-8.
type decoder struct{ d *encoding.Decoder }

func newDecoder(name string) *decoder {
	if e := encodings[name]; e != nil && !strings.HasPrefix(name, "utf-16") {
		return &decoder{e.NewDecoder()}
	}
	return &decoder{}
}

// text decodes a row; ok is false if its bytes do not fit the encoding.
func (d *decoder) text(b []byte) (string, bool) {
	if d.d == nil {
		return string(b), utf8.Valid(b)
	}
	d.d.Reset()
	out, err := d.d.Bytes(b)
	if err != nil {
		return "", false
	}
	return string(out), !bytes.ContainsRune(out, utf8.RuneError)
}

// knownBinary recognises pictures, documents, programs and databases.
func knownBinary(sample []byte) bool {
	for _, magic := range []string{"\x89PNG", "\xFF\xD8\xFF", "GIF8", "%PDF", "\x7FELF", "SQLite format 3", "\xD0\xCF\x11\xE0", "BM\x00"} {
		if bytes.HasPrefix(sample, []byte(magic)) {
			return true
		}
	}
	return false
}

// looksBinary reports many control bytes: an image, a program, a database.
func looksBinary(b []byte) bool {
	control := 0
	for _, c := range b {
		if c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != 0x1B {
			control++
		}
	}
	return control*20 > len(b)
}

// wrongEncoding says why the bytes cannot be in the encoding that the user
// chose, nil if they may be. One that fits badly would not fail: it would turn
// every row into other letters.
func wrongEncoding(chosen string, sample []byte, truncated bool) error {
	found := detectEncoding(sample, truncated)
	wide := strings.HasPrefix(chosen, "utf-16")
	bad, long := utf8Faults(sample, truncated)
	even, odd := zeros(sample)
	wrong := false
	switch {
	case found == chosen:
	case wide && strings.HasPrefix(found, "utf-16"):
		wrong = !bytes.HasPrefix(sample, []byte{0xFF, 0xFE}) && !bytes.HasPrefix(sample, []byte{0xFE, 0xFF}) // a mark decides
	case wide: // delimiters and line breaks have a zero byte
		wrong = even+odd == 0 && len(sample) >= 4
	case strings.HasPrefix(found, "utf-16"), chosen == "utf-8":
		wrong = true
	case found == "utf-8": // three sequences of three bytes are no accident
		wrong = bad == 0 && long >= 3
	}
	if wrong {
		return &Error{"wrong_encoding", chosen + " ≠ " + found}
	}
	return nil
}

// text opens the input as UTF-8 or, where its encoding keeps ASCII bytes in
// their places, as it is: rows are then decoded one by one, so that a refused
// one is kept with its original bytes.
func (p *Plan) text(read *atomic.Int64) (io.ReadCloser, error) {
	r, err := p.in.open(read)
	if err != nil {
		return nil, err
	}
	e := encodings[p.Encoding]
	if e != nil && (strings.HasPrefix(p.Encoding, "utf-16") || p.Format == JSON || p.Format == NDJSON || p.asIs) {
		return closing{transform.NewReader(r, e.NewDecoder()), r.Close}, nil
	}
	if p.Format == JSON || p.Format == NDJSON || p.Format == Lines || p.asIs {
		b := bufio.NewReaderSize(r, 64<<10)
		if mark, err := b.Peek(3); err == nil && string(mark) == "\ufeff" {
			_, _ = b.Discard(3) // just peeked at
		}
		return closing{b, r.Close}, nil
	}
	return r, nil
}
