// Package rootcause asks why people complain: themes of what they write, the
// windows in which a theme bursts, and the same for the templates of service
// logs.
package rootcause

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"plaint/analysis/rootcause/cluster"
	"plaint/analysis/rootcause/incident"
	"plaint/analysis/rootcause/incident/dense"
	"plaint/analysis/rootcause/lineage/book"
	"plaint/analysis/rootcause/vector"
	"plaint/internal/store"
	"plaint/internal/text"
)

// Result is one job's run and its headline.
type Result struct {
	Run     int64          `json:"run"`
	Numbers map[string]any `json:"numbers"`
}

// fitTexts are the texts of each language that a model is fitted on; the rest is
// assigned.
const fitTexts = 30000

// study is one run of the themes job.
type study struct {
	reader     *reader
	all        []complaint
	corpora    [cluster.Languages]*cluster.Corpus
	places     [cluster.Languages][]int32 // of the corpus's texts in all
	extractors *cluster.Extractors
	share      float64 // of the texts that models are fitted on
	model      *cluster.Model
	themes     []theme
	kept       identity
	vectors    *vector.Book // nil without
	dense      dense.Stretches
	strays     int // complaints outside of these
	bursts     []incident.Window
}

// Themes groups the complaints of the store by what they are about, finds the
// windows in which a theme bursts and keeps both as a run of kind "themes".
// A theme holds the complaints of all languages that have one cause. The same
// complaints give the same themes, whatever the number of processors. words is
// nil for the program's own lexicon.
func Themes(ctx context.Context, st *store.Store, words *text.Lexicon) (Result, error) {
	return ThemesBy(ctx, st, words, nil)
}

// ThemesBy is Themes with vectors of the texts that themes are learnt from; nil is
// none. Where they cannot be had, nothing is kept but those that came.
func ThemesBy(ctx context.Context, st *store.Store, words *text.Lexicon, by *vector.Source) (Result, error) {
	const tries = 3
	for n := 1; ; n++ {
		r, err := themesBy(ctx, st, words, by)
		if n == tries || !errors.Is(err, store.ErrOvertaken) {
			return r, err
		}
	}
}

// themesBy is one attempt: an edit that an analyst makes meanwhile overtakes it.
func themesBy(ctx context.Context, st *store.Store, words *text.Lexicon, by *vector.Source) (Result, error) {
	started := st.Now()
	s := &study{extractors: cluster.NewExtractors(words)}
	var err error
	if s.reader, err = newReader(ctx, st); err != nil {
		return Result{}, err
	}
	s.share = min(1, fitTexts/max(float64(s.reader.count), 1))
	if s.vectors, err = by.Open(ctx, st, int(s.share*float64(s.reader.count)+.5)); err != nil {
		return Result{}, fmt.Errorf("themes: %w", err)
	}
	if err := s.collect(ctx); err != nil {
		return Result{}, err
	}
	s.fit()
	if s.share < 1 {
		if err := s.assignRest(ctx); err != nil {
			return Result{}, err
		}
	}
	if err := s.reader.answers(ctx, s.all); err != nil {
		return Result{}, err
	}
	s.leaveOut()
	if err := s.identify(ctx); err != nil {
		return Result{}, fmt.Errorf("themes: %w", err)
	}
	s.takeParts()
	s.describe()
	windows := s.windows()
	model, err := s.modelTable(s.kept.moves, words)
	if err != nil {
		return Result{}, fmt.Errorf("themes: %w", err)
	}
	numbers := map[string]any{"complaints": len(s.all), "themes": len(s.themes), "windows": len(windows), "fitted_share": s.share}
	if s.vectors != nil {
		numbers["embeddings"] = s.countedIn()
	}
	noteStrays(numbers, s.strays)
	id, err := st.SaveRun(ctx, store.Run{Kind: "themes", Started: started, UpTo: s.reader.last, Summary: numbers,
		Params: s.params(),
		Latest: []string{"theme_model"},
		Unless: book.Newer(s.kept.lastEdit),
		Tables: append(s.kept.tables(), model, s.themeTable(), s.memberTable(), s.partTable(), s.areaTable(), store.Table{Name: "theme_window", Rows: windows})})
	if err != nil {
		return Result{}, fmt.Errorf("themes: %w", err)
	}
	return Result{Run: id, Numbers: numbers}, nil
}

// countedIn are the languages in which vectors count, "-" for none.
func (s *study) countedIn() string {
	var list []string
	for l, counts := range s.model.Embedded() {
		if counts {
			list = append(list, languageName(l == cluster.Chinese))
		}
	}
	return cmp.Or(strings.Join(list, ", "), "-")
}

// noteStrays says how many complaints were left out for their date, where any
// were.
func noteStrays(numbers map[string]any, n int) {
	if n > 0 {
		numbers["stray_dates"] = n
	}
}

// leaveOut finds the stretches in which complaints are dense; what lies outside
// has a wrong date more likely than not, and no part in bursts and trends.
func (s *study) leaveOut() {
	days := map[int64]int{}
	for i := range s.all {
		if at := s.all[i].at; at != 0 {
			days[dense.Floor(at)]++
		}
	}
	s.dense, s.strays = dense.Find(days), 0
	for i := range s.all {
		if at := s.all[i].at; at != 0 && !s.dense.Hold(at) {
			s.strays++
		}
	}
}

// params are what the run was asked, and from when to when complaints are dense.
func (s *study) params() map[string]any {
	out := map[string]any{"fit_texts": fitTexts, "seed": cluster.Seed, "last_edit": s.kept.lastEdit, "false_discovery_rate": incident.Discovery}
	if n := len(s.dense); n > 0 {
		out["from"], out["to"] = moment(s.dense[0].From).Format(time.RFC3339), moment(s.dense[n-1].To).Format(time.RFC3339)
	}
	if s.vectors != nil {
		counts := s.model.Embedded()
		out["embedding_model"], out["embedding_dimensions"] = s.vectors.Client.Model(), s.vectors.Numbers()
		out["embedding_counts"] = map[string]bool{languageName(true): counts[cluster.Chinese], languageName(false): counts[cluster.Other]}
	}
	return out
}

// collect reads all complaints once and the features of the sample.
func (s *study) collect(ctx context.Context) error {
	s.corpora = cluster.NewCorpora(s.extractors)
	s.all = make([]complaint, 0, s.reader.count)
	err := s.reader.each(ctx, func(chunk []written) error {
		var own [cluster.Languages][]int
		for i := range chunk {
			c := &chunk[i].complaint
			if c.fitted = sampled(c.seq, s.share); c.fitted {
				l := languageOf(c.chinese)
				own[l] = append(own[l], i)
				s.places[l] = append(s.places[l], int32(len(s.all)))
			}
			s.all = append(s.all, *c)
		}
		near, err := s.near(ctx, chunk)
		if err != nil {
			return err
		}
		for l, list := range own {
			s.corpora[l].Add(s.extractors, cluster.Source{Rows: len(list),
				Parts:  func(i int) []string { return []string{chunk[list[i]].subject, chunk[list[i]].body} },
				Kind:   func(i int) string { return s.reader.types.list[chunk[list[i]].kind] },
				Vector: at(near, list)})
		}
		return nil
	})
	if err == nil && s.vectors != nil {
		err = s.vectors.Close(ctx)
	}
	if err != nil {
		return fmt.Errorf("themes: %w", err)
	}
	return nil
}

// near are the vectors of the fitted texts of a chunk, nil without any.
func (s *study) near(ctx context.Context, chunk []written) ([][]float32, error) {
	if s.vectors == nil {
		return nil, nil
	}
	texts := make([]vector.Text, len(chunk))
	for i := range chunk {
		c := &chunk[i]
		if texts[i].Seq = c.seq; c.fitted {
			texts[i].Text = c.subject + "\n" + c.body
		}
	}
	return s.vectors.Of(ctx, texts)
}

// at are the vectors of some rows.
func at(near [][]float32, rows []int) func(i int) []float32 {
	if near == nil {
		return nil
	}
	return func(i int) []float32 { return near[rows[i]] }
}

func languageOf(chinese bool) int {
	if chinese {
		return cluster.Chinese
	}
	return cluster.Other
}

// sampled chooses by a hash of the arrival number, so that a complaint's part
// does not depend on those read before it.
func sampled(seq int64, share float64) bool {
	h := uint64(seq) * 0x9E3779B97F4A7C15
	h = (h ^ h>>31) * 0xBF58476D1CE4E5B9
	return share >= 1 || float64((h^h>>29)>>11)/(1<<53) < share
}

// fit finds the themes and notes them at the fitted texts.
func (s *study) fit() {
	s.model = cluster.Fit(s.corpora, 0)
	for l, of := range s.model.Of {
		for i, t := range of {
			c := &s.all[s.places[l][i]]
			c.theme, c.like = int32(t), s.model.Like(l, i)
		}
	}
	for _, t := range s.model.Themes {
		c := theme{area: t.Area}
		for l, p := range t.Parts {
			if p != nil {
				c.parts[l] = &part{terms: p.Terms, example: s.all[s.places[l][p.Example]].seq}
			}
		}
		s.themes = append(s.themes, c)
	}
	s.corpora = [cluster.Languages]*cluster.Corpus{}
}

// assignRest gives every text that was not fitted the theme its words speak for.
func (s *study) assignRest(ctx context.Context) error {
	at, assigner := 0, s.model.Assigner()
	err := s.reader.each(ctx, func(chunk []written) error {
		assigner.Assign(s.extractors, len(chunk), func(i int) (int, []string) {
			if c := &s.all[at+i]; !c.fitted {
				return languageOf(c.chinese), []string{chunk[i].subject, chunk[i].body}
			}
			return cluster.Other, nil
		}, func(i int, t int64, like float32) {
			s.all[at+i].theme, s.all[at+i].like = int32(t), like
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
