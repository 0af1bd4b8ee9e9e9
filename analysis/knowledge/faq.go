// Package knowledge finds what customers ask for again and again and no answer
// is written down for: the themes of complaints that no entry of a FAQ meets.
package knowledge

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"plaint/internal/text"
)

// What a file of answers may hold.
const (
	MostEntries = 100000
	MostBytes   = 256 << 20
)

// Entry is a question and its answer.
type Entry struct {
	Question, Answer string
	Language         string // zh, en, …
	URL              string
	Line             int // where it stands in the file, from 1
}

// FileError is what is wrong with a file of answers, and where. Code is one of
// empty, not_text, no_question, no_answer, bad_row, no_entries, too_many,
// too_large.
type FileError struct {
	Line  int // 0 where it is the file as a whole
	Code  string
	Value string
}

func (e *FileError) Error() string {
	return fmt.Sprintf("answers: line %d: %s %s", e.Line, e.Code, e.Value)
}

// columns are what a question, an answer, a language and an address may be
// called, folded.
var columns = columnNames()

const (
	isQuestion = iota + 1
	isAnswer
	isLanguage
	isURL
)

func columnNames() map[string]int {
	m := map[string]int{}
	for kind, names := range map[int]string{
		isQuestion: "question title subject q faq heading 问题 标题 问 提问 题目",
		isAnswer:   "answer content body text a reply 答案 内容 答 回答 解答 正文 答复",
		isLanguage: "language lang locale 语言 语种",
		isURL:      "url link href address 链接 网址 地址",
	} {
		for _, n := range strings.Fields(names) {
			m[n] = kind
		}
	}
	return m
}

// Read reads a FAQ: CSV with a header, JSON of one object a line or an array of
// them, or Markdown whose headings are the questions. The format is seen from
// the content. Entries without a question are passed over. The error is a
// *FileError or the reader's.
func Read(r io.Reader) ([]Entry, error) {
	raw, err := io.ReadAll(io.LimitReader(r, MostBytes+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > MostBytes {
		return nil, &FileError{Code: "too_large", Value: fmt.Sprint(MostBytes >> 20)}
	}
	s, err := decode(raw)
	if err != nil {
		return nil, err
	}
	var list []Entry
	switch first := strings.TrimSpace(s); {
	case first == "":
		return nil, &FileError{Code: "empty"}
	case first[0] == '{' || first[0] == '[':
		list, err = readJSON(s)
	case isMarkdown(s):
		list, err = readMarkdown(s)
	default:
		list, err = readCSV(s)
	}
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, &FileError{Code: "no_entries"}
	}
	for i := range list {
		if list[i].Language = strings.ToLower(list[i].Language); list[i].Language == "" {
			list[i].Language = text.Language(list[i].Question + " " + list[i].Answer)
		}
		list[i].Language, _, _ = strings.Cut(strings.ReplaceAll(list[i].Language, "_", "-"), "-")
	}
	return list, nil
}

// decode makes UTF-8 of a file: its byte order mark, else UTF-8, else what
// Chinese spreadsheets write.
func decode(raw []byte) (string, error) {
	var from encoding.Encoding
	switch {
	case bytes.HasPrefix(raw, []byte("\xff\xfe")), bytes.HasPrefix(raw, []byte("\xfe\xff")):
		from = unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM)
	case bytes.IndexByte(raw, 0) >= 0:
		return "", &FileError{Code: "not_text"}
	case !utf8.Valid(raw):
		from = simplifiedchinese.GB18030
	default:
		return strings.TrimPrefix(string(raw), "\ufeff"), nil
	}
	out, err := from.NewDecoder().Bytes(raw)
	if err != nil || bytes.ContainsRune(out, utf8.RuneError) || control(out) {
		return "", &FileError{Code: "not_text"}
	}
	return string(out), nil
}

// control is whether characters stand in a text that none is written with.
func control(s []byte) bool {
	return bytes.IndexFunc(s, func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7F }) >= 0
}

// keep appends an entry that has a question.
func keep(list []Entry, e Entry) ([]Entry, error) {
	e.Question, e.Answer = strings.TrimSpace(e.Question), strings.TrimSpace(e.Answer)
	e.Language, e.URL = strings.TrimSpace(e.Language), strings.TrimSpace(e.URL)
	if e.Question == "" {
		return list, nil
	}
	if len(list) == MostEntries {
		return nil, &FileError{e.Line, "too_many", fmt.Sprint(MostEntries)}
	}
	return append(list, e), nil
}

func (e *Entry) set(kind int, v string) {
	switch kind {
	case isQuestion:
		e.Question = v
	case isAnswer:
		e.Answer = v
	case isLanguage:
		e.Language = v
	case isURL:
		e.URL = v
	}
}

func kindOf(column string) int {
	return columns[strings.ToLower(strings.Trim(strings.TrimSpace(column), "\ufeff"))]
}

// need is an error where no column is the question's or the answer's.
func need(kinds map[int]bool, line int, have []string) error {
	for _, n := range []struct {
		kind int
		code string
	}{{isQuestion, "no_question"}, {isAnswer, "no_answer"}} {
		if !kinds[n.kind] {
			return &FileError{line, n.code, strings.Join(have[:min(len(have), 12)], ", ")}
		}
	}
	return nil
}

func readCSV(s string) ([]Entry, error) {
	r := csv.NewReader(strings.NewReader(s))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes, r.ReuseRecord = separator(s), -1, true, true
	head, err := r.Read()
	if err != nil {
		return nil, badRow(err)
	}
	kinds, have := make([]int, len(head)), map[int]bool{}
	for i, name := range head {
		if k := kindOf(name); !have[k] { // the first of two questions is meant
			kinds[i] = k
			have[k] = k != 0
		}
	}
	if err := need(have, 1, head); err != nil {
		return nil, err
	}
	var list []Entry
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, badRow(err)
		}
		e := Entry{}
		e.Line, _ = r.FieldPos(0)
		for i, v := range row {
			if i < len(kinds) {
				e.set(kinds[i], strings.Clone(v))
			}
		}
		if list, err = keep(list, e); err != nil {
			return nil, err
		}
	}
}

// separator is what stands most often in the first line.
func separator(s string) rune {
	line, _, _ := strings.Cut(s, "\n")
	best, most := ',', 0
	for _, c := range ",;\t|" {
		if n := strings.Count(line, string(c)); n > most {
			best, most = c, n
		}
	}
	return best
}

func badRow(err error) error {
	var p *csv.ParseError
	if errors.As(err, &p) {
		return &FileError{p.Line, "bad_row", p.Err.Error()}
	}
	return &FileError{Code: "bad_row", Value: err.Error()}
}

func readJSON(s string) ([]Entry, error) {
	d := json.NewDecoder(strings.NewReader(s))
	if strings.TrimSpace(s)[0] == '[' {
		if _, err := d.Token(); err != nil {
			return nil, &FileError{1, "bad_row", err.Error()}
		}
	}
	var list []Entry
	lines := newPlaces(s)
	for d.More() {
		row := map[string]any{}
		if err := d.Decode(&row); err != nil {
			return nil, &FileError{lines.at(d.InputOffset()), "bad_row", err.Error()}
		}
		e := Entry{Line: lines.at(d.InputOffset())}
		have, names := map[int]bool{}, slices.Sorted(maps.Keys(row))
		for _, name := range names {
			k := kindOf(name)
			if text, ok := row[name].(string); ok && k != 0 && !have[k] {
				e.set(k, text)
			}
			have[k] = true
		}
		if len(list) == 0 {
			if err := need(have, e.Line, names); err != nil {
				return nil, err
			}
		}
		var err error
		if list, err = keep(list, e); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// places counts lines as far as was asked.
type places struct {
	s    string
	to   int
	line int
}

func newPlaces(s string) *places { return &places{s: s, line: 1} }

func (p *places) at(offset int64) int {
	to := min(int(offset), len(p.s))
	p.line += strings.Count(p.s[p.to:to], "\n")
	p.to = to
	return p.line
}
