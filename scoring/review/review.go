// Package review says what may happen next to a case and to a blacklist entry.
// It is pure: it decides, others remember. A machine may open a case and
// propose an entry; whatever has an effect on a person takes people.
package review

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"plaint/internal/record"
)

// Machine is the actor that opens cases and proposes entries, and may do
// nothing else.
const Machine = "machine"

// Grounds is the closed list of grounds for an entry. None of them is that
// somebody complained.
var Grounds = []string{"shared_payout", "shared_device", "shared_letter", "shared_contact", "refuted_by_records", "rising_claims", "confirmed_abuse"}

// Scopes is the closed list of what an entry may restrict: how money is paid
// out, never whether a complaint is answered.
var Scopes = []string{"refund_needs_review", "payout_needs_review", "onboarding_needs_review"}

// LongestTerm is how long an entry may last before it must be proposed again.
const LongestTerm = 366 * 24 * time.Hour

// Errors of an act that is not allowed.
var (
	ErrMachine    = errors.New("a machine may propose, not decide")
	ErrSamePerson = errors.New("proposer and approver must be two different people")
	ErrGround     = errors.New("the ground is not on the list")
	ErrScope      = errors.New("the scope is not on the list")
	ErrEvidence   = errors.New("an entry needs evidence")
	ErrTerm       = errors.New("an entry needs an end date within a year")
	ErrState      = errors.New("the entry is not in a state that allows this")
)

// groundOf maps the heaviest signal of a case to a ground; signals that are no
// ground by themselves map to none: what was decided of others, what one may do
// honestly, and logs, which may miss what went wrong on the customer's side.
var groundOf = map[string]string{
	"payout_others": "shared_payout", "device_others": "shared_device", "lockstep": "shared_device", "contact_others": "shared_contact",
	"handle_others": "shared_contact", "device_surprise": "shared_device", "payout_surprise": "shared_payout",
	"contact_surprise": "shared_contact", "handle_surprise": "shared_contact",
	"letter_others": "shared_letter", "letter_overlap": "shared_letter",
	"refuted": "refuted_by_records", "evidence_missing": "refuted_by_records",
	"claims_rising": "rising_claims", "confirmed_abuse": "confirmed_abuse",
}

// minCases is how many flagged complaints of one customer make a proposal. One
// complaint, however odd, is a case for a person and no more.
const minCases = 2

// Propose turns open cases into proposals, one per customer with enough of
// them and a ground, in the order of the customers' names.
func Propose(cases []record.Case, at time.Time) []record.Entry {
	by := map[string][]record.Case{}
	for _, c := range cases {
		if c.State == "open" && c.Customer != "" && !drawn(c) {
			by[c.Customer] = append(by[c.Customer], c)
		}
	}
	customers := make([]string, 0, len(by))
	for c := range by {
		customers = append(customers, c)
	}
	slices.Sort(customers)
	var out []record.Entry
	for _, customer := range customers {
		list := by[customer]
		ground := heaviestGround(list)
		if len(list) < minCases || ground == "" {
			continue
		}
		e := record.Entry{Subject: "customer", Key: customer, Ground: ground, Scope: "refund_needs_review",
			State: "proposed", Proposed: at, By: Machine}
		for _, c := range list {
			e.Evidence = append(e.Evidence, c.Seq)
			for _, r := range c.Reasons {
				if groundOf[r.Signal] == ground {
					e.Evidence = append(e.Evidence, r.Evidence...)
				}
			}
		}
		slices.Sort(e.Evidence)
		e.Evidence = slices.Compact(e.Evidence)
		out = append(out, e)
	}
	return out
}

// drawn tells whether a case was opened at random: its customer did nothing for it.
func drawn(c record.Case) bool { return len(c.Reasons) > 0 && c.Reasons[0].Signal == "audit" }

func heaviestGround(cases []record.Case) string {
	points := map[string]float64{}
	for _, c := range cases {
		for _, r := range c.Reasons {
			if g := groundOf[r.Signal]; g != "" {
				points[g] += r.Points
			}
		}
	}
	best, most := "", 0.0
	for _, g := range Grounds {
		if points[g] > most {
			best, most = g, points[g]
		}
	}
	return best
}

// Sign is one person's act on a proposal: the first adopts it, a second and
// different one makes it active until a date.
func Sign(e record.Entry, person string, now, until time.Time) (record.Entry, error) {
	switch {
	case person == "" || person == Machine:
		return e, ErrMachine
	case e.State != "proposed" && e.State != "adopted":
		return e, fmt.Errorf("%w: %s", ErrState, e.State)
	case !slices.Contains(Grounds, e.Ground):
		return e, ErrGround
	case !slices.Contains(Scopes, e.Scope):
		return e, ErrScope
	case len(e.Evidence) == 0:
		return e, ErrEvidence
	}
	if e.State == "proposed" {
		e.State, e.By = "adopted", person
		return e, nil
	}
	if person == e.By {
		return e, ErrSamePerson
	}
	if !until.After(now) || until.Sub(now) > LongestTerm {
		return e, ErrTerm
	}
	e.State, e.Approver, e.Until = "active", person, until
	return e, nil
}

// Active reports whether an entry has effect at a time.
func Active(e record.Entry, at time.Time) bool {
	return e.State == "active" && at.Before(e.Until) && e.By != "" && e.By != Machine && e.Approver != "" && e.By != e.Approver && len(e.Evidence) > 0
}
