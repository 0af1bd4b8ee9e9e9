package signal

import (
	"testing"
	"time"
)

func BenchmarkSurprise(b *testing.B) {
	c, list := now(), at(1, 5, 20)
	for b.Loop() {
		surprise(c, list, time.Time{})
	}
}
