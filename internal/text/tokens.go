package text

import (
	"strings"
	"unicode"
)

// TokenKind says what a token is.
type TokenKind uint8

// The kinds. A Break stands for punctuation, a number or a line end: phrases
// do not reach across it.
const (
	Word TokenKind = iota
	Stop
	Entity // error codes, versions, order and instrument names: letters and digits kept whole
	Break
)

// Token is one word of a text, folded: lower case, half width, simplified.
type Token struct {
	Text string
	Kind TokenKind
	Han  bool
}

// Tokenizer splits Chinese and English text into tokens. It is not safe for
// concurrent use: give each goroutine its own. Chinese is segmented by the
// shortest path over gse's dictionary without its hidden Markov model, which
// would invent words from neighbours ("码收").
type Tokenizer struct {
	fold *[1 << 16]uint16
	stop map[string]bool
	run  []rune
}

// NewTokenizer returns a tokenizer.
func NewTokenizer() *Tokenizer { return &Tokenizer{fold: foldTable(), stop: stopWords()} }

// class of a rune for splitting.
const (
	other = iota
	han
	alnum
	joiner // inside a code, a version or a word: - . _ '
)

func classOf(r rune) int {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return alnum
	case r == '-', r == '.', r == '_', r == '\'', r == '’':
		return joiner
	case r < 0x80:
		return other
	case r >= 0x3400 && r <= 0x9FFF:
		return han
	case r >= 0xFF10 && r <= 0xFF5A && (unicode.IsLetter(r) || unicode.IsDigit(r)):
		return alnum
	case unicode.IsLetter(r):
		return alnum
	}
	return other
}

// Tokens appends the text's tokens to dst.
func (t *Tokenizer) Tokens(dst []Token, s string) []Token {
	t.run = t.run[:0]
	kind := other
	for _, r := range s {
		c := classOf(r)
		if c == joiner && kind != alnum {
			c = other
		}
		if c == joiner || c == kind && c != other {
			t.run = append(t.run, r)
			continue
		}
		dst = t.flush(dst, kind)
		kind = c
		if c == other {
			if r != ' ' {
				dst = addBreak(dst)
			}
			continue
		}
		t.run = append(t.run, r)
	}
	return addBreak(t.flush(dst, kind))
}

func addBreak(dst []Token) []Token {
	if len(dst) == 0 || dst[len(dst)-1].Kind == Break {
		return dst
	}
	return append(dst, Token{Kind: Break})
}

func (t *Tokenizer) flush(dst []Token, kind int) []Token {
	switch {
	case len(t.run) == 0:
	case kind == han:
		dst = t.chinese(dst)
	case kind == alnum:
		dst = t.latin(dst)
	}
	t.run = t.run[:0]
	return dst
}

func (t *Tokenizer) chinese(dst []Token) []Token {
	for i, r := range t.run {
		if r < 1<<16 && t.fold[r] != 0 {
			t.run[i] = rune(t.fold[r])
		}
	}
	for _, w := range segmenter().Cut(string(t.run), false) {
		k := Word
		if t.stop[w] {
			k = Stop
		}
		dst = append(dst, Token{Text: w, Kind: k, Han: true})
	}
	return dst
}

// latin makes one token of a run of letters, digits and joiners: an entity if
// it holds both letters and digits or is a version, a break if it is a number.
func (t *Tokenizer) latin(dst []Token) []Token {
	var b strings.Builder
	letters, digits, dots := 0, 0, 0
	for _, r := range t.run {
		switch {
		case r >= 0xFF01 && r <= 0xFF5E:
			r -= 0xFEE0
		case r == '’':
			r = '\''
		}
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r == '.':
			dots++
		case r != '-' && r != '_' && r != '\'':
			letters++
		}
		b.WriteRune(unicode.ToLower(r))
	}
	s := strings.Trim(b.String(), "-._'")
	switch {
	case s == "":
		return addBreak(dst)
	case letters > 0 && digits > 0 && digits <= 6, letters == 0 && dots >= 2:
		return append(dst, Token{Text: s, Kind: Entity})
	case letters == 0 || digits > 0:
		return addBreak(dst)
	case t.stop[s] || len(s) < 2:
		return append(dst, Token{Text: s, Kind: Stop})
	}
	return append(dst, Token{Text: s})
}
