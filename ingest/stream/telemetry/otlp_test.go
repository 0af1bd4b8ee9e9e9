package telemetry

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	"go.yaml.in/yaml/v3"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"

	"plaint/ingest/stream"
	"plaint/ingest/stream/streamtest"
	"plaint/ingest/stream/telemetry/otlp"
	"plaint/internal/record"
)

const export = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"

func otlpSource(t testing.TB, change func(*OTLP)) stream.Source {
	t.Helper()
	c := &OTLP{Common: stream.Common{Name: "otel", Type: "otlp"}, HTTP: "127.0.0.1:0", GRPC: "127.0.0.1:0"}
	if change != nil {
		change(c)
	}
	return must(t, c.Source)
}

// client sends requests to a source.
type client struct {
	url  string
	conn *grpc.ClientConn
}

func newClient(t testing.TB, l *streamtest.Life) *client {
	t.Helper()
	c := &client{url: "http://" + addressOf(t, l, "protocol=http") + "/v1/logs"}
	conn, err := grpc.NewClient("passthrough:///"+addressOf(t, l, "protocol=grpc"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	c.conn = conn
	t.Cleanup(func() { conn.Close() })
	return c
}

type answer struct {
	status int
	head   http.Header
	body   []byte
}

func (c *client) post(t testing.TB, body io.Reader, head ...string) answer {
	t.Helper()
	q, err := http.NewRequest(http.MethodPost, c.url, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(head); i += 2 {
		q.Header.Set(head[i], head[i+1])
	}
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	out, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{r.StatusCode, r.Header, out}
}

// export sends a request over gRPC; the answer is the rejected records.
func (c *client) export(ctx context.Context, m proto.Message, o ...grpc.CallOption) (int, error) {
	var reply emptypb.Empty
	err := c.conn.Invoke(ctx, export, m, &reply, o...)
	return rejected(reply.ProtoReflect().GetUnknown()), err
}

// rejected is the number in an ExportLogsServiceResponse.
func rejected(b []byte) int {
	if len(b) == 0 {
		return 0
	}
	_, _, n := protowire.ConsumeTag(b)
	inner, _ := protowire.ConsumeBytes(b[n:])
	_, _, n = protowire.ConsumeTag(inner)
	v, _ := protowire.ConsumeVarint(inner[n:])
	return int(v)
}

func zipped(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Write(b)
	z.Close()
	return out.Bytes()
}

func request(t testing.TB, text string) *logs.LogsData {
	t.Helper()
	m := &logs.LogsData{}
	if err := prototext.Unmarshal([]byte(text), m); err != nil {
		t.Fatal(err)
	}
	return m
}

func wireOf(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var ids = regexp.MustCompile(`"(traceId|spanId)":\s*"([^"]*)"`)

func jsonOf(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := protojson.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return ids.ReplaceAllFunc(b, func(b []byte) []byte {
		g := ids.FindSubmatch(b)
		id, _ := base64.StdEncoding.DecodeString(string(g[2]))
		return fmt.Appendf(nil, `"%s":"%s"`, g[1], hex.EncodeToString(id))
	})
}

const (
	asProto = "application/x-protobuf"
	asJSON  = "application/json"
)

// TestOTLPEncodings sends the cases of the decoder in every encoding: each way the
// same rows are kept.
func TestOTLPEncodings(t *testing.T) {
	cases, err := filepath.Glob("otlp/testdata/cases/*/request.txtpb")
	if err != nil || len(cases) == 0 {
		t.Fatal("no cases", err)
	}
	for _, path := range cases {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		m := request(t, string(text))
		var want record.Batch
		if err := otlp.Protobuf(&want, wireOf(t, m), otlp.Options{Input: "otel", Source: "otel"}); err != nil {
			t.Fatal(err)
		}
		for name, send := range map[string]func(c *client) (rejected int){
			"http protobuf":      func(c *client) int { return c.taken(t, wireOf(t, m), asProto, "") },
			"http protobuf gzip": func(c *client) int { return c.taken(t, zipped(wireOf(t, m)), asProto, "gzip") },
			"http json":          func(c *client) int { return c.taken(t, jsonOf(t, m), asJSON, "") },
			"http json gzip":     func(c *client) int { return c.taken(t, zipped(jsonOf(t, m)), asJSON+"; charset=utf-8", "gzip") },
			"grpc":               func(c *client) int { return c.exported(t, m) },
			"grpc gzip":          func(c *client) int { return c.exported(t, m, grpc.UseCompressor("gzip")) },
		} {
			t.Run(filepath.Base(filepath.Dir(path))+"/"+name, func(t *testing.T) {
				b := newBook()
				c := newClient(t, streamtest.StartOnce(t, otlpSource(t, nil), b))
				for range 2 { // the second time all is known
					if n := send(c); n != len(want.Refused) {
						t.Errorf("%d are rejected, not %d", n, len(want.Refused))
					}
				}
				equal(t, "lines", b.Lines, want.Logs)
				equal(t, "refusals", b.Refused, want.Refused)
			})
		}
	}
}

func (c *client) taken(t testing.TB, body []byte, media, encoding string) int {
	t.Helper()
	a := c.post(t, bytes.NewReader(body), "Content-Type", media, "Content-Encoding", encoding)
	if a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if strings.HasPrefix(media, asJSON) {
		var n int
		fmt.Sscanf(string(a.body), `{"partialSuccess":{"rejectedLogRecords":"%d"`, &n)
		return n
	}
	return rejected(a.body)
}

func (c *client) exported(t testing.TB, m proto.Message, o ...grpc.CallOption) int {
	t.Helper()
	n, err := c.export(t.Context(), m, o...)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

const one = `resource_logs { scope_logs { log_records { time_unix_nano: 1767600000000000000 body { string_value: "one" } } } }`

// TestOTLPFailingStore: nothing is acknowledged that is not kept, and the exporter
// is told to come again.
func TestOTLPFailingStore(t *testing.T) {
	b := newBook()
	b.Fault = func(n int) streamtest.Fault {
		return []streamtest.Fault{streamtest.Before, streamtest.After, streamtest.Before, streamtest.After, streamtest.None}[min(n, 5)-1]
	}
	c := newClient(t, streamtest.StartOnce(t, otlpSource(t, nil), b))
	m := request(t, one)
	for range 2 {
		a := c.post(t, bytes.NewReader(wireOf(t, m)), "Content-Type", asProto)
		var s spb.Status
		if err := proto.Unmarshal(a.body, &s); a.status != http.StatusServiceUnavailable || a.head.Get("Retry-After") == "" || err != nil || codes.Code(s.Code) != codes.Unavailable {
			t.Fatalf("%d %v %q", a.status, a.head, a.body)
		}
	}
	for range 2 {
		_, err := c.export(t.Context(), m)
		wantRetry(t, err, codes.Unavailable, true)
	}
	if n, err := c.export(t.Context(), m); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	equal(t, "lines", b.messages(), []string{"one"})
}

// wantRetry checks a code, and whether the client is told to try again.
func wantRetry(t testing.TB, err error, code codes.Code, retry bool) {
	t.Helper()
	s, _ := status.FromError(err)
	told := false
	for _, d := range s.Details() {
		_, is := d.(*errdetails.RetryInfo)
		told = told || is
	}
	if s.Code() != code || told != retry {
		t.Fatalf("%v with %v, wanted %v, to be tried again: %v", err, s.Details(), code, retry)
	}
}

// TestOTLPBusy: when there is no room, clients are told to come again, and there
// is room afterwards.
func TestOTLPBusy(t *testing.T) {
	b := newBook()
	open, held := make(chan struct{}), make(chan struct{}, 100)
	b.Hold = func(ctx context.Context, _ *record.Batch) error {
		held <- struct{}{}
		<-open
		return nil
	}
	l := streamtest.StartOnce(t, otlpSource(t, func(c *OTLP) {
		c.limits.complete()
		c.limits.memory, c.limits.body = 900<<10, 100<<10
	}), b)
	c := newClient(t, l)
	m := request(t, one)
	var wait sync.WaitGroup
	for range 2 {
		wait.Go(func() { c.taken(t, wireOf(t, m), asProto, "") })
		<-held
	}
	wait.Go(func() { c.exported(t, m) })
	<-held
	if l.Meter.Read().Oldest <= 0 {
		t.Error("the meter does not know of rows under way")
	}
	a := c.post(t, bytes.NewReader(wireOf(t, m)), "Content-Type", asProto)
	if a.status != http.StatusTooManyRequests || a.head.Get("Retry-After") == "" {
		t.Errorf("%d %s", a.status, a.body)
	}
	_, err := c.export(t.Context(), m)
	wantRetry(t, err, codes.ResourceExhausted, true)
	close(open)
	wait.Wait()
	if l.Meter.Read().Oldest != 0 {
		t.Error("rows are said to be under way")
	}
	for range 20 {
		c.taken(t, wireOf(t, m), asProto, "")
		c.exported(t, m)
	}
}

func TestOTLPTokens(t *testing.T) {
	t.Setenv("OTLP_A", "secret-a")
	t.Setenv("OTLP_B", "secret-b")
	b := newBook()
	c := newClient(t, streamtest.StartOnce(t, otlpSource(t, func(c *OTLP) { c.Tokens = []stream.Secret{{Env: "OTLP_A"}, {Env: "OTLP_B"}} }), b))
	m := request(t, one)
	for value, ok := range map[string]bool{"": false, "Bearer": false, "Bearer wrong": false, "Basic secret-a": false, "Bearer secret-a": true, "bearer secret-b": true, "Bearer secret-asecret-b": false} {
		a := c.post(t, bytes.NewReader(wireOf(t, m)), "Content-Type", asProto, "Authorization", value)
		if want := map[bool]int{false: 401, true: 200}[ok]; a.status != want {
			t.Errorf("%q: %d", value, a.status)
		}
		ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", value)
		_, err := c.export(ctx, m)
		if want := map[bool]codes.Code{false: codes.Unauthenticated, true: codes.OK}[ok]; status.Code(err) != want {
			t.Errorf("%q: %v", value, err)
		}
	}
	r := &receiver{}
	for from, ok := range map[string]bool{"127.0.0.1": true, "127.8.8.8": true, "::1": true, "10.0.0.1": false, "2001:db8::1": false, "0.0.0.0": false} {
		if err := r.maySend(netip.MustParseAddr(from), ""); (err == nil) != ok {
			t.Errorf("%s without tokens: %v", from, err)
		}
	}
	if r.maySend(netip.Addr{}, "") == nil {
		t.Error("a client of nowhere may send")
	}
}

// endless is a body that never ends, and never has more than it gave.
type endless struct {
	first io.Reader
	gone  <-chan struct{}
}

func (e *endless) Read(b []byte) (int, error) {
	if n, err := e.first.Read(b); n > 0 || err != io.EOF {
		return n, err
	}
	<-e.gone
	return 0, io.EOF
}

func TestOTLPHostile(t *testing.T) {
	b := newBook()
	c := newClient(t, streamtest.StartOnce(t, otlpSource(t, func(c *OTLP) {
		c.limits.complete()
		c.limits.body = 1 << 20
	}), b))
	hasty := newClient(t, streamtest.StartOnce(t, otlpSource(t, func(c *OTLP) {
		c.limits.complete()
		c.limits.grace = 50 * time.Millisecond
	}), newBook()))
	good := wireOf(t, request(t, one))
	bomb := zipped(make([]byte, 64<<20))
	nested := []byte{0x0a, 1, 'x'}
	for range 100 {
		nested = protowire.AppendBytes([]byte{0x0a}, nested)
		nested = protowire.AppendBytes([]byte{0x2a}, nested)
	}
	nested = protowire.AppendBytes([]byte{0x2a}, nested)
	for _, tag := range []byte{0x12, 0x12, 0x0a} {
		nested = protowire.AppendBytes([]byte{tag}, nested)
	}
	gone := make(chan struct{})
	defer close(gone)
	for name, x := range map[string]struct {
		body  io.Reader
		media string
		gzip  string
		want  int
	}{
		"nothing":           {strings.NewReader(""), asProto, "", 200},
		"truncated":         {bytes.NewReader(good[:len(good)-3]), asProto, "", 400},
		"JSON as protobuf":  {strings.NewReader(`{"resourceLogs":[]}`), asProto, "", 400},
		"protobuf as JSON":  {bytes.NewReader(good), asJSON, "", 400},
		"text":              {strings.NewReader("x"), "text/plain", "", 415},
		"no type":           {strings.NewReader("x"), "", "", 415},
		"zstd":              {strings.NewReader("x"), asProto, "zstd", 415},
		"no gzip":           {bytes.NewReader(good), asProto, "gzip", 400},
		"gzip cut off":      {bytes.NewReader(zipped(good)[:20]), asProto, "gzip", 400},
		"too large":         {bytes.NewReader(make([]byte, 2<<20)), asProto, "", 413},
		"too large chunked": {io.MultiReader(bytes.NewReader(make([]byte, 2<<20))), asProto, "", 413},
		"bomb":              {bytes.NewReader(bomb), asProto, "gzip", 413},
		"bomb of records":   {bytes.NewReader(protowire.AppendBytes([]byte{0x0a}, protowire.AppendBytes([]byte{0x12}, bytes.Repeat([]byte{0x12, 0}, 400_000)))), asProto, "", 413},
		"nested":            {bytes.NewReader(nested), asProto, "", 400},
		"silent":            {&endless{bytes.NewReader(good), gone}, asProto, "", 408},
		"silent gzip":       {&endless{strings.NewReader(""), gone}, asProto, "gzip", 408},
	} {
		t.Run("http/"+name, func(t *testing.T) {
			to := c
			if x.want == http.StatusRequestTimeout {
				to = hasty
			}
			a := to.post(t, x.body, "Content-Type", x.media, "Content-Encoding", x.gzip)
			if a.status != x.want {
				t.Errorf("%d %q, wanted %d", a.status, a.body, x.want)
			}
		})
	}
	for method, want := range map[string]int{http.MethodGet: 405, http.MethodPut: 405} {
		q, _ := http.NewRequest(method, c.url, nil)
		q.Header.Set("Content-Type", asProto)
		if r, err := http.DefaultClient.Do(q); err != nil || r.StatusCode != want {
			t.Errorf("%s: %v %v", method, r, err)
		}
	}
	if a := c.post(t, bytes.NewReader(good), "Content-Type", asJSON, "Sec-Fetch-Site", "cross-site"); a.status != 403 {
		t.Errorf("a page of another site: %d", a.status)
	}
	if r, err := http.Post(strings.Replace(c.url, "logs", "traces", 1), asProto, bytes.NewReader(good)); err != nil || r.StatusCode != 404 {
		t.Errorf("traces: %v %v", r, err)
	}
	for name, x := range map[string]struct {
		body []byte
		o    []grpc.CallOption
		want codes.Code
	}{
		"nothing":   {nil, nil, codes.OK},
		"truncated": {good[:len(good)-3], nil, codes.InvalidArgument},
		"too large": {make([]byte, 2<<20), nil, codes.ResourceExhausted},
		"bomb":      {make([]byte, 64<<20), []grpc.CallOption{grpc.UseCompressor("gzip")}, codes.ResourceExhausted},
		"nested":    {nested, nil, codes.InvalidArgument},
	} {
		t.Run("grpc/"+name, func(t *testing.T) {
			var reply []byte
			err := c.conn.Invoke(t.Context(), export, x.body, &reply, append(x.o, grpc.ForceCodecV2(clientCodec{}))...)
			wantRetry(t, err, x.want, false)
		})
	}
	t.Run("grpc/silent", func(t *testing.T) {
		s, err := hasty.conn.NewStream(t.Context(), &grpc.StreamDesc{ClientStreams: true}, export)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.RecvMsg(&emptypb.Empty{}); status.Code(err) != codes.DeadlineExceeded {
			t.Error(err)
		}
	})
	t.Run("grpc/unknown", func(t *testing.T) {
		err := c.conn.Invoke(t.Context(), "/opentelemetry.proto.collector.trace.v1.TraceService/Export", request(t, one), &emptypb.Empty{})
		if status.Code(err) != codes.Unimplemented {
			t.Error(err)
		}
	})
	c.taken(t, good, asProto, "") // it is still there
	equal(t, "lines", b.messages(), []string{"one"})
}

type clientCodec struct{ rawCodec }

// TestOTLPGarbage writes what is no protocol at all to both listeners.
func TestOTLPGarbage(t *testing.T) {
	l := streamtest.StartOnce(t, otlpSource(t, nil), newBook())
	c := newClient(t, l)
	for _, protocol := range []string{"protocol=http", "protocol=grpc"} {
		for _, text := range []string{"\x00\x01\x02\x03", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff", "POST /v1/logs HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", strings.Repeat("A", 1<<17)} {
			conn, err := net.Dial("tcp", addressOf(t, l, protocol))
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(conn, text)
			conn.(*net.TCPConn).CloseWrite()
			io.Copy(io.Discard, conn)
			conn.Close()
		}
	}
	c.exported(t, request(t, one))
}

// TestOTLPTogether: many clients at a time, and a store that fails now and then.
func TestOTLPTogether(t *testing.T) {
	b := newBook()
	b.Fault = func(n int) streamtest.Fault {
		return []streamtest.Fault{streamtest.None, streamtest.Before, streamtest.None, streamtest.After, streamtest.None}[n%5]
	}
	c := newClient(t, streamtest.StartOnce(t, otlpSource(t, nil), b))
	var wait sync.WaitGroup
	const clients, each = 8, 10
	for i := range clients {
		wait.Go(func() {
			for j := range each {
				m := request(t, strings.ReplaceAll(one, `"one"`, fmt.Sprintf(`"%d/%d"`, i, j)))
				for sent := false; !sent; {
					if i%2 == 0 {
						_, err := c.export(t.Context(), m)
						sent = err == nil
					} else {
						sent = c.post(t, bytes.NewReader(wireOf(t, m)), "Content-Type", asProto).status == 200
					}
				}
			}
		})
	}
	wait.Wait()
	if n := len(b.messages()); n != clients*each {
		t.Errorf("%d lines of %d", n, clients*each)
	}
}

// TestOTLPEnd: the source ends at once although a request is under way, and its
// ports are free.
func TestOTLPEnd(t *testing.T) {
	b := newBook()
	held := make(chan struct{})
	b.Hold = func(ctx context.Context, _ *record.Batch) error {
		close(held)
		<-ctx.Done()
		return ctx.Err()
	}
	l := streamtest.StartOnce(t, otlpSource(t, nil), b)
	c := newClient(t, l)
	failed := make(chan error, 1)
	go func() {
		_, err := c.export(context.Background(), request(t, one))
		failed <- err
	}()
	<-held
	at := addressOf(t, l, "protocol=http")
	l.Stop(t)
	if err := <-failed; status.Code(err) != codes.Unavailable {
		t.Error(err)
	}
	if err := l.Down(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	again := streamtest.StartOnce(t, otlpSource(t, func(c *OTLP) { c.HTTP = at }), newBook())
	addressOf(t, again, "protocol=http")
	taken := streamtest.StartOnce(t, otlpSource(t, func(c *OTLP) { c.HTTP = addressOf(t, again, "protocol=http") }), newBook())
	<-taken.Ended()
	if err := taken.Down(); err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Error(err)
	}
}

func TestSettings(t *testing.T) {
	t.Setenv("EMPTY", "")
	for text, want := range map[string]string{
		`{type: otlp, http: "127.0.0.1:4318"}`:                                                                  "err_settings_no_name",
		`{name: a, type: otlp}`:                                                                                 "err_source_either [key http",
		`{name: a, type: otlp, http: "4318"}`:                                                                   "err_source_like",
		`{name: a, type: otlp, grpc: "127.0.0.1:4317", as: surveys}`:                                            "err_source_gives",
		`{name: a, type: otlp, grpc: "127.0.0.1:4317", profile: zendesk}`:                                       "err_source_no_profile",
		`{name: a, type: otlp, grpc: "127.0.0.1:4317", tokens: [{env: EMPTY}]}`:                                 "not set, or empty",
		`{name: a, type: otlp, grpc: "127.0.0.1:4317", tokens: [abc]}`:                                          "err_secret_form",
		`{name: a, type: otlp, http: "127.0.0.1:4318", grpc: "127.0.0.1:4317"}`:                                 "",
		`{name: a, type: syslog}`:                                                                               "err_source_missing [key listen",
		`{name: a, type: syslog, listen: "x"}`:                                                                  "err_source_like",
		`{name: a, type: syslog, listen: "127.0.0.1:5140", allow: [10.0.0.1]}`:                                  "err_source_like [key allow value 10.0.0.1",
		`{name: a, type: syslog, listen: "127.0.0.1:5140", zone: Mars/Base}`:                                    "zone",
		`{name: a, type: syslog, listen: "127.0.0.1:5140", batch: -1}`:                                          "batch",
		`{name: a, type: syslog, listen: "127.0.0.1:5140", allow: [10.0.0.0/8], wait: 1s, zone: Asia/Shanghai}`: "",
		`{name: a, type: follow}`:                                                                               "err_source_missing [key path",
		`{name: a, type: follow, path: "[a"}`:                                                                   "err_source_pattern",
		`{name: a, type: follow, path: a.log, format: csv}`:                                                     "err_source_choice [value csv",
		`{name: a, type: follow, path: a.log, format: lines, as: surveys}`:                                      "err_source_lines",
		`{name: a, type: follow, path: a.log, format: ndjson}`:                                                  "err_source_what",
		`{name: a, type: follow, path: a.log, profile: nobody}`:                                                 "nobody",
		`{name: a, type: follow, path: a.log, poll: 2h}`:                                                        "poll",
		`{name: a, type: follow, path: a.log, as: complaints}`:                                                  "",
		`{name: a, type: follow, path: a.log}`:                                                                  "",
	} {
		var kind struct {
			Type string `yaml:"type"`
		}
		if err := yaml.Unmarshal([]byte(text), &kind); err != nil {
			t.Fatal(err)
		}
		c := map[string]interface {
			Source() (stream.Source, error)
		}{"otlp": &OTLP{}, "syslog": &Syslog{}, "follow": &Follow{}}[kind.Type]
		err := yaml.Unmarshal([]byte(text), c)
		if err == nil {
			_, err = c.Source()
		}
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, wanted %q", text, err, want)
		}
	}
}

func benchRequest(n int) *logs.LogsData {
	var s strings.Builder
	s.WriteString(`resource_logs { resource { attributes { key: "service.name" value { string_value: "payments" } } attributes { key: "host.name" value { string_value: "pay-7f9c" } }
		attributes { key: "deployment.environment.name" value { string_value: "production" } } } scope_logs { scope { name: "com.broker.payments.Gateway" }`)
	for i := range n {
		fmt.Fprintf(&s, `log_records { time_unix_nano: %d severity_number: SEVERITY_NUMBER_INFO severity_text: "INFO" body { string_value: "withdrawal %d accepted by the gateway in %d ms" }
			attributes { key: "customer.id" value { string_value: "C-%d" } } attributes { key: "http.route" value { string_value: "/v2/withdrawals" } } trace_id: "0123456789abcdef" span_id: "01234567" }`, 1767600000000000000+i*1000, i, i%300, i%977)
	}
	s.WriteString(`} }`)
	m := &logs.LogsData{}
	if err := prototext.Unmarshal([]byte(s.String()), m); err != nil {
		panic(err)
	}
	return m
}

// BenchmarkOTLP sends over the loopback to a store that keeps nothing; the client
// is on the same cores.
func BenchmarkOTLP(b *testing.B) {
	m := benchRequest(1000)
	body, packed := wireOf(b, m), zipped(wireOf(b, m))
	text := jsonOf(b, m)
	for name, send := range map[string]func(c *client){
		"http":      func(c *client) { c.taken(b, body, asProto, "") },
		"http-gzip": func(c *client) { c.taken(b, packed, asProto, "gzip") },
		"http-json": func(c *client) { c.taken(b, text, asJSON, "") },
		"grpc": func(c *client) {
			var reply []byte
			if err := c.conn.Invoke(context.Background(), export, body, &reply, grpc.ForceCodecV2(clientCodec{})); err != nil {
				b.Error(err)
			}
		},
	} {
		b.Run(name, func(b *testing.B) {
			c := newClient(b, streamtest.StartOnce(b, otlpSource(b, nil), nothing{}))
			b.SetParallelism(2)
			b.ReportAllocs()
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					send(c)
				}
			})
			b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "lines/s")
		})
	}
}
