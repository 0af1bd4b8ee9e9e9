package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"time"

	"plaint/internal/record"
)

// What people decide of a case.
const (
	Confirmed  = "confirmed"  // abuse
	Cleared    = "cleared"    // honest
	Overturned = "overturned" // confirmed, and shown to have been wrong
	Reopened   = "reopened"   // to be decided again
)

// allowed are the states that a decision may follow.
var allowed = map[string][]string{
	Confirmed:  {"open", Reopened},
	Cleared:    {"open", Reopened},
	Overturned: {Confirmed},
	Reopened:   {Confirmed, Cleared, Overturned},
}

// Ruling is what somebody decided of a case.
type Ruling struct {
	Case     int64
	Action   string // Confirmed, Cleared, Overturned or Reopened
	By, Note string
}

// Errors of Rule.
var (
	ErrNoCase    = errors.New("there is no such case")
	ErrCaseState = errors.New("the case is in another state")
)

// RulingError says which ruling could not be kept, and what state its case is in.
type RulingError struct {
	Case  int64
	State string // "" where there is no such case
	Err   error  // ErrNoCase or ErrCaseState
}

func (e *RulingError) Error() string { return fmt.Sprintf("case %d (%s): %v", e.Case, e.State, e.Err) }

// Unwrap gives ErrNoCase or ErrCaseState.
func (e *RulingError) Unwrap() error { return e.Err }

// Rule keeps what was decided of cases: all of it, or nothing with a *RulingError.
// It changes no score that was given; verdicts speak for and against complaints
// that arrive later.
func (s *Store) Rule(ctx context.Context, list []Ruling) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.able(ctx); err != nil {
		return fmt.Errorf("keep what was decided: %w", err)
	}
	err := s.write(ctx, func() error {
		s.verdicts = nil // to be read again
		var rows []caseRow
		for i, x := range list {
			state, row, err := s.caseState(ctx, x.Case)
			if err != nil {
				return err
			}
			twice := slices.ContainsFunc(list[:i], func(before Ruling) bool { return before.Case == x.Case })
			if twice || !slices.Contains(allowed[x.Action], state) {
				return &RulingError{x.Case, state, ErrCaseState}
			}
			if now := s.now(); now.After(row.at) { // else a clock that was set back: behind the last all the same
				row.at = now
			} else {
				row.at = row.at.Add(time.Microsecond)
			}
			row.actor, row.action, row.detail = x.By, x.Action, x.Note
			rows = append(rows, row)
		}
		return insert(ctx, s, caseTable, rows)
	})
	if err != nil {
		return fmt.Errorf("keep what was decided: %w", err)
	}
	return nil
}

const caseStateQuery = `select o.seq, o.customer_key, o.device_key, o.payout_key, o.contact_key, o.handle_key, o.address_key,
		coalesce((select arg_max(action, at) from case_event where case_id = $1 and action in ('confirmed', 'cleared', 'overturned', 'reopened')), 'open'), (select max(at) from case_event where case_id = $1)
	from case_event o where o.case_id = $1 and o.action = 'opened'`

// caseState is what a case stands at, and the row of an event in its life, at the
// time of the last.
func (s *Store) caseState(ctx context.Context, id int64) (state string, row caseRow, err error) {
	row = caseRow{id: id}
	err = Writer{s}.Each(ctx, caseStateQuery, func(x []driver.Value) error {
		key := func(i int) uint64 { k, _ := x[i].(uint64); return k } // null: 0
		row.seq, _ = x[0].(int64)
		row.keys = record.Keys{Customer: key(1), Device: key(2), Payout: key(3), Contact: key(4), Handle: key(5), Address: key(6)}
		state, _ = x[7].(string)
		row.at, _ = x[8].(time.Time)
		return nil
	}, id)
	if err == nil && state == "" {
		err = &RulingError{id, "", ErrNoCase}
	}
	return state, row, err
}
