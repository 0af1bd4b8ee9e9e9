package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"plaint/internal/record"
)

// part is one batch on its way into a group.
type part struct {
	ctx     context.Context // of its caller
	b       *record.Batch
	decide  Decide
	started time.Time
	batch   int64
	r       record.Receipt
	err     error
	done    chan struct{} // closed when r and err are final
}

// mostGroupRows is how many rows of waiting batches are put together at most; a
// larger batch goes alone.
const mostGroupRows = 8192

// Admit keeps a batch in one transaction: known rows are dropped, new states of
// known records are appended as history, new complaints are decided one after
// the other in arrival order, cases are opened for the flagged ones; refusals
// and the positions of streams are kept. When it returns nil, all of it is on
// disk; when it returns an error, none of it is, or, if ctx ended meanwhile,
// perhaps all. Records must have been stamped.
//
// Batches that wait for the writer at the same time share its next transaction:
// a commit costs as much as a hundred rows. If that fails, each is tried alone.
func (s *Store) Admit(ctx context.Context, b *record.Batch, decide Decide) (record.Receipt, error) {
	p := &part{ctx: ctx, b: b, decide: decide, started: time.Now(), r: record.Receipt{RowsIn: b.Rows()}, done: make(chan struct{})}
	if p.r.RowsIn == 0 && len(b.Positions) == 0 {
		return p.r, nil
	}
	if p.r.RowsIn > mostGroupRows {
		end, err := s.writeBulk(ctx)
		if err != nil {
			return record.Receipt{}, err
		}
		defer end()
	}
	s.waiting.Lock()
	s.queue = append(s.queue, p)
	s.waiting.Unlock()
	select {
	case <-p.done:
	case s.turn <- struct{}{}:
		for !finished(p) {
			s.admitWaiting()
		}
		<-s.turn
	case <-ctx.Done():
		return record.Receipt{}, s.withdraw(p, ctx.Err())
	}
	if p.err != nil {
		return record.Receipt{}, fmt.Errorf("admit a batch of %s: %w", b.Input, p.err)
	}
	return p.r, nil
}

func finished(p *part) bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// withdraw takes a part back whose caller does not wait any longer. One that is
// being admitted is waited for: the batch is in use until then.
func (s *Store) withdraw(p *part, why error) error {
	s.waiting.Lock()
	i := slices.Index(s.queue, p)
	if i >= 0 {
		s.queue = slices.Delete(s.queue, i, i+1)
	}
	s.waiting.Unlock()
	if i < 0 {
		<-p.done
	}
	return why
}

// take removes the next group from the queue: in order of arrival, so many that
// they are not too large together, and of each delivery only one.
func (s *Store) take() []*part {
	s.waiting.Lock()
	defer s.waiting.Unlock()
	var group, rest []*part
	rows := 0
	keys := map[[2]string]bool{}
	for i, p := range s.queue {
		if rows > 0 && rows+p.r.RowsIn > mostGroupRows {
			rest = append(rest, s.queue[i:]...)
			break
		}
		if o := p.b.Once; o != nil {
			if keys[[2]string{o.Scope, o.Key}] {
				rest = append(rest, p)
				continue
			}
			keys[[2]string{o.Scope, o.Key}] = true
		}
		group, rows = append(group, p), rows+p.r.RowsIn
	}
	s.queue = rest
	return group
}

// admitWaiting admits the next group of waiting batches. A caller who does not
// wait any longer ends the transaction only where it is his alone.
func (s *Store) admitWaiting() {
	group := s.take()
	if len(group) == 0 {
		return
	}
	ctx := group[0].ctx
	if len(group) > 1 {
		ctx = context.WithoutCancel(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.admitGroup(ctx, group)
	for _, p := range group {
		if err != nil && len(group) > 1 && !s.unable(err) { // one of them may have spoilt it for all
			if alone := s.admitGroup(ctx, []*part{p}); alone != nil { // nil where p.err says why it is not kept
				p.err = alone
			}
		} else if p.err == nil {
			p.err = err
		}
		close(p.done)
	}
	// The batches are kept: a log that cannot be folded now is not their failure.
	// It may end in half an entry, behind which nothing must be written.
	if !s.health.broken && s.tidyLog(context.WithoutCancel(ctx)) != nil {
		s.health.broken = true
	}
}

// load reads what is remembered of the file where it is not known.
func (s *Store) load(ctx context.Context) error {
	if err := errors.Join(s.loadTrails(ctx), s.loadLetters(ctx), s.loadCrowd(ctx), s.loadSeen(ctx)); err != nil {
		return err
	}
	if s.loadIncidents(ctx) != nil { // nothing waits for what may protect a few
		s.incidents = incidentsState{retry: time.Now().Add(time.Minute)}
	}
	return s.loadThemes(ctx)
}

// Prepare reads what the first of many complaints would wait for; of many
// transactions it only begins to.
func (s *Store) Prepare(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.prepared = true
	if err := s.able(ctx); err != nil {
		return err
	}
	if err := s.load(ctx); err != nil {
		return err
	}
	if err := s.loadLines(ctx); err != nil {
		return err
	}
	_, err := s.facts(ctx, 1)
	return err
}

// admitGroup admits parts in one transaction. The caller holds s.mu.
func (s *Store) admitGroup(ctx context.Context, group []*part) (err error) {
	defer func() { // a fault of one batch must not take the writer down with it
		if r := recover(); r != nil {
			err = fmt.Errorf("a fault in the admission: %v", r)
			s.takeBack()
		}
		if err != nil {
			s.noteFault(err)
		}
	}()
	if err := s.able(ctx); err != nil {
		return err
	}
	if err := s.load(ctx); err != nil {
		return err
	}
	group, err = s.repeated(ctx, group)
	if err != nil || len(group) == 0 {
		return err
	}
	for _, p := range group {
		p.err, p.r = nil, record.Receipt{RowsIn: p.b.Rows()}
	}
	slices.SortStableFunc(group, func(x, y *part) int {
		return cmp.Or(cmp.Compare(x.b.Input, y.b.Input), cmp.Compare(x.b.Profile, y.b.Profile), cmp.Compare(x.b.Kind(), y.b.Kind()))
	})
	if positionsApart {
		if err := s.inTx(ctx, func() error { return s.keepAllPositions(ctx, group) }); err != nil {
			return err
		}
	}
	err = s.inTx(ctx, func() error { return (&admission{s: s, parts: group, at: s.now()}).run(ctx) })
	if err != nil {
		return err
	}
	for _, p := range group {
		p.r.Took = time.Since(p.started)
	}
	return nil
}

func (p *part) sameInput(o *part) bool {
	return p.b.Input == o.b.Input && p.b.Profile == o.b.Profile && p.b.Kind() == o.b.Kind()
}

// count books a row's fate and reports whether it is to be kept.
func (p *part) count(f record.Fate) bool {
	if p.b.Detail {
		p.r.Fates = append(p.r.Fates, f)
	}
	switch f {
	case record.IsKnown:
		p.r.Known++
		return false
	case record.IsUpdate:
		p.r.Updated++
	}
	p.r.Loaded++
	return true
}
