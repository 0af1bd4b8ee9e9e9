package cluster

import (
	"runtime"
	"sync"

	"plaint/internal/text"
	"plaint/internal/text/concept"
)

// Extractors are one for each processor. They are not safe for concurrent use:
// whoever has them runs alone.
type Extractors struct {
	list  []*text.Extractor
	table *concept.Table
}

// NewExtractors makes them; words is nil for the program's own lexicon.
func NewExtractors(words *text.Lexicon) *Extractors {
	if words == nil {
		words = text.DefaultLexicon()
	}
	e := &Extractors{table: concept.For(words)}
	for range runtime.GOMAXPROCS(0) {
		e.list = append(e.list, words.Extractor())
	}
	return e
}

// each calls f for every index of n in parallel, worker saying whose turn it is. A
// panic of f comes to the caller, who may know what to do without.
func (e *Extractors) each(n int, onlyWords bool, f func(worker int, x *text.Extractor, i int)) {
	const block = 64
	var wg sync.WaitGroup
	var mu sync.Mutex
	next := 0
	var fault any
	for worker, x := range e.list {
		x.OnlyWords = onlyWords
		wg.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					mu.Lock()
					fault = p
					mu.Unlock()
				}
			}()
			for {
				mu.Lock()
				from := next
				next += block
				mu.Unlock()
				if from >= n {
					return
				}
				for i := from; i < min(from+block, n); i++ {
					f(worker, x, i)
				}
			}
		})
	}
	wg.Wait()
	if fault != nil {
		panic(fault)
	}
}

// Corpus is the texts of one language that themes are found among.
type Corpus struct {
	builder text.Builder
	tokens  [][]int32      // of each text: indexes into words.list
	topics  [][]concept.ID // of each text: the concepts that it names
	kinds   []int32        // of each text: its type, 0 for none
	vectors [][]float32    // of each text, nil for none; empty where nobody gave any
	words   dictionary[text.Token]
	types   *dictionary[string] // shared by the corpora of a fit
	table   *concept.Table
}

// NewCorpora are the empty corpora of one fit, one for each language.
func NewCorpora(x *Extractors) (out [Languages]*Corpus) {
	types := &dictionary[string]{}
	types.number("")
	for l := range out {
		out[l] = &Corpus{types: types, table: x.table}
	}
	return out
}

// Rows is how many texts there are.
func (c *Corpus) Rows() int { return c.builder.Rows() }

// Source is texts that are added to a corpus.
type Source struct {
	Rows  int
	Parts func(i int) []string // such as subject and body
	Kind  func(i int) string   // the type that a record carries beside its text, "" for none; may be nil

	// Vector is a vector of the text that somebody else made, nil for none; all
	// are of one length. It may be nil.
	Vector func(i int) []float32
}

// Add appends texts. A text's type is a feature like others.
func (c *Corpus) Add(x *Extractors, s Source) {
	features := make([][]text.Feature, s.Rows)
	tokens := make([][]text.Token, s.Rows)
	topics := make([][]concept.ID, s.Rows)
	x.each(s.Rows, false, func(_ int, e *text.Extractor, i int) {
		features[i] = append(features[i], e.Features(s.Parts(i)...)...)
		tokens[i] = append(tokens[i], e.Tokens()...)
		topics[i] = c.table.Find(nil, tokens[i])
		if s.Kind != nil {
			features[i] = text.AddKind(features[i], s.Kind(i))
		}
	})
	for i, f := range features {
		c.builder.Add(f)
		own := make([]int32, 0, len(tokens[i]))
		for _, t := range tokens[i] {
			last := t.Last
			t.Last = false
			if own = append(own, c.words.number(t)); last {
				own = append(own, c.words.number(text.Token{Kind: text.Break}))
			}
		}
		kind := int32(0)
		if s.Kind != nil {
			kind = c.types.number(s.Kind(i))
		}
		c.tokens, c.kinds = append(c.tokens, own), append(c.kinds, kind)
		if s.Vector != nil {
			c.vectors = append(c.vectors, s.Vector(i))
		}
	}
	c.topics = append(c.topics, topics...)
}

// dictionary numbers things in order of appearance.
type dictionary[T comparable] struct {
	list []T
	of   map[T]int32
}

func (d *dictionary[T]) number(x T) int32 {
	if i, ok := d.of[x]; ok {
		return i
	}
	if d.of == nil {
		d.of = map[T]int32{}
	}
	i := int32(len(d.list))
	d.of[x] = i
	d.list = append(d.list, x)
	return i
}
