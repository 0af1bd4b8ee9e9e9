package rootcause

import (
	"context"

	"plaint/analysis/rootcause/lineage"
	"plaint/analysis/rootcause/lineage/book"
	"plaint/internal/store"
)

// identity is what became of the themes since the last run.
type identity struct {
	moves     []book.Move // that analysts' standing edits make
	lastEdit  int64
	events    []lineage.Event
	news      []lineage.News
	announced int64 // unix seconds
}

// identify gives each theme the id that it had in the last run, or a new one,
// moves the complaints that analysts' edits hold elsewhere, and finds the themes
// that are new in the data. It comes before the themes are described.
func (s *study) identify(ctx context.Context) error {
	st := s.reader.st
	past, err := book.Read(ctx, st)
	if err != nil {
		return err
	}
	f := &lineage.Fit{Seqs: make([]int64, len(s.all)), Now: make([]int32, len(s.all)), Clusters: len(s.themes)}
	for i := range s.all {
		f.Seqs[i], f.Now[i] = s.all[i].seq, s.all[i].theme
	}
	if f.Before, err = past.Before(ctx, st, f.Seqs); err != nil {
		return err
	}
	if err := past.Fill(ctx, st, f); err != nil {
		return err
	}
	s.kept.moves, s.kept.lastEdit = past.Moves(), past.Last()
	lines := lineage.Follow(f)
	s.kept.events = lines.Events
	for i := range s.all {
		s.all[i].theme = f.Now[i]
	}
	if err := s.rename(ctx, lines.IDs, past.Names()); err != nil {
		return err
	}
	s.mendExamples()
	return s.announce(ctx)
}

// rename gives the themes their ids and names. Behind those of the fit come the
// ones that only edits know.
func (s *study) rename(ctx context.Context, ids []int64, names map[int64]string) error {
	for t, id := range ids {
		if t == len(s.themes) {
			was, err := book.Remember(ctx, s.reader.st, id)
			if err != nil {
				return err
			}
			s.themes = append(s.themes, theme{terms: was.Terms, chinese: was.Language == "zh", area: -1})
		}
		s.themes[t].id, s.themes[t].name = id, names[id]
	}
	return nil
}

// mendExamples gives a theme whose example is no longer among its complaints the
// one that speaks most for it.
func (s *study) mendExamples() {
	has, best := make([]bool, len(s.themes)), make([]int32, len(s.themes))
	for t := range best {
		best[t] = -1
	}
	for i := range s.all {
		c := &s.all[i]
		if c.theme < 0 {
			continue
		}
		has[c.theme] = has[c.theme] || c.seq == s.themes[c.theme].example
		if b := best[c.theme]; b < 0 || c.like > s.all[b].like {
			best[c.theme] = int32(i)
		}
	}
	for t, b := range best {
		if b >= 0 && !has[t] {
			s.themes[t].example = s.all[b].seq
		}
	}
}

// announce finds the themes that are new in the data, as of the latest complaint
// that has come: last year's file announces what was new then.
func (s *study) announce(ctx context.Context) error {
	announced, err := book.Announced(ctx, s.reader.st)
	if err != nil {
		return err
	}
	now := s.reader.st.Now().Unix()
	told := make([]lineage.Told, len(s.all))
	for i := range s.all {
		c := &s.all[i]
		told[i] = lineage.Told{At: c.at, Customer: c.customer}
		if c.theme >= 0 {
			told[i].Theme = s.themes[c.theme].id
		}
		if c.at > now || !s.dense.Hold(c.at) {
			told[i].At = 0 // a mistyped year
		}
		s.kept.announced = max(s.kept.announced, told[i].At)
	}
	s.kept.news = lineage.New(told, s.kept.announced, announced)
	return nil
}

// tables are the rows of theme_event and theme_news.
func (k *identity) tables() []store.Table {
	events, news := store.Table{Name: "theme_event"}, store.Table{Name: "theme_news"}
	for _, e := range k.events {
		var other any
		if e.Other > 0 {
			other = e.Other
		}
		events.Rows = append(events.Rows, []any{e.Theme, e.What, other, e.Share, e.Was, e.N, nil})
	}
	for _, x := range k.news {
		news.Rows = append(news.Rows, []any{x.Theme, moment(x.First), moment(k.announced), x.N, x.Q})
	}
	return []store.Table{events, news}
}
