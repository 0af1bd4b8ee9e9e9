package hook

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plaint/ingest/file"
	"plaint/internal/record"
)

var update = flag.Bool("update", false, "write the expected records anew")

// TestRows reads every body under testdata and compares what becomes of it.
func TestRows(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.json")
	if err != nil || len(paths) < 9 {
		t.Fatalf("%d cases, %v", len(paths), err)
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		t.Run(name, func(t *testing.T) {
			body, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			tool, _, _ := strings.Cut(name, "_")
			d, err := Read(tool, body)
			if err != nil {
				t.Fatal(err)
			}
			b := &record.Batch{}
			if len(d.Rows) > 0 {
				dec, err := file.NewDecoder("hook/x", file.Options{As: d.Kind, Profile: d.Profile})
				if err != nil {
					t.Fatal(err)
				}
				for i, r := range d.Rows {
					dec.Append(b, file.Message{Body: r, Line: int64(i + 1)})
				}
			}
			for i := range b.Complaints {
				b.Complaints[i].Keys = record.Keys{}
			}
			got, err := json.MarshalIndent(map[string]any{"event": d.ID, "complaints": b.Complaints, "surveys": b.Surveys, "refused": b.Refused}, "", " ")
			if err != nil {
				t.Fatal(err)
			}
			want := strings.TrimSuffix(path, ".json") + ".golden"
			if *update {
				if err := os.WriteFile(want, append(got, '\n'), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			old, err := os.ReadFile(want)
			if err != nil || !bytes.Equal(bytes.TrimSpace(old), got) {
				t.Errorf("%v, it gives\n%s", err, got)
			}
		})
	}
}

const secret = "s3cret"

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func mac(key string, parts ...string) []byte {
	m := hmac.New(sha256.New, []byte(key))
	m.Write([]byte(strings.Join(parts, "")))
	return m.Sum(nil)
}

// sign makes the headers of a genuine delivery.
func sign(tool, key, body string, at time.Time) http.Header {
	h := http.Header{}
	unix := fmt.Sprint(at.Unix())
	switch tool {
	case "zendesk":
		stamp := at.Format(time.RFC3339)
		h.Set("X-Zendesk-Webhook-Signature-Timestamp", stamp)
		h.Set("X-Zendesk-Webhook-Signature", base64.StdEncoding.EncodeToString(mac(key, stamp, body)))
	case "zammad":
		m := hmac.New(sha1.New, []byte(key))
		m.Write([]byte(body))
		h.Set("X-Hub-Signature", "sha1="+hex.EncodeToString(m.Sum(nil)))
	case "chatwoot":
		h.Set("X-Chatwoot-Timestamp", unix)
		h.Set("X-Chatwoot-Signature", "sha256="+hex.EncodeToString(mac(key, unix, ".", body)))
	case "typeform":
		h.Set("Typeform-Signature", "sha256="+base64.StdEncoding.EncodeToString(mac(key, body)))
	case "formbricks", "standard":
		h.Set("Webhook-Id", "msg_1")
		h.Set("Webhook-Timestamp", unix)
		h.Set("Webhook-Signature", "v1,AAAA v1,"+base64.StdEncoding.EncodeToString(mac(key, "msg_1", ".", unix, ".", body)))
	default:
		h.Set("X-Signature", "t="+unix+",v1=00ff,v1="+hex.EncodeToString(mac(key, unix, ".", body)))
	}
	return h
}

// timed are the tools that sign a time.
var timed = map[string]bool{"zendesk": true, "chatwoot": true, "formbricks": true, "standard": true, "hmac": true}

func TestVerify(t *testing.T) {
	const body = `{"id":1}`
	for _, tool := range Tools {
		check := func(what string, h http.Header, body string, secrets []string, want error) {
			t.Helper()
			if _, err := Verify(tool, h, []byte(body), secrets, now); !errors.Is(err, want) {
				t.Errorf("%s, %s: %v", tool, what, err)
			}
		}
		good := sign(tool, secret, body, now)
		check("genuine", good, body, []string{secret}, nil)
		check("old secret beside the new", good, body, []string{"new", secret}, nil)
		check("another secret", good, body, []string{"other"}, ErrSignature)
		check("no secret", good, body, nil, ErrSignature)
		check("another body", good, body+" ", []string{secret}, ErrSignature)
		check("no headers", http.Header{}, body, []string{secret}, ErrSignature)
		check("empty secret, no headers", http.Header{}, body, []string{""}, ErrSignature)
		for _, at := range []time.Time{now.Add(-Window - time.Second), now.Add(Window + time.Minute)} {
			want := error(nil)
			if timed[tool] {
				want = ErrTime
			}
			check("late or early", sign(tool, secret, body, at), body, []string{secret}, want)
		}
	}
	raw := []byte("0123456789abcdef")
	h := sign("formbricks", string(raw), body, now)
	if id, err := Verify("formbricks", h, []byte(body), []string{"whsec_" + base64.StdEncoding.EncodeToString(raw)}, now); err != nil || id != "msg_1" {
		t.Errorf("a secret of standard webhooks: %q, %v", id, err)
	}
	if id, err := Verify("zendesk", sign("zendesk", secret, body, now), []byte(body), []string{secret}, now); err != nil || id != "" {
		t.Errorf("%q, %v", id, err)
	}
}

func TestReadRefusesWhatIsNothing(t *testing.T) {
	for _, tool := range Tools[:5] {
		for _, body := range []string{"", "{", "[]", "null", "{}", `{"detail":7,"ticket":[],"form_response":"x","data":null,"event":{}}`} {
			if d, err := Read(tool, []byte(body)); err == nil {
				t.Errorf("%s takes %s as %+v", tool, body, d)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	paths, err := filepath.Glob("testdata/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for i, path := range paths {
		body, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(i, body)
	}
	f.Fuzz(func(t *testing.T, i int, body []byte) {
		d, err := Read(Tools[uint(i)%uint(len(Tools))], body)
		if err != nil {
			return
		}
		for _, r := range d.Rows {
			if !json.Valid(r) {
				t.Errorf("a row is no JSON: %q", r)
			}
		}
	})
}
