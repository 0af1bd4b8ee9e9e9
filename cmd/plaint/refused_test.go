package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding/unicode"

	"plaint/ingest/simulate"
)

// desk is a folder with a database and the command line.
type desk struct {
	t   *testing.T
	dir string
}

func (d desk) write(name, text string) {
	d.t.Helper()
	path := filepath.Join(d.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

func (d desk) run(want int, args ...string) string {
	d.t.Helper()
	code, said := cli(d.t, d.dir, append(args, "--db", "x.db", "--lang", "en")...)
	if code != want {
		d.t.Fatalf("%v: exit status %d, want %d\n%s", args, code, want, said)
	}
	return said
}

const order = "name: p\nas: complaints\ncolumns: {id: [id], received: [received], body: [body]}\ndates: {order: dmy}\n"

// TestReplayKeepsEncodingSourceAndInput: a UTF-16 export under a chosen source.
func TestReplayKeepsEncodingSourceAndInput(t *testing.T) {
	d := desk{t, t.TempDir()}
	d.write("in/a.csv", string(encoded(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder(), "id,received,body\nC1,03/04/2026,提现没有到账\nC2,2026-01-05,fine\n")))
	d.write("p.yaml", order)
	d.run(exitRefused, "ingest", "in/a.csv", "--source", "crm")
	d.run(exitRefused, "refused", "replay") // nothing was mended
	if said := d.run(exitDone, "refused", "list"); strings.Count(said, "a.csv") != 1 || !strings.Contains(said, "03/04/2026") {
		t.Fatal(said)
	}
	said := d.run(exitDone, "refused", "export", "--out", "out")
	if b, err := os.ReadFile(filepath.Join(d.dir, "out", "001_a.csv")); err != nil || !strings.HasPrefix(string(b), "\xff\xfei\x00d\x00") || !strings.Contains(said, "--source crm --encoding utf-16le") {
		t.Fatalf("%q %v\n%s", b, err, said)
	}
	d.run(exitDone, "refused", "replay", "--profile", "p.yaml")
	if said := d.run(exitDone, "query", "--format", "csv", "select source, external_id, received from complaint order by 2"); said != "source,external_id,received\ncrm,C1,2026-04-03T00:00:00Z\ncrm,C2,2026-01-05T00:00:00Z\n" {
		t.Fatal(said)
	}
	if said := d.run(exitDone, "query", "--format", "csv", "select input from refused"); strings.Contains(said, "tmp/plaint-replay") {
		t.Fatalf("refused again under another name:\n%s", said)
	}
}

func TestRefusedListFindsInputsByTheirEnd(t *testing.T) {
	d := desk{t, t.TempDir()}
	bad := "id,received,body\nC1,03/04/2026,x\nC2,never,y\n"
	d.write("in/a.csv", bad)
	d.write("other/a.csv", bad)
	d.write("in/ba.csv", bad)
	d.write("in/a.zip", string(archive("b.csv", bad)))
	d.run(exitRefused, "ingest", "in", "other")
	for name, want := range map[string]int{"a.csv": 4, "in/a.csv": 2, "csv": 0, filepath.Join(d.dir, "in/ba.csv"): 2, "a.zip": 2, "b.csv": 2, "in/a.zip!b.csv": 2} {
		said := d.run(exitDone, "refused", "list", "--input", name)
		rows, totals, _ := strings.Cut(said, "\n\n")
		if got := strings.Count(rows, "\n"); got != want {
			t.Errorf("%s: %d rows, want %d\n%s", name, got, want, said)
		}
		for _, code := range []string{"ambiguous_date", "bad_date"} {
			if want > 0 && !strings.Contains(totals, strings.TrimSpace(string(rune('0'+want/2)))+"  "+code) {
				t.Errorf("%s: the totals are not of that input\n%s", name, said)
			}
		}
	}
	if said := d.run(exitDone, "refused", "list", "--reason", "bad_date", "--limit", "1"); strings.Contains(said, "ambiguous_date") || !strings.Contains(said, "4  bad_date") {
		t.Errorf("the totals ignore the reason, or heed the limit:\n%s", said)
	}
}

// TestAFileRefusedWholeIsOpenOnce: each attempt is booked, one is open, and none
// once the file could be read.
func TestAFileRefusedWholeIsOpenOnce(t *testing.T) {
	d := desk{t, t.TempDir()}
	d.write("a.csv", "foo,bar\n1,2\n")
	for range 3 {
		if said := d.run(exitRefused, "ingest", "a.csv"); !strings.Contains(said, "no_profile") {
			t.Fatal(said)
		}
	}
	if said := d.run(exitDone, "refused", "list"); !strings.Contains(said, "\n1  no_profile") {
		t.Fatal(said)
	}
	d.write("a.csv", "id,body\n1,2\n")
	d.run(exitDone, "ingest", "a.csv")
	if said := d.run(exitDone, "refused", "list"); strings.Contains(said, "no_profile") {
		t.Fatal(said)
	}
}

func TestASimulationIsLoadedWithoutItsTruth(t *testing.T) {
	d := desk{t, t.TempDir()}
	if _, err := (simulate.Config{Seed: 3, Complaints: 50}).WriteDir(filepath.Join(d.dir, "q")); err != nil {
		t.Fatal(err)
	}
	if said := d.run(exitDone, "ingest", "q"); !strings.Contains(said, "q/truth: the truth of a simulation") {
		t.Fatal(said)
	}
	if err := os.Mkdir(filepath.Join(d.dir, "empty"), 0o700); err != nil {
		t.Fatal(err)
	}
	if said := d.run(exitFailed, "ingest", "empty"); !strings.Contains(said, "holds no files") {
		t.Fatal(said)
	}
}

// TestQueryWhoseReaderLeaves: head reads one line and closes the pipe.
func TestQueryWhoseReaderLeaves(t *testing.T) {
	dir := t.TempDir()
	empty(t, filepath.Join(dir, "x.db"))
	c := program(t, dir)
	c.Path, c.Args = "/bin/sh", []string{"sh", "-c", `"$0" --lang en query --db x.db --format csv --limit 1000000 "select range, repeat('x', 100) from range(1000000)" | head -n 1`, os.Args[0]}
	out, err := c.CombinedOutput()
	if err != nil || strings.Contains(string(out), "memory") || strings.Contains(string(out), "error") {
		t.Fatalf("%v\n%.500s", err, out)
	}
}
