package knowledge_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plaint/analysis/knowledge"
	"plaint/internal/store"
	"plaint/internal/testload"
)

// small is a store of three themes: withdrawals in English, of whom one
// customer came again, codes in Chinese, and dirty tables.
func small(t *testing.T) *store.Store {
	t.Helper()
	dir := t.TempDir()
	st, err := store.Open(t.Context(), filepath.Join(dir, "t.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	var b strings.Builder
	b.WriteString("id,source,channel,customer,received,type,body\n")
	members := [][]any{}
	for i := range 30 {
		theme, text := i%3+1, []string{"My withdrawal is still pending at the payment gateway and has not arrived", "短信验证码一直收不到，无法登录", "The table in the restaurant was dirty and the soup was cold"}[i%3]
		customer, day := fmt.Sprintf("C%d", i), 1+i%20
		if i == 3 || i == 6 {
			customer, day = "C0", 1+i // of theme 1, three and six days after the first
		}
		if i == 9 {
			customer, day = "C0", 28 // three weeks later
		}
		fmt.Fprintf(&b, "X%d,s,app,%s,2026-01-%02d,other,%s number %d\n", i, customer, day, text, i)
		members = append(members, []any{theme, i + 1, .9})
	}
	path := filepath.Join(dir, "a.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	testload.File(t, st, path, judge)
	theme := func(id int, language string, terms ...any) []any {
		return []any{id, fmt.Sprint(terms...), language, terms, 10, id, "other", .5, 1, 0.0, st.Now(), st.Now(), nil, "", nil, nil}
	}
	if _, err := st.SaveRun(t.Context(), store.Run{Kind: "themes", Started: st.Now(), Tables: []store.Table{
		{Name: "theme", Rows: [][]any{theme(1, "en", "withdrawal"), theme(2, "zh", "验证码"), theme(3, "en", "table")}}, {Name: "theme_member", Rows: members}}}); err != nil {
		t.Fatal(err)
	}
	return st
}

// TestMeasure: an entry of the other language answers, repeated contacts count,
// and an entry that nobody asks for is told.
func TestMeasure(t *testing.T) {
	st := small(t)
	faq := []knowledge.Entry{{Question: "提现多久到账？", Answer: "提现申请提交支付网关后一至三个工作日到账，处理中请耐心等待。", Language: "zh", Line: 2},
		{Question: "How do I change my address?", Answer: "Send us a utility bill.", Language: "en", Line: 3}}
	run, numbers, err := knowledge.Measure(t.Context(), st, knowledge.Options{Entries: faq})
	if err != nil {
		t.Fatal(err)
	}
	if numbers["gaps"] != 2 || numbers["entries_unused"] != 1 || numbers["complaints_unanswered"] != 20 {
		t.Errorf("numbers %v", numbers)
	}
	got := ""
	err = st.QueryRow(t.Context(), `select string_agg(theme || ':' || n || ':' || repeats || ':' || answered || ':' || coalesce(entry, 0), ' ' order by theme) from knowledge_gap where run = ?`, run).Scan(&got)
	if want := "1:10:2:true:1 2:10:0:false:"; err != nil || !strings.HasPrefix(got, want) {
		t.Errorf("gaps %q (%v), want %q…", got, err, want)
	}
	if err := st.QueryRow(t.Context(), `select string_agg(id || ':' || themes || ':' || n, ' ' order by id) from knowledge_entry where run = ?`, run).Scan(&got); err != nil || got != "1:1:10 2:0:0" {
		t.Errorf("entries %q (%v)", got, err)
	}
	for range 2 { // the same again
		again, err := knowledge.Compare(t.Context(), st, 1, knowledge.Options{Entries: faq})
		if err != nil || fmt.Sprint(again.Gaps) == "" {
			t.Fatal(err)
		}
		other, _ := knowledge.Compare(t.Context(), st, 1, knowledge.Options{Entries: faq})
		if fmt.Sprint(again) != fmt.Sprint(other) {
			t.Error("two comparisons differ")
		}
	}
}

func TestNoThemes(t *testing.T) {
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "t.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if _, _, err := knowledge.Measure(t.Context(), st, knowledge.Options{Entries: []knowledge.Entry{{Question: "a", Answer: "b"}}}); !errors.Is(err, knowledge.ErrNoThemes) {
		t.Error(err)
	}
}

// TestManyEntries: as many entries as may be are compared in bounded time.
func TestManyEntries(t *testing.T) {
	if testing.Short() {
		t.Skip("it makes a hundred thousand answers")
	}
	st := small(t)
	faq := make([]knowledge.Entry, knowledge.MostEntries)
	for i := range faq {
		faq[i] = knowledge.Entry{Question: fmt.Sprintf("What is rule %d of product %d?", i, i%97), Answer: fmt.Sprintf("Rule %d says that item %d is kept in room %d for clients of branch %d.", i, i*7, i%31, i%13), Language: "en", Line: i + 2}
	}
	faq[54321] = knowledge.Entry{Question: "Withdrawal pending at the payment gateway?", Answer: "Payouts arrive within three days.", Language: "en", Line: 1}
	started := time.Now()
	found, err := knowledge.Compare(t.Context(), st, 1, knowledge.Options{Entries: faq})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d entries took %s", len(faq), time.Since(started))
	for _, g := range found.Gaps {
		if g.Theme == 1 && (g.Entry != 54321 || !g.Answers()) {
			t.Errorf("the entry among many is not found: %+v", g)
		}
	}
}
