package store

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"plaint/internal/record"
)

// state is one state of a complaint as a source tells it.
func state(id, status string, changed time.Time) record.Complaint {
	c := record.Complaint{Customer: "U1", Status: status, Received: record.At(day0), Changed: record.At(changed), Body: "提现一直没有到账"}
	c.Source, c.ExternalID = "test", id
	c.Stamp(nil)
	return c
}

func admit(t *testing.T, s *Store, list ...record.Complaint) {
	t.Helper()
	if _, err := s.Admit(t.Context(), &record.Batch{Input: "x", Complaints: list}, nosy); err != nil {
		t.Fatal(err)
	}
}

func TestComplaintNow(t *testing.T) {
	s := fresh(t)
	admit(t, s, state("open", "open", day0), state("settled", "open", day0), state("old news", "closed", day0.Add(48*time.Hour)))
	moved := state("settled", "closed", day0.Add(3*time.Hour))
	moved.Handler, moved.Device = "H7", "D9"
	moved.Stamp(nil)
	admit(t, s, moved, state("old news", "open", day0.Add(time.Hour)))
	again := state("settled", "reopened", day0.Add(5*time.Hour))
	admit(t, s, state("twice", "open", day0), again)
	day := func(n int) time.Time { return day0.AddDate(0, 0, n) }
	undated := func(id, status string) record.Complaint {
		c := state(id, status, day0)
		c.Changed = record.Moment{}
		c.Stamp(nil)
		return c
	}
	// Without a date a state follows what arrived before it, and never beats a
	// dated one that arrives later.
	dated := undated("undated", "closed")
	dated.Closed = record.At(day(9))
	dated.Stamp(nil)
	admit(t, s, undated("undated", "open"))
	admit(t, s, undated("undated", "in_progress"))
	admit(t, s, dated)
	// The order in which exports are loaded does not count.
	early := undated("backwards", "open")
	early.Escalated = record.At(day(4))
	early.Stamp(nil)
	late := undated("backwards", "closed")
	late.Closed = record.At(day(9))
	late.Stamp(nil)
	admit(t, s, late)
	admit(t, s, early)
	// A later note moves neither the status nor what was said before.
	noted := state("noted", "closed", day(5))
	noted.Resolution = "refunded"
	noted.Stamp(nil)
	note := state("noted", "closed", day(20))
	note.Handler = "H8"
	note.Stamp(nil)
	admit(t, s, state("noted", "open", day0))
	admit(t, s, noted)
	admit(t, s, note, undated("no date", "closed"))

	type now struct {
		status, handler string
		open            bool
		stopped         any
		states          int
	}
	for id, want := range map[string]now{
		"open":      {"open", "", true, nil, 1},
		"settled":   {"reopened", "H7", true, nil, 3},
		"old news":  {"closed", "", false, day(2), 2},
		"twice":     {"open", "", true, nil, 1},
		"undated":   {"closed", "", false, day(9), 3},
		"backwards": {"closed", "", false, day(9), 2},
		"noted":     {"closed", "H8", false, day(5), 3},
		"no date":   {"closed", "", false, nil, 1},
	} {
		var got now
		err := s.QueryRow(t.Context(), "select status, coalesce(handler, ''), open, stopped, states from complaint_now where external_id = ?", id).
			Scan(&got.status, &got.handler, &got.open, &got.stopped, &got.states)
		if err != nil {
			t.Fatal(err)
		}
		if at, ok := got.stopped.(time.Time); ok {
			got.stopped = at.UTC()
		}
		if got != want {
			t.Errorf("%s: %+v, want %+v", id, got, want)
		}
	}
	var resolution string
	if err := s.QueryRow(t.Context(), "select resolution from complaint_now where external_id = 'noted'").Scan(&resolution); err != nil || resolution != "refunded" {
		t.Errorf("the resolution is %q, %v", resolution, err)
	}
	var handler, device string
	if err := s.QueryRow(t.Context(), "select handler, device from complaint_event where external_id = 'settled' and status = 'closed'").Scan(&handler, &device); err != nil || handler != "H7" || device != "D9" {
		t.Errorf("the event says %q, %q, %v", handler, device, err)
	}
}

func TestVerdictsCountFromTheirMoment(t *testing.T) {
	s := fresh(t)
	flag := func(c *record.Complaint, h *record.History) record.Decision {
		return record.Decision{Model: "all", Score: float64(h.Confirmed), Flagged: true}
	}
	first := state("first", "open", day0)
	if _, err := s.Admit(t.Context(), &record.Batch{Input: "x", Complaints: []record.Complaint{first}}, flag); err != nil {
		t.Fatal(err)
	}
	say := func(action string, at time.Time) {
		t.Helper()
		if err := insert(t.Context(), s, caseTable, []caseRow{{id: 1, seq: 1, at: at, actor: "P", action: action}}); err != nil {
			t.Fatal(err)
		}
	}
	say("confirmed", day0.Add(10*time.Hour))
	say("overturned", day0.Add(20*time.Hour))
	say("confirmed", day0.Add(30*time.Hour))
	for hours, want := range map[int]int{5: 0, 15: 1, 25: 0, 35: 1} {
		c := first
		c.Received = record.At(day0.Add(time.Duration(hours) * time.Hour))
		c.Keys.Customer = record.Hash64("customer", c.Customer)
		v, err := s.readVerdicts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := v.Against(&c, 2, c.Received.Last(), &record.History{}, nil); got != want {
			t.Errorf("after %d hours %d verdicts, want %d", hours, got, want)
		}
		if got, _ := v.Against(&c, 1, c.Received.Last(), &record.History{}, nil); got != 0 {
			t.Errorf("the case counts against itself")
		}
	}
}

func TestOnlyCodesAndSharedValuesAreShown(t *testing.T) {
	s := fresh(t)
	var list []record.Complaint
	for i := range 8 {
		c := state(string(rune('a'+i)), "open", day0)
		c.Extra = []record.Field{{Name: "branch", Value: "North bank"}, {Name: "客户姓名", Value: "张伟"}, {Name: "note", Value: "王小明 of flat 7"}, {Name: "rating", Value: "4"}, {Name: `odd "label"`, Value: `quo"te`}}
		c.Customer = string(rune('A' + i))
		c.Stamp(nil)
		list = append(list, c)
	}
	list[3].Extra[2].Value = "赵一"
	list[3].Extra = append(list[3].Extra, record.Field{Name: "tier", Value: "gold-7"})
	// One customer who comes often is not many.
	for i := range 6 {
		c := state(string(rune('m'+i)), "open", day0)
		c.Customer, c.Extra = "Z", []record.Field{{Name: "branch", Value: "Flat 7"}, {Name: "rating", Value: "483921"}}
		c.Stamp(nil)
		list = append(list, c)
	}
	for i := range 5 { // nobody knows who: each is somebody
		c := state(string(rune('u'+i)), "open", day0)
		c.Customer, c.Extra = "", []record.Field{{Name: "branch", Value: "South bank"}}
		c.Stamp(nil)
		list = append(list, c)
	}
	admit(t, s, list...)
	path, err := s.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	other, err := fresh(t).Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if path == other {
		t.Error("two databases share the name of a snapshot")
	}
	copied := openCopy(t, path)
	var extra, customer string
	if err := copied.QueryRow("select extra, customer from complaint where external_id = 'd'").Scan(&extra, &customer); err != nil {
		t.Fatal(err)
	}
	if want := `{"branch":"North bank","odd \"label\"":"quo\"te","rating":"4","tier":"gold-7"}`; extra != want {
		t.Errorf("extra %s, want %s", extra, want)
	}
	if customer != s.Pseudonym("D") || customer == "D" || customer == fresh(t).Pseudonym("D") {
		t.Errorf("the customer is called %q; here %q", customer, s.Pseudonym("D"))
	}
	var often sql.NullString
	if err := copied.QueryRow("select extra from complaint where external_id = 'm'").Scan(&often); err != nil || often.Valid {
		t.Errorf("one customer's values are shown: %q, %v", often.String, err)
	}
	if err := copied.QueryRow("select extra from complaint where external_id = 'u'").Scan(&often); err != nil || often.String != `{"branch":"South bank"}` {
		t.Errorf("of people without a customer number: %q, %v", often.String, err)
	}
	var n int
	if err := copied.QueryRow("select count(*) from complaint_now where open").Scan(&n); err != nil || n != 19 {
		t.Errorf("%d open, %v", n, err)
	}
	if err := copied.QueryRow("select count(*) from duckdb_tables() where table_name = 'secret'").Scan(&n); err != nil || n != 0 {
		t.Errorf("the secret was copied: %d, %v", n, err)
	}
}

func openCopy(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", path+"?access_mode=read_only")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// TestCancelledBatchIsKeptOrNot ends the context at many moments of an
// admission: what is answered must be what the file holds.
func TestCancelledBatchIsKeptOrNot(t *testing.T) {
	s := fresh(t)
	kept := 0
	for i := range 60 {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Duration(i)*300*time.Microsecond, cancel)
		_, err := s.Admit(ctx, &record.Batch{Input: "x", Complaints: []record.Complaint{state(fmt.Sprint("C", i), "open", day0)}}, nosy)
		cancel()
		if err == nil {
			kept++
		}
		var rows, highest int
		if err := s.QueryRow(t.Context(), "select count(*), coalesce(max(seq), 0) from complaint").Scan(&rows, &highest); err != nil {
			t.Fatal(err)
		}
		if rows != kept || highest != kept {
			t.Fatalf("round %d answered %v: %d rows, the highest number is %d; %d were acknowledged", i, err, rows, highest, kept)
		}
	}
	t.Logf("%d of 60 were kept", kept)
}
