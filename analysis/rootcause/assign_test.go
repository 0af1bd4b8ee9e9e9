package rootcause

import (
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"plaint/analysis/rootcause/lineage/book"
	"plaint/analysis/rootcause/vector"
	"plaint/ingest/simulate"
	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/internal/testload"
	"plaint/internal/text/embed"
)

// reopened is the desk's store opened again, giving new complaints their themes
// or not.
func (d *desk) reopened(themes store.OpenThemes) {
	d.Helper()
	if d.st != nil {
		if err := d.st.Close(); err != nil {
			d.Fatal(err)
		}
	}
	var err error
	if d.st, err = store.Open(d.Context(), filepath.Join(d.dir, "t.db"), store.Options{Themes: themes}); err != nil {
		d.Fatal(err)
	}
	d.pen.Store = d.st
}

// copied is a desk with a copy of everything, its store not yet open.
func (d *desk) copied() *desk {
	d.Helper()
	o := &desk{T: d.T, dir: d.TempDir(), pen: &book.Pen{Actor: "li"}}
	d.reopened(nil)
	if err := os.CopyFS(o.dir, os.DirFS(d.dir)); err != nil {
		d.Fatal(err)
	}
	o.Cleanup(func() { o.st.Close() })
	return o
}

// since are the complaints that got their theme after the run, as "seq theme like".
const since = `select concat_ws(' ', m.seq, m.theme, m.similarity) as x from theme_member m join run r on r.id = m.run
	where m.run = (select max(id) from run where kind = 'themes') and m.seq > r.upto order by m.seq`

// TestNewComplaintsGetThemes: complaints that come after a run have its themes,
// whether they came in one file, one by one, or before the store could tell.
func TestNewComplaintsGetThemes(t *testing.T) {
	const before, all = 1200, 1800
	d := newDesk(t, all)
	d.load(before)
	d.themes()
	others := [2]*desk{d.copied(), d.copied()}
	d.reopened(OpenThemes)
	d.load(all)
	whole := d.told(since)
	if whole == "" {
		t.Fatal("no complaint got a theme")
	}
	d.rightly(.8)

	t.Run("one by one", func(t *testing.T) {
		o := others[0]
		o.reopened(OpenThemes)
		for n := before + 1; n <= before+40; n++ {
			o.load(n)
		}
		o.load(all)
		if got := o.told(since); got != whole {
			t.Errorf("one by one:\n%.300s\nin one file:\n%.300s", got, whole)
		}
	})
	t.Run("before the store could tell", func(t *testing.T) {
		o := others[1]
		o.reopened(nil)
		o.load(all - 1)
		if got := o.told(since); got != "" {
			t.Fatal("a store without themes gave some")
		}
		o.reopened(OpenThemes)
		o.load(all)
		if got := o.told(since); got != whole {
			t.Errorf("caught up:\n%.300s\nin one file:\n%.300s", got, whole)
		}
	})
}

// rightly checks that at least this share of the new complaints have a theme whose
// earlier complaints are mostly of the same planted type.
func (d *desk) rightly(least float64) {
	d.Helper()
	planted := map[string]string{}
	for _, r := range testload.Rows(d, filepath.Join(d.dir, "truth", "complaints.csv")) {
		planted[r["id"]] = r["type"]
	}
	var upTo int64
	if err := d.st.QueryRow(d.Context(), "select max(upto) from run where kind = 'themes'").Scan(&upTo); err != nil {
		d.Fatal(err)
	}
	of := map[int64]string{}
	if err := d.st.Each(d.Context(), "select seq, external_id from complaint", func(rows *sql.Rows) error {
		var seq int64
		var id string
		err := rows.Scan(&seq, &id)
		of[seq] = planted[id]
		return err
	}); err != nil {
		d.Fatal(err)
	}
	right, n := 0, 0
	for _, members := range d.members() {
		count := map[string]int{}
		for _, seq := range members {
			if seq <= upTo {
				count[of[seq]]++
			}
		}
		best := ""
		for kind := range maps.Keys(count) {
			if count[kind] > count[best] || count[kind] == count[best] && kind < best {
				best = kind
			}
		}
		for _, seq := range members {
			if seq > upTo {
				n++
				if of[seq] == best {
					right++
				}
			}
		}
	}
	d.Logf("%d of %d new complaints have a theme of their planted type", right, n)
	if float64(right) < least*float64(n) {
		d.Errorf("only %d of %d new complaints have a theme of their planted type", right, n)
	}
}

// TestNewComplaintsFollowEdits: a merge and a split by words hold for complaints
// that come after them, before and after the next run.
func TestNewComplaintsFollowEdits(t *testing.T) {
	const before, all = 1200, 1800
	d := newDesk(t, all)
	d.reopened(OpenThemes)
	d.load(before)
	d.themes()
	var largest, second, third int64
	if err := d.st.QueryRow(d.Context(), `select max(id) filter (n = 1), max(id) filter (n = 2), max(id) filter (n = 3) from
		(select id, row_number() over (order by size desc, id) as n from theme)`).Scan(&largest, &second, &third); err != nil {
		t.Fatal(err)
	}
	d.done(d.pen.Merge(t.Context(), largest, []int64{second}))
	edits, err := d.pen.SplitBest(t.Context(), third)
	if err != nil {
		t.Fatal(err)
	}
	part, pattern := edits[0].Other, edits[0].Words[0]
	check := func(when string) {
		t.Helper()
		var merged, here, there int64
		if err := d.st.QueryRow(t.Context(), fmt.Sprintf(`select count(*) filter (m.theme = %d), count(*) filter (m.theme = %d and contains(lower(c.body), lower('%s'))),
			count(*) filter (m.theme = %d) from theme_member m join complaint c using (seq)
			where m.run = (select max(id) from run where kind = 'themes') and m.seq > %d`, second, third, pattern, part, before)).Scan(&merged, &here, &there); err != nil {
			t.Fatal(err)
		}
		if merged > 0 || here > 0 || there == 0 {
			t.Errorf("%s: %d in the merged theme, %d with the word in the split one, %d in the part", when, merged, here, there)
		}
	}
	d.load(1500)
	check("after the edits")
	d.themes()
	d.load(all)
	check("after the next run")
}

// TestMergedIntoAPart: what is merged into a part that words split off stays
// there, also what comes after the next run, whatever its words.
func TestMergedIntoAPart(t *testing.T) {
	d := newDesk(t, 1800)
	d.reopened(OpenThemes)
	d.load(1200)
	d.themes()
	var largest, third int64
	var kind string
	if err := d.st.QueryRow(t.Context(), `select max(id) filter (n = 1), max(type) filter (n = 1), max(id) filter (n = 3) from
		(select id, type, row_number() over (order by size desc, id) as n from theme)`).Scan(&largest, &kind, &third); err != nil {
		t.Fatal(err)
	}
	edits, err := d.pen.SplitBest(t.Context(), third)
	if err != nil {
		t.Fatal(err)
	}
	d.done(d.pen.Merge(t.Context(), edits[0].Other, []int64{largest}))
	d.load(1500)
	d.themes()
	d.load(1800)
	var there, back int
	if err := d.st.QueryRow(t.Context(), `select count(*) filter (m.theme = ?), count(*) filter (m.theme = ?) from theme_member m join complaint c using (seq)
		where m.run = (select max(id) from run where kind = 'themes') and m.seq > 1500 and c.type = ?`,
		edits[0].Other, third, kind).Scan(&there, &back); err != nil {
		t.Fatal(err)
	}
	if there < 5 || back > there/3 {
		t.Errorf("of what is like the merged theme %d went to where it is now and %d to the theme that was split", there, back)
	}
}

// TestThemesThatAreNoMore get no new complaints: here all texts of a part are
// erased.
func TestThemesThatAreNoMore(t *testing.T) {
	d := newDesk(t, 1800)
	d.reopened(OpenThemes)
	d.load(1200)
	d.themes()
	var third int64
	if err := d.st.QueryRow(t.Context(), "select id from theme order by size desc, id limit 1 offset 2").Scan(&third); err != nil {
		t.Fatal(err)
	}
	edits, err := d.pen.SplitBest(t.Context(), third)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.st.Change(t.Context(), func(w store.Writer) error {
		return w.Exec(t.Context(), "update complaint set subject = null, body = null where seq in (select seq from theme_member where theme = ?)", edits[0].Other)
	}); err != nil {
		t.Fatal(err)
	}
	d.themes()
	d.load(1800)
	if d.told(since) == "" {
		t.Fatal("no complaint got a theme")
	}
	if got := d.told("select distinct m.theme as x from theme_member m where not exists (select 1 from theme t where t.run = m.run and t.id = m.theme)"); got != "" {
		t.Errorf("complaints are in theme %s, which is no more", got)
	}
}

// TestEditsDuringARun count in the run that they overtake.
func TestEditsDuringARun(t *testing.T) {
	d := newDesk(t, 700)
	d.reopened(OpenThemes)
	d.load(600)
	d.themes()
	d.done(d.pen.Merge(t.Context(), 1, []int64{2}))
	undo := sync.OnceFunc(func() { d.done(d.pen.Undo(t.Context(), 1)) })
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		undo()
		w.WriteHeader(http.StatusForbidden)
	}))
	defer service.Close()
	client, err := embed.New(embed.Options{Base: service.URL, Model: "m"})
	if err != nil {
		t.Fatal(err)
	}
	// A run that fails after the edit has changed nothing.
	if _, err := ThemesBy(t.Context(), d.st, nil, &vector.Source{Client: client}); err == nil {
		t.Fatal("the service refused, and the run went on")
	}
	past, err := book.Read(t.Context(), d.st)
	if err != nil || !past.Edits[0].Waits {
		t.Fatalf("the undo does not wait for a run: %v", err)
	}
	// An edit that comes between what a run read and what it keeps.
	run := store.Run{Kind: "themes", Started: d.st.Now(), Unless: book.Newer(past.Last() - 1)}
	if _, err := d.st.SaveRun(t.Context(), run); !errors.Is(err, store.ErrOvertaken) {
		t.Fatalf("a run was kept that an edit has overtaken: %v", err)
	}
	d.themes()
	if past, err = book.Read(t.Context(), d.st); err != nil || past.Edits[0].Waits {
		t.Errorf("the undo waits after the run: %v", err)
	}
	d.load(700)
	if got := d.told("select count(*) as x from (" + since + ") where split_part(x, ' ', 2) = '2'"); got == "0" {
		t.Error("no new complaint is in the theme that was given back")
	}
}

// TestStrangers: what is written in words that no theme knows has none.
func TestStrangers(t *testing.T) {
	d := newDesk(t, 1800)
	d.reopened(OpenThemes)
	d.load(1200)
	d.themes()
	d.load(1800)
	var own int
	if err := d.st.QueryRow(t.Context(), "select count(*) from ("+since+")").Scan(&own); err != nil {
		t.Fatal(err)
	}
	if own < 590 {
		t.Errorf("%d of 600 new complaints have a theme", own)
	}
	b := &record.Batch{Input: "x"}
	for _, s := range []string{
		"阳光明媚的早晨，鱼在水里游，公园里有很多孩子", "今晚的球赛真精彩，主队最后一分钟绝杀，球迷们都沸腾了",
		"Mix two eggs with flour and sugar, bake the cake for forty minutes at 180 degrees.",
		"The orchestra played Mahler beautifully, though the hall was far too warm for violins.",
	} {
		c := record.Complaint{Body: s}
		c.Stamp(nil)
		b.Complaints = append(b.Complaints, c)
	}
	if _, err := d.st.Admit(t.Context(), b, func(*record.Complaint, *record.History) record.Decision { return record.Decision{Model: "none"} }); err != nil {
		t.Fatal(err)
	}
	if got := d.told("select body as x from theme_member m join complaint c using (seq) where c.seq > (select max(seq) - 4 from complaint)"); got != "" {
		t.Errorf("have a theme: %s", got)
	}
}

// TestSpoiltModel: a model that cannot be read gives no themes, and what comes in
// is taken.
func TestSpoiltModel(t *testing.T) {
	d := newDesk(t, 400)
	d.load(300)
	d.themes()
	for _, model := range []string{"''::blob", "'spoilt'::blob", "(select from_hex(left(hex(model), 4000)) from theme_model)", "null"} {
		if err := d.st.Change(t.Context(), func(w store.Writer) error {
			return w.Exec(t.Context(), "update theme_model set model = "+model)
		}); err != nil {
			t.Fatal(err)
		}
		d.reopened(OpenThemes)
		d.load(400)
		if got := d.told(since); got != "" {
			t.Errorf("%s gave themes", model)
		}
	}
}

// BenchmarkAssign gives new complaints of both languages their themes.
func BenchmarkAssign(b *testing.B) {
	list := assignable(b)
	b.ResetTimer()
	for range b.N {
		list.themes.Assign(list.complaints, func(int, int64, float64) {})
	}
	b.ReportMetric(float64(b.N*len(list.complaints))/b.Elapsed().Seconds(), "complaints/s")
}

type assignments struct {
	themes     *store.Themes
	complaints []*record.Complaint
}

func assignable(b *testing.B) (out assignments) {
	b.Helper()
	dir := b.TempDir()
	if _, err := (simulate.Config{Seed: 3, Complaints: 6000}).WriteDir(dir); err != nil {
		b.Fatal(err)
	}
	st, err := store.Open(b.Context(), filepath.Join(dir, "t.db"), store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close()
	path := filepath.Join(dir, "complaints.csv")
	testload.File(b, st, path, func(*record.Complaint, *record.History) record.Decision { return record.Decision{Model: "none"} })
	if _, err := Themes(b.Context(), st, nil); err != nil {
		b.Fatal(err)
	}
	if out.themes, err = OpenThemes(b.Context(), st); err != nil {
		b.Fatal(err)
	}
	length := 0
	for _, r := range testload.Rows(b, path) {
		out.complaints = append(out.complaints, &record.Complaint{Subject: r["subject"], Body: r["body"], Language: r["language"]})
		length += len([]rune(r["body"]))
	}
	b.Logf("%d complaints of %d characters", len(out.complaints), length/len(out.complaints))
	return out
}
