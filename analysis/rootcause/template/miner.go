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
	"slices"
	"strings"
)

// Method names the settings, for the books of a run.
const Method = "masks, drain .5, words 4"

// Bounds of a miner's memory and of its searches.
const (
	leastAlike = .5     // share of equal constants for a shape to belong to a group
	mostGroups = 200    // of one key; beyond it shapes go to the nearest
	mostMasked = 200000 // masked messages whose shape is remembered
	mostShapes = 50000  // beyond it a shape's group counts it without remembering it
	mostTokens = 500    // of a shape; what follows is a variable
)

// Line is what lines of one shape are booked under. It belongs to one template
// once the miner has settled, and until it mines on.
type Line struct {
	Template *Template
	tokens   []string
	group    *group
}

// Template is one kind of line.
type Template struct {
	ID    int64 // of scope and text, the same in every run; below 2^52, so that doubles hold it
	Scope string
	Text  string
}

// group are shapes that are alike.
type group struct {
	scope  string
	tokens []string // common to all, with wildcards
	lines  []*Line
	rest   *Line // of shapes that are not remembered
}

// Miner finds templates in lines as they stream by. It is used by one goroutine
// at a time.
type Miner struct {
	masked map[string]*Line
	shapes map[string]*Line
	groups map[string][]*group
	order  []*group
	buf    []byte
}

// New is a miner that has seen nothing.
func New() *Miner {
	return &Miner{masked: map[string]*Line{}, shapes: map[string]*Line{}, groups: map[string][]*group{}}
}

// Add takes a line in. Lines of different scopes (a service and its level) never
// share a template. Of a message of several lines the first counts, and that
// there are more.
func (m *Miner) Add(scope, message string) *Line {
	m.buf = append(append(m.buf[:0], scope...), 0)
	head := len(m.buf)
	first, _, more := strings.Cut(message, "\n")
	m.buf = mask(m.buf, first)
	if more {
		m.buf = append(m.buf, " <lines>"...)
	}
	if l, ok := m.masked[string(m.buf)]; ok {
		return l
	}
	l := m.shaped(scope, string(m.buf[head:]))
	if len(m.masked) < mostMasked {
		m.masked[string(m.buf)] = l
	}
	return l
}

// shaped finds the line of a masked message.
func (m *Miner) shaped(scope, masked string) *Line {
	tokens := shape(masked)
	if len(tokens) > mostTokens {
		tokens = append(tokens[:mostTokens], wildcard)
	}
	key := scope + "\x00" + strings.Join(tokens, " ")
	if l, ok := m.shapes[key]; ok {
		return l
	}
	g := m.groupOf(scope, tokens)
	if len(m.shapes) >= mostShapes {
		if g.rest == nil {
			g.rest = &Line{tokens: slices.Clone(g.tokens), group: g}
			g.lines = append(g.lines, g.rest)
		}
		generalise(g.rest.tokens, tokens)
		return g.rest
	}
	l := &Line{tokens: tokens, group: g}
	g.lines = append(g.lines, l)
	m.shapes[key] = l
	return l
}

// groupOf finds the group that a shape belongs to, or makes one.
func (m *Miner) groupOf(scope string, tokens []string) *group {
	first := ""
	if len(tokens) > 0 {
		if first = keyOf(tokens[0]); first == "" && !strings.Contains(tokens[0], wildcard) {
			first = stem(tokens[0])
		}
	}
	key := strings.Join([]string{scope, string(rune(len(tokens))), first}, "\x00")
	list := m.groups[key]
	var best *group
	most := -1.0
	for _, g := range list {
		if s := likeness(g.tokens, tokens); s > most {
			best, most = g, s
		}
	}
	if best != nil && (most >= leastAlike || len(list) >= mostGroups) {
		generalise(best.tokens, tokens)
		return best
	}
	g := &group{scope: scope, tokens: slices.Clone(tokens)}
	m.groups[key] = append(list, g)
	m.order = append(m.order, g)
	return g
}

// likeness is the share of equal words among those that are constant in one of
// the two; what is a wildcard in the group fits anything.
func likeness(group, tokens []string) float64 {
	equal, different := 0, 0
	for i, t := range group {
		switch {
		case t == wildcard:
		case t != tokens[i]:
			if k := keyOf(t); !strings.HasSuffix(t, wildcard) || k == "" || k != keyOf(tokens[i]) {
				different++
			}
		case !strings.Contains(t, wildcard):
			equal++
		}
	}
	if equal+different == 0 {
		return 1
	}
	return float64(equal) / float64(equal+different)
}

// generalise makes wildcards of what differs; behind "key=" the key stays.
func generalise(group, tokens []string) {
	for i, t := range group {
		if t != tokens[i] {
			group[i] = common(t, tokens[i])
		}
	}
}

func common(a, b string) string {
	if k := keyOf(a); k != "" && k == keyOf(b) {
		return k + wildcard
	}
	return wildcard
}

// Settle gives every line its template and returns the templates in the order in
// which they were met.
func (m *Miner) Settle() []*Template {
	known := map[string]*Template{}
	used := map[int64]bool{}
	var out []*Template
	for _, g := range m.order {
		divide(g.lines, func(part []*Line, text string) {
			key := g.scope + "\x00" + text
			t := known[key]
			if t == nil {
				t = &Template{ID: number(key, used), Scope: g.scope, Text: text}
				known[key] = t
				out = append(out, t)
			}
			for _, l := range part {
				l.Template = t
			}
		})
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

// divide divides lines of as many tokens at the place with the fewest different
// words, and each part again, until no place is left at which words differ that
// belong to a template.
func divide(lines []*Line, found func(part []*Line, text string)) {
	text := slices.Clone(lines[0].tokens)
	at, least := -1, mostWords+1
	for i := range text {
		values := map[string]bool{}
		for _, l := range lines {
			if !values[l.tokens[i]] {
				values[l.tokens[i]] = true
				if len(values) > 1 {
					text[i] = common(text[i], l.tokens[i])
				}
			}
			if len(values) > mostWords {
				break
			}
		}
		if n := len(values); n > 1 && n < least && (i == 0 || !owners[lines[0].tokens[i-1]]) && areWords(values) {
			at, least = i, n
		}
	}
	if at < 0 {
		found(lines, strings.Join(text, " "))
		return
	}
	parts := map[string][]*Line{}
	var order []string
	for _, l := range lines {
		w := l.tokens[at]
		if parts[w] == nil {
			order = append(order, w)
		}
		parts[w] = append(parts[w], l)
	}
	for _, w := range order {
		divide(parts[w], found)
	}
}
