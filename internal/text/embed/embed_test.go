package embed

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

const secret = "sk-very-secret"

// asked is what a service was sent.
type asked struct {
	Model      string   `json:"model"`
	Input      []string `json:"input"`
	Format     string   `json:"encoding_format"`
	Dimensions *int     `json:"dimensions"`
}

// service answers each request with answer's words; it is told how often it was
// asked before.
func service(t *testing.T, answer func(w http.ResponseWriter, q asked, n int)) (*httptest.Server, *[]asked) {
	t.Helper()
	var all []asked
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q asked
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil || r.URL.Path != "/v1/embeddings" || r.Method != http.MethodPost {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
		}
		if got := r.Header.Get("Authorization"); got != "Bearer "+secret {
			t.Errorf("authorization %q", got)
		}
		all = append(all, q)
		answer(w, q, len(all)-1)
	}))
	t.Cleanup(s.Close)
	return s, &all
}

// client asks a server without waiting, and notes the pauses.
func client(t *testing.T, base string) (*Client, *[]time.Duration) {
	t.Helper()
	c, err := New(Options{Base: base, Model: "m", Key: secret})
	if err != nil {
		t.Fatal(err)
	}
	var pauses []time.Duration
	c.pause = func(ctx context.Context, d time.Duration) error { pauses = append(pauses, d); return ctx.Err() }
	return c, &pauses
}

// right answers as a service should, but in another order.
func right(w http.ResponseWriter, q asked, _ int) {
	type row struct {
		Index     int       `json:"index"`
		Embedding []float32 `json:"embedding"`
	}
	var rows []row
	for i, s := range q.Input {
		rows = append([]row{{i, []float32{float32(len(s)), 1}}}, rows...)
	}
	json.NewEncoder(w).Encode(map[string]any{"object": "list", "data": rows, "usage": map[string]int{"total_tokens": 3}})
}

func collect(c *Client, ctx context.Context, texts []string) (map[int][]float32, error) {
	out := map[int][]float32{}
	err := c.Vectors(ctx, texts, func(i int, v []float32) error { out[i] = v; return nil })
	return out, err
}

func TestVectors(t *testing.T) {
	s, all := service(t, right)
	c, _ := client(t, s.URL+"/")
	texts := []string{"aaa", "", " \n", "aaa ", "b\xff"}
	for i := range 150 {
		texts = append(texts, strings.Repeat("x", i+4))
	}
	texts = append(texts, strings.Repeat("说", 5000))
	got, err := collect(c, t.Context(), texts)
	if err != nil || len(got) != len(texts)-2 || c.Numbers() != 2 {
		t.Fatalf("%d vectors of %d texts, %d numbers: %v", len(got), len(texts), c.Numbers(), err)
	}
	for i, v := range got {
		n := float64(len(Sent(texts[i])))
		if length := math.Hypot(float64(v[0]), float64(v[1])); math.Abs(length-1) > 1e-6 || math.Abs(float64(v[0]/v[1])-n) > 1e-2*n {
			t.Errorf("text %d of %g bytes: %v", i, n, v)
		}
	}
	sent := 0
	for _, q := range *all {
		sent += len(q.Input)
		if q.Model != "m" || q.Format != "float" || q.Dimensions != nil || len(q.Input) > batchTexts || slices.Contains(q.Input, "") {
			t.Errorf("%+v", q)
		}
		for _, x := range q.Input {
			if len(x) > longest || !utf8.ValidString(x) {
				t.Errorf("%d bytes: %.20q", len(x), x)
			}
		}
	}
	if sent != len(texts)-3 { // two are empty, two are one
		t.Errorf("%d texts were sent of %d", sent, len(texts))
	}
}

func TestBytesOfARequest(t *testing.T) {
	s, all := service(t, right)
	c, _ := client(t, s.URL)
	var texts []string
	for i := range 100 {
		texts = append(texts, fmt.Sprint(i, strings.Repeat("y", longest-3)))
	}
	if _, err := collect(c, t.Context(), texts); err != nil {
		t.Fatal(err)
	}
	for _, q := range *all {
		if n := len(strings.Join(q.Input, "")); n > batchBytes {
			t.Errorf("%d bytes in one request", n)
		}
	}
}

func TestPacked(t *testing.T) {
	s, _ := service(t, func(w http.ResponseWriter, q asked, _ int) {
		var b []byte
		for _, x := range []float32{3, 4} {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
		}
		fmt.Fprintf(w, `{"data":[{"embedding":%q}]}`, base64.StdEncoding.EncodeToString(b))
	})
	c, _ := client(t, s.URL)
	if got, err := collect(c, t.Context(), []string{"a"}); err != nil || !slices.Equal(got[0], []float32{.6, .8}) {
		t.Errorf("%v: %v", got, err)
	}
}

// TestHostile gives every answer that must not be believed.
func TestHostile(t *testing.T) {
	for name, x := range map[string]struct {
		body, code string
		status     int
	}{
		"page":           {body: "<html><body>Welcome</body></html>", code: NoJSON},
		"nothing":        {body: "", code: NoJSON},
		"no data":        {body: `{"object":"list"}`, code: NoJSON},
		"cut off":        {body: `{"data":[{"index":0,"embedding":[1,`, code: NoJSON},
		"one too few":    {body: `{"data":[{"index":0,"embedding":[1,2]}]}`, code: WrongCount},
		"one too many":   {body: `{"data":[{"embedding":[1]},{"embedding":[1]},{"embedding":[1]}]}`, code: WrongCount},
		"one twice":      {body: `{"data":[{"index":1,"embedding":[1,2]},{"index":1,"embedding":[1,2]}]}`, code: WrongCount},
		"index outside":  {body: `{"data":[{"index":0,"embedding":[1,2]},{"index":9,"embedding":[1,2]}]}`, code: WrongCount},
		"index below":    {body: `{"data":[{"index":0,"embedding":[1,2]},{"index":-1,"embedding":[1,2]}]}`, code: WrongCount},
		"two lengths":    {body: `{"data":[{"index":0,"embedding":[1,2]},{"index":1,"embedding":[1,2,3]}]}`, code: WrongLength},
		"empty vector":   {body: `{"data":[{"index":0,"embedding":[]},{"index":1,"embedding":[]}]}`, code: WrongLength},
		"zeros":          {body: `{"data":[{"index":0,"embedding":[0,0]},{"index":1,"embedding":[1,2]}]}`, code: WrongNumber},
		"no number":      {body: `{"data":[{"index":0,"embedding":[NaN,1]},{"index":1,"embedding":[1,2]}]}`, code: NoJSON},
		"infinite":       {body: `{"data":[{"index":0,"embedding":[1e999,1]},{"index":1,"embedding":[1,2]}]}`, code: NoJSON},
		"null":           {body: `{"data":[{"index":0,"embedding":[1,null]},{"index":1,"embedding":[1,2]}]}`, code: WrongNumber},
		"no list":        {body: `{"data":{"embedding":[1,2]}}`, code: NoJSON},
		"repeats a text": {body: `{"error":"bad input: ['complaint two']"}`, code: Refused, status: 400},
		"packed NaN":     {body: `{"data":[{"index":0,"embedding":"AADAfw=="},{"index":1,"embedding":"AADAfw=="}]}`, code: WrongNumber},
		"packed rubbish": {body: `{"data":[{"index":0,"embedding":"!"},{"index":1,"embedding":"!"}]}`, code: NoJSON},
		"words":          {body: `{"data":[{"index":0,"embedding":{"a":1}},{"index":1,"embedding":null}]}`, code: NoJSON},
		"wrong model":    {body: `{"error":{"message":"no model m\u001b[31m, key ` + secret + `"}}`, code: Refused, status: 404},
		"wrong key":      {body: `{"error":"who are you"}`, code: Refused, status: 401},
		"too long":       {body: "<html>", code: Refused, status: 413},
		"error as ok":    {body: `{"error":"loading"}`, code: NoJSON},
	} {
		t.Run(name, func(t *testing.T) {
			s, all := service(t, func(w http.ResponseWriter, _ asked, _ int) {
				w.WriteHeader(max(x.status, 200))
				fmt.Fprint(w, x.body)
			})
			c, _ := client(t, strings.Replace(s.URL, "http://", "http://user:pass@", 1))
			c.http.Transport = bearer{c.http.Transport}
			_, err := collect(c, t.Context(), []string{"complaint one", "complaint two"})
			var e *Error
			if !errors.As(err, &e) || e.Code != x.code || e.Status != x.status {
				t.Fatalf("%v", err)
			}
			for _, hidden := range []string{secret, "user", "pass", "complaint", "\x1b"} {
				if strings.Contains(err.Error(), hidden) {
					t.Errorf("%q is told in %q", hidden, err)
				}
			}
			if len(*all) != 1 {
				t.Errorf("asked %d times", len(*all))
			}
		})
	}
}

// bearer undoes what a user in the address does to the header, which the service
// of these tests looks at.
type bearer struct{ http.RoundTripper }

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r.Header.Set("Authorization", "Bearer "+secret)
	return b.RoundTripper.RoundTrip(r)
}

func TestElsewhere(t *testing.T) {
	other, asked2 := service(t, right)
	s, _ := service(t, func(w http.ResponseWriter, _ asked, _ int) {
		w.Header().Set("Location", other.URL+"/v1/embeddings?token="+secret)
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	c, _ := client(t, s.URL)
	_, err := collect(c, t.Context(), []string{"a"})
	var e *Error
	if !errors.As(err, &e) || e.Code != Elsewhere || !strings.Contains(e.Detail, other.URL) || strings.Contains(err.Error(), secret) || len(*asked2) > 0 {
		t.Errorf("%v; the other was asked %d times", err, len(*asked2))
	}
}

func TestTooLarge(t *testing.T) {
	s, _ := service(t, func(w http.ResponseWriter, _ asked, _ int) {
		fmt.Fprint(w, `{"data":[{"embedding":[1`)
		chunk := []byte(strings.Repeat(",1", 1<<19))
		for range mostNumbers*mostDigits/len(chunk) + 2 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	c, _ := client(t, s.URL)
	_, err := collect(c, t.Context(), []string{"a"})
	var e *Error
	if !errors.As(err, &e) || e.Code != TooLarge {
		t.Error(err)
	}
}

// TestOnlyThisMachine: a name of this machine that means another is not asked.
func TestOnlyThisMachine(t *testing.T) {
	at, err := parseAddress("http://localhost:9")
	if err != nil {
		t.Fatal(err)
	}
	if conn, err := at.transport().DialContext(t.Context(), "tcp", "192.0.2.1:9"); !errors.Is(err, errNotLocal) {
		t.Errorf("%v %v", conn, err)
	}
}

func TestTriesAgain(t *testing.T) {
	s, all := service(t, func(w http.ResponseWriter, q asked, n int) {
		switch n {
		case 0:
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
		case 1:
			w.WriteHeader(http.StatusBadGateway)
		case 2: // the line breaks
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				conn.Close()
			}
		default:
			right(w, q, n)
		}
	})
	c, pauses := client(t, s.URL)
	if got, err := collect(c, t.Context(), []string{"a"}); err != nil || len(got) != 1 || len(*all) != 4 {
		t.Fatalf("%v after %d: %v", got, len(*all), err)
	}
	if p := *pauses; len(p) != 3 || p[0] != 7*time.Second || p[1] < firstPause/2 || p[1] > 2*firstPause || p[2] < firstPause {
		t.Errorf("pauses %v", p)
	}
}

func TestGivesUp(t *testing.T) {
	s, all := service(t, func(w http.ResponseWriter, _ asked, _ int) { w.WriteHeader(http.StatusServiceUnavailable) })
	c, _ := client(t, s.URL)
	_, err := collect(c, t.Context(), []string{"a"})
	var e *Error
	if !errors.As(err, &e) || e.Status != 503 || len(*all) != tries {
		t.Errorf("asked %d times: %v", len(*all), err)
	}
	long, all := service(t, func(w http.ResponseWriter, _ asked, _ int) {
		w.Header().Set("Retry-After", "86400")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	c, _ = client(t, long.URL)
	if _, err = collect(c, t.Context(), []string{"a"}); !errors.As(err, &e) || len(*all) != 1 {
		t.Errorf("asked %d times although it said tomorrow: %v", len(*all), err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := collect(c, ctx, []string{"a"}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestAddress(t *testing.T) {
	for base, local := range map[string]bool{"http://127.0.0.1:11434": true, "http://localhost:8080/v1": true, "http://[::1]:1/v1/embeddings": true,
		"https://u:p@api.example?key=k": false, "http://127.0.0.1.example": false, "http://192.168.1.5:80/x/": false, "http://localhost.example": false,
		"http://LOCALHOST": true, "http://localhost.:1": false, "http://ollama.localhost": false} {
		c, err := New(Options{Base: base, Model: "m"})
		if err != nil || c.Local() != local || !strings.HasSuffix(c.Address(), "/v1/embeddings") || strings.Count(c.Address(), "/v1") != 1 ||
			strings.ContainsAny(c.Address(), "@?") {
			t.Errorf("%s: %v %v", base, c, err)
			continue
		}
		if proxy := c.http.Transport.(*http.Transport).Proxy; (proxy == nil) != local {
			t.Errorf("%s goes by a proxy: %v", base, proxy != nil)
		}
	}
	for _, base := range []string{"", "127.0.0.1:80", "file:///etc/passwd", "ftp://u:pw@x", "http://", "unix:/x", "http://a b"} {
		if _, err := New(Options{Base: base, Model: "m"}); err == nil || strings.Contains(err.Error(), "pw") {
			t.Errorf("%q: %v", base, err)
		}
	}
	if _, err := New(Options{Base: "http://x", Model: " "}); err == nil {
		t.Error("no model")
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"data":[{"index":0,"embedding":[1,2]},{"index":1,"embedding":"AACAPwAAgD8="}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := New(Options{Base: "http://x", Model: "m"})
		if err != nil {
			t.Fatal(err)
		}
		list, err := c.read(data, []string{"a", "b"})
		if err != nil {
			return
		}
		for _, v := range list {
			sum := 0.0
			for _, x := range v {
				sum += float64(x) * float64(x)
			}
			if len(v) != c.Numbers() || math.Abs(sum-1) > 1e-3 {
				t.Fatalf("%v", v)
			}
		}
	})
}
