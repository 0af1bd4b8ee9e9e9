package main

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plaint/ingest/simulate"
	"plaint/internal/store"
)

// decisions loads a simulated quarter with complaints in batches of a size and
// returns every decision as text.
func decisions(t *testing.T, dir, batch string) string {
	t.Helper()
	db := "b" + batch + ".db"
	for _, args := range [][]string{
		{"ingest", "q/accounts.csv", "q/transactions.csv", "--db", db, "--quiet"},
		{"ingest", "q/complaints.csv", "--db", db, "--quiet", "--batch", batch},
	} {
		if code, said := cli(t, dir, args...); code != exitDone {
			t.Fatalf("%v: %d %s", args, code, said)
		}
	}
	return decided(t, filepath.Join(dir, db))
}

// decided gives every decision of a file as text, in the order of arrival.
func decided(t *testing.T, db string) string {
	t.Helper()
	st, err := store.Open(t.Context(), db, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	var b strings.Builder
	err = st.Each(t.Context(), `select c.external_id || ' ' || d.score || ' ' || d.flagged || ' ' || d.signals::varchar || ' ' ||
		coalesce((select detail from case_event e where e.seq = c.seq), '') from complaint c join decision d using (seq) order by c.seq`,
		func(rows *sql.Rows) error {
			var line string
			err := rows.Scan(&line)
			b.WriteString(line + "\n")
			return err
		})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestRowsOneByOneInHundredsAndInOneFile(t *testing.T) {
	dir := t.TempDir()
	if _, err := (simulate.Config{Seed: 3, Complaints: 400}).WriteDir(filepath.Join(dir, "q")); err != nil {
		t.Fatal(err)
	}
	one, hundred, whole := decisions(t, dir, "1"), decisions(t, dir, "100"), decisions(t, dir, "1000000")
	if n := strings.Count(whole, "\n"); n != 400 || !strings.Contains(whole, "true") {
		t.Fatalf("%d decisions, or none flagged: the test shows nothing", n)
	}
	if one != whole || hundred != whole {
		t.Fatal("decisions differ with the size of the batch")
	}
}

func TestRefusedRowsAreMendedAndReplayed(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.csv", "id,received,body\nC1,03/04/2026,ambiguous\nC2,25/12/2025,day first\nC3,12/25/2025,month first\n")
	write("p.yaml", "name: p\nas: complaints\ncolumns: {id: [id], received: [received], body: [body]}\ndates: {order: dmy}\n")
	run := func(want int, args ...string) string {
		t.Helper()
		code, said := cli(t, dir, append(args, "--db", "x.db")...)
		if code != want {
			t.Fatalf("%v: exit status %d, want %d\n%s", args, code, want, said)
		}
		return said
	}
	run(exitRefused, "ingest", "a.csv")
	if said := run(exitDone, "refused", "list"); !strings.Contains(said, "ambiguous") && !strings.Contains(said, "03/04/2026") {
		t.Fatal(said)
	}
	run(exitDone, "refused", "export", "--out", "out")
	if b, err := os.ReadFile(filepath.Join(dir, "out", "001_a.csv")); err != nil || string(b) != "id,received,body\nC1,03/04/2026,ambiguous\n" {
		t.Fatalf("%q %v", b, err)
	}
	run(exitRefused, "refused", "replay") // nothing was mended
	run(exitDone, "refused", "replay", "--profile", "p.yaml")
	if said := run(exitDone, "query", "--format", "csv", "select external_id, received from complaint order by 1"); said != "external_id,received\nC1,2026-04-03T00:00:00Z\nC2,2025-12-25T00:00:00Z\nC3,2025-12-25T00:00:00Z\n" {
		t.Fatal(said)
	}
	if said := run(exitDone, "refused", "list"); strings.Contains(said, "03/04/2026") {
		t.Fatalf("still refused:\n%s", said)
	}
}

// TestParquetOfManyChunks writes texts over several of the engine's chunks.
func TestParquetOfManyChunks(t *testing.T) {
	dir := t.TempDir()
	var b strings.Builder
	b.WriteString("id,body,note\n")
	for i := range 5000 {
		fmt.Fprintf(&b, "C%d,text %d,some note %d\n", i, i, i%17)
	}
	if err := os.WriteFile(filepath.Join(dir, "a.csv"), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"ingest", "a.csv", "--profile", "complaints", "--db", "x.db", "--quiet"},
		{"query", "--db", "x.db", "--format", "parquet", "--out", "a.parquet", "select external_id as id, extra as body from complaint"},
		{"export", "--db", "x.db", "--out", "pq", "--quiet"},
		{"ingest", "a.parquet", "--db", "y.db", "--json", "--quiet"},
	} {
		code, said := cli(t, dir, args...)
		if code != exitDone || args[1] == "a.parquet" && !strings.Contains(said, `"loaded":5000`) {
			t.Fatalf("%v: %d %s", args, code, said)
		}
	}
}
