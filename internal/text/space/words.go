package space

import "math"

// smoothing is the pseudo-count of every word in every group.
const smoothing = .1

// Words says which group the words of a text speak for: naive Bayes over
// counts of words. Groups have no prior weight: with one, large groups swallow
// small ones when a partition is refined.
type Words struct {
	Groups, Cols int
	overall      []float32 // log-probability of each word
	per          *Dense    // the same in each group; rows are words
}

// NewWords learns from counts of words (rows are texts) and their groups; what
// is in group -1 is left out.
func NewWords(counts *CSR, of []int, groups int) *Words {
	return newWords(counts, of, groups, counts.Cols)
}

// WordsOf learns from the sums of counts, a row for each group, of what was a
// larger vocabulary: some of its columns are no words.
func WordsOf(sums *CSR, vocabulary int) *Words {
	of := make([]int, sums.Rows)
	for g := range of {
		of[g] = g
	}
	return newWords(sums, of, sums.Rows, vocabulary)
}

func newWords(counts *CSR, of []int, groups, vocabulary int) *Words {
	w := &Words{Groups: groups, Cols: counts.Cols, overall: make([]float32, counts.Cols), per: NewDense(counts.Cols, groups)}
	all := make([]float64, groups)
	for i, g := range of {
		if g < 0 {
			continue
		}
		cols, vals := counts.Row(i)
		for k, c := range cols {
			w.per.Row(int(c))[g] += vals[k]
			all[g] += float64(vals[k])
		}
	}
	log := make([]float64, groups)
	for g := range groups {
		log[g] = math.Log(all[g] + smoothing*float64(vocabulary))
	}
	words := 0.0
	for _, x := range all {
		words += x + smoothing
	}
	inBlocks(counts.Cols, func(_, from, to int) {
		for c := from; c < to; c++ {
			row, sum := w.per.Row(c), smoothing
			for _, v := range row {
				sum += float64(v)
			}
			w.overall[c] = float32(math.Log(sum / words))
			for g, v := range row {
				row[g] = float32(math.Log(float64(v)+smoothing) - log[g])
			}
		}
	})
	return w
}

// Assign gives the group a text's words speak for most; scores is room for
// Groups numbers. A text without a known word belongs to none: -1.
func (w *Words) Assign(cols []int32, counts []float32, scores []float32) int {
	if len(cols) == 0 {
		return -1
	}
	clear(scores)
	for k, c := range cols {
		addScaled(scores, counts[k], w.per.Row(int(c)))
	}
	best := 0
	for g, s := range scores {
		if s > scores[best] {
			best = g
		}
	}
	return best
}

// Like is the share of a text's words that are more usual in the group than
// overall: between 0 and 1. all are the words it has, known or not.
func (w *Words) Like(cols []int32, counts []float32, all float32, group int) float32 {
	var speak float32
	for k, c := range cols {
		if w.per.Row(int(c))[group] > w.overall[c] {
			speak += counts[k]
		}
	}
	return speak / max(all, 1)
}

// all assigns every row; one without a known word keeps its group.
func (w *Words) all(counts *CSR, of []int) (moved int) {
	moves := make([]int, blocks(counts.Rows))
	inBlocks(counts.Rows, func(block, from, to int) {
		scores := make([]float32, w.Groups)
		for i := from; i < to; i++ {
			cols, vals := counts.Row(i)
			if g := w.Assign(cols, vals, scores); g >= 0 && g != of[i] {
				of[i] = g
				moves[block]++
			}
		}
	})
	for _, n := range moves {
		moved += n
	}
	return moved
}

// refine moves rows to the group their words speak for until they stay: a
// partition by likeness becomes one by what is said.
//
// Method: classification EM for a mixture of multinomials (Celeux, Govaert
// 1992; Nigam et al. 2000).
func refine(counts *CSR, of []int, groups int) {
	const rounds = 15
	for range rounds {
		if moved := NewWords(counts, of, groups).all(counts, of); moved*1000 < len(of) {
			return
		}
	}
}
