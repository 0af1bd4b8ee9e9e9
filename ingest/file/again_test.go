package file

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/xuri/excelize/v2"

	"plaint/internal/record"
)

// table is what the cases below write in every format: the second and the
// fourth row can be read only by somebody who knows the order of day and month,
// the last has more cells than the header.
var table = [][]string{
	{"id", "received", "body", "mood"},
	{"C1", "2026-01-05", "fine", ""},
	{"C2", "03/04/2026", "a\ttab, a \"quote\"\nand 提现没有到账", "low"},
	{"C3", "nonsense", "no date", ""},
	{"C4", "05/06/2026", "plain", "high"},
}

const dmy = "name: mine\nas: complaints\ncolumns: {id: [id], received: [received], body: [body]}\ndates: {order: dmy}\n"

func delimited(rows [][]string, d string) string {
	k := kept{Format: CSV, Delimiter: d}
	var b strings.Builder
	for _, r := range rows {
		k.Header = r
		b.Write(k.text(nil))
	}
	return b.String()
}

func objects(rows [][]string, pretty bool) string {
	var b strings.Builder
	for _, r := range rows[1:] {
		o := map[string]any{"notes": []any{map[string]string{"id": "n1", "body": "of a note"}}}
		for i, c := range r {
			o[rows[0][i]] = c
		}
		data, _ := json.Marshal(o)
		if pretty {
			data, _ = json.MarshalIndent(o, "", "  ")
		}
		b.Write(append(data, '\n'))
	}
	return b.String()
}

func workbook(t testing.TB, rows [][]string) string {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for i, r := range rows {
		if err := f.SetSheetRow("Sheet1", "A"+string(rune('1'+i)), &r); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// arrowFile is a stream of one record of the rows below the header, and one of
// each list of more.
func arrowFile(t testing.TB, rows [][]string, more ...[][]string) string {
	t.Helper()
	fields := make([]arrow.Field, len(rows[0]))
	for i, h := range rows[0] {
		fields[i] = arrow.Field{Name: h, Type: arrow.BinaryTypes.String}
	}
	schema := arrow.NewSchema(fields, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	var out bytes.Buffer
	w := ipc.NewWriter(&out, ipc.WithSchema(schema))
	for _, rows := range append([][][]string{rows[1:]}, more...) {
		for _, r := range rows {
			for i, c := range r {
				b.Field(i).(*array.StringBuilder).Append(c)
			}
		}
		if err := w.Write(b.NewRecord()); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func in(encoding, s string) string {
	head := map[string]string{"utf-16le": "\xff\xfe", "utf-16be": "\xfe\xff"}[encoding]
	return head + string(encode(encoding, []byte(s)))
}

func without(rows [][]string, old, with string) [][]string {
	out := [][]string{}
	for _, r := range rows {
		r = slices.Clone(r)
		for i := range r {
			r[i] = strings.ReplaceAll(r[i], old, with)
		}
		out = append(out, r)
	}
	return out
}

// TestRefusedRowsAreReadAgainAsTheyWere reads each format, reads what was refused
// again, and again with a profile that settles the dates, both directly and from
// an exported file: each time it must be what the whole file would have given.
func TestRefusedRowsAreReadAgainAsTheyWere(t *testing.T) {
	wide := append(slices.Clone(table), []string{"C5", "2026-01-06", "body", "low", "one too many"})
	twice := without(table, "mood", "body")
	cases := map[string]struct {
		name, data string
		o          Options
		refused    int
	}{
		"csv":        {name: "a.csv", data: delimited(wide, ","), refused: 4},
		"tabs":       {name: "a.tsv", data: delimited(table, "\t"), refused: 3},
		"semicolon":  {name: "a.csv", data: delimited(table, ";"), o: Options{Source: "crm"}, refused: 3},
		"twice":      {name: "a.csv", data: delimited(twice, ","), refused: 3},
		"gb18030":    {name: "a.csv", data: in("gb18030", delimited(table, ",")), refused: 3},
		"big5":       {name: "a.csv", data: in("big5", delimited(without(table, "提现没有到账", "提款三天了還沒有到帳"), ",")), o: Options{Encoding: "big5"}, refused: 3},
		"utf-16le":   {name: "a.csv", data: in("utf-16le", delimited(wide, ",")), refused: 4},
		"utf-16be":   {name: "a.csv", data: in("utf-16be", delimited(table, "\t")), refused: 3},
		"bad bytes":  {name: "a.csv", data: delimited(table, ",") + "C6,2026-01-01,\xff\xfe,x\n" + strings.Repeat("C7,2026-01-01,提现没有到账,x\n", 3), refused: 4},
		"a quote":    {name: "a.csv", data: delimited(table, ",") + "C6,2026-01-01,\"open,x\n", refused: 4},
		"ndjson":     {name: "a.ndjson", data: objects(table, false), refused: 3},
		"json":       {name: "a.json", data: "[" + strings.ReplaceAll(objects(table, true), "\n}\n{", "\n},\n{") + "]", refused: 3},
		"xlsx":       {name: "a.xlsx", data: workbook(t, wide), refused: 4},
		"xlsx twice": {name: "a.xlsx", data: workbook(t, twice), refused: 3},
		"arrow":      {name: "a.arrow", data: arrowFile(t, table), refused: 3},
		"arrow bad":  {name: "a.arrow", data: arrowFile(t, append(slices.Clone(table), []string{"C6", "2026-01-01", "\xff\xfe", "\x00"})), refused: 4},
		"parquet":    {name: "a.parquet", data: parquetFile(t, table), refused: 3},
		"lines":      {name: "a.log", data: "2026-13-45 10:00:00 ERROR [pay] boom\n\tat x\n2026-01-05 10:00:00 INFO [pay] fine\n2026-01-05 10:00:00 INFO [pay] a\x00b\n", o: Options{As: record.Logs}, refused: 2},
		"lines-16":   {name: "a.log", data: in("utf-16le", "2026-13-45 10:00:00 ERROR [pay] boom\n\tat x\n2026-01-05 10:00:00 INFO [pay] fine\n"), o: Options{As: record.Logs}, refused: 1},
	}
	profile := write(t, "mine.yaml", dmy)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			path := write(t, c.name, c.data)
			first, _ := readAll(t, path, c.o)
			if len(first.Refused) != c.refused || first.Rows() == c.refused && c.refused < 2 {
				t.Fatalf("%d of %d refused: %+v", len(first.Refused), first.Rows(), first.Refused)
			}
			same := replayed(t, first.Refused, Options{})
			if !reflect.DeepEqual(same.Refused, first.Refused) {
				t.Errorf("refused again as\n%+v\nwant\n%+v", same.Refused, first.Refused)
			}
			mine := Options{Profile: profile, Source: c.o.Source, Encoding: c.o.Encoding}
			if c.o.As == record.Logs {
				mine = c.o
			}
			direct, _ := readAll(t, path, mine)
			direct.Complaints = slices.DeleteFunc(direct.Complaints, func(r record.Complaint) bool { return r.ExternalID == "C1" || r.ExternalID == "C7" })
			mended := replayed(t, first.Refused, Options{Profile: mine.Profile})
			sameRows(t, "replayed", &mended, &direct)
			exported(t, first.Refused, mine, &direct)
		})
	}
}

func replayed(t *testing.T, rows []record.Refusal, o Options) (out record.Batch) {
	t.Helper()
	p, err := Replay(rows, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Read(t.Context(), func(b *record.Batch) error { join(&out, b); return nil }); err != nil {
		t.Fatal(err)
	}
	if out.Rows() != len(rows) {
		t.Fatalf("%d rows out of %d", out.Rows(), len(rows))
	}
	return out
}

func sameRows(t *testing.T, how string, got, want *record.Batch) {
	t.Helper()
	if len(got.Complaints) != len(want.Complaints) {
		t.Fatalf("%s: %d complaints, want %d", how, len(got.Complaints), len(want.Complaints))
	}
	for i := range got.Complaints {
		a, b := got.Complaints[i], want.Complaints[i]
		if how != "replayed" {
			a.Line = b.Line
		}
		if !reflect.DeepEqual(a, b) {
			t.Errorf("%s:\n%+v\nwant\n%+v", how, a, b)
		}
	}
}

// exported writes the rows as a user would mend them and loads that file with
// the options it names.
func exported(t *testing.T, rows []record.Refusal, o Options, want *record.Batch) {
	t.Helper()
	if rows[0].Kind != record.Complaints {
		return
	}
	name, data, args := Export(rows)
	path := filepath.Join(t.TempDir(), "001_"+name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(args); i += 2 {
		switch args[i] {
		case "--source":
			o.Source = args[i+1]
		case "--encoding":
			o.Encoding = args[i+1]
		}
	}
	if bytes.Contains(data, []byte("\xff\xfe,")) || strings.Contains(string(data), "one too many") || bytes.Contains(data, []byte(`"open,`)) {
		return // not mended: it would be refused, or loaded otherwise, as any file
	}
	got, _ := readAll(t, path, o)
	sameRows(t, "exported as "+name, &got, want)
}

func TestRowsKeptByAnEarlierVersionAreRead(t *testing.T) {
	for _, r := range []record.Refusal{
		{Input: "/x/a.csv", Profile: "complaints", Line: 2, Code: "bad_date", Header: []byte("id;received;body"), Raw: []byte("C1;2026-01-05;text")},
		{Input: "/x/a.ndjson", Profile: "complaints", Line: 2, Code: "bad_date", Raw: []byte(`{"id":"C1","received":"2026-01-05","body":"text"}`)},
		{Input: "/x/a.log", Profile: "logs", Line: 2, Code: "bad_date", Raw: []byte("2026-01-05T08:00:00Z ERROR [a] boom")},
	} {
		b := replayed(t, []record.Refusal{r}, Options{})
		if len(b.Refused) > 0 || len(b.Complaints) == 1 && b.Complaints[0].Body != "text" || len(b.Logs) == 1 && b.Logs[0].Service != "a" {
			t.Errorf("%+v", b)
		}
	}
}

// TestLongRowsAreKeptWhole: half a row would be replayed as a whole one.
func TestLongRowsAreKeptWhole(t *testing.T) {
	body := strings.Repeat("x", 200<<10)
	path := write(t, "a.csv", "id,received,body\nC1,nonsense,"+body+"\n")
	b, _ := readAll(t, path, Options{})
	if len(b.Refused) != 1 || len(b.Refused[0].Raw) < len(body) {
		t.Fatalf("%d refused, %d bytes kept", len(b.Refused), len(b.Refused[0].Raw))
	}
}

func FuzzReplay(f *testing.F) {
	for _, k := range []string{`{"format":"csv","encoding":"utf-16le","delimiter":",","header":["id","body"]}`, `{"format":"xlsx","header":["id","body"]}`, `{"format":"ndjson","encoding":"utf-8","header":["id","body"]}`,
		`{"format":"json"}`, `{"format":"lines","encoding":"gb18030","form":1}`, "id,body", ""} {
		f.Add([]byte(k), []byte(`{"id":"1","body":"x"}`))
		f.Add([]byte(k), []byte("1,\"x\ny\""))
	}
	f.Fuzz(func(t *testing.T, header, raw []byte) {
		rows := []record.Refusal{{Input: "/x/a.csv", Profile: "complaints", Line: 1, Header: header, Raw: raw}}
		Export(rows)
		p, err := Replay(rows, Options{})
		if err != nil {
			return
		}
		n := 0
		if err := p.Read(t.Context(), func(b *record.Batch) error { n += b.Rows(); return nil }); err != nil || n != 1 {
			t.Fatalf("%d rows, %v", n, err)
		}
	})
}
