package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/prometheus/client_golang/prometheus"

	"plaint/analysis"
	"plaint/analysis/coordination"
	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/internal/web"
	"plaint/scoring/duplicate"
	"plaint/scoring/ring"
)

// checkRings: the complaints that a ring counts are those that its list has, and
// each of them leads back to it.
func (b *broker) checkRings(t *testing.T, total func(string) int) {
	t.Helper()
	n := total("/api/v1/rings?limit=1")
	var list struct{ Rows []struct{ ID int } }
	if err := json.Unmarshal(b.get("/api/v1/rings", "en").Body.Bytes(), &list); err != nil || n == 0 || len(list.Rows) != n {
		t.Fatalf("%d rings, %d rows, %v", n, len(list.Rows), err)
	}
	for _, r := range list.Rows {
		var x struct {
			N, Customers int
			ByDay        []struct{ N int } `json:"by_day"`
			Members      []struct {
				Seq      int `json:"complaint_seq"`
				Customer string
			}
			Ties []struct{ Example int }
		}
		if err := json.Unmarshal(b.get(fmt.Sprintf("/api/v1/rings/%d", r.ID), "en").Body.Bytes(), &x); err != nil {
			t.Fatal(err)
		}
		if got := total(fmt.Sprintf("/api/v1/complaints?limit=1&ring=%d", r.ID)); got != x.N || got == 0 || len(x.Members) != x.N {
			t.Errorf("ring %d: %d complaints, %d told, the list has %d", r.ID, x.N, len(x.Members), got)
		}
		customers, seqs, days := map[string]bool{}, map[int]bool{}, 0
		for _, m := range x.Members {
			customers[m.Customer], seqs[m.Seq] = true, true
		}
		for _, d := range x.ByDay {
			days += d.N
		}
		if len(customers) != x.Customers || days != x.N {
			t.Errorf("ring %d: %d customers of %d, %d complaints by day of %d", r.ID, len(customers), x.Customers, days, x.N)
		}
		for _, tie := range x.Ties {
			if !seqs[tie.Example] {
				t.Errorf("ring %d: an example is of another complaint", r.ID)
			}
		}
		page := b.get(fmt.Sprintf("/complaints/%d", x.Members[0].Seq), "en").Body.String()
		if !strings.Contains(page, fmt.Sprintf(`href="/rings/%d"`, r.ID)) {
			t.Errorf("complaint %d does not lead to ring %d", x.Members[0].Seq, r.ID)
		}
	}
}

// TestHostileRing: whatever customers write into what they share, pages and API
// show it short and clean.
func TestHostileRing(t *testing.T) {
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "t.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	const nasty = "<script>alert(1)</script>\x1b[31m\u202e\u0007"
	var batch record.Batch
	for i := range 12 {
		c := record.Complaint{Customer: fmt.Sprint("C", i), CustomerName: nasty, Type: nasty, Currency: nasty, Amount: record.Num(10), Received: record.At(time.Date(2026, 3, 2, 9, i, 0, 0, time.UTC)),
			Body: fmt.Sprint("微信 wxid_88812345 ", strings.Repeat("提现一直没有到账，客服也不回复，请尽快处理。", 3)), Device: nasty + strings.Repeat("d", 20000), PayoutAccount: nasty + strings.Repeat("6", i%2+9), Contact: nasty}
		c.ExternalID = fmt.Sprint(i)
		c.Stamp(nil)
		batch.Complaints = append(batch.Complaints, c)
	}
	if _, err := st.Admit(t.Context(), &batch, func(*record.Complaint, *record.History) record.Decision { return record.Decision{} }); err != nil {
		t.Fatal(err)
	}
	tools := coordination.Tools{Letters: duplicate.Groups, Find: ring.Find}
	if _, err := analysis.Run(t.Context(), st, analysis.Options{Jobs: []string{"rings"}, Rings: tools}); err != nil {
		t.Fatal(err)
	}
	reg := prometheus.NewRegistry()
	h, err := web.New(web.Options{Store: st, Registerer: reg, Gatherer: reg})
	if err != nil {
		t.Fatal(err)
	}
	b := &broker{st: st, handler: h}
	for _, path := range []string{"/rings", "/rings/1", "/api/v1/rings", "/api/v1/rings/1"} {
		for _, lang := range []string{"en", "zh"} {
			w := b.get(path, lang)
			body := w.Body.String()
			if w.Code != http.StatusOK || len(body) > 100_000 {
				t.Errorf("%s: %d, %d bytes", path, w.Code, len(body))
			}
			if strings.Contains(body, "<script") || strings.Contains(path, "/api/") && strings.Contains(body, "dddddddd") || strings.Contains(body, "88812345") {
				t.Errorf("%s shows what was written: %.3000s", path, body)
			}
			if i := strings.IndexFunc(body, func(c rune) bool {
				return c != '\n' && c != '\t' && (unicode.IsControl(c) || unicode.Is(unicode.Cf, c))
			}); i >= 0 && !strings.Contains(path, "/api/") {
				t.Errorf("%s has a control character: %q", path, body[max(0, i-200):i+10])
			}
		}
	}
	for path, want := range map[string]int{"/rings/2": 404, "/rings/0": 404, "/rings/x": 404, "/rings?page=1": 400, "/api/v1/rings/2": 404, "/complaints?ring=x": 400, "/complaints?ring=7": 200} {
		if w := b.get(path, "en"); w.Code != want {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	r := httptest.NewRequest(http.MethodPost, "http://localhost/rings", nil)
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, r); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", w.Code)
	}
}
