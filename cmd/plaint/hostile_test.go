package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"

	"plaint/internal/store"
)

var updateCases = flag.Bool("update", false, "write what the user sees")

const head = "id,customer,received,type,body,amount\n"

const good = "C1,U1,2026-01-05,login,The code never arrives,10\n"

// hostile is an input that somebody might send, by accident or not. The rows
// around the fault are good: they have to be loaded.
type hostile struct {
	name string
	file string // its name on disk
	data func() []byte
	args []string // instead of ingest FILE
}

func bytesOf(s string) func() []byte { return func() []byte { return []byte(s) } }

// columnsOf is a file that ends the process that decodes it.
func columnsOf(name string) func() []byte {
	return func() []byte {
		b, err := os.ReadFile(filepath.Join("..", "..", "ingest", "file", "columnar", "testdata", "hostile", name))
		if err != nil {
			panic(err)
		}
		return b
	}
}

func row(i int, body string) string {
	return fmt.Sprintf("C%d,U%d,2026-01-05,login,%s,10\n", i, i, body)
}

var hostileInputs = []hostile{
	{name: "empty_file", file: "a.csv", data: bytesOf("")},
	{name: "header_only", file: "a.csv", data: bytesOf(head)},
	{name: "blank_lines", file: "a.csv", data: bytesOf(head + "\n\n" + good + "\n\n")},
	{name: "no_such_file", args: []string{"ingest", "nowhere.csv"}},
	{name: "unknown_columns", file: "a.csv", data: bytesOf("foo,bar\n1,2\n")},
	{name: "formula_cmd", file: "a.csv", data: bytesOf(head + row(2, "=cmd|' /C calc'!A0") + good)},
	{name: "formula_hyperlink", file: "a.csv", data: bytesOf(head + row(2, `"=HYPERLINK(""http://x"")"`) + good)},
	{name: "formula_at_sum", file: "a.csv", data: bytesOf(head + row(2, "@SUM(A1:A9)") + good)},
	{name: "honest_minus_and_at", file: "a.csv", data: bytesOf(head + row(2, "- still waiting") + row(3, "@support please") + row(4, "+86 138 call me"))},
	{name: "nul_byte", file: "a.csv", data: bytesOf(head + row(2, "a\x00b") + good)},
	{name: "invalid_utf8_row", file: "a.csv", data: bytesOf(head + strings.Repeat(good, 1) + row(2, "提现\xff\xfe慢") + strings.Repeat(row(3, "提现没有到账"), 1))},
	{name: "cell_of_5_mb", file: "a.csv", data: func() []byte { return []byte(head + row(2, strings.Repeat("x", 5<<20)) + good) }},
	{name: "unclosed_quote", file: "a.csv", data: bytesOf(head + `C2,U2,2026-01-05,login,"never closed,10` + "\n" + good)},
	{name: "quote_in_the_middle", file: "a.csv", data: bytesOf(head + row(2, `a 5" screen`) + good)},
	{name: "doubled_quotes_and_breaks", file: "a.csv", data: bytesOf(head + row(2, "\"he said \"\"no\"\"\nand hung up\"") + good)},
	{name: "too_few_cells", file: "a.csv", data: bytesOf(head + "C2,U2\n" + good)},
	{name: "too_many_cells", file: "a.csv", data: bytesOf(head + "C2,U2,2026-01-05,login,x,1,2,3\n" + good)},
	{name: "absurd_width", file: "a.csv", data: func() []byte { return []byte("body" + strings.Repeat(",x", 5000) + "\nhello\n") }},
	{name: "bad_dates", file: "a.csv", data: bytesOf(head + "C2,U2,yesterday,login,x,1\nC3,U3,2026-02-30,login,x,1\nC4,U4,99999999999999,login,x,1\n" + good)},
	{name: "ambiguous_dates", file: "a.csv", data: bytesOf(head + "C2,U2,03/04/2026,login,x,1\nC3,U3,04/04/2026,login,y,1\n")},
	{name: "mixed_day_and_month", file: "a.csv", data: bytesOf(head + "C2,U2,25/12/2025,login,x,1\nC3,U3,12/25/2025,login,y,1\nC4,U4,03/04/2025,login,z,1\n")},
	{name: "settled_by_other_rows", file: "a.csv", data: bytesOf(head + "C2,U2,03/04/2025,login,x,1\nC3,U3,25/12/2025,login,y,1\n")},
	{name: "month_and_year_alone", file: "a.csv", data: bytesOf(head + "C2,U2,2025-03,login,x,1\nC3,U3,2025,login,y,1\n")},
	{name: "excel_serial", file: "a.csv", data: bytesOf(head + "C2,U2,45296.5,login,x,1\n")},
	{name: "bad_amounts", file: "a.csv", data: bytesOf(head + "C2,U2,2026-01-05,login,x,lots\nC3,U3,2026-01-05,login,y,1e999\nC4,U4,2026-01-05,login,z,NaN\n" + good)},
	{name: "empty_rows", file: "a.csv", data: bytesOf("id,body\nC1,\nC2,   \nC3,ok\n")},
	{name: "same_row_twice", file: "a.csv", data: bytesOf(head + good + good)},
	{name: "same_id_other_state", file: "a.csv", data: bytesOf("id,body,status\nC1,x,open\nC1,x,closed\n")},
	{name: "scores_outside_the_scale", file: "s.csv", data: bytesOf("id,metric,score,comment\n1,csat,9,\n2,nps,11,x\n3,csat,5,fine\n4,csat,abc,\n")},
	{name: "semicolons_and_decimal_comma", file: "a.csv", data: bytesOf(strings.ReplaceAll(head+good, ",", ";"))},
	{name: "tabs", file: "a.tsv", data: bytesOf(strings.ReplaceAll(head+good, ",", "\t"))},
	{name: "utf8_bom", file: "a.csv", data: bytesOf("\ufeff" + head + good)},
	{name: "utf16", file: "a.csv", data: func() []byte {
		return encoded(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder(), head+good)
	}},
	{name: "gb18030", file: "a.csv", data: func() []byte {
		return encoded(simplifiedchinese.GB18030.NewEncoder(), "投诉编号,投诉时间,投诉类型,投诉内容\n1,2024年1月5日,提款困难,提现三天了还没有到账，客服一直推诿\n")
	}},
	{name: "big5", file: "a.csv", data: func() []byte {
		return encoded(traditionalchinese.Big5.NewEncoder(), "編號,日期,投訴內容\n1,2024-01-05,提款三天了還沒有到帳，客服一直推諉，請盡快處理這個問題\n")
	}},
	{name: "latin1", file: "a.csv", data: bytesOf("id,body\n1,El dep\xf3sito no lleg\xf3 a tiempo\n2,\xbfD\xf3nde est\xe1 mi dinero?\n")},
	{name: "bad_json_line", file: "a.ndjson", data: bytesOf(`{"id":"1","body":"x"}` + "\n{broken\n" + `{"id":"2","body":"y"}` + "\n")},
	{name: "json_depth_bomb", file: "a.json", data: func() []byte {
		return []byte(`[{"id":"1","body":"x"},{"id":"2","body":` + strings.Repeat(`{"a":`, 20000) + "1" + strings.Repeat("}", 20000) + `}]`)
	}},
	{name: "json_cut_off", file: "a.json", data: bytesOf(`[{"id":"1","body":"x"},{"id":"2","bo`)},
	{name: "json_wrapped", file: "a.json", data: bytesOf(`{"count":2,"tickets":[{"id":"1","body":"x"},{"id":"2","body":"y"}]}`)},
	{name: "gzip_cut_off", file: "a.csv.gz", data: func() []byte { b := zipped(head + strings.Repeat(good, 1)); return b[:len(b)-6] }},
	{name: "gzip_bomb", file: "a.csv.gz", data: func() []byte { return zipped(head + row(2, "x") + strings.Repeat("0", 120<<20)) }},
	{name: "zip_bomb", file: "a.zip", data: func() []byte { return archive("a.csv", head+row(2, "x")+strings.Repeat("0", 120<<20)) }},
	{name: "zip_of_two", file: "a.zip", data: func() []byte { return archive("a.csv", head+good, "notes.txt", "hello there") }},
	{name: "zip_path_climbs", file: "a.zip", data: func() []byte { return archive("../../evil.csv", head+good) }},
	{name: "zip_empty", file: "a.zip", data: func() []byte { return archive() }},
	{name: "zip_damaged", file: "a.zip", data: bytesOf("PK\x03\x04 this is no archive")},
	{name: "xlsx_damaged", file: "a.xlsx", data: func() []byte { return archive("xl/workbook.xml", "<broken") }},
	{name: "parquet_damaged", file: "a.parquet", data: bytesOf("PAR1 nothing of the kind PAR1")},
	{name: "arrow_damaged", file: "a.arrow", data: bytesOf("ARROW1\x00\x00 nothing of the kind")},
	{name: "arrow_wants_all_memory", file: "a.arrow", data: columnsOf("fields.arrow")},
	{name: "arrow_stream_wants_all_memory", file: "a.arrow", data: columnsOf("body.stream")},
	{name: "parquet_wants_all_memory", file: "a.parquet", data: columnsOf("dictionary.parquet"), args: []string{"ingest", "a.parquet", "--dry-run"}},
	{name: "a_picture", file: "a.csv", data: func() []byte {
		return append([]byte("\x89PNG\r\n\x1a\n"), bytes.Repeat([]byte{0, 1, 2, 0xFF}, 200)...)
	}},
	{name: "sql_in_cells", file: "a.csv", data: bytesOf(head + row(2, "'); drop table complaint; --") + good)},
	{name: "zip_of_a_workbook_damaged", file: "a.zip", data: func() []byte { return archive("a.xlsx", string(archive("xl/workbook.xml", "<broken"))) }},
	{name: "zip_in_a_zip", file: "a.zip", data: func() []byte { return archive("b.zip", string(archive("a.csv", head+good))) }},
	{name: "zip_of_very_many", file: "a.zip", data: func() []byte { return archive(make([]string, 2*10001)...) }},
	{name: "encoding_is_not_utf16", file: "a.csv", data: bytesOf(head + good), args: []string{"ingest", "a.csv", "--encoding", "utf-16"}},
	{name: "encoding_is_not_gb18030", file: "a.csv", data: bytesOf(head + row(2, "提现没有到账")), args: []string{"ingest", "a.csv", "--encoding", "gb18030"}},
	{name: "weak_fit", file: "a.csv", data: bytesOf("narrative,a1,a2,a3,a4,a5,a6,a7,a8,a9\nhello there,1,2,3,4,5,6,7,8,9\n")},
	{name: "name_with_brackets", file: "a[1].csv", data: bytesOf(head + good), args: []string{"ingest", "a[1].csv"}},
	{name: "batch_below_one", file: "a.csv", data: bytesOf(head + good), args: []string{"ingest", "a.csv", "--batch", "-1"}},
	{name: "dates_in_words", file: "a.csv", data: bytesOf(head + "C2,U2,Mar 1 2026 3:15 PM,login,x,1\nC3,U3,2026年3月1日 下午3点,login,y,1\nC4,U4,２０２６－０３－０１,login,z,1\nC5,U5,2026-03-01 晚上2点,login,w,1\n")},
	{name: "wrong_kind", args: []string{"ingest", "x.csv", "--as", "nonsense"}},
	{name: "wrong_encoding", file: "a.csv", data: bytesOf(head + good), args: []string{"ingest", "a.csv", "--encoding", "klingon"}},
	{name: "no_such_profile", file: "a.csv", data: bytesOf(head + good), args: []string{"ingest", "a.csv", "--profile", "nobody"}},
	{name: "profile_with_unknown_word", file: "p.yaml", data: bytesOf("name: p\nas: complaints\ncolumns: {mood: [x]}\n"), args: []string{"ingest", "p.yaml", "--profile", "p.yaml"}},
	{name: "profile_with_unknown_key", file: "p.yaml", data: bytesOf("# ours\nname: p\nas: complaints\ncolums: {body: [x]}\n"), args: []string{"ingest", "p.yaml", "--profile", "p.yaml"}},
	{name: "profile_with_full_width_colon", file: "p.yaml", data: bytesOf("name: p\nas：complaints\ncolumns: {body: [内容]}\n"), args: []string{"ingest", "p.yaml", "--profile", "p.yaml"}},
	{name: "profile_with_bad_pattern", file: "p.yaml", data: bytesOf("name: p\nas: complaints\nskip_lines:\n  - ^total\n  - (sum\n"), args: []string{"profiles", "p.yaml"}},
	{name: "profile_without_name", file: "p.yaml", data: bytesOf("as: complaints\n"), args: []string{"ingest", "p.yaml", "--profile", "p.yaml"}},
	{name: "no_files", args: []string{"ingest"}},
	{name: "unknown_flag", args: []string{"ingest", "--fast"}},
	{name: "unknown_command", args: []string{"frobnicate"}},
	{name: "unknown_job", args: []string{"analyze", "--jobs", "magic"}},
	{name: "not_a_database", file: "x.db", data: bytesOf(strings.Repeat("this is not a database. ", 400)), args: []string{"analyze", "--db", "x.db"}},
	{name: "query_drop", args: []string{"query", "drop table complaint"}},
	{name: "query_two_statements", args: []string{"query", "select 1; select 2"}},
	{name: "query_reads_a_file", args: []string{"query", "select * from read_text('/etc/passwd')"}},
	{name: "query_copies_out", args: []string{"query", "copy (select 1) to 'out.csv'"}},
	{name: "query_changes_settings", args: []string{"query", "set memory_limit = '100GB'"}},
	{name: "query_attaches", args: []string{"query", "attach 'other.db'"}},
	{name: "query_names_personal_data", args: []string{"query", "select customer_name, contact, body from complaint"}},
	{name: "query_takes_too_long", args: []string{"query", "--timeout", "1s", "select count(*) from range(100000000) a, range(100000000) b where a.range + b.range = 7"}},
	{name: "query_wants_all_memory", args: []string{"query", "--timeout", "2s", "select length(repeat('x', 3000000000))"}},
	{name: "query_without_database", args: []string{"query", "select 1"}},
	{name: "report_without_database", args: []string{"report", "--out", "r.html"}},
	{name: "refused_without_database", args: []string{"refused", "list"}},
	{name: "flag_without_value", args: []string{"ingest", "--db", "x.db", "a.csv", "--as"}},
	{name: "flag_with_a_wrong_value", args: []string{"ingest", "a.csv", "--batch", "many"}},
	{name: "command_mistyped", args: []string{"ingets"}},
	{name: "subcommand_unknown", args: []string{"refused", "frobnicate"}},
	{name: "too_many_arguments", args: []string{"analyze", "now"}},
	{name: "argument_missing", args: []string{"query"}},
	{name: "argument_unknown", args: []string{"completion", "cmd"}},
	{name: "no_such_model", file: "a.csv", data: bytesOf(head + good), args: []string{"ingest", "a.csv", "--model", "nobody"}},
	{name: "model_with_unknown_signal", file: "m.yaml", data: bytesOf("name: m\nbase: -1\nthreshold: 0\nsignals: [{signal: mood, points: [[0, 0]]}]\n"), args: []string{"score", "--model", "m.yaml"}},
	{name: "no_such_profile_file", file: "a.csv", data: bytesOf(head + good), args: []string{"ingest", "a.csv", "--profile", "mine.yaml"}},
	{name: "simulation_of_three_days", args: []string{"simulate", "--out", "q", "--days", "3"}},
	{name: "out_is_below_a_file", file: "a.csv", data: bytesOf(head + good), args: []string{"simulate", "--out", "a.csv/q"}},
	{name: "no_such_folder", file: "a.csv", data: bytesOf(head + good), args: []string{"ingest", "a.csv", "--db", "nowhere/x.db"}},
	{name: "model_train_without_labels", args: []string{"model", "train"}},
	{name: "model_train_labels_missing", args: []string{"model", "train", "--labels", "nowhere.csv"}},
	{name: "model_train_labels_without_column", file: "l.csv", data: bytesOf("id,label\n1,1\n"), args: []string{"model", "train", "--labels", "l.csv"}},
	{name: "model_train_labels_unreadable", file: "l.csv", data: bytesOf("id,abuse\nC1,1\nC2,maybe\n"), args: []string{"model", "train", "--labels", "l.csv"}},
	{name: "model_train_labels_of_no_complaint", file: "l.csv", data: bytesOf("id,abuse\nC1,1\nC2,0\n"), args: []string{"model", "train", "--labels", "l.csv"}},
	{name: "model_train_labels_impossible_share", file: "l.csv", data: bytesOf("id,abuse,share\nC1,1,0\n"), args: []string{"model", "train", "--labels", "l.csv"}},
	{name: "model_train_labels_bad_date", file: "l.csv", data: bytesOf("id,abuse,decided\nC1,1,soon\n"), args: []string{"model", "train", "--labels", "l.csv"}},
	{name: "model_train_two_aims", args: []string{"model", "train", "--queue", "5", "--precision", "0.9"}},
	{name: "model_train_precision_above_one", args: []string{"model", "train", "--precision", "85"}},
	{name: "model_train_queue_below_zero", args: []string{"model", "train", "--queue=-3"}},
	{name: "model_train_name_is_a_path", args: []string{"model", "train", "--name", "../x"}},
	{name: "model_train_ignores_no_signal", args: []string{"model", "train", "--ignore", "mood"}},
	{name: "model_train_maturity_below_zero", args: []string{"model", "train", "--maturity=-1"}},
	{name: "model_promote_without_reason", args: []string{"model", "promote", "plaint-2", "--by", "li"}},
	{name: "model_add_without_numbers", file: "m.yaml", data: bytesOf("name: m\nthreshold: 0\nsignals: [{signal: agent, points: [[0, 0], [1, 1]]}]\n"), args: []string{"model", "add", "m.yaml"}},
	{name: "model_promote_unknown", args: []string{"model", "promote", "nobody", "--by", "li", "--reason", "x"}},
	{name: "model_promote_champion_again", args: []string{"model", "promote", "plaint-2", "--by", "li", "--reason", "x"}},
	{name: "model_promote_last_champion_away", args: []string{"model", "promote", "plaint-2", "--to", "retired", "--by", "li", "--reason", "x"}},
	{name: "model_promote_to_nonsense", args: []string{"model", "promote", "plaint-2", "--to", "king", "--by", "li", "--reason", "x"}},
	{name: "model_card_unknown", args: []string{"model", "card", "nobody"}},
	{name: "model_evaluate_nothing", args: []string{"model", "evaluate"}},
	{name: "model_evaluate_until_before_since", args: []string{"model", "evaluate", "--since", "2026-03-01", "--until", "2026-01-01"}},
	{name: "model_evaluate_bad_date", args: []string{"model", "evaluate", "--since", "yesterday"}},
	{name: "model_add_under_a_taken_name", file: "m.yaml", data: bytesOf("name: plaint-2\nbase: -1\nthreshold: 0\nsignals: [{signal: agent, points: [[0, 0], [1, 1]]}]\n"), args: []string{"model", "add", "m.yaml"}},
	{name: "model_add_no_file", args: []string{"model", "add", "own-1"}},
	{name: "model_audit_of_none", args: []string{"model", "audit", "--count", "0"}},
	{name: "model_frobnicate", args: []string{"model", "frobnicate"}},
	{name: "backtest_of_nothing", args: []string{"backtest", "--threshold", "-2"}},
	{name: "backtest_threshold_is_no_number", args: []string{"backtest", "--threshold", "NaN"}},
	{name: "backtest_unknown_model", args: []string{"backtest", "--model", "nobody"}},
	{name: "backtest_steps_fall", file: "m.yaml", data: bytesOf("name: m\nbase: -1\nthreshold: 0\nsignals: [{signal: agent, cuts: [1], steps: [1, 0]}]\n"), args: []string{"backtest", "--model", "m.yaml"}},
	{name: "backtest_until_before_since", args: []string{"backtest", "--since", "2026-03-01", "--until", "2026-03-01"}},
	{name: "backtest_cost_below_zero", args: []string{"backtest", "--cost=-1"}},
	{name: "backtest_out_is_below_a_file", file: "a.csv", data: bytesOf(head + good), args: []string{"backtest", "--out", "a.csv/x.csv"}},
	{name: "query_no_such_table", args: []string{"query", "select * from nowhere"}},
}

func encoded(e interface{ Bytes([]byte) ([]byte, error) }, s string) []byte {
	b, err := e.Bytes([]byte(s))
	if err != nil {
		panic(err)
	}
	return b
}

func zipped(s string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.Bytes()
}

func archive(namesAndTexts ...string) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i+1 < len(namesAndTexts); i += 2 {
		f, err := w.Create(namesAndTexts[i])
		if err != nil {
			panic(err)
		}
		f.Write([]byte(namesAndTexts[i+1]))
	}
	w.Close()
	return b.Bytes()
}

// cli runs a command line in a folder and returns its exit status and words.
func cli(t *testing.T, dir string, args ...string) (int, string) {
	t.Helper()
	var out bytes.Buffer
	e := &env{ctx: t.Context(), in: strings.NewReader(""), out: &out, err: &out, cwd: dir, args: args, langTag: langTag(args)}
	return e.run(), out.String()
}

var volatile = regexp.MustCompile(`\d+(\.\d+)? ?(ms|µs|s)\b`)

// TestHostile keeps, for each hostile input, what the user sees in both
// languages, and that the good rows around the fault are there.
func TestHostile(t *testing.T) {
	for _, c := range hostileInputs {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if c.data != nil {
				if err := os.WriteFile(filepath.Join(dir, c.file), c.data(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			args := c.args
			if args == nil {
				args = []string{"ingest", c.file}
			}
			var b strings.Builder
			for _, lang := range []string{"en", "zh"} {
				db := "plaint-" + lang + ".db"
				full := append([]string{"--lang=" + lang}, args...)
				if !strings.Contains(strings.Join(args, " "), "--db") {
					full = append(full, "--db", db)
				}
				if args[0] == "query" && args[len(args)-1] != "select 1" || args[0] == "model" || args[0] == "backtest" {
					empty(t, filepath.Join(dir, db))
				}
				code, said := cli(t, dir, full...)
				said = volatile.ReplaceAllString(strings.ReplaceAll(said, dir+"/", ""), "TIME")
				fmt.Fprintf(&b, "%s: exit status %d\n%s\n", lang, code, said)
			}
			golden(t, filepath.Join("testdata", "hostile", c.name+".txt"), b.String())
		})
	}
	if n := len(hostileInputs); n < 40 {
		t.Errorf("%d cases", n)
	}
}

// empty makes a database without rows.
func empty(t *testing.T, path string) {
	t.Helper()
	st, err := store.Open(t.Context(), path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *updateCases {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s:\n%s\nwant:\n%s", path, got, want)
	}
}
