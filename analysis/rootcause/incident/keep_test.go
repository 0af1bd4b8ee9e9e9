package incident

import (
	"reflect"
	"testing"
)

// TestKeep: an incident that grows keeps its id, one that is gone gives its to
// nobody, and a part that comes apart gets a new one.
func TestKeep(t *testing.T) {
	d := &Data{}
	for seq := range int64(30) {
		d.Complaints = append(d.Complaints, Complaint{Seq: seq})
	}
	members := func(from, to int) (out []int) {
		for i := from; i < to; i++ {
			out = append(out, i)
		}
		return out
	}
	seqs := func(from, to int) (out []int64) {
		for i := from; i < to; i++ {
			out = append(out, int64(i))
		}
		return out
	}
	before := []Past{{ID: 2, Start: 0, End: 10, Seen: 4, Members: seqs(0, 8)}, {ID: 5, Start: 20, End: 30, Seen: 25, Members: seqs(10, 16)}, {ID: 6, Start: 90, End: 95, Members: seqs(28, 30)}}
	list := []*Incident{{Start: 0, End: 15, Seen: 9, Members: members(0, 7)}, {Start: 20, End: 30, Seen: 22, Members: members(12, 16)}, {Start: 20, End: 30, Seen: 29, Members: members(10, 12)}, {Start: 50, End: 60, Members: members(20, 26)}}
	Keep(list, before, 8, d)
	var got []int64
	for _, x := range list {
		got = append(got, x.ID)
	}
	if want := []int64{2, 5, 9, 10}; !reflect.DeepEqual(got, want) {
		t.Errorf("ids %v, want %v", got, want)
	}
	if list[0].Seen != 4 || list[1].Seen != 22 {
		t.Errorf("sure since %d and %d", list[0].Seen, list[1].Seen)
	}
}
