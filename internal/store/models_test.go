package store

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"plaint/internal/record"
)

func TestOneChampionAndOneShadow(t *testing.T) {
	s := fresh(t)
	ctx := t.Context()
	for _, name := range []string{"own-1", "own-2", "own-3"} {
		if err := s.AddModel(ctx, record.ModelVersion{Name: name, Author: "P", From: day0, To: day0.Add(time.Hour), File: []byte("name: " + name)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.AddModel(ctx, record.ModelVersion{Name: "own-2"}); !errors.Is(err, ErrModelName) {
		t.Errorf("a name twice: %v", err)
	}
	for _, x := range []struct {
		name, state, displaced string
		err                    error
	}{
		{"own-1", record.Shadow, "", nil},
		{"own-2", record.Shadow, "own-1", nil},
		{"own-2", record.Shadow, "", ErrModelState},
		{"own-2", record.Champion, "plaint-1", nil},
		{"own-2", record.Retired, "", ErrModelState}, // nobody would judge
		{"own-2", record.Champion, "", ErrModelState},
		{"own-3", record.Champion, "own-2", nil},
		{"plaint-1", record.Champion, "own-3", nil},
		{"nobody", record.Champion, "", ErrNoModel},
		{"own-1", record.Retired, "", nil},
	} {
		displaced, err := s.Promote(ctx, record.ModelVersion{Name: x.name, State: x.state, By: "P", Reason: "why"}, "plaint-1", x.name == "plaint-1")
		if displaced != x.displaced || !errors.Is(err, x.err) {
			t.Errorf("%s to %s: %q, %v", x.name, x.state, displaced, err)
		}
	}
	got := ""
	list, err := s.Models(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range list {
		got += fmt.Sprint(m.Name, " ", m.State, " ", string(m.File), ", ")
	}
	if want := "plaint-1 champion , own-1 retired name: own-1, own-2 retired name: own-2, own-3 retired name: own-3, "; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	events, err := s.ModelEvents(ctx)
	if err != nil || len(events) != 3+6+5-1 { // made, changed, displaced
		t.Errorf("%d events, %v", len(events), err)
	}
	if m, err := s.ModelIn(ctx, record.Shadow); err != nil || m.Name != "" {
		t.Errorf("%+v, %v", m, err)
	}
}

// came is a complaint received at a moment.
func came(id string, at time.Time) record.Complaint {
	c := state(id, "open", at)
	c.Received = record.At(at)
	c.Stamp(nil)
	return c
}

// TestAuditIsDrawnAtRandom: a case of the audit says with which chance it was
// drawn, is no flag, and its verdict comes with that chance.
func TestAuditIsDrawnAtRandom(t *testing.T) {
	s := fresh(t)
	ctx := t.Context()
	var batch record.Batch
	for i := range 500 {
		batch.Complaints = append(batch.Complaints, came(fmt.Sprint("C", i), day0.Add(time.Duration(i)*time.Minute)))
	}
	few := func(c *record.Complaint, _ *record.History) record.Decision {
		return record.Decision{Model: "few", Flagged: c.ExternalID == "C7"}
	}
	if _, err := s.Admit(ctx, &batch, few); err != nil {
		t.Fatal(err)
	}
	would, of, err := s.WouldDraw(ctx, Drawing{N: 40, Seed: "1", To: day0.Add(300 * time.Minute)})
	if err != nil || len(would) != 40 || of != 299 {
		t.Fatalf("%d of %d, %v", len(would), of, err)
	}
	drawn, of, err := s.Draw(ctx, Drawing{N: 40, Seed: "1", To: day0.Add(300 * time.Minute)})
	if err != nil || drawn != 40 || of != 299 {
		t.Fatalf("%d of %d, %v", drawn, of, err)
	}
	for _, x := range would { // what was foretold, and nothing was opened by foretelling it
		var n int
		if err := s.QueryRow(ctx, "select count(*) from case_event e join complaint c using (seq) where e.actor = 'audit' and e.seq = ? and c.external_id = ?", x.Seq, x.ExternalID).Scan(&n); err != nil || n != 1 {
			t.Errorf("%+v: %d cases, %v", x, n, err)
		}
	}
	again, of, err := s.Draw(ctx, Drawing{N: 1000, Seed: "1", To: day0.Add(300 * time.Minute)})
	if err != nil || again != 259 || of != 259 {
		t.Fatalf("%d of %d, %v", again, of, err)
	}
	var first int64
	if err := s.QueryRow(ctx, "select min(case_id) from case_event where actor = 'audit'").Scan(&first); err != nil {
		t.Fatal(err)
	}
	if err := insert(ctx, s, caseTable, []caseRow{{id: first, seq: 0, at: day0, actor: "P", action: "cleared"}}); err != nil {
		t.Fatal(err)
	}
	list, err := s.Verdicts(ctx)
	if err != nil || len(list) != 2 || list[0].Action != "opened" || list[0].Share != 40./299 || list[1].Action != "cleared" {
		t.Errorf("%+v, %v", list, err)
	}
	r, err := s.Rescore(ctx, "few", few)
	if err != nil || r.Flagged != 1 || r.Opened != 0 || r.Cleared != 0 {
		t.Errorf("a drawn case counts as flagged: %+v, %v", r, err)
	}
	if cases, err := s.Cases(ctx, 0, 0); err != nil || len(cases) != 300 {
		t.Errorf("%d cases, %v", len(cases), err)
	}
}

// TestHistoryIsTheLatestDecision in pages of arrival, and Replay keeps nothing.
func TestHistoryIsTheLatestDecision(t *testing.T) {
	s := fresh(t)
	ctx := t.Context()
	say := func(v float32) Decide {
		return func(*record.Complaint, *record.History) record.Decision {
			return record.Decision{Model: fmt.Sprint("m", v), Signals: []float32{v, 0, 2 * v, 0}}
		}
	}
	one, two := came("one", day0), came("two", day0.Add(30*time.Hour))
	two.Customer, two.Upheld = "U2", record.Yes
	account := record.Account{Customer: "U1", Country: "CN", Opened: record.At(day0)}
	account.ExternalID = "A"
	account.Stamp(nil)
	if _, err := s.Admit(ctx, &record.Batch{Accounts: []record.Account{account}, Complaints: []record.Complaint{one, two}}, say(1)); err != nil {
		t.Fatal(err)
	}
	read := func() (out []record.Kept) {
		t.Helper()
		if err := s.History(ctx, func(k *record.Kept) error {
			c := *k
			c.Signals = append([]float32(nil), k.Signals...)
			out = append(out, c)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return out
	}
	k := read()
	if len(k) != 2 || k[0].Seq != 1 || k[0].Model != "m1" || len(k[0].Signals) != 3 || k[0].Signals[2] != 2 || k[0].Country != "CN" || k[0].Upheld != record.Unknown ||
		k[1].Upheld != record.Yes || k[1].Country != "" || !k[1].Received.Equal(day0.Add(30*time.Hour)) {
		t.Fatalf("%+v", k)
	}
	if _, err := s.Rescore(ctx, "m2", say(2)); err != nil {
		t.Fatal(err)
	}
	if k = read(); k[0].Model != "m2" || k[0].Run == 0 || k[1].Signals[0] != 2 {
		t.Errorf("%+v", k)
	}
	seen := 0
	if err := s.Replay(ctx, func(c *record.Complaint, _ *record.History) { seen += int(c.Line) }); err != nil || seen != 3 {
		t.Errorf("%d, %v", seen, err)
	}
	var decisions, runs int
	if err := s.QueryRow(ctx, "select (select count(*) from decision), (select count(*) from run)").Scan(&decisions, &runs); err != nil || decisions != 4 || runs != 1 {
		t.Errorf("%d decisions, %d runs, %v", decisions, runs, err)
	}
}

// TestVerdictsNameWhoOpened: a case is of the model whose decision opened it,
// whoever judged the complaint before or after; one that was drawn is nobody's.
func TestVerdictsNameWhoOpened(t *testing.T) {
	s := fresh(t)
	ctx := t.Context()
	clock := day0.Add(100 * time.Hour)
	s.now = func() time.Time { clock = clock.Add(time.Second); return clock }
	judge := func(model string, ids ...string) Decide {
		return func(c *record.Complaint, _ *record.History) record.Decision {
			return record.Decision{Model: model, Flagged: slices.Contains(ids, c.ExternalID)}
		}
	}
	batch := record.Batch{Complaints: []record.Complaint{came("one", day0), came("two", day0.Add(time.Hour)), came("three", day0.Add(2*time.Hour))}}
	if _, err := s.Admit(ctx, &batch, judge("first", "one")); err != nil {
		t.Fatal(err)
	}
	for _, m := range []string{"second", "third"} {
		if _, err := s.Rescore(ctx, m, judge(m, "one", "two")); err != nil {
			t.Fatal(err)
		}
	}
	if n, _, err := s.Draw(ctx, Drawing{N: 1, Seed: "1"}); err != nil || n != 1 {
		t.Fatalf("%d, %v", n, err)
	}
	if err := s.Rule(ctx, []Ruling{{1, Confirmed, "P", "n"}, {2, Confirmed, "P", "n"}, {3, Cleared, "P", "n"}}); err != nil {
		t.Fatal(err)
	}
	list, err := s.Verdicts(ctx)
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, v := range list {
		got += fmt.Sprintf("%d %s %q, ", v.Seq, v.Action, v.Model)
	}
	if want := `1 opened "first", 1 confirmed "", 2 opened "second", 2 confirmed "", 3 opened "", 3 cleared "", `; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}
