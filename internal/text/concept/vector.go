package concept

import (
	"cmp"
	"math"
	"slices"

	"plaint/internal/text"
)

// Weight is a concept and how much of it there is.
type Weight struct {
	ID ID
	W  float64
}

// Vector is concepts with weights, ordered by concept, of length 1; empty where
// nothing is known of the words.
type Vector []Weight

// Term is a word or phrase, as a label shows it, and its weight, above 0.
type Term struct {
	Text   string
	Weight float64
}

// Vector is the concepts of weighted terms. A kind of a concept counts for half
// a naming of the concept itself; words of every complaint count a fifth.
func (t *Table) Vector(terms []Term) Vector {
	c := t.Counter()
	k := text.NewTokenizer()
	var tokens []text.Token
	for _, x := range terms {
		tokens = k.Tokens(tokens[:0], x.Text)
		c.Add(tokens, x.Weight)
	}
	return c.Vector()
}

// Counter sums up what many texts are about. It is not safe for concurrent use.
type Counter struct {
	table *Table
	of    []float64
	found []ID
}

// Counter begins an empty sum.
func (t *Table) Counter() *Counter { return &Counter{table: t, of: make([]float64, len(t.names))} }

// Add counts the concepts of one text; a concept that it names again and again
// counts by the root of how often.
func (c *Counter) Add(tokens []text.Token, weight float64) {
	c.found = c.table.Find(c.found[:0], tokens)
	slices.Sort(c.found)
	for i := 0; i < len(c.found); {
		j := i
		for j < len(c.found) && c.found[j] == c.found[i] {
			j++
		}
		w := weight * math.Sqrt(float64(j-i))
		if c.table.general[c.found[i]] {
			w *= generalShare
		}
		c.of[c.found[i]] += w
		if p := c.table.parents[c.found[i]]; p != 0 {
			c.of[p] += w * parentShare
		}
		i = j
	}
}

// Reset forgets what was counted.
func (c *Counter) Reset() { clear(c.of) }

// Vector is the sum, brought to length 1.
func (c *Counter) Vector() Vector {
	var v Vector
	for id, w := range c.of {
		if w > 0 {
			v = append(v, Weight{ID(id), w})
		}
	}
	return v.unit()
}

func (v Vector) unit() Vector {
	sum := 0.0
	for _, x := range v {
		sum += x.W * x.W
	}
	if sum > 0 {
		for i := range v {
			v[i].W /= math.Sqrt(sum)
		}
	}
	return v
}

// Cosine is how alike two vectors are, from 0 to 1.
func Cosine(a, b Vector) float64 {
	sum := 0.0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch cmp.Compare(a[i].ID, b[j].ID) {
		case -1:
			i++
		case 1:
			j++
		default:
			sum += a[i].W * b[j].W
			i, j = i+1, j+1
		}
	}
	return sum
}

// Distinctive weighs each concept by how few of the vectors hold it, ln((1+n)/
// (½+df)), and brings them to length 1 again: what all of them are about tells
// none from another. Use it on the themes of all languages together.
func Distinctive(list []Vector) []Vector {
	df := map[ID]float64{}
	for _, v := range list {
		for _, x := range v {
			df[x.ID]++
		}
	}
	out := make([]Vector, len(list))
	for i, v := range list {
		for _, x := range v {
			out[i] = append(out[i], Weight{x.ID, x.W * math.Log((1+float64(len(list)))/(.5+df[x.ID]))})
		}
		out[i] = out[i].unit()
	}
	return out
}

// Len is one more than the largest ID that a vector of the counter can hold.
func (c *Counter) Len() int { return len(c.of) }
