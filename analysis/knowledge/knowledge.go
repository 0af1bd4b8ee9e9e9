package knowledge

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"plaint/internal/store"
	"plaint/internal/text"
)

// ErrNoThemes means that the themes job has not run yet.
var ErrNoThemes = errors.New("there are no themes yet")

// again is within how many days a second complaint of a customer about the same
// theme is a repeated contact.
const again = 14

// Options say what there is to compare.
type Options struct {
	Entries []Entry
	Lexicon *text.Lexicon // nil for the program's own
}

// Gap is a theme and what the FAQ has for it.
type Gap struct {
	Theme   int64
	N       int // complaints
	Repeats int // of them by a customer who had complained of it within 14 days
	Example int64
	Fit
}

// Contacts is how many contacts a matter took on the average, from 1.
func (g Gap) Contacts() float64 { return float64(g.N) / float64(max(g.N-g.Repeats, 1)) }

// Score is the volume, times contacts a matter, times what is not answered.
func (g Gap) Score() float64 { return float64(g.N) * g.Contacts() * (1 - g.Match) }

// Use is an answer and what it is good for.
type Use struct {
	Themes     int     // that it answers, best of all
	N          int     // complaints of them
	Nearest    int64   // the theme that it fits best
	Similarity float64 // to that
	Match      float64
}

// Found is gaps, the largest first, and the use of each entry in their order.
type Found struct {
	Gaps []Gap
	Uses []Use
}

// Measure compares the themes of the latest run with the answers and keeps the
// gaps as a run of kind "knowledge".
func Measure(ctx context.Context, st *store.Store, o Options) (int64, map[string]any, error) {
	started := st.Now()
	run, err := st.LatestRun(ctx, "themes")
	if err != nil {
		return 0, nil, fmt.Errorf("knowledge: %w", err)
	}
	if run == 0 {
		return 0, nil, fmt.Errorf("knowledge: %w", ErrNoThemes)
	}
	found, err := Compare(ctx, st, run, o)
	if err != nil {
		return 0, nil, fmt.Errorf("knowledge: %w", err)
	}
	numbers := found.numbers()
	id, err := st.SaveRun(ctx, store.Run{Kind: "knowledge", Started: started, Summary: numbers, Tables: found.tables(run, o.Entries),
		Params: map[string]any{"entries": len(o.Entries), "themes_run": run, "repeat_days": again, "sample": sampled, "chance": chance}})
	return id, numbers, err
}

// Compare compares the themes of a run with the answers.
func Compare(ctx context.Context, st *store.Store, run int64, o Options) (*Found, error) {
	if o.Lexicon == nil {
		o.Lexicon = text.DefaultLexicon()
	}
	m := newMaker(o.Lexicon)
	m.learn = true
	themes, err := readSamples(ctx, st, run, m)
	if err != nil {
		return nil, err
	}
	m.learn, m.noRuns = false, len(o.Entries) > manyEntries
	docs := make([]doc, len(o.Entries))
	for i, e := range o.Entries {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		docs[i] = m.doc(true, e.Question, e.Answer[:cut(e.Answer, longestText)])
		docs[i].chinese = e.Language == "zh"
	}
	return compare(newMatcher(m.v, themes, docs), themes), nil
}

// cut is where a text of at most n bytes ends, between characters.
func cut(s string, n int) int {
	if len(s) <= n {
		return len(s)
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return n
}

func compare(m *matcher, themes []sample) *Found {
	f := &Found{Uses: make([]Use, len(m.entries))}
	for i := range themes {
		t := &themes[i]
		best, each := m.fit(t)
		f.Gaps = append(f.Gaps, Gap{Theme: t.theme, N: t.n, Repeats: t.repeats, Example: t.example, Fit: best})
		for e := range each {
			u := &f.Uses[e]
			if u.Nearest == 0 || each[e].Match > u.Match || each[e].Match == u.Match && each[e].Similarity > u.Similarity {
				u.Nearest, u.Similarity, u.Match = t.theme, each[e].Similarity, each[e].Match
			}
			if each[e].Answers() {
				u.Themes++
				u.N += t.n
			}
		}
	}
	slices.SortStableFunc(f.Gaps, func(a, b Gap) int {
		return cmp.Or(cmp.Compare(b.Score(), a.Score()), cmp.Compare(a.Theme, b.Theme))
	})
	return f
}

// The texts of some complaints of each theme, chosen by a hash.
const samplesQuery = `select m.theme, c.seq, coalesce(c.subject, ''), coalesce(c.body, '')
	from (select theme, seq from theme_member where run = ? qualify row_number() over (partition by theme order by hash(seq), seq) <= ?) m
	join complaint c on c.seq = m.seq order by m.theme, c.seq`

// Themes with their complaints, and those of them that came again.
const themesQuery = `with m as (select m.theme, c.received - lag(c.received) over (partition by m.theme, c.customer order by c.received, c.seq) as since, c.customer
		from theme_member m join complaint c on c.seq = m.seq where m.run = $1)
	select t.id, coalesce(t.language, ''), coalesce(t.example, 0), count(*),
		count(*) filter (where m.customer is not null and m.since <= to_days($2::integer))
	from theme t join m on m.theme = t.id where t.run = $1 group by 1, 2, 3 order by 1`

func readSamples(ctx context.Context, st *store.Store, run int64, m *maker) ([]sample, error) {
	var list []sample
	at := map[int64]int{}
	err := st.Each(ctx, themesQuery, func(rows *sql.Rows) error {
		var s sample
		err := rows.Scan(&s.theme, &s.language, &s.example, &s.n, &s.repeats)
		at[s.theme] = len(list)
		list = append(list, s)
		return err
	}, run, again)
	if err != nil {
		return nil, fmt.Errorf("read the themes: %w", err)
	}
	err = st.Each(ctx, samplesQuery, func(rows *sql.Rows) error {
		var theme, seq int64
		var subject, body string
		if err := rows.Scan(&theme, &seq, &subject, &body); err != nil {
			return err
		}
		i, ok := at[theme]
		if !ok {
			return nil
		}
		d := m.doc(false, subject, body[:cut(body, longestText)])
		d.chinese = isChinese(subject, body)
		list[i].docs = append(list[i].docs, d)
		return nil
	}, run, sampled)
	if err != nil {
		return nil, fmt.Errorf("read the complaints of themes: %w", err)
	}
	m.v.topics = make([]float64, m.counter.Len())
	return list, nil
}

func (f *Found) numbers() map[string]any {
	gaps, open, unused := 0, 0, 0
	for _, g := range f.Gaps {
		if !g.Answers() {
			gaps++
			open += g.N
		}
	}
	for _, u := range f.Uses {
		if u.Themes == 0 {
			unused++
		}
	}
	return map[string]any{"themes": len(f.Gaps), "gaps": gaps, "complaints_unanswered": open, "entries": len(f.Uses), "entries_unused": unused}
}

// tables are the rows of a run.
func (f *Found) tables(themes int64, entries []Entry) []store.Table {
	t := []store.Table{{Name: "knowledge_gap"}, {Name: "knowledge_entry"}}
	for place, g := range f.Gaps {
		var entry, similarity any
		if g.Entry >= 0 && g.Similarity > 0 {
			entry, similarity = g.Entry+1, g.Similarity
		}
		t[0].Rows = append(t[0].Rows, []any{place + 1, g.Theme, themes, g.N, g.Repeats, g.Contacts(), entry, similarity, g.Match, g.Answers(), g.Score(), g.Example})
	}
	for i, u := range f.Uses {
		e := entries[i]
		var nearest any
		if u.Similarity > 0 {
			nearest = u.Nearest
		}
		t[1].Rows = append(t[1].Rows, []any{i + 1, e.Line, e.Question[:cut(e.Question, longestText)], e.Language, e.URL, u.Themes, u.N, nearest, u.Similarity, u.Match})
	}
	return t
}
