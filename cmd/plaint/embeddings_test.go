package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// vectorService makes a vector of each text's length, and notes the texts.
func vectorService(t *testing.T) (url string, texts *[]string) {
	t.Helper()
	var all []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q struct{ Input []string }
		json.NewDecoder(r.Body).Decode(&q)
		if r.Header.Get("Authorization") != "Bearer the-key" {
			w.WriteHeader(http.StatusUnauthorized)
			w.Write([]byte(`{"error":{"message":"wrong key the-wrong-key"}}`))
			return
		}
		type row struct {
			Embedding []int `json:"embedding"`
		}
		var rows []row
		for _, s := range q.Input {
			rows = append(rows, row{[]int{len(s), 1, strings.Count(s, "a")}})
		}
		all = append(all, q.Input...)
		json.NewEncoder(w).Encode(map[string]any{"data": rows})
	}))
	t.Cleanup(s.Close)
	return s.URL, &all
}

// TestEmbeddings: analyze and lab cluster ask a service on this machine, analyze
// once for each text, and one elsewhere only if that is allowed.
func TestEmbeddings(t *testing.T) {
	url, texts := vectorService(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.csv"), []byte(fewThemes()), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(want int, args ...string) string {
		t.Helper()
		code, said := cli(t, dir, append([]string{"--lang=en", "--db", "x.db"}, args...)...)
		if code != want || strings.Contains(said, "-key") || strings.Contains(said, "pass") {
			t.Fatalf("%v: exit status %d\n%s", args, code, said)
		}
		return said
	}
	run(exitDone, "ingest", "a.csv", "--quiet")
	analyze := []string{"analyze", "--jobs", "themes", "--quiet"}
	service := []string{"--embedding-model", "m", "--embeddings", strings.Replace(url, "//", "//user:pass@", 1)}
	t.Setenv(embeddingsKey, "the-wrong-key")
	if said := run(exitFailed, append(analyze, service...)...); !strings.Contains(said, "401") {
		t.Error(said)
	}
	t.Setenv(embeddingsKey, "the-key\n")
	run(exitDone, append(analyze, service...)...)
	if len(*texts) != 2 { // thirty complaints in three words, of which two are the same for a vector of theirs
		t.Logf("%d texts were sent", len(*texts))
	}
	sent := len(*texts)
	run(exitDone, append(analyze, service...)...)
	if len(*texts) != sent || sent == 0 {
		t.Errorf("the second run sent %d texts, the first %d", len(*texts)-sent, sent)
	}
	if got := run(exitDone, "query", "select params from run order by id desc limit 1", "--format", "csv"); !strings.Contains(got, `""embedding_model"":""m""`) || !strings.Contains(got, `""embedding_dimensions"":3`) || strings.Contains(got, "127.0.0.1") {
		t.Error(got)
	}
	if got := run(exitDone, append([]string{"lab", "cluster", "--in", "a.csv", "--text", "body", "--quiet"}, service...)...); !strings.Contains(got, `"embedding_counts":{"en":`) || len(*texts) == sent {
		t.Error(got)
	}
	for _, wrong := range [][]string{{"--embeddings", "https://user:pass@embeddings.example"}, {"--embeddings", "file:///pass"}, {"--embeddings", url, "--embedding-model", " "}, {"--embedding-dimensions", "-1", "--embeddings", url}} {
		run(exitUsage, append(append(analyze, "--embedding-model", "m"), wrong...)...)
	}
	settings := "embeddings: {url: 'https://user:pass@embeddings.example', model: m, key: {env: NONE}}\n"
	if err := os.WriteFile(filepath.Join(dir, "plaint.yaml"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	run(exitUsage, analyze...) // nobody allows it
	run(exitDone, append(analyze, "--embeddings=")...)
	run(exitDone, "analyze", "--jobs", "volume", "--quiet")
}
