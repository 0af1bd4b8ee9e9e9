package incident

import (
	"testing"
	"time"
)

// TestGuard: an incident bears out what is of its type, time and slice, once it
// is sure, and nothing else.
func TestGuard(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	g := NewGuard([]Crowd{{ID: 7, Type: "login", Start: at, End: at.Add(10 * time.Hour), Seen: at.Add(2 * time.Hour), N: 100, Expected: 5, Independent: 95,
		Slices: []map[string]string{{"country": "MY"}}, Themes: []int64{4}},
		{ID: 8, Type: "login", Start: at, End: at.Add(10 * time.Hour), Seen: at, N: 100, Expected: 80, Independent: 50, Open: true, Linked: true}})
	for name, c := range map[string]struct {
		asked Asked
		id    int64
		least float64
		most  float64
	}{
		"in it":                 {Asked{Type: "login", At: at.Add(3 * time.Hour), Attributes: map[string]string{"country": "MY"}}, 7, .9, .91},
		"country unknown":       {Asked{Type: "login", At: at.Add(3 * time.Hour)}, 7, .9, .91},
		"another country":       {Asked{Type: "login", At: at.Add(3 * time.Hour), Attributes: map[string]string{"country": "HK"}}, 8, .54, .56},
		"before it was sure":    {Asked{Type: "login", At: at.Add(time.Hour), Attributes: map[string]string{"country": "MY"}}, 8, .54, .56},
		"with what came later":  {Asked{Type: "login", At: at.Add(time.Hour), Attributes: map[string]string{"country": "MY"}, Later: true}, 7, .9, .91},
		"by its theme":          {Asked{Type: "platform_down", Theme: 4, At: at.Add(3 * time.Hour)}, 7, .9, .91},
		"another type":          {Asked{Type: "withdrawal_delay", At: at.Add(3 * time.Hour)}, 0, 0, 0},
		"earlier":               {Asked{Type: "login", At: at.Add(-time.Minute), Later: true}, 0, 0, 0},
		"later, while it is on": {Asked{Type: "login", At: at.Add(11 * time.Hour)}, 8, .54, .56},
		"when it is over":       {Asked{Type: "login", At: at.Add(30 * time.Hour)}, 0, 0, 0},
	} {
		if id, s := g.Corroborates(c.asked); id != c.id || s < c.least || s > c.most {
			t.Errorf("%s: incident %d, %.3f", name, id, s)
		}
	}
	if id, s := (*Guard)(nil).Corroborates(Asked{}); id != 0 || s != 0 {
		t.Error("no guard bears something out")
	}
}
