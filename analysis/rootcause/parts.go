package rootcause

import (
	"plaint/analysis/rootcause/cluster"
	"plaint/internal/store"
)

// part is a theme's complaints in one language.
type part struct {
	terms   []string
	example int64
	size    int
}

// takeParts counts the complaints of each theme by language; the theme is shown
// as its larger part.
func (s *study) takeParts() {
	type seen struct {
		size int
		has  bool  // its example is among them
		best int32 // the one that speaks most for the theme
	}
	all := make([][cluster.Languages]seen, len(s.themes))
	for i := range s.all {
		c := &s.all[i]
		if c.theme < 0 {
			continue
		}
		l := languageOf(c.chinese)
		x := &all[c.theme][l]
		if x.size == 0 || c.like > s.all[x.best].like {
			x.best = int32(i)
		}
		x.size++
		if p := s.themes[c.theme].parts[l]; p != nil && p.example == c.seq {
			x.has = true
		}
	}
	for t := range s.themes {
		for l, x := range all[t] {
			p := &s.themes[t].parts[l]
			switch {
			case x.size == 0:
				*p = nil
				continue
			case *p == nil && (l == cluster.Chinese) == s.themes[t].chinese:
				*p = &part{terms: s.themes[t].terms}
			case *p == nil:
				*p = &part{}
			}
			if (*p).size = x.size; !x.has {
				(*p).example = s.all[x.best].seq
			}
		}
		s.themes[t].lead()
	}
}

// lead shows the theme as its largest part that has words.
func (t *theme) lead() {
	most := -1
	for l, p := range t.parts {
		if p != nil && len(p.terms) > 0 && (most < 0 || p.size > t.parts[most].size) {
			most = l
		}
	}
	if most >= 0 {
		t.terms, t.example, t.chinese = t.parts[most].terms, t.parts[most].example, most == cluster.Chinese
	}
}

func languageName(chinese bool) string {
	if chinese {
		return "zh"
	}
	return "en"
}

func (s *study) partTable() store.Table {
	table := store.Table{Name: "theme_part"}
	for i := range s.themes {
		t := &s.themes[i]
		for l, p := range t.parts {
			if p != nil {
				terms := append([]string{}, p.terms...)
				table.Rows = append(table.Rows, []any{t.id, languageName(l == cluster.Chinese), cluster.Label(terms), terms, p.size, p.example})
			}
		}
	}
	return table
}

// areaIDs are the numbers of the areas: of each the lowest of its themes', 0 for
// one without any.
func (s *study) areaIDs() []int64 {
	out := make([]int64, len(s.model.Areas))
	for i := range s.themes {
		if t := &s.themes[i]; t.area >= 0 && (out[t.area] == 0 || t.id < out[t.area]) {
			out[t.area] = t.id
		}
	}
	return out
}

// areaTable has the areas, a row for each language that they have words in.
func (s *study) areaTable() store.Table {
	table := store.Table{Name: "theme_area"}
	themes, size := make([]int, len(s.model.Areas)), make([]int, len(s.model.Areas))
	for i := range s.themes {
		if t := &s.themes[i]; t.area >= 0 {
			themes[t.area]++
			size[t.area] += t.size
		}
	}
	for a, id := range s.areaIDs() {
		for l, words := range s.model.Areas[a] {
			if id > 0 && len(words) > 0 {
				table.Rows = append(table.Rows, []any{id, languageName(l == cluster.Chinese), cluster.Label(words), themes[a], size[a]})
			}
		}
	}
	return table
}
