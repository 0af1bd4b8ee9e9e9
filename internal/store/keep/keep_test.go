package keep

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"plaint/internal/record"
	"plaint/internal/store"
)

// TestMain lets the test binary be a program that is killed while it backs up.
func TestMain(m *testing.M) {
	if db := os.Getenv("PLAINT_TEST_BACKUP"); db != "" {
		st, err := store.Open(context.Background(), db, store.Options{})
		if err != nil {
			panic(err)
		}
		_, err = Make(context.Background(), st, db+".backup", false, func(stage string, _, _ int64) {
			if stage == os.Getenv("PLAINT_TEST_STAGE") {
				fmt.Println("there")
				select {}
			}
		})
		panic(fmt.Sprint("it was to be killed ", err))
	}
	os.Exit(m.Run())
}

func open(t testing.TB, path string) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

var day0 = time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)

// flag flags every third complaint, with a reason.
func flag(c *record.Complaint, _ *record.History) record.Decision {
	return record.Decision{Model: "test", Score: 1, Flagged: strings.HasSuffix(c.ExternalID, "3"), Signals: []float32{1}, Reasons: []record.Reason{{Signal: "test", Points: 1}}}
}

func admit(t testing.TB, st *store.Store, b *record.Batch) record.Receipt {
	t.Helper()
	r, err := st.Admit(t.Context(), b, flag)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// batchOf makes a batch with n records of every kind, numbered from.
func batchOf(from, n int) *record.Batch {
	b := &record.Batch{Input: "test", Positions: []record.Position{{Input: "stream", Offset: int64(from + n)}}}
	for i := from; i < from+n; i++ {
		customer := fmt.Sprint("U", i%50)
		at := record.At(day0.Add(time.Duration(i) * time.Minute))
		c := record.Complaint{Customer: customer, Received: at, Body: fmt.Sprint("提现一直没有到账 ", i), Device: fmt.Sprint("D", i%7), Evidence: []string{"a.png"}}
		c.Source, c.ExternalID = "desk", fmt.Sprint("C", i)
		for j := range c.Keys.Sketch {
			c.Keys.Sketch[j] = rand.Uint64()
		}
		c.Stamp(nil)
		v := record.Survey{Customer: customer, Answered: at, Metric: "csat", Score: record.Num(4), Comment: "fine", Complaint: c.ExternalID}
		v.Source, v.ExternalID = "poll", fmt.Sprint("S", i)
		v.Stamp(nil)
		l := record.LogLine{Time: at, Service: "pay", Message: fmt.Sprint("payout ", i, " failed"), Customer: customer}
		l.Source, l.ExternalID = "logs", fmt.Sprint("L", i)
		l.Stamp(nil)
		x := record.Transaction{Customer: customer, Account: "A" + customer, Type: "withdrawal", Amount: record.Num(10), Requested: at}
		x.Source, x.ExternalID = "core", fmt.Sprint("T", i)
		x.Stamp(nil)
		a := record.Account{Customer: customer, Opened: at, Device: "D1", Address: "Long Street 5"}
		a.Source, a.ExternalID = "core", fmt.Sprint("K", i)
		a.Stamp(nil)
		b.Complaints, b.Surveys, b.Logs = append(b.Complaints, c), append(b.Surveys, v), append(b.Logs, l)
		b.Transactions, b.Accounts = append(b.Transactions, x), append(b.Accounts, a)
		b.Refused = append(b.Refused, record.Refusal{Kind: record.Complaints, Input: "test", Line: int64(i + 1), Code: "bad_date", Raw: []byte("C1,x"), Header: []byte(`{"format":"csv"}`)})
	}
	return b
}

// logsOf makes a batch of log lines alone.
func logsOf(batch, n int) *record.Batch {
	b := &record.Batch{Input: "bulk", Logs: make([]record.LogLine, n)}
	for i := range b.Logs {
		l := &b.Logs[i]
		l.Source, l.ExternalID, l.Service, l.Message = "bulk", fmt.Sprint(batch, "-", i), "pay", "settled"
		l.Stamp(nil)
	}
	return b
}

// change runs statements that nobody should.
func change(t testing.TB, st *store.Store, statements ...string) {
	t.Helper()
	err := st.Change(t.Context(), func(w store.Writer) error {
		for _, q := range statements {
			if err := w.Exec(t.Context(), q); err != nil {
				return fmt.Errorf("%s: %w", q, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func number(t testing.TB, st *store.Store, query string, args ...any) (n int64) {
	t.Helper()
	if err := st.QueryRow(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatal(query, err)
	}
	return n
}

// sound fails the test where a store has findings.
func sound(t testing.TB, st *store.Store) Examined {
	t.Helper()
	e, err := Examine(t.Context(), st, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Findings) > 0 {
		t.Fatalf("%+v", e.Findings)
	}
	return e
}

// TestBackupWhileWriting backs up several times while a writer commits small and
// large batches: every copy is what had been committed at one moment.
func TestBackupWhileWriting(t *testing.T) {
	dir := t.TempDir()
	st := open(t, filepath.Join(dir, "x.db"))
	admit(t, st, batchOf(0, 2000))
	stop, done := make(chan struct{}), make(chan error, 2)
	var committed atomic.Int64
	committed.Store(2000)
	write := func(next func(i int) (*record.Batch, int64), pause time.Duration) {
		for i := 0; ; i++ {
			select {
			case <-stop:
				done <- nil
				return
			case <-time.After(pause):
			}
			b, n := next(i)
			if _, err := st.Admit(context.Background(), b, flag); err != nil {
				done <- err
				return
			}
			if n > 0 {
				committed.Store(n)
			}
		}
	}
	go write(func(i int) (*record.Batch, int64) { return batchOf(2000+5*i, 5), int64(2005 + 5*i) }, 0)
	go write(func(i int) (*record.Batch, int64) { return logsOf(i, 130_000), 0 }, 700*time.Millisecond) // more than a row group, which the engine writes at once
	last := int64(0)
	for i := range 5 {
		to := filepath.Join(dir, fmt.Sprint("backup", i, ".db"))
		before := committed.Load()
		during := int64(0)
		b, err := Make(t.Context(), st, to, false, func(stage string, _, _ int64) {
			if stage == "copy" && during == 0 { // a slow disk
				at := committed.Load()
				for until := time.Now().Add(20 * time.Second); committed.Load() < at+50 && time.Now().Before(until); {
					time.Sleep(time.Millisecond)
				}
				during = committed.Load() - at
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		after := committed.Load()
		c := open(t, to)
		e := sound(t, c)
		n := number(t, c, "select count(*) from complaint")
		if n < before || n > after+5 || n <= last || number(t, c, "select read_to from stream_position where input = 'stream'") != n ||
			number(t, c, "select count(*) from log_line where source = 'logs'") != n || number(t, c, "select count(*) % 130000 from log_line where source = 'bulk'") != 0 {
			t.Fatalf("the copy has %d complaints, to %d, %d and %d log lines; %d were committed before, %d after", n, number(t, c, "select read_to from stream_position where input = 'stream'"),
				number(t, c, "select count(*) from log_line where source = 'logs'"), number(t, c, "select count(*) from log_line where source = 'bulk'"), before, after)
		}
		if during < 50 {
			t.Error("nothing was taken in while the file was copied")
		}
		if e.Rows != b.Rows || e.Tables != b.Tables {
			t.Errorf("it says %d rows, there are %d", b.Rows, e.Rows)
		}
		if info, err := os.Stat(to); err != nil || info.Mode().Perm() != 0o600 {
			t.Error(info.Mode(), err)
		}
		t.Logf("%d rows, held %v, took %v", b.Rows, b.Held, b.Took)
		last = n
	}
	close(stop)
	if err := errors.Join(<-done, <-done); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.new*")); len(left) > 0 {
		t.Error(left)
	}
}

// TestBackupRefusals: what a backup must not do.
func TestBackupRefusals(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.db")
	st := open(t, path)
	admit(t, st, batchOf(0, 10))
	there := filepath.Join(dir, "there.db")
	if err := os.WriteFile(there, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link.db")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		to      string
		replace bool
		want    error
	}{{there, false, ErrExists}, {path, false, ErrSame}, {path, true, ErrSame}, {link, true, ErrSame}, {dir, true, ErrExists}} {
		if _, err := Make(t.Context(), st, c.to, c.replace, nil); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.to, err, c.want)
		}
	}
	if text, err := os.ReadFile(there); err != nil || string(text) != "mine" {
		t.Errorf("%q %v", text, err)
	}
	if err := os.WriteFile(there+".wal", []byte("somebody's"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Make(t.Context(), st, there, true, nil); err != nil {
		t.Fatal(err)
	}
	sound(t, open(t, there))
	// Whoever asks must still own the file: other processes must not get in.
	if owned := ownedByAnother(t, path); !owned {
		t.Error("the lock of the database is gone after a backup")
	}
}

// ownedByAnother asks in another process, since a process sees no locks of its
// own.
func ownedByAnother(t *testing.T, path string) bool {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "PLAINT_TEST_BACKUP="+path)
	out, err := c.CombinedOutput()
	return err != nil && strings.Contains(string(out), store.ErrLocked.Error())
}

// TestBackupKilled kills a program in the middle of a backup: there is no file
// that looks whole, and the next backup is not in the way of what was left.
func TestBackupKilled(t *testing.T) {
	for _, stage := range []string{"copy", "compare"} {
		path := filepath.Join(t.TempDir(), "x.db")
		st := open(t, path)
		admit(t, st, batchOf(0, 300))
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), "PLAINT_TEST_BACKUP="+path, "PLAINT_TEST_STAGE="+stage)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 10)); err != nil {
			t.Fatal(err)
		}
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = c.Wait()
		if exists(path + ".backup") {
			t.Fatal("half a backup looks whole")
		}
		st = open(t, path)
		if found := Beside(path+".backup", time.Now().Add(time.Hour)); len(found) == 0 || found[0].Code != "leftover" {
			t.Errorf("what was left is not found: %+v", found)
		}
		if _, err := Make(t.Context(), st, path+".backup", false, nil); err != nil {
			t.Fatal(err)
		}
		st.Close()
		sound(t, open(t, path+".backup"))
	}
}

// TestBackupCompares: bytes that change on their way, and rows that are missing,
// are found, and no file is left that looks like a backup.
func TestBackupCompares(t *testing.T) {
	dir := t.TempDir()
	st := open(t, filepath.Join(dir, "x.db"))
	admit(t, st, batchOf(0, 3000))
	found := 0
	for i := range 12 {
		to := filepath.Join(dir, fmt.Sprint("b", i))
		_, err := Make(t.Context(), st, to, false, func(stage string, done, total int64) {
			if stage == "copy" && done == total {
				flip(t, to+".new", total*int64(2*i+1)/24)
			}
		})
		if err != nil {
			found++
			if exists(to) || exists(to+".new") {
				t.Error("it is there all the same")
			}
			continue
		}
		sound(t, open(t, to)) // a byte that nothing stands in
	}
	if found < 6 {
		t.Errorf("of 12 changed bytes only %d were found", found)
	}
	if _, err := Make(t.Context(), st, filepath.Join(dir, "whole"), false, nil); err != nil {
		t.Fatal(err)
	}
	change(t, st, "delete from survey where seq = 7")
	var d *DifferenceError
	if err := (&Backup{}).compare(t.Context(), filepath.Join(dir, "whole"), live{st}, nil); !errors.As(err, &d) || d.Table != "survey" || d.Have != 3000 || d.Want != 2999 {
		t.Errorf("%v", err)
	}
}

func flip(t *testing.T, path string, at int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 1)
	if _, err := f.ReadAt(b, at); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 0x40
	if _, err := f.WriteAt(b, at); err != nil {
		t.Fatal(err)
	}
}

// TestRestore: the way back, and what it must not do.
func TestRestore(t *testing.T) {
	dir := t.TempDir()
	path, backup := filepath.Join(dir, "x.db"), filepath.Join(dir, "b.db")
	st := open(t, path)
	admit(t, st, batchOf(0, 100))
	if _, err := Make(t.Context(), st, backup, false, nil); err != nil {
		t.Fatal(err)
	}
	admit(t, st, batchOf(100, 100))
	if _, err := st.Snapshot(t.Context()); err != nil {
		t.Fatal(err)
	}
	st.Close()
	if _, err := Restore(t.Context(), backup, path, false, nil); !errors.Is(err, ErrExists) {
		t.Fatal(err)
	}
	r, err := Restore(t.Context(), backup, path, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	if exists(path + ".snapshot") {
		t.Error("the copy for queries is still of the old file")
	}
	for file, want := range map[string]int64{path: 100, backup: 100, r.Before: 200} {
		st := open(t, file)
		if n := number(t, st, "select count(*) from complaint"); n != want {
			t.Errorf("%s: %d complaints, want %d", file, n, want)
		}
		sound(t, st)
		st.Close()
	}
	elsewhere := filepath.Join(dir, "new.db")
	if _, err := Restore(t.Context(), backup, elsewhere, false, nil); err != nil {
		t.Fatal(err)
	}
	sound(t, open(t, elsewhere))

	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(string){
		"a byte":  func(p string) { flip(t, p, 600<<10) },
		"the end": func(p string) { os.Truncate(p, sizeOf(p)/2) },
		"all":     func(p string) { os.Truncate(p, 0) },
		"text":    func(p string) { os.WriteFile(p, []byte(strings.Repeat("no database", 2000)), 0o600) },
	} {
		spoilt := filepath.Join(dir, "spoilt.db")
		if err := copyFile(t.Context(), backup, spoilt, nil); err != nil {
			t.Fatal(err)
		}
		spoil(spoilt)
		if _, err := Restore(t.Context(), spoilt, path, true, nil); err == nil {
			t.Errorf("%s is damaged, and it was restored", name)
		} else {
			t.Logf("%s: %v", name, err)
		}
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Error("a backup that is no good changed the database", err)
	}
}

// TestDoctorFinds breaks each invariant and expects what is found, and nothing
// else.
func TestDoctorFinds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	st := open(t, path)
	b := batchOf(0, 30)
	admit(t, st, b)
	later := b.Complaints[4]
	later.Status = "closed"
	later.Stamp(nil)
	admit(t, st, &record.Batch{Input: "test", Complaints: []record.Complaint{later}})
	if _, err := st.Propose(t.Context(), []record.Entry{{Subject: "customer", Key: "U3", Ground: "shared_payout", Scope: "refund_needs_review", Evidence: []int64{4}, State: "proposed", By: machine}}); err != nil {
		t.Fatal(err)
	}
	sound(t, st)
	st.Close()
	active := `insert into entry_event select entry_id, at + interval 1 hour, 'li', 'active', json_merge_patch(detail, '{"state":"active",%s}'), subject, subject_key from entry_event`
	for code, q := range map[string][]string{
		"version":          {"insert into plaint_version select * from plaint_version limit 1"},
		"book_line":        {"update admission set known = known + 1"},
		"book_tables":      {"update admission set loaded = loaded - 2, known = known + 2 where batch = 1"},
		"book_refused":     {"update admission set refused = refused + 1, rows_in = rows_in + 1 where batch = 1"},
		"numbers":          {"update log_line set seq = 3 where seq = 4"},
		"twice":            {"update survey set key_hi = (select key_hi from survey where seq = 1), key_lo = (select key_lo from survey where seq = 1), content = (select content from survey where seq = 1) where seq = 2"},
		"state_orphan":     {"update complaint_event set key_lo = 1"},
		"decision_missing": {"delete from decision where seq = 9"},
		"decision_twice":   {"insert into decision select * from decision where seq = 9"},
		"decision_orphan":  {"insert into decision select * replace (99 as seq) from decision where seq = 9"},
		"case_missing":     {"update decision set flagged = true where seq = 9"},
		"case_orphan":      {"insert into case_event select * replace (99 as case_id, 99 as seq) from case_event limit 1"},
		"case_opened":      {"insert into case_event select * from case_event limit 1"},
		"entry_orphan":     {`update entry_event set detail = json_merge_patch(detail, '{"evidence":[4,77]}')`},
		"entry_unsigned":   {fmt.Sprintf(active, `"proposed_by":"li","approved_by":"li","until":"2027-01-01T00:00:00Z"`)},
		"position":         {"insert into stream_position select * from stream_position"},
		"refused_raw":      {"update refused set raw = null where id = 2"},
		"replayed_orphan":  {"insert into refused_replayed values (99, now()::timestamp)"},
		"result_orphan":    {"insert into theme_member values (1, 1, 99, 0.5)", "insert into theme_edit_seed values (1, 1, 99)"},
		"rewrite_due":      {"insert into keeping values (1, now()::timestamp, 'erase', 'li', 'c1', null, null)"},
		"future":           {"update complaint set received = '2199-01-01' where seq = 3"},
		"erased_again":     {"insert into keeping values (1, now()::timestamp, 'erase', 'li', '" + st.Pseudonym("U3") + "', '{\"source\":\"\"}', now()::timestamp)"},
	} {
		t.Run(code, func(t *testing.T) {
			broken := filepath.Join(t.TempDir(), "x.db")
			if err := copyFile(t.Context(), path, broken, nil); err != nil {
				t.Fatal(err)
			}
			st := open(t, broken)
			change(t, st, q...)
			e, err := Examine(t.Context(), st, nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(e.Findings) != 1 || e.Findings[0].Code != code || e.Findings[0].Count < 1 || e.Findings[0].Example == "" {
				t.Errorf("%+v", e.Findings)
			}
		})
	}
	for _, c := range checks {
		if c.query == "" {
			t.Error(c.code)
		}
	}
	signed := open(t, path)
	change(t, signed, fmt.Sprintf(active, `"proposed_by":"li","approved_by":"wang","until":"2027-01-01T00:00:00Z"`))
	sound(t, signed)
}

// TestDoctorReadsEverything flips a byte in every block of a file: doctor finds
// it, or the file does not open.
func TestDoctorReadsEverything(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	st := open(t, path)
	admit(t, st, batchOf(0, 4000))
	st.Close()
	seen := map[string]int{}
	const head, block = 3 * 4096, 256 << 10
	for at := int64(head); at < sizeOf(path); at += block {
		broken := filepath.Join(t.TempDir(), "x.db")
		if err := copyFile(t.Context(), path, broken, nil); err != nil {
			t.Fatal(err)
		}
		flip(t, broken, at+100)
		st, err := store.Open(t.Context(), broken, store.Options{})
		if err != nil {
			seen["does not open"]++
			continue
		}
		e, err := Examine(t.Context(), st, nil)
		switch {
		case err != nil:
			t.Errorf("block at %d: %v", at, err)
		case len(e.Findings) == 0:
			seen["free"]++
		default:
			seen[e.Findings[0].Code]++
		}
		st.Close()
	}
	t.Log(seen)
	if seen["unreadable"] == 0 || seen["free"] > seen["unreadable"] {
		t.Error(seen)
	}
}
