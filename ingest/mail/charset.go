package mail

import (
	"encoding/base64"
	"mime/quotedprintable"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// charset finds an encoding by the name that a message gives it; nil is UTF-8,
// ok is false for a name that nobody knows. GB2312 is what programs say that
// write GBK and GB18030, which hold it.
func charset(name string) (e encoding.Encoding, ok bool) {
	switch n := strings.ToLower(strings.Trim(name, " \t\"'")); n {
	case "", "utf-8", "utf8", "us-ascii", "ascii", "ansi_x3.4-1968":
		return nil, true
	case "gb2312", "gb_2312-80", "gbk", "x-gbk", "gb18030", "cp936", "ms936", "euc-cn":
		return simplifiedchinese.GB18030, true
	default:
		if e, err := htmlindex.Get(n); err == nil && e != nil {
			return e, true
		}
		if e, err := ianaindex.MIME.Encoding(n); err == nil && e != nil {
			return e, true
		}
		return nil, false
	}
}

// text decodes bytes that are said to be in an encoding. What is said is not
// always true: text that is UTF-8 and claims to be Latin-1 is UTF-8, and what
// does not fit is looked at.
func (w *walker) text(b []byte, name string) string {
	e, known := charset(name)
	_, single := e.(*charmap.Charmap)
	switch {
	case utf8.Valid(b) && (e == nil || single):
		return string(b)
	case !known:
		w.note("unknown character set")
		return w.guessed(b)
	case e == nil:
		return w.guessed(b)
	}
	out, err := e.NewDecoder().Bytes(b)
	if err != nil {
		w.note("wrong character set")
		return w.guessed(b)
	}
	return string(out)
}

func (w *walker) guessed(b []byte) string {
	if w.guess != nil {
		return w.guess(b)
	}
	out, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\ufffd")
	}
	return string(out)
}

var encodedWord = regexp.MustCompile(`=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=`)

// words decodes the encoded words of a header field. Words of one encoding that
// follow each other are put together first: many programs cut inside a
// character.
func (w *walker) words(s string) string {
	found := encodedWord.FindAllStringSubmatchIndex(s, -1)
	if found == nil {
		return w.plain(s)
	}
	var out strings.Builder
	var raw []byte
	set, end := "", 0
	flush := func() {
		out.WriteString(w.text(raw, set))
		raw = raw[:0]
	}
	for i, f := range found {
		between := s[end:f[0]]
		name, _, _ := strings.Cut(s[f[2]:f[3]], "*") // a language may follow
		if i > 0 && strings.TrimSpace(between) == "" {
			between = ""
		}
		if between != "" || !strings.EqualFold(name, set) {
			flush()
			out.WriteString(w.plain(between))
		}
		set, end = name, f[1]
		raw = append(raw, unword(s[f[4]:f[5]], s[f[6]:f[7]])...)
	}
	flush()
	return out.String() + w.plain(s[end:])
}

// plain is text of a header that is not encoded; some programs send it in their
// own encoding all the same.
func (w *walker) plain(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return w.guessed([]byte(s))
}

func unword(how, s string) []byte {
	if how == "b" || how == "B" {
		s = strings.TrimRight(strings.Map(noSpace, s), "=")
		out, _ := base64.RawStdEncoding.DecodeString(s) // as far as it goes
		return out
	}
	var out strings.Builder
	b := make([]byte, 256)
	q := quotedprintable.NewReader(strings.NewReader(strings.ReplaceAll(s, "_", "=20")))
	for {
		n, err := q.Read(b)
		out.Write(b[:n])
		if err != nil {
			return []byte(out.String())
		}
	}
}

func noSpace(r rune) rune {
	if r == ' ' || r == '\t' || r == '\r' || r == '\n' {
		return -1
	}
	return r
}

// clean makes text of one line, at most so many bytes long.
func clean(s string, most int) string {
	s = strings.Join(strings.Fields(strings.Map(printable, strings.ToValidUTF8(s, "\ufffd"))), " ")
	return cut(s, most)
}

func printable(r rune) rune {
	if r < ' ' || r == 0x7F {
		return ' '
	}
	return r
}

// cleanLines is clean for text of several lines.
func cleanLines(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\r\n", "\n")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\r' || r == '\u2028' || r == '\u2029':
			return '\n'
		case r < ' ' && r != '\n' && r != '\t', r == 0x7F, r == '\ufeff':
			return -1
		}
		return r
	}, s)
	return strings.Trim(s, " \t\n\u00a0")
}

// cut ends a text after so many bytes, at a whole character.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}
