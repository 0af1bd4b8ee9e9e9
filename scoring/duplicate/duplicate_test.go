package duplicate_test

import (
	"bufio"
	"encoding/csv"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"plaint/scoring/duplicate"
)

var (
	update = flag.Bool("update", false, "write the scoreboard")
	write  = flag.String("write", "", "write generated letters to this CSV file, with their truth")
	rows   = flag.Int("rows", 1_000_000, "how many letters to write")
)

// board are the sets of the scoreboard: n texts of length characters, a share of
// them copies of planted letters, mean to a letter, in which up to most of the
// characters are changed.
var board = []struct {
	name              string
	english           bool
	n, length, mean   int
	share, most       float64
	recall, precision float64 // at least
}{
	{"zh_200", false, 20000, 200, 10, .2, .12, .97, .99},
	{"zh_200_pairs", false, 20000, 200, 2, .2, .12, .97, .99},
	{"zh_200_crowds", false, 20000, 200, 1000, .3, .12, .97, .99},
	{"zh_40", false, 20000, 40, 6, .2, .12, .80, .99},
	{"zh_40_light", false, 20000, 40, 6, .2, .07, .94, .99},
	{"zh_1000", false, 3000, 1000, 5, .3, .12, .97, .99},
	{"en_600", true, 10000, 600, 8, .2, .12, .93, .99},
	{"en_600_light", true, 10000, 600, 8, .2, .07, .97, .99},
	{"en_120_light", true, 10000, 120, 8, .2, .08, .60, .99},
}

// TestScoreboard: `go test ./scoring/duplicate -run Scoreboard -update` writes the
// board.
func TestScoreboard(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Generated letters, copies with 6 % of the characters changed and up to the share given, half with a sentence moved.\n" +
		"# Precision and recall over pairs, then microseconds for each text and MB held.\n\n")
	for _, c := range board {
		l := newLetters(3, c.english)
		l.length, l.most = c.length, c.most
		texts, truth := l.corpus(c.n, c.share, c.mean)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		at := time.Now()
		f := duplicate.NewFinder()
		f.AddAll(texts)
		p, r := agreement(f.Groups(), truth)
		took := time.Since(at)
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(f)
		fmt.Fprintf(&b, "%-14s %6d texts, up to %2.0f %%   precision %.4f  recall %.4f  %6.1f %5d\n", c.name, c.n, 100*c.most, p, r,
			float64(took.Microseconds())/float64(c.n), (after.HeapAlloc-before.HeapAlloc)>>20)
		if p < c.precision || r < c.recall {
			t.Errorf("%s: precision %.4f (at least %.2f), recall %.4f (at least %.2f)", c.name, p, c.precision, r, c.recall)
		}
	}
	t.Log("\n" + b.String())
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("testdata/scoreboard.txt", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWrite writes a set to measure the command on.
func TestWrite(t *testing.T) {
	if *write == "" {
		t.Skip("only with -write")
	}
	texts, truth := newLetters(1, false).corpus(*rows, .2, 10)
	f, err := os.Create(*write)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := bufio.NewWriterSize(f, 1<<20)
	w := csv.NewWriter(b)
	err = w.Write([]string{"id", "body", "truth"})
	for i := range texts {
		if err == nil {
			err = w.Write([]string{strconv.Itoa(i), texts[i], strconv.Itoa(truth[i])})
		}
	}
	w.Flush()
	if err != nil || b.Flush() != nil || w.Error() != nil {
		t.Fatal(err)
	}
}

// TestOneAtATime: texts that come singly, in heaps or all at once are in the same
// groups, on any number of processors.
func TestOneAtATime(t *testing.T) {
	texts, _ := newLetters(5, false).corpus(3000, .4, 6)
	groups := func(heap int) []int {
		f := duplicate.NewFinder()
		for from := 0; from < len(texts); from += heap {
			f.AddAll(texts[from:min(from+heap, len(texts))])
		}
		return f.Groups()
	}
	all := groups(len(texts))
	for _, heap := range []int{1, 7, 1000} {
		if !slices.Equal(groups(heap), all) {
			t.Errorf("in heaps of %d the groups are others", heap)
		}
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	if !slices.Equal(groups(len(texts)), all) {
		t.Error("on one processor the groups are others")
	}
}

// TestVariants: other characters, widths, digits and marks are the same letter.
func TestVariants(t *testing.T) {
	f := duplicate.NewFinder()
	f.AddAll([]string{
		"你们平台的提现已经拖延12天，客服一直推脱，要求立即退还本金3500元并赔偿损失",
		"你們平台的提現已經拖延３天，客服一直推脫，要求立即退還本金98000元並賠償損失！！！",
		"Your platform has been holding my withdrawal for 12 days and support keeps putting me off, refund USD 3,500 at once",
		"YOUR PLATFORM has been holding my withdrawal for 7 days, and support keeps putting me off; refund USD 120 at once!",
		"我想问一下出金的手续费是怎么计算的，页面上写的和实际扣的不一样，请解释清楚",
	})
	if got := f.Groups(); !slices.Equal(got, []int{0, 0, 1, 1, 2}) {
		t.Errorf("%v", got)
	}
}

// TestBoilerplate: a greeting, a clause that is quoted and a signature tie nobody,
// though they are half of each text.
func TestBoilerplate(t *testing.T) {
	l := newLetters(9, false)
	var texts []string
	for range 2000 {
		texts = append(texts, "尊敬的客服您好，我是贵公司多年的老客户，现就以下问题向贵公司正式提出投诉。"+l.body(70)+
			"根据消费者权益保护法第五十五条规定，经营者提供商品或者服务有欺诈行为的应当按照消费者的要求增加赔偿其受到的损失。此致敬礼")
	}
	f := duplicate.NewFinder()
	f.AddAll(texts)
	groups := map[int]int{}
	for _, g := range f.Groups() {
		groups[g]++
	}
	if len(groups) != len(texts) {
		t.Errorf("%d texts in %d groups", len(texts), len(groups))
	}
}

// TestChain: texts that lead step by step from one letter to another do not make
// them one.
func TestChain(t *testing.T) {
	l := newLetters(11, false)
	a, b := []rune(l.body(200))[:200], []rune(l.body(200))[:200]
	f := duplicate.NewFinder()
	var texts []string
	for _, base := range [][]rune{a, b} {
		for range 6 {
			texts = append(texts, l.copy(string(base)))
		}
	}
	for part := 20; part < 200; part += 20 {
		texts = append(texts, string(b[:part])+string(a[part:]))
	}
	f.AddAll(texts)
	if g := f.Groups(); g[0] == g[6] {
		t.Errorf("a chain joins two letters: %v", g)
	}
}

// TestShort: what is too short to come from anywhere is in nobody's group.
func TestShort(t *testing.T) {
	f := duplicate.NewFinder()
	f.AddAll([]string{"提现太慢了", "提现太慢了", "", "", "thank you", "thank you", "12345", "\xff\xfe"})
	if got := f.Groups(); !slices.Equal(got, []int{0, 1, 2, 3, 4, 5, 6, 7}) {
		t.Errorf("%v", got)
	}
}

func FuzzSketch(f *testing.F) {
	f.Add("你们平台的提现已经拖延12天")
	f.Add("a\xff b")
	s := duplicate.NewSketcher()
	f.Fuzz(func(t *testing.T, text string) {
		x := duplicate.NewFinder()
		x.Add(s.Sketch(text))
		x.Add(s.Sketch(text))
		if len(x.Groups()) != 2 {
			t.Error("a text is lost")
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	texts, _ := newLetters(3, false).corpus(20000, .2, 10)
	for b.Loop() {
		duplicate.NewFinder().AddAll(texts)
	}
	b.ReportMetric(float64(b.N*len(texts))/b.Elapsed().Seconds(), "texts/s")
}
