package profile

import (
	"path/filepath"
	"sort"
	"strings"

	"plaint/internal/record"
)

// MinScore is the score from which a profile is taken without asking, WeakScore
// the one from which its user need not be told to look twice. Exports that a
// profile was written for score 0.52 and more; a table of texts among columns
// that nobody knows scores 0.30.
const (
	MinScore  = 0.3
	WeakScore = 0.45
)

// Mapping is a profile laid over one header.
type Mapping struct {
	Profile *Profile
	Header  []string
	Words   []string // per column: our word, "" if the column is kept as extra
	Score   float64  // 0 to 1: how well the profile fits
	Source  string
	consts  map[string]string
}

// Match lays a profile over a header. input is the input's base name; source,
// if not "", overrides the profile's.
func (p *Profile) Match(header []string, input, source string) *Mapping {
	m := &Mapping{Profile: p, Header: header, Words: make([]string, len(header)), consts: map[string]string{}}
	at := map[string]int{}
	for i := len(header) - 1; i >= 0; i-- {
		if h := plain(header[i]); h != "" {
			at[h] = i
		}
	}
	found := map[string]bool{}
	words := make([]string, 0, len(p.Columns))
	for w := range p.Columns {
		words = append(words, w)
	}
	sort.Strings(words)
	for _, w := range words {
		for _, name := range p.Columns[w] {
			i, ok := at[plain(name)]
			if ok && m.Words[i] == "" {
				m.Words[i] = w
				found[w] = true
				break
			}
		}
	}
	for w, v := range p.Constants {
		m.consts[w] = v
	}
	for w, re := range p.filename {
		if g := re.FindStringSubmatch(input); g != nil && !found[w] {
			m.consts[w] = g[1]
		}
	}
	m.Score = p.score(len(header), found)
	m.Source = sourceName(p, m.consts["source"], source, input)
	delete(m.consts, "source")
	return m
}

// musts are the words without which a row of a kind says nothing; one of them
// has to be there.
var musts = map[record.Kind][]string{
	record.Complaints:    {"body", "subject", "received"},
	record.Surveys:       {"score", "comment"},
	record.Logs:          {"message"},
	record.Transactions:  {"amount", "requested"},
	record.Accounts:      {"customer", "opened"},
	record.ServiceLevels: {"limit"},
}

// score is the mean of the share of columns that are understood and the share
// of telltale words that are there. A profile whose kind lacks its musts, or
// without any telltale, scores 0. A table of texts is taken as complaints
// however many columns surround them.
func (p *Profile) score(columns int, found map[string]bool) float64 {
	must := false
	for _, w := range musts[p.kind] {
		must = must || found[w]
	}
	if columns == 0 || len(p.Tells) == 0 || !must {
		return 0
	}
	tells := 0
	for _, w := range p.Tells {
		if found[w] {
			tells++
		}
	}
	if tells == 0 {
		return 0
	}
	s := 0.5*float64(len(found))/float64(columns) + 0.5*float64(tells)/float64(len(p.Tells))
	if p.Generic {
		s *= 0.9
		if p.kind == record.Complaints && found["body"] {
			s = max(s, MinScore)
		}
	}
	return s
}

func sourceName(p *Profile, constant, chosen, input string) string {
	for _, s := range []string{chosen, constant, p.Source} {
		if s != "" {
			return s
		}
	}
	base := filepath.Base(input)
	if i := strings.IndexByte(base, '.'); i > 0 {
		base = base[:i]
	}
	return base
}

// Detect lays every built-in profile over the header, best first. as, unless
// 0, keeps only profiles of that kind.
func Detect(header []string, input, source string, as record.Kind) ([]*Mapping, error) {
	all, err := Builtin()
	if err != nil {
		return nil, err
	}
	var out []*Mapping
	for _, p := range all {
		if as == 0 || p.kind == as {
			out = append(out, p.Match(header, input, source))
		}
	}
	rank(out)
	return out, nil
}

func rank(list []*Mapping) {
	sort.SliceStable(list, func(i, j int) bool { return list[i].Score > list[j].Score })
}

// Rank scores mappings of one header anew and orders them, best first. void
// tells the columns that hold no value in the rows that were looked at: one
// that a mapping does not know says nothing against it.
func Rank(list []*Mapping, void []bool) {
	for _, m := range list {
		columns, found := 0, map[string]bool{}
		for i, w := range m.Words {
			if w != "" {
				found[w] = true
			}
			if w != "" || !void[i] {
				columns++
			}
		}
		m.Score = m.Profile.score(columns, found)
	}
	rank(list)
}
