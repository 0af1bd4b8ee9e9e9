package identity

import (
	"strings"
	"unicode"

	"plaint/scoring/identity/written"
)

// Kind is what the values of a column are, found from the values alone.
type Kind uint8

// The kinds. A category has few values and no spelling to err in; a code is a
// number or a mix of letters and digits that stands for something.
const (
	Category Kind = iota
	Name
	Date
	Code
	Phone
	Mail
	Text
	Number
)

// String is the kind's name in summaries.
func (k Kind) String() string {
	return [...]string{"category", "name", "date", "code", "phone", "mail", "text", "number"}[k]
}

// kindSample is how many distinct values are looked at.
const kindSample = 4000

// traits counts what the values of a column look like.
type traits struct {
	n, mail, date, phone, marked, decimal, digits, letters, words, runes, han int
}

// kindOf says what a column is, or why it cannot serve: it is empty, has one
// value, or no two rows share a value and it is no writing of people.
func kindOf(d *dictionary, rows int) (Kind, string) {
	present := 0
	for _, c := range d.codes {
		if c >= 0 {
			present++
		}
	}
	if present < 2 || present*200 < rows {
		return 0, "empty"
	}
	if len(d.values) == 1 {
		return 0, "one_value"
	}
	var t traits
	step := max(len(d.values)/kindSample, 1)
	for i := 0; i < len(d.values); i += step {
		t.look(d.values[i])
	}
	k := t.kind(len(d.values), present)
	if len(d.values) == present && present == rows && rows >= 50 && (k == Code || k == Number) {
		return 0, "all_differ"
	}
	return k, ""
}

func (t *traits) look(s string) {
	t.n++
	if at := strings.IndexByte(s, '@'); at > 0 && strings.IndexByte(s[at:], '.') > 0 {
		t.mail++
	}
	if written.PlainDate(s) {
		t.date++
	}
	if written.LooksPhone(s) {
		t.phone++
		if strings.ContainsAny(s, "+-() ＋（") {
			t.marked++
		}
	}
	if _, ok := written.Number(s); ok && strings.Contains(s, ".") {
		t.decimal++
	}
	hasDigit, letters := false, 0
	for _, r := range s {
		t.runes++
		hasDigit = hasDigit || unicode.IsDigit(r)
		if unicode.IsLetter(r) {
			letters++
		}
		if r >= 0x3400 && r <= 0x9FFF {
			t.han++
		}
	}
	t.letters += letters
	if hasDigit {
		t.digits++
	}
	t.words += len(strings.Fields(s))
}

// kind decides in the order of how sure a sign is.
func (t *traits) kind(distinct, present int) Kind {
	most := func(n int) bool { return n*10 >= t.n*7 }
	runes := float64(t.runes) / float64(t.n)
	switch {
	case most(t.mail):
		return Mail
	case most(t.date):
		return Date
	case most(t.decimal):
		return Number
	case most(t.phone) && t.marked*20 >= t.n:
		return Phone
	case distinct <= 12 && present > 4*distinct:
		return Category
	case t.digits*10 >= t.n*6 && (t.letters*2 < t.runes && t.words*10 < t.n*25 || runes < 12 && t.words*10 < t.n*25):
		if t.han*3 >= t.runes {
			return Text
		}
		return Code
	case t.han*2 >= t.runes:
		if runes > 5.5 {
			return Text
		}
		return Name
	case t.words*10 >= t.n*26, runes >= 22, t.digits*10 >= t.n*3 && t.words*10 >= t.n*15:
		return Text
	}
	return Name
}
