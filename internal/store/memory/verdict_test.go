package memory

import (
	"reflect"
	"testing"
	"time"

	"plaint/internal/record"
)

// TestAgainst: verdicts on the customer are the customer's own; those on others
// count once, by the rarest thing shared, from when they were decided until they
// were taken back.
func TestAgainst(t *testing.T) {
	day0 := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	v := Verdicts{}
	for _, x := range []Verdict{
		{CaseID: 1, Seq: 1, From: day0, Keys: [Spaces]uint64{ByCustomer: 5, ByDevice: 50}},
		{CaseID: 2, Seq: 2, From: day0.Add(time.Hour), Keys: [Spaces]uint64{ByCustomer: 6, ByDevice: 50, ByAddress: 70}},
		{CaseID: 3, Seq: 3, From: day0, Keys: [Spaces]uint64{ByCustomer: 7, ByAddress: 70}},
		{CaseID: 4, Seq: 4, From: day0, Until: day0.Add(2 * time.Hour), Keys: [Spaces]uint64{ByCustomer: 8, ByHandle: 60}},
		{CaseID: 5, Seq: 5, From: day0.Add(9 * time.Hour), Keys: [Spaces]uint64{ByCustomer: 9, ByHandle: 60}},
		{CaseID: 6, Seq: 9, From: day0, Keys: [Spaces]uint64{ByCustomer: 5, ByDevice: 50}}, // the complaint itself
	} {
		v.Add(&x)
	}
	v.Add(&Verdict{CaseID: 7, Seq: 1, From: day0, Keys: [Spaces]uint64{ByCustomer: 5}}) // once more, for the audit
	v.Sort()
	c := &record.Complaint{Keys: record.Keys{Customer: 5, Device: 50, Address: 70, Handle: 60}}
	near := &record.History{ByDevice: []record.Past{{Customer: 6}}, ByAddress: []record.Past{{Customer: 6}, {Customer: 7}, {Customer: 11}, {Customer: 7}}}
	at := func(hours int) (int, []record.Association) {
		return v.Against(c, 9, day0.Add(time.Duration(hours)*time.Hour), near, nil)
	}
	own, others := at(4)
	want := []record.Association{{Seq: 3, Decided: day0, Sharers: 3}, {Seq: 2, Decided: day0.Add(time.Hour), Sharers: 1}}
	if own != 1 || !reflect.DeepEqual(others, want) {
		t.Errorf("%d own, others %+v", own, others)
	}
	if own, others = at(1); own != 1 || len(others) != 3 {
		t.Errorf("while a verdict stood that was taken back: %d, %+v", own, others)
	}
	if own, others = at(-1); own != 0 || len(others) != 0 {
		t.Errorf("before anything was decided: %d, %+v", own, others)
	}
}
