package ring_test

import (
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"testing"
	"time"

	"plaint/internal/record"
	"plaint/scoring/ring"
)

var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// single is a complaint of a customer who shares nothing.
func single(n int) record.Tied {
	t := record.Tied{Customer: uint64(1000 + n), Received: monday.Add(time.Duration(n*37%2000) * time.Hour), Type: "fee"}
	for k := range t.Keys {
		if record.TieKind(k) != record.TieLetter && record.TieKind(k) != record.TieHandle {
			t.Keys[k] = uint64(1_000_000*(k+1) + n)
		}
	}
	return t
}

// planted is a quarter of people alone with a ring of n: devices of three or
// four, two payout accounts, one letter.
func planted(alone, n int) []record.Tied {
	var list []record.Tied
	for i := range alone {
		list = append(list, single(i))
	}
	for i := range n {
		t := single(alone + i)
		t.Received = monday.Add(time.Duration(500+i) * time.Hour)
		t.Amount, t.Currency = record.Num(100), "USD"
		t.Keys[record.TieDevice] = uint64(10 + i/4)
		t.Keys[record.TiePayout] = uint64(20 + i%2)
		t.Keys[record.TieLetter] = 30
		list = append(list, t)
	}
	for i := range list {
		list[i].Seq = int64(i + 1)
	}
	return list
}

func TestRing(t *testing.T) {
	list := ring.Find(planted(500, 12), nil, 0)
	if len(list) != 1 {
		t.Fatalf("%d rings", len(list))
	}
	r := list[0]
	if r.ID != 1 || r.Customers != 12 || len(r.Members) != 12 || r.Confidence < .99 || r.P > .001 {
		t.Errorf("ring %+v", r)
	}
	for _, m := range r.Members {
		if m.Seq <= 500 || m.Confidence < ring.Proposal || m.Ties < 2 {
			t.Errorf("member %+v", m)
		}
	}
	if !r.Start.Equal(monday.Add(500*time.Hour)) || !r.End.Equal(monday.Add(511*time.Hour)) || r.Lockstep.Customers < 10 || r.Lockstep.Bits <= 0 {
		t.Errorf("from %v to %v, %+v", r.Start, r.End, r.Lockstep)
	}
	if len(r.Money) != 1 || r.Money[0] != (record.Money{Currency: "USD", N: 12, Sum: 1200}) {
		t.Errorf("money %v", r.Money)
	}
	kinds := map[record.TieKind]int{}
	for _, tie := range r.Ties {
		if kinds[tie.Kind]++; tie.Customers != tie.Users || tie.Example <= 500 || tie.Weight <= 0 {
			t.Errorf("tie %+v", tie)
		}
	}
	if !reflect.DeepEqual(kinds, map[record.TieKind]int{record.TieDevice: 3, record.TiePayout: 2, record.TieLetter: 1}) {
		t.Errorf("ties %v", kinds)
	}
	if h := r.Honest; h.Incident != 0 || h.Home != 0 || h.Public != 0 {
		t.Errorf("honest crowd %+v", h)
	}
}

// TestOneKindIsNoRing: whatever a crowd shares, one thing in common is not enough,
// nor is a letter together with an incident, nor what people of one home share.
func TestOneKindIsNoRing(t *testing.T) {
	for name, change := range map[string]func(i int, x *record.Tied){
		"a letter":     func(_ int, x *record.Tied) { x.Keys[record.TieLetter] = 30 },
		"a device":     func(_ int, x *record.Tied) { x.Keys[record.TieDevice] = 10 },
		"an address":   func(_ int, x *record.Tied) { x.Keys[record.TieAddress] = 10 },
		"a telephone":  func(_ int, x *record.Tied) { x.Keys[record.TieContact] = 10 },
		"a true story": func(_ int, x *record.Tied) { x.Keys[record.TieLetter], x.Explained = 30, .9 },
		"a home": func(_ int, x *record.Tied) {
			x.Keys[record.TieAddress], x.Keys[record.TieDevice], x.Keys[record.TieContact] = 10, 11, 12
		},
	} {
		list := planted(500, 0)
		for i := range 12 {
			x := single(500 + i)
			x.Seq, x.Received = int64(501+i), monday.Add(time.Duration(500+i)*time.Hour)
			change(i, &x)
			list = append(list, x)
		}
		if found := ring.Find(list, nil, 0); len(found) != 0 {
			t.Errorf("%s: %+v", name, found)
		}
	}
}

// TestIncidentExplains: letters and lockstep of people whom an incident met count
// as far as it does not explain them; what they share beside it counts.
func TestIncidentExplains(t *testing.T) {
	list := planted(500, 12)
	before := ring.Find(list, nil, 0)[0]
	for i := 500; i < len(list); i++ {
		list[i].Explained = .85
	}
	after := ring.Find(list, nil, 0)
	if len(after) == 1 && (after[0].Bits >= before.Bits/2 || after[0].Honest.Incident < .8) {
		t.Errorf("%.1f bits, and %.1f where an incident explains %.2f", before.Bits, after[0].Bits, after[0].Honest.Incident)
	}
}

// TestLittle: complaints that hardly are.
func TestLittle(t *testing.T) {
	same := planted(0, 300)
	for i := range same {
		same[i].Keys = [record.TieKinds]uint64{1, 2, 3, 4, 5, 6}
	}
	one := planted(0, 12)
	for i := range one {
		one[i].Customer = 7
	}
	undated := planted(300, 12)
	for i := range undated {
		undated[i].Received = time.Time{}
	}
	nobody := planted(300, 12)
	for i := range nobody {
		nobody[i].Customer = 0
	}
	bare := planted(300, 0)
	for i := range bare {
		bare[i].Keys = [record.TieKinds]uint64{}
	}
	for _, c := range []struct {
		name  string
		list  []record.Tied
		rings int
	}{
		{"no complaints", nil, 0}, {"nothing shared", planted(300, 0), 0}, {"no keys", bare, 0}, {"one customer", one, 0}, {"no dates", undated, 1}, {"unknown customers", nobody, 1},
		{"everybody shares everything and lives at one place", same, 0},
	} {
		found := ring.Find(c.list, nil, 0)
		if found == nil || len(found) != c.rings {
			t.Errorf("%s: %d rings %+v", c.name, len(found), found)
		}
	}
}

// TestEverybodyShares: an address and a letter that all have neither make a ring
// nor hide one, and a giant component does not take long.
func TestEverybodyShares(t *testing.T) {
	list := planted(30000, 12)
	for i := range list {
		list[i].Keys[record.TieAddress] = 5
		list[i].Keys[record.TieContact] = uint64(i/2 + 1) // a chain through all
		if i < 30000 {
			list[i].Keys[record.TieDevice] = uint64((i+1)/2 + 1_000_000)
		}
	}
	start := time.Now()
	found := ring.Find(list, nil, 0)
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
	if len(found) == 0 || len(found) > 5 || found[0].Members[0].Seq != 30001 || found[0].Customers < 12 || found[0].Customers > 20 {
		t.Errorf("%d rings: %+v", len(found), found)
	}
}

// TestSame: the same complaints give the same rings, whatever threads there are
// and whatever the hashes of keys are.
func TestSame(t *testing.T) {
	w := standard(7)
	w.complaints = 20000
	list, _ := generate(w)
	want := ring.Find(list, nil, 0)
	if len(want) < 10 {
		t.Fatalf("%d rings", len(want))
	}
	before := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(before)
	if got := ring.Find(list, nil, 0); fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		t.Error("another run found other rings")
	}
	for i := range list {
		list[i].Customer = list[i].Customer*0xD6E8FEB86659FD93 + 3
		for k, key := range list[i].Keys {
			if key != 0 {
				list[i].Keys[k] = key * 0xA5CB9243F0D3C2B5
			}
		}
	}
	got := ring.Find(list, nil, 0)
	for _, rings := range [][]record.Ring{got, want} {
		for i := range rings {
			for m := range rings[i].Members {
				rings[i].Members[m].Customer = 0
			}
		}
	}
	if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		t.Error("other hashes make other rings")
	}
}

func past(list []record.Ring) (out []record.PastRing) {
	for _, r := range list {
		p := record.PastRing{ID: r.ID}
		for _, m := range r.Members {
			p.Members = append(p.Members, m.Seq)
		}
		out = append(out, p)
	}
	return out
}

// TestIDs: a ring that grows keeps its id, a new one gets one that was never
// given, and one that went does not give its own away.
func TestIDs(t *testing.T) {
	list := planted(500, 12)
	first := ring.Find(list[:508], nil, 0)
	if len(first) != 1 || first[0].ID != 1 {
		t.Fatalf("%+v", first)
	}
	for i := range 10 { // another ring, heavier, and earlier in the list
		x := single(600 + i)
		x.Seq, x.Received = int64(513+i), monday.Add(time.Duration(900+i)*time.Hour)
		x.Keys[record.TieDevice], x.Keys[record.TiePayout], x.Keys[record.TieLetter], x.Keys[record.TieHandle] = 70, 71, 72, 73
		list = append(list, x)
	}
	second := ring.Find(list, past(first), 9)
	ids := map[int64]int{}
	for _, r := range second {
		ids[r.ID] = r.Customers
	}
	if !reflect.DeepEqual(ids, map[int64]int{1: 12, 10: 10}) {
		t.Errorf("ids %v", ids)
	}
	if third := ring.Find(slices.Concat(list[:500], list[512:]), past(second), 10); len(third) != 1 || third[0].ID != 10 {
		t.Errorf("%+v", third)
	}
}
