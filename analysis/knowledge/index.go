package knowledge

import (
	"math"

	"plaint/internal/text"
	"plaint/internal/text/concept"
)

const (
	longestText = 3000  // bytes of an answer that are looked at
	manyEntries = 20000 // from here on runs of characters are left out: words are enough, and memory is not
	familyCount = 3     // words, pairs, runs of characters: the two lowest bits of a feature
)

// familyShare is what the families are worth, as in the vectors of themes.
var familyShare = [familyCount]float64{1, .5, 1}

// cell is a column of the vocabulary and how often a text has it.
type cell struct {
	col   int32
	count float32
}

// doc is a text as features of the vocabulary and as concepts.
type doc struct {
	cells    []cell
	strange  [familyCount]float64 // squares of the counts of features that the vocabulary does not have
	concepts concept.Vector
	chinese  bool
}

// vocabulary is the features of the complaints that were looked at; what only
// answers hold can match nothing.
type vocabulary struct {
	of     map[uint64]int32
	family []uint8
	df     []float64 // texts, complaints and answers, that hold it
	texts  float64
	topics []float64 // complaints that name a concept, by its ID
}

// maker turns texts into docs. It is not safe for concurrent use.
type maker struct {
	extractor *text.Extractor
	tokenizer *text.Tokenizer
	counter   *concept.Counter
	tokens    []text.Token
	v         *vocabulary
	learn     bool // features that are met are taken into the vocabulary
	noRuns    bool
}

func newMaker(l *text.Lexicon) *maker {
	return &maker{extractor: l.Extractor(), tokenizer: text.NewTokenizerOf(l), counter: concept.For(l).Counter(), v: &vocabulary{of: map[uint64]int32{}}}
}

// doc makes one of texts; what stands in the first of them counts twice where
// double is set, as a question does.
func (m *maker) doc(double bool, texts ...string) doc {
	d := doc{}
	if double {
		texts = append(texts, texts[0])
	}
	for _, f := range m.extractor.Features(texts...) {
		family := f.Hash & 3
		if family >= familyCount || m.noRuns && family == familyCount-1 {
			continue
		}
		tf := 1 + math.Log(float64(f.Count))
		col, ok := m.v.of[f.Hash]
		if !ok && m.learn {
			col, ok = int32(len(m.v.df)), true
			m.v.of[f.Hash] = col
			m.v.df, m.v.family = append(m.v.df, 0), append(m.v.family, uint8(family))
		}
		if !ok {
			d.strange[family] += tf * tf
			continue
		}
		m.v.df[col]++
		d.cells = append(d.cells, cell{col, float32(tf)})
	}
	m.v.texts++
	m.tokens = m.tokens[:0]
	for _, t := range texts {
		m.tokens = m.tokenizer.Tokens(m.tokens, t)
	}
	m.counter.Reset()
	m.counter.Add(m.tokens, 1)
	d.concepts = m.counter.Vector()
	return d
}

// idf is the weight of a column.
func (v *vocabulary) idf(col int32) float64 { return math.Log((1 + v.texts) / (1 + v.df[col])) }

// weigh turns a doc's counts into TF-IDF, each family to its share of a length
// of 1.
func (v *vocabulary) weigh(d *doc) {
	var squares [familyCount]float64
	rare := math.Log(1 + v.texts)
	for f, s := range d.strange {
		squares[f] = s * rare * rare
	}
	for i := range d.cells {
		c := &d.cells[i]
		c.count *= float32(v.idf(c.col))
		squares[v.family[c.col]] += float64(c.count) * float64(c.count)
	}
	total := 0.0
	for f, s := range squares {
		if s > 0 {
			total += familyShare[f] * familyShare[f]
		}
	}
	for i := range d.cells {
		f := v.family[d.cells[i].col]
		d.cells[i].count *= float32(familyShare[f] / math.Sqrt(squares[f]*total))
	}
}

// weighTopics weighs the concepts of a text by how few complaints name them.
func (v *vocabulary) weighTopics(d *doc, complaints float64) {
	sum := 0.0
	for i := range d.concepts {
		w := &d.concepts[i]
		w.W *= math.Log((1 + complaints) / (1 + v.topics[w.ID]))
		sum += w.W * w.W
	}
	if sum > 0 {
		for i := range d.concepts {
			d.concepts[i].W /= math.Sqrt(sum)
		}
	}
}
