package queue

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func split(message string) []string {
	out := []string{}
	for r := range rows([]byte(message)) {
		out = append(out, string(r))
	}
	return out
}

func TestRows(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want []string
	}{
		"object":                {`{"a":1}`, []string{`{"a":1}`}},
		"spaces stay":           {" {\"a\":1}\n", []string{" {\"a\":1}\n"}},
		"byte order mark":       {"\ufeff" + `{"a":1}`, []string{`{"a":1}`}},
		"over many lines":       {"{\n \"a\": [\n  {\"b\":1}\n ]\n}", []string{"{\n \"a\": [\n  {\"b\":1}\n ]\n}"}},
		"lines":                 {"{\"a\":1}\r\n\n{\"a\":2}\n", []string{`{"a":1}`, `{"a":2}`}},
		"a bad line among":      {"{\"a\":1}\n{\"a\":\n{\"a\":3}", []string{`{"a":1}`, `{"a":`, `{"a":3}`}},
		"array":                 {`[{"a":1}, {"a":[2]} ]`, []string{`{"a":1}`, `{"a":[2]}`}},
		"array of others":       {`[1,"x",null]`, []string{`1`, `"x"`, `null`}},
		"empty array":           {`[ ]`, []string{}},
		"array cut in a row":    {`[{"a":1},{"a":`, []string{`{"a":1}`, `{"a":`}},
		"array cut after a row": {`[{"a":1},`, []string{`{"a":1}`, ``}},
		"array and more":        {`[{"a":1}] x`, []string{`{"a":1}`, `x`}},
		"a bad row in an array": {`[{"a":1},{a},{"a":3}]`, []string{`{"a":1}`, `{a},{"a":3}]`}},
		"not json":              {"hello\nworld", []string{"hello\nworld"}},
		"empty":                 {"", []string{""}},
		"spaces":                {" \n ", []string{" \n "}},
	} {
		if got := split(c.in); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q gives %q, want %q", name, c.in, got, c.want)
		}
	}
}

func TestRowsOfOneMessageAreLimited(t *testing.T) {
	for name, in := range map[string]string{
		"array": "[" + strings.Repeat("1,", mostRows+50) + "1]",
		"lines": strings.Repeat("1\n", mostRows+50),
	} {
		got := split(in)
		if len(got) != mostRows+1 || len(got[mostRows]) < 10 {
			t.Errorf("%s: %d rows, the last %q", name, len(got), got[len(got)-1])
		}
	}
	if got := split(""); len(got) != 1 {
		t.Error(got)
	}
	for r := range rows(nil) {
		if r == nil {
			t.Error("a refusal of nothing has no bytes")
		}
	}
}

func TestRowsEndEarly(t *testing.T) {
	for _, in := range []string{`[1,2,3]`, "1\n2\n3", `{}`} {
		for range rows([]byte(in)) {
			break
		}
	}
}

func FuzzRows(f *testing.F) {
	for _, s := range []string{`{"a":1}`, "{\"a\":1}\n{\"b\":2}", `[{"a":1},{"b":[1,{}]}]`, `[1,`, "[\n]", "", "\ufeff[", "{\n}", `[{"a":1}]]`, "1\n\n2", "[1]\n[2]"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		kept := bytes.Clone(in)
		var got [][]byte
		for r := range rows(in) {
			if r == nil {
				t.Fatal("a row without bytes")
			}
			got = append(got, bytes.Clone(r))
		}
		if !bytes.Equal(in, kept) {
			t.Fatal("the message was changed")
		}
		checkRows(t, in, got)
	})
}

// checkRows holds the rows against what encoding/json says of the message.
func checkRows(t *testing.T, in []byte, got [][]byte) {
	var list []json.RawMessage
	switch text := bytes.TrimSpace(in); {
	case bytes.HasPrefix(text, []byte("[")) && json.Unmarshal(text, &list) == nil:
		if len(list) != len(got) {
			t.Fatalf("%d rows of an array of %d", len(got), len(list))
		}
		for i := range list {
			if !bytes.Equal(list[i], got[i]) {
				t.Fatalf("row %d is %q, want %q", i, got[i], list[i])
			}
		}
	case json.Valid(in):
		if len(got) != 1 || !bytes.Equal(got[0], in) {
			t.Fatalf("%q became %q", in, got)
		}
	default: // nothing but separators is left out, and nothing is added
		had := 0
		for _, r := range got {
			had += len(squeeze(r))
		}
		if all := len(squeeze(in)); had > all || all-had > len(got)+2 && !bytes.Contains(in, []byte("\ufeff")) {
			t.Fatalf("%d of %d bytes are in the rows %q of %q", had, all, got, in)
		}
	}
}

func squeeze(b []byte) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(", \t\r\n", r) {
			return -1
		}
		return r
	}, string(b))
}
