package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"plaint/internal/record"
)

func open(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func fresh(t testing.TB) *Store { return open(t, filepath.Join(t.TempDir(), "t.db")) }

var day0 = time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)

// complaints makes n stamped complaints of customers who share devices and
// letters now and then.
func complaints(n int) []record.Complaint {
	r := rand.New(rand.NewPCG(1, 2))
	out := make([]record.Complaint, n)
	for i := range out {
		c := &out[i]
		c.Source, c.ExternalID = "test", fmt.Sprint("C", i)
		c.Customer = fmt.Sprint("U", r.IntN(n/3+1))
		c.Device = fmt.Sprint("D", r.IntN(n/2+1))
		c.Keys.Contact, c.Keys.Handle = 1+r.Uint64N(uint64(n/2+1)), 1+r.Uint64N(uint64(n/3+1))
		c.Received = record.At(day0.Add(time.Duration(i)*time.Minute - 300*time.Millisecond)) // also in the last second of an hour
		c.Body = fmt.Sprintf("提现一直没有到账 %d", i)
		c.Status = "open"
		for j := range c.Keys.Sketch {
			c.Keys.Sketch[j] = 1 + r.Uint64N(uint64(n/20+1))
		}
		c.Stamp(nil)
	}
	return out
}

// nosy is a decision that depends on everything the history tells.
func nosy(c *record.Complaint, h *record.History) record.Decision {
	sum := 0.0
	for _, l := range h.Letters {
		sum += float64(l.Seq) * l.Overlap
	}
	for i, list := range [][]record.Past{h.ByCustomer, h.ByDevice, h.ByPayout, h.ByContact, h.ByHandle, h.ByAddress} {
		for _, p := range list {
			sum += float64(p.Seq) * float64(i+1)
		}
	}
	for _, a := range h.Associated {
		sum += float64(a.Seq) / float64(a.Sharers)
	}
	well, ill := h.Lines(24 * time.Hour)
	sum += float64(well)/16 + float64(ill)/4 + h.Incident()/64
	sum += h.Crowd() / 1000
	sum += float64(100*len(h.Accounts) + 1000*len(h.Transactions) + 10000*h.Confirmed)
	return record.Decision{Model: "nosy", Score: sum, Flagged: sum > 500, Signals: []float32{float32(len(h.Letters))}}
}

// known brings accounts, transactions and log lines of the customers in.
func known(t *testing.T, s *Store) {
	t.Helper()
	evidence := record.Batch{Input: "evidence"}
	for i := range 200 {
		customer := fmt.Sprint("U", i)
		a := record.Account{Customer: customer, Opened: record.At(day0.Add(time.Duration(i) * time.Hour)), Device: fmt.Sprint("D", i%7), PayoutAccount: fmt.Sprint("P", i%11), Address: fmt.Sprint("North Road ", i%13)}
		a.ExternalID = fmt.Sprint("A", i)
		a.Stamp(nil)
		evidence.Accounts = append(evidence.Accounts, a)
		x := record.Transaction{Customer: customer, Type: "withdrawal", Requested: record.At(day0.Add(time.Duration(i) * time.Minute))}
		x.ExternalID = fmt.Sprint("T", i)
		x.Stamp(nil)
		evidence.Transactions = append(evidence.Transactions, x)
		for k, level := range []string{"info", "error", "debug", "info", "warn"} {
			said := []string{"login ok", "newsletter sent", "login failed", "登录成功", "GET / 200"}[(i+k)%5]
			l := record.LogLine{Customer: customer, Level: level, Message: said, Service: "s", Time: record.At(day0.Add(time.Duration(i*7+k*180) * time.Minute))}
			l.ExternalID = fmt.Sprint("L", i, ".", k)
			l.Stamp(nil)
			evidence.Logs = append(evidence.Logs, l)
		}
	}
	for i := range 3000 { // of some there are many lines, before and behind their complaints
		l := record.LogLine{Customer: fmt.Sprint("U", i%10), Level: "info", Message: "login ok", Time: record.At(day0.Add(time.Duration(i) * 20 * time.Second))}
		l.ExternalID = fmt.Sprint("M", i)
		l.Stamp(nil)
		evidence.Logs = append(evidence.Logs, l)
	}
	if _, err := s.Admit(t.Context(), &evidence, nosy); err != nil {
		t.Fatal(err)
	}
}

// withIncident is a new file with an incident that bears out some complaints.
func withIncident(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "t.db"), Options{Incidents: func(context.Context, *Store) (Bears, error) {
		return func(c *record.Complaint) float64 { return float64(c.Received.Time.Minute()%3) / 3 }, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestBatchSizeNeverChangesADecision(t *testing.T) {
	const n = 900
	all := func(size int) []record.Decision {
		s := withIncident(t)
		known(t, s)
		var out []record.Decision
		rows := complaints(n)
		for len(rows) > 0 {
			k := min(size, len(rows))
			r, err := s.Admit(t.Context(), &record.Batch{Input: "x", Complaints: rows[:k]}, nosy)
			if err != nil {
				t.Fatal(err)
			}
			rows, out = rows[k:], append(out, r.Decisions...)
			if len(rows) == n/3 { // what is remembered is read from the file again
				s.mu.Lock()
				s.forget()
				s.mu.Unlock()
			}
		}
		return out
	}
	one, hundred, whole := all(1), all(100), all(n)
	touched := 0
	for _, d := range whole {
		if d.Score > 0 {
			touched++
		}
	}
	if touched < n/2 {
		t.Fatalf("only %d of %d decisions depend on history: the test shows nothing", touched, n)
	}
	if !reflect.DeepEqual(one, whole) || !reflect.DeepEqual(hundred, whole) {
		t.Fatal("decisions differ with the size of the batch")
	}
}

// TestARebuildDecidesAsAtAdmission: what comes in the order in which it happened is
// judged again as it was judged then.
func TestARebuildDecidesAsAtAdmission(t *testing.T) {
	s := withIncident(t)
	known(t, s)
	for rows := complaints(900); len(rows) > 0; rows = rows[100:] {
		if _, err := s.Admit(t.Context(), &record.Batch{Input: "x", Complaints: rows[:100]}, nosy); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Rescore(t.Context(), "nosy", nosy); err != nil {
		t.Fatal(err)
	}
	var same, other int
	err := s.QueryRow(t.Context(), `select count(*) filter (a.score = b.score and a.signals = b.signals), count(*) filter (a.score <> b.score or a.signals <> b.signals)
		from decision a join decision b on a.seq = b.seq and a.run = 0 and b.run > 0`).Scan(&same, &other)
	if err != nil || same != 900 || other != 0 {
		t.Errorf("%d decided as before, %d otherwise, %v", same, other, err)
	}
}

func TestAdmitKnownUpdatedRefused(t *testing.T) {
	s := fresh(t)
	rows := complaints(10)
	admit := func(b record.Batch) record.Receipt {
		t.Helper()
		r, err := s.Admit(t.Context(), &b, nosy)
		if err != nil {
			t.Fatal(err)
		}
		if r.Loaded+r.Known+r.Refused != r.RowsIn {
			t.Fatalf("the books do not balance: %+v", r)
		}
		return r
	}
	refusal := record.Refusal{Kind: record.Complaints, Input: "f.csv", Line: 7, Code: "bad_date", Column: "received", Raw: []byte("x,y\xff"), Header: []byte("a,b")}
	if r := admit(record.Batch{Input: "f.csv", Complaints: rows, Refused: []record.Refusal{refusal}}); r.Loaded != 10 || r.Refused != 1 {
		t.Fatalf("first load: %+v", r)
	}
	if r := admit(record.Batch{Input: "f.csv", Complaints: complaints(10)}); r.Known != 10 {
		t.Fatalf("second load: %+v", r)
	}
	closed := complaints(1)
	closed[0].Status, closed[0].Closed = "closed", record.At(day0.Add(time.Hour))
	closed[0].Stamp(nil)
	if r := admit(record.Batch{Input: "f.csv", Complaints: closed}); r.Updated != 1 || r.Loaded != 1 {
		t.Fatalf("a new state: %+v", r)
	}
	if r := admit(record.Batch{Input: "f.csv", Complaints: append(closed, rows[0])}); r.Known != 2 {
		t.Fatalf("old and new state again: %+v", r)
	}
	var first, last string
	err := s.db().QueryRow("select (select status from complaint where seq = 1), (select status from complaint_event)").Scan(&first, &last)
	if err != nil || first != "open" || last != "closed" {
		t.Fatalf("history was overwritten: %q %q %v", first, last, err)
	}
}

func TestRollbackLeavesNothingAndGoesOn(t *testing.T) {
	s := fresh(t)
	rows := complaints(50)
	boom := func(c *record.Complaint, h *record.History) record.Decision {
		if c.ExternalID == "C30" {
			panic("boom")
		}
		return nosy(c, h)
	}
	if _, err := s.Admit(t.Context(), &record.Batch{Input: "x", Complaints: rows}, boom); err == nil || !strings.Contains(err.Error(), "boom") {
		t.Errorf("the panic was swallowed: %v", err)
	}
	var n int
	if err := s.db().QueryRow("select count(*) from complaint").Scan(&n); err != nil || n != 0 {
		t.Fatalf("%d rows after a rollback, %v", n, err)
	}
	r, err := s.Admit(t.Context(), &record.Batch{Input: "x", Complaints: rows}, nosy)
	if err != nil || r.Loaded != 50 || r.Decisions[0].Seq != 1 || len(r.Decisions[0].Reasons) != 0 {
		t.Fatalf("after a rollback: %+v %v", r, err)
	}
}

func TestOpenRefusesWhatIsNotOurs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.db")
	s := open(t, path)
	if err := s.exec(t.Context(), "insert into plaint_version values (99, 'later', now())"); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err := Open(context.Background(), path, Options{}); err == nil {
		t.Fatal("a newer file was opened")
	}
}

// TestFileNames: the engine calls a database as its file is called, and no name
// may be taken.
func TestFileNames(t *testing.T) {
	for _, name := range []string{"feeds.db", "FEEDS.1.db", "feeds", "fed.db", "temp.db", "main.db", "complaint.db", "a b'c\".db"} {
		s := open(t, filepath.Join(t.TempDir(), name))
		if r, err := s.Admit(t.Context(), &record.Batch{Input: "x", Complaints: complaints(appenderRows + 1)}, nosy); err != nil || r.Loaded != appenderRows+1 {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}
