package tabular

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"plaint/scoring/calibration"
)

// order of the rows by a column, without those where nothing stands.
func (c *Column) order() []int32 {
	var out []int32
	for i := range c.Numbers {
		if c.texts[i] >= 0 || !math.IsNaN(c.Numbers[i]) {
			out = append(out, int32(i))
		}
	}
	if c.Kind == Name {
		slices.SortStableFunc(out, func(a, b int32) int { return natural(c.words[max(c.texts[a], 0)], c.words[max(c.texts[b], 0)]) })
	} else {
		slices.SortStableFunc(out, func(a, b int32) int { return cmp.Compare(c.Numbers[a], c.Numbers[b]) })
	}
	return out
}

// natural orders words so that a shorter number comes before a longer one.
func natural(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

// together tells whether labels keep to the order: neighbours in it are alike more
// often than chance has it (runs test, Wald and Wolfowitz 1940), or one end of it
// has more bad rows (rank sums).
func (c *check) together(order []int32) bool {
	var n, bad, runs, rank float64
	last := math.NaN()
	for _, i := range order {
		b := c.bad[i]
		if math.IsNaN(b) {
			continue
		}
		n++
		if b != last {
			runs++
		}
		if b == 1 {
			bad++
			rank += n
		}
		last = b
	}
	good := n - bad
	if min(bad, good) < leastLabels/2 {
		return false
	}
	mean := 2*bad*good/n + 1
	deviation := math.Sqrt((mean - 1) * (mean - 2) / (n - 1))
	u, sigma := rank-bad*(n+1)/2, math.Sqrt(bad*good*(n+1)/12)
	return runs < mean-orderSigmas*deviation || math.Abs(u) > orderSigmas*sigma
}

// filled tells whether a column has a value, other than the one of most rows, in
// rows of one kind alone: what is written down when a case is decided.
func (c *check) filled(x *Column) string {
	codes := x.Codes()
	count := map[int32]int{}
	for _, v := range codes {
		count[v]++
	}
	usual := int32(-1)
	for v, n := range count {
		if n > count[usual] || n == count[usual] && v < usual {
			usual = v
		}
	}
	if count[usual]*10 < len(codes)*3 {
		return ""
	}
	var kind, with [2]float64
	empty := 0.
	for i, b := range c.bad {
		if !math.IsNaN(b) {
			kind[int(b)]++
			if codes[i] != usual {
				with[int(b)]++
				if codes[i] < 0 {
					empty++
				}
			}
		}
	}
	all := with[0] + with[1]
	only := [2]string{"leak_only_good", "leak_only_bad"}
	if 2*empty > all { // what is unusual is that nothing stands there
		only[0], only[1] = only[1], only[0]
	}
	switch {
	case all < leastLabels/2 || len(count) == 2 && count[-1] == 0: // a flag is not filled in
		return ""
	case with[1] >= pureShare*all && with[1] >= pureBad*kind[1] && c.share < .8:
		return only[1]
	case c.share*all >= expectedBad && with[1] <= .02*c.share*all && with[0] >= .3*kind[0]:
		return only[0]
	}
	return ""
}

// alone is the AUROC of a model of this column alone: the rate of bad rows in each
// of up to 64 parts of it, learned on rows of even number and tried on the rest.
func (c *check) alone(x *Column) float64 {
	part := x.cells()
	most := slices.Max(part) + 1
	n, s := make([]float64, most), make([]float64, most)
	for i := 0; i < len(part); i += 2 {
		if b := c.bad[i]; !math.IsNaN(b) {
			n[part[i]]++
			s[part[i]] += b
		}
	}
	var cases []calibration.Case
	for i := 1; i < len(part); i += 2 {
		if b := c.bad[i]; !math.IsNaN(b) {
			p := part[i]
			cases = append(cases, calibration.Case{Score: (s[p] + c.share) / (n[p] + 1), Bad: b == 1})
		}
	}
	a := calibration.AUROC(cases)
	if x.Kind != Category {
		a = max(a, c.straight(x))
	}
	if math.IsNaN(a) {
		return .5
	}
	return a
}

// straight is the AUROC of the numbers as they are, or of their negatives.
func (c *check) straight(x *Column) float64 {
	var cases []calibration.Case
	for i, b := range c.bad {
		if v := x.Numbers[i]; !math.IsNaN(b) && !math.IsNaN(v) {
			cases = append(cases, calibration.Case{Score: v, Bad: b == 1})
		}
	}
	if a := calibration.AUROC(cases); float64(len(cases)) > c.least && !math.IsNaN(a) { // it is not a number where all are of one kind
		return max(a, 1-a)
	}
	return .5
}

// cells puts the rows in up to 64 parts of equal weight by a column's value, or in
// one for each category; nothing is a part of its own.
func (c *Column) cells() []int32 {
	out := make([]int32, len(c.Numbers))
	if c.Kind == Category {
		for i, w := range c.texts {
			out[i] = w + 1
		}
		return out
	}
	order := c.order()
	part := int32(0)
	for k, i := range order {
		if k == 0 || c.Numbers[i] != c.Numbers[order[k-1]] {
			part = max(part, int32(1+k*64/len(order)))
		}
		out[i] = part
	}
	return out
}

// outcome tells whether a column is named after what becomes of a case.
func outcome(name string) bool {
	name = strings.ToLower(name)
	for _, w := range []string{"outcome", "verdict", "chargeback", "charge_back", "closed", "resolved", "resolution", "disposition", "decided", "decision", "confirmed", "reviewer", "reviewed",
		"结案", "判定", "处理结果", "审核", "裁定", "办结"} {
		if strings.Contains(name, w) {
			return true
		}
	}
	return false
}

// identifier tells whether a column is named as what names rows.
func identifier(name string) bool {
	for _, end := range []string{"编号", "号", "序号"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	switch last := lastWord(name); strings.ToLower(last) {
	case "id", "number", "no", "nr", "key", "uuid", "ref":
		return true
	}
	return false
}

// lastWord of a name written with capitals, blanks or underscores.
func lastWord(name string) string {
	name = strings.TrimRight(name, "_ -.")
	name = name[strings.LastIndexAny(name, "_ -.")+1:]
	for i := len(name) - 1; i > 0; i-- {
		if name[i] >= 'A' && name[i] <= 'Z' && name[i-1] >= 'a' && name[i-1] <= 'z' {
			return name[i:]
		}
	}
	return name
}
