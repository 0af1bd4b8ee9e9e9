package rootcause

import (
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"plaint/analysis/rootcause/lineage/book"
	"plaint/ingest/simulate"
	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/internal/testload"
)

// desk is a simulated broker's complaints with an analyst's pen.
type desk struct {
	*testing.T
	st  *store.Store
	pen *book.Pen
	dir string
}

func newDesk(t *testing.T, complaints int) *desk {
	t.Helper()
	d := &desk{T: t, dir: t.TempDir()}
	if _, err := (simulate.Config{Seed: 3, Complaints: complaints}).WriteDir(d.dir); err != nil {
		t.Fatal(err)
	}
	var err error
	if d.st, err = store.Open(t.Context(), filepath.Join(d.dir, "t.db"), store.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.st.Close() })
	d.pen = &book.Pen{Store: d.st, Actor: "li"}
	return d
}

// load admits the complaints' file, or its first lines.
func (d *desk) load(lines int) {
	d.Helper()
	raw, err := os.ReadFile(filepath.Join(d.dir, "complaints.csv"))
	if err != nil {
		d.Fatal(err)
	}
	rows := testload.Rows(d, filepath.Join(d.dir, "complaints.csv"))
	text := string(raw)
	if lines < len(rows) {
		text = text[:strings.Index(text, "\n"+rows[lines]["id"]+",")+1]
	}
	path := filepath.Join(d.dir, fmt.Sprintf("part%d.csv", lines))
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		d.Fatal(err)
	}
	testload.File(d, d.st, path, func(*record.Complaint, *record.History) record.Decision { return record.Decision{Model: "none"} })
}

func (d *desk) themes() {
	d.Helper()
	if _, err := Themes(d.Context(), d.st, nil); err != nil {
		d.Fatal(err)
	}
}

// members are the arrival numbers of each theme in the latest run.
func (d *desk) members() map[int64][]int64 {
	d.Helper()
	out := map[int64][]int64{}
	err := d.st.Each(d.Context(), "select theme, seq from theme_member where run = (select max(id) from run where kind = 'themes') order by seq", func(rows *sql.Rows) error {
		var theme, seq int64
		err := rows.Scan(&theme, &seq)
		out[theme] = append(out[theme], seq)
		return err
	})
	if err != nil {
		d.Fatal(err)
	}
	return out
}

// told are the rows of a query, one a line.
func (d *desk) told(query string) string {
	d.Helper()
	var s string
	if err := d.st.QueryRow(d.Context(), "select coalesce(string_agg(x, chr(10)), '') from ("+query+")").Scan(&s); err != nil {
		d.Fatal(err)
	}
	return s
}

// summed are the themes of the latest run by what is summed up of their complaints.
func (d *desk) summed() string {
	return d.told(`select concat_ws(' ', id, size, customers, type, coalesce(currency, '-'), round(amount, 2), first, last, round(severity, 9), coalesce(name, '-')) as x
		from theme where run = (select max(id) from run where kind = 'themes') order by id`)
}

func (d *desk) done(_ []book.Edit, err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

// TestEditsAreRespected: what an edit shows at once is what the next run finds,
// number by number; undone, the themes are what they were.
func TestEditsAreRespected(t *testing.T) {
	d := newDesk(t, 700)
	d.load(700)
	d.themes()
	before, first := d.members(), d.summed()
	if len(before) < 8 {
		t.Fatalf("%d themes", len(before))
	}
	word, err := book.Divide(t.Context(), d.st, 3)
	if err != nil || word == "" {
		t.Fatal(word, err)
	}
	d.done(d.pen.Name(t.Context(), 2, "  Held  by the bank "))
	d.done(d.pen.Merge(t.Context(), 1, []int64{4, 5}))
	d.done(d.pen.Split(t.Context(), 3, []string{word}))
	d.done(d.pen.Pin(t.Context(), 6))
	at, sums := d.members(), d.summed()
	if len(at[1]) != len(before[1])+len(before[4])+len(before[5]) || at[4] != nil || len(at[3])+len(at[int64(len(before)+1)]) != len(before[3]) || sums == first {
		t.Fatalf("the edits did not show at once\n%s", sums)
	}
	untold := "select id as x from theme where trend is null and run = (select max(id) from run where kind = 'themes')"
	if ids := d.told(untold + " and id in (1, 3)"); ids != "1\n3" {
		t.Errorf("of themes that were changed the trend is told before their bursts are known: all but %q", ids)
	}
	d.themes()
	if ids := d.told(untold + " and id in (1, 3)"); ids != "" {
		t.Errorf("the run tells no trend of %q", ids)
	}
	if now := d.members(); !maps.EqualFunc(now, at, slices.Equal[[]int64]) {
		t.Errorf("the next run has other complaints in the themes")
	}
	if now := d.summed(); now != sums {
		t.Errorf("the next run sums up\n%s\nat once it was\n%s", now, sums)
	}
	if !strings.Contains(sums, "Held by the bank") {
		t.Error(sums)
	}
	if said := d.told("select what as x from theme_event where run = (select max(id) from run where kind = 'themes')"); said != "" {
		t.Errorf("nothing came, and became %s", said)
	}
	for edit := range int64(5) {
		d.done(d.pen.Undo(t.Context(), edit+1))
	}
	waiting := func() (n int) {
		edits, err := book.Edits(t.Context(), d.st)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range edits {
			if e.Waits {
				n++
			}
		}
		return n
	}
	if n := waiting(); n != 4 { // a name goes at once
		t.Errorf("%d undone edits wait for the next run", n)
	}
	d.themes()
	if n := waiting(); n != 0 {
		t.Errorf("%d undone edits wait after the run", n)
	}
	if now := d.members(); !maps.EqualFunc(now, before, slices.Equal[[]int64]) {
		t.Error("undone, the complaints are in other themes than before")
	}
	if now := d.summed(); now != first {
		t.Errorf("undone, it sums up\n%s\nit was\n%s", now, first)
	}
}

// TestEditsThatCannotBe: each is refused with its reason and nothing is written.
func TestEditsThatCannotBe(t *testing.T) {
	d := newDesk(t, 150)
	ctx := t.Context()
	refused := func(want string) func([]book.Edit, error) {
		return func(_ []book.Edit, err error) {
			t.Helper()
			var no *book.Refusal
			if !errors.As(err, &no) || no.Code != want {
				t.Errorf("%v, want %s", err, want)
			}
		}
	}
	refused("err_themes_none")(d.pen.Pin(ctx, 1))
	d.load(150)
	d.themes()
	refused("err_theme_unknown")(d.pen.Name(ctx, 999, "x"))
	refused("err_theme_name_empty")(d.pen.Name(ctx, 1, " \t"))
	refused("err_theme_name")(d.pen.Name(ctx, 1, strings.Repeat("名", 121)))
	refused("err_theme_name")(d.pen.Name(ctx, 1, "a\x00b"))
	refused("err_theme_itself")(d.pen.Merge(ctx, 1, []int64{1}))
	refused("err_theme_itself")(d.pen.Merge(ctx, 1, []int64{2, 2}))
	refused("err_theme_unknown")(d.pen.Merge(ctx, 1, []int64{2, 999}))
	refused("err_theme_word")(d.pen.Split(ctx, 1, []string{"x", ""}))
	refused("err_theme_split_none")(d.pen.Split(ctx, 1, []string{"no such word"}))
	refused("err_theme_split_all")(d.pen.Split(ctx, 1, strings.Split("。,的,a,i,the,我", ",")))
	refused("err_edit_unknown")(d.pen.Undo(ctx, 1))
	if n := d.told("select action as x from theme_edit"); n != "" {
		t.Fatalf("refused edits were written: %s", n)
	}
	d.done(d.pen.Pin(ctx, 1))
	refused("err_theme_pinned")(d.pen.Pin(ctx, 1))
	d.done(d.pen.Undo(ctx, 1))
	refused("err_edit_undone")(d.pen.Undo(ctx, 1))
	refused("err_edit_is_undo")(d.pen.Undo(ctx, 2))
	d.done(d.pen.Pin(ctx, 1))
}

// TestIdsStay: with a third more complaints most themes keep their ids, and one
// that was pinned keeps all its complaints.
func TestIdsStay(t *testing.T) {
	d := newDesk(t, 900)
	d.load(600)
	d.themes()
	before := d.members()
	d.done(d.pen.Pin(t.Context(), 7))
	d.load(900)
	d.themes()
	now := d.members()
	kept, all := 0, 0
	for id, seqs := range before {
		all += len(seqs)
		for _, s := range seqs {
			if _, ok := slices.BinarySearch(now[id], s); ok {
				kept++
			} else if id == 7 {
				t.Errorf("complaint %d left the pinned theme", s)
			}
		}
	}
	if share := float64(kept) / float64(all); share < .75 {
		t.Errorf("%.2f of the complaints have the theme that they had", share)
	} else {
		t.Logf("%.2f of the complaints have the theme that they had", share)
	}
	born := d.told("select cast(theme as varchar) as x from theme_event where run = (select max(id) from run where kind = 'themes') and what in ('born', 'split')")
	for _, id := range strings.Fields(born) {
		if _, ok := before[mustInt(id)]; ok {
			t.Errorf("a new theme has the id %s, which another had", id)
		}
	}
}

func mustInt(s string) (n int64) {
	_, _ = fmt.Sscan(s, &n)
	return n
}
