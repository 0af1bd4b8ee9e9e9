package knowledge

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

func TestRead(t *testing.T) {
	two := []Entry{{Question: "How long?", Answer: "A day.", Language: "en", Line: 2}, {Question: "多久到账？", Answer: "一天。", Language: "zh", Line: 3}}
	gb, err := simplifiedchinese.GB18030.NewEncoder().String("问题,答案\n多久到账？,一天。\n")
	if err != nil {
		t.Fatal(err)
	}
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String("问题\t答案\n多久到账？\t一天。\n")
	if err != nil {
		t.Fatal(err)
	}
	one := []Entry{{Question: "多久到账？", Answer: "一天。", Language: "zh", Line: 2}}
	for name, c := range map[string]struct {
		in   string
		want []Entry
	}{
		"csv":         {"id,Question,Answer\n1,How long?,A day.\n2,多久到账？,一天。\n", two},
		"marked csv":  {"\ufefftitle;content\nHow long?;A day.\n多久到账？;一天。\n", two},
		"gb18030":     {gb, one},
		"utf-16":      {wide, one},
		"other names": {"标题,内容,链接,语言\n多久到账？,一天。,https://x.example/1,zh_CN\n", []Entry{{"多久到账？", "一天。", "zh", "https://x.example/1", 2}}},
		"ndjson":      {"{\"question\":\"How long?\",\"answer\":\"A day.\",\"n\":1}\n{\"question\":\"多久到账？\",\"answer\":\"一天。\"}\n", []Entry{{Question: "How long?", Answer: "A day.", Language: "en", Line: 1}, {Question: "多久到账？", Answer: "一天。", Language: "zh", Line: 2}}},
		"array":       {"[\n{\"问题\":\"多久到账？\",\"答案\":\"一天。\"}]", one},
		"markdown":    {"# Help\n\n## How long?\nA day.\n\n### 多久到账？ ###\n一天。\n", []Entry{{Question: "How long?", Answer: "A day.", Language: "en", Line: 3}, {Question: "多久到账？", Answer: "一天。", Language: "zh", Line: 6}}},
		"q and a":     {"Q: How long?\nA: A day.\n\n**问：多久到账？**\n答：一天。\n", []Entry{{Question: "How long?", Answer: "A day.", Language: "en", Line: 1}, {Question: "多久到账？", Answer: "一天。", Language: "zh", Line: 4}}},
		"fenced":      {"# Install?\n```\n# not a question\n```\n", []Entry{{Question: "Install?", Answer: "```\n# not a question\n```", Language: "en", Line: 1}}},
		"gaps":        {"question,answer\n,lost\nHow long?,A day.\n", []Entry{{Question: "How long?", Answer: "A day.", Language: "en", Line: 3}}},
	} {
		got, err := Read(strings.NewReader(c.in))
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	var many strings.Builder
	many.WriteString("question,answer\n")
	for i := range MostEntries + 1 {
		fmt.Fprintf(&many, "q%d,a\n", i)
	}
	for name, c := range map[string]struct {
		in   string
		want FileError
	}{
		"nothing":       {"", FileError{0, "empty", ""}},
		"blanks":        {" \n\n", FileError{0, "empty", ""}},
		"mark alone":    {"\ufeff", FileError{0, "empty", ""}},
		"binary":        {"PK\x03\x04\x00\x00", FileError{0, "not_text", ""}},
		"bytes":         {"\x89\xff\xfe\xfd\xfc\xfb", FileError{0, "not_text", ""}},
		"no question":   {"id,answer\n1,x\n", FileError{1, "no_question", "id, answer"}},
		"no answer":     {"question,id\n1,x\n", FileError{1, "no_answer", "question, id"}},
		"other json":    {`{"b":1,"a":2}`, FileError{1, "no_question", "a, b"}},
		"header alone":  {"question,answer\n", FileError{0, "no_entries", ""}},
		"only headings": {"# One\n# Two\n", FileError{0, "no_entries", ""}},
		"too many":      {many.String(), FileError{MostEntries + 2, "too_many", "100000"}},
	} {
		_, err := Read(strings.NewReader(c.in))
		var e *FileError
		if !errors.As(err, &e) || *e != c.want {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	for _, in := range []string{"{\"question\":", "[{\"question\":\"a\",\"answer\":\"b\"},{]", "question,answer\n\"open"} {
		var e *FileError
		if _, err := Read(strings.NewReader(in)); err == nil || !errors.As(err, &e) || e.Code != "bad_row" && e.Code != "no_entries" {
			if in[0] == 'q' && err == nil {
				continue // a quotation mark that nobody closed is text
			}
			t.Errorf("%q: %v", in, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("question,answer\na,b\n")
	f.Add("{\"question\":\"a\"}")
	f.Add("# a\nb\n\xff")
	f.Fuzz(func(t *testing.T, s string) {
		list, err := Read(strings.NewReader(s))
		if err == nil && len(list) == 0 {
			t.Error("no entries and no error")
		}
	})
}
