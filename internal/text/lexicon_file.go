package text

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What a user's lexicon may hold.
const (
	mostEntries  = 100000
	longestEntry = 60 // characters
	longestLine  = 64 << 10
)

// LexiconError is what is wrong with a file of words, and where. Code is one of
// not_text, empty_word, no_letters, mixed, too_long, two_equals, told_twice,
// circle, too_many, nothing.
type LexiconError struct {
	Line  int // from 1; 0 where it is the file as a whole
	Code  string
	Value string
}

func (e *LexiconError) Error() string {
	return fmt.Sprintf("lexicon: line %d: %s %s", e.Line, e.Code, e.Value)
}

// ReadLexicon reads a user's words: one word or phrase a line, "= word" behind
// it where it is to be read as another word of its script, "= phrase" of the
// other script where it means the same; "#" begins a comment. The words join
// those that the program has. The error is a *LexiconError, or the reader's.
func ReadLexicon(r io.Reader) (*Lexicon, error) {
	user, err := parseLexicon(r)
	if err != nil {
		return nil, err
	}
	if len(user) == 0 {
		return nil, &LexiconError{Code: "nothing"}
	}
	l := newLexicon(user)
	l.user = user
	return l, nil
}

// Lines are the user's words, as ReadLexicon reads them; none of the program's
// own.
func (l *Lexicon) Lines() []string {
	out := make([]string, len(l.user))
	for i, e := range l.user {
		if out[i] = e.word; e.as != "" {
			out[i] += " = " + e.as
		}
	}
	return out
}

// entry is one line.
type entry struct {
	word, as string
	han      bool // word is Chinese
	meaning  bool // as is of the other script
}

func parseLexicon(r io.Reader) ([]entry, error) {
	var list []entry
	known := map[string]entry{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, longestLine)
	n := 0
	for lines.Scan() {
		n++
		line := strings.TrimPrefix(lines.Text(), "\ufeff")
		e, err := parseEntry(line)
		if err != nil {
			err.Line = n
			return nil, err
		}
		if e.word == "" {
			continue
		}
		if before, ok := known[e.word]; ok {
			if before.as != e.as && !before.meaning && !e.meaning {
				return nil, &LexiconError{n, "told_twice", e.word}
			}
			if before == e {
				continue
			}
		}
		if circle(known, e) {
			return nil, &LexiconError{n, "circle", e.word}
		}
		known[e.word] = e
		if list = append(list, e); len(list) > mostEntries {
			return nil, &LexiconError{n, "too_many", fmt.Sprint(mostEntries)}
		}
	}
	if err := lines.Err(); err == bufio.ErrTooLong {
		return nil, &LexiconError{n + 1, "too_long", fmt.Sprint(longestEntry)}
	} else if err != nil {
		return nil, err
	}
	return list, nil
}

// circle is whether following a word leads back to it.
func circle(known map[string]entry, e entry) bool {
	for at := e; at.as != "" && !at.meaning; at = known[at.as] {
		if at.as == e.word {
			return true
		}
	}
	return false
}

// parseEntry reads one line; an empty entry is a comment or nothing.
func parseEntry(line string) (entry, *LexiconError) {
	if !utf8.ValidString(line) || strings.ContainsRune(line, 0) {
		return entry{}, &LexiconError{Code: "not_text"}
	}
	line, _, _ = strings.Cut(line, "#")
	if strings.TrimSpace(line) == "" {
		return entry{}, nil
	}
	word, as, both := strings.Cut(strings.Replace(line, "＝", "=", 1), "=")
	word, as = tidy(word), tidy(as)
	switch {
	case word == "" || both && as == "":
		return entry{}, &LexiconError{Code: "empty_word", Value: strings.TrimSpace(line)}
	case strings.ContainsAny(as, "=＝"):
		return entry{}, &LexiconError{Code: "two_equals", Value: strings.TrimSpace(line)}
	case utf8.RuneCountInString(word) > longestEntry || utf8.RuneCountInString(as) > longestEntry:
		return entry{}, &LexiconError{Code: "too_long", Value: fmt.Sprint(longestEntry)}
	}
	e := entry{word: word, as: as}
	han, ok := script(word)
	if !ok {
		return entry{}, &LexiconError{Code: badScript(word), Value: word}
	}
	e.han = han
	if as != "" {
		other, ok := script(as)
		if !ok {
			return entry{}, &LexiconError{Code: badScript(as), Value: as}
		}
		e.meaning = other != han
	}
	if e.word == e.as {
		e.as = ""
	}
	return e, nil
}

// tidy folds a word as texts are folded: simplified, lower case, half width,
// single blanks.
func tidy(s string) string {
	s = strings.ToLower(strings.Join(strings.Fields(compose(s)), " "))
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Han, r) && Fold(r) != 0 {
			return Fold(r)
		}
		if r >= 0xFF01 && r <= 0xFF5E {
			return r - 0xFEE0
		}
		return r
	}, s)
}

// script tells whether a word is all Chinese, or has letters and nothing
// Chinese; ok is false for both at once, and for neither.
func script(s string) (chinese, ok bool) {
	n, letters := 0, 0
	for _, r := range s {
		switch {
		case classOf(r) == han:
			n++
		case unicode.IsLetter(r):
			letters++
		case r != ' ' && r != '-' && r != '_' && r != '\'' && r != '.' && !unicode.IsDigit(r):
			return false, false
		}
	}
	return n > 0, n == utf8.RuneCountInString(s) || n == 0 && letters > 0
}

func badScript(s string) string {
	for _, r := range s {
		if unicode.IsLetter(r) {
			return "mixed"
		}
	}
	return "no_letters"
}
