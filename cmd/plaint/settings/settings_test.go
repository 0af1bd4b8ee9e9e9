package settings

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"plaint/internal/web/locale"
)

func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		line int
		code string
	}{
		"no YAML":                   {"sources: [", 1, "syntax"},
		"a list":                    {"- a\n- b\n", 1, "wrong_type"},
		"a tab":                     {"http:\n\ttokens: []\n", 2, "syntax"},
		"unknown at the top":        {"# x\nsource: []\n", 2, "unknown_key"},
		"unknown below":             {"http:\n  token: {env: X}\n", 2, "unknown_key"},
		"unknown in a hook":         {"hooks:\n  - name: a\n    type: zendesk\n    secret: {env: X}\n", 4, "unknown_key"},
		"unknown in a source":       {"sources:\n  - {name: a, type: jetstream, as: logs, uri: x}\n", 2, "unknown_key"},
		"unknown type":              {"sources:\n  - {name: a, type: rabbit}\n", 2, "unknown_type"},
		"no type":                   {"sources:\n  - {name: a}\n", 2, "no_type"},
		"no name":                   {"sources:\n  - {type: jetstream}\n", 2, "no_name"},
		"a name with a slash":       {"sources:\n  - {name: a/b, type: jetstream}\n", 2, "bad_name"},
		"a name twice":              {"hooks:\n  - {name: a, type: zendesk}\n  - {name: a, type: zammad}\n", 3, "name_twice"},
		"a name of both":            {"sources:\n  - {name: a, type: syslog, listen: \"127.0.0.1:1\"}\nhooks:\n  - {name: a, type: zammad}\n", 4, "name_twice"},
		"an alias":                  {"x: &h [{name: a, type: zammad}]\n", 1, "unknown_key"},
		"a source that says little": {"sources:\n  - {name: a, type: jetstream}\n", 2, "source"},
		"the secret itself":         {"http:\n  tokens: [hunter2]\n", 2, "syntax"},
		"a secret for a list":       {"http:\n  tokens: hunter2\n", 2, "wrong_type"},
		"a long secret for a list":  {"http:\n  tokens: hunter2hunter2hunter2\n", 2, "wrong_type"},
		"a secret for keys":         {"http: hunter2\n", 1, "wrong_type"},
		"a secret of a hook":        {"hooks:\n  - {name: a, type: hmac, secrets: hunter2}\n", 2, "wrong_type"},
		"a secret of a source":      {"sources:\n  - {name: a, type: kafka, sasl: hunter2}\n", 2, "wrong_type"},
		"a secret in two places":    {"http:\n  tokens: [{env: A, file: B}]\n", 2, "syntax"},
		"an age in words":           {"retention: {logs: forever}\n", 1, "bad_age"},
		"no age":                    {"retention: {logs: 0d}\n", 1, "bad_age"},
		"an unknown kind":           {"retention: {letters: 5d}\n", 1, "unknown_kind"},
		"a number for a list":       {"sources: 5\n", 1, "wrong_type"},
	} {
		s, err := Parse([]byte(c.text))
		if err == nil {
			err = s.Open()
		}
		var f *Fault
		if !errors.As(err, &f) || f.Code != c.code || c.line > 0 && f.Line != c.line {
			t.Errorf("%s: %v, want %s at line %d", name, err, c.code, c.line)
			continue
		}
		if strings.Contains(fmt.Sprintf("%v %+v", err, f), "hunter") {
			t.Errorf("%s: the message tells the secret: %v", name, err)
		}
		for _, lang := range locale.Languages {
			if words := locale.For(lang).T("err_settings_" + f.Code); strings.Contains(words, "err_settings") {
				t.Errorf("no words in %s for %s", lang, f.Code)
			}
		}
	}
}

func TestEmptyAndAges(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "{}\n"} {
		if s, err := Parse([]byte(text)); err != nil || len(s.Streams) != 0 {
			t.Errorf("%q: %+v, %v", text, s, err)
		}
	}
	s, err := Parse([]byte("retention: {logs: 90d, complaints: 7y}\n"))
	if err != nil || time.Duration(s.Retention["logs"]) != 90*24*time.Hour || time.Duration(s.Retention["complaints"]) != 2556*24*time.Hour {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestReadmeExamples reads the settings that the READMEs show; blocks that
// name another file in their first line are not settings.
func TestReadmeExamples(t *testing.T) {
	t.Setenv("IMAP_PASSWORD", "x")
	t.Setenv("CRM_DSN", "postgres://plaint:x@127.0.0.1/crm")
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```")
	for _, name := range []string{"README.md", "README.zh.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		found := blocks.FindAllSubmatch(text, -1)
		if len(found) == 0 {
			t.Errorf("%s shows no settings", name)
		}
		for _, g := range found {
			if bytes.HasPrefix(g[1], []byte("# rules.yaml\n")) {
				continue
			}
			s, err := Parse(g[1])
			if err == nil {
				err = s.Open()
			}
			if err != nil || len(s.Streams)+len(s.Hooks)+len(s.Retention) == 0 {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
