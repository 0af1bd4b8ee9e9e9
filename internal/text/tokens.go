package text

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// TokenKind says what a token is.
type TokenKind uint8

// The kinds. A Break stands for punctuation, a number or a line end: phrases
// do not reach across it. The Break of a date, a time, a telephone number or
// the number of an order has a Text that says so ("#date", "#time", "#phone",
// "#id"), as has what was made unreadable before it came ("#redacted"); what it
// was is left out.
const (
	Word TokenKind = iota
	Stop
	Entity // error codes, versions, order and instrument names: letters and digits kept whole
	Break
	Amount // of money, by how large it is: "¤4" has four digits before the point
)

// Token is one word of a text, folded: lower case, half width, simplified. Han
// is set for Chinese and for other scripts that are written without blanks, Last
// where a full stop stands behind the word. That is no Break: pairs of words reach
// across it, names of things should not.
type Token struct {
	Text string
	Kind TokenKind
	Han  bool
	Last bool
}

// Tokenizer splits texts into tokens: Chinese by the shortest path over gse's
// dictionary without its hidden Markov model, which would invent words from
// neighbours ("码收"), all else where letters end. It is not safe for concurrent
// use: give each goroutine its own.
type Tokenizer struct {
	fold    *[1 << 16]uint16
	stop    map[string]bool
	lexicon *Lexicon
	run     []rune
	bytes   []byte
	cutter  *cutter // from the first Chinese run on
}

// NewTokenizer returns a tokenizer without words of a user.
func NewTokenizer() *Tokenizer { return NewTokenizerOf(DefaultLexicon()) }

// NewTokenizerOf returns a tokenizer that knows a lexicon's words.
func NewTokenizerOf(l *Lexicon) *Tokenizer {
	return &Tokenizer{fold: foldTable(), stop: stopWords(), lexicon: l}
}

// class of a rune for splitting.
const (
	other = iota
	han
	alnum
	joiner // inside a code, a version or a word: - . _ '
	dense  // scripts without blanks: Japanese syllables, Thai, Lao, Khmer, Burmese
	mark   // an accent or vowel sign, part of the letter before it
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
	case r >= 0x3000 && r <= 0x303F:
		return other
	case r >= 0x3041 && r <= 0x30FF, r >= 0x0E01 && r <= 0x0EDF, r >= 0x1000 && r <= 0x109F, r >= 0x1780 && r <= 0x17D3:
		return dense
	case r >= 0xFF10 && r <= 0xFF5A && (unicode.IsLetter(r) || unicode.IsDigit(r)):
		return alnum
	case unicode.IsLetter(r):
		return alnum
	case r >= 0x300 && unicode.In(r, unicode.M, unicode.Cf):
		return mark
	}
	return other
}

// Tokens appends the text's tokens to dst.
func (t *Tokenizer) Tokens(dst []Token, s string) []Token {
	s = compose(s)
	t.run = t.run[:0]
	from, kind := len(dst), other
	for i := 0; i < len(s); {
		r, n := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(s[i:])
		}
		if kind != alnum && numeric(r) {
			if class, kind2, width := number(s[i:]); width > 0 {
				dst = t.number(t.flush(dst, kind), from, class, kind2)
				kind, i = other, i+width
				continue
			}
		}
		c := classOf(r)
		switch {
		case c == mark && kind != other, c == joiner && kind == alnum, c == kind && c != other, r == '/' && kind == alnum && t.pair(s[i+n:]):
			t.run, i = append(t.run, r), i+n
			continue
		case c == joiner || c == mark:
			c = other
		}
		dst = t.flush(dst, kind)
		if kind = c; c != other {
			t.run = append(t.run, r)
		} else if r != ' ' {
			dst = addBreak(dst)
		}
		i += n
	}
	dst = addBreak(t.flush(dst, kind))
	if len(t.lexicon.phrases) > 0 {
		dst = t.lexicon.join(dst, from)
	}
	return dst
}

func addBreak(dst []Token) []Token {
	if len(dst) == 0 || dst[len(dst)-1].Kind == Break {
		return dst
	}
	return append(dst, Token{Kind: Break})
}

// number appends what a number was; an amount whose currency stands before it
// takes that word with it.
func (t *Tokenizer) number(dst []Token, from int, class string, kind TokenKind) []Token {
	if last := len(dst) - 1; kind == Break && strings.HasPrefix(class, "¤") {
		if last < from || !currencies[dst[last].Text] {
			return addBreak(dst)
		}
		dst, kind = dst[:last], Amount
	}
	switch {
	case kind == Amount:
		return append(addBreak(dst), Token{Text: class, Kind: Amount}, Token{Kind: Break})
	case kind == Entity:
		return append(dst, Token{Text: class, Kind: Entity})
	case class == "":
		return addBreak(dst)
	}
	return append(dst, Token{Text: class, Kind: Break})
}

func (t *Tokenizer) flush(dst []Token, kind int) []Token {
	switch {
	case len(t.run) == 0:
	case kind == han:
		dst = t.chinese(dst)
	case kind == alnum:
		n, stop := len(dst), t.run[len(t.run)-1] == '.'
		if dst = t.latin(dst); stop && len(dst) > n {
			dst[len(dst)-1].Last = true
		}
	case kind == dense:
		dst = t.dense(dst)
	}
	t.run = t.run[:0]
	return dst
}

func (t *Tokenizer) chinese(dst []Token) []Token {
	manyForms(t.run)
	for i, r := range t.run {
		if r < 1<<16 && t.fold[r] != 0 && r != '著' && r != '乾' {
			t.run[i] = rune(t.fold[r])
		}
	}
	t.bytes = t.bytes[:0]
	for _, r := range t.run {
		t.bytes = utf8.AppendRune(t.bytes, r)
	}
	if t.cutter == nil {
		t.cutter = newCutter(t.lexicon.segmenter())
	}
	t.cutter.cut(t.bytes, func(word []byte) {
		w, ok := t.lexicon.same[string(word)]
		if !ok {
			w = string(word)
		}
		k := Word
		if t.stop[w] {
			k = Stop
		}
		dst = append(dst, Token{Text: w, Kind: k, Han: true})
	})
	return dst
}

// longestDense is how many characters of a script without blanks may be one
// word; no dictionary tells where the words of a longer run end, and its runs
// of characters have to do.
const longestDense = 8

func (t *Tokenizer) dense(dst []Token) []Token {
	k := Word
	if n := len(t.run); n > longestDense || n < 3 && t.run[0] < 0x30A0 {
		k = Stop // too long to be a word, or the small words of Japanese
	}
	return append(dst, Token{Text: string(t.run), Kind: k, Han: true})
}

// latin makes one token of a run of letters, digits and joiners: an entity if
// it holds both letters and digits, is a version or a pair of currencies, a
// break if it is a number.
func (t *Tokenizer) latin(dst []Token) []Token {
	t.bytes = t.bytes[:0]
	letters, digits, dots, bars := 0, 0, 0, 0
	for _, r := range t.run {
		switch {
		case r >= 'a' && r <= 'z':
			letters++
		case r >= 'A' && r <= 'Z':
			letters++
			r |= 0x20
		case r >= '0' && r <= '9':
			digits++
		case r == '.':
			dots++
		case r == '/':
			bars++
		case r >= utf8.RuneSelf:
			if r = usual(r); r >= '0' && r <= '9' {
				digits++
			} else if r != '\'' {
				letters++
			}
			t.bytes = utf8.AppendRune(t.bytes, r)
			continue
		}
		t.bytes = append(t.bytes, byte(r))
	}
	s := string(bytes.Trim(t.bytes, "-._'/"))
	switch {
	case s == "":
		return addBreak(dst)
	case redacted(s):
		return append(dst, Token{Text: "#redacted", Kind: Break})
	case letters > 0 && digits > 0 && money(s):
		return append(addBreak(dst), Token{Text: size(digits - after(s)), Kind: Amount}, Token{Kind: Break})
	case letters > 0 && digits > 0 && (digits <= 6 || strings.HasPrefix(s, "0x") && letters+digits <= 18), letters == 0 && dots >= 2, bars > 0:
		return append(dst, Token{Text: s, Kind: Entity})
	case letters > 0 && digits > 6:
		return append(dst, Token{Text: "#id", Kind: Break})
	case letters == 0:
		return addBreak(dst)
	case dots == 1 && market(s):
		return append(dst, Token{Text: s, Kind: Entity})
	}
	if t.lexicon.begins[s[0]] {
		if as, ok := t.lexicon.same[s]; ok {
			s = as
		}
	}
	if t.stop[s] || len(s) < 2 {
		return append(dst, Token{Text: s, Kind: Stop})
	}
	return append(dst, Token{Text: s})
}

// redacted reports whether a word is what publishers put in the place of names,
// dates and numbers: "XXXX", "xx/xx/2024".
func redacted(s string) bool {
	n := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == 'x':
			n++
		case c != '/' && c != '-' && (c < '0' || c > '9'):
			return false
		}
	}
	return n > 1
}

// usual is a letter, digit or apostrophe in half width and lower case.
func usual(r rune) rune {
	switch {
	case r >= 0xFF01 && r <= 0xFF5E:
		r -= 0xFEE0
	case r == '’':
		return '\''
	}
	return unicode.ToLower(r)
}

// join makes one word of the neighbouring words that are a phrase of the
// lexicon, the longest first.
func (l *Lexicon) join(tokens []Token, from int) []Token {
	i := from
	for i < len(tokens) && (tokens[i].Han || tokens[i].Text == "" || !l.begins[tokens[i].Text[0]]) {
		i++
	}
	to := i
	for i < len(tokens) {
		k, n := tokens[i], 1
		if k.Kind <= Stop && !k.Han && k.Text != "" && l.begins[k.Text[0]] {
			for _, p := range l.phrases[k.Text] {
				if follows(tokens[i+1:], p.rest) {
					k, n = Token{Text: p.as, Kind: Word, Last: tokens[i+len(p.rest)].Last}, 1+len(p.rest)
					break
				}
			}
		}
		tokens[to] = k
		to, i = to+1, i+n
	}
	return tokens[:to]
}

func follows(tokens []Token, words []string) bool {
	if len(tokens) < len(words) {
		return false
	}
	for i, w := range words {
		if tokens[i].Text != w {
			return false
		}
	}
	return true
}
