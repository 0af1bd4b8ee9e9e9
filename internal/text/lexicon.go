package text

import (
	_ "embed"
	"strings"
	"sync"

	"github.com/go-ego/gse"
)

// rareWord leaves out the dictionary's words that are rarer than this. The
// whole dictionary takes 1.3 s and 130 MB to load, the commoner quarter of it
// 0.3 s and 25 MB; what is missing comes back as a pair of shorter words.
const rareWord = 20

//go:embed lexicon_zh.txt
var brokerWords string

//go:embed stop_words.txt
var stopText string

// segmenter is loaded when the first Chinese text is met.
var segmenter = sync.OnceValue(func() *gse.Segmenter {
	s := &gse.Segmenter{SkipLog: true, AlphaNum: true, MinTokenFreq: rareWord}
	if err := s.LoadDictEmbed("zh_s"); err != nil {
		panic("text: the embedded dictionary: " + err.Error()) // part of the program, not input
	}
	for _, w := range strings.Fields(brokerWords) {
		if err := s.AddToken(w, 3000); err != nil {
			panic("text: the embedded lexicon: " + w + ": " + err.Error())
		}
	}
	s.CalcToken()
	return s
})

// stopWords are words that say nothing of a complaint's subject.
var stopWords = sync.OnceValue(func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(stopText) {
		m[w] = true
	}
	return m
})
