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
}

// Themes groups the complaints of the store by what they are about, finds the
// windows in which a theme bursts and keeps both as a run of kind "themes".
// Chinese and other texts are grouped apart. The same complaints give the same
// themes, whatever the number of processors.
func Themes(ctx context.Context, st *store.Store) (Result, error) {
	started := st.Now()
	s := &study{extractors: newExtractors()}
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
	s.describe()
	windows := s.windows()
	numbers := map[string]any{"complaints": len(s.all), "themes": len(s.themes), "windows": len(windows),
		"incidents": countIncidents(windows), "fitted_share": s.share}
	id, err := st.SaveRun(ctx, store.Run{Kind: "themes", Started: started, UpTo: s.reader.last, Summary: numbers,
		Params: map[string]any{"dims": dims, "alike": alike, "fit_texts": fitTexts, "seed": seed, "false_discovery_rate": incident.Discovery},
		Tables: []store.Table{s.themeTable(), s.memberTable(), {Name: "theme_window", Rows: windows}}})
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
	names := make([]map[uint64]text.Phrase, len(s.extractors))
	for i, x := range s.extractors {
		names[i] = map[uint64]text.Phrase{}
		x.Name = func(h uint64, p text.Phrase) { names[i][h] = p }
	}
	s.all = make([]complaint, 0, s.reader.count)
	err := s.reader.each(ctx, func(chunk []written) error {
		features := make([][]text.Feature, len(chunk))
		inParallel(s.extractors, len(chunk), func(x *text.Extractor, i int) {
			if chunk[i].fitted = sampled(chunk[i].seq, s.share); chunk[i].fitted {
				features[i] = append(features[i], x.Features(chunk[i].subject, chunk[i].body)...)
			}
		})
		for i := range chunk {
			if chunk[i].fitted {
				l := languageOf(&chunk[i].complaint)
				s.corpora[l].builder.Add(features[i])
				s.corpora[l].kinds = append(s.corpora[l].kinds, chunk[i].kind)
				s.places[l] = append(s.places[l], int32(len(s.all)))
			}
			s.all = append(s.all, chunk[i].complaint)
		}
		return nil
	})
	for i, x := range s.extractors {
		x.Name = nil
		for h, p := range names[i] {
			for _, c := range s.corpora {
				c.names[h] = p
			}
		}
	}
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
		f := c.fit()
		first := len(s.themes)
		for t, terms := range f.labels(c.names) {
			s.themes = append(s.themes, theme{terms: terms, chinese: l == 0, part: t})
		}
		for i, place := range s.places[l] {
			s.all[place].theme = int32(first + f.of[i])
		}
		s.likeness(f, l, first)
		c.builder, c.names = text.Builder{}, nil
		s.themes[first].model, s.themes[first].first = &f.model, true
	}
}

// likeness notes how near each fitted text is to its theme's mean, and each
// theme's nearest as its example.
func (s *study) likeness(f *fitted, l, first int) {
	mean := text.NewDense(f.themes, f.rows.Cols)
	for i, t := range f.of {
		add(mean.Row(t), f.rows.Row(i))
	}
	for t := range f.themes {
		text.Normalize(mean.Row(t))
	}
	for i, t := range f.of {
		c, th := &s.all[s.places[l][i]], &s.themes[first+t]
		c.like = float32(text.Dot(mean.Row(t), f.rows.Row(i)))
		if th.example == 0 || c.like > th.nearest {
			th.example, th.nearest = c.seq, c.like
		}
	}
}

// assignRest gives every text that was not fitted the theme of its nearest group.
func (s *study) assignRest(ctx context.Context) error {
	var models [2]*model
	var firsts [2]int32
	for t := range s.themes {
		if s.themes[t].first {
			l := 1
			if s.themes[t].chinese {
				l = 0
			}
			models[l], firsts[l] = s.themes[t].model, int32(t)
			s.themes[t].model = nil
		}
	}
	at := 0
	err := s.reader.each(ctx, func(chunk []written) error {
		inParallel(s.extractors, len(chunk), func(x *text.Extractor, i int) {
			c := &s.all[at+i]
			m := models[languageOf(c)]
			if c.fitted || m == nil {
				return
			}
			part, like := m.assign(x.Features(chunk[i].subject, chunk[i].body))
			c.theme, c.like = firsts[languageOf(c)]+int32(m.themeOf[part]), float32(like)
		})
		at += len(chunk)
		return nil
	})
	if err != nil {
		return fmt.Errorf("themes: %w", err)
	}
	return nil
}

func (m *model) assign(features []text.Feature) (part int, like float64) {
	cols, vals := m.vocabulary.Row(features, nil, nil)
	row := make([]float64, m.basis.Cols)
	text.ProjectRow(row, m.basis, cols, vals)
	return text.Nearest(row, m.parts)
}

func moment(at int64) time.Time {
	if at == 0 {
		return time.Time{}
	}
	return time.Unix(at, 0).UTC()
}
