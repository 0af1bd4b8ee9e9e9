package cluster

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"slices"
	"strings"

	"plaint/internal/text"
	"plaint/internal/text/space"
)

// Assigner gives texts the themes that their words speak for. It is safe for
// concurrent use.
type Assigner struct {
	parts [Languages]*voices // nil for a language without themes
}

// voices are what the words of one language speak for.
type voices struct {
	vocabulary *text.Vocabulary
	words      *space.Words
	theme      []int64 // of each group; none below 0
	floor      float32 // share of a text's words that must be known
}

// Assigner gives texts the themes of the model.
func (m *Model) Assigner() *Assigner {
	a := &Assigner{}
	for l, f := range m.fits {
		if f != nil {
			a.parts[l] = &voices{f.vocabulary, f.words, nil, f.floor}
			for _, t := range m.theme[l] {
				a.parts[l].theme = append(a.parts[l].theme, int64(t))
			}
		}
	}
	return a
}

// Assign calls put for each of n texts with its theme and the share of its words
// that speak for it, or with -1 for one whose words are mostly unknown: it fits
// nowhere. parts
// are a text's parts, such as subject and body, and its language; put is not
// called where there are none. put is called by many at once, for each text once.
func (a *Assigner) Assign(x *Extractors, n int, parts func(i int) (language int, parts []string), put func(i int, theme int64, like float32)) {
	listeners := make([][Languages]*listener, len(x.list))
	for w := range listeners {
		for l, v := range a.parts {
			if v != nil {
				listeners[w][l] = &listener{voices: v, scores: make([]float32, v.words.Groups)}
			}
		}
	}
	x.each(n, true, func(worker int, e *text.Extractor, i int) {
		l, texts := parts(i)
		if texts == nil {
			return
		}
		if h := listeners[worker][l]; h != nil {
			theme, like := h.theme(e.Features(texts...))
			put(i, theme, like)
			return
		}
		put(i, -1, 0)
	})
}

// listener tells texts of one language what their words speak for. It is not safe
// for concurrent use.
type listener struct {
	*voices
	cols   []int32
	counts []float32
	scores []float32
}

func (h *listener) theme(features []text.Feature) (theme int64, like float32) {
	var words, known float32
	h.cols, h.counts, words = h.vocabulary.Words(features, h.cols[:0], h.counts[:0])
	for _, n := range h.counts {
		known += n
	}
	if known < h.floor*words {
		return -1, 0
	}
	group := h.words.Assign(h.cols, h.counts, h.scores)
	if group < 0 || h.voices.theme[group] < 0 {
		return -1, 0
	}
	return h.voices.theme[group], h.words.Like(h.cols, h.counts, words, group)
}

// savedVersion changes when words, their hashes or their weights do: a model kept
// by another version assigns nothing.
const savedVersion = 1

// ErrVersion means that a model was kept by another version of the program.
var ErrVersion = errors.New("the model of themes was kept by another version")

// saved is what a model is kept as: no word of any text, only hashes.
type saved struct {
	Version int
	Lexicon []string // the user's lines
	Parts   [Languages]savedPart
}

type savedPart struct {
	Vocabulary int       // features, words and others
	Hashes     []uint64  // of the words, ascending
	Start      []int     // of each group in Word and Count, and their end
	Word       []int32   // index into Hashes
	Count      []float32 // how often the group's texts hold it
	Theme      []int64   // of each group
	Floor      float32
}

// Save keeps what it takes to give other texts a theme: ids are those of the
// corpora's texts, by language, 0 for none. A group has the id that most of its
// texts have. words is the lexicon that the texts were cut with, nil for the
// program's own.
func (m *Model) Save(ids [Languages][]int64, words *text.Lexicon) ([]byte, error) {
	s := saved{Version: savedVersion}
	if words != nil {
		s.Lexicon = words.Lines()
	}
	for l, f := range m.fits {
		if f != nil {
			s.Parts[l] = f.save(commonestID(f, ids[l]))
		}
	}
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(s); err != nil {
		return nil, fmt.Errorf("keep the model of themes: %w", err)
	}
	return b.Bytes(), nil
}

// save sums the counts of words up by group.
func (f *fitted) save(theme []int64) savedPart {
	v := f.vocabulary
	p := savedPart{Vocabulary: f.counts.Cols, Theme: theme, Floor: f.floor}
	place := make([]int32, len(v.Hashes))
	for c, h := range v.Hashes {
		if text.IsWord(h) {
			place[c] = int32(len(p.Hashes))
			p.Hashes = append(p.Hashes, h)
		}
	}
	sums := space.NewDense(f.groups, len(p.Hashes))
	for i, g := range f.of {
		if g >= 0 {
			cols, vals := f.counts.Row(i)
			for k, c := range cols {
				sums.Row(g)[place[c]] += vals[k]
			}
		}
	}
	for g := range f.groups {
		p.Start = append(p.Start, len(p.Word))
		for c, n := range sums.Row(g) {
			if n > 0 {
				p.Word, p.Count = append(p.Word, int32(c)), append(p.Count, n)
			}
		}
	}
	p.Start = append(p.Start, len(p.Word))
	return p
}

// commonestID is the id that most texts of each group have, -1 where most have
// none; the lower of two as common.
func commonestID(f *fitted, ids []int64) []int64 {
	n := make([]map[int64]int, f.groups)
	for i, g := range f.of {
		if g >= 0 {
			if n[g] == nil {
				n[g] = map[int64]int{}
			}
			n[g][ids[i]]++
		}
	}
	out := make([]int64, f.groups)
	for g, of := range n {
		best := int64(0)
		for id, k := range of {
			if k > of[best] || k == of[best] && id < best {
				best = id
			}
		}
		if out[g] = best; best == 0 {
			out[g] = -1
		}
	}
	return out
}

// Load reads what Save kept, and the lexicon that texts must be cut with.
func Load(data []byte) (*Assigner, *text.Lexicon, error) {
	var s saved
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(&s); err != nil {
		return nil, nil, fmt.Errorf("read the model of themes: %w", err)
	}
	if s.Version != savedVersion {
		return nil, nil, ErrVersion
	}
	words := text.DefaultLexicon()
	if len(s.Lexicon) > 0 {
		var err error
		if words, err = text.ReadLexicon(strings.NewReader(strings.Join(s.Lexicon, "\n"))); err != nil {
			return nil, nil, fmt.Errorf("read the model of themes: %w", err)
		}
	}
	a := &Assigner{}
	for l := range s.Parts {
		p := &s.Parts[l]
		if len(p.Theme) == 0 {
			continue
		}
		if !p.sound() {
			return nil, nil, errors.New("read the model of themes: it does not fit together")
		}
		sums := &space.CSR{Rows: len(p.Theme), Cols: len(p.Hashes), Start: p.Start, Col: p.Word, Val: p.Count}
		a.parts[l] = &voices{text.KnownWords(p.Hashes), space.WordsOf(sums, p.Vocabulary), p.Theme, p.Floor}
	}
	return a, words, nil
}

// sound tells whether no index leads out of the part.
func (p *savedPart) sound() bool {
	n := len(p.Start)
	return n == len(p.Theme)+1 && p.Start[0] == 0 && p.Start[n-1] == len(p.Word) && len(p.Word) == len(p.Count) &&
		slices.IsSorted(p.Start) && slices.IsSorted(p.Hashes) && p.Vocabulary >= len(p.Hashes) &&
		!slices.ContainsFunc(p.Word, func(c int32) bool { return c < 0 || int(c) >= len(p.Hashes) })
}
