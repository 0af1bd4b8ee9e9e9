// Package learn makes a firm's own model from its own verdicts, and tests any
// model on what has happened: labels that count from the moment they were
// decided, blocks in order of time, training, calibration, thresholds, figures by
// group, backtests and drift. It reads no file and no table.
package learn

import (
	"fmt"
	"slices"
	"time"

	"plaint/internal/record"
)

// Problem is why there is nothing to learn or to measure: a code whose words the
// command knows, and what they speak of as name, value, name, value.
type Problem struct {
	Code  string
	Pairs []any
}

func (p *Problem) Error() string { return fmt.Sprintf("%s %v", p.Code, p.Pairs) }

func problem(code string, pairs ...any) error { return &Problem{code, pairs} }

// Label is what people finally decided of a complaint.
type Label struct {
	Bad     bool
	Decided time.Time // from then on it counts; zero: known at once
	Weight  float64   // complaints it stands for: one over the chance that it was looked at
	Audited bool      // it was drawn at random, whatever its score
}

// verdict is what stands of one case.
type verdict struct {
	Label
	stands bool
}

// Labels are the final verdicts by complaint, as they stood at a moment:
// confirmed is abuse, cleared and overturned are not, reopened takes a verdict
// back. A complaint that nobody decided on has none: it is not honest, it is
// unknown. Verdicts must come case by case, in the order of time.
func Labels(list []record.Verdict, asOf time.Time) map[int64]Label {
	out := map[int64]Label{}
	for from, to := 0, 0; from < len(list); from = to {
		for to = from + 1; to < len(list) && list[to].CaseID == list[from].CaseID; to++ {
		}
		v := final(list[from:to], asOf)
		seq := list[from].Seq
		old, ok := out[seq]
		if !v.stands {
			continue
		}
		if ok && old.Decided.After(v.Decided) {
			v.Bad, v.Decided = old.Bad, old.Decided
		}
		if ok && old.Weight < v.Weight { // its score brought it up as well
			v.Weight, v.Audited = old.Weight, old.Audited
		}
		out[seq] = v.Label
	}
	return out
}

func final(events []record.Verdict, asOf time.Time) verdict {
	v := verdict{Label: Label{Weight: 1}}
	for _, e := range events {
		if e.At.After(asOf) {
			continue
		}
		switch e.Action {
		case "opened":
			if e.Share > 0 {
				v.Weight, v.Audited = 1/e.Share, true
			}
		case "confirmed":
			v.stands, v.Bad, v.Decided = true, true, e.At
		case "cleared", "overturned":
			v.stands, v.Bad, v.Decided = true, false, e.At
		case "reopened":
			v.stands = false
		}
	}
	return v
}

// Reviews are what became of cases that a model's score brought up and people
// decided from a moment on: the proposal was kept or overridden; and of those that were
// once confirmed, how many were contested, that is reopened or overturned.
type Reviews struct{ Kept, Overridden, Confirmed, Contested int }

// Review counts what became of the cases that a model opened: what another one
// proposed, or chance drew, says nothing of it. Verdicts must come as for Labels.
func Review(list []record.Verdict, by string, since, asOf time.Time) (r Reviews) {
	for from, to := 0, 0; from < len(list); from = to {
		for to = from + 1; to < len(list) && list[to].CaseID == list[from].CaseID; to++ {
		}
		if !opened(list[from:to], by) {
			continue
		}
		v := final(list[from:to], asOf)
		confirmed, contested := disputed(list[from:to], since, asOf)
		r.Confirmed, r.Contested = r.Confirmed+bit(confirmed), r.Contested+bit(contested)
		switch {
		case !v.stands || v.Decided.Before(since):
		case v.Bad:
			r.Kept++
		default:
			r.Overridden++
		}
	}
	return r
}

// opened tells whether a model's score brought a case up.
func opened(events []record.Verdict, by string) bool {
	return slices.ContainsFunc(events, func(e record.Verdict) bool { return e.Action == "opened" && e.Share == 0 && e.Model == by })
}

// disputed tells whether a case was confirmed, and whether that was contested.
func disputed(events []record.Verdict, since, asOf time.Time) (confirmed, contested bool) {
	for _, e := range events {
		if e.At.After(asOf) {
			continue
		}
		switch {
		case e.Action == "confirmed" && !e.At.Before(since):
			confirmed = true
		case e.Action == "reopened" || e.Action == "overturned":
			contested = contested || confirmed
		}
	}
	return confirmed, contested
}
