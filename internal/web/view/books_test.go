package view

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/scoring/model"
)

// TestRefutationsNameTheirRecords: a reason that stands on the books says on which
// records, from those that were known when the complaint was judged, whatever was
// loaded since.
func TestRefutationsNameTheirRecords(t *testing.T) {
	ctx := t.Context()
	st, err := store.Open(ctx, filepath.Join(t.TempDir(), "t.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	at := func(d int) time.Time { return time.Date(2026, 3, 1+d, 9, 0, 0, 0, time.UTC) }
	moved := func(id, customer, kind string, day, hours int, amount float64) record.Transaction {
		x := record.Transaction{Customer: customer, Type: kind, Requested: record.At(at(day)), Amount: record.Num(amount)}
		if hours > 0 {
			x.Settled = record.At(at(day).Add(time.Duration(hours) * time.Hour))
		}
		x.ExternalID = id
		x.Stamp(nil)
		return x
	}
	said := func(id, customer, kind, body string) record.Complaint {
		x := record.Complaint{Customer: customer, Type: kind, Body: body, Received: record.At(at(20))}
		x.ExternalID = id
		x.Stamp(nil)
		return x
	}
	m, err := model.Load(model.Default)
	if err != nil {
		t.Fatal(err)
	}
	batch := record.Batch{
		Transactions: []record.Transaction{moved("T10000001", "U1", "withdrawal", 15, 3, 50), moved("T10000002", "U1", "withdrawal", 16, 70, 60), moved("T10000009", "U1", "withdrawal", -80, 2, 10),
			moved("T10000003", "U2", "withdrawal", 10, 3, 70), moved("T10000004", "U2", "withdrawal", 12, 4, 80), moved("T10000005", "U3", "deposit", 12, 4, 80)},
		Complaints: []record.Complaint{said("C1", "U1", "withdrawal_delay", "T10000001 is late"), said("C2", "U2", "withdrawal_delay", "it is late"),
			said("C3", "U3", "withdrawal_delay", "where is it"), said("C4", "U3", "abnormal_trade", "see T99999991 and T99999991"), said("C5", "U4", "withdrawal_delay", "T99999992")},
	}
	if _, err := st.Admit(ctx, &batch, m.Decide); err != nil {
		t.Fatal(err)
	}
	late := moved("T10000006", "U2", "withdrawal", 13, 0, 90) // open: it bears the complaint out, and nobody knew
	if _, err := st.Admit(ctx, &record.Batch{Transactions: []record.Transaction{late}}, m.Decide); err != nil {
		t.Fatal(err)
	}
	want := map[int64]string{
		1: "refuted cited_settled T10000001; ",
		2: "refuted none_open T10000004 T10000003; ",
		3: "refuted no_withdrawal ; ",
		4: "evidence_missing not_there T99…91; refuted no_trade ; ",
		5: "", // nothing is known of the customer
	}
	for seq, want := range want {
		d, err := New(st).Complaint(ctx, seq)
		if err != nil {
			t.Fatal(err)
		}
		if got := named(d.Reasons); got != want {
			t.Errorf("complaint %d: %q, want %q", seq, got, want)
		}
	}
	if _, err := st.Rescore(ctx, m.Name, m.Decide); err != nil {
		t.Fatal(err)
	}
	if d, err := New(st).Complaint(ctx, 2); err != nil || named(d.Reasons) != "" {
		t.Errorf("judged again from all that is known: %q, %v", named(d.Reasons), err)
	}
	later := moved("T10000007", "U3", "withdrawal", 14, 5, 90) // settled: had it been known, the reason would have been another
	open := moved("T10000008", "U3", "trade", 18, 0, 90)
	if _, err := st.Admit(ctx, &record.Batch{Transactions: []record.Transaction{later, open}}, m.Decide); err != nil {
		t.Fatal(err)
	}
	for _, seq := range []int64{1, 3, 4} {
		if d, err := New(st).Complaint(ctx, seq); err != nil || named(d.Reasons) != want[seq] {
			t.Errorf("complaint %d, loaded since it was judged again: %q, %v, want %q", seq, named(d.Reasons), err, want[seq])
		}
	}
}

// named are the reasons that say on which records they stand.
func named(list []Reason) string {
	said := ""
	for _, why := range []string{"evidence_missing", "refuted"} {
		for _, x := range list {
			if x.Signal == why && x.Why != "" {
				said += fmt.Sprintf("%s %s %s; ", x.Signal, x.Why, strings.Join(x.Records, " "))
			}
		}
	}
	return said
}

// TestTransactionsWithoutAnID: books whose rows have no id of their own can be read,
// and a reason that stands on them names what there is.
func TestTransactionsWithoutAnID(t *testing.T) {
	ctx := t.Context()
	st, err := store.Open(ctx, filepath.Join(t.TempDir(), "t.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	var batch record.Batch
	for i, reference := range []string{"", "R1"} {
		x := record.Transaction{Customer: "U1", Type: "withdrawal", Requested: record.At(at.AddDate(0, 0, i)), Settled: record.At(at.AddDate(0, 0, i).Add(time.Hour)), Amount: record.Num(50), Reference: reference}
		x.Stamp(nil)
		batch.Transactions = append(batch.Transactions, x)
	}
	c := record.Complaint{Customer: "U1", Type: "withdrawal_delay", Body: "it is late", Received: record.At(at.AddDate(0, 0, 9))}
	c.ExternalID = "C1"
	c.Stamp(nil)
	batch.Complaints = []record.Complaint{c}
	m, err := model.Load(model.Default)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.Admit(ctx, &batch, m.Decide); err != nil {
		t.Fatal(err)
	}
	if x, err := New(st).Records(ctx, 1); err != nil || len(x.Transactions) != 2 {
		t.Errorf("%+v, %v", x, err)
	}
	if d, err := New(st).Complaint(ctx, 1); err != nil || named(d.Reasons) != "refuted none_open R1; " {
		t.Errorf("%q, %v", named(d.Reasons), err)
	}
}
