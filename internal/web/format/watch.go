package format

import (
	"plaint/internal/record"
	"plaint/scoring/watch"
)

// shares of a whole, among what is watched.
var shares = map[string]bool{watch.Override: true, watch.Appeal: true, watch.Upheld: true, watch.Suppression: true, watch.Agreement: true,
	watch.Precision: true, watch.Rule: true, watch.NewlyAbuse: true, watch.ClearedAbuse: true}

// Measured words a value of what is watched; a dash where there is none.
func (f Format) Measured(kind string, v *float64) string {
	switch {
	case v == nil:
		return "–"
	case shares[kind]:
		return f.Percent(*v)
	case kind == watch.Delay:
		return f.Words.T("watch_days", "n", f.Num(*v, 1))
	case kind == watch.FalseRatio:
		return f.Fixed(*v, 2)
	case *v == float64(int(*v)) && kind != watch.PSI && kind != watch.KS && kind != watch.Rank && kind != watch.Calibration:
		return f.Int(int(*v))
	}
	return f.Fixed(*v, 3)
}

// AlarmAt words the limit of a measure and on which side of it an alarm rings; a
// dash where there is none.
func (f Format) AlarmAt(m record.Measure) string {
	if m.Limit == nil {
		return "–"
	}
	return f.Words.T("watch_alarm_"+watch.Side(m.Kind), "limit", f.Measured(m.Kind, m.Limit))
}

// Between is the interval of a measure, a dash where there is none.
func (f Format) Between(m record.Measure) string {
	if m.Low == nil || m.High == nil {
		return "–"
	}
	return f.Measured(m.Kind, m.Low) + " – " + f.Measured(m.Kind, m.High)
}

// Part names what a measure is of.
func (f Format) Part(m record.Measure) string {
	switch m.By {
	case "":
		return "–"
	case "rule":
		return m.Part
	case "signal", "model":
		return f.Words.Name(m.By, m.Part)
	case "flagged", "share":
		return f.Words.T("watch_" + m.By + "_" + m.Part)
	}
	return f.Words.T("watch_by_"+m.By) + ": " + f.Words.Name(m.By, m.Part)
}

// Worth leaves out the signals that have not moved: the score stands for them.
func Worth(m record.Measure) bool {
	return m.By != "signal" || m.Part == "score" || m.State == record.WatchLook || m.State == record.WatchAct
}

// Says words what an alarm means, or would mean.
func (f Format) Says(m record.Measure) string {
	says := f.Words.T("watch_says_" + m.Kind)
	if m.State == record.WatchLook {
		return f.Words.T("watch_look", "says", says)
	}
	return says
}

// Rings leaves of measures one for each alarm, the worst, in their order.
func Rings(list []record.Measure) (out []record.Measure) {
	at := map[string]int{}
	for _, m := range list {
		i, seen := at[m.Kind]
		switch {
		case m.State != record.WatchAct && m.State != record.WatchLook:
		case !seen:
			at[m.Kind] = len(out)
			out = append(out, m)
		case m.State == record.WatchAct:
			out[i] = m
		}
	}
	return out
}
