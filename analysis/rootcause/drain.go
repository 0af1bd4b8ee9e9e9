package rootcause

import (
	"hash/fnv"
	"slices"
	"strings"
)

// Settings of the miner.
const (
	leastAlike  = .5     // share of equal constants for a line to belong to a template
	mostCached  = 200000 // masked messages whose template is remembered
	mostInGroup = 200    // templates of one group; beyond it lines go to the nearest
)

// template is one kind of log line.
type template struct {
	id             int64
	service, level string
	tokens         []string
	n              int
	first, last    int64 // unix seconds
	example        int64
	byHour         map[int64]int32
}

func (t *template) text() string { return strings.Join(t.tokens, " ") }

// miner finds the templates of log lines as they stream by.
//
// Method: Drain (He, Zhu, Zheng, Lyu 2017): lines of one service, level and
// length with the same first word are compared with the templates of their
// group. Here only constants count in the comparison, and a difference behind
// "key=" leaves the key standing.
type miner struct {
	groups map[string][]*template
	cache  map[string]*template
	list   []*template
	buf    []byte
}

func newMiner() *miner {
	return &miner{groups: map[string][]*template{}, cache: map[string]*template{}}
}

// logLine is one line of a service's log.
type logLine struct {
	seq, at                 int64
	service, level, message string
}

// add books one line and returns its template.
func (m *miner) add(l *logLine) *template {
	m.buf = append(append(append(append(m.buf[:0], l.service...), 0), l.level...), 0)
	head := len(m.buf)
	m.buf = mask(m.buf, l.message)
	t, ok := m.cache[string(m.buf)]
	if !ok {
		t = m.find(l, strings.Fields(string(m.buf[head:])))
		if len(m.cache) < mostCached {
			m.cache[string(m.buf)] = t
		}
	}
	t.n++
	if l.at != 0 {
		if t.first == 0 || l.at < t.first {
			t.first = l.at
		}
		t.last = max(t.last, l.at)
		t.byHour[l.at-mod(l.at, hour)]++
	}
	return t
}

func (m *miner) find(l *logLine, tokens []string) *template {
	first := ""
	if len(tokens) > 0 && !strings.Contains(tokens[0], wildcard) {
		first = tokens[0]
	}
	key := strings.Join([]string{l.service, l.level, string(rune(len(tokens))), first}, "\x00")
	group := m.groups[key]
	var best *template
	most := -1.0
	for _, t := range group {
		if s := likeness(t.tokens, tokens); s > most {
			best, most = t, s
		}
	}
	if best != nil && (most >= leastAlike || len(group) >= mostInGroup) {
		generalise(best.tokens, tokens)
		return best
	}
	t := &template{service: l.service, level: l.level, tokens: slices.Clone(tokens), example: l.seq, byHour: map[int64]int32{}}
	m.groups[key] = append(group, t)
	m.list = append(m.list, t)
	return t
}

// likeness is the share of equal words among those that are constant in one of
// the two; what is a wildcard in the template fits anything.
func likeness(template, tokens []string) float64 {
	equal, different := 0, 0
	for i, t := range template {
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

func keyOf(token string) string {
	if i := strings.IndexByte(token, '='); i > 0 {
		return token[:i+1]
	}
	return ""
}

func generalise(template, tokens []string) {
	for i, t := range template {
		if t == tokens[i] {
			continue
		}
		if k := keyOf(t); k != "" && k == keyOf(tokens[i]) {
			template[i] = k + wildcard
		} else {
			template[i] = wildcard
		}
	}
}

// settle joins templates that have become equal, gives each the hash of its
// text as its id, so that it has the same in every run, and orders them by
// count. 52 bits of the hash survive a reader whose numbers are doubles.
func (m *miner) settle() []*template {
	byText := map[string]*template{}
	var out []*template
	for _, t := range m.list {
		key := t.service + "\x00" + t.level + "\x00" + t.text()
		if o := byText[key]; o != nil {
			o.absorb(t)
			continue
		}
		byText[key] = t
		h := fnv.New64a()
		h.Write([]byte(key))
		t.id = int64(h.Sum64() >> 12)
		out = append(out, t)
	}
	slices.SortStableFunc(out, func(a, b *template) int { return b.n - a.n })
	used := map[int64]bool{}
	for _, t := range out {
		for used[t.id] {
			t.id++
		}
		used[t.id] = true
	}
	return out
}

func (t *template) absorb(o *template) {
	t.n += o.n
	if o.first != 0 && (t.first == 0 || o.first < t.first) {
		t.first = o.first
	}
	t.last = max(t.last, o.last)
	for at, n := range o.byHour {
		t.byHour[at] += n
	}
}
