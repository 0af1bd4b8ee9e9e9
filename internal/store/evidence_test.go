package store

import (
	"context"
	"errors"
	"fmt"
	"reflect"
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
	admit(factsOf(0, 300))
	same("read at once")
	admit(factsOf(300, 300))
	if s.evidence.upTo.transaction != 600 {
		t.Errorf("%d transactions of 600 were learnt", s.evidence.upTo.transaction)
	}
	same("learnt")

	spoilt := factsOf(600, 20)
	spoilt.Complaints = complaints(1)
	broken := func(*record.Complaint, *record.History) record.Decision { panic("spoilt") }
	if _, err := s.Admit(ctx, spoilt, broken); err == nil {
		t.Fatal("a fault was kept")
	}
	if s.evidence != nil {
		t.Error("what was taken back stays in memory")
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
	if err := s.evidence.readBeside(s.connector, s.committed); err != nil {
		t.Fatal(err)
	}
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
	if err := s.evidence.readBeside(s.connector, s.committed); err != nil {
		t.Fatal(err)
	}
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
