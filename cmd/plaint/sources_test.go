package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"plaint/ingest/simulate"
	"plaint/internal/testload"
)

// TestServeTellsOfProfiles: a server does not start with a profile that cannot be used,
// and says in which line of which file.
func TestServeTellsOfProfiles(t *testing.T) {
	dir := t.TempDir()
	profile := filepath.Join(dir, "mine.yaml")
	put(t, dir, "mine.yaml", "name: mine\nas: complaints\ncolumns:\n  custmer: [C]\n")
	put(t, dir, "token", "x")
	for _, settings := range []string{
		"hooks: [{name: crm, type: hmac, secrets: [{file: " + filepath.Join(dir, "token") + "}], profile: " + profile + "}]\n",
		"sources: [{name: tail, type: follow, path: x.log, profile: " + profile + "}]\n",
	} {
		put(t, dir, "plaint.yaml", settings)
		for lang, want := range map[string]string{
			"en": profile + ":4: complaints have no word custmer; did you mean customer?", "zh": profile + ":4：complaints 没有字段 custmer；是否想写 customer？",
		} {
			if code, said := cli(t, dir, "serve", "--lang", lang, "--listen", "127.0.0.1:0"); code != exitUsage || !strings.Contains(said, want) {
				t.Errorf("%s: %d %s, want %s", settings, code, said, want)
			}
		}
	}
}

// TestReplayTellsOfProfiles: the profile that rows were loaded with is a file, which
// may have changed.
func TestReplayTellsOfProfiles(t *testing.T) {
	d := desk{t, t.TempDir()}
	d.write("mine.yaml", "name: mine\nas: complaints\ncolumns: {id: [id], received: [received], body: [body]}\n")
	d.write("a.csv", "id,received,body\nC1,03/04/2026,hello there\n")
	d.run(exitRefused, "ingest", "a.csv", "--profile", "mine.yaml")
	d.write("mine.yaml", "name: mine\nas: complaints\ncolumns: {id: [id], received: [received], body: body}\n")
	if said, want := d.run(exitDone, "refused", "replay"), filepath.Join(d.dir, "mine.yaml")+":3: body is not a list"; !strings.Contains(said, want) {
		t.Errorf("%s, want %s", said, want)
	}
}

// TestDecisionsByFileHTTPAndQueue brings the same complaints in three ways, in
// deliveries of different sizes: every decision, signal and reason is the same.
func TestDecisionsByFileHTTPAndQueue(t *testing.T) {
	dir := t.TempDir()
	if _, err := (simulate.Config{Seed: 3, Complaints: 400}).WriteDir(filepath.Join(dir, "q")); err != nil {
		t.Fatal(err)
	}
	byFile := decisions(t, dir, "1000000")
	if !strings.Contains(byFile, "true") {
		t.Fatal("no complaint is flagged: the test shows nothing")
	}
	var rows [][]byte
	for _, r := range testload.Rows(t, filepath.Join(dir, "q", "complaints.csv")) {
		line, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, line)
	}
	for name, bring := range map[string]func(t *testing.T, db string, rows [][]byte){"http": bringOverHTTP, "queue": bringOverQueue} {
		t.Run(name, func(t *testing.T) {
			db := filepath.Join(t.TempDir(), name+".db")
			if code, said := cli(t, dir, "ingest", "q/accounts.csv", "q/transactions.csv", "--db", db, "--quiet"); code != exitDone {
				t.Fatalf("%d %s", code, said)
			}
			bring(t, db, rows)
			if got := decided(t, db); got != byFile {
				t.Errorf("the decisions differ from those by file: %s", firstDifference(got, byFile))
			}
		})
	}
}

func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return fmt.Sprintf("line %d: %s, not %s", i, x[i], y[i])
		}
	}
	return fmt.Sprintf("%d lines, not %d", len(x), len(y))
}

// bringOverHTTP posts singly and in sevens by turns.
func bringOverHTTP(t *testing.T, db string, rows [][]byte) {
	p := startServer(t, builtProgram(t), db, nil)
	defer p.stop()
	for size := 1; len(rows) > 0; size = 8 - size {
		n := min(size, len(rows))
		res, err := http.Post(p.url+"/v1/complaints", "application/x-ndjson", bytes.NewReader(bytes.Join(rows[:n], []byte("\n"))))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%s %s %v", res.Status, answer, err)
		}
		rows = rows[n:]
	}
}

// bringOverQueue publishes one message for each complaint.
func bringOverQueue(t *testing.T, db string, rows [][]byte) {
	dir := t.TempDir()
	server, err := natsserver.NewServer(&natsserver.Options{Port: -1, JetStream: true, StoreDir: filepath.Join(dir, "nats"), NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	go server.Start()
	defer server.Shutdown()
	if !server.ReadyForConnections(20 * time.Second) {
		t.Fatal("the broker does not start")
	}
	conn, err := nats.Connect(server.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err == nil {
		_, err = js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "Q", Subjects: []string{"q"}})
	}
	for _, r := range rows {
		if err == nil {
			_, err = js.Publish(t.Context(), "q", r)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	settings := filepath.Join(dir, "plaint.yaml")
	text := fmt.Sprintf("sources:\n  - {name: q, type: jetstream, as: complaints, url: %q, stream: Q, batch: 33}\n", server.ClientURL())
	if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := startServer(t, builtProgram(t), db, nil, "--config", settings)
	defer p.stop()
	for sourceLoaded(t, p.url, "q") < len(rows) {
		time.Sleep(10 * time.Millisecond)
	}
}

// TestIngestLeavesTheDatabaseOut loads the folder that the database is in, by the
// process that owns it and through a server, which keeps its lock.
func TestIngestLeavesTheDatabaseOut(t *testing.T) {
	dir, program := t.TempDir(), builtProgram(t)
	if err := os.WriteFile(filepath.Join(dir, "c.csv"), []byte("id,received,body\nC1,2026-03-01,no money\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	db := filepath.Join(dir, "own.db")
	load := func() {
		t.Helper()
		out, err := exec.Command(program, "ingest", dir, "--db", db, "--lang", "en").CombinedOutput()
		if err != nil || !bytes.Contains(out, []byte("own.db is the database itself")) {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	if out, err := exec.Command(program, "ingest", filepath.Join(dir, "c.csv"), "--db", db).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	load()
	p := startServer(t, program, db, nil)
	defer p.stop()
	load()
	out, err := exec.Command(program, "serve", "--db", db, "--listen", "127.0.0.1:0", "--lang", "en").CombinedOutput()
	if err == nil || !bytes.Contains(out, []byte("runs already at "+p.url)) {
		t.Fatalf("a second server of the same file: %v\n%s", err, out)
	}
}
