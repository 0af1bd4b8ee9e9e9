// Package template finds the kinds of lines that services write: what is the same
// in all lines of a kind, with <*> where they differ.
//
// Method: lines are masked, cut into shapes and put together as Drain does (He,
// Zhu, Zheng, Lyu: Drain, ICWS 2017). Drain's one threshold joins lines that
// differ in a word that matters; here every shape is remembered, and a group is
// divided again at places in which few words stand, as IPLoM (Makanju, Zincir-
// Heywood, Milios 2009) and Brain (Yu et al. 2023) do from above. There is one
// configuration for all systems. Figures: testdata/scoreboard.txt.
package template

import (
	"hash/fnv"
	"strings"
)

// Method names the settings, for the books of a run.
const Method = "masks, drain .5, words 4, open places 32, dotted names first"

// Other is the text of the template of a scope's lines that have none of their
// own: more kinds of lines came than are remembered.
const Other = "<other>"

// Bounds of a miner's memory and of its searches.
const (
	leastAlike = .5     // share of equal constants for a shape to belong to a group
	mostGroups = 200    // of one key; beyond it shapes go to the nearest
	mostMasked = 200000 // masked messages whose shape is remembered
	mostShapes = 50000  // of all scopes; beyond it lines go to Other
	mostScoped = 20000  // of one scope
	openPlace  = 32     // different words in one place of a group: it is a variable for all shapes to come
	firstLook  = 64     // shapes of a group when its places are looked at, and whenever they have doubled
	mostTokens = 500    // of a shape; what follows is a variable
)

// Line is what lines of one shape are booked under. It belongs to one template
// once the miner has settled, and until it mines on.
type Line struct {
	Template *Template
	Number   int  // among the lines of the miner, from 0, in the order in which they were first met
	Rest     bool // of lines that have no shape of their own
	tokens   []string
	group    *group
}

// Template is one kind of line.
type Template struct {
	ID    int64 // of scope and text, the same in every run; below 2^52, so that doubles hold it
	Scope string
	Text  string
}

// Miner finds templates in lines as they stream by. It is used by one goroutine
// at a time.
type Miner struct {
	masked map[string]remembered
	shapes map[string]*Line
	groups map[string][]*group
	order  []*group
	lines  []*Line
	scoped map[string]int   // shapes by scope
	rests  map[string]*Line // by scope
	buf    []byte
	key    []byte
}

// remembered is the line of a masked message. One in an open place of a group
// holds only until there is another shape, to which it may be nearer: what a
// message is booked under must not depend on what is remembered.
type remembered struct {
	line  *Line
	until int // lines of the miner, 0 = for good
}

// recall gives the line of the masked message in the buffer, if it is remembered.
func (m *Miner) recall() *Line {
	r := m.masked[string(m.buf)]
	if r.until > 0 && r.until != len(m.lines) {
		return nil
	}
	return r.line
}

// New is a miner that has seen nothing.
func New() *Miner {
	return &Miner{masked: map[string]remembered{}, shapes: map[string]*Line{}, groups: map[string][]*group{}, scoped: map[string]int{}, rests: map[string]*Line{}}
}

// Add takes a line in. Lines of different scopes (a service and its level) never
// share a template. Of a message of several lines the first counts, and that
// there are more.
func (m *Miner) Add(scope, message string) *Line {
	head := m.mask(scope, message)
	if l := m.recall(); l != nil {
		return l
	}
	tokens := tokensOf(string(m.buf[head:]))
	r := remembered{line: m.exact(scope, tokens)}
	if r.line == nil {
		r.line = m.booked(scope, tokens)
		r.until = len(m.lines)
	}
	if _, there := m.masked[string(m.buf)]; there || len(m.masked) < mostMasked {
		m.masked[string(m.buf)] = r
	}
	return r.line
}

// Known is the line that Add would book a message under, nil if it would be a
// new one.
func (m *Miner) Known(scope, message string) *Line {
	head := m.mask(scope, message)
	if l := m.recall(); l != nil {
		return l
	}
	tokens := tokensOf(string(m.buf[head:]))
	if l := m.exact(scope, tokens); l != nil {
		return l
	}
	g, _ := m.nearest(scope, tokens)
	if l := m.inOpen(g, scope, tokens); l != nil || !m.full(scope) {
		return l
	}
	return m.rests[scope]
}

// mask writes the masked message behind its scope into the buffer, and says where
// it begins.
func (m *Miner) mask(scope, message string) (head int) {
	m.buf = append(append(m.buf[:0], scope...), 0)
	head = len(m.buf)
	first, _, more := strings.Cut(message, "\n")
	m.buf = mask(m.buf, first)
	if more {
		m.buf = append(m.buf, " <lines>"...)
	}
	return head
}

func tokensOf(masked string) []string {
	tokens := shape(masked)
	if len(tokens) > mostTokens {
		tokens = append(tokens[:mostTokens], wildcard)
	}
	return tokens
}

// exact finds the line of a shape that was met before; nil if there is none.
func (m *Miner) exact(scope string, tokens []string) *Line {
	m.key = append(append(m.key[:0], scope...), 0)
	for _, t := range tokens {
		m.key = append(append(m.key, t...), ' ')
	}
	return m.shapes[string(m.key)]
}

// inOpen finds the line of the open shape of a group, nil if there is none. It
// makes wildcards of the tokens in open places.
func (m *Miner) inOpen(g *group, scope string, tokens []string) *Line {
	if g == nil || g.open == nil {
		return nil
	}
	return m.exact(scope, g.opened(tokens))
}

// full reports whether no more shapes of a scope are remembered.
func (m *Miner) full(scope string) bool {
	return len(m.shapes) >= mostShapes || m.scoped[scope] >= mostScoped
}

// booked finds the line of a shape that was not met before as it is, or makes it.
func (m *Miner) booked(scope string, tokens []string) *Line {
	g, key := m.nearest(scope, tokens)
	if l := m.inOpen(g, scope, tokens); l != nil {
		return l
	}
	if m.full(scope) {
		return m.RestOf(scope)
	}
	if g == nil {
		g = m.group(scope, key, tokens)
	}
	generalise(g.tokens, tokens)
	l := m.line(tokens, g)
	m.exact(scope, tokens) // the key
	m.shapes[string(m.key)] = l
	m.scoped[scope]++
	if n := len(g.lines); n >= firstLook && n&(n-1) == 0 {
		g.look()
	}
	return l
}

// RestOf is the line of what has no shape of its own in a scope.
func (m *Miner) RestOf(scope string) *Line {
	l := m.rests[scope]
	if l == nil {
		l = m.line([]string{Other}, &group{scope: scope, tokens: []string{Other}})
		l.Rest = true
		m.rests[scope] = l
		m.order = append(m.order, l.group)
	}
	return l
}

// line makes a line of a group.
func (m *Miner) line(tokens []string, g *group) *Line {
	l := &Line{tokens: tokens, group: g, Number: len(m.lines)}
	m.lines, g.lines = append(m.lines, l), append(g.lines, l)
	return l
}

// Lines are the lines so far, by their number.
func (m *Miner) Lines() []*Line { return m.lines }

// Settle gives every line its template and returns the templates in the order in
// which they were met.
func (m *Miner) Settle() []*Template {
	var parts []part
	for _, g := range m.order {
		divide(g.lines, func(lines []*Line, text []string) { parts = append(parts, part{g.scope, lines, text}) })
	}
	openFirst(parts)
	known := map[string]*Template{}
	used := map[int64]bool{}
	var out []*Template
	for _, p := range parts {
		text := joined(p.text)
		key := p.scope + "\x00" + text
		t := known[key]
		if t == nil {
			t = &Template{ID: number(key, used), Scope: p.scope, Text: text}
			known[key] = t
			out = append(out, t)
		}
		for _, l := range p.lines {
			l.Template = t
		}
	}
	return out
}

// number is a hash of 52 bits that is not in use.
func number(key string, used map[int64]bool) int64 {
	h := fnv.New64a()
	h.Write([]byte(key))
	n := int64(h.Sum64() >> 12)
	for used[n] {
		n++
	}
	used[n] = true
	return n
}
