package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"plaint/analysis"
	"plaint/analysis/coordination"
	"plaint/analysis/knowledge"
	"plaint/internal/store"
	"plaint/internal/web/format"
	"plaint/scoring/duplicate"
	"plaint/scoring/ring"
	"plaint/scoring/watch"
)

func (e *env) analyzeCmd() *cobra.Command {
	var jobs []string
	var faq, lexicon string
	var near *embeddings
	c := &cobra.Command{Use: "analyze", Short: e.t("cmd_analyze"), Args: cobra.NoArgs, Example: "  plaint analyze\n  plaint analyze --jobs themes,satisfaction\n  plaint analyze --faq faq.csv --lexicon words.txt\n  plaint analyze --embeddings http://127.0.0.1:11434 --embedding-model bge-m3", Long: e.t("cmd_analyze_long"),
		RunE: func(c *cobra.Command, _ []string) error {
			for _, j := range jobs {
				if !slices.Contains(analysis.Jobs, j) {
					return usageError{&worded{"err_job", []any{"job", j, "jobs", strings.Join(analysis.Jobs, ", ")}}}
				}
			}
			if faq != "" && len(jobs) > 0 && !slices.Contains(jobs, "knowledge") {
				return usageError{&worded{"err_flag_without_job", []any{"flag", "--faq", "job", "knowledge"}}}
			}
			o, service, err := e.analysisFiles(faq, lexicon)
			if err != nil {
				return err
			}
			if len(jobs) == 0 || slices.Contains(jobs, "themes") {
				if o.Vectors, err = near.source(e, service); err != nil {
					return err
				}
				e.showProgress(o.Vectors)
			}
			if o.Jobs = jobs; slices.Contains(jobs, "knowledge") && len(o.Answers) == 0 {
				return usageError{&worded{code: "err_no_faq"}}
			}
			return e.withLoaded(c.Context(), func(st *store.Store) error {
				s, err := e.analyze(c.Context(), st, o)
				if err == nil && !e.quiet {
					table(e.out, e.jobRows(s))
				}
				return err
			})
		}}
	near = e.embeddingFlags(c)
	c.Flags().StringSliceVar(&jobs, "jobs", nil, e.t("flag_jobs", "jobs", strings.Join(analysis.Jobs, ", ")))
	c.Flags().StringVar(&faq, "faq", "", e.t("flag_faq"))
	c.Flags().StringVar(&lexicon, "lexicon", "", e.t("flag_lexicon"))
	return c
}

func (e *env) analyze(ctx context.Context, st *store.Store, o analysis.Options) (analysis.Summary, error) {
	o.Rings = coordination.Tools{Letters: duplicate.Groups, Find: ring.Find}
	o.Watch = watch.Measures
	o.Progress = func(job string) { e.say("%s: %s", e.t("analysing"), e.t("job_"+job)) }
	s, err := analysis.Run(ctx, st, o)
	if errors.Is(err, knowledge.ErrNoThemes) {
		return s, &worded{code: "err_no_themes"}
	}
	return s, err
}

// jobRows is a line for each job: its name, its run, its time, what it found.
func (e *env) jobRows(s analysis.Summary) [][]string {
	out := [][]string{{e.t("job"), e.t("run"), e.t("took"), e.t("found")}}
	for _, j := range s.Jobs {
		names := make([]string, 0, len(j.Numbers))
		for n := range j.Numbers {
			names = append(names, n)
		}
		sort.Strings(names)
		var found []string
		for _, n := range names {
			found = append(found, e.numberName(n)+" "+e.number(j.Numbers[n]))
		}
		out = append(out, []string{e.t("job_" + j.Job), fmt.Sprint(j.Run), j.Took.Round(time.Millisecond).String(), strings.Join(found, ", ")})
	}
	return out
}

// numberName words the name of a number of a job; the metrics of satisfaction
// are numbers as well.
func (e *env) numberName(name string) string {
	if e.words.Has("number_" + name) {
		return e.t("number_" + name)
	}
	return e.words.Name("metric", name)
}

func (e *env) number(v any) string {
	if x, ok := v.(float64); ok {
		return format.Format{Words: e.words}.Num(x, 2)
	}
	return fmt.Sprint(v)
}
