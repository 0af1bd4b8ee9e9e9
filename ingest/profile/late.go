package profile

import (
	"slices"
	"strings"

	"plaint/internal/record"
)

// lateColumns are the columns that the header does not have. JSON may name a
// column first where it first has a value, long after the header was settled.
// Which word such a name gets depends on the header and on its row alone, never
// on the rows before, so that the order of work changes nothing.
type lateColumns struct {
	free   map[string]lateWord // plain name -> word that no column of the header has
	memo   map[string]lateWord // name as written -> the same
	values map[string]map[string]string
	row    []lateField // of the row that is mapped next, by word
}

// lateWord is a word and the place of a name among the word's names.
type lateWord struct {
	word string
	rank int
}

type lateField struct {
	record.Field
	lateWord
}

// Take keeps those fields that have a word although the header lacks them, for
// the row that is mapped next, and returns the others. Of two names for one word
// the better one is taken. fields is overwritten.
func (m *Mapper) Take(fields []record.Field) []record.Field {
	m.late.row = m.late.row[:0]
	rest := fields[:0]
	for _, f := range fields {
		w := m.freeWord(f.Name)
		if w.word == "" {
			rest = append(rest, f)
			continue
		}
		i := slices.IndexFunc(m.late.row, func(l lateField) bool { return l.word == w.word })
		switch {
		case i < 0:
			m.late.row = append(m.late.row, lateField{f, w})
		case w.rank < m.late.row[i].rank:
			rest = append(rest, m.late.row[i].Field)
			m.late.row[i] = lateField{f, w}
		default:
			rest = append(rest, f)
		}
	}
	slices.SortFunc(m.late.row, func(a, b lateField) int { return strings.Compare(a.word, b.word) })
	return rest
}

// freeWord is the word of a name that is not in the header, "" if it has none
// or the header has a column for it.
func (m *Mapper) freeWord(name string) lateWord {
	if w, ok := m.late.memo[name]; ok {
		return w
	}
	if m.late.free == nil {
		m.late.free = freeWords(m.Mapping)
	}
	w := m.late.free[plain(name)]
	if m.late.memo == nil || len(m.late.memo) > 4096 {
		m.late.memo = map[string]lateWord{}
	}
	m.late.memo[strings.Clone(name)] = w
	return w
}

func freeWords(m *Mapping) map[string]lateWord {
	out := map[string]lateWord{}
	words := make([]string, 0, len(m.Profile.Columns))
	for w := range m.Profile.Columns {
		if !slices.Contains(m.Words, w) {
			words = append(words, w)
		}
	}
	slices.Sort(words)
	for _, w := range words {
		for rank, name := range m.Profile.Columns[w] {
			if h := plain(name); h != "" {
				if _, taken := out[h]; !taken {
					out[h] = lateWord{w, rank}
				}
			}
		}
	}
	for _, h := range m.Header {
		delete(out, plain(h)) // that name is spoken for
	}
	return out
}

// oursOf is the product's code for a word's value, or the value itself.
func (m *Mapper) oursOf(word, v string) string {
	given := m.Profile.Values[word]
	if given == nil {
		return v
	}
	if m.late.values == nil {
		m.late.values = map[string]map[string]string{}
	}
	if m.late.values[word] == nil {
		m.late.values[word] = plainValues(given)
	}
	if ours, ok := m.late.values[word][plain(v)]; ok {
		return ours
	}
	return v
}

func plainValues(given map[string]string) map[string]string {
	out := map[string]string{}
	for from, to := range given {
		out[plain(from)] = to
	}
	return out
}
