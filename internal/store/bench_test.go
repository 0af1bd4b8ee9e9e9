package store

import (
	"fmt"
	"testing"

	"plaint/internal/record"
)

func BenchmarkAdmit(b *testing.B) {
	for _, size := range []int{1, 100, 10000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s := fresh(b)
			rows := complaints(size)
			n := 0
			for b.Loop() {
				for i := range rows {
					n++
					rows[i].ExternalID = fmt.Sprint("C", n)
					rows[i].Stamp(nil)
				}
				if _, err := s.Admit(b.Context(), &record.Batch{Input: "x", Complaints: rows}, nosy); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
