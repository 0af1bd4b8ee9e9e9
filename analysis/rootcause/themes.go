// Package rootcause asks why people complain: themes of what they write, the
// windows in which a theme bursts, and the same for the templates of service
// logs.
package rootcause

import (
	"context"
	"fmt"
	"time"

	"plaint/analysis/rootcause/incident"
	"plaint/internal/store"
	"plaint/internal/text"
	"plaint/internal/text/space"
)

// Result is one job's run and its headline.
type Result struct {
	Run     int64          `json:"run"`
	Numbers map[string]any `json:"numbers"`
}

// study is one run of the themes job.
type study struct {
	reader     *reader
	all        []complaint
	corpora    [2]*corpus // Chinese, all others
	places     [2][]int32 // of the corpus's texts in all
	extractors []*text.Extractor
	share      float64 // of the texts that models are fitted on
	themes     []theme
	models     [2]*model
	firsts     [2]int32 // number of each model's first theme
	kept       identity
}

// Themes groups the complaints of the store by what they are about, finds the
// windows in which a theme bursts and keeps both as a run of kind "themes".
// Chinese and other texts are grouped apart. The same complaints give the same
// themes, whatever the number of processors. words is nil for the program's own
// lexicon.
func Themes(ctx context.Context, st *store.Store, words *text.Lexicon) (Result, error) {
	started := st.Now()
	s := &study{extractors: newExtractors(words)}
	var err error
	if s.reader, err = newReader(ctx, st); err != nil {
		return Result{}, err
	}
	if err := s.collect(ctx); err != nil {
		return Result{}, err
	}
	s.fitAll()
	if s.share < 1 {
		if err := s.assignRest(ctx); err != nil {
			return Result{}, err
		}
	}
	if err := s.reader.answers(ctx, s.all); err != nil {
		return Result{}, err
	}
	if err := s.identify(ctx); err != nil {
		return Result{}, fmt.Errorf("themes: %w", err)
	}
	s.describe()
	windows := s.windows()
	numbers := map[string]any{"complaints": len(s.all), "themes": len(s.themes), "windows": len(windows),
		"incidents": countIncidents(windows), "fitted_share": s.share}
	id, err := st.SaveRun(ctx, store.Run{Kind: "themes", Started: started, UpTo: s.reader.last, Summary: numbers,
		Params: map[string]any{"fit_texts": fitTexts, "seed": seed, "false_discovery_rate": incident.Discovery},
		Tables: append(s.kept.tables(), s.themeTable(), s.memberTable(), store.Table{Name: "theme_window", Rows: windows})})
	if err != nil {
		return Result{}, fmt.Errorf("themes: %w", err)
	}
	return Result{Run: id, Numbers: numbers}, nil
}

// countIncidents is the largest incident number: the last column.
func countIncidents(windows [][]any) int64 {
	most := int64(0)
	for _, w := range windows {
		most = max(most, w[len(w)-1].(int64))
	}
	return most
}

// collect reads all complaints once and the features of the sample.
func (s *study) collect(ctx context.Context) error {
	s.share = min(1, fitTexts/max(float64(s.reader.count), 1))
	for l := range s.corpora {
		s.corpora[l] = &corpus{names: map[uint64]text.Phrase{}}
	}
	s.all = make([]complaint, 0, s.reader.count)
	err := s.reader.each(ctx, func(chunk []written) error {
		var own [2][]int
		for i := range chunk {
			c := &chunk[i].complaint
			if c.fitted = sampled(c.seq, s.share); c.fitted {
				l := languageOf(c)
				own[l] = append(own[l], i)
				s.places[l] = append(s.places[l], int32(len(s.all)))
			}
			s.all = append(s.all, *c)
		}
		for l, list := range own {
			s.corpora[l].add(s.extractors, len(list), func(i int) []string {
				w := &chunk[list[i]]
				return []string{w.subject, w.body}
			}, func(i int) string { return s.reader.types.list[chunk[list[i]].kind] })
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("themes: %w", err)
	}
	return nil
}

func languageOf(c *complaint) int {
	if c.chinese {
		return 0
	}
	return 1
}

// sampled chooses by a hash of the arrival number, so that a complaint's part
// does not depend on those read before it.
func sampled(seq int64, share float64) bool {
	h := uint64(seq) * 0x9E3779B97F4A7C15
	h = (h ^ h>>31) * 0xBF58476D1CE4E5B9
	return share >= 1 || float64((h^h>>29)>>11)/(1<<53) < share
}

// fitAll fits a model per language and numbers the themes through.
func (s *study) fitAll() {
	for l, c := range s.corpora {
		if c.builder.Rows() == 0 {
			continue
		}
		f := c.fit(0)
		first := len(s.themes)
		for t, terms := range f.labels(c.names) {
			s.themes = append(s.themes, theme{terms: terms, chinese: l == 0, part: t})
		}
		for i, place := range s.places[l] {
			if f.of[i] >= 0 {
				s.all[place].theme = int32(first + f.of[i])
			}
		}
		s.likeness(f, l, first)
		s.models[l], s.firsts[l] = &f.model, int32(first)
		c.builder, c.names = text.Builder{}, nil
	}
}

// likeness notes how far each fitted text's words speak for its theme, and each
// theme's text nearest to its mean as its example.
func (s *study) likeness(f *fitted, l, first int) {
	mean := space.NewDense(max(f.themes, 0), f.matrix.Cols)
	for i, t := range f.of {
		if t < 0 {
			continue
		}
		cols, vals := f.matrix.Row(i)
		row := mean.Row(t)
		for k, c := range cols {
			row[c] += vals[k]
		}
	}
	for t := range f.themes {
		space.Normalize(mean.Row(t))
	}
	for i, t := range f.of {
		if t < 0 {
			continue
		}
		near := float32(0)
		cols, vals := f.matrix.Row(i)
		for k, c := range cols {
			near += mean.Row(t)[c] * vals[k]
		}
		c, th := &s.all[s.places[l][i]], &s.themes[first+t]
		words, n := f.counts.Row(i)
		c.like = f.words.Like(words, n, t)
		if th.example == 0 || near > th.nearest {
			th.example, th.nearest = c.seq, near
		}
	}
}

// assignRest gives every text that was not fitted the theme its words speak for.
func (s *study) assignRest(ctx context.Context) error {
	assigners := map[*text.Extractor]*[2]*assigner{}
	for _, x := range s.extractors {
		x.OnlyWords = true
		assigners[x] = new([2]*assigner)
		for l, m := range s.models {
			if m != nil {
				assigners[x][l] = m.assigner()
			}
		}
	}
	at := 0
	err := s.reader.each(ctx, func(chunk []written) error {
		inParallel(s.extractors, len(chunk), func(x *text.Extractor, i int) {
			c := &s.all[at+i]
			l := languageOf(c)
			a := assigners[x][l]
			if c.fitted || a == nil {
				return
			}
			if t, like := a.assign(x.Features(chunk[i].subject, chunk[i].body)); t >= 0 {
				c.theme, c.like = s.firsts[l]+int32(t), like
			}
		})
		at += len(chunk)
		return nil
	})
	if err != nil {
		return fmt.Errorf("themes: %w", err)
	}
	return nil
}

func moment(at int64) time.Time {
	if at == 0 {
		return time.Time{}
	}
	return time.Unix(at, 0).UTC()
}
