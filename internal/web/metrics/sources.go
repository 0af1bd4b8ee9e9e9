package metrics

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"plaint/ingest/stream"
	"plaint/internal/store"
	"plaint/internal/web/intake"
)

// RegisterIntake adds the metrics of what is posted. They count from the start of
// the process; the rows themselves are among plaint_rows_total.
func RegisterIntake(reg prometheus.Registerer, c *intake.Counts) error {
	for outcome, n := range map[string]interface{ Load() int64 }{"kept": &c.Requests, "busy": &c.Busy, "failed": &c.Failed} {
		f := prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "plaint_intake_requests_total", Help: "Posted requests, by what became of them: kept, asked to come again (busy), or failed.",
			ConstLabels: prometheus.Labels{"outcome": outcome}}, func() float64 { return float64(n.Load()) })
		if err := reg.Register(f); err != nil {
			return fmt.Errorf("register the metrics of the intake: %w", err)
		}
	}
	f := prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "plaint_intake_repeated_total", Help: "Posted requests that came again and were answered with their first receipt."},
		func() float64 { return float64(c.Repeated.Load()) })
	if err := reg.Register(f); err != nil {
		return fmt.Errorf("register the metrics of the intake: %w", err)
	}
	return nil
}

// RegisterScreening adds how long the screening of a complaint takes.
func RegisterScreening(reg prometheus.Registerer, st *store.Store) error {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "plaint_screening_seconds", Help: "What a new complaint takes from its signals to its reasons, without reading it and without keeping it.",
		Buckets: []float64{.0001, .00025, .0005, .001, .002, .005, .01, .025, .05, .1, .25, 1}})
	if err := reg.Register(h); err != nil {
		return fmt.Errorf("register the metrics of the screening: %w", err)
	}
	st.Time(func(took time.Duration) { h.Observe(took.Seconds()) })
	return nil
}

// sources shows what the running sources do.
type sources []stream.Running

// RegisterSources adds the metrics of the sources. They count from the start of
// the process.
func RegisterSources(reg prometheus.Registerer, list []stream.Running) error {
	if len(list) == 0 {
		return nil
	}
	if err := reg.Register(sources(list)); err != nil {
		return fmt.Errorf("register the metrics of the sources: %w", err)
	}
	return nil
}

var (
	sourceUp       = describe("plaint_source_up", "1 while the source runs, 0 while it waits for its next attempt or for a person.", "source", "type")
	sourceDown     = describe("plaint_source_down", "1 while the source is down until a person decides, else 0.", "source")
	sourceRows     = describe("plaint_source_rows_total", "Rows that a source brought since the start, by what became of them.", "source", "outcome")
	sourceBatches  = describe("plaint_source_batches_total", "Batches of a source that were kept since the start.", "source")
	sourceFaults   = describe("plaint_source_faults_total", "Attempts of a source that failed since the start.", "source")
	sourceAgain    = describe("plaint_source_reconnects_total", "Connections of a source after its first, since the start.", "source")
	sourceLost     = describe("plaint_source_lost_total", "Messages that the stream's own limits removed before they were read, since the start.", "source")
	sourceLag      = describe("plaint_source_lag", "Messages, or bytes of a followed file, that wait in the stream; absent while unknown.", "source")
	sourceOldest   = describe("plaint_source_oldest_unkept_seconds", "Age of the oldest row that was taken and is not kept yet.", "source")
	sourceLastKept = describe("plaint_source_last_batch_timestamp_seconds", "When the last batch of a source was kept.", "source")
)

// Describe lists the metrics.
func (s sources) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{sourceUp, sourceDown, sourceRows, sourceBatches, sourceFaults, sourceAgain, sourceLost, sourceLag, sourceOldest, sourceLastKept} {
		ch <- d
	}
}

// Collect reads the meters.
func (s sources) Collect(ch chan<- prometheus.Metric) {
	for _, r := range s {
		m := r.Meter.Read()
		gauge := func(d *prometheus.Desc, v float64, labels ...string) {
			ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, append([]string{r.Name}, labels...)...)
		}
		counter := func(d *prometheus.Desc, v int64, labels ...string) {
			ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), append([]string{r.Name}, labels...)...)
		}
		is := func(state stream.State) float64 {
			if m.State == state {
				return 1
			}
			return 0
		}
		gauge(sourceUp, is(stream.Up), r.Type)
		gauge(sourceDown, is(stream.Down))
		counter(sourceRows, m.Loaded, "loaded")
		counter(sourceRows, m.Known, "known")
		counter(sourceRows, m.Refused, "refused")
		counter(sourceBatches, m.Batches)
		counter(sourceFaults, m.Faults)
		counter(sourceAgain, m.Reconnects)
		counter(sourceLost, m.Lost)
		if m.Lag >= 0 {
			gauge(sourceLag, float64(m.Lag))
		}
		gauge(sourceOldest, m.Oldest.Seconds())
		if !m.LastBatch.IsZero() {
			gauge(sourceLastKept, float64(m.LastBatch.UnixMilli())/1000)
		}
	}
}
