package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"plaint/internal/record"
)

// TestBatchesThatWaitShareATransaction admits many batches at the same time:
// every caller gets the receipt of his own, and they took fewer commits.
func TestBatchesThatWaitShareATransaction(t *testing.T) {
	s := fresh(t)
	rows := complaints(600)
	const size = 5
	s.turn <- struct{}{} // all of them wait
	var wg sync.WaitGroup
	receipts := make([]record.Receipt, len(rows)/size)
	for i := range receipts {
		wg.Go(func() {
			b := &record.Batch{Input: fmt.Sprint("input ", i%3), Complaints: rows[i*size : (i+1)*size], Detail: true,
				Refused: []record.Refusal{{Input: "x", Code: "bad_json", Raw: []byte("{")}}}
			var err error
			if receipts[i], err = s.Admit(t.Context(), b, nosy); err != nil {
				t.Error(err)
			}
		})
	}
	wait(t, func() bool { s.waiting.Lock(); defer s.waiting.Unlock(); return len(s.queue) == len(receipts) })
	<-s.turn
	wg.Wait()
	for i, r := range receipts {
		if r.RowsIn != size+1 || r.Loaded != size || r.Refused != 1 || len(r.Decisions) != size || len(r.Fates) != size || r.Reasons["bad_json"] != 1 {
			t.Fatalf("batch %d: %+v", i, r)
		}
		for j, d := range r.Decisions {
			var id string
			if err := s.QueryRow(t.Context(), "select external_id from complaint where seq = ?", d.Seq).Scan(&id); err != nil || id != rows[i*size+j].ExternalID {
				t.Fatalf("batch %d has the decision of %s for %s, %v", i, id, rows[i*size+j].ExternalID, err)
			}
		}
	}
	var lines, in, loaded, refused, moments int
	err := s.QueryRow(t.Context(), `select count(*), sum(rows_in)::int, sum(loaded)::int, sum(refused)::int, count(distinct at) from admission`).Scan(&lines, &in, &loaded, &refused, &moments)
	if err != nil || in != 720 || loaded != 600 || refused != 120 {
		t.Fatalf("the book says %d in, %d loaded, %d refused, %v", in, loaded, refused, err)
	}
	if lines > 9 || moments > 4 {
		t.Errorf("%d lines, %d transactions for %d batches of 3 inputs", lines, moments, len(receipts))
	}
}

func wait(t *testing.T, cond func() bool) {
	t.Helper()
	for !cond() {
		if t.Context().Err() != nil {
			t.Fatal("waited in vain")
		}
	}
}

// TestOneSpoiltBatchSpoilsNoOther puts a batch whose judging fails between
// others that wait for the same transaction.
func TestOneSpoiltBatchSpoilsNoOther(t *testing.T) {
	s := fresh(t)
	rows := complaints(9)
	s.turn <- struct{}{}
	var wg sync.WaitGroup
	errs := make([]error, len(rows))
	for i := range rows {
		wg.Go(func() {
			_, errs[i] = s.Admit(t.Context(), &record.Batch{Input: "x", Complaints: rows[i : i+1]}, func(c *record.Complaint, h *record.History) record.Decision {
				if i == 4 {
					panic("boom")
				}
				return nosy(c, h)
			})
		})
	}
	wait(t, func() bool { s.waiting.Lock(); defer s.waiting.Unlock(); return len(s.queue) == len(rows) })
	<-s.turn
	wg.Wait()
	for i, err := range errs {
		if (err != nil) != (i == 4) {
			t.Errorf("batch %d: %v", i, err)
		}
	}
	var n int
	if err := s.QueryRow(t.Context(), "select count(distinct external_id) from complaint").Scan(&n); err != nil || n != 8 {
		t.Errorf("%d complaints, %v", n, err)
	}
}

// TestADeliveryIsAnsweredAgain repeats a delivery, in the same process and after
// the file was opened again.
func TestADeliveryIsAnsweredAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.db")
	s := open(t, path)
	rows := complaints(40)
	batch := func(body uint64) *record.Batch {
		return &record.Batch{Input: "http", Complaints: rows, Detail: true, Once: &record.Once{Scope: "http", Key: "k1", Body: record.Identity{Hi: body}}}
	}
	first, err := s.Admit(t.Context(), batch(1), nosy)
	if err != nil || first.Loaded != 40 || first.Again {
		t.Fatalf("%+v, %v", first, err)
	}
	again := func() {
		t.Helper()
		r, err := s.Admit(t.Context(), batch(1), nosy)
		if err != nil || !r.Again || r.Loaded != 40 || !reflect.DeepEqual(r.Fates, first.Fates) || len(r.Decisions) != 40 || r.Decisions[7].Score != first.Decisions[7].Score {
			t.Fatalf("%+v, %v", r, err)
		}
		if _, err := s.Admit(t.Context(), batch(2), nosy); !errors.Is(err, ErrKeyReused) {
			t.Fatalf("another body under the same key: %v", err)
		}
	}
	again()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	again()
	var wg sync.WaitGroup
	s.mu.Lock()
	receipts := make([]record.Receipt, 8)
	for i := range receipts {
		wg.Go(func() {
			b := batch(3)
			b.Once.Key = "k2"
			r, err := s.Admit(t.Context(), b, nosy)
			if err != nil {
				t.Error(err)
			}
			receipts[i] = r
		})
	}
	s.mu.Unlock()
	wg.Wait()
	news := 0
	for _, r := range receipts {
		if !r.Again {
			news++
		}
	}
	if news != 1 {
		t.Errorf("%d of %d deliveries at the same time were the first", news, len(receipts))
	}
}

// TestPositionGoesWithTheRows keeps a position only where the rows are kept.
func TestPositionGoesWithTheRows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.db")
	s := open(t, path)
	rows := complaints(30)
	at := func(n int64) []record.Position {
		return []record.Position{{Input: "queue", Offset: n, Mark: "m"}, {Input: "queue/2", Offset: n * 2}}
	}
	boom := func(*record.Complaint, *record.History) record.Decision { panic("boom") }
	for i := range 3 {
		part := rows[i*10 : (i+1)*10]
		if _, err := s.Admit(t.Context(), &record.Batch{Input: "queue", Complaints: part, Positions: at(int64(i + 100))}, boom); err == nil {
			t.Fatal("the batch was not spoilt")
		}
		if _, err := s.Admit(t.Context(), &record.Batch{Input: "queue", Complaints: part, Positions: at(int64(i + 1))}, nosy); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Admit(t.Context(), &record.Batch{Input: "queue", Positions: at(7)}, nosy); err != nil {
		t.Fatal(err) // a position alone
	}
	for range 2 {
		p, ok, err := s.Position(t.Context(), "queue/2")
		if err != nil || !ok || p.Offset != 14 {
			t.Fatalf("%+v, %v, %v", p, ok, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, path)
	}
	if list, err := s.Positions(t.Context()); err != nil || len(list) != 2 || list[0] != (record.Position{Input: "queue", Offset: 7, Mark: "m"}) {
		t.Fatalf("%+v, %v", list, err)
	}
	if _, ok, err := s.Position(t.Context(), "nosuch"); ok || err != nil {
		t.Fatal(ok, err)
	}
}

// TestTheEngineIsOpenedAgain goes on after a commit that failed.
func TestTheEngineIsOpenedAgain(t *testing.T) {
	s := fresh(t)
	rows := complaints(60)
	if _, err := s.Admit(t.Context(), &record.Batch{Input: "x", Complaints: rows[:20]}, nosy); err != nil {
		t.Fatal(err)
	}
	s.noteFault(fmt.Errorf("commit: %w", &commitError{errors.New("no space left on device")}))
	if _, err := s.Admit(t.Context(), &record.Batch{Input: "x", Complaints: rows[20:40]}, nosy); err != nil {
		t.Fatal(err)
	}
	s.noteFault(errors.New("FATAL Error: database has been invalidated"))
	held, err := s.db().Conn(t.Context()) // a reader that takes its time
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	s.health.tried = s.health.tried.Add(-reopenPause)
	done := make(chan error)
	go func() {
		_, err := s.Admit(context.WithoutCancel(t.Context()), &record.Batch{Input: "x", Complaints: rows[40:]}, nosy)
		done <- err
	}()
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	var n int
	if err := s.QueryRow(t.Context(), "select count(distinct seq) from complaint").Scan(&n); err != nil || n != 60 {
		t.Fatalf("%d complaints, %v", n, err)
	}
	s.health.looked, s.health.free, s.health.least = s.now().AddDate(1, 0, 0), 1, 2
	if _, err := s.Admit(t.Context(), &record.Batch{Input: "x", Complaints: rows}, nosy); !errors.Is(err, ErrNoSpace) || !strings.Contains(err.Error(), "MB") {
		t.Fatalf("on a full disk: %v", err)
	}
}

// TestAReusedKeyIsToldBesideASpoiltBatch: what is wrong with one delivery is not
// lost when its group fails because of another batch.
func TestAReusedKeyIsToldBesideASpoiltBatch(t *testing.T) {
	s := fresh(t)
	rows := complaints(3)
	once := func(body uint64) *record.Once {
		return &record.Once{Scope: "http", Key: "k1", Body: record.Identity{Hi: body}}
	}
	if _, err := s.Admit(t.Context(), &record.Batch{Input: "http", Complaints: rows[:1], Once: once(1)}, nosy); err != nil {
		t.Fatal(err)
	}
	s.turn <- struct{}{}
	var reused, spoilt error
	var wg sync.WaitGroup
	wg.Go(func() {
		_, reused = s.Admit(t.Context(), &record.Batch{Input: "http", Complaints: rows[1:2], Once: once(2)}, nosy)
	})
	wg.Go(func() {
		_, spoilt = s.Admit(t.Context(), &record.Batch{Input: "http", Complaints: rows[2:]}, func(*record.Complaint, *record.History) record.Decision { panic("boom") })
	})
	wait(t, func() bool { s.waiting.Lock(); defer s.waiting.Unlock(); return len(s.queue) == 2 })
	<-s.turn
	wg.Wait()
	if !errors.Is(reused, ErrKeyReused) || spoilt == nil {
		t.Errorf("reused: %v, spoilt: %v", reused, spoilt)
	}
}

// TestEveryWriterOpensTheEngineAgain: an engine that gave up is opened again by
// whoever writes next, and a writer that finds none is told so.
func TestEveryWriterOpensTheEngineAgain(t *testing.T) {
	s := fresh(t)
	writers := map[string]func() error{
		"forget":  func() error { _, err := s.ForgetPositions(t.Context(), []string{"x"}); return err },
		"replay":  func() error { return s.MarkReplayed(t.Context(), []int64{1}) },
		"run":     func() error { _, err := s.SaveRun(t.Context(), Run{Kind: "x"}); return err },
		"rescore": func() error { _, err := s.Rescore(t.Context(), "x", nosy); return err },
		"propose": func() error { _, err := s.Propose(t.Context(), nil); return err },
		"change":  func() error { return s.Change(t.Context(), func(Writer) error { return nil }) },
		"admit": func() error {
			_, err := s.Admit(t.Context(), &record.Batch{Input: "x", Complaints: complaints(1)}, nosy)
			return err
		},
	}
	for name, write := range writers {
		s.noteFault(errors.New("FATAL Error"))
		s.health.tried = time.Time{}
		if err := write(); err != nil || s.health.broken {
			t.Errorf("%s: %v, broken %v", name, err, s.health.broken)
		}
	}
	reader, err := s.db().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := reader.QueryRow("select 1").Scan(new(int)); err != nil {
		t.Fatal(err)
	}
	s.noteFault(errors.New("FATAL Error"))
	s.health.tried = time.Time{}
	if err := writers["admit"](); !errors.Is(err, ErrUnavailable) {
		t.Fatal(err)
	}
	for name, write := range writers {
		s.health.tried = time.Now() // so that nobody waits for the reader once more
		if err := write(); !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s while a reader holds the old engine: %v", name, err)
		}
	}
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	s.health.tried = time.Time{}
	if err := writers["admit"](); err != nil {
		t.Errorf("after the reader: %v", err)
	}
}
