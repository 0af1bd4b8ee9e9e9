package telemetry

import (
	"bytes"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"plaint/internal/record"
)

// mostLine is how long a message may be, mostSkip how much of a longer one is
// skipped before the connection is given up: its counts are lies.
const (
	mostLine = 64 << 10
	mostSkip = 16 << 20
)

// frame is what stands at the beginning of a buffer.
type frame struct {
	message []byte // nil if the buffer does not hold all of it
	size    int    // bytes of the buffer that are done with
	skip    int    // bytes behind it that belong to it and are thrown away, -1 = up to a line break
	code    record.Code
}

// cutFrame cuts the first message out of a buffer. Each may be counted in octets
// or end with a line break (RFC 6587, 3.4): a message begins with '<', a count
// with a digit. At the stream's end what is left is a message.
func cutFrame(buf []byte, end bool) frame {
	blank := len(buf) - len(bytes.TrimLeft(buf, "\r\n\x00 "))
	rest := buf[blank:]
	if n, head, counted := octets(rest); counted {
		return countedFrame(rest, blank, head, n, end)
	}
	if i := bytes.IndexByte(rest, '\n'); i >= 0 && i <= mostLine {
		return frame{message: bytes.TrimRight(rest[:i], "\r\x00"), size: blank + i + 1}
	}
	switch {
	case len(rest) > mostLine:
		return frame{message: rest[:mostLine], size: blank + mostLine, skip: -1, code: "row_too_long"}
	case end && len(rest) > 0:
		return frame{message: bytes.TrimRight(rest, "\r\x00"), size: len(buf)}
	}
	return frame{size: blank}
}

// octets reads a count and the space behind it. A message must follow: a line that
// begins with a number is no count.
func octets(b []byte) (n, head int, ok bool) {
	for i := 0; i < len(b) && i < 10; i++ {
		switch c := b[i]; {
		case c == ' ' && i > 0:
			return n, i + 1, i+1 == len(b) || b[i+1] == '<'
		case c < '0' || c > '9' || i == 0 && c == '0':
			return 0, 0, false
		default:
			n = n*10 + int(c-'0')
		}
	}
	return 0, 0, false
}

func countedFrame(rest []byte, blank, head, n int, end bool) frame {
	have := len(rest) - head
	switch {
	case n > mostLine && (have >= mostLine || end):
		kept := min(have, mostLine)
		return frame{message: rest[head : head+kept], size: blank + head + kept, skip: n - kept, code: "row_too_long"}
	case have >= n:
		return frame{message: bytes.TrimRight(rest[head:head+n], "\r\n\x00"), size: blank + head + n}
	case end:
		return frame{message: rest[head:], size: blank + len(rest), code: "cut_off"}
	}
	return frame{size: blank}
}

// lineReader reads messages of one format into records.
type lineReader struct {
	zone *time.Location // of times that name none
	now  time.Time      // when the message came: RFC 3164 has no years
}

// refused is why a message is none.
type refused struct {
	code   record.Code
	column string
	detail string
}

// levels of the eight severities (RFC 5424, table 2).
var levels = [8]string{"fatal", "fatal", "fatal", "error", "warn", "info", "info", "debug"}

var facilities = [24]string{"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
	"ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"}

// read takes a message apart.
func (r *lineReader) read(raw []byte, l *record.LogLine) *refused {
	if !utf8.Valid(raw) {
		return &refused{code: "invalid_utf8"}
	}
	if bytes.IndexByte(raw, 0) >= 0 {
		return &refused{code: "nul_byte"}
	}
	s := string(raw)
	priority, rest, ok := cutPriority(s)
	if !ok {
		return &refused{code: "unknown_format", column: "PRI"}
	}
	l.Level = levels[priority&7]
	l.Extra = append(l.Extra, record.Field{Name: "facility", Value: facilities[priority>>3]})
	var problem *refused
	if after, is := strings.CutPrefix(rest, "1 "); is {
		problem = r.modern(after, l)
	} else {
		r.old(rest, l)
	}
	if problem == nil && l.Message == "" {
		problem = &refused{code: "empty_record", column: "MSG"}
	}
	return problem
}

// cutPriority reads <0> to <191>.
func cutPriority(s string) (p int, rest string, ok bool) {
	i := strings.IndexByte(s, '>')
	if i < 2 || i > 4 || s[0] != '<' {
		return 0, s, false
	}
	for _, c := range s[1:i] {
		if c < '0' || c > '9' {
			return 0, s, false
		}
		p = p*10 + int(c-'0')
	}
	return p, s[i+1:], p <= 191
}

// modern reads what follows the version in RFC 5424.
func (r *lineReader) modern(s string, l *record.LogLine) *refused {
	var part [5]string
	for i := range part {
		var ok bool
		if part[i], s, ok = strings.Cut(s, " "); !ok && i < len(part)-1 || part[i] == "" {
			return &refused{code: "unknown_format", column: [...]string{"TIMESTAMP", "HOSTNAME", "APP-NAME", "PROCID", "MSGID"}[i]}
		}
		if part[i] == "-" {
			part[i] = ""
		}
	}
	l.Time = record.At(r.now.Truncate(time.Microsecond)) // of a sender without a clock
	if part[0] != "" {
		t, err := time.Parse(time.RFC3339, part[0])
		if err != nil || t.Year() < 1900 || t.Year() > 2200 {
			return &refused{code: "bad_date", column: "TIMESTAMP", detail: short(part[0])}
		}
		l.Time = record.At(t.Truncate(time.Microsecond))
	}
	l.Host, l.Service = part[1], part[2]
	for i, name := range [...]string{"procid", "msgid"} {
		if part[3+i] != "" {
			l.Extra = append(l.Extra, record.Field{Name: name, Value: part[3+i]})
		}
	}
	n, ok := structured(s, l)
	if !ok {
		return &refused{code: "unknown_format", column: "STRUCTURED-DATA"}
	}
	l.Message = strings.TrimPrefix(strings.TrimPrefix(s[n:], " "), "\ufeff")
	if l.Message == "" && s[:n] != "-" {
		l.Message = s[:n] // an event that is all data
	}
	return nil
}

// structured reads structured data into extras, named element.parameter; n is
// its length.
func structured(s string, l *record.LogLine) (n int, ok bool) {
	if strings.HasPrefix(s, "-") {
		return 1, len(s) == 1 || s[1] == ' '
	}
	at := 0
	for at < len(s) && s[at] == '[' {
		end := strings.IndexAny(s[at:], " ]")
		if end < 2 {
			return 0, false
		}
		id := s[at+1 : at+end]
		for at += end; s[at] == ' '; {
			name, value, size := parameter(s[at+1:])
			if size == 0 {
				return 0, false
			}
			if value != "" {
				l.Extra = append(l.Extra, record.Field{Name: id + "." + name, Value: value})
			}
			if at += 1 + size; at >= len(s) {
				return 0, false
			}
		}
		if s[at] != ']' {
			return 0, false
		}
		at++
	}
	return at, at > 0 && (at == len(s) || s[at] == ' ')
}

// parameter reads name="value", with \ before ", \ and ] in it.
func parameter(s string) (name, value string, size int) {
	i := strings.Index(s, `="`)
	if i < 1 || strings.ContainsAny(s[:i], ` ]"=`) {
		return "", "", 0
	}
	from := i + 2
	escaped := false
	for at := from; at < len(s); at++ {
		switch s[at] {
		case '\\':
			escaped = true
			at++
		case '"':
			value = s[from:at]
			if escaped {
				value = unescaper.Replace(value)
			}
			return s[:i], value, at + 1
		}
	}
	return "", "", 0
}

var unescaper = strings.NewReplacer(`\"`, `"`, `\\`, `\`, `\]`, `]`)

// old reads what follows the priority in RFC 3164, as far as it is there: a time
// without a year, or one of RFC 3339 as many relays write it, a host, and a tag.
// What has no time is a message that came now.
func (r *lineReader) old(s string, l *record.LogLine) {
	t, rest, ok := r.oldTime(s)
	if !ok {
		l.Time, l.Message = record.At(r.now.Truncate(time.Microsecond)), strings.TrimPrefix(s, " ")
		return
	}
	l.Time = record.At(t.Truncate(time.Microsecond))
	host, after, ok := strings.Cut(strings.TrimLeft(rest, " "), " ")
	if !ok {
		l.Message = host
		return
	}
	if strings.HasSuffix(host, ":") || strings.Contains(host, "[") { // a tag: the host was left out
		host, after = "", host+" "+after
	}
	l.Host = host
	tag := strings.IndexAny(after, ":[ ")
	if tag < 1 || tag > 48 || after[tag] == ' ' {
		l.Message = after
		return
	}
	l.Service, l.Message = after[:tag], after[tag:]
	if after[tag] == '[' {
		if id, text, ok := strings.Cut(after[tag+1:], "]"); ok {
			l.Extra = append(l.Extra, record.Field{Name: "procid", Value: id})
			l.Message = text
		}
	}
	l.Message = strings.TrimPrefix(strings.TrimLeft(strings.TrimPrefix(l.Message, ":"), " "), "\ufeff")
}

func (r *lineReader) oldTime(s string) (t time.Time, rest string, ok bool) {
	if len(s) >= len(time.Stamp) {
		if t, err := time.ParseInLocation(time.Stamp, s[:len(time.Stamp)], r.zone); err == nil {
			return r.withYear(t), s[len(time.Stamp):], true
		}
	}
	word, rest, _ := strings.Cut(s, " ")
	t, err := time.Parse(time.RFC3339, word)
	return t, rest, err == nil && t.Year() >= 1900 && t.Year() <= 2200
}

// withYear gives a time the year that brings it closest to now.
func (r *lineReader) withYear(t time.Time) time.Time {
	var best time.Time
	for y := r.now.Year() - 1; y <= r.now.Year()+1; y++ {
		c := time.Date(y, t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, r.zone)
		if c.Day() == t.Day() && (best.IsZero() || c.Sub(r.now).Abs() < best.Sub(r.now).Abs()) {
			best = c
		}
	}
	if best.IsZero() { // the 29th of February, and no leap year near: the last one
		return time.Date(r.now.Year()-r.now.Year()%4, t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, r.zone)
	}
	return best
}

// numbered gives each of the extras that have one name its number.
func numbered(fields []record.Field) []record.Field {
	if len(fields) <= 3 { // ours
		return fields
	}
	seen := map[string]int{}
	for i := range fields {
		name := fields[i].Name
		if seen[name]++; seen[name] > 1 {
			fields[i].Name = name + "." + strconv.Itoa(seen[name])
		}
	}
	return fields
}

func short(s string) string {
	if len(s) > 80 {
		s = strings.ToValidUTF8(s[:80], "") + "…"
	}
	return s
}
