package tabular_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"plaint/scoring/tabular"
)

// sheet is a table under way: named columns of cells.
type sheet struct {
	names []string
	cells [][]string
	bad   []bool
	at    []time.Time
}

func (s *sheet) put(name string, cell func(i int) string) {
	column := make([]string, len(s.bad))
	for i := range column {
		column[i] = cell(i)
	}
	s.names, s.cells = append(s.names, name), append(s.cells, column)
}

// honest makes one of five tables in which nothing leaks, though much is telling.
func honest(kind int, seed uint64) *sheet {
	random := rand.New(rand.NewPCG(seed, uint64(kind)))
	n := 2000 + 1000*(kind%3)
	s := &sheet{bad: make([]bool, n), at: make([]time.Time, n)}
	amount, age, risk := make([]float64, n), make([]float64, n), make([]int, n)
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		s.at[i] = day.Add(time.Duration(i)*time.Hour/4 + time.Duration(random.IntN(800))*time.Second)
		amount[i], age[i], risk[i] = math.Exp(4+1.5*random.NormFloat64()), float64(random.IntN(3000)), random.IntN(8)
		z := -3.2 + .8*math.Log(amount[i]/50)*float64(kind%3) - age[i]/1500 + .3*float64(risk[i]) + random.NormFloat64()
		s.bad[i] = random.Float64() < 1/(1+math.Exp(-z))
	}
	s.put("key", func(i int) string { return fmt.Sprintf("k%07d", i) })
	s.put("label", func(i int) string { return strconv.Itoa(map[bool]int{true: 1}[s.bad[i]]) })
	s.put("part", func(int) string { return []string{"train", "train", "val", "test"}[random.IntN(4)] })
	s.put("at", func(i int) string { return s.at[i].Format(time.RFC3339) })
	s.put("amount", func(i int) string { return strconv.FormatFloat(amount[i], 'f', 2, 64) })
	s.put("days_known", func(i int) string { return strconv.FormatFloat(age[i], 'f', -1, 64) })
	s.put("channel", func(i int) string { return "c" + strconv.Itoa(risk[i]) })
	s.put("past_refunds", func(i int) string { return strconv.Itoa(random.IntN(3) * random.IntN(2)) })
	s.put("opened", func(i int) string { return s.at[i].AddDate(0, 0, -int(age[i])).Format("2006-01-02") })
	s.put("account_id", func(int) string { return strconv.Itoa(100000 + random.IntN(900)) })
	s.put("note", func(int) string { return fmt.Sprintf("%x", random.Uint64()) })
	s.put("referrer", func(int) string { return []string{"", "", "", "friend", "advert"}[random.IntN(5)] })
	return s
}

func (s *sheet) table() *tabular.Table {
	t := tabular.NewTable(s.names)
	for i := range s.bad {
		row := make([]string, len(s.names))
		for j := range row {
			row[j] = s.cells[j][i]
		}
		t.Add(row)
	}
	return t
}

// planted are leaks, each in the manner of one that was met.
var planted = []struct {
	name, reason string
	time         bool // the table is ordered by time
	cell         func(s *sheet, random *rand.Rand) func(i int) string
}{
	{"row", "leak_row_number", false, func(*sheet, *rand.Rand) func(int) string { return strconv.Itoa }},
	{"PolicyNumber", "leak_row_number", true, func(*sheet, *rand.Rand) func(int) string {
		return func(i int) string { return strconv.Itoa(i*2 + 7) }
	}},
	{"shuffled", "leak_row_number", false, func(s *sheet, random *rand.Rand) func(int) string {
		p := random.Perm(len(s.bad))
		return func(i int) string { return strconv.Itoa(p[i]) }
	}},
	{"case_id", "leak_name_order", false, func(s *sheet, _ *rand.Rand) func(int) string {
		return ranked(s, func(k int) string { return strconv.Itoa(1000 + 13*k) })
	}},
	{"reference", "leak_name_order", false, func(s *sheet, _ *rand.Rand) func(int) string {
		return ranked(s, func(k int) string { return fmt.Sprintf("R-%06d", k) })
	}},
	{"ticket", "leak_name_order", true, func(s *sheet, _ *rand.Rand) func(int) string {
		return ranked(s, func(k int) string { return fmt.Sprintf("T%d", 5000+k*3) })
	}},
	{"decided_at", "leak_later", true, func(s *sheet, random *rand.Rand) func(int) string {
		return func(i int) string { return s.at[i].AddDate(0, 0, 1+random.IntN(60)).Format(time.RFC3339) }
	}},
	{"settled", "leak_later", true, func(s *sheet, random *rand.Rand) func(int) string {
		return func(i int) string { return s.at[i].AddDate(0, 0, 2+random.IntN(9)).Format("2006-01-02") }
	}},
	{"finished", "leak_only_bad", false, func(s *sheet, random *rand.Rand) func(int) string {
		return func(i int) string {
			if !s.bad[i] {
				return ""
			}
			return s.at[i].AddDate(0, 0, random.IntN(60)).Format("2006-01-02")
		}
	}},
	{"paid_back", "leak_same", true, func(s *sheet, random *rand.Rand) func(int) string {
		return func(i int) string {
			if s.bad[i] {
				return ""
			}
			return strconv.FormatFloat(math.Exp(4+random.NormFloat64()), 'f', 2, 64)
		}
	}},
	{"thanked", "leak_only_good", false, func(s *sheet, _ *rand.Rand) func(int) string {
		return func(i int) string { return map[bool]string{false: "n"}[s.bad[i]] }
	}},
	{"closed_on", "leak_outcome", false, func(s *sheet, random *rand.Rand) func(int) string {
		return func(i int) string { return s.at[i].AddDate(0, 0, random.IntN(60)).Format("2006-01-02") }
	}},
	{"copy", "leak_same", false, func(s *sheet, _ *rand.Rand) func(int) string {
		return func(i int) string { return map[bool]string{true: "x", false: "o"}[s.bad[i]] }
	}},
	{"almost", "leak_same", true, func(s *sheet, random *rand.Rand) func(int) string {
		return func(i int) string { return strconv.FormatBool(s.bad[i] != (random.IntN(300) == 0)) }
	}},
	{"loss", "leak_only_bad", false, func(s *sheet, random *rand.Rand) func(int) string {
		return some(s, true, .6, func() string { return strconv.Itoa(10 + random.IntN(900)) }, "0", random)
	}},
	{"refunded", "leak_only_bad", true, func(s *sheet, random *rand.Rand) func(int) string {
		return some(s, true, .8, func() string { return strconv.Itoa(1 + random.IntN(90)) }, "", random)
	}},
	{"handled_by", "leak_only_bad", false, func(s *sheet, random *rand.Rand) func(int) string {
		return some(s, true, .7, func() string { return "agent" + strconv.Itoa(random.IntN(5)) }, "", random)
	}},
	{"released", "leak_only_good", false, func(s *sheet, random *rand.Rand) func(int) string {
		return some(s, false, .6, func() string { return "2026-05-" + fmt.Sprintf("%02d", 1+random.IntN(28)) }, "", random)
	}},
	{"closing_code", "leak_same", false, func(s *sheet, random *rand.Rand) func(int) string {
		return func(i int) string {
			return map[bool][]string{true: {"F1", "F2", "F3"}, false: {"A", "B", "C"}}[s.bad[i]][random.IntN(3)]
		}
	}},
	{"verdict", "leak_outcome", true, func(s *sheet, random *rand.Rand) func(int) string {
		return func(i int) string { return strconv.FormatBool(s.bad[i] != (random.IntN(12) == 0)) }
	}},
	{"score_after", "leak_same", false, func(s *sheet, random *rand.Rand) func(int) string {
		return func(i int) string {
			return strconv.FormatFloat(map[bool]float64{true: 3.8}[s.bad[i]]+random.NormFloat64(), 'f', 3, 64)
		}
	}},
	{"流水号", "leak_row_number", false, func(s *sheet, _ *rand.Rand) func(int) string {
		return ranked(s, func(k int) string { return strconv.Itoa(k + 1) })
	}},
}

// ranked gives out names in the order of the label.
func ranked(s *sheet, name func(k int) string) func(int) string {
	at, k := make([]int, len(s.bad)), 0
	for _, kind := range []bool{true, false} {
		for i, b := range s.bad {
			if b == kind {
				at[i] = k
				k++
			}
		}
	}
	return func(i int) string { return name(at[i]) }
}

// some fills in a share of the rows of a kind.
func some(s *sheet, kind bool, share float64, value func() string, usual string, random *rand.Rand) func(int) string {
	return func(i int) string {
		if s.bad[i] == kind && random.Float64() < share {
			return value()
		}
		return usual
	}
}

func roles(ordered bool) tabular.Roles {
	r := tabular.Roles{ID: "key", Label: "label", Split: "part", Ignore: []string{"at"}}
	if ordered {
		r.Split, r.Time, r.Ignore = "", "at", []string{"part"}
	}
	return r
}

func TestPlantedLeaksAreRefused(t *testing.T) {
	found := 0
	for k, p := range planted {
		for kind := range 5 {
			s := honest(kind, uint64(100+k))
			s.put(p.name, p.cell(s, rand.New(rand.NewPCG(uint64(k), uint64(kind)))))
			_, err := tabular.Inspect(s.table(), roles(p.time))
			var refused *tabular.Refused
			if !errors.As(err, &refused) {
				t.Errorf("%s in table %d was not refused: %v", p.name, kind, err)
				continue
			}
			if want := []tabular.Leak{{Column: p.name, Reason: p.reason}}; !slices.Equal(refused.Leaks, want) {
				t.Errorf("%s in table %d: %v, want %v", p.name, kind, refused.Leaks, want)
				continue
			}
			found++
		}
	}
	t.Logf("%d of %d", found, 5*len(planted))
}

func TestHonestTablesAreNotRefused(t *testing.T) {
	for seed := range 4 {
		for kind := range 5 {
			for _, ordered := range []bool{false, true} {
				if left, err := tabular.Inspect(honest(kind, uint64(seed)).table(), roles(ordered)); err != nil {
					t.Errorf("table %d of seed %d: %v", kind, seed, err)
				} else if left["note"] != "name" {
					t.Errorf("a column of names is left in: %v", left)
				}
			}
		}
	}
}
