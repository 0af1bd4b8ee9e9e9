package intake

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/internal/web/api"
	"plaint/internal/web/locale"
	"plaint/scoring/model"
)

const hookSecret = "s3cret"

// served is an intake on a real store behind a real server.
type served struct {
	url   string
	store *store.Store
	in    *Intake
	fault error // what Admit says instead of keeping
}

func serve(t testing.TB, tokens ...string) *served {
	t.Helper()
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "t.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.Load(model.Default)
	if err != nil {
		t.Fatal(err)
	}
	s := &served{store: st}
	var hooks []Hook
	for _, tool := range []string{"zendesk", "typeform", "hmac"} {
		h := Hook{Name: tool, Tool: tool, Secrets: []string{hookSecret}}
		h.Options.As = record.Complaints
		hooks = append(hooks, h)
	}
	s.in = New(Options{Explain: func(d *record.Decision) []record.Reason { return m.Reasons(d.Signals) }, Tokens: tokens, Hooks: hooks,
		Words: func(r *http.Request) *locale.Words { return locale.For(r.URL.Query().Get("lang")) },
		Admit: func(ctx context.Context, b *record.Batch) (record.Receipt, error) {
			if s.fault != nil {
				return record.Receipt{}, s.fault
			}
			return st.Admit(ctx, b, m.Decide)
		}})
	mux := http.NewServeMux()
	s.in.Mount(mux)
	server := httptest.NewUnstartedServer(mux)
	server.Config.ReadHeaderTimeout = time.Second
	server.Start()
	t.Cleanup(func() { server.Close(); st.Close() })
	s.url = server.URL
	return s
}

// send posts a body with headers "Name: value" and gives status and answer.
func (s *served) send(t testing.TB, path, body string, headers ...string) (int, map[string]any, http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		t.Fatalf("%s: the answer is no JSON: %v", res.Status, err)
	}
	asDocumented(t, r.URL.Path, res, answer)
	return res.StatusCode, answer, res.Header
}

// document is what clients are told of the answers.
var document = sync.OnceValues(func() (*jsonschema.Compiler, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(api.Document))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	return c, c.AddResource("openapi.json", doc)
})

// asDocumented compares an answer with what the API's document says of it.
func asDocumented(t testing.TB, path string, res *http.Response, answer map[string]any) {
	t.Helper()
	template := "/v1/{kind}"
	if strings.HasPrefix(path, "/hooks/") {
		template = "/hooks/{name}"
	}
	c, err := document()
	if err != nil {
		t.Fatal(err)
	}
	where := strings.NewReplacer("/", "~1", "{", "%7B", "}", "%7D").Replace(template)
	s, err := c.Compile(fmt.Sprintf("openapi.json#/paths/%s/post/responses/%d/content/application~1json/schema", where, res.StatusCode))
	if err != nil {
		t.Errorf("%s to %s is not documented: %v", res.Status, path, err)
		return
	}
	if err := s.Validate(answer); err != nil {
		t.Errorf("%s to %s: %v", res.Status, path, err)
	}
	if again := res.Header.Get("Retry-After"); (again != "") != (res.StatusCode == 429 || res.StatusCode == 503) {
		t.Errorf("%s with Retry-After %q", res.Status, again)
	}
}

func codeOf(answer map[string]any) string {
	e, _ := answer["error"].(map[string]any)
	code, _ := e["code"].(string)
	return code
}

func (s *served) count(t testing.TB, table string) (n int) {
	t.Helper()
	if err := s.store.QueryRow(t.Context(), "select count(*) from "+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func packed(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(s))
	_ = z.Close()
	return b.String()
}

// TestRequests sends what honest and hostile clients send.
func TestRequests(t *testing.T) {
	good := `{"id":"C%d","customer":"U1","received":"2026-03-01 10:00:00","body":"Where is my money?"}`
	deep := strings.Repeat(`{"a":`, 30000) + "1" + strings.Repeat("}", 30000)
	for i, c := range []struct {
		name, path, body string
		headers          []string
		status           int
		code             string // of the error, or of the first refused row
	}{
		{"one", "/v1/complaints", fmt.Sprintf(good, 1), nil, 200, ""},
		{"array", "/v1/complaints", "[" + fmt.Sprintf(good, 2) + "," + fmt.Sprintf(good, 3) + "]", nil, 200, ""},
		{"lines", "/v1/complaints", fmt.Sprintf(good, 4) + "\n" + fmt.Sprintf(good, 5), []string{"Content-Type: application/x-ndjson"}, 200, ""},
		{"csv", "/v1/complaints", "id,received,body\nC6,2026-03-01,text\n", []string{"Content-Type: text/csv; charset=utf-8"}, 200, ""},
		{"packed", "/v1/complaints", packed(fmt.Sprintf(good, 7)), []string{"Content-Encoding: gzip"}, 200, ""},
		{"chinese csv", "/v1/complaints", "投诉编号,投诉时间,投诉内容\nC8,2026-03-01,无法登录\n", []string{"Content-Type: text/csv"}, 200, ""},
		{"logs", "/v1/logs", `{"time":"2026-03-01T10:00:00Z","message":"timeout","service":"pay","level":"ERROR"}`, nil, 200, ""},
		{"transaction", "/v1/transactions", `{"id":"T1","customer":"U1","amount":10,"requested":"2026-03-01 10:00:00","type":"deposit"}`, nil, 200, ""},
		{"account", "/v1/accounts", `{"id":"A1","customer":"U1","opened":"2026-03-01","device":"D1"}`, nil, 200, ""},
		{"bad date", "/v1/complaints", `{"id":"C9","received":"soon","body":"x"}`, nil, 422, "bad_date"},
		{"no JSON", "/v1/complaints", `{"id":`, nil, 422, ""},
		{"two objects on a line", "/v1/complaints", `{"id":"a","body":"x"} {"id":"b","body":"y"}`, nil, 422, "bad_json"},
		{"something else", "/v1/complaints", `{"colour":"red","size":3}`, nil, 422, "no_profile"},
		{"a text alone", "/v1/complaints", `"x"`, nil, 422, "bad_json"},
		{"a number alone", "/v1/complaints", " 3\n", nil, 422, "bad_json"},
		{"nothing alone", "/v1/complaints", "null", nil, 422, "bad_json"},
		{"a table of one column without a profile", "/v1/complaints", "x\ny\n", nil, 422, "no_profile"},
		{"empty object", "/v1/complaints", `{}`, nil, 422, "bad_json"},
		{"deep", "/v1/complaints", `{"body":` + deep + `}`, nil, 422, ""},
		{"formula", "/v1/complaints", `{"id":"C10","body":"=cmd|' /C calc'!A0"}`, nil, 422, "formula"},
		{"not UTF-8", "/v1/complaints", "{\"id\":\"C11\",\"body\":\"\xff\xfe\"}", nil, 422, "invalid_utf8"},
		{"long row", "/v1/complaints", `{"id":"C12","body":"` + strings.Repeat("x", 5<<20) + `"}`, nil, 422, "row_too_long"},
		{"empty", "/v1/complaints", "", nil, 400, "empty_body"},
		{"form", "/v1/complaints", "a=b", []string{"Content-Type: application/x-www-form-urlencoded"}, 415, "media_type"},
		{"plain text", "/v1/complaints", "{}", []string{"Content-Type: text/plain"}, 415, "media_type"},
		{"unknown packing", "/v1/complaints", "x", []string{"Content-Encoding: br"}, 415, "encoding"},
		{"false gzip", "/v1/complaints", "{}", []string{"Content-Encoding: gzip"}, 400, "bad_gzip"},
		{"cut gzip", "/v1/complaints", packed(fmt.Sprintf(good, 13))[:40], []string{"Content-Encoding: gzip"}, 400, "bad_gzip"},
		{"bomb", "/v1/complaints", packed(`{"body":"` + strings.Repeat("0", 100<<20) + `"}`), []string{"Content-Encoding: gzip"}, 422, "archive_bomb"},
		{"long key", "/v1/complaints", "{}", []string{"Idempotency-Key: " + strings.Repeat("k", 256)}, 400, "bad_key"},
		{"blank", "/v1/complaints", "\ufeff \n", nil, 400, "empty_body"},
		{"unknown parameter", "/v1/complaints?sauce=x", "{}", nil, 400, "unknown_parameter"},
		{"a parameter twice", "/v1/complaints?source=x&source=y", "{}", nil, 400, "parameter"},
		{"a profile that is a file", "/v1/complaints?profile=../../etc/passwd.yaml", "{}", nil, 400, "no_such_profile"},
		{"no such profile", "/v1/complaints?profile=nosuch", `{"id":"x"}`, nil, 400, "no_such_profile"},
		{"no such profile for a list", "/v1/complaints?profile=nosuch", `[{"id":"x"}]`, nil, 400, "no_such_profile"},
		{"no such kind", "/v1/quibbles", "{}", nil, 404, "no_such_kind"},
		{"below a kind", "/v1/complaints/1", "{}", nil, 404, "no_such_kind"},
		{"no kind", "/v1", "{}", nil, 404, "no_such_kind"},
		{"no such hook", "/hooks/nosuch", "{}", nil, 404, "no_such_hook"},
		{"from a page", "/v1/complaints", "{}", []string{"Origin: https://evil.example"}, 403, "cross_origin"},
		{"from a page, as browsers tell", "/v1/complaints", "{}", []string{"Sec-Fetch-Site: cross-site"}, 403, "cross_origin"},
		{"unsigned", "/hooks/zendesk", `{"id":1}`, nil, 401, "hook_signature"},
		{"wrongly signed", "/hooks/typeform", `{"id":1}`, []string{"Typeform-Signature: sha256=AAAA"}, 401, "hook_signature"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t)
			before := s.count(t, "refused")
			status, answer, _ := s.send(t, c.path, c.body, c.headers...)
			code := codeOf(answer)
			if rows, ok := answer["rows"].([]any); ok && len(rows) > 0 && code == "" {
				code, _ = rows[0].(map[string]any)["code"].(string)
			}
			if status != c.status || c.code != "" && code != c.code {
				t.Errorf("%d: %d %v", i, status, answer)
			}
			if status == 422 && s.count(t, "refused") == before {
				t.Error("what was refused was not kept")
			}
			if status == 200 && answer["loaded"].(float64) == 0 {
				t.Errorf("nothing was loaded: %v", answer)
			}
		})
	}
}

// TestAnswer checks what a client learns of each row, in both languages, and that
// the reasons of a decision add up.
func TestAnswer(t *testing.T) {
	s := serve(t)
	body := `[{"id":"C1","customer":"U1","received":"2026-03-01 10:00:00","body":"no money"},{"id":"C1","customer":"U1","received":"2026-03-01 10:00:00","body":"no money"},{"id":"C1","status":"closed","received":"2026-03-01 10:00:00","body":"no money"},{"id":"C2","received":"gestern","body":"x"}]`
	for i, said := range []string{"this is no date", "日期"} {
		lang := locale.Languages[i]
		_, answer, _ := s.send(t, "/v1/complaints?lang="+lang, body)
		rows := answer["rows"].([]any)
		if len(rows) != 4 || !strings.Contains(fmt.Sprint(rows[3]), said) {
			t.Fatalf("%v", answer)
		}
		if lang == "zh" {
			continue // the second time all is known
		}
		fates := ""
		for _, r := range rows {
			fates += r.(map[string]any)["fate"].(string) + " "
		}
		d, ok := rows[0].(map[string]any)["decision"].(map[string]any)
		if fates != "loaded known updated refused " && fates != "loaded updated known refused " || !ok {
			t.Fatalf("%s %v", fates, answer)
		}
		sum := 0.0
		for _, r := range d["reasons"].([]any) {
			sum += r.(map[string]any)["points"].(float64)
		}
		if diff := sum - d["score"].(float64); diff > 1e-6 || diff < -1e-6 {
			t.Errorf("the reasons sum to %v, the score is %v", sum, d["score"])
		}
	}
}

func TestIdempotencyKey(t *testing.T) {
	s := serve(t)
	const body = `{"score":5,"comment":"fine","date":"2026-03-01"}`
	for i := range 3 { // equal answers without an id, under keys of their own
		for try := range 3 {
			status, answer, h := s.send(t, "/v1/surveys", body, fmt.Sprint("Idempotency-Key: k", i))
			if status != 200 || answer["loaded"].(float64) != 1 || (h.Get("Idempotency-Replayed") == "true") != (try > 0) {
				t.Fatalf("key %d, try %d: %d %v", i, try, status, answer)
			}
		}
	}
	if n := s.count(t, "survey"); n != 3 {
		t.Errorf("%d answers", n)
	}
	if status, answer, _ := s.send(t, "/v1/surveys", `{"score":4,"date":"2026-03-01"}`, "Idempotency-Key: k1"); status != 422 || codeOf(answer) != "key_reused" {
		t.Errorf("%d %v", status, answer)
	}
	var wg sync.WaitGroup // many at once, as a client's retries
	for range 20 {
		wg.Go(func() {
			if status, answer, _ := s.send(t, "/v1/surveys", body, "Idempotency-Key: same"); status != 200 {
				t.Errorf("%d %v", status, answer)
			}
		})
	}
	wg.Wait()
	if n := s.count(t, "survey"); n != 4 {
		t.Errorf("%d answers", n)
	}
}

// TestLargeBody loads a body that is written to disk first and kept in several
// transactions; sent again under its key it is answered from what was kept.
func TestLargeBody(t *testing.T) {
	s := serve(t)
	var body strings.Builder
	const rows = 45000
	for i := range rows {
		fmt.Fprintf(&body, `{"id":"C%d","received":"2026-03-01 10:00:00","body":"complaint number %d about a withdrawal"}`+"\n", i, i)
	}
	for try, headers := range [][]string{{"Content-Type: application/x-ndjson", "Idempotency-Key: big"}, {"Content-Type: application/x-ndjson", "Idempotency-Key: big"}} {
		status, answer, _ := s.send(t, "/v1/complaints", body.String(), headers...)
		if status != 200 || answer["loaded"].(float64) != rows || len(answer["rows"].([]any)) != mostLines || answer["rows_left_out"].(float64) != rows-mostLines {
			t.Fatalf("try %d: %d, %v loaded", try, status, answer["loaded"])
		}
	}
	if n := s.count(t, "complaint"); n != rows {
		t.Errorf("%d complaints", n)
	}
}

func TestTokens(t *testing.T) {
	s := serve(t, "one", "two")
	for header, want := range map[string]int{"": 401, "Authorization: Bearer two": 200, "Authorization: bearer one": 200, "Authorization: Bearer three": 401, "Authorization: Basic b25l": 401, "Authorization: Bearer": 401} {
		var headers []string
		if header != "" {
			headers = []string{header}
		}
		if status, answer, _ := s.send(t, "/v1/complaints", `{"id":"C1","body":"x"}`, headers...); status != want {
			t.Errorf("%q: %d %v", header, status, answer)
		}
	}
	outside := httptest.NewRequest(http.MethodPost, "/v1/complaints", strings.NewReader("{}"))
	outside.RemoteAddr = "192.0.2.7:1234"
	w := httptest.NewRecorder()
	New(Options{Words: func(*http.Request) *locale.Words { return locale.For("en") }}).Posted(record.Complaints).ServeHTTP(w, outside)
	if w.Code != 403 {
		t.Errorf("a client elsewhere without tokens: %d", w.Code)
	}
}

// TestNothingIsConfirmedThatIsNotKept answers 503 to every failure of the store.
func TestNothingIsConfirmedThatIsNotKept(t *testing.T) {
	s := serve(t)
	for err, code := range map[error]string{store.ErrNoSpace: "no_space", store.ErrUnavailable: "not_kept", errors.New("whatever"): "not_kept"} {
		s.fault = fmt.Errorf("admit: %w", err)
		status, answer, h := s.send(t, "/v1/complaints", `{"id":"C1","body":"x"}`)
		if status != 503 || codeOf(answer) != code || h.Get("Retry-After") == "" {
			t.Errorf("%v: %d %v", err, status, answer)
		}
	}
}

// TestBusy fills the room with requests that wait for the store; the next is
// asked to come again.
func TestBusy(t *testing.T) {
	hold := make(chan struct{})
	in := New(Options{Words: func(*http.Request) *locale.Words { return locale.For("en") },
		Admit: func(context.Context, *record.Batch) (record.Receipt, error) { <-hold; return record.Receipt{}, nil }})
	in.room = newBudget(mostMemory, 3)
	server := httptest.NewServer(in.Posted(record.Complaints))
	defer server.Close()
	var wg sync.WaitGroup
	post := func() int {
		res, err := http.Post(server.URL, "application/json", strings.NewReader(`{"id":"C1","body":"x"}`))
		if err != nil {
			t.Error(err)
			return 0
		}
		defer res.Body.Close()
		if res.StatusCode == 429 && res.Header.Get("Retry-After") == "" {
			t.Error("it does not say when to come again")
		}
		return res.StatusCode
	}
	for range 3 {
		wg.Go(func() {
			if got := post(); got != 200 {
				t.Error(got)
			}
		})
	}
	for full := false; !full; {
		in.room.mu.Lock()
		full = in.room.requests == 3
		in.room.mu.Unlock()
	}
	if got := post(); got != 429 {
		t.Errorf("one too many: %d", got)
	}
	close(hold)
	wg.Wait()
	if in.room.bytes != 0 || in.room.requests != 0 {
		t.Errorf("the room is not given back: %d bytes, %d requests", in.room.bytes, in.room.requests)
	}
}

// TestBodiesThatDoNotCome sends less than was announced, and far too slowly.
func TestBodiesThatDoNotCome(t *testing.T) {
	s := serve(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "POST /v1/complaints HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"id\":\"C1\",")
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil || !bytes.Contains(answer, []byte("cut_short")) {
		t.Errorf("%s %v", answer, err)
	}
	p := &patient{r: strings.NewReader(strings.Repeat("x", 100)), deadline: func(time.Time) error { return nil }, began: time.Now().Add(-2 * graceOfBody)}
	if _, err := io.ReadAll(p); !errors.Is(err, errSlow) {
		t.Errorf("a slow body: %v", err)
	}
	if n := s.count(t, "complaint"); n != 0 {
		t.Errorf("%d complaints of half bodies", n)
	}
}

// TestHooks receives a signed delivery, twice, and one that is too old.
func TestHooks(t *testing.T) {
	s := serve(t)
	const body = `{"id":"C7","received":"2026-03-01 10:00:00","body":"no money"}`
	signed := func(at time.Time) string {
		m := hmac.New(sha256.New, []byte(hookSecret))
		fmt.Fprintf(m, "%d.%s", at.Unix(), body)
		return fmt.Sprintf("X-Signature: t=%d,v1=%s", at.Unix(), hex.EncodeToString(m.Sum(nil)))
	}
	for try := range 2 {
		status, answer, _ := s.send(t, "/hooks/hmac", body, signed(time.Now()))
		if status != 200 || answer["loaded"].(float64) != 1 || answer["rows"] != nil {
			t.Fatalf("try %d: %d %v", try, status, answer)
		}
	}
	if status, answer, _ := s.send(t, "/hooks/hmac", body, signed(time.Now().Add(-time.Hour))); status != 401 || codeOf(answer) != "hook_time" {
		t.Errorf("an old delivery: %d %v", status, answer)
	}
	if n := s.count(t, "complaint"); n != 1 {
		t.Errorf("%d complaints", n)
	}
	m := hmac.New(sha256.New, []byte(hookSecret))
	stamp := time.Now().UTC().Format(time.RFC3339)
	m.Write([]byte(stamp + "not what zendesk sends"))
	status, answer, _ := s.send(t, "/hooks/zendesk", "not what zendesk sends", "X-Zendesk-Webhook-Signature-Timestamp: "+stamp, "X-Zendesk-Webhook-Signature: "+base64Of(m.Sum(nil)))
	if status != 200 || answer["refused"].(float64) != 1 || s.count(t, "refused") != 1 {
		t.Errorf("a signed body of another form: %d %v", status, answer)
	}
}

// FuzzPosted sends any bytes to the handlers: it must not fail, and every row
// must have a fate.
func FuzzPosted(f *testing.F) {
	for i, body := range []string{`{"id":"C1","body":"x"}`, "[{\"id\":1}]", "id,body\n1,x\n", `{"tickets":[{"id":1,"subject":"x"}]}`, "\x1f\x8b\x08", "PK\x03\x04", "{}\n{}\n", `{"id":"1","id":"2"}`} {
		f.Add(i, body, i%2 == 0, "key")
	}
	in := New(Options{Words: func(*http.Request) *locale.Words { return locale.For("en") },
		Admit: func(_ context.Context, b *record.Batch) (record.Receipt, error) {
			r := record.Receipt{RowsIn: b.Rows(), Loaded: b.Rows() - len(b.Refused), Refused: len(b.Refused)}
			r.Fates = make([]record.Fate, r.Loaded)
			return r, nil
		}})
	media := []string{"application/json", "application/x-ndjson", "text/csv"}
	f.Fuzz(func(t *testing.T, i int, body string, zip bool, key string) {
		r := httptest.NewRequest(http.MethodPost, "/v1/complaints", strings.NewReader(body))
		r.RemoteAddr = "127.0.0.1:1"
		r.Header.Set("Content-Type", media[uint(i)%3])
		r.Header.Set("Idempotency-Key", key)
		if zip {
			r.Header.Set("Content-Encoding", "gzip")
		}
		w := httptest.NewRecorder()
		in.Posted(Kinds[uint(i)%uint(len(Kinds))]).ServeHTTP(w, r)
		var a struct {
			In   int    `json:"rows_in"`
			Rows []line `json:"rows"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code >= 500 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if len(a.Rows) != min(a.In, mostLines) {
			t.Fatalf("%d rows in, %d told", a.In, len(a.Rows))
		}
	})
}

func base64Of(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
