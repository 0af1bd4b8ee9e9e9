package text

import (
	_ "embed"
	"slices"
	"strings"
	"sync"

	"github.com/go-ego/gse"
)

// rareWord leaves out the dictionary's words that are rarer than this. The
// whole dictionary takes 1.3 s and 130 MB to load, the commoner quarter of it
// 0.3 s and 25 MB; what is missing comes back as a pair of shorter words.
const rareWord = 20

// How common the words of the lexicons are said to be: what a user names is one
// word wherever it stands.
const (
	brokerWord = 3000
	userWord   = 300000
)

//go:embed lexicon_zh.txt
var brokerWords string

//go:embed variants.txt
var variants string

//go:embed stop_words.txt
var stopText string

// Lexicon is the words that texts are cut into: the dictionary, the words of
// brokers, banks and shops, and those that a user adds. It never changes once it
// is made, and is safe for use by many at once; its dictionary is loaded when
// the first Chinese text is met.
type Lexicon struct {
	user      []entry
	words     []weighted        // Chinese
	same      map[string]string // a word, and the one that it is read as
	meanings  []Meaning
	phrases   map[string][]phrase // of several words, by the first of them
	begins    [256]bool           // bytes that Latin words of same and phrases begin with: few do
	segmenter func() *gse.Segmenter
}

// Meaning is a word and a phrase of another language that says the same.
type Meaning struct{ Word, Means string }

// weighted is a word and how common it is said to be.
type weighted struct {
	word   string
	common float64
}

// phrase is neighbouring words that are one.
type phrase struct {
	rest []string
	as   string
}

// DefaultLexicon is the lexicon without a user's words.
var DefaultLexicon = sync.OnceValue(func() *Lexicon { return newLexicon(nil) })

// newLexicon joins what is embedded and a user's lines.
func newLexicon(user []entry) *Lexicon {
	l := &Lexicon{same: map[string]string{}, phrases: map[string][]phrase{}}
	own, err := parseLexicon(strings.NewReader(variants))
	if err != nil {
		panic("text: the embedded variants: " + err.Error()) // part of the program, not input
	}
	bare := NewTokenizerOf(&Lexicon{segmenter: func() *gse.Segmenter { return nil }}) // Latin alone, or the dictionary would be loaded for it
	common := float64(brokerWord)
	for i, e := range slices.Concat(own, user) {
		if i == len(own) {
			common = userWord
		}
		if e.meaning {
			l.meanings = append(l.meanings, Meaning{e.word, e.as})
			e.as = ""
		}
		if e.han {
			l.words = append(l.words, weighted{e.word, common})
			if e.as != "" {
				l.words = append(l.words, weighted{e.as, common})
				l.same[e.word] = e.as
			}
			continue
		}
		l.addPhrase(bare, e)
	}
	l.resolve()
	l.segmenter = sync.OnceValue(l.load)
	return l
}

// addPhrase keeps a phrase of Latin words whole, or names the word that one is
// read as.
func (l *Lexicon) addPhrase(t *Tokenizer, e entry) {
	var words []string
	for _, k := range t.Tokens(nil, e.word) {
		if k.Kind != Break {
			words = append(words, k.Text)
		}
	}
	as := e.as
	if as == "" {
		as = strings.Join(words, "-")
	}
	switch len(words) {
	case 0:
	case 1:
		if as != words[0] {
			l.same[words[0]] = as
			l.begins[words[0][0]] = true
		}
	default:
		list := append(l.phrases[words[0]], phrase{words[1:], as})
		slices.SortStableFunc(list, func(a, b phrase) int { return len(b.rest) - len(a.rest) })
		l.phrases[words[0]] = list
		l.begins[words[0][0]] = true
	}
}

// resolve follows words that are read as words that are read as others; that
// there is no circle was seen when they were read.
func (l *Lexicon) resolve() {
	for w, as := range l.same {
		for range len(l.same) {
			next, ok := l.same[as]
			if !ok {
				break
			}
			as = next
		}
		l.same[w] = as
	}
}

// load makes the segmenter.
func (l *Lexicon) load() *gse.Segmenter {
	s := &gse.Segmenter{SkipLog: true, AlphaNum: true, MinTokenFreq: rareWord}
	if err := s.LoadDictEmbed("zh_s"); err != nil {
		panic("text: the embedded dictionary: " + err.Error()) // part of the program, not input
	}
	add := func(w string, f float64) {
		if err := s.AddToken(w, f); err != nil {
			panic("text: the lexicon: " + w + ": " + err.Error()) // it says so of no word that parseLexicon lets pass
		}
	}
	for _, w := range strings.Fields(brokerWords) {
		add(w, brokerWord)
	}
	for _, w := range l.words {
		add(w.word, w.common)
	}
	s.CalcToken()
	return s
}

// Extractor returns an extractor that knows the lexicon's words.
func (l *Lexicon) Extractor() *Extractor { return &Extractor{tokenizer: NewTokenizerOf(l)} }

// Meanings are the words that are said to mean a phrase of another language, in
// the order of the file.
func (l *Lexicon) Meanings() []Meaning { return l.meanings }

// stopWords are words that say nothing of a complaint's subject.
var stopWords = sync.OnceValue(func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(stopText) {
		m[w] = true
	}
	return m
})
