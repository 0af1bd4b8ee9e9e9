package identity_test

import (
	"bufio"
	"encoding/csv"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"plaint/scoring/identity"
)

var (
	update    = flag.Bool("update", false, "write the scoreboard")
	write     = flag.String("write", "", "write generated customers to this CSV file, with their truth")
	writeRows = flag.Int("rows", 1_000_000, "how many customers to write")
)

const public = "../../../shared/data/linkage/"

// set is a table and the truth of each row.
type set struct {
	table *identity.Table
	rows  [][]string
	truth []string
}

func (s *set) add(cells []string, truth string) {
	s.table.Add(cells)
	s.rows, s.truth = append(s.rows, slices.Clone(cells)), append(s.truth, truth)
}

// generated makes a set of customers; change may spoil a row.
func generated(n int, seed uint64, change func(w *world)) *set {
	w := newWorld(seed)
	if change != nil {
		change(w)
	}
	s := &set{table: identity.NewTable(header[2:])}
	w.records(n, func(c []string) { s.add(c[2:], c[1]) })
	return s
}

// read reads a public set, nil where it is not there; truth tells the row's entity from its cells, and all
// columns from first on are compared but the last left.
func read(t *testing.T, name string, first, left int, truth func(row []string) string) *set {
	t.Helper()
	f, err := os.Open(public + name)
	if err != nil {
		t.Logf("a public set is not here: %v", err)
		return nil
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.TrimLeadingSpace = true
	head, err := r.Read()
	if err != nil {
		t.Fatal(err)
	}
	s := &set{table: identity.NewTable(head[first : len(head)-left])}
	for {
		row, err := r.Read()
		if err == io.EOF {
			return s
		}
		if err != nil {
			t.Fatal(err)
		}
		s.add(row[first:len(row)-left], truth(row))
	}
}

// agreement is precision, recall and F1 over pairs of rows of one entity.
func agreement(entity []int32, truth []string) (precision, recall, f1 float64) {
	type both struct {
		e int32
		t string
	}
	e, t, b := map[int32]float64{}, map[string]float64{}, map[both]float64{}
	for i := range entity {
		e[entity[i]]++
		t[truth[i]]++
		b[both{entity[i], truth[i]}]++
	}
	var found, there, hit float64
	for _, n := range e {
		found += n * (n - 1) / 2
	}
	for _, n := range t {
		there += n * (n - 1) / 2
	}
	for _, n := range b {
		hit += n * (n - 1) / 2
	}
	precision, recall = hit/max(found, 1), hit/max(there, 1)
	return precision, recall, 2 * precision * recall / max(precision+recall, 1e-9)
}

// TestScoreboard: `go test ./scoring/identity -run Scoreboard -update` writes the
// board. All tables go through the same call.
func TestScoreboard(t *testing.T) {
	fake := func(row []string) string { return row[len(row)-1] }
	febrl := func(row []string) string { return strings.Split(row[0], "-")[1] }
	var b strings.Builder
	var missing []string
	b.WriteString("# Pairs of rows of one entity: precision, recall, F1; then seconds on two cores and MB held. One setting for all tables.\n\n")
	for _, c := range []struct {
		name string
		set  *set
		f1   float64
	}{
		{"fake_1000", read(t, "fake_1000.csv", 1, 1, fake), .95},
		{"fake_1000 without mail", read(t, "fake_1000.csv", 1, 2, fake), .88},
		{"febrl3", read(t, "febrl3.csv", 1, 0, febrl), .99},
		{"febrl3 without dates and ids", read(t, "febrl3.csv", 1, 2, febrl), .99},
		{"generated 20,000", generated(20000, 1, nil), .99},
		{"generated 20,000, many errors", generated(20000, 2, func(w *world) { w.error, w.missing = .3, .25 }), .90},
		{"generated 300", generated(300, 3, nil), .95},
	} {
		if c.set == nil {
			missing = append(missing, c.name)
			continue
		}
		at := time.Now()
		_, entity := identity.Link(c.set.table)
		took := time.Since(at).Seconds()
		var memory runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&memory)
		p, r, f1 := agreement(entity, c.set.truth)
		fmt.Fprintf(&b, "%-30s %6d rows   %.4f %.4f %.4f  %5.1f %4d\n", c.name, len(entity), p, r, f1, took, memory.HeapAlloc>>20)
		if f1 < c.f1 {
			t.Errorf("%s: F1 %.4f, at least %.2f", c.name, f1, c.f1)
		}
	}
	t.Log("\n" + b.String())
	if missing != nil {
		t.Skipf("without the public sets %v the board is not whole", missing)
	}
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
	f, err := os.Create(*write)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := bufio.NewWriterSize(f, 1<<20)
	w := csv.NewWriter(b)
	err = w.Write(header)
	newWorld(1).records(*writeRows, func(c []string) {
		if err == nil {
			err = w.Write(c)
		}
	})
	w.Flush()
	if err != nil || b.Flush() != nil {
		t.Fatal(err)
	}
}

// TestNobodyTwice: where nobody stands twice, nobody is linked, namesakes and
// families included.
func TestNobodyTwice(t *testing.T) {
	w := newWorld(4)
	table := identity.NewTable(header[2:])
	last := w.person()
	for id := range 8000 {
		p := w.person()
		if id%5 == 0 {
			p = w.household(last)
		}
		last = p
		table.Add(w.cells(id, id, p)[2:])
	}
	_, entity := identity.Link(table)
	alone := map[int32]bool{}
	for _, e := range entity {
		alone[e] = true
	}
	if len(alone) < len(entity)-8 {
		t.Errorf("%d entities of %d people", len(alone), len(entity))
	}
}

// TestDeterministic: the same table gives the same entities on any number of
// processors.
func TestDeterministic(t *testing.T) {
	_, two := identity.Link(generated(4000, 5, nil).table)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	if _, one := identity.Link(generated(4000, 5, nil).table); !slices.Equal(one, two) {
		t.Error("on one processor the entities are others")
	}
}

// TestSmallTables: nothing to compare, one row, the same rows.
func TestSmallTables(t *testing.T) {
	for name, c := range map[string]struct {
		columns []string
		rows    [][]string
		want    []int32
	}{
		"no rows":    {[]string{"a"}, nil, []int32{}},
		"one row":    {[]string{"a"}, [][]string{{"x"}}, []int32{0}},
		"empty":      {[]string{"a"}, [][]string{{""}, {"-"}}, []int32{0, 1}},
		"no columns": {nil, [][]string{{}, {}}, []int32{0, 1}},
	} {
		table := identity.NewTable(c.columns)
		for _, r := range c.rows {
			table.Add(r)
		}
		if _, got := identity.Link(table); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, not %v", name, got, c.want)
		}
	}
}

// TestKinds: what a column is, is seen from its values.
func TestKinds(t *testing.T) {
	s := generated(3000, 6, nil)
	m, _ := identity.Link(s.table)
	got := map[string]string{}
	for _, c := range m.Columns() {
		got[c.Name] = c.Kind
	}
	for name, want := range map[string]string{"surname": "name", "given_name": "name", "sex": "category", "born": "date", "mail": "mail", "document": "code", "address": "text"} {
		if got[name] != want {
			t.Errorf("%s is taken for %s, not %s", name, got[name], want)
		}
	}
}

// TestIndex: customers that come later find themselves, entities from before stay
// as they are, reasons add up, and an answer takes no longer than 20 ms.
func TestIndex(t *testing.T) {
	all := generated(20000, 7, nil)
	const known = 18000
	table := identity.NewTable(header[2:])
	for _, r := range all.rows[:known] {
		table.Add(r)
	}
	m, entity := identity.Link(table)
	x := identity.NewIndex(m, entity)
	var took []time.Duration
	ids := slices.Clone(entity)
	for _, r := range all.rows[known:] {
		asked := x.Match(r)
		at := time.Now()
		got := x.Add(r)
		took = append(took, time.Since(at))
		if asked.Entity != got.Entity || asked.New != got.New || asked.Bits != got.Bits {
			t.Fatalf("asked %+v, added %+v", asked, got)
		}
		ids = append(ids, got.Entity)
		if got.Best >= 0 {
			checkReasons(t, x, m, got)
		}
	}
	for row := range ids {
		if x.Entity(int32(row)) != ids[row] {
			t.Fatalf("row %d is of another entity than it was", row)
		}
	}
	p, r, _ := agreement(ids, all.truth)
	slices.Sort(took)
	p99 := took[len(took)*99/100]
	t.Logf("precision %.4f, recall %.4f, p99 %v", p, r, p99)
	if p < .985 || r < .975 || p99 > 20*time.Millisecond {
		t.Errorf("precision %.4f, recall %.4f, p99 %v", p, r, p99)
	}
	for e := range int32(200) {
		a, b, bits, ok := x.Weakest(e)
		if rows := x.Rows(e); ok != (len(rows) > 1) || ok && (!slices.Contains(rows, a) || !slices.Contains(rows, b) || math.IsInf(bits, 0)) {
			t.Errorf("entity %d of %v hangs on %d and %d, %.1f bits", e, rows, a, b, bits)
		}
	}
}

func checkReasons(t *testing.T, x *identity.Index, m *identity.Model, got identity.Match) {
	t.Helper()
	sum := m.Prior()
	for _, r := range x.Explain(got.Best, got.Row) {
		sum += r.Bits
	}
	if math.Abs(sum-got.Bits) > .01 {
		t.Fatalf("reasons add up to %.3f, the evidence is %.3f", sum, got.Bits)
	}
}

func BenchmarkLink(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		s := generated(20000, 1, nil)
		b.StartTimer()
		identity.Link(s.table)
	}
}
