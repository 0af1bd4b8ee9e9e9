package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"plaint/internal/record"
)

const casesQuery = `with latest as (
		select case_id, arg_max(action, at) filter (action in ('confirmed', 'cleared', 'overturned', 'reopened')) as verdict
		from case_event group by case_id)
	select e.case_id, e.seq, e.at, e.detail, coalesce(l.verdict, 'open'), coalesce(c.customer, ''), d.score, d.model
	from case_event e join latest l using (case_id) join complaint c on c.seq = e.seq
	join (select seq, arg_max(score, run) as score, arg_max(model, run) as model from decision group by seq) d on d.seq = e.seq
	where e.action = 'opened' order by d.score desc, e.case_id limit ? offset ?`

// Cases lists the review queue, the highest score first. limit 0 is all.
func (s *Store) Cases(ctx context.Context, limit, offset int) ([]record.Case, error) {
	if limit <= 0 {
		limit = 1 << 40
	}
	rows, err := s.db().QueryContext(ctx, casesQuery, int64(limit), int64(offset))
	if err != nil {
		return nil, fmt.Errorf("list the cases: %w", err)
	}
	defer rows.Close()
	var out []record.Case
	for rows.Next() {
		var c record.Case
		var detail string
		if err := rows.Scan(&c.ID, &c.Seq, &c.Opened, &detail, &c.State, &c.Customer, &c.Score, &c.Model); err != nil {
			return nil, fmt.Errorf("list the cases: %w", err)
		}
		if err := json.Unmarshal([]byte(detail), &c.Reasons); err != nil {
			return nil, fmt.Errorf("read the reasons of case %d: %w", c.ID, err)
		}
		// The score that the reasons explain, not that of a later run.
		if len(c.Reasons) > 0 {
			c.Score = 0
			for _, r := range c.Reasons {
				c.Score += r.Points
			}
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

// entryEvent is one event in the life of a blacklist entry.
type entryEvent struct {
	id            int64
	at            time.Time
	actor, action string
	detail        string
	subject, key  string
}

var entryTable = newTable("entry_event",
	whole("entry_id", func(x *entryEvent) int64 { return x.id }),
	when("at", func(x *entryEvent) time.Time { return x.at }),
	text("actor", func(x *entryEvent) string { return x.actor }),
	text("action", func(x *entryEvent) string { return x.action }),
	text("detail", func(x *entryEvent) string { return x.detail }),
	text("subject", func(x *entryEvent) string { return x.subject }),
	text("subject_key", func(x *entryEvent) string { return x.key }),
)

// Propose keeps proposals for the blacklist and returns how many are new: a
// subject that has an entry already, in whatever state, is left alone.
func (s *Store) Propose(ctx context.Context, proposals []record.Entry) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.able(ctx); err != nil {
		return 0, fmt.Errorf("keep the proposals: %w", err)
	}
	have, err := s.Entries(ctx)
	if err != nil {
		return 0, err
	}
	known := map[string]bool{}
	for _, e := range have {
		known[e.Subject+"\x00"+e.Key] = true
	}
	var events []entryEvent
	err = s.write(ctx, func() error {
		for _, e := range proposals {
			if known[e.Subject+"\x00"+e.Key] {
				continue
			}
			known[e.Subject+"\x00"+e.Key] = true
			s.next.entry++
			e.ID = s.next.entry
			detail, err := json.Marshal(e)
			if err != nil {
				return err
			}
			events = append(events, entryEvent{e.ID, s.now(), e.By, e.State, string(detail), e.Subject, e.Key})
		}
		return insert(ctx, s, entryTable, events)
	})
	if err != nil {
		return 0, fmt.Errorf("keep the proposals: %w", err)
	}
	return len(events), nil
}

// Entries lists the blacklist: proposals and whatever became of them, the
// latest state of each, in the order in which they were proposed.
func (s *Store) Entries(ctx context.Context) ([]record.Entry, error) {
	rows, err := s.db().QueryContext(ctx, `select arg_max(detail, at) from entry_event group by entry_id order by entry_id`)
	if err != nil {
		return nil, fmt.Errorf("list the blacklist: %w", err)
	}
	defer rows.Close()
	var out []record.Entry
	for rows.Next() {
		var detail string
		if err := rows.Scan(&detail); err != nil {
			return nil, fmt.Errorf("list the blacklist: %w", err)
		}
		var e record.Entry
		if err := json.Unmarshal([]byte(detail), &e); err != nil {
			return nil, fmt.Errorf("read a blacklist entry: %w", err)
		}
		out = append(out, e)
	}
	return out, rows.Err()
}
