// Package naming knows the names of customers, and finds them in texts however
// they are written: in any case, with any sign or blank between the words, with
// or without accents and titles, and where a script has no blanks.
package naming

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/unicode/norm"
)

// Dot stands where a name was.
const Dot = "•"

// longest is how many units of a name are compared. Texts of Thai, whose names
// are the longest, have one for each consonant and vowel.
const longest = 40

// Known are the names that were learnt. It keeps hashes only: several hundred
// thousand names take some ten megabytes. The zero value knows none; it is safe
// for use by many at once.
type Known struct {
	mu sync.RWMutex
	is map[uint64]role
}

// role is what a run of units is; it may be several.
type role uint8

const (
	whole  role = 1 << iota // a name
	begins                  // the first two units of a name: few places of a text pass
	part                    // a word of a name, or a Chinese name without the family name
)

// Learn adds a name. One of a single letter is none.
func (k *Known) Learn(name string) {
	forms := formsOf(name)
	if len(forms[0]) == 0 {
		return // titles alone
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.is == nil {
		k.is = map[uint64]role{}
	}
	for i, f := range forms {
		if lettersOf(f) < 2 || i == 1 && len(f) == len(forms[0]) {
			continue // none, or the first again
		}
		f = f[:min(len(f), longest)]
		k.is[hashOf(f)] |= whole
		if len(f) > 1 {
			k.is[hashOf(f[:2])] |= begins
		}
		if i > 0 {
			continue // has the same words
		}
		for _, p := range partsOf(f) {
			k.is[hashOf(p)] |= part
		}
	}
}

// partsOf are the words of a name of two letters and more, and of a Chinese name
// what follows a family name of one character or two.
func partsOf(name []unit) (out [][]unit) {
	words := wordsOf(name)
	for _, w := range words {
		if lettersOf(w) >= 2 && !isOneOf(titles, w) {
			out = append(out, w)
		}
	}
	if len(words) == 1 && name[0].kind == alone {
		for family := 1; family <= 2 && len(name)-family >= 2; family++ {
			out = append(out, name[family:])
		}
	}
	return out
}

var (
	bracketed = regexp.MustCompile(`[(（\[【][^)）\]】]*[)）\]】]`)
	titles    = func() (out [][]unit) {
		for _, t := range strings.Fields("mr mrs ms miss mx dr prof sir madam 先生 女士 小姐 太太") {
			out = append(out, unitsOf(t))
		}
		return out
	}()
	// conjunctions stand between titles: what is left of "Sir or Madam" is no name.
	conjunctions = [][]unit{unitsOf("or"), unitsOf("and"), unitsOf("或"), unitsOf("和")}
)

func sameUnit(a, b unit) bool { return a.hash == b.hash }

// isOneOf tells whether a run is one of a list, such as a title.
func isOneOf(list [][]unit, run []unit) bool {
	return slices.ContainsFunc(list, func(t []unit) bool { return slices.EqualFunc(t, run, sameUnit) })
}

// formsOf are the ways in which a name may stand in a text: first without titles
// and what is in brackets, then as it was given, and "Last, First" in both orders.
func formsOf(name string) [][]unit {
	name = norm.NFC.String(name)
	given := unitsOf(name)
	if !strings.ContainsAny(name, "(（[【,，") {
		return [][]unit{withoutTitles(given), given}
	}
	last, first, comma := strings.Cut(strings.ReplaceAll(bracketed.ReplaceAllString(name, " "), "，", ","), ",")
	if !comma {
		return [][]unit{withoutTitles(unitsOf(last)), given}
	}
	// The words are counted through both halves, so that none of one joins the other.
	a, b := withoutTitles(unitsOf(last)), withoutTitles(unitsOf(first))
	for i := range b {
		b[i].word += len(last)
	}
	return [][]unit{slices.Concat(a, b), given, slices.Concat(b, a)}
}

func withoutTitles(name []unit) []unit {
	for again := true; again; {
		again = false
		for _, t := range titles {
			n := len(name) - len(t)
			if n >= 0 && slices.EqualFunc(name[:len(t)], t, sameUnit) {
				name, again = name[len(t):], true
			} else if n >= 0 && slices.EqualFunc(name[n:], t, sameUnit) {
				name, again = name[:n], true
			}
		}
	}
	if isOneOf(conjunctions, name) {
		return nil
	}
	return name
}

// Personal tells whether a term, or one of its words, is a name or a part of one.
func (k *Known) Personal(term string) bool {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return slices.ContainsFunc(append(strings.Fields(term), term), func(w string) bool {
		return k.is[hashOf(unitsOf(norm.NFC.String(w)))]&(whole|part) != 0
	})
}

// span is a stretch of bytes.
type span struct{ from, to int }

// Whole masks the names in a text that have two words and more, or two characters
// of a script without blanks: a single word, such as Price, says more about a
// text that is not a letter than about a person.
func (k *Known) Whole(s string) string {
	s = norm.NFC.String(s)
	units := unitsOf(s)
	return masked(s, spansOf(units, k.find(units, func(run []unit) bool {
		return run[0].word != run[len(run)-1].word || run[0].kind == alone && len(run) > 1
	})))
}

// Letter masks all names in a letter, and every word of those and of the writer's
// own names, which need not have been learnt.
func (k *Known) Letter(s string, own ...string) string {
	s = norm.NFC.String(s)
	units := unitsOf(s)
	found := k.find(units, func(run []unit) bool { return lettersOf(run) > 1 })
	parts := map[uint64]bool{}
	most := 0
	add := func(run []unit) {
		if lettersOf(run) > 1 {
			parts[hashOf(run)] = true
			most = max(most, len(run))
		}
	}
	for _, f := range found {
		for _, w := range wordsOf(units[f.from:f.to]) {
			if !isOneOf(titles, w) {
				add(w)
			}
		}
	}
	for _, name := range own {
		for _, form := range formsOf(name) {
			if len(withoutTitles(form)) == 0 {
				continue
			}
			add(form)
			if strings.Contains(name, "@") {
				continue // the words of an address are those of its provider
			}
			for _, w := range wordsOf(form) {
				if !isOneOf(titles, w) {
					add(w)
				}
			}
		}
	}
	for i := range units {
		var h uint64
		for n := 1; n <= most && i+n <= len(units); n++ {
			if h = mix(h, units[i+n-1].hash); parts[h] {
				found = append(found, span{i, i + n})
			}
		}
	}
	return masked(s, spansOf(units, found))
}

// find lists the runs of units that are names and that may lets through: from each
// place the longest.
func (k *Known) find(units []unit, may func(run []unit) bool) (out []span) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for i := range units {
		var h uint64
		found := 0
		for n := 1; n <= longest && i+n <= len(units); n++ {
			h = mix(h, units[i+n-1].hash)
			is := k.is[h]
			if is&whole != 0 && may(units[i:i+n]) {
				found = n
			}
			if n == 2 && is&begins == 0 {
				break
			}
		}
		if found > 0 {
			out = append(out, span{i, i + found})
		}
	}
	return out
}

// spansOf are the bytes of runs of units.
func spansOf(units []unit, runs []span) []span {
	out := make([]span, len(runs))
	for i, r := range runs {
		out[i] = span{units[r.from].from, units[r.to-1].to}
	}
	slices.SortFunc(out, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	return out
}

// masked puts a dot where the spans are, which are sorted and may overlap.
func masked(s string, spans []span) string {
	var b strings.Builder
	done := 0
	for i := 0; i < len(spans); {
		from, to := spans[i].from, spans[i].to
		for i++; i < len(spans) && spans[i].from < to; i++ {
			to = max(to, spans[i].to)
		}
		b.WriteString(s[done:from])
		b.WriteString(Dot)
		done = to
	}
	return b.String() + s[done:]
}
