package keep

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"plaint/internal/record"
	"plaint/internal/store"
)

const victim = "VICTIM-4711"

// marked makes records of one customer with a marker in every text: what is left
// of one afterwards can be found by its bytes.
func marked() (b *record.Batch, markers []string) {
	mark := func(what string) string {
		markers = append(markers, "MARKER"+what+"XQZ")
		return "MARKER" + what + "XQZ"
	}
	extra := func(what string) []record.Field { return []record.Field{{Name: "note", Value: mark(what)}} }
	b = &record.Batch{Input: "marked"}
	at := record.At(day0.Add(time.Hour))
	for i := range 3 {
		n := fmt.Sprint(i)
		c := record.Complaint{Customer: victim, CustomerName: mark("name" + n), Contact: mark("contact" + n), Received: at, Type: "login",
			Subject: mark("subject" + n), Body: "the same old story " + mark("body"+n), Amount: record.Num(10), Evidence: []string{mark("file" + n)},
			Resolution: mark("resolution" + n), Device: mark("device" + n), PayoutAccount: mark("payout" + n), Status: "open"}
		c.Source, c.ExternalID, c.Extra = "desk", mark("id")+n+"3", extra("extra"+n)
		c.Keys.Contact, c.Keys.Sketch[0] = record.Hash64("contact", c.Contact), 77777777
		c.Stamp(nil)
		b.Complaints = append(b.Complaints, c)
		v := record.Survey{Customer: victim, Answered: at, Metric: "csat", Score: record.Num(2), Comment: mark("comment" + n), Complaint: c.ExternalID}
		if i == 2 {
			v.Customer = "" // of whoever complained
		}
		v.Source, v.ExternalID, v.Extra = "poll", mark("answer"+n), extra("surveyextra"+n)
		v.Stamp(nil)
		b.Surveys = append(b.Surveys, v)
		l := record.LogLine{Time: at, Service: "pay", Level: "error", Message: "payout to " + mark("message"+n), Trace: mark("trace" + n), Customer: victim}
		if i == 2 {
			l.Customer, l.Message = "", "login of "+victim+", "+l.Message
		}
		l.Source, l.ExternalID, l.Extra = "logs", mark("line"+n), extra("logextra"+n)
		l.Stamp(nil)
		b.Logs = append(b.Logs, l)
		x := record.Transaction{Customer: victim, Account: mark("account"), Type: "withdrawal", Amount: record.Num(10), Requested: at, Reference: mark("reference" + n)}
		x.Source, x.ExternalID, x.Extra = "core", mark("transaction"+n), extra("transactionextra"+n)
		x.Stamp(nil)
		b.Transactions = append(b.Transactions, x)
		a := record.Account{Customer: victim, Opened: at, Country: "ZA", Device: mark("accountdevice" + n), Address: mark("street" + n), PayoutAccount: mark("bank" + n)}
		a.Source, a.ExternalID, a.Extra = "core", mark("accountid"+n), extra("accountextra"+n)
		a.Stamp(nil)
		b.Accounts = append(b.Accounts, a)
		b.Refused = append(b.Refused, record.Refusal{Kind: record.Complaints, Input: "marked", Line: int64(i + 1), Code: "bad_date", Detail: mark("detail" + n),
			Raw: []byte("C9," + victim + "," + mark("raw"+n)), Header: []byte(`{"format":"csv"}`)})
	}
	slices.Sort(markers)
	return b, append(slices.Compact(markers), victim)
}

// aged is a store with a customer in it, and others, with later states, results
// of analyses, a proposal, and a copy for queries.
func aged(t *testing.T, path string) (*store.Store, *record.Batch, []string) {
	t.Helper()
	st := open(t, path)
	admit(t, st, batchOf(0, 200))
	b, markers := marked()
	admit(t, st, b)
	state := b.Complaints[0]
	state.Status, state.Body, state.Resolution = "closed", "later MARKERlaterXQZ", "paid MARKERpaidXQZ"
	state.Stamp(nil)
	admit(t, st, &record.Batch{Input: "later", Complaints: []record.Complaint{state}})
	other := record.Complaint{Customer: "U7", Body: "my friend " + victim + " has the same old story"}
	other.Source, other.ExternalID = "desk", "friend"
	other.Stamp(nil)
	admit(t, st, &record.Batch{Input: "other", Complaints: []record.Complaint{other}})
	first := number(t, st, "select min(seq) from complaint where customer = ?", victim)
	if _, err := st.Propose(t.Context(), []record.Entry{{Subject: "customer", Key: victim, Ground: "shared_payout", Scope: "refund_needs_review", Evidence: []int64{first}, State: "proposed", By: machine}}); err != nil {
		t.Fatal(err)
	}
	line := number(t, st, "select min(seq) from log_line where customer = ?", victim)
	friend := number(t, st, "select seq from complaint where external_id = 'friend'")
	_, err := st.SaveRun(t.Context(), store.Run{Kind: "themes", Started: day0, Tables: []store.Table{
		{Name: "theme", Rows: [][]any{{1, "same old · MARKERbody0XQZ", "en", []string{"same old", "MARKERbody0XQZ"}, 4, first, "login", 1.0, 2, 10.0, day0, day0, 0.0, "USD", 1, nil}}},
		{Name: "theme_part", Rows: [][]any{{1, "en", "MARKERbody0XQZ · same old", []string{"MARKERbody0XQZ", "same old"}, 2, first}}},
		{Name: "theme_area", Rows: [][]any{{1, "en", "MARKERbody0XQZ · same", 1, 2}}},
		{Name: "theme_member", Rows: [][]any{{1, first, 1.0}, {1, friend, 1.0}}},
		{Name: "log_template", Rows: [][]any{{1, "payout to MARKERmessage0XQZ", "pay", "error", 1, day0, day0, line}}},
		{Name: "digest", Rows: [][]any{{1, "digest_theme_growing", `{"theme":"same old · MARKERbody0XQZ"}`}, {2, "digest_log_burst", `{"template":"payout to MARKERmessage0XQZ"}`}}}}})
	if err != nil {
		t.Fatal(err)
	}
	change(t, st, "update theme set name = 'Login, says MARKERname0XQZ'",
		"insert into theme_edit values (1, now()::timestamp, 'li', 'name', 1, null, 'Login, says MARKERname0XQZ', null), (2, now()::timestamp, 'li', 'merge', 1, 2, 'same old · MARKERbody0XQZ' || chr(31) || 'en=MARKERbody0XQZ' || chr(31) || 'zh=MARKERbody0XQZ · same', null), (3, now()::timestamp, 'li', 'name', 1, null, 'Login', null)",
		fmt.Sprintf("insert into theme_edit_seed values (2, 1, %d), (2, 2, %d), (2, 2, %d)", first, first+1, friend))
	if _, err := st.Snapshot(t.Context()); err != nil {
		t.Fatal(err)
	}
	return st, b, append(markers, "MARKERlaterXQZ", "MARKERpaidXQZ")
}

// inFiles finds which of the markers stand in the bytes of a file, its log, its
// snapshot and whatever else is beside it.
func inFiles(t *testing.T, path string, markers []string) (found map[string]string) {
	t.Helper()
	found = map[string]string{}
	err := filepath.WalkDir(filepath.Dir(path), func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(p)
		for _, m := range markers {
			if bytes.Contains(data, []byte(m)) {
				found[m] = filepath.Base(p)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// inRows finds markers in the rows, where their bytes may be compressed.
func inRows(t *testing.T, st *store.Store, markers []string) (found map[string]string) {
	t.Helper()
	found = map[string]string{}
	tables, err := tablesOf(t.Context(), live{st})
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		for _, m := range markers {
			if number(t, st, "select count(*) from "+table+" x where contains(x::varchar, ?)", m) > 0 {
				found[m] = table
			}
		}
	}
	return found
}

const statistics = `select (select count(*) || ' ' || count(amount) || ' ' || sum(amount) || ' ' || min(received) || ' ' || count(type) || ' ' || sum(len(evidence)) from complaint) || ' '
	|| (select count(*) || ' ' || count(status) from complaint_event) || ' ' || (select count(*) || ' ' || sum(score) from survey) || ' '
	|| (select count(*) || ' ' || count(time) from log_line) || ' ' || (select count(*) || ' ' || sum(amount) from transaction_version) || ' '
	|| (select count(*) || ' ' || count(country) from account_version) || ' ' || (select count(*) || ' ' || sum(score) from decision) || ' '
	|| (select count(*) || ' ' || count(detail) from case_event) || ' ' || (select count(*) from refused) || ' ' || (select count(distinct customer) from complaint) || ' '
	|| (select count(distinct customer_key) from complaint) || ' ' || (select count(*) from survey s join complaint c on c.external_id = s.complaint)`

func text(t *testing.T, st *store.Store, query string) (s string) {
	t.Helper()
	if err := st.QueryRow(t.Context(), query).Scan(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestErase: nothing of the customer is left in rows or bytes, the statistics
// stay, and the same rows sent again are known.
func TestErase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	st, b, markers := aged(t, path)
	if before := inRows(t, st, markers); len(before) != len(markers) {
		t.Fatalf("%d of %d markers are in the rows before: the test shows nothing\n%v\n%v", len(before), len(markers), before, markers)
	}
	st.Close()
	if before := inFiles(t, path, markers); len(before) < len(markers)/2 {
		t.Fatalf("only %d of %d markers can be seen in the bytes before: the test shows nothing", len(before), len(markers))
	}
	st = open(t, path)
	was := text(t, st, statistics)
	dry, err := Erase(t.Context(), st, Request{Customer: victim, Actor: "li", DryRun: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if left := inRows(t, st, markers); len(left) != len(markers) {
		t.Error("the dry run changed something")
	}
	out, err := Erase(t.Context(), st, Request{Customer: victim, Actor: "li"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(dry.Counts) != fmt.Sprint(out.Counts) || !out.Rewritten || out.Rows() < 20 {
		t.Errorf("%+v, the dry run said %+v", out, dry)
	}
	if left := inRows(t, st, markers); len(left) > 0 {
		t.Errorf("rows: %v", left)
	}
	if left := inFiles(t, path, markers); len(left) > 0 {
		t.Errorf("bytes: %v", left)
	}
	if now := text(t, st, statistics); now != was {
		t.Errorf("the statistics changed:\n%s\n%s", was, now)
	}
	if n := number(t, st, "select count(distinct customer) from (select customer from complaint where starts_with(customer, 'erased-') union all select customer from transaction_version where starts_with(customer, 'erased-') union all select customer from complaint_event where starts_with(customer, 'erased-'))"); n != 1 {
		t.Errorf("%d new ids", n)
	}
	if n := number(t, st, "select count(*) from transaction_version x join complaint c using (customer_key) where starts_with(c.customer, 'erased-')"); n != 9 {
		t.Errorf("the history does not belong together any more: %d", n)
	}
	if s := text(t, st, "select label || ' ' || array_to_string(terms, ',') from theme"); s != "same old same old" {
		t.Errorf("theme: %s", s)
	}
	if s := text(t, st, "select string_agg(label, ',' order by label) from (select label from theme_part union all select label from theme_area)"); s != "same,same old" {
		t.Errorf("parts and areas: %s", s)
	}
	if s := text(t, st, "select string_agg(coalesce(name, '-'), ',' order by id) || ' ' || (select string_agg(edit || ':' || theme, ',') from theme_edit_seed) from theme_edit"); s != "-,same old\x1fzh=same,Login 2:2" {
		t.Errorf("edits: %s", s)
	}
	if s := text(t, st, "select body from complaint where external_id = 'friend'"); !strings.HasPrefix(s, "my friend erased-") || !strings.HasSuffix(s, " has the same old story") {
		t.Error(s)
	}
	if s := text(t, st, "select customer || ' ' || actor || ' ' || kind || ' ' || (rewritten is not null) from keeping"); s != st.Pseudonym(victim)+" li erase true" {
		t.Error(s)
	}
	sound(t, st)
	for _, again := range []*record.Batch{b, {Input: "alone", Complaints: b.Complaints[:1]}} {
		again.Refused = nil
		if r := admit(t, st, again); r.Known != r.RowsIn {
			t.Errorf("sent again: %+v", r)
		}
	}
	if left := inRows(t, st, markers); len(left) > 0 {
		t.Errorf("rows sent again: %v", left)
	}
	if _, err := st.Rescore(t.Context(), "test", flag); err != nil {
		t.Error(err)
	}
	if path, err := st.Snapshot(t.Context()); err != nil || path == "" {
		t.Error(err)
	}
	again, err := Erase(t.Context(), st, Request{Customer: victim, Actor: "li"}, nil)
	if err != nil || again.Rows() != 0 {
		t.Errorf("a second time: %+v %v", again, err)
	}
}

// TestErasedComesBack: a later state from a source that has not erased brings
// data in again; doctor says so, and another erasure gives it the same id.
func TestErasedComesBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	st, b, markers := aged(t, path)
	if _, err := Erase(t.Context(), st, Request{Customer: victim}, nil); err != nil {
		t.Fatal(err)
	}
	c := b.Complaints[1]
	c.Status = "closed"
	c.Stamp(nil)
	admit(t, st, &record.Batch{Input: "again", Complaints: []record.Complaint{c}})
	e, err := Examine(t.Context(), st, nil)
	if err != nil || len(e.Findings) != 1 || e.Findings[0].Code != "erased_again" || e.Findings[0].Example != st.Pseudonym(victim) {
		t.Fatalf("%+v %v", e.Findings, err)
	}
	if _, err := Erase(t.Context(), st, Request{Customer: victim}, nil); err != nil {
		t.Fatal(err)
	}
	if left := inRows(t, st, markers); len(left) > 0 {
		t.Errorf("rows: %v", left)
	}
	if n := number(t, st, "select count(distinct customer) from (select customer from complaint union all select customer from complaint_event) where starts_with(customer, 'erased-')"); n != 1 {
		t.Errorf("%d ids for one person", n)
	}
	sound(t, st)
}

// TestEraseOfOneSource leaves other sources' records alone, and an id that is too
// common a word is only counted in the texts of others.
func TestEraseOfOneSource(t *testing.T) {
	st := open(t, filepath.Join(t.TempDir(), "x.db"))
	b := &record.Batch{Input: "x"}
	for i, source := range []string{"desk", "shop"} {
		c := record.Complaint{Customer: "42", Body: "mine " + source}
		c.Source, c.ExternalID = source, fmt.Sprint("C", i)
		c.Stamp(nil)
		b.Complaints = append(b.Complaints, c)
	}
	b.Refused = []record.Refusal{{Kind: record.Complaints, Line: 1, Code: "bad_date", Raw: []byte("C1,42,x"), Header: []byte("{}")}, {Kind: record.Complaints, Line: 2, Code: "bad_date", Raw: []byte("C1,7,paid 42 dollars"), Header: []byte("{}")}}
	other := record.Complaint{Customer: "7", Body: "I paid 42 dollars"}
	other.Source, other.ExternalID = "desk", "C9"
	other.Stamp(nil)
	b.Complaints = append(b.Complaints, other)
	admit(t, st, b)
	out, err := Erase(t.Context(), st, Request{Customer: "42", Source: "desk"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if s := text(t, st, "select string_agg(coalesce(body, '-'), ',' order by seq) from complaint"); s != "-,mine shop,I paid 42 dollars" || out.Mentions != 1 {
		t.Errorf("%s, %+v", s, out)
	}
	if s := text(t, st, "select string_agg(raw::varchar, '|' order by id) from refused"); s != "|C1,7,paid 42 dollars" {
		t.Error(s)
	}
	sound(t, st)
}

// TestEraseWhileListed: who is on the blacklist stays recognisable until the
// entry ends.
func TestEraseWhileListed(t *testing.T) {
	st, _, markers := aged(t, filepath.Join(t.TempDir(), "x.db"))
	until := time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339)
	change(t, st, `insert into entry_event select entry_id, at + interval 1 hour, 'li', 'active', json_merge_patch(detail, '{"state":"active","proposed_by":"li","approved_by":"wang","until":"`+until+`"}'), subject, subject_key from entry_event`)
	var listed *ActiveEntryError
	if _, err := Erase(t.Context(), st, Request{Customer: victim}, nil); !errors.As(err, &listed) || listed.State != "active" {
		t.Fatal(err)
	}
	if out, err := Retain(t.Context(), st, Ages{record.Complaints: time.Hour, record.Surveys: time.Hour}, "li", false, false, nil); err != nil || out.Rows() == 0 {
		t.Fatal(out, err)
	}
	if n := number(t, st, "select count(*) from complaint where customer = ? and body is not null", victim); n != 3 {
		t.Errorf("%d of 3 complaints that the entry rests on are left", n)
	}
	change(t, st, `insert into entry_event select entry_id, at + interval 1 hour, 'li', 'overturned', json_merge_patch(detail, '{"state":"overturned"}'), subject, subject_key from entry_event where action = 'active'`)
	if _, err := Erase(t.Context(), st, Request{Customer: victim}, nil); err != nil {
		t.Fatal(err)
	}
	if left := inRows(t, st, markers); len(left) > 0 {
		t.Errorf("rows: %v", left)
	}
}

// TestRetention: by age, for each kind, and a second run finds nothing.
func TestRetention(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	now := day0.Add(100 * time.Hour)
	clock := func() time.Time { return now }
	st, err := store.Open(t.Context(), path, store.Options{Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	b := batchOf(0, 120) // a record a minute
	b.Once = &record.Once{Scope: "http", Key: "k1"}
	admit(t, st, b)
	state := b.Accounts[5]
	state.Tariff = "gold"
	state.Stamp(nil)
	admit(t, st, &record.Batch{Input: "later", Accounts: []record.Account{state}})
	now = day0.Add(30 * 24 * time.Hour)
	ages := func(a time.Duration) Ages {
		return Ages{record.Complaints: a, record.Surveys: a, record.Logs: a, record.Transactions: a}
	}
	none, err := Retain(t.Context(), st, ages(31*24*time.Hour), "li", false, true, nil)
	if err != nil || none.Rows() != 1 { // the receipt of the delivery
		t.Fatalf("%+v %v", none, err)
	}
	half := 30*24*time.Hour - time.Hour // the first hour's
	dry, err := Retain(t.Context(), st, ages(half), "li", true, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	out, err := Retain(t.Context(), st, ages(half), "li", false, true, nil)
	if err != nil || !out.Rewritten || fmt.Sprint(dry.Counts) != fmt.Sprint(out.Counts) {
		t.Fatalf("%+v %v; dry %+v", out, err, dry)
	}
	for query, want := range map[string]int64{
		"select count(*) from complaint": 120,
		"select count(*) from complaint where body is null and starts_with(customer, 'erased-')": 60,
		"select count(*) from complaint where body is not null and s0 is not null":               60,
		"select count(*) from survey":                       120,
		"select count(*) from survey where comment is null": 60,
		"select count(*) from log_line":                     60,
		"select count(*) from transaction_version":          60,
		"select count(*) from account_version":              121,
		"select count(*) from refused":                      120,
		"select count(*) from delivery":                     0,
		"select count(*) from keeping":                      2,
	} {
		if n := number(t, st, query); n != want {
			t.Errorf("%s: %d, want %d", query, n, want)
		}
	}
	sound(t, st)
	if out, err = Retain(t.Context(), st, ages(half), "li", false, true, nil); err != nil || out.Rows() != 0 {
		t.Errorf("again: %+v %v", out, err)
	}
	all := Ages{record.Accounts: time.Hour, record.Complaints: time.Hour, record.Logs: time.Hour}
	if out, err = Retain(t.Context(), st, all, "li", false, true, nil); err != nil {
		t.Fatal(err)
	}
	if n := number(t, st, "select count(*) from account_version"); n != 120 || number(t, st, "select count(*) from refused") != 0 || number(t, st, "select count(*) from log_line") != 0 {
		t.Errorf("%d accounts, %+v", n, out)
	}
	sound(t, st)
	st.Close()
	// The numbers of what is gone are not given again.
	st = open(t, path)
	admit(t, st, batchOf(500, 5))
	if n := number(t, st, "select min(seq) from log_line"); n != 121 {
		t.Errorf("the next line is number %d", n)
	}
	sound(t, st)
}

// TestReadersWhileRewriting: readers go on while the file is written anew, and
// what is committed after it stays.
func TestReadersWhileRewriting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	st := open(t, path)
	admit(t, st, batchOf(0, 500))
	stop, done := make(chan struct{}), make(chan int)
	go func() {
		bad := 0
		for {
			select {
			case <-stop:
				done <- bad
				return
			default:
			}
			var n int64
			if err := st.QueryRow(t.Context(), "select count(*) from complaint").Scan(&n); err != nil || n%500 != 0 {
				bad++
			}
		}
	}()
	for range 3 {
		if err := st.Rebuild(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	admit(t, st, batchOf(500, 500))
	close(stop)
	t.Log(<-done, "reads failed at the moment of the exchange")
	st.Close()
	st = open(t, path)
	if n := number(t, st, "select count(*) from complaint"); n != 1000 {
		t.Error(n)
	}
	sound(t, st)
	if left, _ := filepath.Glob(path + ".new*"); len(left) > 0 {
		t.Error(left)
	}
}

// TestEraseRefusedInOtherEncodings finds the id in refused rows in UTF-16 and in
// Chinese, and not as a part of another word.
func TestEraseRefusedInOtherEncodings(t *testing.T) {
	for _, id := range []string{"U-48213", "客户陈四七七"} {
		st := open(t, filepath.Join(t.TempDir(), "x.db"))
		b := &record.Batch{Input: "x"}
		for i, raw := range [][]byte{[]byte("1," + id + ",x"), forms("2," + id + ",\"x'\\")[1].word, forms(id)[2].word, []byte("3,X" + id + "9,x"), []byte("nothing")} {
			b.Refused = append(b.Refused, record.Refusal{Kind: record.Complaints, Input: "x", Line: int64(i + 1), Code: "bad_date", Raw: raw, Header: []byte("{}")})
		}
		admit(t, st, b)
		if _, err := Erase(t.Context(), st, Request{Customer: id}, nil); err != nil {
			t.Fatal(err)
		}
		if s, want := text(t, st, "select string_agg(id::varchar, ',' order by id) from refused where octet_length(raw) = 0"), "1,2,3"; s != want && !(id[0] > 127 && s == "1,2,3,4") { // Chinese has no spaces between words
			t.Errorf("%s: emptied %s, want %s", id, s, want)
		}
		sound(t, st)
	}
}

// TestRestoreNamesErasures: a backup from before an erasure brings the customer
// back. The restore says whom, by the name under which another erasure finds them.
func TestRestoreNamesErasures(t *testing.T) {
	dir := t.TempDir()
	path, backup := filepath.Join(dir, "x.db"), filepath.Join(dir, "b.db")
	st, _, markers := aged(t, path)
	if _, err := Make(t.Context(), st, backup, false, nil); err != nil {
		t.Fatal(err)
	}
	name := st.Pseudonym(victim)
	if _, err := Erase(t.Context(), st, Request{Customer: victim, Actor: "li"}, nil); err != nil {
		t.Fatal(err)
	}
	st.Close()
	r, err := Restore(t.Context(), backup, path, true, nil)
	if err != nil || !slices.Equal(r.Undone, []string{name}) {
		t.Fatalf("%+v, %v, want %s", r, err, name)
	}
	st = open(t, path)
	if len(inRows(t, st, markers)) == 0 {
		t.Fatal("the backup holds nothing of the customer: the test shows nothing")
	}
	if _, err := Erase(t.Context(), st, Request{Customer: name, Actor: "li"}, nil); err != nil {
		t.Fatal(err)
	}
	if left := inRows(t, st, markers); len(left) > 0 {
		t.Errorf("erased by its pseudonym, rows: %v", left)
	}
	st.Close()
	if r, err = Restore(t.Context(), r.Before, path, true, nil); err != nil || len(r.Undone) != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}
