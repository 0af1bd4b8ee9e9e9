package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"

	"plaint/ingest/simulate"
	"plaint/internal/testload"
)

// BenchmarkPost posts complaints of a simulated broker to a server in another
// process, from 64 clients at the same time, which share its processors: singly
// and in hundreds. Every answer means that the rows, their decisions and their
// cases are on disk.
//
//	go test ./cmd/plaint -run xxx -bench Post -benchtime 20000x
func BenchmarkPost(b *testing.B) {
	dir := b.TempDir()
	if _, err := (simulate.Config{Seed: 1, Complaints: 100_000, Customers: 50_000}).WriteDir(dir); err != nil {
		b.Fatal(err)
	}
	rows := testload.Rows(b, filepath.Join(dir, "complaints.csv"))
	if err := os.Remove(filepath.Join(dir, "complaints.csv")); err != nil {
		b.Fatal(err)
	}
	program := filepath.Join(dir, "plaint")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	for _, size := range []int{1, 100} {
		b.Run(fmt.Sprintf("rows=%d", size), func(b *testing.B) {
			db := filepath.Join(b.TempDir(), "b.db")
			if out, err := exec.Command(program, "ingest", filepath.Join(dir, "accounts.csv"), filepath.Join(dir, "transactions.csv"), "--quiet", "--db", db).CombinedOutput(); err != nil {
				b.Fatalf("%v\n%s", err, out)
			}
			url, stop := serveProcess(b, program, db)
			defer stop()
			post(b, url, rows, size, 64)
		})
	}
}

// BenchmarkPostMillion posts complaints one by one, from 1, 64 and 256 clients, to a
// server on a file that holds a million complaints and eighteen million accounts and
// transactions of their customers. Beside the answers' times stands what a complaint
// takes from its signals to its reasons, at most, as the server's metric says.
//
//	go test ./cmd/plaint -run xxx -bench PostMillion -benchtime 4000x -timeout 30m
func BenchmarkPostMillion(b *testing.B) {
	dir := b.TempDir()
	if _, err := (simulate.Config{Seed: 1, Complaints: 1_000_000}).WriteDir(dir); err != nil {
		b.Fatal(err)
	}
	program, db := filepath.Join(dir, "plaint"), filepath.Join(dir, "b.db")
	for _, args := range [][]string{{"go", "build", "-o", program, "."},
		{program, "ingest", filepath.Join(dir, "accounts.csv"), filepath.Join(dir, "transactions.csv"), filepath.Join(dir, "complaints.csv"), "--quiet", "--db", db}} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			b.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	rows := testload.Rows(b, firstLines(b, filepath.Join(dir, "complaints.csv"), 20_000)) // under new numbers
	url, stop := serveProcess(b, program, db)
	defer stop()
	for i := 0; ; i++ { // until what is known of customers has been read
		before := screened(b, url)
		body, err := json.Marshal(numbered(rows[i], -1-i))
		if err != nil {
			b.Fatal(err)
		}
		answer, err := http.Post(url+"/v1/complaints?source=http", "application/json", bytes.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		answer.Body.Close()
		if screened(b, url).quantile(before, .5) < .001 {
			break
		}
		time.Sleep(time.Second)
	}
	for _, clients := range []int{64, 256, 1} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			before := screened(b, url)
			post(b, url, rows, 1, clients)
			after := screened(b, url)
			b.ReportMetric(after.quantile(before, .5)*1000, "screening-p50-ms")
			b.ReportMetric(after.quantile(before, .99)*1000, "screening-p99-ms")
		})
	}
}

// firstLines copies the beginning of a file of lines.
func firstLines(b *testing.B, path string, lines int) string {
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	var out bytes.Buffer
	for r := bufio.NewReader(f); lines >= 0; lines-- {
		line, err := r.ReadBytes('\n')
		if err != nil {
			b.Fatal(err)
		}
		out.Write(line)
	}
	short := path + ".head"
	if err := os.WriteFile(short, out.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	return short
}

// screening is the server's histogram of screening times: how many complaints took at
// most so many seconds.
type screening struct{ seconds, count []float64 }

var screeningLine = regexp.MustCompile(`plaint_screening_seconds_bucket\{le="([^"]+)"\} (\S+)`)

func screened(b *testing.B, url string) (s screening) {
	answer, err := http.Get(url + "/metrics")
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		b.Fatal(err)
	}
	for _, g := range screeningLine.FindAllSubmatch(text, -1) {
		le, err1 := strconv.ParseFloat(string(g[1]), 64)
		n, err2 := strconv.ParseFloat(string(g[2]), 64)
		if err1 != nil || err2 != nil {
			b.Fatal(err1, err2)
		}
		s.seconds, s.count = append(s.seconds, le), append(s.count, n)
	}
	return s
}

// quantile is the upper end of the bucket in which a share of those since before are.
func (s screening) quantile(before screening, share float64) float64 {
	all := s.count[len(s.count)-1] - before.count[len(s.count)-1]
	if all == 0 {
		return math.NaN()
	}
	for i, le := range s.seconds {
		if s.count[i]-before.count[i] >= share*all {
			return le
		}
	}
	return math.NaN()
}

// serveProcess starts a server on a free port and waits until it says where.
func serveProcess(t testing.TB, program, db string, args ...string) (url string, stop func()) {
	t.Helper()
	cmd := exec.Command(program, append([]string{"serve", "--db", db, "--listen", "127.0.0.1:0"}, args...)...)
	pipe, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(pipe)
	for url == "" && lines.Scan() {
		if i := strings.Index(lines.Text(), "http://"); i >= 0 {
			url = strings.Fields(lines.Text()[i:])[0]
		}
	}
	go io.Copy(io.Discard, pipe)
	return strings.TrimRight(url, "/."), func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	}
}

// numbered is a row under a new id, without its empty cells.
func numbered(row map[string]string, i int) map[string]string {
	out := make(map[string]string, len(row))
	for k, v := range row {
		if v != "" {
			out[k] = v
		}
	}
	out["id"] = fmt.Sprintf("%s-%d", row["id"], i)
	return out
}

// posted counts what was ever sent, so that no row is known when it comes.
var posted atomic.Int64

// post sends b.N rows, size at a time, from so many clients.
func post(b *testing.B, url string, rows []map[string]string, size, clients int) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	var next atomic.Int64
	var mu sync.Mutex
	var took []time.Duration
	send := func(from, to int) error {
		var body bytes.Buffer
		for i := from; i < to; i++ {
			line, err := json.Marshal(numbered(rows[i%len(rows)], int(posted.Add(1))))
			if err != nil {
				return err
			}
			body.Write(append(line, '\n'))
		}
		started := time.Now()
		res, err := client.Post(url+"/v1/complaints?source=http", "application/x-ndjson", &body)
		if err != nil {
			return err
		}
		answer, err := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != http.StatusOK || err != nil {
			return fmt.Errorf("%s %s %v", res.Status, answer, err)
		}
		mu.Lock()
		took = append(took, time.Since(started))
		mu.Unlock()
		return nil
	}
	if err := send(0, 1); err != nil { // the server reads what it has to know
		b.Fatal(err)
	}
	took = nil
	next.Store(1)
	b.ResetTimer()
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			for {
				from := int(next.Add(int64(size))) - size
				if from >= b.N {
					return
				}
				if err := send(from, min(from+size, b.N)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if len(took) == 0 {
		return // the trial run of one row
	}
	slices.Sort(took)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkQueue reads a JetStream stream into committed rows, by a server in
// another process: complaints with their decisions, and log lines.
//
//	go test ./cmd/plaint -run xxx -bench Queue -benchtime 200000x
func BenchmarkQueue(b *testing.B) {
	program := builtProgram(b)
	for _, kind := range []string{"complaints", "logs"} {
		b.Run(kind, func(b *testing.B) {
			dir := b.TempDir()
			server, err := natsserver.NewServer(&natsserver.Options{Port: -1, JetStream: true, StoreDir: filepath.Join(dir, "nats"), NoLog: true, NoSigs: true})
			if err != nil {
				b.Fatal(err)
			}
			go server.Start()
			defer server.Shutdown()
			if !server.ReadyForConnections(20 * time.Second) {
				b.Fatal("the broker does not start")
			}
			publishAll(b, server.ClientURL(), kind, b.N)
			settings := filepath.Join(dir, "plaint.yaml")
			text := fmt.Sprintf("sources:\n  - {name: q, type: jetstream, as: %s, url: %q, stream: Q}\n", kind, server.ClientURL())
			if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			url, stop := serveProcess(b, program, filepath.Join(dir, "q.db"), "--config", settings)
			defer stop()
			for sourceLoaded(b, url, "q") < b.N {
				time.Sleep(20 * time.Millisecond)
			}
			reportRows(b, url, "rows/s")
		})
	}
}

// publishAll fills a stream with n messages.
func publishAll(b *testing.B, url, kind string, n int) {
	conn, err := nats.Connect(url)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err == nil {
		_, err = js.CreateStream(b.Context(), jetstream.StreamConfig{Name: "Q", Subjects: []string{"q"}, Storage: jetstream.FileStorage})
	}
	for i := 0; i < n && err == nil; i++ {
		body := fmt.Sprintf(`{"id":"C%d","customer":"U%d","received":"2026-03-%02d %02d:10:00","type":"withdrawal","channel":"app","amount":%d,"currency":"USD","status":"open","body":"My withdrawal number %d of last week has not arrived and nobody answers my calls."}`, i, i%20000, 1+i/24%28, i%24, i%1000, i)
		if kind == "logs" {
			body = fmt.Sprintf(`{"time":"2026-03-01T10:%02d:%02d.%06dZ","service":"payment","host":"p1","level":"ERROR","message":"gateway timeout after %d ms for order %d","trace":"%016x"}`, i/60%60, i%60, i%1000000, i%3000, i, i)
		}
		_, err = js.PublishAsync("q", []byte(body))
	}
	if err != nil {
		b.Fatal(err)
	}
	<-js.PublishAsyncComplete()
}

// sourceLoaded is how many rows a source of the server has loaded.
func sourceLoaded(t testing.TB, url, source string) int {
	return int(metric(t, url, `plaint_source_rows_total{outcome="loaded",source="`+source+`"}`))
}

// metric is the value of one of the server's series, 0 if it has none yet.
func metric(t testing.TB, url, series string) float64 {
	res, err := http.Get(url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		if v, ok := strings.CutPrefix(lines.Text(), series+" "); ok {
			n, err := strconv.ParseFloat(v, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	return 0
}

// reportRows reports how many rows the server took a second, and how much of its
// processors each cost: that hardly depends on what else the machine does.
func reportRows(b *testing.B, url, unit string) {
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), unit)
	b.ReportMetric(metric(b, url, "process_cpu_seconds_total")/float64(b.N)*1e6, "cpu-µs/row")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkOTLP sends log records, a thousand in a request, from eight exporters
// over OTLP/gRPC to a server in another process: every answer means that they
// are on disk.
//
//	go test ./cmd/plaint -run xxx -bench OTLP -benchtime 1000000x
func BenchmarkOTLP(b *testing.B) {
	const each, exporters = 1000, 8
	program, dir := builtProgram(b), b.TempDir()
	requests := make([][]byte, (b.N+each-1)/each)
	for i := range requests {
		requests[i] = exportRequest(b, i*each, min(each, b.N-i*each))
	}
	address := freeAddress(b)
	settings := filepath.Join(dir, "plaint.yaml")
	if err := os.WriteFile(settings, fmt.Appendf(nil, "sources:\n  - {name: otel, type: otlp, grpc: %q}\n", address), 0o600); err != nil {
		b.Fatal(err)
	}
	url, stop := serveProcess(b, program, filepath.Join(dir, "o.db"), "--config", settings)
	defer stop()
	conn, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for range exporters {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(requests); i = int(next.Add(1)) - 1 {
				if err := conn.Invoke(b.Context(), "/opentelemetry.proto.collector.logs.v1.LogsService/Export", &emptypb.Empty{}, &emptypb.Empty{},
					grpc.WaitForReady(true), grpc.ForceCodec(asItIs(requests[i]))); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	reportRows(b, url, "lines/s")
	if n := sourceLoaded(b, url, "otel"); n != b.N {
		b.Errorf("%d of %d lines are kept", n, b.N)
	}
}

// asItIs is a codec that sends one request as it was encoded before.
type asItIs []byte

func (a asItIs) Marshal(any) ([]byte, error)     { return a, nil }
func (a asItIs) Unmarshal(_ []byte, _ any) error { return nil }
func (a asItIs) Name() string                    { return "proto" }

func exportRequest(b *testing.B, from, n int) []byte {
	text := func(s string) *common.AnyValue {
		return &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: s}}
	}
	attribute := func(key, value string) *common.KeyValue { return &common.KeyValue{Key: key, Value: text(value)} }
	lines := make([]*logs.LogRecord, n)
	for i := range lines {
		at := from + i
		lines[i] = &logs.LogRecord{TimeUnixNano: uint64(1767600000000000000 + at*1_000_000), SeverityNumber: 9, SeverityText: "INFO",
			Body:       text(fmt.Sprintf("withdrawal %d accepted by the gateway in %d ms", at, at%977)),
			Attributes: []*common.KeyValue{attribute("customer.id", fmt.Sprintf("C-%d", at%20000)), attribute("http.route", "/v2/withdrawals")},
			TraceId:    fmt.Appendf(nil, "%016d", at), SpanId: fmt.Appendf(nil, "%08d", at%100_000_000)}
	}
	body, err := proto.Marshal(&logs.LogsData{ResourceLogs: []*logs.ResourceLogs{{
		Resource:  &resource.Resource{Attributes: []*common.KeyValue{attribute("service.name", "payments"), attribute("host.name", "pay-7f9c")}},
		ScopeLogs: []*logs.ScopeLogs{{LogRecords: lines}},
	}}})
	if err != nil {
		b.Fatal(err)
	}
	return body
}

// freeAddress is one on which nobody listens, so that a server can have the same
// one in each of its lives.
func freeAddress(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
