package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"plaint/ingest/file"
	"plaint/ingest/simulate"
	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/internal/store/keep"
	"plaint/internal/testload"
	"plaint/internal/web"
	"plaint/internal/web/view"
	"plaint/scoring/learn"
	"plaint/scoring/model"
	"plaint/scoring/rule"
)

const rulesFile = `rules:
  - name: agent_large
    when: agent >= 1.0 && amount > 500.0 && type in ["withdrawal_delay", "abnormal_trade"]
    points: 1.5
    about: {en: "A large claim by an agent", zh: "代理人提出的大额索赔"}
  - {name: by_payout, when: 'payout_others > 0', points: 2.5, about: {en: "A payout account of many", zh: "多人共用收款账户"}, by: wang}
  - {name: long_known, when: 'repeat_30d == 0.0 && device_others == 0.0', points: -0.6}
  - {name: small_hours, when: 'hour < 5 || weekday in [6, 7]', points: 0.25}
  - {name: breaks, when: '10 / (hour - 9) > 3 && type != "fee"', points: 0.1}
`

// rulesOf reads rules as the command does.
func rulesOf(t *testing.T) []rule.Rule {
	t.Helper()
	dir := t.TempDir()
	put(t, dir, "r.yaml", rulesFile)
	rules, err := (&env{cwd: dir}).readRules("r.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// same tells whether two decisions are the same to the last digit.
func same(a, b record.Decision) bool {
	short := func(s []float32) []float32 {
		for len(s) > 0 && s[len(s)-1] == 0 {
			s = s[:len(s)-1]
		}
		return s
	}
	return a.Score == b.Score && a.Flagged == b.Flagged && slices.Equal(short(a.Signals), short(b.Signals))
}

// ruledQuarter is a simulated quarter whose complaints lack what real ones lack.
type ruledQuarter struct {
	dir  string
	rows []record.Complaint
	m    *model.Model // with rules
	base *model.Model
}

func newRuledQuarter(t *testing.T) *ruledQuarter {
	t.Helper()
	q := &ruledQuarter{dir: t.TempDir()}
	if _, err := (simulate.Config{Seed: 7, Complaints: 1200, Customers: 900, LogLines: 100, Fraud: .3}).WriteDir(q.dir); err != nil {
		t.Fatal(err)
	}
	plans, done, err := file.Inspect(t.Context(), filepath.Join(q.dir, "complaints.csv"), file.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	if err := plans[0].Read(t.Context(), func(b *record.Batch) error { q.rows = append(q.rows, b.Complaints...); return nil }); err != nil {
		t.Fatal(err)
	}
	for i := range q.rows {
		c := &q.rows[i]
		switch i % 7 {
		case 0:
			c.Amount = record.Number{}
		case 1:
			c.Received.Precision = record.ToDay
		case 2:
			c.Type = strings.Repeat("fee", 200)
		case 3:
			c.Amount, c.Currency = record.Num(float64(i)), "EUR"
		}
		if i > len(q.rows)-40 {
			c.Received = record.Moment{}
		}
	}
	if q.base, err = model.Load(model.Default); err == nil {
		q.m, err = q.base.WithRules("ruled", rulesOf(t))
	}
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// admitted is a store with the quarter's complaints, so many at a time, and what
// was said of them.
func (q *ruledQuarter) admitted(t *testing.T, size int, champion, shadow *model.Model) (*store.Store, []record.Decision) {
	t.Helper()
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "x.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	for _, name := range []string{"accounts.csv", "transactions.csv"} {
		testload.File(t, st, filepath.Join(q.dir, name), champion.Decide)
	}
	if shadow != nil {
		st.Shade(shadow.Decide)
	}
	var out []record.Decision
	for part := range slices.Chunk(slices.Clone(q.rows), size) {
		r, err := st.Admit(t.Context(), &record.Batch{Input: "complaints.csv", Complaints: part}, champion.Decide)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r.Decisions...)
	}
	return st, out
}

// history judges what a store keeps by a model again, as a backtest does.
func history(t *testing.T, st *store.Store, m *model.Model, kept []string) []record.Decision {
	t.Helper()
	j, missing := m.Over(kept)
	if len(missing) > 0 {
		t.Fatal(missing)
	}
	var out []record.Decision
	if err := st.History(t.Context(), func(k *record.Kept) error {
		out = append(out, j.Again(k.Signals, k.Facts, k.Protection))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestRulesSayTheSameEverywhere: in one batch, one by one, beside another model as
// a shadow, over history with the outcomes kept or asked anew, in a run of its own,
// and after the personal data was erased; and reasons add up on every complaint.
func TestRulesSayTheSameEverywhere(t *testing.T) {
	q := newRuledQuarter(t)
	whole, want := q.admitted(t, len(q.rows), q.m, nil)
	held := map[string]int{}
	for i, d := range want {
		sum := 0.
		for _, r := range q.m.Reasons(d.Signals) {
			sum += r.Points
			held[r.Signal]++
		}
		if math.Abs(sum-d.Score) > 1e-9 {
			t.Fatalf("complaint %d: reasons add up to %v, the score is %v", i, sum, d.Score)
		}
	}
	for _, r := range q.m.Rules {
		if held[r.Reason()] < 3 {
			t.Errorf("%s gave points to %d: the test shows little", r.Name, held[r.Reason()])
		}
	}
	compare := func(how string, got []record.Decision) {
		t.Helper()
		n := 0
		for i := range got {
			if !same(got[i], want[i]) {
				n++
				if n == 1 {
					t.Errorf("%s: complaint %d: %+v, want %+v", how, i, got[i], want[i])
				}
			}
		}
		if n > 0 || len(got) != len(want) {
			t.Errorf("%s: %d of %d differ", how, n, len(want))
		}
	}
	_, singly := q.admitted(t, 1, q.m, nil)
	compare("one by one", singly)
	compare("from kept outcomes", history(t, whole, q.m, q.m.KeptNames()))
	compare("from kept signals", history(t, whole, q.m, q.m.SignalNames()))
	beside, _ := q.admitted(t, 100, q.base, q.m)
	compare("over another's history", history(t, beside, q.m, q.base.KeptNames()))
	n := 0
	if err := beside.Shaded(t.Context(), "ruled", func(x *record.Shaded) error {
		if w := want[x.Seq-1]; x.Shadow.Score != w.Score || x.Shadow.Flagged != w.Flagged {
			return fmt.Errorf("complaint %d: the shadow said %v, want %v", x.Seq, x.Shadow, w)
		}
		n++
		return nil
	}); err != nil || n != len(want) {
		t.Error(n, err)
	}
	if _, err := keep.Erase(t.Context(), beside, keep.Request{Customer: q.rows[0].Customer, Actor: "t"}, nil); err != nil {
		t.Fatal(err)
	}
	compare("after an erasure", history(t, beside, q.m, q.base.KeptNames()))
	again := make([]record.Decision, len(want))
	if _, err := whole.Rescore(t.Context(), "ruled", func(c *record.Complaint, h *record.History) record.Decision {
		d := q.m.Decide(c, h)
		again[c.Line-1] = d
		return d
	}); err != nil {
		t.Fatal(err)
	}
	// A run knows by the time of receipt, so that signals may differ; rules are asked
	// of them and of the same facts.
	judged := history(t, whole, q.m, q.m.SignalNames())
	equal := 0
	for i := range again {
		if !same(again[i], judged[i]) {
			t.Fatalf("complaint %d in a run: %+v, from what it kept %+v", i, again[i], judged[i])
		}
		if same(again[i], want[i]) {
			equal++
		}
	}
	if equal < len(want)*9/10 {
		t.Errorf("only %d of %d in a run are as at admission", equal, len(want))
	}
}

// TestRulesGoLiveAsTested puts rules on the champion, is refused until they were
// tested on all of history as they are, and then finds that they judge as tested
// and tell their words in both languages.
func TestRulesGoLiveAsTested(t *testing.T) {
	dir := modelQuarter(t)
	put(t, dir, "rules.yaml", rulesFile)
	do := func(want int, args ...string) string {
		t.Helper()
		code, said := cli(t, dir, append(args, "--db", "t.db")...)
		if code != want {
			t.Fatalf("%v: %d %s", args, code, said)
		}
		return said
	}
	var made struct {
		Model string
		Rules []rule.Rule
		Trial model.Trial
	}
	ask(t, dir, &made, "model", "rules", "rules.yaml", "--on", "plaint-2", "--name", "ruled", "--by", "li", "--labels", "labels.csv")
	if made.Model != "ruled" || len(made.Trial.Rules) != 5 || made.Trial.Complaints != 6000 || made.Rules[0].By != "li" || made.Rules[1].By != "wang" {
		t.Fatalf("%+v", made)
	}
	promote := []string{"model", "promote", "ruled", "--by", "li", "--reason", "x"}
	refused := func() {
		t.Helper()
		for lang, want := range map[string]string{"en": "was not tested", "zh": "未以现有内容在本数据库的历史上测试"} {
			if said := do(exitFailed, append(promote, "--lang", lang)...); !strings.Contains(said, want) || !strings.Contains(said, "plaint backtest --model ruled") {
				t.Errorf("%s: %s", lang, said)
			}
		}
		do(exitFailed, "score", "--model", "ruled")
	}
	refused()
	do(exitDone, append(promote, "--to", "shadow")...) // has no effect
	do(exitDone, "backtest", "--model", "ruled", "--since", "2026-02-01")
	do(exitDone, "backtest", "--model", "ruled", "--threshold", "0.1")
	do(exitDone, "backtest", "--model", "plaint-2")
	refused()
	var tested learn.Tested
	ask(t, dir, &tested, "backtest", "--model", "ruled", "--against", "plaint-2", "--labels", "labels.csv", "--out", "changed.csv")
	if !slices.Equal(tested.Rules, made.Trial.Rules) || tested.Model.AllFlagged != made.Trial.After.Flagged || tested.Against.AllFlagged != made.Trial.Before.Flagged {
		t.Errorf("tested %+v, tried %+v", tested.Rules, made.Trial)
	}
	changedRows(t, filepath.Join(dir, "changed.csv"), tested.Newly, tested.Cleared)
	ruleFigures(t, &tested)
	do(exitDone, promote...)
	if said := do(exitDone, "score"); !strings.Contains(said, thousands(int64(tested.Model.AllFlagged))) {
		t.Errorf("%d flagged were tested: %s", tested.Model.AllFlagged, said)
	}
	if n := count(t, dir, "select count(*) from decision where run > 0 and signals[28] = 1"); n != int64(tested.Rules[1].Held) {
		t.Errorf("by_payout held of %d, tested %d", n, tested.Rules[1].Held)
	}
	for lang, want := range map[string]string{"en": "A payout account of many", "zh": "多人共用收款账户"} {
		card := do(exitDone, "model", "card", "ruled", "--lang", lang)
		if !strings.Contains(card, want) || !strings.Contains(card, "payout_others > 0") || strings.Contains(card, "rule_") || strings.Contains(card, "{") {
			t.Errorf("%s: %s", lang, card)
		}
		if said := do(exitDone, "backtest", "--model", "ruled", "--lang", lang); !strings.Contains(said, want) || strings.Contains(said, "rule_") {
			t.Errorf("%s: %s", lang, said)
		}
	}
	ruleWords(t, dir)
	if said := do(exitDone, "model", "watch"); !strings.Contains(said, "rule held") || !strings.Contains(said, "by_payout") || !strings.Contains(said, "not worked out") {
		t.Error(said)
	}
	if said := do(exitDone, "doctor"); strings.Contains(said, "rule") {
		t.Error(said)
	}
	do(exitDone, "model", "train", "--labels", "labels.csv", "--queue", "8")
	if said := do(exitDone, "model", "card", "own-1"); !strings.Contains(said, "by_payout") {
		t.Error("a model that is trained on one with rules loses them")
	}
	do(exitFailed, "model", "promote", "own-1", "--by", "li", "--reason", "x")
	do(exitDone, "model", "evaluate", "ruled", "--against", "plaint-2", "--labels", "labels.csv")
}

// ruleFigures: what a rule alone changed is among what changed, and one that
// cannot be worked out is told.
func ruleFigures(t *testing.T, x *learn.Tested) {
	t.Helper()
	alone := 0
	for _, r := range x.Rules {
		alone += r.Flagged
		if r.Held == 0 || r.Held > x.Complaints || r.Flagged+r.Cleared > r.Held || r.Abuse.N != r.Held || r.Changed.N != r.Flagged+r.Cleared || r.Upheld.N == 0 || r.Upheld.N > r.Held {
			t.Errorf("%+v", r)
		}
		if r.Points > 0 && r.Cleared > 0 || r.Points < 0 && r.Flagged > 0 || (r.Failed > 0) != (r.Name == "breaks") {
			t.Errorf("%+v", r)
		}
	}
	if alone == 0 || x.Newly == 0 || x.Cleared == 0 {
		t.Errorf("%d by one rule alone, %d newly flagged, %d cleared: the test shows little", alone, x.Newly, x.Cleared)
	}
}

// pagesOf serves a store and gets its pages in a language.
func pagesOf(t *testing.T, st *store.Store) func(path, lang string) string {
	t.Helper()
	reg := prometheus.NewRegistry()
	h, err := web.New(web.Options{Store: st, Registerer: reg, Gatherer: reg})
	if err != nil {
		t.Fatal(err)
	}
	return func(path, lang string) string {
		t.Helper()
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("Accept-Language", lang)
		r.Host = "127.0.0.1:8080"
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		body, err := io.ReadAll(w.Body)
		if err != nil || w.Code != 200 {
			t.Fatalf("%s: %d %s", path, w.Code, body)
		}
		return string(body)
	}
}

// ruleWords: on pages and in the API a rule goes by its words, and its reasons add
// up.
func ruleWords(t *testing.T, dir string) {
	t.Helper()
	st, err := store.Open(t.Context(), filepath.Join(dir, "t.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	list, err := view.New(st).Cases(t.Context(), view.CaseFilter{Signal: "rule:by_payout", Limit: 1})
	if err != nil || len(list.Rows) != 1 {
		t.Fatal(list.Total, err)
	}
	get := pagesOf(t, st)
	id := list.Rows[0].ID
	for lang, want := range map[string]string{"en": "A payout account of many", "zh": "多人共用收款账户"} {
		for _, path := range []string{fmt.Sprintf("/cases/%d", id), "/cases?signal=rule:by_payout"} {
			if page := get(path, lang); !strings.Contains(page, want) {
				t.Errorf("%s in %s does not say %s", path, lang, want)
			}
		}
	}
	var c view.Case
	if err := json.Unmarshal([]byte(get(fmt.Sprintf("/api/v1/cases/%d", id), "en")), &c); err != nil {
		t.Fatal(err)
	}
	sum, told := 0., ""
	for _, r := range c.Reasons {
		sum += r.Points
		if r.Signal == "rule:by_payout" {
			told = r.About["zh"]
			if r.Value != 1 || r.Points != 2.5 || len(r.Evidence) == 0 {
				t.Errorf("%+v", r)
			}
		}
	}
	if told != "多人共用收款账户" || math.Abs(sum-*c.Score) > 1e-9 {
		t.Errorf("%v of %v: %+v", sum, *c.Score, c.Reasons)
	}
}

// TestBadRulesAreTold: each is refused before a database is opened, in both
// languages, with the rule, where it stands and why.
func TestBadRulesAreTold(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ file, en, zh string }{
		{"rules: [{name: a, when: 'agent > nobody', points: 1}]", "rule a, line 1, column 9: nobody is no signal", "规则 a 第 1 行第 9 列：nobody 不是信号"},
		{"rules: [{name: a, when: 'agent == 1', points: 1}]", "decimal point", "小数点"},
		{"rules: [{name: a, when: 'type > 1', points: 1}]", "> does not take (string, int)", "> 不能用于 (string, int)"},
		{"rules: [{name: a, when: 'agent >', points: 1}]", "cannot be read: mismatched input '<EOF>'", "无法读取"},
		{"rules: [{name: a, when: 'crowd > 1', points: 1}]", "crowd protects", "crowd 是保护性信号"},
		{"rules: [{name: a, when: 'agent', points: 1}]", "gives double", "结果是 double"},
		{"rules: [{name: a, when: '1 > 2', points: 1}]", "looks at no signal", "没有用到任何信号"},
		{"rules: [{name: a, when: 'agent > 0 && int == int', points: 1}]", "column 14: maps", "第 14 列：规则中不能用映射"},
		{"rules: [{name: agent, when: 'agent > 0', points: 1}]", "a signal or fact has this name", "已有同名的信号"},
		{"rules: [{name: A b, when: 'agent > 0', points: 1}]", "A b is no name", "A b 不是合适的名称"},
		{"rules: [{name: a, when: 'agent > 0', points: .inf}]", "not +Inf", "而不是 +Inf"},
		{"rules: [{name: a, when: 'agent > 0', points: 1}, {name: a, when: 'agent > 1', points: 1}]", "stands there twice", "出现两次"},
		{"rules: [{name: a, when: 'agent > 0', points: 1, about: {de: x}}]", "about.de", "about.de"},
		{"rules: [{name: a, when: '" + strings.Repeat("agent > 0 || ", 100) + "agent > 0', points: 1}]", "1000 at most", "最多 1000 个"},
		{"rules: [" + strings.Repeat("{name: a, when: x, points: 1},", 65) + "]", "65 rules, 64 at most", "共 65 条规则，最多 64 条"},
		{"rules: []", "there are none", "没有规则"},
		{"", "there are none", "没有规则"},
		{"rules: [{name: a, if: x}]", "r.yaml:1: nobody knows the key if; there are: name, when, points, about, by", "r.yaml:1：没有名为 if 的键；可用的有：name, when, points, about, by"},
		{"rules:\n  - name: a\n    wen: x", "r.yaml:3: nobody knows the key wen; did you mean when?", "r.yaml:3：没有名为 wen 的键；是否想写 when？"},
		{"rules:\n  - name: a\n    when: x\n    points: many", "r.yaml:4: many is not a number", "r.yaml:4：many 不是数字"},
		{"rules:\n  - name: a\n    when: x\n    points: [1]", "r.yaml:4: a list stands where a number must stand", "r.yaml:4：此处应为数字，却是列表"},
		{"rules:\n  - name: a\n    name: b", "r.yaml:3: the key name stands there twice, first in line 2", "r.yaml:3：键 name 出现了两次，第一次在第 2 行"},
		{"- a", "r.yaml:1: a list stands where a group of keys with values must stand", "r.yaml:1：此处应为一组键值，却是列表"},
		{"rules:\n  - name: a\n    when: [", "r.yaml:3: a bracket that opens here is not closed", "r.yaml:3：此处的括号没有闭合"},
		{"rules:\n  - name: a\n    points: 1\n    when: agent > nobody", "r.yaml:4: rule a, line 1, column 9", "r.yaml:4：规则 a 第 1 行第 9 列"},
		{"rules:\n  - {name: a, when: agent > 0.0, points: 1}\n  - {name: a, when: agent > 0.0, points: 1}", "r.yaml:3: rule a stands there twice", "r.yaml:3：规则 a 出现两次"},
		{"threshold: 1", "r.yaml:1: nobody knows the key threshold; there are: rules", "r.yaml:1：没有名为 threshold 的键；可用的有：rules"},
	} {
		put(t, dir, "r.yaml", c.file)
		for lang, want := range map[string]string{"en": c.en, "zh": c.zh} {
			code, said := cli(t, dir, "model", "rules", "r.yaml", "--name", "x", "--lang", lang, "--db", "none.db")
			if code != exitUsage || !strings.Contains(said, want) || strings.Contains(said, "err_") {
				t.Errorf("%s: %d %s, want %s", c.file, code, said, want)
			}
		}
	}
	put(t, dir, "r.yaml", rulesFile)
	for _, args := range [][]string{{"r.yaml"}, {"r.yaml", "--name", "Ü"}, {"r.csv", "--name", "x"}, {"nowhere.yaml", "--name", "x"}, {"r.yaml", "--name", "x", "--on", "nobody.yaml"}} {
		if code, said := cli(t, dir, append([]string{"model", "rules", "--db", "none.db"}, args...)...); code != exitUsage {
			t.Errorf("%v: %d %s", args, code, said)
		}
	}
}

// TestRulesInAModelFile: a model file may bring rules; its faults are told, and it
// does not judge untested.
func TestRulesInAModelFile(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "a.csv", head+good+strings.Replace(good, "C1,U1", "C2,U2", 1))
	if code, said := cli(t, dir, "ingest", "a.csv", "--db", "t.db", "--quiet"); code != exitDone {
		t.Fatal(said)
	}
	const plain = "name: own\nthreshold: 2\nbase: 1\nsignals: [{signal: agent, cuts: [0.5], steps: [0, 2]}]\n"
	put(t, dir, "own.yaml", plain+"rules: [{name: all, when: 'has_amount', points: 3, about: {en: They name <a> sum, zh: 有金额}}]\n")
	for _, args := range [][]string{{"score", "--model", "own.yaml"}, {"ingest", "a.csv", "--model", "own.yaml"}} {
		if code, said := cli(t, dir, append(args, "--db", "t.db")...); code == exitDone && args[0] == "score" || count(t, dir, "select count(*) from decision where model = 'own'") > 0 {
			t.Errorf("%v: %d %s", args, code, said)
		}
	}
	for _, args := range [][]string{{"model", "add", "own.yaml"}, {"backtest", "--model", "own"}, {"score", "--model", "own.yaml"}} {
		if code, said := cli(t, dir, append(args, "--db", "t.db")...); code != exitDone {
			t.Errorf("%v: %d %s", args, code, said)
		}
	}
	if n := count(t, dir, "select count(*) from decision where model = 'own' and flagged and score = 4"); n != 2 {
		t.Errorf("%d flagged", n)
	}
	ruleTops(t, dir)
	for rules, want := range map[string]string{"[{name: a, when: 'lockstep > 0', points: 1}]": "does not keep lockstep", "[{name: a, when: 'agent > x', points: 1}]": "x is no signal",
		"[{name: a, when: 'agent > 0', points: 1}]\ntrial: {rules: []}": "take trial: out"} {
		put(t, dir, "bad.yaml", plain+"rules: "+rules+"\n")
		if code, said := cli(t, dir, "model", "add", "bad.yaml", "--db", "t.db"); code != exitUsage || !strings.Contains(said, want) {
			t.Errorf("%d %s", code, said)
		}
	}
	if code, said := cli(t, dir, "model", "rules", "own.yaml", "--name", "own", "--db", "t.db"); code != exitUsage {
		t.Errorf("a model file is no file of rules: %d %s", code, said)
	}
	put(t, dir, "r.yaml", "rules: [{name: a, when: 'lockstep > 0', points: 1}]")
	if code, said := cli(t, dir, "model", "rules", "r.yaml", "--name", "own", "--db", "t.db"); code != exitUsage || !strings.Contains(said, "another model is called own") {
		t.Errorf("%d %s", code, said)
	}
	if code, said := cli(t, dir, "model", "rules", "r.yaml", "--name", "own-2", "--on", "own", "--db", "t.db"); code != exitDone || !strings.Contains(said, "own-2") {
		t.Errorf("%d %s", code, said)
	}
	// What the rules look at was not kept: the test must work it out.
	if code, said := cli(t, dir, "backtest", "--model", "own-2", "--db", "t.db"); code != exitDone || !strings.Contains(said, "does not allow own-2") {
		t.Errorf("%d %s", code, said)
	}
	if code, said := cli(t, dir, "backtest", "--model", "own-2", "--recompute", "--db", "t.db"); code != exitDone || strings.Contains(said, "does not allow") {
		t.Errorf("%d %s", code, said)
	}
	more := head
	for i := range 9 {
		more += strings.Replace(good, "C1,U1", fmt.Sprintf("D%d,V%d", i, i), 1)
	}
	put(t, dir, "more.csv", more)
	if code, said := cli(t, dir, "ingest", "more.csv", "--db", "t.db", "--quiet"); code != exitDone {
		t.Fatal(said)
	}
	promote := []string{"model", "promote", "own-2", "--by", "li", "--reason", "x", "--db", "t.db"}
	if code, said := cli(t, dir, promote...); code != exitFailed || !strings.Contains(said, "test it again") {
		t.Errorf("tested on 2 of 11 complaints: %d %s", code, said)
	}
	if code, said := cli(t, dir, "backtest", "--model", "own-2", "--recompute", "--db", "t.db"); code != exitDone {
		t.Errorf("%d %s", code, said)
	}
	if code, said := cli(t, dir, promote...); code != exitDone {
		t.Errorf("%d %s", code, said)
	}
}

// ruleTops: the first page counts rules among what brings cases up, by their words.
func ruleTops(t *testing.T, dir string) {
	t.Helper()
	st, err := store.Open(t.Context(), filepath.Join(dir, "t.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	get := pagesOf(t, st)
	for lang, want := range map[string]string{"en": "They name &lt;a&gt; sum", "zh": "有金额"} {
		for _, path := range []string{"/", "/cases"} {
			if page := get(path, lang); !strings.Contains(page, want) || strings.Contains(page, "rule:all<") || strings.Contains(page, "name <a>") {
				t.Errorf("%s in %s does not say %s", path, lang, want)
			}
		}
	}
}

// TestBadModelsAreTold: what is wrong with a model file is told with file and line,
// in both languages and in no other words than those of the file.
func TestBadModelsAreTold(t *testing.T) {
	dir := t.TempDir()
	const good = "name: x\nthreshold: 1\nbase: -2\nsignals:\n"
	for _, c := range []struct{ file, en, zh string }{
		{"name: x\nthreshold: high\n", "m.yaml:2: high is not a number", "m.yaml:2：high 不是数字"},
		{"name: x\nsignls: []\n", "m.yaml:2: nobody knows the key signls; did you mean signals?", "m.yaml:2：没有名为 signls 的键；是否想写 signals？"},
		{"name: x\nthreshold: 1\nbase: 1\n", "the model m.yaml cannot be used: signals is missing", "模型 m.yaml 无法使用：缺少 signals"},
		{"name: x\nthreshold: .nan\nbase: 1\nsignals: []\n", "m.yaml:2: threshold must be a number", "m.yaml:2：threshold 必须是"},
		{good + "  - {signal: agnt, steps: [0]}\n", "m.yaml:5: agnt is no signal; did you mean agent?", "m.yaml:5：agnt 不是信号；是否想写 agent？"},
		{good + "  - {signal: agent, steps: [0]}\n  - {signal: agent, steps: [0]}\n", "m.yaml:6: agent stands there twice", "m.yaml:6：agent 出现了两次"},
		{good + "  - {signal: agent, points: [[0, 1], [1, 0]]}\n", "m.yaml:5: agent: points must not fall", "m.yaml:5：agent：分值不得下降"},
		{good + "  - signal: agent\n    points: [[0, 1, 2]]\n", "m.yaml:6: a list of 3, where it must be 2", "m.yaml:6：列表有 3 项，应为 2 项"},
		{good + "  - {signal: agent, steps: [0]}\nrules:\n  - {name: a, points: 1, when: lockstep > 0.0}\n", "m.yaml:7: rule a", "m.yaml:7：规则 a"},
	} {
		put(t, dir, "m.yaml", c.file)
		for lang, want := range map[string]string{"en": c.en, "zh": c.zh} {
			code, said := cli(t, dir, "backtest", "--model", "m.yaml", "--lang", lang, "--db", "none.db")
			if code != exitUsage || !strings.Contains(said, want) || strings.Contains(said, "err_") || strings.Contains(said, "yaml:\"") {
				t.Errorf("%s: %d %s, want %s", c.file, code, said, want)
			}
		}
	}
}

// TestStrangeWordsAreTold where rules are put on a model and where it is tested, in
// words and in JSON.
func TestStrangeWordsAreTold(t *testing.T) {
	dir := modelQuarter(t)
	put(t, dir, "r.yaml", "rules: [{name: a, when: 'type == \"logn\"', points: 1}]")
	for lang, want := range map[string]string{"en": `rule a compares type with "logn", which no complaint here has and the program does not know; did you mean "login"?`, "zh": `是否想写 "login"？`} {
		for _, args := range [][]string{{"model", "rules", "r.yaml", "--name", "of-" + lang}, {"backtest", "--model", "of-" + lang}} {
			if code, said := cli(t, dir, append(args, "--db", "t.db", "--lang", lang)...); code != exitDone || !strings.Contains(said, want) {
				t.Errorf("%v: %d %s", args, code, said)
			}
		}
	}
	var told struct {
		Complaints int
		Strange    []view.Strange
	}
	ask(t, dir, &told, "backtest", "--model", "of-en")
	if told.Complaints != 6000 || len(told.Strange) != 1 || told.Strange[0].Near != "login" {
		t.Errorf("%+v", told)
	}
}
