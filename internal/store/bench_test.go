package store

import (
	"context"
	"fmt"
	"testing"
	"time"

	"plaint/internal/record"
)

// BenchmarkAdmit measures transactions of different sizes into an empty file
// and into one with history and evidence.
func BenchmarkAdmit(b *testing.B) {
	for _, known := range []int{0, 200_000} {
		s := fresh(b)
		if known > 0 {
			furnish(b, s, known)
		}
		n := known
		for _, size := range []int{1, 8, 64, 640, 6400} {
			b.Run(fmt.Sprintf("known=%d/rows=%d", known, size), func(b *testing.B) {
				rows := complaints(size)
				start := n
				for b.Loop() {
					for i := range rows {
						n++
						rows[i].ExternalID, rows[i].Customer = fmt.Sprint("N", n), fmt.Sprint("U", n%50_000)
						rows[i].Received = record.At(day0.Add(time.Duration(n) * time.Minute))
						rows[i].Stamp(nil)
					}
					if _, err := s.Admit(b.Context(), &record.Batch{Input: "x", Complaints: rows}, nosy); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(n-start)/b.Elapsed().Seconds(), "rows/s")
			})
		}
	}
}

// furnish loads complaints and the evidence about their customers.
func furnish(b *testing.B, s *Store, n int) {
	b.Helper()
	evidence := record.Batch{Input: "evidence"}
	for i := range n / 4 {
		a := record.Account{Customer: fmt.Sprint("U", i), Opened: record.At(day0), Device: fmt.Sprint("D", i/3), PayoutAccount: fmt.Sprint("P", i/2)}
		a.ExternalID = fmt.Sprint("A", i)
		a.Stamp(nil)
		x := record.Transaction{Customer: fmt.Sprint("U", i), Type: "withdrawal", Requested: record.At(day0.Add(time.Duration(i) * time.Minute))}
		x.ExternalID = fmt.Sprint("T", i)
		x.Stamp(nil)
		evidence.Accounts, evidence.Transactions = append(evidence.Accounts, a), append(evidence.Transactions, x)
	}
	for _, batch := range []*record.Batch{&evidence, {Input: "past", Complaints: complaints(n)}} {
		if _, err := s.Admit(context.Background(), batch, nosy); err != nil {
			b.Fatal(err)
		}
	}
}
