package file

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

func TestTable(t *testing.T) {
	gb, err := simplifiedchinese.GB18030.NewEncoder().String("编号,内容\n1,提现没有到账，客服没有回复\n2,\"无法登录\n密码正确\"\n")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text, columns, rows string
	}{
		"a.csv":    {"\ufeffid,text\n1,\"a, b\"\n\n2\n", "id text", "1|a, b;2|"},
		"gb.csv":   {gb, "编号 内容", "1|提现没有到账，客服没有回复;2|无法登录\n密码正确"},
		"a.ndjson": {"{\"id\":1,\"text\":\"x\"}\n{\"id\":2,\"text\":null}\n", "id text", "1|x;2|"},
		"a.json":   {"[{\"id\":1,\"text\":\"x\"},{\"id\":2}]", "id text", "1|x;2|"},
		"a.tsv":    {"id\ttext\n1\tfrom a@b.c: subject\n", "id text", "1|from a@b.c: subject"},
	} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		x, err := OpenTable(t.Context(), path, "")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var rows []string
		for {
			cells, err := x.Next()
			if err != nil {
				if err != io.EOF {
					t.Errorf("%s: %v", name, err)
				}
				break
			}
			rows = append(rows, strings.Join(cells, "|"))
		}
		x.Close()
		if got := strings.Join(x.Columns, " "); got != c.columns || strings.Join(rows, ";") != c.rows {
			t.Errorf("%s: %s: %q", name, got, rows)
		}
		if x.Column("TEXT")+x.Column("内容") != 0 || x.Column("none") != -1 {
			t.Errorf("%s: columns are not found", name)
		}
	}
	for name, text := range map[string]string{"empty.csv": "", "binary": "\x7fELF\x00\x01\x02\x00\x00"} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var fault *Error
		if _, err := OpenTable(t.Context(), path, ""); !errors.As(err, &fault) {
			t.Errorf("%s: %v", name, err)
		}
		if err := TextLines(path, "", func(string) error { return nil }); !errors.As(err, &fault) {
			t.Errorf("%s as lines: %v", name, err)
		}
	}
}

func TestTextLines(t *testing.T) {
	const text = "first \"quoted\r\n\nthird, with a comma\n末行"
	for name, c := range map[string]encoding.Encoding{"utf-8": unicode.UTF8BOM, "utf-16le": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
		"utf-16be": unicode.UTF16(unicode.BigEndian, unicode.UseBOM), "gb18030": simplifiedchinese.GB18030} {
		written, err := c.NewEncoder().String(text)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "a.log")
		if err := os.WriteFile(path, []byte(written), 0o600); err != nil {
			t.Fatal(err)
		}
		var lines []string
		err = TextLines(path, "", func(s string) error { lines = append(lines, s); return nil })
		if want := []string{"first \"quoted", "", "third, with a comma", "末行"}; err != nil || !slices.Equal(lines, want) {
			t.Errorf("%s: %q, %v", name, lines, err)
		}
	}
}
