package identity

import (
	"slices"

	"plaint/internal/near"
)

// Levels of agreement: 0 where a value is missing, 1 for the same, then less and
// less. The names are what reasons say.
const (
	missing = 0
	same    = 1
)

// levelNames are the levels of each kind, from 1.
var levelNames = [...][]string{
	Category: {"same", "differs"},
	Name:     {"same", "same_words_or_sound", "very_similar", "similar", "in_the_other_column", "short_or_partly_alike", "differs"},
	Date:     {"same", "one_digit_or_swapped", "two_parts_same", "year_same", "within_a_year", "three_digits_off", "differs"},
	Code:     {"same", "one_character_off", "two_off_or_begins_alike", "differs"},
	Phone:    {"same", "one_digit_off_or_ends_alike", "two_off_or_begins_alike", "differs"},
	Mail:     {"same", "same_before_at", "very_similar", "similar", "differs"},
	Text:     {"same", "nearly_all_shared", "most_shared", "half_shared", "in_the_other_column", "some_shared", "differs"},
	Number:   {"same", "within_1_percent", "within_10_percent", "differs"},
}

// level compares the values of two rows in a column.
func (t *Table) level(col *column, a, b int32) uint8 {
	x, y := col.codes[a], col.codes[b]
	if x < 0 || y < 0 {
		return missing
	}
	if x == y {
		return same
	}
	f, g := &col.forms[x], &col.forms[y]
	switch col.kind {
	case Name:
		return t.nameLevel(col, a, b)
	case Date:
		return dateLevel(f, g)
	case Code, Phone:
		return codeLevel(f.main, g.main)
	case Mail:
		return mailLevel(f, g)
	case Text:
		return t.textLevel(col, a, b)
	case Number:
		return numberLevel(f.num, g.num)
	}
	return 2
}

func (t *Table) nameLevel(col *column, a, b int32) uint8 {
	f, g := &col.forms[col.codes[a]], &col.forms[col.codes[b]]
	if h := f.keys[2]; h != 0 && h == g.keys[2] {
		return 2
	}
	s := near.JaroWinkler(f.main, g.main)
	if f.other != nil && g.other != nil && s < .92 && !han(f.main[0]) && !han(g.main[0]) {
		s = max(s, near.JaroWinkler(f.other, g.other))
	}
	switch {
	case s >= .92:
		return 3
	case s >= .88:
		return 4
	case t.swapped(col, a, b):
		return 5
	case s >= .78, begins(f.main, g.main):
		return 6
	}
	return 7
}

func same16(a, b []uint16) bool { return len(a) > 0 && slices.Equal(a, b) }

// begins says whether one name is how the other begins: an initial, a short form.
func begins(a, b []uint16) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	for i, c := range a {
		if b[i] != c {
			return false
		}
	}
	return true
}

// swapped says whether a value stands in the partner column of the other row. Of
// two columns each looks one way, so that one shared word counts once.
func (t *Table) swapped(col *column, a, b int32) bool {
	if col.partner < 0 {
		return false
	}
	p := t.columns[col.partner]
	if p.partner > col.partner {
		a, b = b, a
	}
	x := p.codes[b]
	return x >= 0 && p.exact[x] == col.exact[col.codes[a]]
}

func dateLevel(f, g *form) uint8 {
	if near.Edits(f.main, g.main, 1) <= 1 {
		return 2
	}
	p, q := f.parts, g.parts
	if p[0] == 0 || q[0] == 0 {
		if near.Edits(f.main, g.main, 2) <= 2 {
			return 3
		}
		return 7
	}
	if p[0] == q[0] && p[1] == q[2] && p[2] == q[1] {
		return 2
	}
	equal := 0
	for i := range p {
		if p[i] == q[i] {
			equal++
		}
	}
	switch {
	case equal == 2, near.Edits(f.main, g.main, 2) <= 2:
		return 3
	case p[0] == q[0]:
		return 4
	case max(p[0], q[0])-min(p[0], q[0]) == 1:
		return 5
	case near.Edits(f.main, g.main, 3) <= 3:
		return 6
	}
	return 7
}

func codeLevel(a, b []uint16) uint8 {
	short := min(len(a), len(b))
	if short < 3 {
		return 4
	}
	switch e := near.Edits(a, b, 2); {
	case e == 1, short >= 7 && (ends(a, b) || ends(b, a)):
		return 2
	case e == 2 && short >= 5, short >= 4 && begins(a[:(short+1)/2], b[:(short+1)/2]):
		return 3
	}
	return 4
}

// ends says whether a ends with b.
func ends(a, b []uint16) bool {
	return len(a) >= len(b) && slices.Equal(a[len(a)-len(b):], b)
}

func mailLevel(f, g *form) uint8 {
	if len(f.other) >= 4 && same16(f.other, g.other) {
		return 2
	}
	if near.Edits(f.main, g.main, 2) <= 2 {
		return 3
	}
	s := near.JaroWinkler(f.other, g.other)
	switch {
	case s >= .92:
		return 3
	case s >= .82:
		return 4
	}
	return 5
}

func (t *Table) textLevel(col *column, a, b int32) uint8 {
	s := near.Overlap(col.forms[col.codes[a]].grams, col.forms[col.codes[b]].grams)
	switch {
	case s >= .85:
		return 2
	case s >= .65:
		return 3
	case s >= .45:
		return 4
	case t.swapped(col, a, b):
		return 5
	case s >= .25:
		return 6
	}
	return 7
}

func numberLevel(a, b float64) uint8 {
	d, most := a-b, max(a, b, -a, -b)
	d = max(d, -d)
	switch {
	case d <= .01*most:
		return 2
	case d <= .1*most:
		return 3
	}
	return 4
}
