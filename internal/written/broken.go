package written

import (
	"bytes"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// wideColon is what a Chinese keyboard gives for a colon; in YAML it is a letter.
const wideColon = '：'

var (
	lineOf     = regexp.MustCompile(`^(?:yaml: )?(?:unmarshal errors:\s*)?(?:line (\d+): )?(?s)(.*)$`)
	quoted     = regexp.MustCompile("`[^`]*`")
	tabbed     = regexp.MustCompile(`^ *\t`)
	wideColons = regexp.MustCompile(`^[ -]*[a-z_]+` + string(wideColon))
)

// syntax words what the package of YAML says. A value that it repeats may be a secret
// in the wrong place, and is left out.
func syntax(err error) *Error {
	m := lineOf.FindStringSubmatch(err.Error())
	line, _ := strconv.Atoi(m[1]) // 0 where it tells none
	first, _, _ := strings.Cut(m[2], "\n")
	return wrong(line, "err_yaml_syntax", "detail", quoted.ReplaceAllString(first, "…"))
}

// said is what the package of YAML, which speaks English, says of a file that it cannot
// read, and our code for it. Another thing that it says goes by err_yaml_syntax.
var said = []struct{ part, code string }{
	{"mapping values are not allowed", "err_yaml_colon"},
	{"could not find expected ':'", "err_yaml_no_colon"},
	{"did not find expected ',' or", "err_yaml_bracket"},
	{"did not find expected node content", "err_yaml_bracket"},
	{"did not find expected key", "err_yaml_fit"},
	{"did not find expected '-' indicator", "err_yaml_fit"},
	{"found character that cannot start any token", "err_yaml_begin"},
	{"found a tab character", "err_yaml_tab"},
	{"found unexpected end of stream", "err_yaml_quote"},
	{"found unknown escape character", "err_yaml_escape"},
	{"did not find expected hexdecimal number", "err_yaml_escape"},
	{"control characters are not allowed", "err_yaml_sign"},
	{"unknown anchor", "err_yaml_anchor"},
	{"UTF-8", "err_yaml_encoding"},
}

// broken says why a file cannot be read, and in which line.
func broken(data []byte, err error) *Error {
	e := syntax(err)
	e.Line = lineBroken(data, e.Line)
	detail := e.Pairs[1].(string)
	for _, s := range said {
		if strings.Contains(detail, s.part) {
			e.Code, e.Pairs = s.code, nil
			break
		}
	}
	lines := bytes.Split(data, []byte("\n"))
	for at := e.Line; at > 0 && at > e.Line-2 && at <= len(lines); at-- { // a key without a colon goes well until the next line
		if wideColons.Match(lines[at-1]) {
			return wrong(at, "err_yaml_wide")
		}
	}
	if e.Line > 0 && e.Line <= len(lines) && e.Code == "err_yaml_begin" && tabbed.Match(lines[e.Line-1]) {
		e.Code = "err_yaml_tab"
	}
	return e
}

// mostTries is how many lines up the line is looked for that broke a file.
const mostTries = 200

// lineBroken is the line from which on a file cannot be read, counted from 1: what is
// above it can. The package of YAML tells where the block begins that has the fault, or
// nothing; told is that, for a fault that begins far above where it was noticed.
func lineBroken(data []byte, told int) int {
	whole := &byLine{rest: data}
	_ = readable(whole)
	ends := []int{0}
	for i, b := range data {
		if b == '\n' {
			ends = append(ends, i+1)
		}
	}
	from := min(whole.lines, len(ends)) - 1
	for n := from; n >= 0 && n > from-mostTries; n-- {
		if readable(bytes.NewReader(data[:ends[n]])) {
			return n + 1
		}
	}
	return told
}

func readable(r io.Reader) bool {
	err := yaml.NewDecoder(r).Decode(new(yaml.Node))
	return err == nil || err == io.EOF
}

// byLine gives a line at a time, so that lines tells how far its reader came.
type byLine struct {
	rest  []byte
	lines int
}

func (b *byLine) Read(p []byte) (int, error) {
	if len(b.rest) == 0 {
		return 0, io.EOF
	}
	end := bytes.IndexByte(b.rest, '\n') + 1
	if end == 0 {
		end = len(b.rest)
	}
	n := copy(p, b.rest[:end])
	if b.rest = b.rest[n:]; n == end {
		b.lines++
	}
	return n, nil
}
