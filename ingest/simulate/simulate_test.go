package simulate

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plaint/internal/record"
)

func write(t *testing.T, c Config) (string, Summary) {
	t.Helper()
	dir := t.TempDir()
	s, err := c.WriteDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir, s
}

// rows reads a CSV file strictly, as maps by header.
func rows(t *testing.T, dir, name string) []map[string]string {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := make([]map[string]string, 0, len(all))
	for _, row := range all[1:] {
		m := make(map[string]string, len(row))
		for i, v := range row {
			m[all[0][i]] = v
		}
		out = append(out, m)
	}
	return out
}

func digest(t *testing.T, dir string) string {
	t.Helper()
	h := sha256.New()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		fmt.Fprintln(h, filepath.Base(path), len(raw))
		h.Write(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

func TestSameSeedSameBytes(t *testing.T) {
	small := Config{Seed: 3, Customers: 2000, LogLines: 5000}
	a, _ := write(t, small)
	b, _ := write(t, small)
	small.Seed = 4
	c, _ := write(t, small)
	if digest(t, a) != digest(t, b) {
		t.Error("the same seed gave different files")
	}
	if digest(t, a) == digest(t, c) {
		t.Error("another seed gave the same files")
	}
}

func TestConcernsAreIndependent(t *testing.T) {
	a, _ := write(t, Config{Seed: 3, Customers: 2000, LogLines: 3000})
	b, _ := write(t, Config{Seed: 3, Customers: 2000, LogLines: 6000})
	for _, name := range []string{"accounts.csv", "transactions.csv", "surveys.csv", "complaints.csv"} {
		x, _ := os.ReadFile(filepath.Join(a, name))
		y, _ := os.ReadFile(filepath.Join(b, name))
		if string(x) != string(y) {
			t.Errorf("more log lines changed %s", name)
		}
	}
}

func TestRefusesNonsense(t *testing.T) {
	for _, c := range []Config{{Customers: 3}, {Days: 1}, {Fraud: .95}, {Complaints: -1}, {Incidents: 99}, {Customers: 200, Complaints: 50000}} {
		if _, err := c.WriteDir(t.TempDir()); err == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
}

func TestRowsReferToEachOther(t *testing.T) {
	dir, s := write(t, Config{Seed: 1})
	customers, money, complaints := map[string]bool{}, map[string]map[string]string{}, map[string]map[string]string{}
	last := ""
	for _, a := range rows(t, dir, "accounts.csv") {
		customers[a["customer"]] = true
		last = ascending(t, "accounts", last, a["opened"])
	}
	last = ""
	for _, m := range rows(t, dir, "transactions.csv") {
		if !customers[m["customer"]] || money[m["id"]] != nil {
			t.Fatalf("transaction without a customer or twice: %v", m)
		}
		money[m["id"]] = m
		last = ascending(t, "transactions", last, m["requested"])
		ascending(t, "settlement", m["requested"], max(m["settled"]+m["failed"], m["requested"]))
	}
	last = ""
	for _, c := range rows(t, dir, "complaints.csv") {
		complaints[c["id"]] = c
		last = ascending(t, "complaints", last, c["received"])
		if !customers[c["customer"]] || c["closed"] != "" && c["closed"] < c["received"] || c["body"] == "" {
			t.Fatalf("bad complaint %v", c)
		}
	}
	last = ""
	for _, a := range rows(t, dir, "surveys.csv") {
		last = ascending(t, "surveys", last, a["answered"])
		c := complaints[a["complaint"]]
		if !customers[a["customer"]] || a["complaint"] != "" && (c["customer"] != a["customer"] || a["answered"] < c["closed"] || c["closed"] == "") {
			t.Fatalf("bad survey %v", a)
		}
	}
	if len(complaints) != s.Rows[record.Complaints] || len(money) != s.Rows[record.Transactions] {
		t.Errorf("summary %v does not match the files", s.Rows)
	}
	t.Run("evidence", func(t *testing.T) { evidenceAgrees(t, dir, complaints, money) })
	t.Run("logs", func(t *testing.T) { logsComeFirst(t, dir) })
	t.Run("shares", func(t *testing.T) { sharesAsPlanted(t, dir, s) })
}

func ascending(t *testing.T, what, a, b string) string {
	t.Helper()
	if b < a {
		t.Fatalf("%s: %s comes after %s", what, b, a)
	}
	return b
}

// evidenceAgrees: what an honest customer cites exists and is as claimed, but
// for the few who are mistaken; what is refuted is settled or does not exist.
func evidenceAgrees(t *testing.T, dir string, complaints, money map[string]map[string]string) {
	cited, wrong := 0, 0
	for _, truth := range rows(t, dir, "truth/complaints.csv") {
		c := complaints[truth["id"]]
		id, _, _ := strings.Cut(c["evidence"], ";")
		m := money[id]
		if id != "" && truth["motive"] == "honest" {
			if m == nil || m["customer"] != c["customer"] || m["requested"] > c["received"] {
				t.Fatalf("evidence %s of an honest complaint: %v", id, m)
			}
		}
		if id == "" || truth["type"] != "withdrawal_delay" || m == nil {
			continue
		}
		arrived := m["settled"] != "" && m["settled"] < c["received"]
		if arrived != (truth["refuted"] == "yes") {
			t.Errorf("%s: refuted=%s but settled %q, received %s", truth["id"], truth["refuted"], m["settled"], c["received"])
		}
		if truth["motive"] == "honest" {
			if cited++; arrived {
				wrong++
			}
		}
	}
	if share := float64(wrong) / float64(cited); cited < 200 || share > .07 {
		t.Errorf("%d of %d honest complaints are mistaken", wrong, cited)
	}
}

func logsComeFirst(t *testing.T, dir string) {
	var incidents []struct {
		ID, Service, Code, Start, End string
		Count                         int    `json:"complaints"`
		First                         string `json:"first_complaint"`
	}
	raw, err := os.ReadFile(filepath.Join(dir, "truth/incidents.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &incidents); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, "logs.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	inside, outside, last := map[string]int{}, map[string]int{}, ""
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var l struct{ Time, Message string }
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		last = ascending(t, "logs", last, l.Time)
		for _, in := range incidents {
			if !strings.Contains(l.Message, in.Code) {
				continue
			}
			if l.Time >= in.Start && l.Time < in.First {
				inside[in.ID]++
			} else if l.Time < in.Start {
				outside[in.ID]++
			}
		}
	}
	for _, in := range incidents {
		if in.First <= in.Start || in.Count < 80 || inside[in.ID] < 3 {
			t.Errorf("%s: %d complaints, the first %s after a start %s, %d log lines between", in.ID, in.Count, in.First, in.Start, inside[in.ID])
		}
	}
}

// seen is what the log has of one customer.
type seen struct {
	at  time.Time
	bad bool // at warn or error
}

// TestLogsTellOfComplaints: a technical complaint without a fault has the
// customer's own lines before it, bad ones if the trouble was real.
func TestLogsTellOfComplaints(t *testing.T) {
	dir, _ := write(t, Config{Seed: 1})
	logs, complaints := logsOf(t, dir), rows(t, dir, "complaints.csv")
	n, honest, stray := map[string]int{}, map[string]int{}, 0
	for i, truth := range rows(t, dir, "truth/complaints.csv") {
		told, c := truth["logs"], complaints[i]
		faultless := truth["incident"] == "" || truth["motive"] != "honest"
		if !faultless || !strings.Contains("login platform_down platform_update", truth["type"]) {
			if told != "" {
				t.Errorf("%v has traces", truth)
			}
			continue
		}
		if truth["incident"] != "" && told == "trouble" {
			t.Errorf("%s rides on an outage and was met by it", truth["id"])
		}
		if n[told]++; truth["motive"] == "honest" {
			honest[told]++
		}
		received, err := time.Parse(time.RFC3339, c["received"])
		if err != nil {
			t.Fatal(err)
		}
		good, bad := 0, 0
		for _, l := range logs[c["customer"]] {
			switch before := received.Sub(l.at); {
			case before <= 0 || before > 24*time.Hour:
			case l.bad:
				bad++
			default:
				good++
			}
		}
		if told == "trouble" && bad == 0 || told == "none" && good == 0 {
			t.Errorf("%v: %d bad lines, %d others", truth, bad, good)
		}
		if told == "none" && bad > 0 {
			stray++ // a line of chance
		}
	}
	t.Logf("technical complaints without a fault: %v, of them honest: %v, with a stray warning: %d", n, honest, stray)
	if absent := float64(n[""]) / float64(n[""]+n["none"]+n["trouble"]); n["none"] < 50 || absent < .3 || absent > .4 {
		t.Errorf("logs tell %v", n)
	}
	if mistaken := float64(honest["none"]) / float64(honest["none"]+honest["trouble"]); mistaken < .02 || mistaken > .06 {
		t.Errorf("logs tell of the honest %v", honest)
	}
	if abusers := n["none"] - honest["none"]; abusers < 20 || n["trouble"]-honest["trouble"] < 20 || 50*stray > n["none"] {
		t.Errorf("logs tell %v, of the honest %v; %d of none have a warning", n, honest, stray)
	}
}

func logsOf(t *testing.T, dir string) map[string][]seen {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "logs.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]seen{}
	for line := range bytes.Lines(raw) {
		var l struct {
			Time            time.Time
			Level, Customer string
		}
		if err := json.Unmarshal(line, &l); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if l.Customer != "" {
			out[l.Customer] = append(out[l.Customer], seen{at: l.Time, bad: l.Level == "warn" || l.Level == "error"})
		}
	}
	return out
}

// TestTracesChangeNothingElse: without them complaints and all other log lines
// are the same, also in drills, with few customers and with hardly a log.
func TestTracesChangeNothingElse(t *testing.T) {
	for _, c := range []Config{{Seed: 5, Customers: 2000, LogLines: 20000}, {Seed: 3, Complaints: 1000, LogLines: 5000, Drill: true},
		{Seed: 7, Customers: 200, LogLines: 1}} {
		with, without := planned(t, c), planned(t, c)
		for i := range without.plans {
			without.plans[i].logs = tellsNothing
		}
		for i := range with.plans {
			if a, b := with.appendComplaint(nil, i), without.appendComplaint(nil, i); !bytes.Equal(a, b) {
				t.Fatalf("%+v: %s and %s", c, a, b)
			}
		}
		a, b := logged(t, with), logged(t, without)
		if more := len(a) - len(b); more == 0 || more != len(with.traces()) {
			t.Errorf("%+v: %d traces, %d more lines", c, len(with.traces()), more)
		}
		for _, line := range a {
			if len(b) > 0 && line == b[0] {
				b = b[1:]
			} else if !strings.Contains(line, `,"customer":"C`) || !strings.Contains(line, " cid=1") {
				t.Fatalf("%+v: a line without a customer has come: %s", c, line)
			}
		}
		if len(b) > 0 {
			t.Errorf("%+v: %d lines are not as they were, the first %s", c, len(b), b[0])
		}
	}
}

func planned(t *testing.T, c Config) *world {
	t.Helper()
	w, err := c.plan()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func logged(t *testing.T, w *world) []string {
	t.Helper()
	var out bytes.Buffer
	n, err := w.writeLogs(&out)
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if err != nil || n != len(lines) {
		t.Fatalf("%d lines, %d counted, %v", len(lines), n, err)
	}
	return lines
}

func sharesAsPlanted(t *testing.T, dir string, s Summary) {
	n := s.Rows[record.Complaints]
	if share := float64(s.Abusive) / float64(n); share < .11 || share > .135 {
		t.Errorf("abusive share %.3f", share)
	}
	for kind, want := range map[string]float64{"ring": .3, "professional": .25, "refund_abuse": .3, "contradiction": .15} {
		if got := float64(s.Motives[kind]) / float64(s.Abusive); got < want-.05 || got > want+.05 {
			t.Errorf("%s: share %.3f, planted %.2f", kind, got, want)
		}
	}
	complaints, misfiled, chinese, types := rows(t, dir, "complaints.csv"), 0, 0, map[string]int{}
	for i, truth := range rows(t, dir, "truth/complaints.csv") {
		c := complaints[i]
		types[c["type"]]++
		if c["type"] != truth["type"] {
			misfiled++
		}
		if strings.ContainsFunc(c["body"], func(r rune) bool { return r > 0x4e00 && r < 0x9fff }) {
			chinese++
		}
	}
	if share := float64(misfiled) / float64(n); share < .045 || share > .075 {
		t.Errorf("misfiled share %.3f", share)
	}
	if share := float64(chinese) / float64(n); share < .55 || share > .72 {
		t.Errorf("chinese share %.3f", share)
	}
	if len(types) != 10 {
		t.Errorf("types %v", types)
	}
	if at, err := time.Parse(time.RFC3339, complaints[0]["received"]); err != nil || at.Before(time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("first complaint %v, %v", at, err)
	}
}

// TestHonestTextsDiffer bounds the share of honest complaints that look like
// another: a near-duplicate must mean something.
func TestHonestTextsDiffer(t *testing.T) {
	w, err := Config{Seed: 1}.plan()
	if err != nil {
		t.Fatal(err)
	}
	similar, n, example := 0, 0, ""
	groups := map[[2]int][]map[string]bool{}
	texts := map[[2]int][]string{}
	for i, p := range w.plans {
		if p.motive != honest {
			continue
		}
		s := scribe{w: w}
		s.begin(i)
		body := string(s.body(nil))
		key := [2]int{int(p.cause), s.l}
		groups[key] = append(groups[key], shingles(body))
		texts[key] = append(texts[key], body)
		n++
	}
	for key, g := range groups {
		for i := range g {
			for j := range g {
				if i != j && jaccard(g[i], g[j]) >= .6 {
					similar++
					example = texts[key][i] + " | " + texts[key][j]
					break
				}
			}
		}
	}
	t.Logf("%d of %d honest texts have a near-duplicate", similar, n)
	if share := float64(similar) / float64(n); share >= .005 {
		t.Errorf("%d of %d honest texts (%.2f%%) have a twin, such as %s", similar, n, 100*share, example)
	}
}

func shingles(s string) map[string]bool {
	r, out := []rune(s), map[string]bool{}
	for i := 0; i+3 <= len(r); i++ {
		out[string(r[i:i+3])] = true
	}
	return out
}

func jaccard(a, b map[string]bool) float64 {
	if len(a)*10 < len(b)*6 || len(b)*10 < len(a)*6 {
		return 0
	}
	both := 0
	for s := range a {
		if b[s] {
			both++
		}
	}
	return float64(both) / float64(len(a)+len(b)-both)
}

func TestEveryCauseHasWords(t *testing.T) {
	b, err := openBook()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range b.causes {
		for l, lang := range languages {
			readings := 0
			for _, p := range c.core[l] {
				readings += p.readings()
			}
			if len(c.core[l]) < 7 || readings < 12 || len(c.detail[l]) < 3 {
				t.Errorf("%s in %s: %d core sentences with %d readings, %d details", c.name, lang, len(c.core[l]), readings, len(c.detail[l]))
			}
		}
	}
}

// readings counts the ways to say a phrase, slots aside.
func (p phrase) readings() int {
	n := 1
	for _, q := range p {
		sum := 0
		for _, a := range q.alts {
			sum += a.readings()
		}
		n *= max(sum, 1)
	}
	return n
}

func BenchmarkComplaint(b *testing.B) {
	w, err := Config{Seed: 1}.plan()
	if err != nil {
		b.Fatal(err)
	}
	row := make([]byte, 0, 4096)
	i := 0
	for b.Loop() {
		row = w.appendComplaint(row[:0], i%len(w.plans))
		i++
	}
}

// TestDrill: faults differ, decoys are told, no fault of one cause begins while
// another lasts, and the same seed gives the same bytes; without the drill nothing
// of it is there.
func TestDrill(t *testing.T) {
	c := Config{Seed: 3, Complaints: 2500, Incidents: 8, LogLines: 20000, Drill: true}
	dir, s := write(t, c)
	if again, _ := write(t, c); digest(t, dir) != digest(t, again) {
		t.Error("two drills of one seed differ")
	}
	var faults []struct {
		Cause, Slice string
		Start, End   time.Time
		Complaints   int
	}
	var decoys []decoy
	for name, into := range map[string]any{"incidents.json": &faults, "decoys.json": &decoys} {
		raw, err := os.ReadFile(filepath.Join(dir, "truth", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, into); err != nil {
			t.Fatal(err)
		}
	}
	slices, kinds := map[string]bool{}, map[string]int{}
	for i, f := range faults {
		slices[f.Slice] = true
		if f.Complaints < 1 || !f.End.After(f.Start) {
			t.Errorf("fault %+v", f)
		}
		for _, g := range faults[:i] {
			if g.Cause == f.Cause && g.Start.Before(f.End) && f.Start.Before(g.End) {
				t.Errorf("two faults of %s at one time", f.Cause)
			}
		}
	}
	for _, x := range decoys {
		kinds[x.Kind] += 1 + x.Complaints
	}
	if len(faults) != 8 || s.Incidents != 8 || len(slices) < 3 {
		t.Errorf("%d faults in %d slices", len(faults), len(slices))
	}
	for _, k := range []string{"log_burst", "log_burst_beside_fault", "campaign", "backlog", "small_heap", "letter"} {
		if kinds[k] == 0 {
			t.Errorf("no %s", k)
		}
	}
	told := map[string]int{}
	for _, r := range rows(t, dir, "truth/complaints.csv") {
		told[r["incident"][:min(1, len(r["incident"]))]]++
	}
	if told["D"] < 100 || told["I"] < 50 {
		t.Errorf("complaints of decoys and faults: %v", told)
	}
	plain, _ := write(t, Config{Seed: 3, Complaints: 300, LogLines: 1000})
	if _, err := os.Stat(filepath.Join(plain, "truth", "decoys.json")); err == nil {
		t.Error("decoys without a drill")
	}
}
