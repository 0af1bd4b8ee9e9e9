package written

import "testing"

func TestDate(t *testing.T) {
	for s, want := range map[string][3]int{
		"1971-06-24": {1971, 6, 24}, "19710624": {1971, 6, 24}, "24/06/1971": {1971, 6, 24}, "06/24/1971": {1971, 6, 24}, "24 June 1971": {1971, 6, 24},
		"1971年6月24日": {1971, 6, 24}, "1971-06-24T10:00:00Z": {1971, 6, 24}, "2119": {}, "wei": {}, "": {},
	} {
		y, m, d, ok := Date(s)
		if got := [3]int{y, m, d}; ok != (want[0] > 0) || ok && got != want {
			t.Errorf("%q: %v %v", s, got, ok)
		}
	}
	if PlainDate("19714024") || !PlainDate("19711024") {
		t.Error("a month that is none")
	}
}

func TestPhone(t *testing.T) {
	for s, want := range map[string]string{
		"+86 138-0013-8000": "13800138000", "8613800138000": "13800138000", "13800138000": "13800138000", "0044 20 7946 0018": "2079460018",
		"(020) 7946 0018": "2079460018", "＋８５２ 9123 4567": "91234567", "none": "",
	} {
		if got := Phone(s); got != want {
			t.Errorf("%s: %s, not %s", s, got, want)
		}
	}
}
