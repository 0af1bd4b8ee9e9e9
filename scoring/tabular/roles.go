package tabular

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Problem is why a table cannot be worked with: a code whose words the command
// knows, and what they speak of.
type Problem struct {
	Code string
	args []any
}

func (p *Problem) Error() string { return fmt.Sprintf("%s %v", p.Code, p.args) }

// Pairs are the arguments as name, value, name, value.
func (p *Problem) Pairs() []any { return p.args }

func problem(code string, args ...any) *Problem { return &Problem{code, args} }

// truths are words for bad and for good.
var truths = map[string]float64{"1": 1, "true": 1, "yes": 1, "y": 1, "t": 1, "fraud": 1, "fraudulent": 1, "bad": 1, "banned": 1, "malicious": 1, "是": 1, "欺诈": 1, "恶意": 1,
	"0": 0, "-1": 0, "false": 0, "no": 0, "n": 0, "f": 0, "legit": 0, "legitimate": 0, "good": 0, "genuine": 0, "honest": 0, "normal": 0, "否": 0, "正常": 0}

// Labels reads the truth of the rows: 1 bad, 0 good, NaN not known. A column of two
// values that are not known words is read so that the rarer one is bad; which one
// that is, is given back.
func (c *Column) Labels() (bad []float64, badIs string, err error) {
	count := map[string]int{}
	for i := range c.Numbers {
		if v := c.Cell(i); v != "" {
			count[v]++
		}
		if len(count) > 2 {
			return nil, "", problem("err_fraud_labels", "column", c.Name, "values", strings.Join(keys(count), ", "))
		}
	}
	if len(count) < 2 {
		return nil, "", problem("err_fraud_one_class", "column", c.Name)
	}
	values := keys(count)
	badIs = values[0]
	if count[values[1]] < count[values[0]] {
		badIs = values[1]
	}
	a, okA := truths[strings.ToLower(values[0])]
	b, okB := truths[strings.ToLower(values[1])]
	switch {
	case okA && okB && a < b, !okA && okB && b == 1, okA && !okB && a == 0:
		badIs = values[1]
	case okA && okB && a > b, okA && !okB && a == 1, !okA && okB && b == 0:
		badIs = values[0]
	}
	bad = make([]float64, len(c.Numbers))
	for i := range bad {
		switch c.Cell(i) {
		case "":
			bad[i] = math.NaN()
		case badIs:
			bad[i] = 1
		}
	}
	return bad, badIs, nil
}

func keys(m map[string]int) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// Part of a row.
type Part uint8

// The parts; None is a row that is scored only.
const (
	None Part = iota
	Train
	Val
	Test
)

func partOf(word string) Part {
	switch strings.ToLower(word) {
	case "train", "training":
		return Train
	case "val", "valid", "validation", "dev":
		return Val
	case "test", "testing":
		return Test
	}
	return None
}

// PartOf reads the part each row is in.
func (c *Column) PartOf() ([]Part, error) {
	out := make([]Part, len(c.Numbers))
	for i := range out {
		v := c.Cell(i)
		if out[i] = partOf(v); out[i] == None && v != "" {
			return nil, problem("err_fraud_split", "column", c.Name, "value", v, "row", i)
		}
	}
	return out, nil
}

// InTime puts rows in the order of a column of numbers or times, and gives those of
// the last fifth, in order.
func (c *Column) InTime() (last []int32, err error) {
	if at := c.untimed(); at >= 0 {
		return nil, problem("err_fraud_time", "column", c.Name, "value", c.Cell(at), "row", at)
	}
	order := make([]int32, len(c.Numbers))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(c.Numbers[a], c.Numbers[b]) })
	return order[len(order)-len(order)/5:], nil
}

// untimed is the first row without a number or a time, -1 if there is none. A column
// of words has no numbers at all: the first word that is none is meant.
func (c *Column) untimed() int {
	first := -1
	for i, v := range c.Numbers {
		if !math.IsNaN(v) {
			continue
		}
		if _, err := strconv.ParseFloat(c.Cell(i), 64); err != nil {
			return i
		}
		if first < 0 {
			first = i
		}
	}
	return first
}
