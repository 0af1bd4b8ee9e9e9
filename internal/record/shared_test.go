package record

import "testing"

func TestSharedThingsHoweverWritten(t *testing.T) {
	for _, x := range []struct {
		of   func(string) string
		same []string
		not  string
	}{
		{Contact, []string{"+86 138-0013-8000", "8613800138000", "13800138000", "0086 138 0013 8000", "１３８００１３８０００"}, "13800138001"},
		{Contact, []string{"+44 20 7946 0958", "0044 2079460958", "442079460958"}, "2079460958"},
		{Contact, []string{"Li.Wei@Example.com", "li.wei@example.com"}, "li.wei@example.cn"},
		{Payout, []string{"6222 0212 3456 7890", "6222021234567890", "6222-0212-3456-7890", "６２２２0212　3456 7890"}, "6222021234567891"},
		{Payout, []string{"DE89 3704 0044", "de8937040044"}, "DE89-3704"},
		{Device, []string{"dv-aa-01", " DV-AA-01 "}, "dvaa01"},
	} {
		for _, s := range x.same {
			if got := x.of(s); got != x.of(x.same[0]) || got == "" {
				t.Errorf("%q is %q, not %q", s, got, x.of(x.same[0]))
			}
		}
		if x.of(x.not) == x.of(x.same[0]) {
			t.Errorf("%q is taken for %q", x.not, x.same[0])
		}
	}
	for _, x := range []struct {
		contact, handle string
		same            bool
	}{{"13800138000", "13800138000", true}, {"8613800138000", "13800138000", true}, {"12345678qqcom", "12345678", true}, {"60123456789", "12345", false}, {"13800138000", "-1234", false}, {"13800138000", "", false}} {
		if got := SameContact(x.contact, x.handle); got != x.same {
			t.Errorf("%s and %s: %v", x.contact, x.handle, got)
		}
	}
}
