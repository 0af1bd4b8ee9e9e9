package template

import (
	"encoding/csv"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMask(t *testing.T) {
	for in, want := range map[string]string{
		"upstream timeout after 350ms tx=T123456789012": "upstream timeout after <*>ms tx=<*>",
		"login ok ip=10.0.0.7 device=a3f09b21":          "login ok ip=<*> device=<*>",
		"provider=sms-3 code=SMS-2107":                  "provider=sms-<*> code=SMS-2107",
		"GET /v3/quotes/XAUUSD 200 12ms":                "GET /v3/quotes/XAUUSD <*> <*>ms",
		"at 2026-01-05T09:00:01.123Z, amount=1,204.50":  "at <*>, amount=<*>",
		"id 550e8400-e29b-41d4-a716-446655440000 done":  "id <*> done",
		"IPv6 over eth0 by SOCKS5, order 4":             "IPv6 over eth0 by SOCKS5, order <*>",
		"订单 12345 失败":                                   "订单 <*> 失败",
		"hash deadbeefcafe seen":                        "hash <*> seen",
		"":                                              "",
	} {
		if got := string(mask(nil, in)); got != want {
			t.Errorf("mask(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestShape(t *testing.T) {
	for in, want := range map[string]string{
		"sent 2164 bytes (2.11 KB) in 3 sec":                     "sent <*> in <*>",
		"connection from 10.0.0.7 (a.b.com) at Fri Jun 17 20:55": "connection from <*> at <*>",
		"connection from 10.0.0.7 () at 12:00":                   "connection from <*> at <*>",
		"parts 1, 2, 3, 4 done":                                  "parts <*> done",
		"done (ok)":                                              "done (ok)",
	} {
		if got := strings.Join(shape(string(mask(nil, in))), " "); got != want {
			t.Errorf("shape(%q) = %q, want %q", in, got, want)
		}
	}
}

// mined gives the text of the template of each line.
func mined(lines ...string) []string {
	m := New()
	list := make([]*Line, len(lines))
	for i, l := range lines {
		list[i] = m.Add("", l)
	}
	m.Settle()
	out := make([]string, len(lines))
	for i, l := range list {
		out[i] = l.Template.Text
	}
	return out
}

func TestWordsAndVariables(t *testing.T) {
	for _, c := range []struct {
		lines []string
		want  int
	}{
		{[]string{"VM started (event)", "VM stopped (event)", "VM paused (event)"}, 3},
		{[]string{"mount sda on a.b.c", "mount sdb on d.e.f", "mount sdc on x.y.z"}, 3}, // three disks might be words
		{[]string{"session opened for user news by 0", "session opened for user root by 0"}, 1},
		{[]string{"link up on eth0 now", "link up on eth1 now"}, 1},
		{[]string{"action android.intent.ON seen", "action android.intent.OFF seen"}, 2},
		{[]string{"host a.example.com is up", "host b.other.org is up"}, 1},
		{[]string{"bank=HSBC order accepted today", "bank=DBS order accepted today"}, 1},
		{[]string{"code=SMS-2107 not sent at all", "code=SMS-2109 not sent at all"}, 2},
		{[]string{"the word a here", "the word b here", "the word c here", "the word d here", "the word e here"}, 1},
		{[]string{"failed\n\tat a.B(C.java:1)", "failed\n\tat d.E(F.java:2)", "failed"}, 2},
	} {
		kinds := map[string]bool{}
		for _, x := range mined(c.lines...) {
			kinds[x] = true
		}
		if len(kinds) != c.want {
			t.Errorf("%q: %d templates, not %d: %v", c.lines, len(kinds), c.want, kinds)
		}
	}
}

func TestNumbersOfTemplatesStay(t *testing.T) {
	mine := func(n int) map[string]int64 {
		m := New()
		for i := range n {
			m.Add("oms", fmt.Sprintf("order %d accepted for user%c bank=%s", i, 'a'+rune(i%7), []string{"HSBC", "DBS", "CIMB"}[i%3]))
			m.Add("oms", fmt.Sprintf("order %d rejected by rule %c", i, 'a'+rune(i%7)))
			m.Add("oms", "order queue empty")
		}
		ids := map[string]int64{}
		for _, x := range m.Settle() {
			ids[x.Text] = x.ID
		}
		return ids
	}
	few, many := mine(40), mine(4000)
	if len(few) != 3 || fmt.Sprint(few) != fmt.Sprint(many) || few["order <*> accepted for <*> bank=<*>"] == 0 {
		t.Errorf("%v and %v", few, many)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	m := New()
	for i := range mostShapes + 1000 {
		m.Add("", fmt.Sprintf("open %s%c now", strings.Repeat(string(rune('a'+i%26)), 1+i/26%60), 'a'+rune(i/1560)))
	}
	if len(m.shapes) > mostShapes || len(m.masked) > mostMasked {
		t.Errorf("%d shapes, %d masked", len(m.shapes), len(m.masked))
	}
	for _, x := range m.Settle() {
		if x.Text == "" {
			t.Error("a template without text")
		}
	}
}

func FuzzMiner(f *testing.F) {
	f.Add("a=1 b-2 \xff\x00", "() <*> x=")
	f.Fuzz(func(t *testing.T, a, b string) {
		m := New()
		x, y := m.Add("s", a), m.Add("s", b)
		m.Settle()
		if x.Template == nil || y.Template == nil {
			t.Fatal("a line without a template")
		}
	})
}

func BenchmarkMiner(b *testing.B) {
	m := New()
	for i := 0; b.Loop(); i++ {
		m.Add("oms", "upstream timeout after 350ms tx=T123456789012 bank=HSBC code=PG-5041")
	}
}

var (
	update  = flag.Bool("update", false, "write the scoreboard")
	samples = flag.String("loghub", "", "folder of the samples of logpai/loghub, with SYSTEM/SYSTEM_2k.log_structured.csv")
)

var systems = strings.Fields("Android Apache BGL HDFS HPC Hadoop HealthApp Linux Mac OpenSSH OpenStack Proxifier Spark Thunderbird Windows Zookeeper")

// TestScoreboard scores the templates of the public samples of 16 systems. They
// are under a licence for research and are no part of this project:
//
//	git clone https://github.com/logpai/loghub /tmp/loghub
//	go test ./analysis/rootcause/template -run Scoreboard -loghub /tmp/loghub -update
func TestScoreboard(t *testing.T) {
	if *samples == "" {
		t.Skip("needs the samples of logpai/loghub: -loghub FOLDER")
	}
	var board strings.Builder
	board.WriteString("# Grouping accuracy, and F1 of whole groups, on 2,000 lines of 16 systems with one configuration (logpai/loghub, contents as parsed there).\n\n")
	var accuracy, f1 float64
	for _, s := range systems {
		a, f := scored(t, filepath.Join(*samples, s, s+"_2k.log_structured.csv"))
		fmt.Fprintf(&board, "%-12s %.4f %.4f\n", s, a, f)
		accuracy, f1 = accuracy+a/float64(len(systems)), f1+f/float64(len(systems))
	}
	fmt.Fprintf(&board, "%-12s %.4f %.4f\n", "mean", accuracy, f1)
	path := filepath.Join("testdata", "scoreboard.txt")
	if *update {
		if err := os.WriteFile(path, []byte(board.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(path); err != nil || string(want) != board.String() {
		t.Errorf("the scoreboard is another (-update): %v\n%s", err, board.String())
	}
}

// scored compares groups of lines with those of the truth: the share of lines
// whose group is the very one, and F1 over groups (Zhu et al. 2019).
func scored(t *testing.T, path string) (accuracy, f1 float64) {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	var lines []string
	for _, r := range rows[1:] {
		lines = append(lines, r[column["Content"]])
	}
	ours, theirs := map[string][]int{}, map[string][]int{}
	for i, text := range mined(lines...) {
		ours[text] = append(ours[text], i)
		e := rows[i+1][column["EventId"]]
		theirs[e] = append(theirs[e], i)
	}
	groups, right := 0, 0
	for _, g := range ours {
		if e := theirs[rows[g[0]+1][column["EventId"]]]; fmt.Sprint(e) == fmt.Sprint(g) {
			groups, right = groups+1, right+len(g)
		}
	}
	precision, recall := float64(groups)/float64(len(ours)), float64(groups)/float64(len(theirs))
	return float64(right) / float64(len(lines)), 2 * precision * recall / (precision + recall)
}
