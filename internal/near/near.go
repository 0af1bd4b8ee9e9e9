// Package near says how alike two short strings are.
package near

import "math/bits"

// longest is how many characters of a value are compared: names, codes and
// addresses are shorter, and it lets one machine word hold what has matched.
const longest = 64

// JaroWinkler is the Jaro similarity with Winkler's bonus for a common prefix
// (Winkler 1990), 0 to 1, over at most 64 characters.
func JaroWinkler(a, b []uint16) float64 {
	if len(a) > len(b) {
		a, b = b, a
	}
	a, b = a[:min(len(a), longest)], b[:min(len(b), longest)]
	if len(a) == 0 {
		return 0
	}
	window := max(len(b)/2-1, 0)
	var inA, inB uint64
	for i, c := range a {
		for j := max(0, i-window); j < min(len(b), i+window+1); j++ {
			if b[j] == c && inB>>j&1 == 0 {
				inA |= 1 << i
				inB |= 1 << j
				break
			}
		}
	}
	if inA == 0 {
		return 0
	}
	m, moved := float64(bits.OnesCount64(inA)), 0
	for inA != 0 {
		if a[bits.TrailingZeros64(inA)] != b[bits.TrailingZeros64(inB)] {
			moved++
		}
		inA &= inA - 1
		inB &= inB - 1
	}
	s := (m/float64(len(a)) + m/float64(len(b)) + (m-float64(moved)/2)/m) / 3
	if s <= .7 {
		return s
	}
	p := 0
	for p < min(len(a), 4) && a[p] == b[p] {
		p++
	}
	return s + float64(p)*.1*(1-s)
}

// Edits is the Damerau-Levenshtein distance (insert, delete, substitute, swap
// neighbours; the restricted form) up to most, and most+1 beyond.
func Edits(a, b []uint16, most int) int {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	switch {
	case len(b)-len(a) > most || len(b) > longest:
		return most + 1
	case len(a) == 0:
		return len(b)
	case len(a) == 1 && len(b) == 1:
		return 1
	case most == 1:
		if len(a) == 2 && len(b) == 2 && a[0] == b[1] && a[1] == b[0] {
			return 1
		}
		return 2
	}
	return banded(a, b, most)
}

// banded fills the table of distances no further from the diagonal than most, and
// stops where all is beyond it.
func banded(a, b []uint16, most int) int {
	const far = 100
	var rows [3][longest + 2]uint8
	for j := range len(b) + 1 {
		rows[0][j] = uint8(j)
	}
	for i := 1; i <= len(a); i++ {
		last2, last, row := &rows[(i+1)%3], &rows[(i+2)%3], &rows[i%3]
		from, to := max(1, i-most), min(len(b), i+most)
		least := uint8(far)
		row[from-1] = far
		if from == 1 {
			row[0] = uint8(i)
		}
		for j := from; j <= to; j++ {
			d := last[j-1]
			if a[i-1] != b[j-1] {
				d++
			}
			d = min(d, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, last2[j-2]+1)
			}
			row[j] = d
			least = min(least, d)
		}
		row[to+1] = far
		if int(least) > most {
			return most + 1
		}
	}
	return min(int(rows[len(a)%3][len(b)]), most+1)
}

// Overlap is how much two sorted sets of pairs of characters share: the Dice
// coefficient, and nine tenths of how much of the smaller is in the larger, so
// that a line with a part left out still counts.
func Overlap(a, b []uint32) float64 {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	both, i, j := 0, 0, 0
	for i < len(a) && j < len(b) {
		x, y := a[i], b[j]
		if x == y {
			both++
		}
		if x <= y {
			i++
		}
		if y <= x {
			j++
		}
	}
	dice := 2 * float64(both) / float64(len(a)+len(b))
	if small := min(len(a), len(b)); small >= 5 {
		return max(dice, .9*float64(both)/float64(small))
	}
	return dice
}
