package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"plaint/ingest/simulate"
	"plaint/internal/store"
	"plaint/internal/store/memory"
)

var (
	kills = flag.Int("kills", 8, "how often the soak kills the server")
	seed  = flag.Uint64("seed", 1, "of the moments of the soak's kills")
)

// TestSoak kills a server at random moments while rows come in over HTTP,
// JetStream and a followed file that is rotated, and then counts: nothing that
// was acknowledged may be missing, nothing may be there twice. The long form:
//
//	go test ./cmd/plaint -run 'TestSoak$' -kills 300 -timeout 2h -v
//
// TestSoakWithClockJumps does the same with a clock that jumps. TestSoakCanFail
// does it with positions that are written apart from the rows, and must find the
// fault.
func TestSoak(t *testing.T) {
	if testing.Short() {
		t.Skip("kills servers for a while")
	}
	s := newSoak(t, builtProgram(t))
	s.run(*kills)
	if faults := s.check(); len(faults) > 0 {
		t.Fatalf("seed %d: %s\n%s", *seed, strings.Join(faults, "; "), s.last.said())
	}
	t.Logf("%d kills: %d rows over HTTP, %d over JetStream, %d lines; recovery at most %v", *kills, s.posted.Load()+s.answers.Load(), s.published.Load(), s.lines.Load(), s.slowest.Round(time.Millisecond))
	if s.slowest > 2*time.Second {
		t.Errorf("the slowest recovery took %v", s.slowest)
	}
}

// TestSoakWithClockJumps does the same with a server whose clock jumps forth and
// back by seconds, hours and years.
func TestSoakWithClockJumps(t *testing.T) {
	if testing.Short() {
		t.Skip("kills servers for a while")
	}
	s := newSoak(t, taggedProgram(t, "plaint_clock"))
	s.run(*kills)
	if faults := s.check(); len(faults) > 0 {
		t.Fatalf("seed %d: %s\n%s", *seed, strings.Join(faults, "; "), s.last.said())
	}
	st, err := store.Open(t.Context(), s.db, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	var years, back int64
	err = st.QueryRow(t.Context(), `select date_diff('year', min(at), max(at)), (select count(*) from (select at < lag(at) over (order by batch) as back from admission) where back) from admission`).Scan(&years, &back)
	if err != nil || years < 5 || back == 0 {
		t.Fatalf("the clock did not jump: %d years between the batches, %d times back, %v", years, back, err)
	}
	t.Logf("%d kills, the clock went back %d times: %d rows over HTTP, %d over JetStream, %d lines", *kills, back, s.posted.Load()+s.answers.Load(), s.published.Load(), s.lines.Load())
}

// taggedProgram is plaint as built with a tag.
func taggedProgram(t *testing.T, tag string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), tag)
	if out, err := exec.Command("go", "build", "-tags", tag, "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// TestSoakCanFail is the control.
func TestSoakCanFail(t *testing.T) {
	if testing.Short() {
		t.Skip("kills servers for a while")
	}
	program := taggedProgram(t, "plaint_control")
	for attempt := range 5 {
		s := newSoak(t, program)
		s.run(max(8, *kills/10))
		if faults := s.check(); len(faults) > 0 {
			t.Logf("found: %s", strings.Join(faults, "; "))
			return
		}
		t.Logf("attempt %d found nothing", attempt+1)
	}
	t.Fatal("positions were written apart from their rows, and the soak did not notice")
}

// soak is one run: the clients, the broker and the file outlive the server.
type soak struct {
	t       *testing.T
	program string
	dir, db string
	listen  string
	nats    *natsserver.Server
	random  *rand.Rand
	last    *process
	slowest time.Duration

	stopFeeding                       context.CancelFunc
	feeding                           sync.WaitGroup
	posted, answers, published, lines atomic.Int64 // acknowledged
	httpFailed, rotations, lives      atomic.Int64
}

func newSoak(t *testing.T, program string) *soak {
	dir := t.TempDir()
	s := &soak{t: t, program: program, dir: dir, db: filepath.Join(dir, "soak.db"), listen: freeAddress(t), random: rand.New(rand.NewPCG(*seed, 7))}
	var err error
	s.nats, err = natsserver.NewServer(&natsserver.Options{Port: -1, JetStream: true, StoreDir: filepath.Join(dir, "nats"), SyncAlways: true, NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	go s.nats.Start()
	if !s.nats.ReadyForConnections(20 * time.Second) {
		t.Fatal("the broker does not start")
	}
	t.Cleanup(s.nats.Shutdown)
	if err := os.Mkdir(filepath.Join(dir, "log"), 0o700); err != nil {
		t.Fatal(err)
	}
	settings := fmt.Sprintf(`sources:
  - {name: answers, type: jetstream, as: surveys, url: %q, stream: ANSWERS}
  - {name: app, type: follow, as: logs, path: %q}
`, s.nats.ClientURL(), filepath.Join(dir, "log", "app.log"))
	if err := os.WriteFile(filepath.Join(dir, "plaint.yaml"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *soak) start() *process {
	started := time.Now()
	p := startServer(s.t, s.program, s.db, nil, "--listen", s.listen, "--config", filepath.Join(s.dir, "plaint.yaml"))
	if p.url == "" {
		s.t.Fatalf("the server does not start: %s", p.said())
	}
	s.lives.Add(1)
	s.slowest = max(s.slowest, time.Since(started))
	s.last = p
	return p
}

// run kills the server n times, then lets it take in what is left.
func (s *soak) run(n int) {
	ctx, cancel := context.WithCancel(s.t.Context())
	s.stopFeeding = cancel
	s.t.Cleanup(cancel)
	for _, feed := range []func(context.Context){s.postComplaints, s.postAnswers, s.publish, s.write} {
		s.feeding.Go(func() { feed(ctx) })
	}
	for range n {
		p := s.start()
		time.Sleep(time.Duration(20+s.random.IntN(500)) * time.Millisecond)
		_ = p.cmd.Process.Kill()
		p.wait()
	}
	p := s.start()
	cancel()
	s.feeding.Wait()
	s.drain(p)
	p.stop()
}

// postComplaints posts numbered complaints, each delivery until it is answered.
func (s *soak) postComplaints(ctx context.Context) {
	for i := 0; ctx.Err() == nil; {
		size := 1 + i%17
		var body strings.Builder
		for j := i; j < i+size; j++ {
			fmt.Fprintf(&body, `{"id":"N%d","customer":"U%d","received":"2026-03-01 10:00:00","body":"提现一直没有到账 %d"}`+"\n", j, j%50, j)
		}
		if s.deliver(ctx, "complaints", body.String(), "") {
			s.posted.Add(int64(size))
			i += size
		}
	}
}

// postAnswers posts answers that are all the same and have no id: only the key of
// the delivery tells them apart.
func (s *soak) postAnswers(ctx context.Context) {
	for i := 0; ctx.Err() == nil; {
		if s.deliver(ctx, "surveys", `{"score":5,"comment":"http","date":"2026-03-01"}`, fmt.Sprint("answer-", i)) {
			s.answers.Add(1)
			i++
		}
	}
}

// deliver posts once; false is to be tried again. When the feeding ends, the last
// delivery is still brought to its end.
func (s *soak) deliver(ctx context.Context, kind, body, key string) bool {
	for {
		r, err := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodPost, "http://"+s.listen+"/v1/"+kind, strings.NewReader(body))
		if err != nil {
			s.t.Error(err)
			return false
		}
		r.Header.Set("Content-Type", "application/x-ndjson")
		if key != "" {
			r.Header.Set("Idempotency-Key", key)
		}
		if res, err := http.DefaultClient.Do(r); err == nil {
			answer, err := io.ReadAll(res.Body)
			res.Body.Close()
			if err == nil && res.StatusCode == http.StatusOK {
				return true
			}
			if res.StatusCode != http.StatusServiceUnavailable && err == nil {
				s.t.Errorf("%s %s", res.Status, answer)
				return false
			}
		}
		s.httpFailed.Add(1)
		time.Sleep(5 * time.Millisecond)
	}
}

// publish sends answers that are all the same to the broker.
func (s *soak) publish(ctx context.Context) {
	conn, err := nats.Connect(s.nats.ClientURL())
	if err != nil {
		s.t.Error(err)
		return
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err == nil {
		_, err = js.CreateStream(ctx, jetstream.StreamConfig{Name: "ANSWERS", Subjects: []string{"answers"}, Storage: jetstream.FileStorage})
	}
	for err == nil && ctx.Err() == nil {
		if _, err = js.Publish(context.WithoutCancel(ctx), "answers", []byte(`{"score":4,"comment":"queue","date":"2026-03-01"}`)); err == nil {
			s.published.Add(1)
		}
		time.Sleep(300 * time.Microsecond)
	}
	if err != nil && ctx.Err() == nil {
		s.t.Error(err)
	}
}

// write appends numbered lines to the file that is followed and rotates it now
// and then.
func (s *soak) write(ctx context.Context) {
	path := filepath.Join(s.dir, "log", "app.log")
	random := rand.New(rand.NewPCG(*seed, 9))
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	for i := 0; err == nil && ctx.Err() == nil; i++ {
		if _, err = fmt.Fprintf(f, "2026-03-01 10:00:00,000 INFO app: line %d\n", i); err == nil {
			s.lines.Add(1)
		}
		if random.IntN(3000) == 0 && err == nil && s.lives.Load() > 3 { // a source begins with the file that is there
			f.Close()
			for n := s.rotations.Add(1); n > 1 && err == nil; n-- { // as logrotate does: .1 is the youngest
				err = os.Rename(fmt.Sprintf("%s.%d", path, n-1), fmt.Sprintf("%s.%d", path, n))
			}
			if err == nil {
				err = os.Rename(path, path+".1")
			}
			if err == nil {
				f, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
			}
		}
		if i%20 == 0 {
			time.Sleep(2 * time.Millisecond)
		}
	}
	if err != nil {
		s.t.Error(err)
	}
	f.Close()
}

var sourceRows = regexp.MustCompile(`plaint_source_lag\{source="(\w+)"\} ([0-9.e+]+)`)

// drain waits until nothing is left in the broker and the files. A rotated file is
// only left for the next after a silence of two seconds.
func (s *soak) drain(p *process) {
	for calm := 0; calm < 100; time.Sleep(100 * time.Millisecond) {
		res, err := http.Get(p.url + "/metrics")
		if err != nil {
			s.t.Fatalf("%v\n%s", err, p.said())
		}
		text, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			s.t.Fatal(err)
		}
		left, known := 0.0, 0
		for _, g := range sourceRows.FindAllStringSubmatch(string(text), -1) {
			n, err := strconv.ParseFloat(g[2], 64)
			if err != nil {
				s.t.Fatal(err)
			}
			left, known = left+n, known+1
		}
		if calm++; left > 0 || known < 2 {
			calm = 0
		}
		if s.t.Context().Err() != nil {
			s.t.Fatal("it never comes to an end")
		}
	}
}

// check counts what is in the file and says what is wrong with it.
func (s *soak) check() (faults []string) {
	st, err := store.Open(s.t.Context(), s.db, store.Options{})
	if err != nil {
		return []string{err.Error()}
	}
	defer st.Close()
	count := func(what, query string, want int64) {
		var n int64
		if err := st.QueryRow(s.t.Context(), query).Scan(&n); err != nil {
			faults = append(faults, err.Error())
		} else if n != want {
			faults = append(faults, fmt.Sprintf("%s: %d, not %d", what, n, want))
		}
	}
	posted := s.posted.Load()
	count("complaints", "select count(*) from complaint", posted)
	count("different complaints", "select count(distinct external_id) from complaint", posted)
	count("decisions", "select count(*) from decision", posted)
	count("decided complaints", "select count(distinct seq) from decision", posted)
	count("answers over HTTP", "select count(*) from survey where comment = 'http'", s.answers.Load())
	count("answers from the queue", "select count(*) from survey where comment = 'queue'", s.published.Load())
	count("lines", "select count(*) from log_line", s.lines.Load())
	count("different lines", "select count(distinct message) from log_line", s.lines.Load())
	var missing string
	err = st.QueryRow(s.t.Context(), `with want as (select i from range(0, ?) r(i) where 'line ' || i not in (select message from log_line)),
		runs as (select i, i - row_number() over (order by i) as run from want)
		select coalesce(string_agg(part, ', '), '') from (select min(i) || ' to ' || max(i) as part from runs group by run order by min(i) limit 9)`, s.lines.Load()).Scan(&missing)
	if err != nil || missing != "" {
		faults = append(faults, fmt.Sprintf("lines that are missing: %s %v", missing, err))
	}
	count("refused", "select count(*) from refused", 0)
	count("rows that the book does not know", `select sum(loaded)::bigint - (select count(*) from complaint) - (select count(*) from survey) - (select count(*) from log_line) from admission`, 0)
	if s.httpFailed.Load() == 0 {
		faults = append(faults, "no post ever failed: nothing was tried")
	}
	if text, err := json.Marshal(faults); err == nil && len(faults) > 0 {
		s.t.Logf("%s", text)
	}
	return faults
}

var soakMinutes = flag.Int("soak-minutes", 0, "how long the soak of the memory lasts")

// TestMemoryIsFlat posts for a long time at a steady rate and looks at the
// server's memory each minute: the last must be within a tenth of the fifth. The
// file holds more complaints to begin with than the server remembers, so that
// what it remembers does not grow any more.
//
//	go test ./cmd/plaint -run MemoryIsFlat -soak-minutes 30 -timeout 1h -v
func TestMemoryIsFlat(t *testing.T) {
	if *soakMinutes < 6 {
		t.Skip("takes long: -soak-minutes 30")
	}
	dir := t.TempDir()
	if _, err := (simulate.Config{Seed: 1, Complaints: memory.TrailWindow + 50_000, Customers: 300_000}).WriteDir(dir); err != nil {
		t.Fatal(err)
	}
	db := filepath.Join(dir, "flat.db")
	if out, err := exec.Command(builtProgram(t), "ingest", dir, "--quiet", "--db", db).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p := startServer(t, builtProgram(t), db, nil)
	if p.url == "" {
		t.Fatal(p.said())
	}
	var minutes []float64
	next := 0
	for minute := range *soakMinutes {
		most := 0.0
		for until := time.Now().Add(time.Minute); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
			if status, answer := p.post(t, next, 100); status != http.StatusOK {
				t.Fatalf("%d %s", status, answer)
			}
			next += 100
			most = max(most, residentMiB(t, p.cmd.Process.Pid))
		}
		minutes = append(minutes, most)
		t.Logf("minute %d: %.0f MiB, %d rows", minute+1, most, next)
	}
	p.stop()
	fifth, last := minutes[4], minutes[len(minutes)-1]
	if last > fifth*1.1 {
		t.Errorf("%.0f MiB in the fifth minute, %.0f in the last", fifth, last)
	}
}

// residentMiB is how much memory a process holds.
func residentMiB(t *testing.T, pid int) float64 {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		t.Skipf("the memory of a process cannot be read here: %v", err)
	}
	var size, resident float64
	if _, err := fmt.Sscan(string(data), &size, &resident); err != nil {
		t.Fatal(err)
	}
	return resident * float64(os.Getpagesize()) / (1 << 20)
}
