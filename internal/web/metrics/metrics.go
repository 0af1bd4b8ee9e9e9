// Package metrics shows the store to Prometheus. Everything comes from the
// tables, so that counters go on after a restart.
package metrics

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"plaint/internal/store"
)

// Options say what the metrics are of.
type Options struct {
	Version, Commit string
	Longest         time.Duration // that all questions of one scrape may take; 0 = eight seconds
}

// Register adds the product's metrics, those of the Go runtime and those of
// the process. It fails where one is registered already.
func Register(reg prometheus.Registerer, st *store.Store, o Options) error {
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "plaint_build_info", Help: "The program that runs; always 1.",
		ConstLabels: prometheus.Labels{"version": o.Version, "commit": o.Commit}})
	build.Set(1)
	for _, c := range []prometheus.Collector{build, newCollector(st, o.Longest), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})} {
		if err := reg.Register(c); err != nil {
			return fmt.Errorf("register the metrics: %w", err)
		}
	}
	return nil
}

const (
	keepFor = 10 * time.Second // a store is not asked more often than this
	longest = 8 * time.Second  // that all questions of one scrape may take; those left over keep their last answer
)

// collector asks the store when it is scraped, and remembers for a while.
type collector struct {
	st      *store.Store
	longest time.Duration
	errors  prometheus.Counter

	mu   sync.Mutex
	at   time.Time
	kept map[string][]prometheus.Metric // by question
}

func newCollector(st *store.Store, limit time.Duration) *collector {
	return &collector{st: st, longest: cmp.Or(limit, longest), kept: map[string][]prometheus.Metric{}, errors: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "plaint_scrape_errors_total", Help: "Questions to the store that failed while metrics were collected."})}
}

// Describe sends nothing but the counter: what a store has labels for is known
// only when it is asked.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, name := range slices.Sorted(maps.Keys(descriptions)) {
		ch <- descriptions[name]
	}
	c.errors.Describe(ch)
}

// Collect sends what the store holds. A question that fails keeps its last
// answer and is counted; it never breaks a scrape.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.at) > keepFor {
		ctx, cancel := context.WithTimeout(context.Background(), c.longest)
		defer cancel()
		for _, q := range questions {
			answer, err := q.ask(ctx, c.st)
			if err != nil {
				c.errors.Inc()
				continue
			}
			c.kept[q.name] = answer
		}
		c.at = time.Now()
	}
	for _, q := range questions {
		for _, m := range c.kept[q.name] {
			ch <- m
		}
	}
	c.errors.Collect(ch)
}
