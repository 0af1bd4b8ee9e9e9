package learn_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"plaint/internal/record"
	"plaint/scoring/learn"
	"plaint/scoring/model"
)

func TestLabelsAreTheFinalVerdicts(t *testing.T) {
	at := func(hours int) time.Time { return day0.Add(time.Duration(hours) * time.Hour) }
	list := []record.Verdict{
		{CaseID: 1, Seq: 10, At: at(0), Action: "opened"}, {CaseID: 1, Seq: 10, At: at(5), Action: "confirmed"}, {CaseID: 1, Seq: 10, At: at(20), Action: "overturned"},
		{CaseID: 2, Seq: 20, At: at(0), Action: "opened", Share: .02}, {CaseID: 2, Seq: 20, At: at(6), Action: "cleared"}, {CaseID: 2, Seq: 20, At: at(9), Action: "confirmed"},
		{CaseID: 3, Seq: 30, At: at(0), Action: "opened"}, {CaseID: 3, Seq: 30, At: at(7), Action: "confirmed"}, {CaseID: 3, Seq: 30, At: at(8), Action: "reopened"},
		{CaseID: 4, Seq: 40, At: at(0), Action: "opened"},
		// Drawn at random first, then its score brought it up as well.
		{CaseID: 5, Seq: 50, At: at(0), Action: "opened", Share: .1}, {CaseID: 5, Seq: 50, At: at(3), Action: "cleared"},
		{CaseID: 6, Seq: 50, At: at(4), Action: "opened"}, {CaseID: 6, Seq: 50, At: at(6), Action: "confirmed"},
	}
	for hours, want := range map[int]string{
		4:  "50: false 10 true, ",
		6:  "10: true 1 false, 20: false 50 true, 50: true 1 false, ",
		7:  "10: true 1 false, 20: false 50 true, 30: true 1 false, 50: true 1 false, ",
		30: "10: false 1 false, 20: true 50 true, 50: true 1 false, ",
	} {
		got := ""
		labels := learn.Labels(list, at(hours))
		for _, seq := range []int64{10, 20, 30, 40, 50} {
			if l, ok := labels[seq]; ok {
				got += fmt.Sprintf("%d: %v %.4g %v, ", seq, l.Bad, l.Weight, l.Audited)
			}
		}
		if got != want {
			t.Errorf("after %d hours: %s, want %s", hours, got, want)
		}
	}
	if l := learn.Labels(list, at(30))[10]; !l.Decided.Equal(at(20)) {
		t.Errorf("the last word is of %v", l.Decided)
	}
}

// made are complaints whose agent and refuted speak of abuse, a day apart an hour.
func made(n int, change func(i int, k *record.Kept, l *learn.Label)) (*learn.Data, []record.Kept, map[int64]learn.Label) {
	random := rand.New(rand.NewPCG(7, 8))
	m, _ := model.Load(model.Default)
	names := m.SignalNames()
	at := map[string]int{}
	for i, n := range names {
		at[n] = i
	}
	labels := map[int64]learn.Label{}
	kept := make([]record.Kept, n)
	for i := range kept {
		v := make([]float32, len(names))
		v[at["agent"]], v[at["refuted"]] = float32(random.IntN(3)), float32(random.IntN(3)/2)
		v[at["young_account"]] = float32(random.Float64())
		z := -3 + 2*float64(v[at["agent"]]) + 2*float64(v[at["refuted"]])
		bad := random.Float64() < 1/(1+math.Exp(-z))
		kept[i] = record.Kept{Seq: int64(i + 1), Received: day0.Add(time.Duration(i) * time.Hour), Model: model.Default, Signals: v, Language: []string{"zh", "en"}[i%2],
			Type: "login", Protection: record.Protection{Crowd: func() float64 { return 1 }}}
		l := learn.Label{Bad: bad, Weight: 1}
		if change != nil {
			change(i, &kept[i], &l)
		}
		if l.Weight > 0 {
			labels[kept[i].Seq] = l
		}
	}
	d := learn.NewData(names, func(string) []string { return names }, learn.Labelling{Source: "file", Labels: labels})
	for i := range kept {
		d.Add(&kept[i])
	}
	return d, kept, labels
}

// place is that of a signal among those kept.
func place(name string) int {
	m, _ := model.Load(model.Default)
	return slices.Index(m.SignalNames(), name)
}

func code(err error) string {
	var p *learn.Problem
	if errors.As(err, &p) {
		return p.Code
	}
	return fmt.Sprint(err)
}

func TestTrainedModelIsWhatWasMeasured(t *testing.T) {
	d, kept, _ := made(3000, nil)
	m, err := learn.Train(d, learn.Options{Name: "own-1", Parent: builtin(t), Aim: learn.Aim{Queue: 6}})
	if err != nil {
		t.Fatal(err)
	}
	c := m.Card
	if c.Test.AUROC < .8 || c.Test.Error > .05 || c.Blocks[0].Rows != 1800 || c.Blocks[2].Rows != 600 || !c.Blocks[1].From.Equal(kept[1800].Received) {
		t.Errorf("%+v", c)
	}
	if n := c.Threshold.Found; n > 6 || n < 4 { // a day has 24 complaints
		t.Errorf("%v a day were asked for, %v came", c.Threshold.Asked, n)
	}
	if !slices.Contains(c.Carried, "payout_others") || slices.Contains(c.Carried, "agent") {
		t.Errorf("carried: %v", c.Carried)
	}
	// What never occurred keeps its meaning, and nothing known is not suspicious.
	parent := builtin(t)
	for i := range m.Signals {
		s := &m.Signals[i]
		if slices.Contains(c.Carried, s.Signal) && !slices.Equal(s.Points, parent.Signals[i].Points) {
			t.Errorf("%s: %v", s.Signal, s.Points)
		}
	}
	if d := m.Decide(&record.Complaint{Received: record.At(day0)}, &record.History{}); d.Score != m.Calibration.Of(m.Base) || d.Flagged {
		t.Errorf("nothing known: %+v", d)
	}
	again, err := learn.Train(d, learn.Options{Name: "own-1", Parent: parent, Aim: learn.Aim{Queue: 6}})
	if err != nil || again.Base != m.Base || again.Threshold != m.Threshold {
		t.Errorf("the same training gives another model: %v %v", again, err)
	}
}

func TestThresholdsKeepWhatTheySay(t *testing.T) {
	d, _, _ := made(6000, nil)
	p, err := learn.Train(d, learn.Options{Name: "own-1", Parent: builtin(t), Aim: learn.Aim{Precision: .7}})
	if err != nil {
		t.Fatal(err)
	}
	if a := p.Card.Threshold; a.Low < .7 || a.Kept < .65 {
		t.Errorf("%+v", a)
	}
	if _, err := learn.Train(d, learn.Options{Name: "own-1", Parent: builtin(t), Aim: learn.Aim{Precision: .999}}); code(err) != "err_learn_promise" {
		t.Errorf("a promise that cannot be kept: %v", err)
	}
	cheap, err := learn.Train(d, learn.Options{Name: "own-1", Parent: builtin(t), Aim: learn.Aim{Cost: 1}})
	if err != nil {
		t.Fatal(err)
	}
	dear, err := learn.Train(d, learn.Options{Name: "own-1", Parent: builtin(t), Aim: learn.Aim{Cost: 20}})
	if err != nil || cheap.Threshold != 0 || dear.Card.Test.Flagged <= cheap.Card.Test.Flagged {
		t.Errorf("%v: %d flagged where a miss is dear, %d where it is not", err, dear.Card.Test.Flagged, cheap.Card.Test.Flagged)
	}
}

func TestTrainRefuses(t *testing.T) {
	for name, x := range map[string]struct {
		want   string
		n      int
		change func(i int, k *record.Kept, l *learn.Label)
	}{
		"too few":                {"err_learn_few", 3000, func(i int, _ *record.Kept, l *learn.Label) { l.Bad = i < 40 }},
		"none labelled":          {"err_learn_few", 3000, func(_ int, _ *record.Kept, l *learn.Label) { l.Weight = 0 }},
		"decided too late":       {"err_learn_block_learn", 3000, func(_ int, _ *record.Kept, l *learn.Label) { l.Decided = day0.AddDate(1, 0, 0) }},
		"no abuse at the end":    {"err_learn_block_test", 3000, func(i int, _ *record.Kept, l *learn.Label) { l.Bad = l.Bad && i < 2400 }},
		"nobody knows the order": {"err_learn_few", 3000, func(_ int, k *record.Kept, _ *learn.Label) { k.Model = "gone" }},
		"the signal is the verdict": {"err_learn_leak", 3000, func(_ int, k *record.Kept, l *learn.Label) {
			l.Bad = k.Signals[place("refuted")] > 0
		}},
	} {
		t.Run(name, func(t *testing.T) {
			d, kept, labels := made(x.n, x.change)
			if name == "nobody knows the order" {
				d = learn.NewData(d.Names, orders(t), learn.Labelling{Labels: labels})
				for i := range kept {
					d.Add(&kept[i])
				}
			}
			if _, err := learn.Train(d, learn.Options{Name: "x", Parent: builtin(t)}); code(err) != x.want {
				t.Errorf("%v, want %s", err, x.want)
			}
		})
	}
	d, _, _ := made(3000, func(_ int, k *record.Kept, l *learn.Label) { l.Bad = k.Signals[place("refuted")] > 0 })
	m, err := learn.Train(d, learn.Options{Name: "x", Parent: builtin(t), Ignore: []string{"refuted"}})
	if err != nil || !m.Signals[place("refuted")].Flat() {
		t.Errorf("without it: %v", err)
	}
}

// TestMaturity leaves out what is too young for a final verdict, whatever it says.
func TestMaturity(t *testing.T) {
	_, kept, labels := made(1000, nil)
	asOf := kept[999].Received
	d := learn.NewData(builtin(t).SignalNames(), orders(t), learn.Labelling{Labels: labels, AsOf: asOf, Maturity: 100 * time.Hour})
	for i := range kept {
		d.Add(&kept[i])
	}
	if len(d.Rows) != 900 || d.Young != 100 {
		t.Errorf("%d rows, %d too young", len(d.Rows), d.Young)
	}
}

// TestAuditMends: labels of flagged complaints alone make a model that believes
// too much; a random share of the rest, weighed by its chance, mends it.
func TestAuditMends(t *testing.T) {
	errorOf := func(share float64) float64 {
		random := rand.New(rand.NewPCG(1, 9))
		d, _, _ := made(20_000, func(_ int, k *record.Kept, l *learn.Label) {
			switch drawn := random.Float64() < share; {
			case k.Signals[place("agent")] >= 1: // what the score brought up
			case drawn:
				l.Weight, l.Audited = 1/share, true
			default:
				l.Weight = 0
			}
		})
		m, err := learn.Train(d, learn.Options{Name: "x", Parent: builtin(t)})
		if err != nil {
			t.Fatal(err)
		}
		all, _, _ := made(20_000, nil)
		f, err := all.Evaluate(time.Time{}, m)
		if err != nil {
			t.Fatal(err)
		}
		return f[0].Error
	}
	alone, mended := errorOf(0), errorOf(.2)
	if mended > .02 || alone < 2*mended {
		t.Errorf("calibration error %.4f with a sample, %.4f without", mended, alone)
	}
}

func TestBacktestSaysWhatChanges(t *testing.T) {
	_, kept, labels := made(2000, func(i int, k *record.Kept, _ *learn.Label) {
		k.Upheld = []record.Tri{record.Yes, record.No, record.Unknown}[i%3]
	})
	old := builtin(t)
	lower := *old
	lower.Name, lower.Threshold = "lower", -3
	b := learn.NewBacktest(&lower, old, orders(t), learn.Labelling{Labels: labels, From: day0, To: kept[1999].Received}, 10)
	appeared, bad := 0, 0
	for i := range kept {
		c, changed := b.Add(&kept[i])
		if !changed {
			continue
		}
		if !c.Flagged || c.New.Score != c.Old.Score || c.New.Score < -3 || c.Old.Score >= old.Threshold {
			t.Fatalf("%+v", c)
		}
		appeared++
		if labels[c.Seq].Bad {
			bad++
		}
	}
	r := b.Result()
	if r.Complaints != 1999 || r.Newly != appeared || appeared == 0 || r.Cleared != 0 || r.Both != r.Against.AllFlagged || r.Model.AllFlagged != r.Both+r.Newly {
		t.Errorf("%+v", r)
	}
	if got := r.NewlyAbuse; got.N != appeared || math.Abs(got.Share-float64(bad)/float64(appeared)) > 1e-12 || got.Low >= got.Share || got.High <= got.Share {
		t.Errorf("%+v, want %d of %d", got, bad, appeared)
	}
	// Outcomes were dealt out in turn: flagged claims are upheld as often as others.
	if !r.Model.Suppression || r.Model.Cost == nil || math.Abs(r.Model.ADay-float64(r.Model.AllFlagged)/(1998./24)) > 1e-9 {
		t.Errorf("%+v", r.Model)
	}
	if len(r.Model.Groups) != 2 || r.Model.Groups[0].By != "language" || r.Model.Groups[0].Ratio.Low > 1 || r.Model.Groups[0].Ratio.High < 1 {
		t.Errorf("%+v", r.Model.Groups)
	}
	kept[0].Model = "gone"
	if b.Add(&kept[0]); b.Result().Unread != 1 || !slices.Equal(b.Result().Unknown, []string{"gone"}) {
		t.Errorf("%+v", b.Result())
	}
}

func TestDriftFindsWhatMoved(t *testing.T) {
	d, kept, labels := made(3000, nil)
	m, err := learn.Train(d, learn.Options{Name: "x", Parent: builtin(t)})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range d.Drift(m, time.Time{}) {
		if x.PSI > 1e-6 || x.KS > 1e-6 {
			t.Errorf("nothing moved: %+v", x)
		}
	}
	moved := learn.NewData(d.Names, orders(t), learn.Labelling{Labels: labels})
	for i := range kept {
		kept[i].Signals = slices.Clone(kept[i].Signals)
		kept[i].Signals[place("young_account")] /= 2
		moved.Add(&kept[i])
	}
	if got := moved.Drift(m, time.Time{}); got[0].Name != "young_account" || got[0].PSI < .25 || got[0].KS < .3 || got[2].PSI > .1 {
		t.Errorf("%+v", got[:3])
	}
	if strings.Contains(fmt.Sprint(moved.Drift(builtin(t), time.Time{})), "young") {
		t.Error("a model without a card has no window")
	}
}
