package view

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/internal/web/format"
	"plaint/scoring/model"
	"plaint/scoring/signal"
)

// Reason is one signal's part in a score.
type Reason struct {
	Signal   string  `json:"signal"`
	Value    float64 `json:"value"`
	Points   float64 `json:"points"`
	Evidence []int64 `json:"evidence,omitempty"` // complaints
	// Group is what it is about, where others of the list are about the same: they
	// stand together, and their points are to be read as one.
	Group string       `json:"group,omitempty"`
	Lines []ReasonLine `json:"lines,omitempty"` // of the logs, that it stands on
	// Records are the transactions it stands on, and Why how they speak: a code, as
	// signal names it. What the complaint cites and nobody has is shortened, since it
	// may be the number of a passport.
	Records []string `json:"records,omitempty"`
	Why     string   `json:"why,omitempty"`
	// Incident bears the complaint out, where that is what protects it.
	Incident int64 `json:"incident,omitempty"`
	// About is what a rule says, by language; the catalogue has words for the rest.
	About map[string]string `json:"about,omitempty"`
}

// ReasonLine is a line of a service's log.
type ReasonLine struct {
	At      time.Time `json:"at"`
	Service string    `json:"service"`
}

// Grounds are what there is to say of the reasons as a whole.
type Grounds struct {
	Others float64        `json:"from_verdicts,omitempty"` // share of what speaks against it that comes from verdicts on other complaints
	Below  []record.Lower `json:"below_if,omitempty"`      // the fewest signals that would have to be lower for it not to be flagged
}

// CaseStep is one event in the life of a case.
type CaseStep struct {
	At     time.Time `json:"at"`
	Action string    `json:"action"`
	By     string    `json:"by"`
	Note   string    `json:"note,omitempty"`
}

// Case is a flagged complaint in the review queue.
type Case struct {
	ID       int64     `json:"id"`
	Seq      int64     `json:"complaint_seq"`
	Opened   time.Time `json:"opened"`
	State    string    `json:"state"`
	Customer string    `json:"customer"` // pseudonym
	Score    *float64  `json:"score"`    // nil where it is blind, or nothing was judged
	Model    string    `json:"model"`
	Type     string    `json:"type"`
	Top      string    `json:"top_signal"`      // the heaviest of its reasons
	Flagged  *bool     `json:"flagged"`         // by the latest decision, which Model made; nil as Score
	Outdated bool      `json:"outdated"`        // another model judges now, and has not judged this complaint
	Blind    bool      `json:"blind,omitempty"` // drawn at random and not decided: who decides must not know what the score says
	Reasons  []Reason  `json:"reasons,omitempty"`
	Grounds
	// TopAbout is what the heaviest says, if it is a rule, by language.
	TopAbout map[string]string `json:"top_about,omitempty"`
	Steps    []CaseStep        `json:"steps,omitempty"` // what became of it, in order of time
}

// blindQuery finds the complaints that were drawn at random and not decided.
const blindQuery = `select seq from case_event group by case_id, seq
	having bool_or(action = 'opened' and actor = '` + store.Audit + `') and not bool_or(action in ('confirmed', 'cleared', 'overturned'))`

const casesQuery = `with blind as materialized (` + blindQuery + `), verdict as (
		select case_id, arg_max(action, at) filter (action in ('confirmed', 'cleared', 'overturned', 'reopened')) as state from case_event group by case_id),
	d as (select seq, arg_max(score, run) as score, arg_max(model, run) as model, arg_max(flagged, run) as flagged from decision where seq in (select seq from case_event where $1 = 0 or case_id = $1) and seq not in (select seq from blind) group by seq)
	select count(*) over () as total, o.case_id, o.seq, o.at, coalesce(o.detail, '[]'), coalesce(v.state, 'open'), coalesce(c.customer, ''),
		d.score, d.flagged, coalesce(d.model, ''), coalesce(c.type, ''), o.seq in (select seq from blind)
	from case_event o join verdict v using (case_id) join complaint c on c.seq = o.seq left join d on d.seq = o.seq
	where o.action = 'opened' and ($1 = 0 or o.case_id = $1) and ($2 in ('', coalesce(v.state, 'open')) or $2 = '` + Decided + `' and v.state is not null)
		and ($3 = '' or contains(o.detail, '"signal":"' || $3 || '"'))
	order by d.score desc nulls last, o.case_id limit $4 offset $5`

// Decided narrows a list to cases that somebody has decided, in whatever way.
const Decided = "reviewed"

// Drawn is the signal of cases that were drawn at random.
const Drawn = store.Audit

// CaseFilter narrows a list of cases; zero fields do not.
type CaseFilter struct {
	ID            int64
	State, Signal string
	Limit, Offset int
}

// Cases lists the review queue, the highest score first.
func (r *Reader) Cases(ctx context.Context, f CaseFilter) (Page[Case], error) {
	p := Page[Case]{Limit: f.Limit, Offset: f.Offset}
	judges, err := r.judges(ctx)
	if err != nil {
		return p, err
	}
	err = p.fill(ctx, r.st, func(rows *sql.Rows, c *Case) error {
		var detail string
		if err := rows.Scan(&p.Total, &c.ID, &c.Seq, &c.Opened, &detail, &c.State, &c.Customer, &c.Score, &c.Flagged, &c.Model, &c.Type, &c.Blind); err != nil {
			return err
		}
		if c.Customer = r.st.Pseudonym(c.Customer); c.Score != nil {
			*c.Score = format.Round(*c.Score)
		}
		c.Outdated = c.Model != "" && c.Model != judges
		if err := json.Unmarshal([]byte(detail), &c.Reasons); err != nil {
			return fmt.Errorf("the reasons of case %d: %w", c.ID, err)
		}
		for _, x := range c.Reasons {
			if x.Signal != model.Base {
				c.Top, c.TopAbout = x.Signal, x.About
				break
			}
		}
		if c.Blind { // also where a later score opened a second case
			c.Top, c.TopAbout = store.Audit, nil
		}
		c.Reasons = nil
		return nil
	}, casesQuery, f.ID, f.State, f.Signal, limitHere, offsetHere)
	return p, err
}

// judges is the name of the model that judges now.
func (r *Reader) judges(ctx context.Context) (string, error) {
	if r.judge != nil {
		return r.judge(), nil
	}
	champion, err := r.st.ModelIn(ctx, record.Champion)
	return cmp.Or(champion.Name, model.Default), err
}

// Case is one case with its reasons, which sum to its score, and their
// evidence, or ErrNotFound.
func (r *Reader) Case(ctx context.Context, id int64) (Case, error) {
	if id <= 0 {
		return Case{}, ErrNotFound
	}
	p, err := r.Cases(ctx, CaseFilter{ID: id, Limit: 1})
	if err != nil {
		return Case{}, err
	}
	if len(p.Rows) == 0 {
		return Case{}, ErrNotFound
	}
	c := p.Rows[0]
	if c.Steps, err = r.caseSteps(ctx, id); err != nil {
		return c, err
	}
	if c.Blind {
		c.Reasons = []Reason{{Signal: store.Audit}}
		return c, nil
	}
	why, err := r.reasons(ctx, c.Seq)
	if err == nil {
		c.Reasons, c.Grounds = why.reasons, why.Grounds
		if c.Score != nil {
			roundPoints(*c.Score, c.Reasons)
		}
	}
	return c, err
}

// caseSteps are what became of a case. A note is masked as a letter is.
func (r *Reader) caseSteps(ctx context.Context, id int64) ([]CaseStep, error) {
	list, err := collect(ctx, r.st, func(rows *sql.Rows, s *CaseStep) error {
		err := rows.Scan(&s.At, &s.Action, &s.By, &s.Note)
		s.At = s.At.UTC()
		return err
	}, "select at, action, coalesce(actor, ''), if(action = 'opened', '', coalesce(detail, '')) from case_event where case_id = $1 order by at, action <> 'opened'", id)
	if err != nil {
		return nil, err
	}
	known, err := r.names(ctx)
	if err != nil {
		return nil, err
	}
	for i := range list {
		list[i].Note = namesOf{known: known}.text(list[i].Note)
	}
	return list, nil
}

// explained is a decision and why it fell.
type explained struct {
	reasons   []Reason
	model     string
	threshold float64
	Grounds
}

// reasons explains the latest decision on a complaint. The points come from
// the model that made it, so that they sum to its score; the evidence was kept
// when the case was opened. Where the model's file is not at hand, the reasons
// of that time are all there is.
func (r *Reader) reasons(ctx context.Context, seq int64) (why explained, err error) {
	var kept string
	var signals any
	var at time.Time
	err = r.st.QueryRow(ctx, `select coalesce(d.model, ''), coalesce(d.threshold, 0), d.signals, d.at,
			coalesce((select arg_max(detail, at) from case_event where seq = $1 and action = 'opened'), '[]')
		from decision d where d.seq = $1 order by d.run desc limit 1`, seq).Scan(&why.model, &why.threshold, &signals, &at, &kept)
	if errors.Is(err, sql.ErrNoRows) {
		why.reasons = []Reason{}
		return why, nil
	}
	if err != nil {
		return why, fmt.Errorf("read the decision on complaint %d: %w", seq, err)
	}
	var then []Reason
	if err := json.Unmarshal([]byte(kept), &then); err != nil {
		return why, fmt.Errorf("read the reasons for complaint %d: %w", seq, err)
	}
	m, err := LoadModel(ctx, r.st, why.model)
	values := floats(signals)
	if err != nil || len(values) > len(m.KeptNames()) { // zeros at the end are not kept
		why.reasons = then
		return why, nil
	}
	now := m.Reasons(values)
	why.reasons, why.Others, why.Below = grouped(joined(now, then)), format.Round(model.OfOthers(now)), m.Below(values)
	for i := range why.Below {
		why.Below[i].Is = format.Round(why.Below[i].Is)
	}
	return why, r.books(ctx, seq, at, why.reasons)
}

// ruleWords are what the rules say that brought cases up, by rule and language, as
// they said it last.
func (r *Reader) ruleWords(ctx context.Context) (map[string]map[string]string, error) {
	var out map[string]map[string]string
	err := r.st.Each(ctx, `select json_extract_string(reason, '$.signal') as name, arg_max(json_extract(reason, '$.about')::varchar, at) from
		(select unnest(json_extract(detail, '$[*]')) as reason, at from case_event where action = 'opened' and contains(detail, '"signal":"rule:'))
		where starts_with(name, 'rule:') and json_exists(reason, '$.about') group by 1`, func(rows *sql.Rows) error {
		var name, text string
		var about map[string]string
		if err := rows.Scan(&name, &text); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(text), &about); err != nil {
			return fmt.Errorf("the words of %s: %w", name, err)
		}
		if out == nil {
			out = map[string]map[string]string{}
		}
		out[name] = about
		return nil
	})
	return out, err
}

func joined(now []record.Reason, then []Reason) []Reason {
	out := make([]Reason, len(now))
	for i, n := range now {
		out[i] = Reason{Signal: n.Signal, Value: n.Value, Points: n.Points, About: n.About}
		for _, t := range then {
			if t.Signal == n.Signal {
				out[i].Evidence = t.Evidence
			}
		}
	}
	return out
}

// grouped puts reasons that are about the same behind the heaviest of them.
func grouped(list []Reason) []Reason {
	n := map[string]int{}
	for _, r := range list {
		n[signal.Group[r.Signal]]++
	}
	out := make([]Reason, 0, len(list))
	for _, r := range list {
		if g := signal.Group[r.Signal]; g != "" && n[g] > 1 {
			r.Group = g
		}
		last := len(out)
		for i, x := range out {
			if r.Group != "" && x.Group == r.Group {
				last = i + 1
			}
		}
		out = slices.Insert(out, last, r)
	}
	return out
}

// ReasonNote is what there is to say of a reason besides: how records speak, how
// seldom its value comes about, what it and others about the same come to.
func ReasonNote(f format.Format, list []Reason, i int) string {
	var notes []string
	r := &list[i]
	if r.Why != "" {
		notes = append(notes, f.Words.Name("books", r.Why))
	}
	if signal.IsChance(r.Signal) && r.Value >= 1 {
		notes = append(notes, f.Words.T("web_chance", "n", f.Int(int(math.Round(math.Pow(10, r.Value))))))
	}
	if points, ok := together(list, i); ok {
		notes = append(notes, f.Words.T("web_together", "what", f.Words.Name("about", r.Group), "points", f.Signed(points, 2)))
	}
	return strings.Join(notes, f.Words.T("list_semicolon"))
}

// together is the sum of the points of the reasons that a reason stands first among,
// in a list where they stand together; ok is false of all others.
func together(list []Reason, i int) (points float64, ok bool) {
	if list[i].Group == "" || i > 0 && list[i-1].Group == list[i].Group {
		return 0, false
	}
	for _, r := range list[i:] {
		if r.Group == list[i].Group {
			points += r.Points
		}
	}
	return points, true
}

func roundPoints(score float64, reasons []Reason) {
	points := make([]*float64, len(reasons))
	for i := range reasons {
		reasons[i].Value = format.Round(reasons[i].Value)
		points[i] = &reasons[i].Points
	}
	format.Parts(score, points)
}

func floats(v any) []float32 {
	list, _ := v.([]any)
	out := make([]float32, 0, len(list))
	for _, x := range list {
		f, ok := x.(float32)
		if !ok {
			return nil
		}
		out = append(out, f)
	}
	return out
}

// Entry is a blacklist entry or a proposal of one.
type Entry struct {
	ID       int64      `json:"id"`
	Subject  string     `json:"subject"`
	Key      string     `json:"key"` // a customer's pseudonym; others are shortened
	Ground   string     `json:"ground"`
	Scope    string     `json:"scope"`
	State    string     `json:"state"`
	Evidence []int64    `json:"evidence"` // complaints
	Proposed time.Time  `json:"proposed"`
	By       string     `json:"proposed_by"`
	Approver string     `json:"approved_by,omitempty"`
	Until    *time.Time `json:"until,omitempty"`
}

// Entries lists the blacklist, the latest first.
func (r *Reader) Entries(ctx context.Context, state, ground string, limit, offset int) (Page[Entry], error) {
	p := Page[Entry]{Limit: limit, Offset: offset, Rows: []Entry{}}
	all, err := r.st.Entries(ctx)
	if err != nil {
		return p, err
	}
	slices.Reverse(all)
	for _, e := range all {
		if state != "" && e.State != state || ground != "" && e.Ground != ground {
			continue
		}
		if p.Total++; p.Total <= offset || len(p.Rows) >= limit {
			continue
		}
		key := Short(e.Key)
		if e.Subject == "customer" {
			key = r.st.Pseudonym(e.Key)
		}
		x := Entry{ID: e.ID, Subject: e.Subject, Key: key, Ground: e.Ground, Scope: e.Scope, State: e.State,
			Evidence: e.Evidence, Proposed: e.Proposed.UTC(), By: e.By, Approver: e.Approver}
		if !e.Until.IsZero() {
			t := e.Until.UTC()
			x.Until = &t
		}
		p.Rows = append(p.Rows, x)
	}
	return p, nil
}
