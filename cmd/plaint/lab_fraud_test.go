package main

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"plaint/internal/testload"
	"plaint/internal/web/locale"
)

// fraudFile writes a table in which a high amount from channel b is mostly bad, and
// ties between bad rows.
func fraudFile(t *testing.T, dir string) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	var table, ties strings.Builder
	table.WriteString("id,at,amount,channel,account,label,part\n")
	ties.WriteString("a,b\n")
	last := 0
	for i := range 1500 {
		amount, channel := random.Float64()*100, "abc"[random.IntN(3)]
		bad := amount > 60 && channel == 'b' && random.IntN(8) > 0 || random.IntN(30) == 0
		label := strconv.FormatBool(bad)
		if i%50 == 7 {
			label = ""
		}
		fmt.Fprintf(&table, "%04d,%d,%.2f,%c,acc%d,%s,%s\n", i, i*3+random.IntN(2), amount, channel, random.IntN(90), label, []string{"train", "train", "val", "test"}[i%4])
		if bad {
			fmt.Fprintf(&ties, "%04d,%04d\n", last, i)
			last = i
		}
	}
	put(t, dir, "t.csv", table.String())
	put(t, dir, "e.csv", ties.String())
}

func TestLabFraud(t *testing.T) {
	dir := t.TempDir()
	fraudFile(t, dir)
	for _, c := range []struct {
		rows int
		args []string
	}{
		{1500, []string{"--split", "part", "--ignore", "at,account", "--edges", "e.csv"}},
		{1500, []string{"--split", "part", "--ignore", "at", "--entities", "account"}},
		{300, []string{"--time", "at", "--ignore", "part", "--entities", "account", "--label-delay", "100", "--edges", "e.csv"}},
	} {
		args := append([]string{"fraud", "--in", "t.csv", "--id", "id", "--label", "label", "--out", "o.csv", "--reasons"}, c.args...)
		status, out, said := labRun(t, dir, args...)
		var summary struct {
			Scored int
			Test   struct{ AUROC float64 }
		}
		if err := json.Unmarshal([]byte(out), &summary); err != nil || status != exitDone || summary.Scored != c.rows || summary.Test.AUROC < .8 {
			t.Fatalf("%v: %d %s %s", c.args, status, out, said)
		}
		rows := labRows(t, dir, "o.csv")
		if len(rows) != c.rows+1 || !strings.HasPrefix(rows[0], "id,score,log_odds,base,calibration,") {
			t.Fatalf("%v: %d rows, %s", c.args, len(rows), rows[0])
		}
		for _, row := range rows[1:] {
			addsUp(t, row)
		}
	}
	status, out, _ := labRun(t, dir, "fraud", "--in", "t.csv", "--id", "id", "--label", "label", "--split", "part", "--ignore", "at,account", "--model", "challenger", "--out", "o.csv")
	if rows := labRows(t, dir, "o.csv"); status != exitDone || rows[0] != "id,score" || !strings.Contains(out, `"model":"challenger"`) || !strings.HasPrefix(rows[1], "0000,") {
		t.Errorf("%d %s %s", status, out, rows[:2])
	}
}

// addsUp checks that the reasons of a row add up to the log-odds of its score.
func addsUp(t *testing.T, row string) {
	t.Helper()
	cells := strings.Split(row, ",")
	v := make([]float64, len(cells))
	for i, c := range cells[1:] {
		x, err := strconv.ParseFloat(c, 64)
		if err != nil {
			t.Fatal(err)
		}
		v[i+1] = x
	}
	sum := 0.
	for _, x := range v[3:] {
		sum += x
	}
	if math.Abs(sum-v[2]) > 1e-9 || math.Abs(1/(1+math.Exp(-sum))-v[1]) > 1e-9 {
		t.Fatalf("reasons add up to %v: %s", sum, row)
	}
}

// TestLabFraudUnlabelled: without labels rows are put in order by how unlike the
// others they are, for reasons that add up, and nothing is called a verdict.
func TestLabFraudUnlabelled(t *testing.T) {
	dir := t.TempDir()
	var b strings.Builder
	b.WriteString("id,at,amount,account\n")
	for i := range 600 {
		fmt.Fprintf(&b, "r%d,%d,%d,acc%d\n", i, i*60, 10+i*7%90, i%100)
	}
	for i := range 12 { // one account, much in little time
		fmt.Fprintf(&b, "odd%d,%d,%d,acc7\n", i, 30000+i, 900+i)
	}
	put(t, dir, "t.csv", b.String())
	status, out, said := labRun(t, dir, "fraud", "--in", "t.csv", "--id", "id", "--time", "at", "--entities", "account", "--out", "o.csv", "--reasons")
	if status != exitDone || !strings.Contains(out, `"model":"anomaly"`) || !strings.Contains(said, "not therefore bad") {
		t.Fatal(status, out, said)
	}
	rows := testload.Rows(t, filepath.Join(dir, "o.csv"))
	odd := 0
	for _, r := range rows {
		sum, bits := 0., 0.
		for name, cell := range r {
			v, err := strconv.ParseFloat(cell, 64)
			switch {
			case name == "id" || name == "score":
			case err != nil:
				t.Fatal(err)
			case name == "bits":
				bits = v
			default:
				sum += v
			}
		}
		if math.Abs(sum-bits) > 1e-9 {
			t.Fatalf("%v: the reasons add up to %v", r, sum)
		}
		if score, err := strconv.ParseFloat(r["score"], 64); strings.HasPrefix(r["id"], "odd") && err == nil && score > .95 {
			odd++
		}
	}
	if len(rows) != 612 || odd < 11 {
		t.Errorf("%d rows, %d odd ones in front", len(rows), odd)
	}
}

// TestLabFraudRefuses: what cannot be done is said, in words of the user's language.
func TestLabFraudRefuses(t *testing.T) {
	dir := t.TempDir()
	fraudFile(t, dir)
	put(t, dir, "empty.csv", "")
	put(t, dir, "none.csv", "id,x,label,part\n")
	put(t, dir, "one.csv", "id,x,label,part\n1,2,0,train\n2,3,0,test\n")
	put(t, dir, "three.csv", "id,x,label,part\n1,2,0,train\n2,3,1,train\n3,3,2,test\n")
	put(t, dir, "few.csv", "id,x,label,part\n1,2,0,train\n2,3,1,train\n3,3,1,test\n")
	put(t, dir, "late.csv", "id,x,label,part\n1,2,0,test\n2,3,1,test\n3,3,1,later\n")
	put(t, dir, "untrained.csv", "id,x,label,part\n1,2,0,test\n2,3,1,test\n3,3,,train\n")
	put(t, dir, "twice.csv", "id,x,label,part\n1,2,0,train\n1,3,1,test\n")
	put(t, dir, "times.csv", "id,at,label\n1,2,0\n2,soon,1\n3,4,1\n4,4,1\n5,6,0\n")
	put(t, dir, "short.csv", "id,at,label\n1,2,0\n2,3,1\n")
	put(t, dir, "at_once.csv", "id,at,label\n1,7,0\n2,7,1\n3,7,1\n4,7,1\n5,7,0\n")
	put(t, dir, "noab.csv", "x,y\n0001,0002\n")
	put(t, dir, "unknown.csv", "a,b\n0001,9999\n")
	on := func(file string, more ...string) []string {
		return append([]string{"--in", file, "--id", "id", "--label", "label"}, more...)
	}
	split := []string{"--split", "part"}
	put(t, dir, "ids.csv", "id\n1\n2\n3\n")
	for _, c := range []struct {
		status int
		said   string
		args   []string
	}{
		{exitUsage, "--in", []string{"--id", "id"}},
		{exitUsage, "--id", []string{"--in", "t.csv"}},
		{exitUsage, "--label", []string{"--in", "t.csv", "--id", "id", "--split", "part"}},
		{exitUsage, "--label", []string{"--in", "t.csv", "--id", "id", "--time", "at", "--label-delay", "3"}},
		{exitUsage, "--label", []string{"--in", "t.csv", "--id", "id", "--model", "challenger"}},
		{exitFailed, "none.csv", []string{"--in", "none.csv", "--id", "id"}},
		{exitFailed, "soon", []string{"--in", "times.csv", "--id", "id", "--time", "at"}},
		{exitFailed, "account, amount, at, channel", []string{"--in", "t.csv", "--id", "id", "--ignore", "amount,channel,account,at,label,part"}},
		{exitUsage, "--entities", append(on("t.csv", split...), "--entities", "label")},
		{exitUsage, "--entities", append(on("t.csv", split...), "--entities", "account,account")},
		{exitUsage, "--label-delay", append(on("t.csv", "--time", "at"), "--label-delay", "NaN")},
		{exitUsage, "--time", on("t.csv")},
		{exitUsage, "--time", on("t.csv", "--split", "part", "--time", "at")},
		{exitUsage, "--label-delay", on("t.csv", "--split", "part", "--label-delay", "3")},
		{exitUsage, "nobody", on("t.csv", "--split", "nobody")},
		{exitUsage, "nobody", on("t.csv", "--split", "part", "--entities", "account,nobody")},
		{exitUsage, "nobody", on("t.csv", "--split", "part", "--ignore", "nobody")},
		{exitUsage, "forest", on("t.csv", "--split", "part", "--model", "forest")},
		{exitUsage, "glass", on("t.csv", "--split", "part", "--model", "challenger", "--reasons")},
		{exitFailed, "gone.csv", on("gone.csv", split...)},
		{exitFailed, "empty.csv", on("empty.csv", split...)},
		{exitFailed, "none.csv", on("none.csv", split...)},
		{exitFailed, "label", on("one.csv", split...)},
		{exitFailed, "0, 1, 2", on("three.csv", split...)},
		{exitFailed, "10", on("few.csv", split...)},
		{exitFailed, "later", on("late.csv", split...)},
		{exitFailed, "train", on("untrained.csv", split...)},
		{exitFailed, "1", on("twice.csv", split...)},
		{exitFailed, "soon", on("times.csv", "--time", "at")},
		{exitFailed, "2", on("short.csv", "--time", "at")},
		{exitFailed, "at: 7", on("at_once.csv", "--time", "at")},
		{exitFailed, "account, amount, at, channel", on("t.csv", "--split", "part", "--ignore", "amount,channel,account,at")},
		{exitFailed, "x, y", on("t.csv", "--split", "part", "--edges", "noab.csv")},
		{exitFailed, "9999", on("t.csv", "--split", "part", "--edges", "unknown.csv")},
		{exitFailed, "--ignore at", on("t.csv", split...)},
		{exitFailed, "--ignore channel,at\n", on("t.csv", "--split", "part", "--ignore", "channel")},
		{exitFailed, "--entities", []string{"--in", "ids.csv", "--id", "id"}},
	} {
		words := map[string]bool{}
		for _, lang := range locale.Languages {
			status, _, said := labRun(t, dir, append(append([]string{"fraud"}, c.args...), "--lang", lang)...)
			if status != c.status || !strings.Contains(said, c.said) || strings.Contains(said, "err_") || strings.Contains(said, "leak_") {
				t.Errorf("%v in %s: %d %s", c.args, lang, status, said)
			}
			words[said] = true
		}
		if len(words) != len(locale.Languages) {
			t.Errorf("%v: the languages say the same: %v", c.args, words)
		}
	}
}
