package lineage

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// letters makes a fit of two strings: the ids (digits, . for none, ? for not seen)
// and the clusters (letters from a, . for none) of complaints 1, 2, ….
func letters(before, now string) *Fit {
	f := &Fit{Next: 10}
	for i, b := range before {
		f.Seqs = append(f.Seqs, int64(i+1))
		switch b {
		case '.':
			f.Before = append(f.Before, 0)
		case '?':
			f.Before = append(f.Before, Unseen)
		default:
			f.Before = append(f.Before, int64(b-'0'))
		}
		c := int32(now[i] - 'a')
		if now[i] == '.' {
			c = -1
		}
		f.Now, f.Clusters = append(f.Now, c), max(f.Clusters, int(c)+1)
	}
	return f
}

// said is the theme of each complaint after a fit; X is id 10, Y 11.
func said(f *Fit, l Lines) string {
	var b strings.Builder
	for _, c := range f.Now {
		if c < 0 {
			b.WriteByte('.')
		} else {
			b.WriteByte("0123456789XYZ"[l.IDs[c]])
		}
	}
	return b.String()
}

func upTo(n int64) (out []int64) {
	for i := range n {
		out = append(out, i+1)
	}
	return out
}

// TestFollow: small fits whose themes anybody would name alike.
func TestFollow(t *testing.T) {
	pin := func(id int64, seeds ...int64) func(*Fit) {
		return func(f *Fit) { f.Anchors = []Anchor{{ID: id, Seeds: seeds, Hold: true}} }
	}
	merge := func(f *Fit) {
		f.Merged, f.Anchors = map[int64]int64{2: 1}, []Anchor{{ID: 1, Seeds: upTo(8)}}
	}
	split := func(holds ...int64) func(*Fit) {
		return func(f *Fit) { f.Parts = []Part{{From: 1, ID: 2, Holds: holds}} }
	}
	for name, c := range map[string]struct {
		before, now, want string
		edit              func(*Fit)
		events            []string
	}{
		"the first run is numbered by size": {"?????", "aabbb", "YYXXX", nil, []string{"10 born", "11 born"}},
		"other numbers, same themes":        {"11122233", "bbbcccaa", "11122233", nil, nil},
		"growth is not change":              {"1122????????", "aabbaaaaaaaa", "112211111111", nil, nil},
		"split: the larger part keeps":      {"11111", "aaabb", "111XX", nil, []string{"10 split 1"}},
		"merged into the larger":            {"11122", "aaaaa", "11111", nil, []string{"2 merged 1"}},
		"scattered":                         {"111122223333444", "aaaabbbbccccabc", "111122223333123", nil, []string{"4 gone 1"}},
		"gone into no theme":                {"11122", "aaa..", "111..", nil, []string{"2 gone 0"}},
		"born of new complaints":            {"111???", "aaabbb", "111XXX", nil, []string{"10 born"}},
		"equals go to the lower id":         {"1122", "aaaa", "1111", nil, []string{"2 merged 1"}},

		"pinned: seeds stay together":                {"111122", "abcdee", "111122", pin(1, 1, 2, 3, 4), nil},
		"pinned: its cluster takes others along":     {"1111????", "aaaaaa..", "111111..", pin(1, 1, 2, 3, 4), nil},
		"pinned: taken out of a larger one":          {"1122222222", "aaaaaaaaaa", "1122222222", pin(1, 1, 2), nil},
		"pinned: comes back from no theme":           {"11..", "..aa", "11XX", pin(1, 1, 2), []string{"10 born"}},
		"merged by hand: both are one":               {"11111111????", "aaaabbbbabbb", "111111111111", merge, nil},
		"merged by hand: a theme of other texts":     {"11111111????", "aaaabbbbcccc", "11111111XXXX", merge, []string{"10 born"}},
		"split by hand: the fit joins them":          {"11112222", "aaaaaaaa", "11112222", split(5, 6, 7, 8), nil},
		"split by hand: newcomers by the words":      {"11112222??", "aaaaaaaaaa", "1111222221", split(5, 6, 7, 8, 9), nil},
		"split by hand: a third theme is left alone": {"1111222233", "aaaaaaaabb", "1111222233", split(5, 6, 7, 8, 9), nil},
		"split by hand, merged again": {"11111111", "aaaabbbb", "11111111", func(f *Fit) {
			split(5, 6, 7, 8)(f)
			merge(f)
		}, nil},
		"split by hand, the part merged into another": {"1111333333??", "aaaaaabbbbab", "111133333313", func(f *Fit) {
			split(5, 6)(f)
			f.Merged, f.Anchors = map[int64]int64{2: 3}, []Anchor{{ID: 3, Seeds: []int64{5, 6, 7, 8, 9, 10}}}
		}, nil},
		"two parts of two themes merged": {"1111333344", "aaaaaabbbb", "1111333344", func(f *Fit) {
			f.Parts = []Part{{From: 1, ID: 3, Holds: []int64{5, 6}}, {From: 4, ID: 2, Holds: []int64{7, 8}}}
			f.Merged, f.Anchors = map[int64]int64{2: 3}, []Anchor{{ID: 3, Seeds: []int64{5, 6, 7, 8}}}
		}, nil},
		"undone merge": {"11111111", "aaaabbbb", "11112222", func(f *Fit) {
			f.Returns = []Return{{From: 1, ID: 2, Seeds: []int64{5, 6, 7, 8}}}
		}, []string{"2 split 1"}},
		"undone split": {"11112222", "aaaaaaaa", "11111111", func(f *Fit) {
			f.Returns = []Return{{From: 2, ID: 1}}
		}, []string{"2 merged 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := letters(c.before, c.now)
			if c.edit != nil {
				c.edit(f)
			}
			l := Follow(f)
			if got := said(f, l); got != c.want {
				t.Errorf("%s then %s: %s, want %s", c.before, c.now, got, c.want)
			}
			var events []string
			for _, e := range l.Events {
				if e.What != Grew && e.What != Shrank {
					events = append(events, strings.TrimSuffix(strings.Join([]string{num(e.Theme), e.What, num(e.Other)}, " "), map[bool]string{true: " 0"}[e.What == Born]))
				}
			}
			if !slices.Equal(events, c.events) {
				t.Errorf("events %v, want %v", events, c.events)
			}
		})
	}
}

func num(n int64) string {
	return strings.TrimLeft(string([]byte{'0' + byte(n/10), '0' + byte(n%10)}), "0") + map[bool]string{true: "0"}[n == 0]
}

// TestGrew: a theme that takes more of the newcomers than its share grew; one
// that keeps its share did not, however much all grew.
func TestGrew(t *testing.T) {
	fit := func(was, came []int) *Fit {
		f := &Fit{Next: 10, Clusters: len(was)}
		for round, sizes := range [][]int{was, came} {
			for c, n := range sizes {
				for range n {
					f.Seqs, f.Now = append(f.Seqs, int64(len(f.Seqs)+1)), append(f.Now, int32(c))
					f.Before = append(f.Before, []int64{int64(c + 1), Unseen}[round])
				}
			}
		}
		return f
	}
	for name, c := range map[string]struct {
		was, came []int
		want      []Event
	}{
		"all alike":   {[]int{500, 300, 200}, []int{510, 290, 200}, nil},
		"one grew":    {[]int{500, 500, 100}, []int{200, 200, 160}, []Event{{Theme: 3, What: Grew, Was: 100, N: 260}}},
		"one shrank":  {[]int{500, 500, 200}, []int{500, 500, 20}, []Event{{Theme: 3, What: Shrank, Was: 200, N: 220}}},
		"too few":     {[]int{5, 5, 5}, []int{1, 1, 3}, nil},
		"no newcomer": {[]int{50, 40}, []int{0, 0}, nil},
	} {
		if l := Follow(fit(c.was, c.came)); !reflect.DeepEqual(l.Events, c.want) {
			t.Errorf("%s: %+v, want %+v", name, l.Events, c.want)
		}
	}
}

func TestAdjusted(t *testing.T) {
	got := Adjusted([]float64{.04, .001, .03, .5})
	for i, want := range []float64{.16 / 3, .004, .16 / 3, .5} {
		if d := got[i] - want; d > 1e-12 || d < -1e-12 {
			t.Errorf("%d: %v, want %v", i, got[i], want)
		}
	}
}

func BenchmarkFollow(b *testing.B) {
	const n = 1000000
	f := &Fit{Next: 1000, Clusters: 200, Before: make([]int64, n), Now: make([]int32, n), Seqs: upTo(n)}
	f.Anchors = []Anchor{{ID: 7, Seeds: upTo(n / 2)}}
	now := make([]int32, n)
	for i := range n {
		f.Before[i], now[i] = int64(i%190)+1, int32((i%190+i%13/12)%200)
	}
	for b.Loop() {
		copy(f.Now, now)
		Follow(f)
	}
}
