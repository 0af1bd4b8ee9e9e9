package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"plaint/internal/record"
	"plaint/internal/store/memory"
)

// Decide judges one complaint from what was known before it. Both arguments
// are valid only during the call.
type Decide func(c *record.Complaint, h *record.History) record.Decision

// Admit keeps a batch in one transaction: known rows are dropped, new states of
// known records are appended as history, new complaints are decided one after
// the other in arrival order, cases are opened for the flagged ones, refusals
// and the input's position are kept. When it returns nil, all of it is on disk;
// when it returns an error, none of it is. Records must have been stamped.
func (s *Store) Admit(ctx context.Context, b *record.Batch, decide Decide) (record.Receipt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	started := time.Now()
	r := record.Receipt{RowsIn: b.Rows()}
	if r.RowsIn == 0 && b.Position == nil {
		return r, nil
	}
	if err := errors.Join(s.loadTrails(ctx), s.loadLetters(ctx), s.loadSeen(ctx)); err != nil {
		return record.Receipt{}, err
	}
	err := s.inTx(ctx, func() error {
		s.next.batch++
		a := admission{s: s, batch: s.next.batch, at: s.now(), receipt: &r, decide: decide}
		return a.run(ctx, b, started)
	})
	if err != nil {
		return record.Receipt{}, fmt.Errorf("admit a batch of %s: %w", b.Input, err)
	}
	r.Took = time.Since(started)
	// The batch is kept: a log that cannot be folded now is not its failure, and
	// is folded after a later batch or at the next open.
	_ = s.tidyLog(context.WithoutCancel(ctx))
	return r, nil
}

// admission is one batch on its way in.
type admission struct {
	s       *Store
	batch   int64
	at      time.Time
	receipt *record.Receipt
	decide  Decide
}

func (a *admission) run(ctx context.Context, b *record.Batch, started time.Time) error {
	for _, step := range []func() error{
		func() error { return a.complaints(ctx, b.Complaints) },
		func() error {
			return admitVersions(ctx, a, "survey", surveyColumns, b.Surveys, &a.s.next.survey, func(r *record.Survey) *record.Origin { return &r.Origin })
		},
		func() error {
			return admitVersions(ctx, a, "log_line", logColumns, b.Logs, &a.s.next.log, func(r *record.LogLine) *record.Origin { return &r.Origin })
		},
		func() error {
			return admitVersions(ctx, a, "transaction_version", transactionColumns, b.Transactions, &a.s.next.transaction, func(r *record.Transaction) *record.Origin { return &r.Origin })
		},
		func() error {
			return admitVersions(ctx, a, "account_version", accountColumns, b.Accounts, &a.s.next.account, func(r *record.Account) *record.Origin { return &r.Origin })
		},
		func() error {
			return admitVersions(ctx, a, "service_level_version", levelColumns, b.Levels, &a.s.next.level, func(r *record.ServiceLevel) *record.Origin { return &r.Origin })
		},
		func() error { return a.refusals(ctx, b.Refused) },
		func() error { return a.book(ctx, b, started) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// admitVersions appends the new records of one kind and the new states of
// known ones to the same table; the latest state of a record is the row with
// the highest arrival number.
func admitVersions[T any](ctx context.Context, a *admission, table string, columns []column[row[T]], rows []T, next *int64, origin func(*T) *record.Origin) error {
	if len(rows) == 0 {
		return nil
	}
	origins := make([]*record.Origin, len(rows))
	for i := range rows {
		origins[i] = origin(&rows[i])
	}
	fates, err := a.s.fates(ctx, origins, knownQuery(table))
	if err != nil {
		return fmt.Errorf("find what is known: %w", err)
	}
	out := make([]row[T], 0, len(rows))
	for i := range rows {
		if a.count(fates[i]) {
			*next++
			out = append(out, row[T]{&rows[i], origins[i], *next, a.batch, a.at})
		}
	}
	return insert(ctx, a.s, table, columns, out)
}

// count books a row's fate and reports whether it is to be kept.
func (a *admission) count(f fate) bool {
	switch f {
	case isKnown:
		a.receipt.Known++
		return false
	case isUpdate:
		a.receipt.Updated++
	}
	a.receipt.Loaded++
	return true
}

func (a *admission) complaints(ctx context.Context, rows []record.Complaint) error {
	if len(rows) == 0 {
		return nil
	}
	origins := make([]*record.Origin, len(rows))
	for i := range rows {
		origins[i] = &rows[i].Origin
	}
	fates, err := a.s.fates(ctx, origins, knownQuery("complaint")+" union all "+knownQuery("complaint_event"))
	if err != nil {
		return fmt.Errorf("find what is known: %w", err)
	}
	var events []complaintRow
	fresh := make([]complaintRow, 0, len(rows))
	list := make([]*record.Complaint, 0, len(rows))
	for i := range rows {
		if !a.count(fates[i]) {
			continue
		}
		r := complaintRow{r: &rows[i], origin: origins[i], batch: a.batch, arrived: a.at}
		if fates[i] == isUpdate {
			events = append(events, r)
			continue
		}
		fresh, list = append(fresh, r), append(list, &rows[i])
	}
	if err := insert(ctx, a.s, "complaint_event", eventColumns, events); err != nil {
		return err
	}
	if len(fresh) == 0 {
		return nil
	}
	m, err := a.s.remember(ctx, list)
	if err != nil {
		return err
	}
	return a.judge(ctx, fresh, m)
}

// judge decides the new complaints in arrival order and appends them, their
// decisions and the cases of the flagged ones. The engine takes the complaints
// in while they are being judged: what they say does not depend on it.
func (a *admission) judge(ctx context.Context, fresh []complaintRow, m *memory.Knowledge) error {
	for i := range fresh {
		a.s.next.complaint++
		fresh[i].seq = a.s.next.complaint
	}
	appended := make(chan error, 1)
	go func() { appended <- insert(ctx, a.s, "complaint", complaintColumns, fresh) }()
	rows, cases, err := a.decisions(fresh, m, appended)
	if err != nil {
		return err
	}
	if err := insert(ctx, a.s, "decision", decisionColumns, rows); err != nil {
		return err
	}
	return insert(ctx, a.s, "case_event", caseColumns, cases)
}

// decisions judges the rows; it returns only after the engine has answered on
// appended, even if it panics, since the connection is in use until then.
func (a *admission) decisions(fresh []complaintRow, m *memory.Knowledge, appended <-chan error) (rows []decided, cases []caseRow, err error) {
	defer func() { err = errors.Join(err, <-appended) }()
	decisions := make([]record.Decision, len(fresh))
	rows = make([]decided, len(fresh))
	for i := range fresh {
		c, d := fresh[i].r, &decisions[i]
		*d = a.decide(c, m.Before(c, fresh[i].seq))
		d.Seq = fresh[i].seq
		rows[i] = decided{d, 0, a.at}
		m.After(c, d.Seq)
		if !d.Flagged {
			continue
		}
		a.receipt.Flagged++
		detail, err := json.Marshal(d.Reasons)
		if err != nil {
			return nil, nil, fmt.Errorf("write the reasons: %w", err)
		}
		a.s.next.caseID++
		cases = append(cases, caseRow{a.s.next.caseID, d.Seq, a.at, "machine", "opened", string(detail), c.Keys})
	}
	a.receipt.Decisions = decisions
	return rows, cases, nil
}

func (a *admission) refusals(ctx context.Context, refused []record.Refusal) error {
	if len(refused) == 0 {
		return nil
	}
	rows := make([]refusedRow, len(refused))
	a.receipt.Reasons = map[record.Code]int{}
	for i := range refused {
		a.s.next.refused++
		rows[i] = refusedRow{&refused[i], a.s.next.refused, a.batch, a.at}
		a.receipt.Reasons[refused[i].Code]++
	}
	a.receipt.Refused += len(refused)
	return insert(ctx, a.s, "refused", refusedColumns, rows)
}

// book writes the batch's line in the admission book and the input's position.
func (a *admission) book(ctx context.Context, b *record.Batch, started time.Time) error {
	r := a.receipt
	if r.Loaded+r.Known+r.Refused != r.RowsIn {
		return fmt.Errorf("%d rows in, but %d loaded, %d known, %d refused", r.RowsIn, r.Loaded, r.Known, r.Refused)
	}
	err := insert(ctx, a.s, "admission", admissionColumns, []admitted{{b, r, a.batch, a.at, time.Since(started)}})
	if err != nil {
		return fmt.Errorf("book the batch: %w", err)
	}
	if p := b.Position; p != nil {
		if err := a.s.exec(ctx, "insert into input_position values (?, ?, ?, ?)", a.batch, p.Input, p.Offset, p.Mark); err != nil {
			return fmt.Errorf("keep the position: %w", err)
		}
	}
	return nil
}
