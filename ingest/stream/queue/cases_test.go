package queue

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"plaint/ingest/stream"
	"plaint/ingest/stream/streamtest"
)

var update = flag.Bool("update", false, "write what came out as what is wanted")

// TestCases sends the messages of each folder of testdata through both queues;
// what is kept is kept.golden, and is the same.
func TestCases(t *testing.T) {
	folders, err := filepath.Glob("testdata/*/01.msg")
	if err != nil || len(folders) == 0 {
		t.Fatal("no cases", err)
	}
	for _, f := range folders {
		dir := filepath.Dir(f)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			msgs := readMessages(t, dir)
			b := startBroker(t)
			b.stream()
			for _, m := range msgs {
				b.send("tickets.new", m)
			}
			b.sent()
			c := fakeCluster(t, 1)
			for _, m := range msgs {
				c.send(0, m)
			}
			c.sent()
			jet := keptBy(t, b.source(), "tickets", int64(len(msgs)))
			kafka := keptBy(t, c.source(func(k *Kafka) { k.Common.Source = "tickets" }), "crm/tickets/0", int64(len(msgs)-1))
			golden(t, filepath.Join(dir, "kept.golden"), jet)
			if kafka != jet {
				t.Errorf("kafka keeps\n%s\njetstream keeps\n%s", kafka, jet)
			}
		})
	}
}

func readMessages(t *testing.T, dir string) (msgs [][]byte) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.msg"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		m, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		msgs = append(msgs, m)
	}
	return msgs
}

// keptBy writes down what a source keeps up to a position. Messages are
// numbered from the end, for JetStream counts from 1 and Kafka from 0.
func keptBy(t *testing.T, s stream.Source, input string, last int64) string {
	t.Helper()
	k := newBook()
	l := streamtest.Start(t, s, k)
	k.Wait(t, "the last message", func() bool { return k.Positions[input].Offset == last && k.Positions[input].Mark != "" })
	l.Stop(t)
	var out bytes.Buffer
	for _, c := range k.Rows {
		same := ""
		if k.IDs[c.ID] > 1 {
			same = " (of the same record)"
		}
		fmt.Fprintf(&out, "message %3d  %s %q %s %q%s\n", c.Line-last, c.Source, c.ExternalID, c.Received.Time.Format("2006-01-02T15:04:05Z"), c.Body, same)
	}
	for _, r := range k.Refused {
		if r.Input != input {
			t.Errorf("a refusal is of %q", r.Input)
		}
		fmt.Fprintf(&out, "message %3d  refused: %s %q %s, raw %q\n", r.Line-last, r.Code, r.Column, r.Detail, r.Raw)
	}
	return out.String()
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s differs; kept is\n%s", path, got)
	}
}
