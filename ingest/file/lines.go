package file

import (
	"bytes"
	"io"
	"regexp"
	"strings"

	"plaint/internal/record"
)

// logHeader names the parts that a plain log line is taken apart into.
var logHeader = []string{"time", "level", "service", "host", "message"}

// logForms are the usual shapes of a plain log line, tried on the file's first
// lines; the one that fits most of them is used for all.
var logForms = []*regexp.Regexp{
	// 2026-01-05T08:00:00.123Z ERROR [payments] message
	regexp.MustCompile(`^(?P<time>\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)\s+\[?(?P<level>(?i:trace|debug|info|notice|warn(?:ing)?|error|fatal|critical))\]?:?\s+(?:\[(?P<service>[^\]]{1,60})\]|(?P<service2>[\w./$-]{1,60})(?:\[\d+\])?:)?\s*(?:- )?(?P<message>.*)$`),
	// <34>1 2026-01-05T08:00:00Z host app 123 ID - message (RFC 5424)
	regexp.MustCompile(`^<\d{1,3}>1 (?P<time>\S+) (?P<host>\S+) (?P<service>\S+) \S+ \S+ (?:-|\[.*?\]) ?(?P<message>.*)$`),
	// 10.0.0.1 - - [05/Jan/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 12 (Apache)
	regexp.MustCompile(`^(?P<host>\S+) \S+ \S+ \[(?P<time>[^\]]+)\] (?P<message>.*)$`),
	// [2026-01-05 08:00:00] [error] message
	regexp.MustCompile(`^\[(?P<time>[^\]]{8,40})\]\s*(?:\[(?P<level>\w+)\])?\s*(?P<message>.*)$`),
	// 2026-01-05 08:00:00 message
	regexp.MustCompile(`^(?P<time>\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)\s+(?P<message>.*)$`),
	// level=error ts=… msg=… is read as it stands: time and message are inside
	regexp.MustCompile(`^(?:.*\s)?(?:ts|time)="?(?P<time>[^\s"]+)"?.*$`),
}

// bestLogForm returns the form that fits most of the lines, nil if none fits
// half of them.
func bestLogForm(lines []string) *regexp.Regexp {
	var best *regexp.Regexp
	most := 0
	for _, f := range logForms {
		n := 0
		for _, l := range lines {
			if f.MatchString(l) {
				n++
			}
		}
		if n > most {
			best, most = f, n
		}
	}
	if most*2 < len(lines) {
		return nil
	}
	return best
}

// lineRows yields plain log lines. A line that starts with white space belongs
// to the line before it: the rest of a stack trace.
type lineRows struct {
	in      *csvRows // with a delimiter that never occurs: lines are rows
	form    *regexp.Regexp
	pending rawRow
	have    bool
	owned   bool  // pending.raw is a copy of ours
	failed  error // to be returned after pending
}

const noDelimiter = 0x1F

func newLineRows(r io.Reader, form *regexp.Regexp) *lineRows {
	return &lineRows{in: newCSVRows(r, noDelimiter), form: form}
}

func (l *lineRows) next() (rawRow, error) {
	if l.failed != nil {
		return rawRow{}, l.failed
	}
	for {
		row, err := l.in.line1()
		if err == io.EOF && l.have {
			l.have = false
			return l.pending, nil
		}
		if err != nil && l.have {
			l.have, l.failed = false, err // first the line that is waiting
			return l.pending, nil
		}
		if err != nil {
			return rawRow{}, err
		}
		if l.have && row.code == "" && len(row.raw) > 0 && (row.raw[0] == ' ' || row.raw[0] == '\t') && len(l.pending.raw)+len(row.raw) < maxRow {
			if !l.owned { // the splitter's block must not be written to
				l.pending.raw, l.owned = bytes.Clone(l.pending.raw), true
			}
			l.pending.raw = append(append(l.pending.raw, '\n'), row.raw...)
			continue
		}
		row, l.pending, l.owned = l.pending, row, false
		if l.have {
			return row, nil
		}
		l.have = true
	}
}

// line1 is the next line that is not blank, whatever quotes it holds.
func (c *csvRows) line1() (rawRow, error) {
	c.plain = true
	return c.next()
}

// parseLine takes a line apart by its form; a line that does not fit is all
// message.
func parseLine(form *regexp.Regexp, line string) []string {
	out := make([]string, len(logHeader))
	first, rest, traced := strings.Cut(line, "\n")
	g := []string(nil)
	if form != nil {
		g = form.FindStringSubmatch(first)
	}
	if g == nil {
		out[4] = line
		return out
	}
	for i, name := range form.SubexpNames() {
		if g[i] == "" {
			continue
		}
		switch strings.TrimSuffix(name, "2") {
		case "time":
			out[0] = g[i]
		case "level":
			out[1] = g[i]
		case "service":
			out[2] = g[i]
		case "host":
			out[3] = g[i]
		case "message":
			out[4] = g[i]
		}
	}
	if out[4] == "" {
		out[4] = first
	}
	if traced {
		out[4] += "\n" + rest
	}
	return out
}

// logLines plans plain log lines; it reports whether they look like any.
func (p *Plan) logLines(text string) bool {
	lines := strings.Split(text, "\n")
	if len(lines) > 200 {
		lines = lines[:200]
	}
	var full []string
	for _, l := range lines {
		if l = strings.TrimRight(l, "\r"); l != "" && l[0] != ' ' && l[0] != '\t' {
			full = append(full, l)
		}
	}
	form := bestLogForm(full)
	if form == nil && p.opt.As != record.Logs {
		return false
	}
	if form == nil { // a table of log lines, unless no profile fits it
		q := *p
		q.Format, q.Delimiter = CSV, detectDelimiter(text)
		if q.tabular(&split{rows: newCSVRows(strings.NewReader(text), q.Delimiter), delimiter: q.Delimiter}) == nil {
			return false
		}
	}
	p.Format, p.form = Lines, form
	for _, l := range full[:min(5, len(full))] {
		p.Sample = append(p.Sample, parseLine(form, l))
	}
	p.Err = nil
	return p.choose(logHeader) == nil
}
