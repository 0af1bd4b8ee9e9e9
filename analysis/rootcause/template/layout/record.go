package layout

import "strings"

// Joiner tells the lines that go on with the record before them: stack traces and
// what else a service writes over several lines. The zero Joiner is ready.
type Joiner struct {
	Indented bool // white space at the beginning of a line says nothing: most lines have it
	trace    trace
}

type trace uint8

const (
	noTrace trace = iota
	python        // up to the first line that is not indented
	golang        // up to a line that is no call
)

// Begins tells the joiner of a line that has the header of the file: it begins a
// record, whatever was before.
func (j *Joiner) Begins() { j.trace = noTrace }

// Continues reports whether a line without a header goes on with the record
// before it. headed says that other lines of the file have a header.
func (j *Joiner) Continues(line string, headed bool) bool {
	switch {
	case line == "":
		return true
	case blank(line[0]): // one blank before all is a habit of some services
		deep := line[0] == '\t' || len(line) > 1 && blank(line[1])
		return headed || j.trace != noTrace || deep && !j.Indented || strings.HasPrefix(strings.TrimLeft(line, " \t"), "at ")
	}
	switch j.trace {
	case python:
		if !chained(line) && !strings.HasPrefix(line, "Traceback (") {
			j.trace = noTrace
		}
		return true
	case golang:
		if goFrame(line) {
			return true
		}
		j.trace = noTrace
	}
	switch {
	case strings.HasPrefix(line, "Traceback (most recent call last"):
		j.trace = python
		return headed
	case strings.HasPrefix(line, "goroutine "):
		j.trace = golang
		return true
	case strings.HasPrefix(line, "panic: "), strings.HasPrefix(line, "fatal error: "):
		j.trace = golang
		return headed
	}
	return chained(line) || headed && exception(line)
}

// chained reports lines that only stand within traces.
func chained(line string) bool {
	for _, p := range []string{"Caused by: ", "Suppressed: ", "at ", "... ", "During handling of the above exception", "The above exception was the direct cause", "exit status "} {
		if strings.HasPrefix(line, p) {
			return p != "at " && p != "... " || strings.HasSuffix(line, ")") || strings.HasSuffix(line, " more")
		}
	}
	return false
}

func goFrame(line string) bool {
	return strings.HasPrefix(line, "goroutine ") || strings.HasPrefix(line, "created by ") || strings.HasPrefix(line, "[signal ") ||
		strings.HasPrefix(line, "exit status ") || strings.HasSuffix(line, ")") && call(line)
}

// call reports main.pay(0xc000012345, 0x5).
func call(line string) bool {
	i := strings.IndexByte(line, '(')
	return i > 0 && strings.IndexByte(line[:i], ' ') < 0 && strings.IndexByte(line[:i], '.') > 0
}

// exception reports a line that is the name of an exception, with what it says.
func exception(line string) bool {
	name, _, _ := strings.Cut(line, ":")
	if strings.IndexByte(name, ' ') >= 0 {
		return false
	}
	for _, end := range []string{"Exception", "Error", "Throwable", "Warning", "Interrupt", "Exit"} {
		if strings.HasSuffix(name, end) && len(name) > len(end) {
			return true
		}
	}
	return false
}
