package store

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"plaint/internal/record"
	"plaint/internal/store/memory"
)

// TestTransactionsOfSeveral: the transactions of several customers are the same,
// looked up one by one and joined, with a later version of each third.
func TestTransactionsOfSeveral(t *testing.T) {
	s := fresh(t)
	var list []record.Transaction
	add := func(i int, status string) {
		x := record.Transaction{Customer: fmt.Sprint("U", i%7), Type: "withdrawal", Status: status, Amount: record.Num(float64(i)), Requested: record.At(day0.Add(time.Duration(i) * time.Minute))}
		x.ExternalID = fmt.Sprint("T", i)
		x.Stamp(nil)
		list = append(list, x)
	}
	for i := range 70 {
		add(i, "pending")
	}
	for i := 0; i < 70; i += 3 {
		add(i, "settled")
	}
	if _, err := s.Admit(t.Context(), &record.Batch{Input: "t", Transactions: list}, nosy); err != nil {
		t.Fatal(err)
	}
	keys := make([]uint64, 5)
	for i := range keys {
		keys[i] = record.Hash64("customer", fmt.Sprint("U", i))
	}
	read := func(customers int) map[uint64][]record.Transaction {
		m := &memory.Knowledge{Transactions: map[uint64][]record.Transaction{}}
		if err := s.write(t.Context(), func() error {
			if err := s.stage(t.Context(), keys); err != nil {
				return err
			}
			return s.readTransactions(t.Context(), m, customers)
		}); err != nil {
			t.Fatal(err)
		}
		return m.Transactions
	}
	joined, apart := read(1), read(len(keys))
	if len(joined) != 5 || len(joined[keys[0]]) != 10 || !reflect.DeepEqual(joined, apart) {
		t.Errorf("%d customers, %d transactions\n%+v\n%+v", len(joined), len(joined[keys[0]]), joined, apart)
	}
	settled := 0
	for _, x := range apart[keys[0]] {
		if x.Status == "settled" {
			settled++
		}
	}
	if settled == 0 || settled == 10 {
		t.Errorf("%d of 10 are in their latest version", settled)
	}
	keys = []uint64{1, 2}
	if none := read(2); len(none) != 0 {
		t.Errorf("%+v", none)
	}
}
