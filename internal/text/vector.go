package text

import (
	"math"
	"slices"

	"plaint/internal/text/space"
)

// Vocabulary is the features of a collection of texts and their weights.
type Vocabulary struct {
	index  map[uint64]int32
	Hashes []uint64  // of each column, ascending
	DF     []int32   // texts that hold it
	IDF    []float64 // ln((1+n)/(1+df)) + 1
}

// Builder collects the features of the texts a vocabulary is made from.
type Builder struct {
	start  []int
	hashes []uint64
	counts []int32
}

// Add appends a text's features.
func (b *Builder) Add(features []Feature) {
	if len(b.start) == 0 {
		b.start = []int{0}
	}
	for _, f := range features {
		b.hashes = append(b.hashes, f.Hash)
		b.counts = append(b.counts, f.Count)
	}
	b.start = append(b.start, len(b.hashes))
}

// Rows is how many texts were added.
func (b *Builder) Rows() int { return max(len(b.start)-1, 0) }

// Vocabulary keeps the features that at least minDF texts and at most the
// share maxShare of them hold: rarer ones say nothing of others, commoner ones
// nothing at all.
func (b *Builder) Vocabulary(minDF int, maxShare float64) *Vocabulary {
	df := map[uint64]int32{}
	for _, h := range b.hashes {
		df[h]++
	}
	n := b.Rows()
	most := int32(max(float64(n)*maxShare, float64(minDF)))
	v := &Vocabulary{index: map[uint64]int32{}}
	for h, d := range df {
		if d >= int32(minDF) && d <= most {
			v.Hashes = append(v.Hashes, h)
		}
	}
	slices.Sort(v.Hashes)
	for i, h := range v.Hashes {
		v.index[h] = int32(i)
		v.DF = append(v.DF, df[h])
		v.IDF = append(v.IDF, math.Log(float64(1+n)/float64(1+df[h]))+1)
	}
	return v
}

// KnownWords is the vocabulary of words with these hashes, ascending: it can tell
// the words of a text, and no weights.
func KnownWords(hashes []uint64) *Vocabulary {
	v := &Vocabulary{index: make(map[uint64]int32, len(hashes)), Hashes: hashes}
	for i, h := range hashes {
		v.index[h] = int32(i)
	}
	return v
}

// Column is the column of a feature, -1 if it is not in the vocabulary.
func (v *Vocabulary) Column(hash uint64) int {
	if i, ok := v.index[hash]; ok {
		return int(i)
	}
	return -1
}

// Matrix is the TF-IDF matrix of the texts added, in their order, with the
// inverse document frequency raised to a power.
func (b *Builder) Matrix(v *Vocabulary, power float64) *space.CSR {
	m := space.NewCSR(len(v.Hashes))
	weights := make([]float64, len(v.IDF))
	for c, w := range v.IDF {
		weights[c] = math.Pow(w, power)
	}
	for i := range b.Rows() {
		v.row(m, b.hashes[b.start[i]:b.start[i+1]], b.counts[b.start[i]:b.start[i+1]], weights)
	}
	return m
}

// Counts is how often each text added holds each word.
func (b *Builder) Counts(v *Vocabulary) *space.CSR {
	m := space.NewCSR(len(v.Hashes))
	for i := range b.Rows() {
		for k := b.start[i]; k < b.start[i+1]; k++ {
			if c, ok := v.index[b.hashes[k]]; ok && IsWord(b.hashes[k]) {
				m.Col, m.Val = append(m.Col, c), append(m.Val, float32(b.counts[k]))
			}
		}
		m.End()
	}
	return m
}

// Words appends the columns of a text's known words and how often it holds them,
// and counts all its words.
func (v *Vocabulary) Words(features []Feature, cols []int32, counts []float32) (known []int32, held []float32, words float32) {
	for _, f := range features {
		if !IsWord(f.Hash) {
			continue
		}
		words += float32(f.Count)
		if c, ok := v.index[f.Hash]; ok {
			cols, counts = append(cols, c), append(counts, float32(f.Count))
		}
	}
	return cols, counts, words
}

// Shares is, of each text added, how many words it has and the share of them that
// the vocabulary would know without that text: those that more than minDF texts
// hold.
func (b *Builder) Shares(v *Vocabulary, minDF int) (words, known []float32) {
	words, known = make([]float32, b.Rows()), make([]float32, b.Rows())
	for i := range b.Rows() {
		for k := b.start[i]; k < b.start[i+1]; k++ {
			if !IsWord(b.hashes[k]) {
				continue
			}
			words[i] += float32(b.counts[k])
			if c, ok := v.index[b.hashes[k]]; ok && v.DF[c] > int32(minDF) {
				known[i] += float32(b.counts[k])
			}
		}
		known[i] /= max(words[i], 1)
	}
	return words, known
}

// IsWord tells whether a feature is a word.
func IsWord(hash uint64) bool { return hash&3 == words }

// row appends one text's TF-IDF row: (1 + ln tf)·weight, each family of features
// at its weight in length, the whole at length 1. A text without a known
// feature has an empty row.
func (v *Vocabulary) row(m *space.CSR, hashes []uint64, counts []int32, weights []float64) {
	from := len(m.Col)
	var squares [families]float64
	for k, h := range hashes {
		c, ok := v.index[h]
		if !ok {
			continue
		}
		w := (1 + math.Log(float64(counts[k]))) * weights[c]
		squares[h&3] += w * w
		m.Col, m.Val = append(m.Col, c), append(m.Val, float32(w))
	}
	var scale [families]float64
	total := 0.0
	for i, s := range squares {
		if s > 0 {
			scale[i] = familyWeight[i] / math.Sqrt(s)
			total += familyWeight[i] * familyWeight[i]
		}
	}
	length := 1 / math.Sqrt(max(total, 1e-12))
	for k := from; k < len(m.Col); k++ {
		m.Val[k] *= float32(scale[v.Hashes[m.Col[k]]&3] * length)
	}
	m.End()
}
