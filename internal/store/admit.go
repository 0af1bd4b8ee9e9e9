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

// admission is a group of batches on its way in, in one transaction.
type admission struct {
	s     *Store
	parts []*part
	at    time.Time

	recall time.Duration // what finding out took for each complaint
}

// run admits the parts, evidence first, so that complaints of the same group
// know it. Each part has a batch number of its own, in the order of the parts.
func (a *admission) run(ctx context.Context) error {
	for _, p := range a.parts {
		a.s.next.batch++
		p.batch = a.s.next.batch
	}
	for _, step := range []func() error{
		func() error {
			return admitVersions(ctx, a, levelTable, &a.s.next.level,
				func(b *record.Batch) []record.ServiceLevel { return b.Levels }, func(r *record.ServiceLevel) *record.Origin { return &r.Origin })
		},
		func() error {
			return admitVersions(ctx, a, accountTable, &a.s.next.account,
				func(b *record.Batch) []record.Account { return b.Accounts }, func(r *record.Account) *record.Origin { return &r.Origin })
		},
		func() error {
			return admitVersions(ctx, a, transactionTable, &a.s.next.transaction,
				func(b *record.Batch) []record.Transaction { return b.Transactions }, func(r *record.Transaction) *record.Origin { return &r.Origin })
		},
		func() error {
			return admitVersions(ctx, a, logTable, &a.s.next.log,
				func(b *record.Batch) []record.LogLine { return b.Logs }, func(r *record.LogLine) *record.Origin { return &r.Origin })
		},
		func() error {
			return admitVersions(ctx, a, surveyTable, &a.s.next.survey,
				func(b *record.Batch) []record.Survey { return b.Surveys }, func(r *record.Survey) *record.Origin { return &r.Origin })
		},
		func() error { return a.complaints(ctx) },
		func() error { return a.refusals(ctx) },
		func() error { return a.book(ctx) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// incoming are the rows of one kind of all parts, in order.
type incoming[T any] struct {
	rows    []*T
	origins []*record.Origin
	parts   []*part
}

func collect[T any](a *admission, rows func(*record.Batch) []T, origin func(*T) *record.Origin) incoming[T] {
	n := 0
	for _, p := range a.parts {
		n += len(rows(p.b))
	}
	in := incoming[T]{make([]*T, 0, n), make([]*record.Origin, 0, n), make([]*part, 0, n)}
	for _, p := range a.parts {
		list := rows(p.b)
		for i := range list {
			in.rows, in.origins, in.parts = append(in.rows, &list[i]), append(in.origins, origin(&list[i])), append(in.parts, p)
		}
	}
	return in
}

// admitVersions appends the new records of one kind and the new states of
// known ones to the same table; the latest state of a record is the row with
// the highest arrival number.
func admitVersions[T any](ctx context.Context, a *admission, t *table[row[T]], next *int64, rows func(*record.Batch) []T, origin func(*T) *record.Origin) error {
	in := collect(a, rows, origin)
	if len(in.rows) == 0 {
		return nil
	}
	fates, err := a.s.fates(ctx, in.origins, knownQuery(t.name))
	if err != nil {
		return fmt.Errorf("find what is known: %w", err)
	}
	out := make([]row[T], 0, len(in.rows))
	for i, r := range in.rows {
		if in.parts[i].count(fates[i]) {
			*next++
			out = append(out, row[T]{r, in.origins[i], *next, in.parts[i].batch, a.at})
		}
	}
	a.s.learn(out)
	return insert(ctx, a.s, t, out)
}

func complaintsOf(b *record.Batch) []record.Complaint { return b.Complaints }

func (a *admission) complaints(ctx context.Context) error {
	in := collect(a, complaintsOf, func(c *record.Complaint) *record.Origin { return &c.Origin })
	if len(in.rows) == 0 {
		return nil
	}
	fates, err := a.s.fates(ctx, in.origins, knownQuery("complaint")+" union all "+knownQuery("complaint_event"))
	if err != nil {
		return fmt.Errorf("find what is known: %w", err)
	}
	var events []complaintRow
	fresh := make([]complaintRow, 0, len(in.rows))
	list, owners := make([]*record.Complaint, 0, len(in.rows)), make([]*part, 0, len(in.rows))
	for i, c := range in.rows {
		p := in.parts[i]
		if !p.count(fates[i]) {
			continue
		}
		r := complaintRow{r: c, origin: in.origins[i], batch: p.batch, arrived: a.at}
		if fates[i] == record.IsUpdate {
			events = append(events, r)
			continue
		}
		fresh, list, owners = append(fresh, r), append(list, c), append(owners, p)
	}
	if err := insert(ctx, a.s, eventTable, events); err != nil {
		return err
	}
	if len(fresh) == 0 {
		return nil
	}
	started := time.Now()
	m, err := a.s.remember(ctx, list)
	if err != nil {
		return err
	}
	a.recall = time.Since(started) / time.Duration(len(list))
	return a.judge(ctx, fresh, owners, m)
}

// Time calls f with how long each complaint admitted from now on took from its
// signals to its reasons: its part of what is found out for the batch, and its
// judgement; without reading it and without keeping it. nil ends it.
func (s *Store) Time(f func(time.Duration)) {
	if f == nil {
		s.timer.Store(nil)
		return
	}
	s.timer.Store(&f)
}

// judge decides the new complaints in arrival order and appends them, their
// decisions and the cases of the flagged ones. The engine takes the complaints
// in while they are being judged: what they say does not depend on it.
func (a *admission) judge(ctx context.Context, fresh []complaintRow, owners []*part, m *memory.Knowledge) error {
	for i := range fresh {
		a.s.next.complaint++
		fresh[i].seq = a.s.next.complaint
	}
	appended := make(chan error, 1)
	go func() { appended <- insert(ctx, a.s, complaintTable, fresh) }()
	v, err := a.decisions(fresh, owners, m, appended)
	if err != nil {
		return err
	}
	if err := insert(ctx, a.s, decisionTable, v.decided); err != nil {
		return err
	}
	if err := insert(ctx, a.s, shadowTable, v.shaded); err != nil {
		return err
	}
	if err := insert(ctx, a.s, memberTable, v.members); err != nil {
		return err
	}
	return insert(ctx, a.s, caseTable, v.cases)
}

// judged is what was said of new complaints.
type judged struct {
	decided []decided
	shaded  []decided
	members []member
	cases   []caseRow
}

// shade keeps what a shadow says of a decided complaint, if it says something.
func (v *judged) shade(shadow Decide, c *record.Complaint, h *record.History, d decided) {
	if said := shade(shadow, *c, *h); said != nil {
		said.Seq = d.Seq
		v.shaded = append(v.shaded, decided{said, 0, d.at})
	}
}

// decisions judges the rows; it returns only after the engine has answered on
// appended, even if it panics, since the connection is in use until then.
func (a *admission) decisions(fresh []complaintRow, owners []*part, m *memory.Knowledge, appended <-chan error) (v judged, err error) {
	defer func() { err = errors.Join(err, <-appended) }()
	decisions := make([]record.Decision, len(fresh))
	v.decided = make([]decided, len(fresh))
	shadow, timer := a.s.shadow.Load(), a.s.timer.Load()
	v.members = a.s.themes.themes.members(complaintsIn(fresh), func(i int) int64 { return fresh[i].seq })
	for i := range fresh {
		c, d, p := fresh[i].r, &decisions[i], owners[i]
		started := time.Now()
		h := m.Before(c, fresh[i].seq)
		*d = p.decide(c, h)
		if timer != nil {
			(*timer)(a.recall + time.Since(started))
		}
		d.Seq = fresh[i].seq
		v.decided[i] = decided{d, 0, a.at}
		if shadow != nil {
			v.shade(*shadow, c, h, v.decided[i])
		}
		m.After(c, d.Seq)
		if !d.Flagged {
			continue
		}
		p.r.Flagged++
		detail, err := json.Marshal(d.Reasons)
		if err != nil {
			return judged{}, fmt.Errorf("write the reasons: %w", err)
		}
		a.s.next.caseID++
		v.cases = append(v.cases, caseRow{a.s.next.caseID, d.Seq, a.at, "machine", "opened", string(detail), c.Keys})
	}
	for from, to := 0, 0; from < len(fresh); from = to { // the rows of a part stand together
		for to = from + 1; to < len(fresh) && owners[to] == owners[from]; to++ {
		}
		owners[from].r.Decisions = decisions[from:to:to]
	}
	return v, nil
}

func complaintsIn(rows []complaintRow) []*record.Complaint {
	out := make([]*record.Complaint, len(rows))
	for i := range rows {
		out[i] = rows[i].r
	}
	return out
}

func (a *admission) refusals(ctx context.Context) error {
	var rows []refusedRow
	for _, p := range a.parts {
		refused := p.b.Refused
		for i := range refused {
			a.s.next.refused++
			rows = append(rows, refusedRow{&refused[i], a.s.next.refused, p.batch, a.at})
			if p.r.Reasons == nil {
				p.r.Reasons = map[record.Code]int{}
			}
			p.r.Reasons[refused[i].Code]++
		}
		p.r.Refused += len(refused)
	}
	return insert(ctx, a.s, refusedTable, rows)
}

// book writes the group's lines in the admission book, one for each input, the
// streams' positions and the receipts of deliveries that may come again.
func (a *admission) book(ctx context.Context) error {
	var lines []admitted
	for _, p := range a.parts {
		r := &p.r
		if r.Loaded+r.Known+r.Refused != r.RowsIn {
			return fmt.Errorf("%d rows in, but %d loaded, %d known, %d refused", r.RowsIn, r.Loaded, r.Known, r.Refused)
		}
		if n := len(lines) - 1; n >= 0 && p.sameInput(lines[n].p) {
			lines[n].r.Add(*r)
			lines[n].batch = p.batch
		} else if r.RowsIn > 0 {
			lines = append(lines, admitted{p, record.Receipt{}, p.batch, a.at, time.Since(p.started)})
			lines[n+1].r.Add(*r)
		}
	}
	if err := insert(ctx, a.s, admissionTable, lines); err != nil {
		return fmt.Errorf("book the batch: %w", err)
	}
	for _, p := range a.parts {
		if err := a.s.keepReceipt(ctx, p, a.at); err != nil {
			return err
		}
	}
	if positionsApart {
		return nil
	}
	return a.s.keepAllPositions(ctx, a.parts)
}
