package watch

import (
	"time"

	"plaint/internal/record"
	"plaint/scoring/calibration"
	"plaint/scoring/learn"
	"plaint/scoring/model"
)

// shadow compares what the shadow said at admission with what was decided then.
func (w *watcher) shadow() error {
	name := w.in.Shadow.Name
	m := w.model(name)
	if m == nil {
		w.add(record.Measure{Model: name, Kind: Unreadable, Value: num(1), State: record.WatchAct})
	} else {
		w.add(record.Measure{Model: name, Kind: Unreadable, Value: num(0), State: record.WatchOK})
	}
	w.add(record.Measure{Model: name, Kind: Missed, Value: num(float64(w.in.Unshaded)), N: w.in.Unshaded, Limit: num(0), State: grade(false, w.in.Unshaded > 0)})
	// Its partner is whoever judged beside it last: the champion, or what a server
	// was told to judge by.
	partner := ""
	if err := w.in.Shaded(func(x *record.Shaded) error { partner = x.Judged.Model; return nil }); err != nil {
		return err
	}
	against := w.model(partner)
	if m == nil || against == nil {
		return nil // nothing was judged, or by a model that nobody can read
	}
	return w.compare(m, against)
}

func (w *watcher) compare(m, against *model.Model) error {
	b := learn.NewBacktest(m, against, w.orders, learn.Labelling{Labels: w.labels, AsOf: w.in.Now, Maturity: time.Duration(mature(m) * float64(day))}, 0)
	var shadow, other []float64
	elsewhere := 0
	err := w.in.Shaded(func(x *record.Shaded) error {
		if x.Judged.Model != against.Name {
			elsewhere++
			return nil
		}
		b.Take(&x.Kept, x.Shadow, x.Judged)
		shadow, other = append(shadow, x.Shadow.Score), append(other, x.Judged.Score)
		return nil
	})
	if err != nil {
		return err
	}
	t := b.Result()
	told := func(kind string, v float64) {
		w.add(record.Measure{Model: m.Name, Kind: kind, By: "model", Part: against.Name, Value: num(v), N: t.Complaints, State: record.WatchTold})
	}
	rate := func(kind, of string, r model.Rate) {
		w.rate(record.Measure{Model: m.Name, Kind: kind, By: "model", Part: of}, r, 1, record.WatchTold)
	}
	rate(Agreement, against.Name, shareOf(t.Complaints-t.Newly-t.Cleared, t.Complaints))
	told(Rank, calibration.Spearman(shadow, other))
	told(Both, float64(t.Both))
	told(Newly, float64(t.Newly))
	told(Cleared, float64(t.Cleared))
	rate(Precision, m.Name, t.Model.Precision)
	rate(Precision, against.Name, t.Against.Precision)
	rate(NewlyAbuse, against.Name, t.NewlyAbuse)
	rate(ClearedAbuse, against.Name, t.ClearedAbuse)
	if elsewhere > 0 {
		told(Elsewhere, float64(elsewhere))
	}
	return nil
}
