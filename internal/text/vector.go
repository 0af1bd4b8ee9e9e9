package text

import (
	"math"
	"slices"
)

// CSR is a sparse matrix in compressed rows: row i has the columns
// Col[Start[i]:Start[i+1]], ascending, with the values Val.
type CSR struct {
	Rows, Cols int
	Start      []int
	Col        []int32
	Val        []float32
}

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

// Column is the column of a feature, -1 if it is not in the vocabulary.
func (v *Vocabulary) Column(hash uint64) int {
	if i, ok := v.index[hash]; ok {
		return int(i)
	}
	return -1
}

// Matrix is the TF-IDF matrix of the texts added, in their order.
func (b *Builder) Matrix(v *Vocabulary) *CSR {
	m := &CSR{Rows: b.Rows(), Cols: len(v.Hashes), Start: make([]int, 1, b.Rows()+1)}
	var row []Feature
	for i := range b.Rows() {
		row = row[:0]
		for k := b.start[i]; k < b.start[i+1]; k++ {
			row = append(row, Feature{b.hashes[k], b.counts[k]})
		}
		m.Col, m.Val = v.Row(row, m.Col, m.Val)
		m.Start = append(m.Start, len(m.Col))
	}
	return m
}

// Row appends one text's TF-IDF row: (1 + ln tf)·idf, each family of features
// at its weight in length, the whole at length 1. A text without a known
// feature has an empty row.
func (v *Vocabulary) Row(features []Feature, cols []int32, vals []float32) ([]int32, []float32) {
	from := len(cols)
	var squares [families]float64
	for _, f := range features {
		c, ok := v.index[f.Hash]
		if !ok {
			continue
		}
		w := (1 + math.Log(float64(f.Count))) * v.IDF[c]
		squares[f.Hash&3] += w * w
		cols, vals = append(cols, c), append(vals, float32(w))
	}
	var scale [families]float64
	total := 0.0
	for i, s := range squares {
		if s > 0 {
			scale[i] = familyWeight[i] / math.Sqrt(s)
			total += familyWeight[i] * familyWeight[i]
		}
	}
	if total > 0 {
		length := 1 / math.Sqrt(total)
		for k := from; k < len(cols); k++ {
			vals[k] *= float32(scale[v.Hashes[cols[k]]&3] * length)
		}
	}
	return cols, vals
}

// Transpose returns the matrix with rows and columns exchanged.
func (m *CSR) Transpose() *CSR {
	t := &CSR{Rows: m.Cols, Cols: m.Rows, Start: make([]int, m.Cols+1), Col: make([]int32, len(m.Col)), Val: make([]float32, len(m.Val))}
	for _, c := range m.Col {
		t.Start[c+1]++
	}
	for i := range m.Cols {
		t.Start[i+1] += t.Start[i]
	}
	next := slices.Clone(t.Start[:m.Cols])
	for i := range m.Rows {
		for k := m.Start[i]; k < m.Start[i+1]; k++ {
			at := next[m.Col[k]]
			next[m.Col[k]]++
			t.Col[at], t.Val[at] = int32(i), m.Val[k]
		}
	}
	return t
}
