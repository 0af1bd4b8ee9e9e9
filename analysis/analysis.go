// Package analysis is what we ask of the records: volume and mix, root causes,
// rings, satisfaction, service levels and a digest. Each job is kept in the store
// as a run of its own, so that yesterday's answer can be looked at today.
package analysis

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"plaint/analysis/coordination"
	"plaint/analysis/knowledge"
	"plaint/analysis/rootcause"
	"plaint/analysis/rootcause/vector"
	"plaint/analysis/satisfaction"
	"plaint/analysis/service"
	"plaint/analysis/watch"
	"plaint/internal/store"
	"plaint/internal/text"
)

// Jobs are the names of the jobs, in the order in which they run: incidents ask
// for themes and log templates, rings for incidents, satisfaction for the clocks
// of service and the bursts of themes, knowledge for themes, and the digest for
// all of them; models asks for none.
var Jobs = []string{"volume", "themes", "logs", "incidents", "rings", "service", "satisfaction", "knowledge", "models", "digest"}

// Options say what to run. The zero value runs everything.
type Options struct {
	// Now is the moment as of which open complaints are judged; zero is the
	// latest time in the data, so that a file of last year is not all overdue.
	Now      time.Time
	Jobs     []string           // of Jobs; empty for all
	Progress func(job string)   // called before each job; may be nil
	Answers  []knowledge.Entry  // the FAQ; without one the job knowledge is left out
	Lexicon  *text.Lexicon      // the words that texts are cut into; nil for the program's own
	Vectors  *vector.Source     // of the texts, from elsewhere; nil for none
	Rings    coordination.Tools // what rings are looked for with; without it the job rings is left out
	Watch    watch.Measure      // how models are doing; without it the job models is left out
}

// JobSummary is what one job found in short.
type JobSummary struct {
	Job     string         `json:"job"`
	Run     int64          `json:"run"`
	Took    time.Duration  `json:"took_ns"`
	Numbers map[string]any `json:"numbers"`
}

// Summary is what a run of the jobs found in short.
type Summary struct {
	AsOf time.Time    `json:"as_of"`
	Jobs []JobSummary `json:"jobs"`
}

// Run runs the jobs asked for in the order of Jobs. It stops at the first
// error; what was kept before stays. An unknown job name is an error before
// anything runs.
func Run(ctx context.Context, st *store.Store, o Options) (Summary, error) {
	for _, j := range o.Jobs {
		if !slices.Contains(Jobs, j) {
			return Summary{}, fmt.Errorf("analyse: there is no job %q", j)
		}
	}
	s := Summary{AsOf: o.Now.UTC()}
	if o.Now.IsZero() {
		now, err := latest(ctx, st)
		if err != nil {
			return Summary{}, fmt.Errorf("analyse: %w", err)
		}
		s.AsOf = now
	}
	for _, j := range Jobs {
		if len(o.Jobs) > 0 && !slices.Contains(o.Jobs, j) || j == "knowledge" && len(o.Answers) == 0 || j == "rings" && !o.Rings.Given() || j == "models" && o.Watch == nil {
			continue
		}
		if o.Progress != nil {
			o.Progress(j)
		}
		started := time.Now()
		run, numbers, err := runJob(ctx, st, j, s.AsOf, o)
		if err != nil {
			return s, fmt.Errorf("analyse: %w", err)
		}
		s.Jobs = append(s.Jobs, JobSummary{j, run, time.Since(started), numbers})
	}
	return s, nil
}

func runJob(ctx context.Context, st *store.Store, job string, now time.Time, o Options) (int64, map[string]any, error) {
	switch job {
	case "volume":
		return volume(ctx, st)
	case "themes":
		r, err := rootcause.ThemesBy(ctx, st, o.Lexicon, o.Vectors)
		return r.Run, r.Numbers, err
	case "logs":
		r, err := rootcause.LogTemplates(ctx, st)
		return r.Run, r.Numbers, err
	case "incidents":
		r, err := rootcause.Incidents(ctx, st)
		return r.Run, r.Numbers, err
	case "rings":
		return coordination.Measure(ctx, st, o.Rings)
	case "service":
		r, err := service.Measure(ctx, st, now)
		return r.Run, r.Numbers, err
	case "satisfaction":
		r, err := satisfaction.Measure(ctx, st)
		return r.Run, r.Numbers, err
	case "models":
		return watch.Run(ctx, st, o.Watch)
	case "knowledge":
		return knowledge.Measure(ctx, st, knowledge.Options{Entries: o.Answers, Lexicon: o.Lexicon})
	}
	return digest(ctx, st, now)
}

// latest is the latest time in the data that has come already, so that one
// mistyped year does not make every open complaint overdue; the store's clock
// if there is none.
func latest(ctx context.Context, st *store.Store) (time.Time, error) {
	rows, err := Ask(ctx, st, "data_span", st.Now())
	if err != nil {
		return time.Time{}, err
	}
	defer rows.Close()
	var last time.Time
	for rows.Next() {
		var kind string
		var n int64
		var from, to sql.NullTime
		if err := rows.Scan(&kind, &n, &from, &to); err != nil {
			return time.Time{}, fmt.Errorf("read the span of the data: %w", err)
		}
		if to.Valid && to.Time.After(last) {
			last = to.Time
		}
	}
	if last.IsZero() {
		last = st.Now()
	}
	return last.UTC(), rows.Err()
}

// volume counts complaints by day, type, channel, product and department.
// Complaints without a date have a null day.
func volume(ctx context.Context, st *store.Store) (int64, map[string]any, error) {
	started := st.Now()
	rows, err := Ask(ctx, st, "volume")
	if err != nil {
		return 0, nil, err
	}
	defer rows.Close()
	table := store.Table{Name: "volume"}
	total := int64(0)
	for rows.Next() {
		var day sql.NullTime
		var of [4]string
		var n int64
		if err := rows.Scan(&day, &of[0], &of[1], &of[2], &of[3], &n); err != nil {
			return 0, nil, fmt.Errorf("count the complaints: %w", err)
		}
		table.Rows = append(table.Rows, []any{day.Time, of[0], of[1], of[2], of[3], n})
		total += n
	}
	if err := rows.Err(); err != nil {
		return 0, nil, fmt.Errorf("count the complaints: %w", err)
	}
	numbers := map[string]any{"complaints": total, "cells": len(table.Rows)}
	id, err := st.SaveRun(ctx, store.Run{Kind: "volume", Started: started, Summary: numbers, Params: map[string]any{}, Tables: []store.Table{table}})
	return id, numbers, err
}
