package store

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"plaint/internal/record"
	"plaint/internal/store/memory"
)

// factsOf makes a batch of accounts and transactions of 40 customers.
func factsOf(from, n int) *record.Batch {
	b := &record.Batch{Input: fmt.Sprint("facts", from)}
	for i := from; i < from+n; i++ {
		a := record.Account{Customer: fmt.Sprint("U", i%40), Opened: record.At(day0.Add(time.Duration(i) * time.Hour)), Country: "SG", Device: fmt.Sprint("D", i%7)}
		a.ExternalID = fmt.Sprint("A", i)
		a.Stamp(nil)
		x := record.Transaction{Customer: fmt.Sprint("U", i%40), Type: "withdrawal", Status: fmt.Sprint("s", i%3), Amount: record.Num(float64(i) / 4), Requested: record.At(day0.Add(time.Duration(i) * time.Minute))}
		x.ExternalID = fmt.Sprint("T", i/2) // every other is a later state
		x.Stamp(nil)
		b.Accounts, b.Transactions = append(b.Accounts, a), append(b.Transactions, x)
	}
	return b
}

// TestEvidenceInMemory: what is kept in memory of accounts and transactions is what
// the engine answers, read at once or beside the writer, learnt from batches, and
// after batches that were taken back.
func TestEvidenceInMemory(t *testing.T) {
	s, ctx := fresh(t), t.Context()
	admit := func(b *record.Batch) {
		t.Helper()
		if _, err := s.Admit(ctx, b, nosy); err != nil {
			t.Fatal(err)
		}
	}
	same := func(when string) {
		t.Helper()
		s.mu.Lock()
		defer s.mu.Unlock()
		if err := s.write(ctx, func() error {
			facts, err := s.facts(ctx, 1)
			if err != nil || facts == nil {
				return errors.Join(err, errors.New("nothing in memory"))
			}
			for i := range 41 {
				c := record.Complaint{Customer: fmt.Sprint("U", i)}
				c.Keys.Customer = record.Hash64("customer", c.Customer)
				m := &memory.Knowledge{Accounts: map[uint64][]record.Account{}, Transactions: map[uint64][]record.Transaction{}}
				if err := s.readEvidence(ctx, m, []*record.Complaint{&c}); err != nil {
					return err
				}
				list := m.Transactions[c.Keys.Customer]
				for j := range list {
					list[j].ID.Hi = 0 // not kept
				}
				if got := facts.Transactions(c.Keys.Customer); len(got)+len(list) > 0 && !reflect.DeepEqual(got, list) {
					return fmt.Errorf("%s: %d transactions %+v, not %+v", c.Customer, len(got), got, list)
				}
				if got, want := facts.Accounts(c.Keys.Customer), m.Accounts[c.Keys.Customer]; len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
					return fmt.Errorf("%s: %d accounts %+v, not %+v", c.Customer, len(got), got, want)
				}
			}
			return nil
		}); err != nil {
			t.Fatalf("%s: %v", when, err)
		}
	}
	broken := func(*record.Complaint, *record.History) record.Decision { panic("spoilt") }
	admit(factsOf(0, 300))
	same("read at once")
	s.mu.Lock() // what is read in a transaction that fails is taken out with what it learnt
	s.evidence = &evidence{facts: memory.NewEvidence()}
	s.mu.Unlock()
	if _, err := s.Admit(ctx, &record.Batch{Input: "x", Accounts: factsOf(900, 5).Accounts, Complaints: complaints(1)}, broken); err == nil {
		t.Fatal("a fault was kept")
	}
	if s.evidence == nil || s.evidence.upTo != (counters{}) {
		t.Errorf("after facts that were read and taken back: %+v", s.evidence)
	}
	same("after facts that were read and taken back")
	admit(factsOf(300, 300))
	if s.evidence.upTo.transaction != 600 {
		t.Errorf("%d transactions of 600 were learnt", s.evidence.upTo.transaction)
	}
	same("learnt")

	spoilt := factsOf(600, 20)
	spoilt.Complaints = complaints(1)
	if _, err := s.Admit(ctx, spoilt, broken); err == nil {
		t.Fatal("a fault was kept")
	}
	if s.evidence == nil || s.evidence.upTo.transaction != 600 {
		t.Errorf("after facts that were taken back: %+v", s.evidence)
	}
	same("after facts that were taken back")

	kept := s.evidence
	if _, err := s.Admit(ctx, &record.Batch{Input: "x", Complaints: complaints(1)}, broken); err == nil {
		t.Fatal("a fault was kept")
	}
	if s.evidence != kept {
		t.Error("a batch without facts that was taken back costs what is in memory")
	}
	same("after a complaint that was taken back")

	s.evidence = &evidence{facts: memory.NewEvidence()}
	s.evidence.readBeside(s.connector, s.committed)
	read := s.evidence.reading
	admit(factsOf(600, 20)) // meanwhile
	<-read
	if n := s.evidence.upTo; n.transaction < 600 || n.account < 600 {
		t.Errorf("%+v was read beside the writer", n)
	}
	same("read beside the writer")

	if err := s.Change(ctx, func(w Writer) error {
		return w.Exec(context.Background(), "delete from transaction_version where seq % 3 = 0")
	}); err != nil {
		t.Fatal(err)
	}
	same("after an erasure")
	s.evidence = &evidence{facts: memory.NewEvidence()}
	s.evidence.readBeside(s.connector, s.committed)
	if err := s.Close(); err != nil { // waits for the reading
		t.Error(err)
	}
}

// TestPrepare: a server reads what it has to know before the first complaint.
func TestPrepare(t *testing.T) {
	s := fresh(t)
	if _, err := s.Admit(t.Context(), factsOf(0, 50), nosy); err != nil {
		t.Fatal(err)
	}
	s.forget()
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s.seen == nil || s.trails == nil || s.evidence == nil || s.evidence.upTo.transaction != 50 {
		t.Errorf("%+v", s.recent)
	}
}

// TestLongEvidence: of long texts few are read at a time, and what one customer has
// too many of is looked at up to a limit, in memory as by the engine.
func TestLongEvidence(t *testing.T) {
	s, ctx := fresh(t), t.Context()
	b := factsOf(0, 200)
	for i := range b.Transactions {
		b.Transactions[i].Reference = strings.Repeat("r", 1<<20)
	}
	many := factsOf(1000, memory.MostStates+500)
	for i := range many.Transactions {
		many.Transactions[i].Customer, many.Accounts[i].Customer = "unknown", "unknown"
		many.Transactions[i].Stamp(nil)
		many.Accounts[i].Stamp(nil)
	}
	for _, b := range []*record.Batch{b, many} {
		if _, err := s.Admit(ctx, b, nosy); err != nil {
			t.Fatal(err)
		}
	}
	e := &evidence{facts: memory.NewEvidence()}
	steps := 0
	for _, k := range e.kinds(s.next) {
		for *k.upTo < k.to {
			until, err := k.until(ctx, s.arrow)
			if err != nil || until <= *k.upTo {
				t.Fatal(until, err)
			}
			*k.upTo, steps = until, steps+1
		}
	}
	if steps < 5 || steps > 20 {
		t.Errorf("%d steps", steps)
	}
	c := record.Complaint{Customer: "unknown"}
	c.Keys.Customer = record.Hash64("customer", c.Customer)
	s.mu.Lock()
	defer s.mu.Unlock()
	m := &memory.Knowledge{Accounts: map[uint64][]record.Account{}, Transactions: map[uint64][]record.Transaction{}}
	facts, err := s.facts(ctx, 1)
	if err := errors.Join(err, s.write(ctx, func() error { return s.readEvidence(ctx, m, []*record.Complaint{&c}) })); err != nil {
		t.Fatal(err)
	}
	asked, held := m.Transactions[c.Keys.Customer], facts.Transactions(c.Keys.Customer)
	if len(asked) != len(held) || len(held) < memory.MostStates/2 || len(held) > memory.MostStates || asked[0].ExternalID != held[0].ExternalID {
		t.Errorf("%d transactions of the engine, %d in memory", len(asked), len(held))
	}
	if a, b := m.Accounts[c.Keys.Customer], facts.Accounts(c.Keys.Customer); len(a) != memory.MostStates || len(b) != len(a) || a[0].ExternalID != b[0].ExternalID {
		t.Errorf("%d accounts of the engine, %d in memory", len(a), len(b))
	}
}
