package knowledge

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"plaint/internal/text"
	"plaint/internal/text/concept"
)

// How an answer is found to meet a theme.
const (
	sampled    = 60  // complaints of a theme that are looked at
	bundle     = 20  // complaints of a random text
	bundles    = 200 // random texts for each language
	chance     = .95 // share of random texts whose best match is below the threshold
	floor      = .25 // the threshold's least: with few answers chance finds little
	ownWords   = 2.0 // what words of one language say beside concepts
	seedChance = 20260105
)

// profile is what sets a theme apart: its complaints' mean, less the mean of
// all themes of its language.
type profile struct {
	words  []float64 // by column, of length 1
	topics concept.Vector
}

// scale is what similarities are worth among texts of one pair of languages:
// usual is the median of the best matches of random texts, least what only one
// in twenty reaches.
type scale struct{ usual, least float64 }

// Fit is how well an answer meets a theme.
type Fit struct {
	Entry      int     // index, -1 for none
	Similarity float64 // of words and concepts: at most 1 + ownWords, and 1 between languages
	Match      float64 // 0 at what random texts reach on the average, ½ at the threshold, 1 at twice the way
}

// Answers is whether the answer meets the theme.
func (f Fit) Answers() bool { return f.Entry >= 0 && f.Match >= .5 }

// matcher compares themes with answers.
type matcher struct {
	v       *vocabulary
	entries []doc
	langs   [2]background // Chinese, all others
	topics  []float64     // mean of all themes
	scales  [2][2]scale   // language of the complaints, of the answer: the same, another
}

type background struct {
	words []float64
	docs  []*doc
}

func side(chinese bool) int {
	if chinese {
		return 0
	}
	return 1
}

// newMatcher weighs themes and answers and finds out what chance matches.
func newMatcher(v *vocabulary, themes []sample, entries []doc) *matcher {
	m := &matcher{v: v, entries: entries}
	m.weigh(themes)
	m.topics = make([]float64, len(v.topics))
	var count [2]float64
	for l := range m.langs {
		m.langs[l].words = make([]float64, len(v.df))
	}
	for i := range themes {
		t := &themes[i]
		for j := range t.docs {
			d := &t.docs[j]
			b := &m.langs[side(d.chinese)]
			b.docs = append(b.docs, d)
		}
		words, topics := mean(v, pointers(t.docs))
		l := side(t.chinese())
		count[l]++
		for c, w := range words {
			m.langs[l].words[c] += w
		}
		for c, w := range topics {
			m.topics[c] += w / float64(len(themes))
		}
	}
	for l := range m.langs {
		for c := range m.langs[l].words {
			m.langs[l].words[c] /= max(count[l], 1)
		}
	}
	m.calibrate()
	return m
}

// weigh turns counts into weights, all texts seen.
func (m *matcher) weigh(themes []sample) {
	n := 0.0
	for i := range themes {
		for j := range themes[i].docs {
			n++
			for _, w := range themes[i].docs[j].concepts {
				m.v.topics[w.ID]++
			}
		}
	}
	for i := range themes {
		for j := range themes[i].docs {
			m.v.weigh(&themes[i].docs[j])
			m.v.weighTopics(&themes[i].docs[j], n)
		}
	}
	for i := range m.entries {
		m.v.weigh(&m.entries[i])
		m.v.weighTopics(&m.entries[i], n)
	}
}

func pointers(docs []doc) []*doc {
	out := make([]*doc, len(docs))
	for i := range docs {
		out[i] = &docs[i]
	}
	return out
}

// mean is the mean of texts, by column and by concept.
func mean(v *vocabulary, docs []*doc) (words, topics []float64) {
	words, topics = make([]float64, len(v.df)), make([]float64, len(v.topics))
	share := 1 / float64(max(len(docs), 1))
	for _, d := range docs {
		for _, c := range d.cells {
			words[c.col] += float64(c.count) * share
		}
		for _, w := range d.concepts {
			topics[w.ID] += w.W * share
		}
	}
	return words, topics
}

// profile sets texts of one language apart from all others of it.
func (m *matcher) profile(docs []*doc, chinese bool) profile {
	words, topics := mean(m.v, docs)
	sum := 0.0
	for c, usual := range m.langs[side(chinese)].words {
		words[c] = max(0, words[c]-usual)
		sum += words[c] * words[c]
	}
	for c := range words {
		words[c] /= max(math.Sqrt(sum), 1e-12)
	}
	p := profile{words: words}
	sum = 0
	for id, w := range topics {
		if w -= m.topics[id]; w > 0 {
			p.topics = append(p.topics, concept.Weight{ID: concept.ID(id), W: w})
			sum += w * w
		}
	}
	for i := range p.topics {
		p.topics[i].W /= math.Sqrt(sum)
	}
	return p
}

// similarity is the cosine of concepts, and of words where the languages are
// one.
func (m *matcher) similarity(p profile, chinese bool, e *doc) float64 {
	s := concept.Cosine(p.topics, e.concepts)
	if e.chinese == chinese {
		own := 0.0
		for _, c := range e.cells {
			own += p.words[c.col] * float64(c.count)
		}
		s += ownWords * own
	}
	return s
}

// best is the largest similarity among the answers of the same language and of
// others.
func (m *matcher) best(p profile, chinese bool) (most [2]float64) {
	for i := range m.entries {
		e := &m.entries[i]
		k := other(e.chinese != chinese)
		most[k] = max(most[k], m.similarity(p, chinese, e))
	}
	return most
}

func other(is bool) int {
	if is {
		return 1
	}
	return 0
}

// calibrate finds what similarity random texts reach: each is a bundle of
// complaints drawn from all themes of a language, which is about nothing.
func (m *matcher) calibrate() {
	r := rand.New(rand.NewPCG(seedChance, 1))
	n := bundles
	if len(m.entries) > manyEntries {
		n = bundles / 4 // chance is the steadier the more answers it has
	}
	for l := range m.langs {
		all := m.langs[l].docs
		var reached [2][]float64
		for range n {
			if len(all) == 0 {
				break
			}
			docs := make([]*doc, bundle)
			for i := range docs {
				docs[i] = all[r.IntN(len(all))]
			}
			most := m.best(m.profile(docs, l == 0), l == 0)
			reached[0], reached[1] = append(reached[0], most[0]), append(reached[1], most[1])
		}
		for k := range reached {
			s := scale{floor / 2, floor}
			if slices.Sort(reached[k]); len(reached[k]) > 0 {
				s.usual = reached[k][len(reached[k])/2]
				s.least = max(reached[k][int(chance*float64(len(reached[k])-1))], floor, s.usual*1.1)
			}
			m.scales[l][k] = s
		}
	}
}

// fit finds the answer that meets a theme best, and how well each answer does.
func (m *matcher) fit(t *sample) (best Fit, each []Fit) {
	chinese := t.chinese()
	p := m.profile(pointers(t.docs), chinese)
	best.Entry = -1
	each = make([]Fit, len(m.entries))
	for i := range m.entries {
		e := &m.entries[i]
		s := m.scales[side(chinese)][other(e.chinese != chinese)]
		f := Fit{Entry: i, Similarity: m.similarity(p, chinese, e)}
		f.Match = min(max((f.Similarity-s.usual)/(2*(s.least-s.usual)), 0), 1)
		each[i] = f
		if closer(f, best) {
			best = f
		}
	}
	return best, each
}

// closer orders by the match, then by the similarity; of equals the first in
// the file is kept.
func closer(a, b Fit) bool {
	return b.Entry < 0 || cmp.Or(cmp.Compare(a.Match, b.Match), cmp.Compare(a.Similarity, b.Similarity)) > 0
}

// sample is some complaints of a theme.
type sample struct {
	theme    int64
	language string
	n        int // complaints of the theme
	repeats  int // by a customer who complained of it in the days before
	example  int64
	docs     []doc
}

// chinese is the language of most of the complaints.
func (s *sample) chinese() bool {
	n := 0
	for i := range s.docs {
		if s.docs[i].chinese {
			n++
		}
	}
	return 2*n > len(s.docs)
}

func isChinese(subject, body string) bool { return text.Language(subject+" "+body) == "zh" }
