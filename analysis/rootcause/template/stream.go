package template

import (
	"strings"

	"plaint/analysis/rootcause/template/layout"
)

// mostHeld is how many lines are held to learn their layout, and mostHeldBytes
// how much of them.
const (
	mostHeld      = 10000
	mostHeldBytes = 8 << 20
)

// Stream finds the templates of the lines of one file as they stream by: their
// content is found, stack traces are kept together, and each line is booked.
type Stream struct {
	Other     int // lines that do not begin as the others do
	Continued int // lines that go on with the one before, some of Other

	miner  *Miner
	format *layout.Format
	learnt *layout.Layout
	joiner layout.Joiner
	held   []string // nil once the layout is known
	bytes  int
	met    int      // lines that have the format
	first  string   // line, its beginning
	of     []uint32 // by line: the number of its shape
}

// NewStream reads lines of a format, or of one that is to be learned if format is
// nil.
func NewStream(format *layout.Format) *Stream {
	s := &Stream{miner: New(), format: format}
	if format == nil {
		s.held = make([]string, 0, mostHeld)
	}
	return s
}

// Add takes the next line. It must live on until the layout is known.
func (s *Stream) Add(line string) {
	if s.held == nil {
		s.add(line)
		return
	}
	s.held = append(s.held, line)
	if s.bytes += len(line); len(s.held) == mostHeld || s.bytes > mostHeldBytes {
		s.learn()
	}
}

// learn finds the layout of the lines that are held, and takes them in.
func (s *Stream) learn() {
	held := s.held
	s.held = nil
	s.learnt = layout.Detect(held)
	indented := 0
	for _, l := range held {
		if l != "" && (l[0] == ' ' || l[0] == '\t') {
			indented++
		}
	}
	s.joiner.Indented = indented*2 > len(held)
	for _, l := range held {
		s.add(l)
	}
}

func (s *Stream) add(line string) {
	if len(s.of) == 0 {
		s.first = strings.Clone(line[:min(len(line), 200)])
	}
	content, ok := s.content(line)
	if headed := s.format != nil || s.learnt != nil; ok && headed {
		s.met++
		s.joiner.Begins()
	} else {
		if headed {
			s.Other++
		}
		if len(s.of) > 0 && s.joiner.Continues(line, headed) {
			s.of = append(s.of, s.of[len(s.of)-1])
			s.Continued++
			return
		}
		content = line
	}
	s.of = append(s.of, uint32(s.miner.Add("", content).Number))
}

func (s *Stream) content(line string) (string, bool) {
	if s.format != nil {
		return s.format.Content(line)
	}
	return s.learnt.Content(line)
}

// Settle ends the stream and gives every line its template.
func (s *Stream) Settle() []*Template {
	if s.held != nil {
		s.learn()
	}
	return s.miner.Settle()
}

// Lines is how many lines there were.
func (s *Stream) Lines() int { return len(s.of) + len(s.held) }

// Template is that of a line, once the stream has settled.
func (s *Stream) Template(line int) *Template { return s.miner.lines[s.of[line]].Template }

// Layout is how lines begin, as a format; that which was given, if any.
func (s *Stream) Layout() string {
	if s.format != nil {
		return s.format.String()
	}
	return strings.TrimSpace(s.learnt.String())
}

// Met is how many lines have the format.
func (s *Stream) Met() int { return s.met }

// First is the beginning of the first line.
func (s *Stream) First() string { return s.first }
