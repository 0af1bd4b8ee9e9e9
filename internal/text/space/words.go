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
	return addUp(counts, of, groups).words(vocabulary)
}

// sums are how often each group has each word; rows are words.
type sums struct {
	per *Dense
	all []float64 // words of each group
}

func addUp(counts *CSR, of []int, groups int) *sums {
	s := &sums{NewDense(counts.Cols, groups), make([]float64, groups)}
	for i, g := range of {
		if g < 0 {
			continue
		}
		cols, vals := counts.Row(i)
		for k, c := range cols {
			s.per.Row(int(c))[g] += vals[k]
			s.all[g] += float64(vals[k])
		}
	}
	return s
}

func (s *sums) words(vocabulary int) *Words {
	groups, columns := s.per.Cols, s.per.Rows
	w := &Words{Groups: groups, Cols: columns, overall: make([]float32, columns), per: NewDense(columns, groups)}
	log, words := make([]float64, groups), 0.0
	for g, x := range s.all {
		log[g] = math.Log(x + smoothing*float64(vocabulary))
		words += x + smoothing
	}
	inBlocks(columns, func(_, from, to int) {
		for c := from; c < to; c++ {
			row, sum := w.per.Row(c), smoothing
			for g, v := range s.per.Row(c) {
				row[g] = float32(math.Log(float64(v)+smoothing) - log[g])
				sum += float64(v)
			}
			w.overall[c] = float32(math.Log(sum / words))
		}
	})
	return w
}

// without is how much a group speaks for a text that is in it, without that text:
// the logarithm that Assign compares.
func (s *sums) without(cols []int32, counts []float32, group int) float64 {
	score, length := 0.0, 0.0
	for k, c := range cols {
		v := float64(counts[k])
		score += v * math.Log(max(float64(s.per.Row(int(c))[group])-v, 0)+smoothing)
		length += v
	}
	return score - length*math.Log(max(s.all[group]-length, 0)+smoothing*float64(s.per.Rows))
}

// Assign gives the group a text's words speak for most; scores is room for
// Groups numbers. A text without a known word belongs to none: -1.
func (w *Words) Assign(cols []int32, counts []float32, scores []float32) int {
	if len(cols) == 0 {
		return -1
	}
	w.score(cols, counts, scores)
	best := 0
	for g, s := range scores {
		if s > scores[best] {
			best = g
		}
	}
	return best
}

// score is how much each group speaks for the words.
func (w *Words) score(cols []int32, counts, scores []float32) {
	clear(scores)
	for k, c := range cols {
		addScaled(scores, counts[k], w.per.Row(int(c)))
	}
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

const rounds = 15 // of a refinement, if rows still move

// refine moves rows to the group their words speak for until they stay: a
// partition by likeness becomes one by what is said.
//
// Method: classification EM for a mixture of multinomials (Celeux, Govaert
// 1992; Nigam et al. 2000).
func refine(counts *CSR, of []int, groups int) {
	for range rounds {
		if moved := NewWords(counts, of, groups).all(counts, of); moved*1000 < len(of) {
			return
		}
	}
}

// exchange moves rows to the group that the others speak for: a text's own words
// do not hold it where it is. They do where words are many and texts short, since
// most of what a group says of a rare word is what this text says.
//
// Method: as refine, with the step of Hartigan's k-means (1975) in the place of
// Lloyd's, as the sequential information bottleneck has it (Slonim, Friedman,
// Tishby 2002), all rows at once.
func exchange(features *CSR, of []int, groups int) {
	next := make([]int, len(of))
	for range rounds {
		sums := addUp(features, of, groups)
		words := sums.words(features.Cols)
		moves := make([]int, blocks(features.Rows))
		inBlocks(features.Rows, func(block, from, to int) {
			scores := make([]float32, groups)
			for i := from; i < to; i++ {
				next[i] = of[i]
				cols, vals := features.Row(i)
				if len(cols) == 0 {
					continue
				}
				words.score(cols, vals, scores)
				scores[of[i]] = float32(sums.without(cols, vals, of[i]))
				for g, s := range scores {
					if s > scores[next[i]] {
						next[i] = g
					}
				}
				if next[i] != of[i] {
					moves[block]++
				}
			}
		})
		copy(of, next)
		moved := 0
		for _, n := range moves {
			moved += n
		}
		if moved*1000 < len(of) {
			return
		}
	}
}
