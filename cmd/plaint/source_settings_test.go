package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"plaint/cmd/plaint/settings"
	"plaint/internal/web/locale"
	"plaint/internal/written"
)

// wrongSettings are mistakes in the settings of a source: its type and keys, the code,
// and the line, counted from that of the name, which is 0.
var wrongSettings = []struct {
	keys string
	code string
	line int
}{
	{"type: jetstream\nname:", "err_settings_no_name", 0},
	{"type: jetstream\nurl: nats://h:1\nas: logs", "err_source_missing", 0},
	{"type: jetstream\nstream: a b\nurl: nats://h:1\nas: logs", "err_source_signs", 2},
	{"type: jetstream\nstream: S\nconsumer: a.b\nurl: nats://h:1\nas: logs", "err_source_signs", 3},
	{"type: jetstream\nstream: S\nwait: 1h\nurl: nats://h:1\nas: logs", "err_source_range", 3},
	{"type: jetstream\nstream: S\nsubjects:\n  - good\n  - a b\nurl: nats://h:1\nas: logs", "err_source_like", 5},
	{"type: jetstream\nstream: S\nurl: nats://h:1\nas: logs\nbatch: -1", "err_source_range", 5},
	{"type: jetstream\nstream: S\nurl: nats://h:1", "err_source_what", 0},
	{"type: jetstream\nstream: S\nurl: nats://h:1\nas: moods", "err_record_kind", 4},
	{"type: jetstream\nstream: S\nurl: nats://h:1\nas: surveis", "err_record_kind_near", 4},
	{"type: jetstream\nstream: S\nurl: nats://h:1\nprofile: nobody", "err_source_read", 4},
	{"type: jetstream\nstream: S\nas: logs\nurl: u:hunter2@h", "err_source_form", 4},
	{"type: jetstream\nstream: S\nas: logs\nurl: nats://u:hunter2@h:1", "err_source_url_user", 4},
	{"type: jetstream\nstream: S\nas: logs\nurl: http://h:1", "err_source_choice", 4},
	{"type: jetstream\nstream: S\nas: logs\nurl: nat://h:1", "err_source_choice_near", 4},
	{"type: jetstream\nstream: nats://u:hunter2@h\nas: logs", "err_source_signs", 2},
	{"type: jetstream\nstream: S\nurl: nats://h:1\nas: logs\nuser: u", "err_source_together", 5},
	{"type: jetstream\nstream: S\nurl: nats://h:1\nas: logs\npassword: {env: TEST_SECRET}", "err_source_together", 5},
	{"type: jetstream\nstream: S\nurl: nats://h:1\nas: logs\nuser: u\ntoken: {env: TEST_SECRET}", "err_source_exclude", 6},
	{"type: jetstream\nstream: S\nurl: nats://h:1\nas: logs\ntoken: {env: TEST_SECRET}\ncreds: {env: TEST_SECRET}", "err_source_exclude", 6},
	{"type: jetstream\nstream: S\nurl: nats://h:1\nas: logs\ntoken: {env: TEST_NOT_SET}", "err_source_read", 5},
	{"type: jetstream\nstream: S\nurl: nats://h:1\nas: logs\ncreds: {file: EMPTY}", "err_source_read", 5},
	{"type: jetstream\nstream: S\nurl: nats://h:1\nas: logs\ncreds: hunter2", "err_secret_form", 5},
	{"type: jetstream\nstream: S\nurl: nats://h:1\nas: logs\ntls:\n  ca: /no/such/file", "err_source_read", 6},
	{"type: jetstream\nstream: S\nurl: nats://h:1\nas: logs\ntls:\n  ca: EMPTY", "err_source_certificate", 6},
	{"type: jetstream\nstream: S\nurl: nats://h:1\nas: logs\ntls:\n  cert: EMPTY", "err_source_together", 6},
	{"type: jetstream\nstream: S\nurl: nats://h:1\nas: logs\ntls:\n  key: EMPTY", "err_source_together", 6},
	{"type: jetstream\nstream: S\nurl: nats://h:1\nas: logs\ntls:\n  key: EMPTY\n  cert: EMPTY", "err_source_pair", 7},
	{"type: jetstream\nstream: S\nurl: nats://h:1\nas: logs\ntls:\n  key: EMPTY\n  cert: /no/such/file", "err_source_read", 7},

	{"type: kafka\ntopics: [t]\nas: logs", "err_source_missing", 0},
	{"type: kafka\nbrokers: ['h:1']\nas: logs", "err_source_missing", 0},
	{"type: kafka\nbrokers: ['h:1']\ntopics: [t]\nas: logs\nstart: middle", "err_source_choice", 5},
	{"type: kafka\nbrokers: ['h:1']\ntopics: [t]\nas: logs\nstart: lastest", "err_source_choice_near", 5},
	{"type: kafka\nbrokers:\n  - h:1\n  - u:hunter2@h\ntopics: [t]\nas: logs", "err_source_like", 4},
	{"type: kafka\nbrokers: [kafka://u:hunter2@h]\ntopics: [t]\nas: logs", "err_source_like", 2},
	{"type: kafka\nbrokers: ['h:1']\ntopics: [t, a/b]\nas: logs", "err_source_signs", 3},
	{"type: kafka\nbrokers: ['h:1']\ntopics: ['']\nas: logs", "err_source_like", 3},
	{"type: kafka\nbrokers: ['h:1']\ntopics: [t]\nas: logs\nbatch: 200000", "err_source_range", 5},
	{"type: kafka\nbrokers: ['h:1']\ntopics: [t]\nas: logs\nsasl:\n  mechanism: plain", "err_source_missing", 5},
	{"type: kafka\nbrokers: ['h:1']\ntopics: [t]\nas: logs\nsasl:\n  user: u", "err_source_no_secret", 5},
	{"type: kafka\nbrokers: ['h:1']\ntopics: [t]\nas: logs\nsasl:\n  user: u\n  password: {env: TEST_NOT_SET}", "err_source_read", 7},
	{"type: kafka\nbrokers: ['h:1']\ntopics: [t]\nas: logs\nsasl:\n  user: u\n  password: {env: TEST_SECRET}", "err_source_missing", 5},
	{"type: kafka\nbrokers: ['h:1']\ntopics: [t]\nas: logs\nsasl:\n  user: u\n  mechanism: md5\n  password: {env: TEST_SECRET}", "err_source_choice", 7},
	{"type: kafka\nbrokers: ['h:1']\ntopics: [t]\nas: logs\ntls: {ca: EMPTY}", "err_source_certificate", 5},

	{"type: postgres\nas: logs\ncursor: c\nid: i\ndsn: {env: TEST_SECRET}", "err_source_either", 0},
	{"type: mysql\nas: logs\ncursor: c\nid: i\ndsn: {env: TEST_SECRET}\ntable: t\nquery: q", "err_source_exclude", 7},
	{"type: postgres\nas: logs\ntable: t\nid: i\ndsn: {env: TEST_SECRET}", "err_source_columns", 0},
	{"type: postgres\nas: logs\ntable: t\ncursor: c\ndsn: {env: TEST_SECRET}", "err_source_columns", 0},
	{"type: postgres\nas: logs\ntable: t\ncursor: c\nid: i\nbatch: 60000", "err_source_range", 6},
	{"type: postgres\nas: logs\ntable: t\ncursor: c\nid: i\nevery: 48h", "err_source_range", 6},
	{"type: postgres\nas: logs\ntable: t\ncursor: c\nid: i", "err_source_no_secret", 0},
	{"type: postgres\nas: logs\ntable: a;b\ncursor: c\nid: i\ndsn: {env: TEST_SECRET}", "err_source_like", 3},
	{"type: postgres\nas: logs\ntable: postgres://u:hunter2@h/d\ncursor: c\nid: i\ndsn: {env: TEST_SECRET}", "err_source_like", 3},
	{"type: postgres\nas: logs\ntable: host=h password=hunter2\ncursor: c\nid: i\ndsn: {env: TEST_SECRET}", "err_source_like", 3},
	{"type: postgres\nas: logs\nquery: delete from t\ncursor: c\nid: i\ndsn: {env: TEST_SECRET}", "err_source_query", 3},
	{"type: postgres\nas: logs\ntable: t\ncursor: c\nid: i\ndsn: {env: TEST_SECRET}\noverlap: ever", "err_source_overlap", 7},
	{"type: postgres\ntable: t\ncursor: c\nid: i\ndsn: {env: TEST_SECRET}", "err_source_what", 0},
	{"type: postgres\nas: logs\ntable: t\ncursor: c\nid: i\ndsn: {env: TEST_NOT_SET}", "err_source_read", 6},
	{"type: postgres\nas: logs\ntable: t\ncursor: c\nid: i\ndsn: {env: TEST_ADDRESS}", "err_source_form", 6},
	{"type: mysql\nas: logs\ntable: t\ncursor: c\nid: i\ndsn: {env: TEST_ADDRESS}", "err_source_form", 6},
	{"type: mysql\nas: logs\ntable: t\ncursor: c\nid: i\ndsn: u:hunter2@tcp(h)/d", "err_secret_form", 6},

	{"type: imap\nhost: h\nuser: u\npassword: {env: TEST_SECRET}\nas: surveys", "err_source_gives", 5},
	{"type: imap\nhost: h\npassword: {env: TEST_SECRET}", "err_source_missing", 0},
	{"type: imap\nuser: u\npassword: {env: TEST_SECRET}", "err_source_missing", 0},
	{"type: imap\nhost: h\nuser: u", "err_source_no_secret", 0},
	{"type: imap\nhost: h\nuser: u\npassword: {env: TEST_NOT_SET}", "err_source_read", 4},
	{"type: imap\nhost: h\nuser: u\npassword: {env: TEST_SECRET}\nbatch: 5000", "err_source_range", 5},
	{"type: imap\nhost: h\nuser: u\npassword: {env: TEST_SECRET}\nevery: 2h", "err_source_range", 5},
	{"type: imap\nhost: h\nuser: u\npassword: {env: TEST_SECRET}\nfolder: \"a\\nb\"", "err_source_line", 5},
	{"type: imap\nhost: h\nuser: u\npassword: {env: TEST_SECRET}\nsent: INBOX", "err_source_sent", 5},
	{"type: imap\nhost: h\nuser: u\npassword: {env: TEST_SECRET}\nown:\n  - a@firm.com\n  - firm.com", "err_source_like", 7},
	{"type: imap\nhost: imaps://u:hunter2@h\nuser: u\npassword: {env: TEST_SECRET}", "err_source_like", 2},
	{"type: imap\nhost: h\nuser: u\npassword: {env: TEST_SECRET}\ntls: ssl", "err_source_choice", 5},
	{"type: imap\nhost: h\nuser: u\npassword: {env: TEST_SECRET}\ntls: startls", "err_source_choice_near", 5},
	{"type: imap\nhost: h\nuser: u\npassword: {env: TEST_SECRET}\ntls: none", "err_source_clear", 5},
	{"type: imap\nhost: h\nuser: u\npassword: {env: TEST_SECRET}\nca: /no/such/file", "err_source_read", 5},
	{"type: imap\nhost: h\nuser: u\npassword: {env: TEST_SECRET}\nca: EMPTY", "err_source_certificate", 5},
	{"type: imap\nhost: h\nuser: u\npassword: {env: TEST_SECRET}\nprofile: nobody", "err_source_read", 5},
	{"type: imap\nhost: h\nuser: u\npassword: {env: TEST_SECRET}\nprofile: surveys", "err_source_unfit", 5},

	{"type: otlp", "err_source_either", 0},
	{"type: otlp\nhttp: h:1\nas: surveys", "err_source_gives", 3},
	{"type: otlp\nhttp: h:1\nprofile: zendesk", "err_source_no_profile", 3},
	{"type: otlp\nhttp: '4318'", "err_source_like", 2},
	{"type: otlp\nhttp: h:1\ngrpc: http://u:hunter2@h", "err_source_like", 3},
	{"type: otlp\nhttp: h:1\ntokens:\n  - {env: TEST_SECRET}\n  - {env: TEST_NOT_SET}", "err_source_read", 5},
	{"type: otlp\nhttp: h:1\ntls:\n  key: EMPTY", "err_source_missing", 3},
	{"type: otlp\nhttp: h:1\ntls:\n  cert: EMPTY", "err_source_missing", 3},
	{"type: otlp\nhttp: h:1\ntls:\n  key: EMPTY\n  cert: EMPTY", "err_source_pair", 5},
	{"type: otlp\nhttp: h:1\ntls:\n  key: KEY\n  cert: CERT\n  client_ca: /no/such/file", "err_source_read", 6},
	{"type: otlp\nhttp: h:1\ntls:\n  key: KEY\n  cert: CERT\n  client_ca: EMPTY", "err_source_certificate", 6},

	{"type: syslog", "err_source_missing", 0},
	{"type: syslog\nlisten: x", "err_source_like", 2},
	{"type: syslog\nlisten: h:1\nallow: [10.0.0.1]", "err_source_like", 3},
	{"type: syslog\nlisten: h:1\nbatch: -1", "err_source_range", 3},
	{"type: syslog\nlisten: h:1\nwait: 2m", "err_source_range", 3},
	{"type: syslog\nlisten: h:1\nidle: -1s", "err_source_negative", 3},
	{"type: syslog\nlisten: h:1\nconnections: -1", "err_source_negative", 3},
	{"type: syslog\nlisten: h:1\nzone: Mars/Base", "err_profile_zone", 3},
	{"type: syslog\nlisten: h:1\ntls: {cert: EMPTY}", "err_source_missing", 3},

	{"type: follow", "err_source_missing", 0},
	{"type: follow\npath: '[a'", "err_source_pattern", 2},
	{"type: follow\npath: a.log\npoll: 2h", "err_source_range", 3},
	{"type: follow\npath: a.log\nbatch: -1", "err_source_range", 3},
	{"type: follow\npath: a.log\nfrom: end", "err_source_choice", 3},
	{"type: follow\npath: a.log\nformat: csv", "err_source_choice", 3},
	{"type: follow\npath: a.log\nas: surveys\nformat: lines", "err_source_lines", 4},
	{"type: follow\npath: a.log\nformat: ndjson", "err_source_what", 0},
	{"type: follow\npath: a.log\nprofile: nobody", "err_source_read", 3},
}

var han = regexp.MustCompile(`\p{Han}`)

// TestSettingsOfSources: each mistake in the settings of a source is told with words in
// both languages and the line of its key, and without the secret in it.
func TestSettingsOfSources(t *testing.T) {
	t.Setenv("TEST_SECRET", "hunter2")
	t.Setenv("TEST_ADDRESS", "postgres://u:hunter2@h:port/d")
	dir := t.TempDir()
	put(t, dir, "empty", "")
	cert, key := certificate(t, dir)
	files := strings.NewReplacer("EMPTY", filepath.Join(dir, "empty"), "CERT", cert, "KEY", key)
	told := map[string]bool{}
	for _, c := range wrongSettings {
		named := "name: x\n"
		if strings.Contains(c.keys, "name:") {
			named = ""
		}
		text := "sources:\n  - " + strings.ReplaceAll(named+files.Replace(c.keys), "\n", "\n    ") + "\n"
		s, err := settings.Parse([]byte(text))
		if err == nil {
			s.File = settingsFile
			_, _, err = (&env{}).openSettings(s)
		} else {
			err = badSettings(settingsFile, err)
		}
		code := codeOf(err)
		told[code] = true
		if code != c.code {
			t.Errorf("%s\n%q, not %s: %v", text, code, c.code, err)
			continue
		}
		at := settingsFile + ":" + strconv.Itoa(c.line+2)
		for _, lang := range locale.Languages {
			words := locale.For(lang)
			said := (&env{words: words}).explain(err)
			_, reason, _ := strings.Cut(said, at)
			if !words.Has(code) || reason == "" || strings.Contains(strings.ReplaceAll(reason, words.T("err_secret_form"), ""), "{") || strings.Contains(said, "err_") {
				t.Errorf("%s\nin line %s: %s", text, at, said)
			}
			if strings.Contains(said, "hunter") {
				t.Errorf("the secret is told: %s", said)
			}
			if _, reason, _ = strings.Cut(reason, "来源 x"); lang == "zh" && !han.MatchString(reason) && code != "err_secret_form" && code != "err_settings_no_name" {
				t.Errorf("no Chinese: %s", said)
			}
		}
	}
	for code := range codesOfSources(t) {
		if !told[code] && !told[code+"_near"] {
			t.Errorf("no mistake here is told with %s", code)
		}
	}
}

// codeOf is that of the reason why a source cannot be used, "" if it has none.
func codeOf(err error) string {
	var own *worded
	if !errors.As(err, &own) {
		return ""
	}
	reason, ok := own.pairs[len(own.pairs)-1].(*written.Error)
	if ok && reason.Code == "err_settings_source" {
		reason, ok = reason.Pairs[len(reason.Pairs)-1].(*written.Error)
	}
	if !ok {
		return ""
	}
	return reason.Code
}

// codesOfSources are those that the code of the sources names.
func codesOfSources(t *testing.T) map[string]bool {
	codes := map[string]bool{}
	literal := regexp.MustCompile(`"(err_[a-z_]+)"`)
	err := filepath.WalkDir(filepath.Join("..", "..", "ingest", "stream"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, g := range literal.FindAllSubmatch(text, -1) {
			codes[string(g[1])] = true
		}
		return err
	})
	if err != nil || len(codes) < 20 {
		t.Fatal(len(codes), err)
	}
	return codes
}

// certificate makes files of one and of its key.
func certificate(t *testing.T, dir string) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	put(t, dir, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
	return filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
}
