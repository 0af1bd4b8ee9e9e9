package intake

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"plaint/internal/record"
	"plaint/internal/web/locale"
)

// signedHook are the headers of a delivery of the hmac tool.
func signedHook(body, id string) []string {
	at := time.Now().Unix()
	m := hmac.New(sha256.New, []byte(hookSecret))
	fmt.Fprintf(m, "%d.%s", at, body)
	out := []string{fmt.Sprintf("X-Signature: t=%d,v1=%s", at, hex.EncodeToString(m.Sum(nil)))}
	if id != "" {
		out = append(out, "X-Delivery-Id: "+id)
	}
	return out
}

// held is what requests have reserved.
func (b *budget) held() (requests, bytes int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.requests, b.bytes
}

// TestStrangersTakeNoRoom: webhooks that announce much and send little, or much
// without a length and without a signature, leave room for those who are known.
func TestStrangersTakeNoRoom(t *testing.T) {
	s := serve(t)
	for range 12 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "POST /hooks/hmac HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n{", mostHook)
	}
	requests, door := s.in.door.held()
	for ; requests != 12; requests, door = s.in.door.held() {
		time.Sleep(time.Millisecond)
	}
	if _, room := s.in.room.held(); room != 0 || door > 1<<20 {
		t.Errorf("strangers take %d bytes of the room, %d at the door", room, door)
	}
	if status, answer, _ := s.send(t, "/v1/complaints", `{"id":"C1","body":"x"}`); status != 200 {
		t.Errorf("a post beside them: %d %v", status, answer)
	}
	if status, answer, _ := s.send(t, "/hooks/hmac", `{"id":"C2","body":"x"}`, signedHook(`{"id":"C2","body":"x"}`, "")...); status != 200 {
		t.Errorf("a signed delivery beside them: %d %v", status, answer)
	}
}

// TestUnsignedBodiesAreBounded: what comes without a length is counted as it comes.
func TestUnsignedBodiesAreBounded(t *testing.T) {
	in := New(Options{Words: func(*http.Request) *locale.Words { return locale.For("en") }})
	in.door = newBudget(1<<20, 8)
	h := in.Hooked(Hook{Name: "x", Tool: "hmac", Secrets: []string{hookSecret}})
	r := httptest.NewRequest(http.MethodPost, "/hooks/x", bufio.NewReader(strings.NewReader(strings.Repeat("x", 4<<20))))
	r.ContentLength = -1
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusTooManyRequests || in.door.bytes != 0 || in.door.requests != 0 {
		t.Errorf("%d %s, %d bytes held", w.Code, w.Body, in.door.bytes)
	}
}

// TestDeliveriesOfHooks: equal rows without an id of two deliveries are two, of
// one that comes again one; a large delivery is kept whole.
func TestDeliveriesOfHooks(t *testing.T) {
	s := serve(t)
	const body = `{"customer":"U1","received":"2026-03-01 10:00:00","body":"no money"}`
	for _, id := range []string{"d1", "d2", "d1"} {
		if status, answer, _ := s.send(t, "/hooks/hmac", body, signedHook(body, id)...); status != 200 || answer["loaded"].(float64) != 1 {
			t.Errorf("%s: %d %v", id, status, answer)
		}
	}
	if n := s.count(t, "complaint"); n != 2 {
		t.Errorf("%d complaints of two deliveries", n)
	}
	if testing.Short() {
		return // 40,007 rows
	}
	var large strings.Builder
	large.WriteString("id,customer,received,body\n")
	const rows = 2*batchRows + 7
	for i := range rows {
		fmt.Fprintf(&large, "L%d,U%d,2026-03-01 10:00:00,x\n", i, i%50)
	}
	for range 2 {
		if status, answer, _ := s.send(t, "/hooks/hmac", large.String(), signedHook(large.String(), "d3")...); status != 200 || answer["loaded"].(float64) != rows {
			t.Errorf("%d %v", status, answer)
		}
	}
	if n := s.count(t, "complaint"); n != rows+2 {
		t.Errorf("%d complaints, not %d", n, rows+2)
	}
}

// TestPackedAgain: a body that was packed again is the same delivery.
func TestPackedAgain(t *testing.T) {
	s := serve(t)
	for i, again := range []string{"", "true"} {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		z.ModTime = time.Unix(int64(1000+i), 0)
		fmt.Fprint(z, `{"id":"C1","body":"x"}`)
		z.Close()
		status, answer, head := s.send(t, "/v1/complaints", b.String(), "Content-Encoding: gzip", "Idempotency-Key: k")
		if status != 200 || head.Get("Idempotency-Replayed") != again {
			t.Errorf("%d %v, replayed %q", status, answer, head.Get("Idempotency-Replayed"))
		}
	}
}

// TestRoomOfRows: many small rows take more memory than their bytes, and small
// packed posts no more than they need.
func TestRoomOfRows(t *testing.T) {
	hold := make(chan struct{})
	in := New(Options{Words: func(*http.Request) *locale.Words { return locale.For("en") },
		Admit: func(_ context.Context, b *record.Batch) (record.Receipt, error) {
			<-hold
			return record.Receipt{RowsIn: b.Rows(), Loaded: b.Rows(), Fates: make([]record.Fate, b.Rows())}, nil
		}})
	server := httptest.NewServer(in.Posted(record.Complaints))
	defer server.Close()
	defer close(hold)
	post := func(body string, packed bool) {
		if packed {
			body = zipped(body)
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader(body))
		if err != nil {
			t.Error(err)
			return
		}
		r.Header.Set("Content-Type", "application/x-ndjson")
		if packed {
			r.Header.Set("Content-Encoding", "gzip")
		}
		if res, err := http.DefaultClient.Do(r); err == nil {
			res.Body.Close()
		}
	}
	held := func(requests int64) int64 {
		for {
			if n, bytes := in.room.held(); n == requests {
				return bytes
			}
			time.Sleep(time.Millisecond)
		}
	}
	for range 16 {
		go post(`{"id":"C1","body":"x"}`, true)
	}
	if n := held(16); n > 48<<20 {
		t.Errorf("16 small packed posts hold %d MB", n>>20)
	}
	go post(strings.Repeat("{\"id\":\"C1\",\"body\":\"x\"}\n", 15000), false)
	for until := time.Now().Add(time.Minute); held(17) < 15<<20; time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("15,000 rows hold %d KB", held(17)>>10)
		}
	}
}

func zipped(s string) string { return packed(s) }
