package knowledge_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plaint/analysis/knowledge"
	"plaint/analysis/rootcause"
	"plaint/ingest/simulate"
	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/internal/testload"
)

var update = flag.Bool("update", false, "write testdata/scoreboard.txt")

// scoreSeeds are the brokers the scoreboard is kept over; the settings were
// chosen on 1 and 2.
var scoreSeeds = []uint64{1, 2, 4}

const plantings = 8 // FAQs for each broker

// judge flags nothing: scoring is another room's.
func judge(*record.Complaint, *record.History) record.Decision { return record.Decision{Model: "none"} }

type broker struct {
	st     *store.Store
	themes map[int64]*truth
	run    int64
}

// truth is what the complaints of a theme are really about.
type truth struct {
	language string
	n        int
	of       map[string]int
}

// purest is the commonest cause and its share.
func (t *truth) purest() (cause string, share float64) {
	for c, n := range t.of {
		if s := float64(n) / float64(t.n); s > share || s == share && c < cause {
			cause, share = c, s
		}
	}
	return cause, share
}

func simulated(t testing.TB, c simulate.Config) *broker {
	t.Helper()
	dir := t.TempDir()
	st, err := store.Open(t.Context(), filepath.Join(dir, "t.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	if _, err := c.WriteDir(dir); err != nil {
		t.Fatal(err)
	}
	testload.File(t, st, filepath.Join(dir, "complaints.csv"), judge)
	r, err := rootcause.Themes(t.Context(), st, nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &broker{st: st, themes: map[int64]*truth{}, run: r.Run}
	var causes []string
	for _, row := range testload.Rows(t, filepath.Join(dir, "truth/complaints.csv")) { // arrival is the order of the file
		causes = append(causes, row["cause"])
	}
	rows, err := st.Query(t.Context(), "select m.theme, m.seq, c.language from theme_member m join complaint c on c.seq = m.seq where m.run = ?", r.Run)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var theme, seq int64
		var language string
		if err := rows.Scan(&theme, &seq, &language); err != nil {
			t.Fatal(err)
		}
		x := b.themes[theme]
		if x == nil {
			x = &truth{language: language, of: map[string]int{}}
			b.themes[theme] = x
		}
		x.n++
		x.of[causes[seq-1]]++
	}
	return b
}

// answers are the entries of testdata/answers.csv with their causes.
func answers(t testing.TB) (list []knowledge.Entry, causes []string) {
	t.Helper()
	f, err := os.Open("testdata/answers.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if list, err = knowledge.Read(f); err != nil {
		t.Fatal(err)
	}
	for _, row := range testload.Rows(t, "testdata/answers.csv") {
		causes = append(causes, row["cause"])
	}
	return list, causes
}

// planting answers about half of the causes, each in one language or in both.
func planting(r *rand.Rand, list []knowledge.Entry, causes []string) (out []knowledge.Entry, planted map[string]bool) {
	planted = map[string]bool{}
	in := map[string]string{}
	for i, c := range causes {
		if _, ok := in[c]; !ok {
			in[c] = []string{"", "", "", "zh", "en", "zh en"}[r.IntN(6)]
		}
		if strings.Contains(in[c], list[i].Language) {
			out, planted[c] = append(out, list[i]), true
		}
	}
	return out, planted
}

type tally struct{ right, wrong, missed, rest int }

func (x *tally) count(gap, found bool) {
	switch {
	case gap && found:
		x.right++
	case !gap && found:
		x.wrong++
	case gap:
		x.missed++
	default:
		x.rest++
	}
}

func (x tally) precision() float64 { return float64(x.right) / float64(max(x.right+x.wrong, 1)) }
func (x tally) recall() float64    { return float64(x.right) / float64(max(x.right+x.missed, 1)) }

func (x tally) String() string {
	return fmt.Sprintf("precision %.2f, recall %.2f, right %.2f of %d", x.precision(), x.recall(),
		float64(x.right+x.rest)/float64(max(x.right+x.wrong+x.missed+x.rest, 1)), x.right+x.wrong+x.missed+x.rest)
}

// TestScoreboard plants answers for some causes of simulated brokers and
// compares the gaps found with those that are left. A theme is truly a gap if
// less than half of its complaints are of a cause that was answered. A change
// on purpose is written with
//
//	go test ./analysis/knowledge -run Scoreboard -update
func TestScoreboard(t *testing.T) {
	if testing.Short() {
		t.Skip("it fits the themes of three brokers")
	}
	list, causes := answers(t)
	var out strings.Builder
	fmt.Fprintf(&out, "# Gaps found where half of the causes have an answer: %d FAQs for each broker of 6000 complaints, two in\n# three of them in one language only. Pure themes: nine in ten complaints of one cause. Causes: pure themes of a cause vote.\n", plantings)
	seeds := scoreSeeds
	if !*update {
		seeds = seeds[:1] // a minute each
	}
	for _, seed := range seeds {
		b := simulated(t, simulate.Config{Seed: seed})
		all, pure, byCause := b.score(t, seed, list, causes)
		fmt.Fprintf(&out, "seed %d: %d themes\n  all themes:  %s\n  pure themes: %s\n  causes:      %s\n", seed, len(b.themes), all, pure, byCause)
		if all.precision() < .6 || all.recall() < .7 {
			t.Errorf("seed %d: %s", seed, all)
		}
		b.st.Close()
	}
	const path = "testdata/scoreboard.txt"
	if *update {
		if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(want), out.String()) {
		t.Errorf("the figures have changed; if on purpose, run with -update:\n%s", out.String())
	}
}

// score compares gaps and truth over all plantings: by themes, by pure themes,
// and by causes, for which their pure themes vote.
func (b *broker) score(t *testing.T, seed uint64, list []knowledge.Entry, causes []string) (all, pure, byCause tally) {
	r := rand.New(rand.NewPCG(seed, 8))
	for range plantings {
		faq, planted := planting(r, list, causes)
		found, err := knowledge.Compare(t.Context(), b.st, b.run, knowledge.Options{Entries: faq})
		if err != nil {
			t.Fatal(err)
		}
		votes := map[string]int{}
		for _, g := range found.Gaps {
			x := b.themes[g.Theme]
			met := 0
			for c, n := range x.of {
				if planted[c] {
					met += n
				}
			}
			gap := 2*met < x.n
			all.count(gap, !g.Answers())
			if c, share := x.purest(); share >= .9 {
				pure.count(gap, !g.Answers())
				if g.Answers() {
					votes[c] += g.N
				} else {
					votes[c] -= g.N
				}
			}
		}
		for c, v := range votes {
			byCause.count(!planted[c], v < 0)
		}
	}
	return all, pure, byCause
}
