package watch

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"plaint/internal/record"
	"plaint/scoring/learn"
	"plaint/scoring/model"
)

var day0 = time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)

// world is a firm whose score is true: complaints an hour apart, one signal that
// speaks of abuse, verdicts two days later on whatever the score, claims upheld
// one in two, of abusers one in ten.
type world struct {
	n        int
	change   func(i int, k *record.Kept, bad *bool)
	verdicts func(i int, bad bool) []string // actions after opened; nil: the truth
	random   *rand.Rand
}

const own = "name: own-1\nthreshold: 0\nbase: -2\nsignals: [{signal: agent, points: [[0, 0], [4, 4]]}, {signal: refuted, points: [[0, 0], [1, 0]]}]\n"

func (w *world) watching(t testing.TB, champion record.ModelVersion) *record.Watching {
	t.Helper()
	w.random = rand.New(rand.NewPCG(3, 4))
	m, err := model.Parse([]byte(own))
	if err != nil {
		t.Fatal(err)
	}
	j, _ := m.Over(m.SignalNames())
	in := &record.Watching{Now: day0.Add(time.Duration(w.n)*time.Hour + 20*day), Champion: champion, Models: []record.ModelVersion{champion, {Name: "own-1", File: []byte(own)}}, Latest: day0.Add(time.Duration(w.n-1) * time.Hour)}
	kept := make([]record.Kept, w.n)
	for i := range kept {
		k := &kept[i]
		*k = record.Kept{Seq: int64(i + 1), Received: day0.Add(time.Duration(i) * time.Hour), Model: "own-1", Language: []string{"en", "zh"}[w.random.IntN(2)], Country: "MY",
			Type: "login", Signals: []float32{float32(4 * w.random.Float64()), float32(w.random.IntN(2))}, Upheld: record.No}
		d := j.Again(k.Signals, nil, record.Protection{})
		bad := w.random.Float64() < 1/(1+math.Exp(-d.Score))
		right := .5
		if bad {
			right = .1
		}
		if w.random.Float64() < right {
			k.Upheld = record.Yes
		}
		if w.change != nil {
			w.change(i, k, &bad)
		}
		actions := []string{map[bool]string{true: "confirmed", false: "cleared"}[bad]}
		if w.verdicts != nil {
			actions = w.verdicts(i, bad)
		}
		share := 0.
		if !j.Again(k.Signals, nil, record.Protection{}).Flagged {
			share = 1
		}
		in.Verdicts = append(in.Verdicts, record.Verdict{CaseID: k.Seq, Seq: k.Seq, At: k.Received, Action: "opened", Share: share, Model: champion.Name})
		for h, a := range actions {
			in.Verdicts = append(in.Verdicts, record.Verdict{CaseID: k.Seq, Seq: k.Seq, At: k.Received.Add(time.Duration(48+h) * time.Hour), Action: a})
		}
	}
	in.History = func(f func(*record.Kept) error) error {
		for i := range kept {
			k := kept[i]
			if err := f(&k); err != nil {
				return err
			}
		}
		return nil
	}
	in.Shaded = func(func(*record.Shaded) error) error { return nil }
	return in
}

// carded is the model with the card of a training on such complaints.
func carded(t testing.TB) record.ModelVersion {
	t.Helper()
	card := "card: {labels: {complaints: 4000, maturity_days: 14}, profile: [{name: agent, cuts: [0.4, 0.8, 1.2, 1.6, 2, 2.4, 2.8, 3.2, 3.6], shares: [.1, .1, .1, .1, .1, .1, .1, .1, .1, .1]}," +
		" {name: score, cuts: [-1.6, -1.2, -0.8, -0.4, 0, 0.4, 0.8, 1.2, 1.6], shares: [.1, .1, .1, .1, .1, .1, .1, .1, .1, .1]}]}\n"
	return record.ModelVersion{Name: "own-2", File: []byte("name: own-2" + own[len("name: own-1"):] + card)}
}

func measures(t testing.TB, in *record.Watching) map[string]record.Measure {
	t.Helper()
	list, err := Measures(in)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]record.Measure{}
	for _, m := range list {
		key := m.Kind
		if m.By != "" {
			key += " " + m.By + "=" + m.Part
		}
		if _, twice := out[m.Model+" "+key]; twice {
			t.Errorf("%s of %s twice", key, m.Model)
		}
		out[m.Model+" "+key], out[key] = m, m
	}
	return out
}

func said(m record.Measure) string {
	if m.Value == nil {
		return m.State + " nothing"
	}
	return fmt.Sprintf("%s %.3f of %d", m.State, *m.Value, m.N)
}

// TestQuietWorld: where the score is true nothing is an alarm, with a card and
// without one, and everything was measured.
func TestQuietWorld(t *testing.T) {
	for _, champion := range []record.ModelVersion{carded(t), {Name: "own-1", File: []byte(own)}} {
		got := measures(t, (&world{n: 4000}).watching(t, champion))
		for key, m := range got {
			if m.State == record.WatchAct || m.State == record.WatchLook || m.State == record.WatchFew {
				t.Errorf("%s %s: %s", champion.Name, key, said(m))
			}
		}
		for _, key := range []string{"psi signal=agent", "psi signal=score", "ks signal=score", "calibration", "suppression", "suppression language=zh", "override", "appeal", "false_ratio language=zh", "delay share=p90"} {
			if got[key].Value == nil {
				t.Errorf("%s: %s is not measured", champion.Name, key)
			}
		}
		if d := got["delay share=median"]; *d.Value != 2 {
			t.Errorf("the verdicts came after two days: %s", said(d))
		}
	}
}

// TestPlanted plants one fault at a time: its alarm rings, and no alarm that has
// nothing to do with it.
func TestPlanted(t *testing.T) {
	last := 4000 - 28*24
	for name, c := range map[string]struct {
		w     world
		alarm string
		also  []string // may ring as well
	}{
		"a signal shifts": {world{change: func(i int, k *record.Kept, _ *bool) {
			if i >= last {
				k.Signals[1] = 1
			}
		}}, "psi signal=refuted", []string{"ks signal=refuted"}},
		"the score shifts": {world{change: func(i int, k *record.Kept, bad *bool) {
			if i >= last && k.Signals[0] < 1 {
				k.Signals[0] += 3
				*bad = i%4 != 0 // as the score says
			}
		}}, "psi signal=score", []string{"psi signal=agent", "ks signal=agent", "ks signal=score"}},
		"calibration is lost": {world{change: func(i int, k *record.Kept, bad *bool) { *bad = *bad && i%3 != 0 }}, "calibration", []string{"override"}},
		"flagged people are right": {world{change: func(i int, k *record.Kept, _ *bool) {
			k.Upheld = []record.Tri{record.Yes, record.No}[i%2]
		}}, "suppression", []string{"suppression language=zh", "suppression language=en"}},
		"flagged people of one language are right": {world{change: func(i int, k *record.Kept, _ *bool) {
			if k.Language == "zh" {
				k.Upheld = []record.Tri{record.Yes, record.No}[i%2]
			}
		}}, "suppression language=zh", nil},
		"honest people of one language are flagged": {world{change: func(i int, k *record.Kept, bad *bool) {
			if k.Language == "zh" && i%2 == 0 {
				*bad, k.Signals[0] = false, 3.5
			}
		}}, "false_ratio language=zh", []string{"calibration", "override", "psi signal=agent", "psi signal=score", "ks signal=agent", "ks signal=score", "suppression language=zh"}},
		"proposals are turned down": {world{verdicts: func(int, bool) []string { return []string{"cleared"} }}, "override", []string{"calibration"}},
		"confirmations are overturned": {world{verdicts: func(i int, bad bool) []string {
			if bad && i%3 == 0 {
				return []string{"confirmed", "overturned", "reopened", "confirmed"}
			}
			return []string{map[bool]string{true: "confirmed", false: "cleared"}[bad]}
		}}, "appeal", nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := c.w
			w.n = 4000
			got := measures(t, w.watching(t, record.ModelVersion{Name: "own-1", File: []byte(own)}))
			if m := got[c.alarm]; m.State != record.WatchAct {
				t.Errorf("%s: %s", c.alarm, said(m))
			}
		other:
			for key, m := range got {
				for _, may := range append(c.also, c.alarm) {
					if key == may || key == "own-1 "+may {
						continue other
					}
				}
				if m.State == record.WatchAct {
					t.Errorf("%s rings as well: %s", key, said(m))
				}
			}
		})
	}
}

// TestDriftAgainstTheCard: a card's window is what recent complaints are compared
// with, however long the drift has lasted.
func TestDriftAgainstTheCard(t *testing.T) {
	w := world{n: 4000, change: func(_ int, k *record.Kept, _ *bool) { k.Signals[0] /= 2 }}
	for name, want := range map[string]string{"own-2": record.WatchAct, "own-1": record.WatchOK} {
		champion := carded(t)
		if name == "own-1" {
			champion = record.ModelVersion{Name: "own-1", File: []byte(own)}
		}
		if m := measures(t, w.watching(t, champion))["psi signal=score"]; m.State != want {
			t.Errorf("%s: %s", name, said(m))
		}
	}
}

// TestLittle: nothing, one complaint, one verdict, no verdict: nothing rings,
// nothing fails, and it is said that there is too little.
func TestLittle(t *testing.T) {
	for _, n := range []int{0, 1, 20} {
		for name, verdicts := range map[string]func(int, bool) []string{"all": nil, "none": func(int, bool) []string { return nil }, "one": func(i int, _ bool) []string {
			if i == 0 {
				return []string{"confirmed"}
			}
			return nil
		}} {
			for _, champion := range []record.ModelVersion{carded(t), {}} {
				w := world{n: n, verdicts: verdicts}
				got := measures(t, w.watching(t, champion))
				for key, m := range got {
					if m.State == record.WatchAct || m.State == record.WatchLook {
						t.Errorf("%d complaints, %s verdicts: %s %s", n, name, key, said(m))
					}
				}
				if m := got["calibration"]; m.State != record.WatchFew || n == 0 && m.Value != nil {
					t.Errorf("%d complaints, %s verdicts: %s", n, name, said(m))
				}
			}
		}
	}
}

// shade lets a shadow of another threshold judge, now and then beside another model.
func shade(in *record.Watching, file string) {
	in.Shadow = record.ModelVersion{Name: "own-9", File: []byte(file)}
	in.Models = append(in.Models, in.Shadow)
	in.Shaded = func(f func(*record.Shaded) error) error {
		return in.History(func(k *record.Kept) error {
			score := float64(k.Signals[0]) - 2
			x := record.Shaded{Kept: *k, Judged: record.Decision{Model: "own-1", Score: score, Flagged: score >= 0}, Shadow: record.Decision{Model: "own-9", Score: 2 * score, Threshold: 1, Flagged: 2*score >= 1}}
			if k.Seq <= 10 {
				x.Judged.Model = "older"
			}
			return f(&x)
		})
	}
}

// TestShadowBeside: what champion and shadow say of the same complaints, counted
// by hand.
func TestShadowBeside(t *testing.T) {
	in := (&world{n: 2000}).watching(t, record.ModelVersion{Name: "own-1", File: []byte(own)})
	shade(in, "name: own-9\nthreshold: 1\nbase: -4\nsignals: [{signal: agent, points: [[0, 0], [4, 8]]}]\n")
	in.Unshaded = 3
	labels := learn.Labels(in.Verdicts, in.Now)
	cleared, bad, both, good := 0., 0., 0., 0.
	_ = in.History(func(k *record.Kept) error {
		s := float64(k.Signals[0]) - 2
		switch {
		case k.Seq <= 10:
		case s >= .5:
			both++
			if labels[k.Seq].Bad {
				good++
			}
		case s >= 0:
			cleared++
			if labels[k.Seq].Bad {
				bad++
			}
		}
		return nil
	})
	got := measures(t, in)
	for key, want := range map[string]float64{"agreement model=own-1": 1 - cleared/1990, "rank model=own-1": 1, "both model=own-1": both, "newly model=own-1": 0, "cleared model=own-1": cleared,
		"precision model=own-9": good / both, "precision model=own-1": (good + bad) / (both + cleared), "clear_abuse model=own-1": bad / cleared, "other_models model=own-1": 10, "missed": 3} {
		if m := got[key]; m.Value == nil || math.Abs(*m.Value-want) > 1e-9 {
			t.Errorf("%s: %s, want %v", key, said(m), want)
		}
	}
	if got["missed"].State != record.WatchAct || got["newly_abuse model=own-1"].Value != nil {
		t.Errorf("%s, %s", said(got["missed"]), said(got["newly_abuse model=own-1"]))
	}
}

// TestUnreadable: a champion or shadow that cannot be read is an alarm, and the
// other is measured all the same.
func TestUnreadable(t *testing.T) {
	in := (&world{n: 300}).watching(t, record.ModelVersion{Name: "broken", File: []byte("name: [")})
	shade(in, "name: own-9\nthreshold: 1\nbase: -4\nsignals: [{signal: agent, points: [[0, 0], [4, 8]]}]\n")
	got := measures(t, in)
	if got["broken unreadable"].State != record.WatchAct || got["own-9 unreadable"].State != record.WatchOK || got["agreement model=own-1"].N != 290 {
		t.Errorf("%v", got)
	}
	in = (&world{n: 300}).watching(t, record.ModelVersion{Name: "own-1", File: []byte(own)})
	shade(in, "nonsense")
	got = measures(t, in)
	if got["own-9 unreadable"].State != record.WatchAct || got["calibration"].Value == nil {
		t.Errorf("%v", got)
	}
}

// TestCasesOfOthers: what people made of cases that another model opened is not
// counted for this one, the very day that it is promoted and later.
func TestCasesOfOthers(t *testing.T) {
	w := world{n: 4000, verdicts: func(i int, _ bool) []string { return []string{"confirmed", "overturned"} }}
	in := w.watching(t, record.ModelVersion{Name: "own-1", File: []byte(own)})
	flagged := 0
	for i, v := range slices.Backward(in.Verdicts) {
		if v.Action != "opened" || v.Share > 0 {
			continue
		}
		if flagged++; flagged > 40 {
			in.Verdicts[i].Model = "older"
		}
	}
	if flagged < 1000 {
		t.Fatalf("%d cases", flagged)
	}
	got := measures(t, in)
	for _, kind := range []string{Override, Appeal} {
		if m := got[kind]; m.N != 40 || m.State != record.WatchAct {
			t.Errorf("%s: %s, want those of the 40 cases that it opened", kind, said(m))
		}
	}
}

// TestLimitsCanBeReached: no limit is where the measure never comes, and every limit
// says on which side of it the alarm is.
func TestLimitsCanBeReached(t *testing.T) {
	for _, n := range []int{1, 3, 20, 300, 4000} {
		for key, m := range measures(t, (&world{n: n}).watching(t, carded(t))) {
			if (m.Kind == KS || m.Kind == Calibration) && m.Limit != nil && *m.Limit >= 1 {
				t.Errorf("%d complaints, %s: a limit of %.2f", n, key, *m.Limit)
			}
			want := ""
			switch {
			case m.Limit == nil:
			case m.Kind == Suppression:
				want = record.AlarmBelow
			default:
				want = record.AlarmAbove
			}
			if m.Alarm != want {
				t.Errorf("%d complaints, %s: an alarm %q its limit, want %q", n, key, m.Alarm, want)
			}
		}
	}
}
