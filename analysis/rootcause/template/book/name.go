package book

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"plaint/analysis/rootcause/template"
)

// Kind is a template with the lines of its shapes.
type Kind struct {
	*template.Template
	Service, Level string
	N              int64
	First, Last    int64 // unix seconds, 0 = no line says when
	Example        int64 // seq of its first line
	Rest           bool  // of lines that have no template of their own
	shapes         []*Shape
}

// Change is what became of a template of the run before.
type Change struct {
	Was, Now int64
	Kind     string // changed, merged, divided
	N        int64  // lines
}

// settle sums the shapes up by template, the most frequent first.
func (b *Book) settle() {
	b.miner.Settle()
	of := map[*template.Template]*Kind{}
	for _, s := range b.shapes {
		k := of[s.line.Template]
		if k == nil {
			k = &Kind{Template: s.line.Template, Service: s.service, Level: s.level, Example: s.example, Rest: s.line.Rest}
			of[k.Template] = k
			b.kinds = append(b.kinds, k)
		}
		k.shapes = append(k.shapes, s)
		k.N += s.n
		k.Example = min(k.Example, s.example)
		if s.first != 0 && (k.First == 0 || s.first < k.First) {
			k.First = s.first
		}
		k.Last = max(k.Last, s.last)
	}
	slices.SortStableFunc(b.kinds, func(x, y *Kind) int { return cmp.Compare(y.N, x.N) })
}

// name gives every template its number: that of the template of the run before
// which most of its lines were of, if that one did not go to another that has
// more of them; else a new one.
func (b *Book) name(ctx context.Context) error {
	before, err := b.known(ctx)
	if err != nil {
		return err
	}
	taken := map[int64]bool{} // numbers of the run before stay its own, used or not
	for id := range before {
		taken[id] = true
	}
	links := b.links(before)
	heir, named := map[int64]*Kind{}, map[*Kind]bool{}
	for _, l := range links {
		if heir[l.was] == nil && !named[l.now] {
			heir[l.was], named[l.now], l.now.ID = l.now, true, l.was
		}
	}
	for _, k := range b.kinds {
		if !named[k] {
			for taken[k.ID] {
				k.ID++
			}
			taken[k.ID] = true
		}
	}
	for _, l := range links {
		c := Change{Was: l.was, Now: l.now.ID, N: l.n}
		switch {
		case heir[l.was] == nil:
			c.Kind = "merged"
		case heir[l.was] != l.now:
			c.Kind = "divided"
		case before[l.was] != l.now.Scope+"\x00"+l.now.Text:
			c.Kind = "changed"
		default:
			continue
		}
		b.change = append(b.change, c)
	}
	for _, k := range b.kinds {
		for _, s := range k.shapes {
			s.template = k.ID
		}
	}
	return nil
}

// link says how many lines of an earlier template are now of another.
type link struct {
	was int64
	now *Kind
	n   int64
}

// links follow the shapes of the run before; those of a reading that began anew
// have none, and templates of the same text are taken for the same.
func (b *Book) links(before map[int64]string) (out []link) {
	at := map[int64]map[*Kind]int{}
	text := map[string]int64{}
	if b.from == 0 {
		for id, x := range before {
			text[x] = id
		}
	}
	for _, k := range b.kinds {
		for _, s := range k.shapes {
			was := s.was
			if b.from == 0 {
				was = text[k.Scope+"\x00"+k.Text]
			}
			if was == 0 {
				continue
			}
			if at[was] == nil {
				at[was] = map[*Kind]int{}
			}
			if _, ok := at[was][k]; !ok {
				at[was][k] = len(out)
				out = append(out, link{was: was, now: k})
			}
			out[at[was][k]].n += s.n
		}
	}
	slices.SortStableFunc(out, func(x, y link) int { return cmp.Or(cmp.Compare(y.n, x.n), cmp.Compare(x.was, y.was)) })
	return out
}

// known are the templates of the run before by their number: scope and text.
func (b *Book) known(ctx context.Context) (map[int64]string, error) {
	out := map[int64]string{}
	err := b.st.Each(ctx, "select id, coalesce(service, ''), coalesce(level, ''), coalesce(template, '') from log_template where run = ?", func(rows *sql.Rows) error {
		var id int64
		var service, level, text string
		err := rows.Scan(&id, &service, &level, &text)
		out[id] = service + "\x00" + level + "\x00" + text
		return err
	}, b.before)
	return out, err
}
