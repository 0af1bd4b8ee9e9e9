package template

import (
	"slices"
	"strings"
)

// group are shapes that are alike.
type group struct {
	scope  string
	tokens []string // common to all, with wildcards
	lines  []*Line
	open   []bool // places that are variables for good; nil if none is
}

// group makes a group of a first shape.
func (m *Miner) group(scope, key string, tokens []string) *group {
	g := &group{scope: scope, tokens: slices.Clone(tokens)}
	m.groups[key] = append(m.groups[key], g)
	m.order = append(m.order, g)
	return g
}

// nearest finds the group that is like a shape, and the key of such groups.
func (m *Miner) nearest(scope string, tokens []string) (best *group, key string) {
	first := ""
	if len(tokens) > 0 {
		if first = keyOf(tokens[0]); first == "" && !strings.Contains(tokens[0], wildcard) {
			first = stem(tokens[0])
		}
	}
	key = strings.Join([]string{scope, string(rune(len(tokens))), first}, "\x00")
	list := m.groups[key]
	most := -1.0
	for _, g := range list {
		if s := likeness(g.tokens, tokens); s > most {
			best, most = g, s
		}
	}
	if most < leastAlike && len(list) < mostGroups {
		return nil, key
	}
	return best, key
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

// opened makes wildcards of the tokens in places that are variables for good.
func (g *group) opened(tokens []string) []string {
	for i, open := range g.open {
		if open {
			tokens[i] = common(g.tokens[i], tokens[i])
		}
	}
	return tokens
}

// look finds the places that are variables for good, so that names without end do
// not make shapes without end.
func (g *group) look() {
	for i := range g.tokens {
		if !strings.HasSuffix(g.tokens[i], wildcard) {
			continue
		}
		values := map[string]bool{}
		for _, l := range g.lines {
			values[l.tokens[i]] = true
		}
		if len(values) >= openPlace {
			if g.open == nil {
				g.open = make([]bool, len(g.tokens))
			}
			g.open[i] = true
		}
	}
}

// divide divides lines of as many tokens at the place with the fewest different
// words, and each part again, until no place is left at which words differ that
// belong to a template. Behind a word that a name follows, no word tells templates
// apart; a Chinese name has several characters.
func divide(lines []*Line, found func(lines []*Line, text []string)) {
	text := slices.Clone(lines[0].tokens)
	at, least := -1, mostWords+1
	named := false
	for i := range text {
		named = i > 0 && (owners[text[i-1]] || named && text[i-1] == wildcard && isHan(lines[0].tokens[i]))
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
		if n := len(values); n > 1 && n < least && !named && areWords(values) {
			at, least = i, n
		}
	}
	if at < 0 {
		found(lines, text)
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

// part is the lines of a template, and its tokens.
type part struct {
	scope string
	lines []*Line
	text  []string
}

// openFirst makes a variable of the first word of templates that are equal but for
// it, where more dotted names stand there than tell kinds of lines apart: groups
// are made by their first word.
func openFirst(parts []part) {
	alike := map[string][]int{}
	for i, p := range parts {
		words := 0
		for _, t := range p.text[min(1, len(p.text)):] {
			if !strings.Contains(t, wildcard) && hasWord(t) {
				words++
			}
		}
		if words >= 2 && space(strings.Trim(p.text[0], punctuation)) != "" {
			key := p.scope + "\x00" + strings.Join(p.text[1:], " ")
			alike[key] = append(alike[key], i)
		}
	}
	for _, list := range alike {
		firsts := map[string]bool{}
		for _, i := range list {
			firsts[parts[i].text[0]] = true
		}
		if len(firsts) > mostWords {
			for _, i := range list {
				parts[i].text[0] = wildcard
			}
		}
	}
}
