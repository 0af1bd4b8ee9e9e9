package intake

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"plaint/internal/record"
	"plaint/internal/web/locale"
	"plaint/scoring/model"
)

// signed are the headers of a delivery of type hmac.
func signed(at time.Time, body, id string) []string {
	m := hmac.New(sha256.New, []byte(hookSecret))
	fmt.Fprintf(m, "%d.%s", at.Unix(), body)
	return []string{fmt.Sprintf("X-Signature: t=%d,v1=%s", at.Unix(), hex.EncodeToString(m.Sum(nil))), "X-Delivery-Id: " + id}
}

func message(answer map[string]any) string {
	e, _ := answer["error"].(map[string]any)
	s, _ := e["message"].(string)
	return s
}

// TestToldInTheirWords: a message speaks of what its reader has: a query, a
// delivery, a limit of its own; and in both languages.
func TestToldInTheirWords(t *testing.T) {
	s := serve(t)
	first := `{"id":"H1","received":"2026-03-01 10:00:00","body":"x"}`
	if status, answer, _ := s.send(t, "/hooks/hmac", first, signed(time.Now(), first, "d1")...); status != 200 {
		t.Fatal(status, answer)
	}
	second := strings.Replace(first, "H1", "H2", 1)
	for _, c := range []struct {
		path, body string
		headers    []string
		status     int
		says, not  string
	}{
		{"/hooks/hmac", strings.Repeat(" ", mostHook+1), nil, 413, "8 MiB", "2 GiB"},
		{"/hooks/hmac", second, signed(time.Now(), second, "d1"), 422, "", "Idempotency"},
		{"/hooks/hmac", second, nil, 401, "X-Signature: t=SECONDS,v1=HEX", ""},
		{"/hooks/zendesk", second, nil, 401, "", "X-Signature"},
		{"/hooks/nosuch", "{}", nil, 404, "plaint.yaml", "zendesk"},
		{"/v1/quibbles", "{}", nil, 404, "/v1/transactions", ""},
		{"/v1/complaints?profile=nosuch", "{}", nil, 400, "nosuch", "--profile"},
		{"/v1/complaints?profile=nosuch", "{}", nil, 400, "plaint profiles", ""},
		{"/v1/complaints?sauce=x", "{}", nil, 400, "sauce", ""},
		{"/v1/complaints?source=x&source=y", "{}", nil, 400, "“source”", ""},
		{"/v1/complaints?" + strings.Repeat("x", 500) + "=", "{}", nil, 400, "…", strings.Repeat("x", 100)},
		{"/v1/complaints", "x", []string{"Content-Type: application/gzip"}, 415, "text/tab-separated-values", ""},
		{"/v1/complaints", "x", []string{"Content-Type: application/gzip"}, 415, "Content-Encoding: gzip", ""},
	} {
		told := map[string]bool{}
		for _, lang := range locale.Languages {
			sep := "?"
			if strings.Contains(c.path, "?") {
				sep = "&"
			}
			status, answer, _ := s.send(t, c.path+sep+"lang="+lang, c.body, c.headers...)
			m := message(answer)
			if told[m] = true; status != c.status || m == "" || strings.HasPrefix(m, "intake_") || strings.Contains(m, "{") {
				t.Errorf("%.60s %s: %d %q", c.path, lang, status, m)
			}
			if !strings.Contains(m, c.says) || c.not != "" && strings.Contains(m, c.not) {
				t.Errorf("%.60s %s: it says %q", c.path, lang, m)
			}
		}
		if len(told) != len(locale.Languages) {
			t.Errorf("%.60s: the same in every language", c.path)
		}
	}
	for _, k := range Kinds {
		if f := refuse(404, "no_such_kind"); !strings.Contains(f.say(locale.For("en")), "/v1/"+k.String()) || !strings.Contains(f.say(locale.For("zh")), "/v1/"+k.String()) {
			t.Errorf("nobody is told of %s", k)
		}
	}
}

// TestTooLargeForAKind: the limit of a body is not that of a webhook.
func TestTooLargeForAKind(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "/v1/complaints", strings.NewReader("{}"))
	r.RemoteAddr, r.ContentLength = "127.0.0.1:1", mostBody+1
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	New(Options{Words: func(*http.Request) *locale.Words { return locale.For("en") }}).Posted(record.Complaints).ServeHTTP(w, r)
	if w.Code != 413 || !strings.Contains(w.Body.String(), "2 GiB") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// rowsOf are the rows of an answer.
func rowsOf(answer map[string]any) (out []map[string]any) {
	list, _ := answer["rows"].([]any)
	for _, r := range list {
		out = append(out, r.(map[string]any))
	}
	return out
}

// TestArrays: what is no object is refused with a reason of its own, the rest is
// loaded, and an empty array is an empty delivery.
func TestArrays(t *testing.T) {
	s := serve(t)
	status, answer, _ := s.send(t, "/v1/complaints", `[1,2,{"id":"A1","customer":"U1","received":"2026-03-01","body":"x"}]`)
	rows := rowsOf(answer)
	if status != 200 || len(rows) != 3 || answer["loaded"].(float64) != 1 || answer["complete"] != true {
		t.Fatalf("%d %v", status, answer)
	}
	for i, want := range []string{"bad_json", "bad_json", ""} {
		code, _ := rows[i]["code"].(string)
		if code != want || int(rows[i]["line"].(float64)) != i+1 || want == "" && rows[i]["id"] != "A1" {
			t.Errorf("row %d: %v", i, rows[i])
		}
	}
	before := s.count(t, "refused")
	hooked := signed(time.Now(), " [ ]\n", "empty")
	for path, headers := range map[string][]string{"/v1/complaints": nil, "/v1/surveys": {"Idempotency-Key: k"}, "/hooks/hmac": hooked} {
		status, answer, _ := s.send(t, path, " [ ]\n", headers...)
		if status != 200 || answer["rows_in"].(float64) != 0 || s.count(t, "refused") != before {
			t.Errorf("%s: %d %v", path, status, answer)
		}
	}
	if status, answer, _ := s.send(t, "/v1/complaints", packed("[]"), "Content-Encoding: gzip"); status != 200 || len(rowsOf(answer)) != 0 {
		t.Errorf("%d %v", status, answer)
	}
}

// TestBodiesThatBreakOff: what was loaded is loaded, and nobody is told that it
// was all.
func TestBodiesThatBreakOff(t *testing.T) {
	var rows strings.Builder
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 4000 {
		fmt.Fprintf(&rows, `{"id":"C%d","received":"2026-03-01 10:00:00","body":"`, i)
		for range 40 {
			fmt.Fprintf(&rows, "%016x", random.Uint64())
		}
		rows.WriteString("\"}\n")
	}
	whole := packed(rows.String())
	for name, c := range map[string]struct{ body, code string }{
		"bomb":    {packed(rows.String() + `{"id":"Z","body":"` + strings.Repeat("0", 400<<20) + `"}`), "archive_bomb"},
		"cut off": {whole[:len(whole)*3/4], "bad_archive"},
		"damaged": {whole[:len(whole)/2] + strings.Repeat("\xff", 1000) + whole[len(whole)/2:], "bad_archive"},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t)
			for try := range 2 { // the second gets the first answer again
				status, answer, h := s.send(t, "/v1/complaints", c.body, "Content-Encoding: gzip", "Content-Type: application/x-ndjson", "Idempotency-Key: k")
				loaded, last := answer["loaded"].(float64), rowsOf(answer)[0]
				if status != 422 || answer["complete"] != false || loaded < 100 || (h.Get("Idempotency-Replayed") != "") != (try > 0) {
					t.Fatalf("try %d: %d, %v loaded, complete %v", try, status, loaded, answer["complete"])
				}
				if last["line"] != 0.0 || last["code"] != c.code || strings.Contains(last["reason"].(string), "archive") {
					t.Errorf("%v", last)
				}
				if n := s.count(t, "complaint"); n != int(loaded) || answer["refused"].(float64) == 0 {
					t.Errorf("%d complaints, %v", n, answer["reasons"])
				}
			}
		})
	}
	long := packed(strings.Repeat(rows.String(), 4))
	s := serve(t)
	if _, answer, _ := s.send(t, "/v1/complaints", long[:len(long)-1000], "Content-Encoding: gzip", "Content-Type: application/x-ndjson"); rowsOf(answer)[0]["code"] != "bad_archive" || answer["rows_left_out"] == nil {
		t.Errorf("behind %d rows nothing is told of the damage: %v", mostLines, rowsOf(answer)[0])
	}
	if status, answer, _ := s.send(t, "/v1/complaints", whole, "Content-Encoding: gzip", "Content-Type: application/x-ndjson"); status != 200 || answer["complete"] != true {
		t.Errorf("the whole: %d, complete %v", status, answer["complete"])
	}
}

// TestReasonsOfAPost: no flags, no files, and no names that a client cannot know.
func TestReasonsOfAPost(t *testing.T) {
	s := serve(t)
	large := strings.Repeat("\n", inMemory+1)
	for _, c := range []struct{ body, code, says, not string }{
		{`{"colour":"red"}`, "no_profile", "?profile=", "--"},
		{`[{"colour":"red"}]`, "no_profile", "?profile=", "--"},
		{large, "empty_file", "body", "file"},
		{"PK\x03\x04" + large, "bad_archive", "damaged", "the archive"},
		{"id,customer,received,body\n", "", "", ""},
	} {
		_, answer, _ := s.send(t, "/v1/complaints", c.body, "Content-Type: text/csv")
		if rows := rowsOf(answer); c.code == "" && len(rows) > 0 || c.code != "" && (len(rows) != 1 || rows[0]["code"] != c.code) {
			t.Errorf("%.30q: %v", c.body, answer)
		} else if c.code != "" {
			reason, detail := rows[0]["reason"].(string), fmt.Sprint(rows[0]["detail"])
			if !strings.Contains(reason, c.says) || strings.Contains(reason, c.not) || detail == input || strings.Contains(detail, "plaint-body") {
				t.Errorf("%.30q: %q, detail %s", c.body, reason, detail)
			}
		}
	}
	for _, lang := range locale.Languages {
		w := locale.For(lang)
		for _, code := range []record.Code{"no_profile", "cut_off", "empty_file", "auto_reply", "bounce", "newsletter"} {
			if said := reason(w, code); strings.Contains(said, "--") || strings.Contains(said, "文件为空") || said == w.T("code_"+string(code)) {
				t.Errorf("%s: %q", code, said)
			}
		}
	}
}

// TestRefusedRowsAreNamed by their id where it can be told, however they are
// written.
func TestRefusedRowsAreNamed(t *testing.T) {
	s := serve(t)
	for _, c := range []struct{ path, media, body, id string }{
		{"", "application/json", `{"id":"J1","received":"soon","body":"x"}`, "J1"},
		{"", "application/json", `[{"id":"J2","received":"2026-03-01","body":"x"},{"received":"soon","body":"x","id":7}]`, "7"},
		{"", "application/json", `{"id":"J3","colour":}`, "J3"},
		{"", "application/json", `{"工单号":"J4","received":"soon","body":"x"}`, "J4"},
		{"", "application/json", `{"a":{"id":"no"},"received":"soon","body":"x","customer":"U1"}`, ""},
		{"", "application/json", `[{"id":"J6","body":"x"},3]`, ""},
		{"", "text/csv", "body,id,received\n\"a, b\",C1,soon\n", "C1"},
		{"", "text/csv", "id,body,received\nC2,a,b,2026-03-01\n", "C2"},
		{"", "text/csv", "body,id,received\na,b,C3,2026-03-01\n", ""},
		{"", "text/tab-separated-values", "投诉编号\t投诉时间\t投诉内容\nC4\t很久以前\t无法登录\n", "C4"},
		{"", "text/csv", "id,body,received\n\"C5,a,2026-03-01\n", ""},
		{"?profile=zammad", "application/json", `{"number":"Z1","id":"12","title":"x","created_at":"soon"}`, "Z1"},
		{"", "application/json", `{"id":"` + strings.Repeat("J", 300) + `","received":"soon","body":"x"}`, ""},
	} {
		_, answer, _ := s.send(t, "/v1/complaints"+c.path, c.body, "Content-Type: "+c.media)
		found := false
		for _, r := range rowsOf(answer) {
			if r["fate"] != "refused" {
				continue
			}
			found = true
			if got, _ := r["id"].(string); got != c.id {
				t.Errorf("%.80s: id %q, want %q, code %v", c.body, got, c.id, r["code"])
			}
		}
		if !found {
			t.Errorf("%.80s: nothing was refused: %v", c.body, answer)
		}
	}
}

// TestNumbersAreRound: six digits are enough, and the points still add up.
func TestNumbersAreRound(t *testing.T) {
	m, err := model.Load(model.Default)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{explain: func(d *record.Decision) []record.Reason { return m.Reasons(d.Signals) }}
	random := rand.New(rand.NewPCG(3, 4))
	round := func(v float64) bool { return math.Abs(v*1e6-math.Round(v*1e6)) < 1e-6*max(1, math.Abs(v)) }
	for range 2000 {
		signals := make([]float32, len(m.SignalNames()))
		for i := range signals {
			signals[i] = random.Float32() * 5
		}
		score := 0.0
		for _, r := range m.Reasons(signals) {
			score += r.Points
		}
		d := a.decision(&record.Decision{Score: score, Threshold: 0.1 + 0.2, Signals: signals})
		sum, short := 0.0, round(d.Score) && round(d.Threshold)
		for _, r := range d.Reasons {
			sum += r.Points
			short = short && round(r.Points)
		}
		text, err := json.Marshal(d)
		if err != nil || !short || math.Abs(sum-d.Score) > 1e-6 || math.Abs(d.Score-score) > 1e-6 {
			t.Fatalf("%v: sum %v of %s", score, sum, text)
		}
	}
}
