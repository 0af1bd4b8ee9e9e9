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
	"plaint/internal/written"
)

func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		line int
		code string
	}{
		"no YAML":                   {"sources: [", 1, "err_yaml_bracket"},
		"a list":                    {"- a\n- b\n", 1, "err_yaml_kind"},
		"a tab":                     {"http:\n\ttokens: []\n", 2, "err_yaml_tab"},
		"unknown at the top":        {"# x\nsource: []\n", 2, "err_yaml_key_near"},
		"unknown below":             {"http:\n  token: {env: X}\n", 2, "err_yaml_key_near"},
		"unknown in a hook":         {"hooks:\n  - name: a\n    type: zendesk\n    secret: {env: X}\n", 4, "err_yaml_key_near"},
		"unknown in a source":       {"sources:\n  - {name: a, type: jetstream, as: logs, uri: x}\n", 2, "err_yaml_key_near"},
		"unknown type":              {"sources:\n  - {name: a, type: rabbit}\n", 2, "err_settings_type"},
		"no type":                   {"sources:\n  - {name: a}\n", 2, "err_settings_no_type"},
		"no name":                   {"sources:\n  - {type: jetstream}\n", 2, "err_settings_no_name"},
		"a name with a slash":       {"sources:\n  - {name: a/b, type: jetstream}\n", 2, "err_settings_bad_name"},
		"a name twice":              {"hooks:\n  - {name: a, type: zendesk}\n  - {name: a, type: zammad}\n", 3, "err_settings_name_twice"},
		"a name of both":            {"sources:\n  - {name: a, type: syslog, listen: \"127.0.0.1:1\"}\nhooks:\n  - {name: a, type: zammad}\n", 4, "err_settings_name_twice"},
		"an alias":                  {"x: &h [{name: a, type: zammad}]\n", 1, "err_yaml_key"},
		"a source that says little": {"sources:\n  - {name: a, type: jetstream}\n", 2, "err_settings_source"},
		"the secret itself":         {"http:\n  tokens: [hunter2]\n", 2, "err_secret_form"},
		"a secret for a list":       {"http:\n  tokens: hunter2\n", 2, "err_yaml_kind"},
		"a long secret for a list":  {"http:\n  tokens: hunter2hunter2hunter2\n", 2, "err_yaml_kind"},
		"a secret for keys":         {"http: hunter2\n", 1, "err_yaml_kind"},
		"a secret of a hook":        {"hooks:\n  - {name: a, type: hmac, secrets: hunter2}\n", 2, "err_yaml_kind"},
		"a secret of a source":      {"sources:\n  - {name: a, type: kafka, sasl: hunter2}\n", 2, "err_yaml_kind"},
		"a secret in two places":    {"http:\n  tokens: [{env: A, file: B}]\n", 2, "err_secret_form"},
		"a secret for a number":     {"sources:\n  - {name: a, type: kafka, batch: hunter2}\n", 2, "err_yaml_kind"},
		"a secret for a time":       {"sources:\n  - {name: a, type: imap, every: hunter2}\n", 2, "err_yaml_kind"},
		"a secret for an age":       {"retention: {logs: hunter2}\n", 1, "err_settings_age"},
		"a secret for a source":     {"sources: [hunter2]\n", 1, "err_yaml_kind"},
		"a secret with a star":      {"http:\n  tokens: [*hunter2]\n", 2, "err_yaml_anchor"},
		"an age in words":           {"retention: {logs: forever}\n", 1, "err_settings_age"},
		"no age":                    {"retention: {logs: 0d}\n", 1, "err_settings_age"},
		"nothing for an age":        {"retention:\n  logs:\n", 2, "err_settings_age"},
		"a mistyped kind":           {"retention:\n  logs: 5d\n  complaint: 5d\n", 3, "err_record_kind_near"},
		"a mistyped type":           {"sources:\n  - {name: a, type: kafak}\n", 2, "err_settings_type_near"},
		"a source without a word":   {"sources:\n  -\n", 2, "err_yaml_nothing"},
		"a name that is a list":     {"sources:\n  - type: syslog\n    name: [a]\n", 3, "err_yaml_kind"},
		"an unknown kind":           {"retention: {letters: 5d}\n", 1, "err_record_kind"},
		"a number for a list":       {"sources: 5\n", 1, "err_yaml_kind"},
	} {
		s, err := Parse([]byte(c.text))
		if err == nil {
			err = s.Open()
		}
		var bad *written.Error
		if !errors.As(err, &bad) || bad.Code != c.code || bad.Line != c.line {
			t.Errorf("%s: %v, want %s at line %d", name, err, c.code, c.line)
			continue
		}
		if strings.Contains(fmt.Sprintf("%v %+v", err, bad), "hunter") {
			t.Errorf("%s: the message tells the secret: %v", name, err)
		}
		for _, lang := range locale.Languages {
			if !locale.For(lang).Has(bad.Code) {
				t.Errorf("no words in %s for %s", lang, bad.Code)
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
