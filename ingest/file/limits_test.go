package file

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/xuri/excelize/v2"

	"plaint/internal/record"
)

// lateJSON is rows whose column closed is null at first, then absent, and has
// its first value on row 5,000, as mood has, which nobody knows.
func lateJSON(early bool) string {
	var b strings.Builder
	for i := range 6000 {
		closed := ""
		switch {
		case early && i == 0:
			closed = `,"closed":"","mood":""`
		case i < 300:
			closed = `,"closed":null`
		case i >= 4999:
			closed = `,"closed":"25/01/2026","mood":"low"`
			if i%2 == 0 {
				closed = `,"closed":"03/04/2026","mood":"high","resolution":null`
			}
		}
		fmt.Fprintf(&b, `{"id":"C%d","received":"2026-01-05","body":"text %d"%s}`+"\n", i, i, closed)
	}
	return b.String()
}

func TestJSONColumnsMayComeLate(t *testing.T) {
	// In late, nothing of the first 200 rows names closed or mood.
	late := strings.ReplaceAll(lateJSON(false), `,"closed":null`, "")
	want, _ := readAll(t, write(t, "a.ndjson", lateJSON(true)), Options{})
	for what, text := range map[string]string{"null": lateJSON(false), "absent": late, "array": "[" + strings.ReplaceAll(strings.TrimSpace(late), "\n", ",\n") + "]"} {
		for _, size := range []int{1, 100, 0} {
			got, _ := readAll(t, write(t, "a.ndjson", text), Options{BatchRows: size})
			c := got.Complaints[4999]
			if !c.Closed.Known() || c.Closed.Time.Day() != 25 || len(c.Extra) != 1 || c.Extra[0] != (record.Field{Name: "mood", Value: "low"}) {
				t.Fatalf("%s: closed %v, extra %v", what, c.Closed, c.Extra)
			}
			if d := got.Complaints[5000].Closed.Time; d.Day() != 3 || d.Month() != 4 {
				t.Fatalf("%s: the other rows did not settle %v", what, d)
			}
			if !reflect.DeepEqual(got.Complaints, want.Complaints) {
				t.Fatalf("%s in batches of %d: other records than with the column in the header", what, size)
			}
		}
	}
}

func TestLateValuesAreCheckedAsAnyCell(t *testing.T) {
	rows := strings.Repeat(`{"id":"1","body":"x"}`+"\n", 300)
	b, _ := readAll(t, write(t, "a.ndjson", rows+`{"id":"2","body":"y","resolution":"=cmd|x"}`+"\n"+`{"id":"3","body":"y","closed":"never"}`+"\n"), Options{})
	if len(b.Refused) != 2 || b.Refused[0].Code != "formula" || b.Refused[1].Code != "bad_date" || b.Refused[1].Column != "closed" {
		t.Fatalf("%+v", b.Refused)
	}
}

func TestNullColumnsDoNotHurtTheFit(t *testing.T) {
	score := func(text string) float64 {
		plans, done, err := Inspect(t.Context(), write(t, "a.ndjson", text), Options{})
		if err != nil || plans[0].Err != nil {
			t.Fatal(err, plans[0].Err)
		}
		defer done()
		return plans[0].Mapping.Score
	}
	plain := score(`{"id":"1","body":"x","received":"2026-01-05"}`)
	nulls := score(`{"id":"1","body":"x","received":"2026-01-05","f1":null,"f2":null,"f3":null,"f4":null,"closed":null}`)
	if nulls < plain {
		t.Errorf("%.2f with columns that hold nothing, %.2f without", nulls, plain)
	}
}

// plan inspects one input and counts how often it is opened from then.
func plan(t *testing.T, path string, o Options) (*Plan, *atomic.Int32) {
	t.Helper()
	plans, done, err := Inspect(t.Context(), path, o)
	if err != nil || plans[0].Err != nil {
		t.Fatal(err, plans[0].Err)
	}
	t.Cleanup(done)
	p, opened := plans[0], new(atomic.Int32)
	open := p.in.open
	p.in.open = func(read *atomic.Int64) (io.ReadCloser, error) {
		opened.Add(1)
		return open(read)
	}
	return p, opened
}

func TestOrderOfDatesIsSettledOnce(t *testing.T) {
	var text bytes.Buffer
	z := gzip.NewWriter(&text)
	fmt.Fprintln(z, "id,received,body")
	for i := range 20000 {
		fmt.Fprintf(z, "C%d,%02d/%02d/2026,text\n", i, 1+i%28, 1+i%12)
	}
	z.Close()
	path := write(t, "a.csv.gz", text.String())
	p, opened := plan(t, path, Options{})
	rows := 0
	err := p.Read(t.Context(), func(b *record.Batch) error {
		rows += len(b.Complaints)
		return nil
	})
	if err != nil || rows != 20000 {
		t.Fatalf("%d rows, %v", rows, err)
	}
	if n := opened.Load(); n != 2 {
		t.Errorf("opened %d times, want once for the rows and once for the dates", n)
	}

	// A second reading has a count of its own: the guard of the first stays right.
	p, _ = plan(t, path, Options{})
	p.in.read.Store(12345)
	if e := p.evidence(t.Context(), "received"); e.DayFirst == 0 || p.in.read.Load() != 12345 {
		t.Errorf("%+v, and the other reading's count is %d", e, p.in.read.Load())
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	p, _ = plan(t, path, Options{})
	if e := p.evidence(ended, "received"); e.DayFirst > 0 || len(p.settled.by) > 0 {
		t.Errorf("%+v was read, or kept, after the context had ended", e)
	}
}

func TestBatchesAreBoundedInBytes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.csv")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(f, "id,received,body")
	big := strings.Repeat("text ", 200<<10)
	for i := range 300 {
		fmt.Fprintf(f, "C%d,2026-01-05,%s\n", i, big)
	}
	f.Close()
	p, _ := plan(t, path, Options{})
	rows, batches := 0, 0
	err = p.Read(t.Context(), func(b *record.Batch) error {
		rows, batches = rows+b.Rows(), batches+1
		if n := b.Rows() * len(big); n > batchBytes {
			t.Errorf("a batch of %d bytes", n)
		}
		return nil
	})
	if err != nil || rows != 300 || batches < 3 {
		t.Fatalf("%d rows in %d batches, %v", rows, batches, err)
	}
	source, stop, err := p.rows(t.Context(), new(atomic.Int64))
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	if c, err := next(source, chunkRows); err != nil || c.bytes > chunkBytes+maxRow || len(c.rows) > 6 {
		t.Errorf("a chunk of %d rows and %d bytes, %v", len(c.rows), c.bytes, err)
	}
}

// TestOrdinaryBatchesAreWhole: the engine takes a batch of this many rows
// directly, so that splitting it by bytes would cost speed.
func TestOrdinaryBatchesAreWhole(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 58 MB")
	}
	path := filepath.Join(t.TempDir(), "a.csv")
	body := strings.Repeat("The withdrawal has not arrived. ", 14)
	var b strings.Builder
	b.WriteString("id,received,body\n")
	for i := range DefaultBatchRows {
		fmt.Fprintf(&b, "C%d,2026-01-05,%s\n", i, body)
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	p, _ := plan(t, path, Options{})
	var sizes []int
	if err := p.Read(t.Context(), func(b *record.Batch) error { sizes = append(sizes, b.Rows()); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(sizes) != 1 || sizes[0] != DefaultBatchRows {
		t.Fatalf("batches of %v rows", sizes)
	}
}

func TestPaths(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a[1].csv", "a1.csv", "sub/b.csv", "sub/.hidden/c.csv", "q/truth/incidents.json", "q/truth/rings.json", "q/d.csv", "honest/truth/e.csv", "empty/.keep", "only/truth/incidents.json", "only/truth/rings.json"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for arg, want := range map[string][2]string{
		"a[1].csv": {"a[1].csv", ""}, "a*.csv": {"a1.csv a[1].csv", ""}, "sub": {"sub/b.csv", ""}, "q": {"q/d.csv", "q/truth"},
		"honest": {"honest/truth/e.csv", ""}, "q/truth": {"q/truth/incidents.json q/truth/rings.json", ""},
	} {
		paths, leftOut, err := Paths([]string{filepath.Join(dir, arg)})
		got := [2]string{strings.ReplaceAll(strings.Join(paths, " "), dir+"/", ""), strings.ReplaceAll(strings.Join(leftOut, " "), dir+"/", "")}
		if err != nil || got != want {
			t.Errorf("%s: %q %v, want %q", arg, got, err, want)
		}
	}
	for arg, want := range map[string]record.Code{"b*.csv": "not_found", "b[": "not_found", "empty": "empty_folder", "only": "empty_folder"} {
		_, _, err := Paths([]string{filepath.Join(dir, arg)})
		var e *Error
		if !errors.As(err, &e) || e.Code != want {
			t.Errorf("%s: %v, want %s", arg, err, want)
		}
	}
}

func zipOf(t testing.TB, namesAndTexts ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i+1 < len(namesAndTexts); i += 2 {
		f, err := w.Create(namesAndTexts[i])
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(f, namesAndTexts[i+1])
	}
	w.Close()
	return b.String()
}

func TestWorkbooksInArchives(t *testing.T) {
	book := workbook(t, [][]string{{"id", "received", "body"}, {"C1", "2026-01-05", "text"}, {"C2", "2026-01-06", "other"}})
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	io.WriteString(z, book)
	z.Close()
	for name, data := range map[string]string{"a.zip": zipOf(t, "in/a.xlsx", book), "a.xlsx.gz": packed.String(), "a.xlsx": book} {
		b, _ := readAll(t, write(t, name, data), Options{})
		if len(b.Complaints) != 2 || len(b.Refused) != 0 {
			t.Errorf("%s: %+v", name, b)
		}
	}
	for want, data := range map[record.Code]string{"nested_archive": zipOf(t, "b.zip", zipOf(t, "a.csv", "id,body\n1,x\n")), "bad_workbook": zipOf(t, "a.xlsx", zipOf(t, "xl/workbook.xml", "<broken"))} {
		b, _ := readAll(t, write(t, "a.zip", data), Options{})
		if len(b.Refused) != 1 || b.Refused[0].Code != want {
			t.Errorf("%+v, want %s", b.Refused, want)
		}
	}
}

func TestTooManyMembers(t *testing.T) {
	var list []string
	for i := range maxMembers + 1 {
		list = append(list, fmt.Sprintf("%d.csv", i), "")
	}
	b, _ := readAll(t, write(t, "a.zip", zipOf(t, list...)), Options{})
	if len(b.Refused) != 1 || b.Refused[0].Code != "too_many_members" {
		t.Fatalf("%+v", b)
	}
}

func TestWrongEncoding(t *testing.T) {
	text := "编号,投诉时间,投诉内容\n1,2024-01-05,提现三天了还没有到账，客服一直推诿\n"
	ascii := "id,received,body\n1,2024-01-05,text\n"
	for _, c := range []struct {
		chosen, data string
		wrong        bool
	}{
		{"utf-16", text, true}, {"utf-16be", ascii, true}, {"utf-16le", ascii, true}, {"gb18030", text, true}, {"big5", text, true}, {"latin-1", text, true},
		{"utf-8", in("gb18030", text), true}, {"utf-8", in("utf-16le", ascii), true}, {"latin-1", in("utf-16be", ascii), true}, {"utf-16be", in("utf-16le", ascii)[2:], true},
		{"utf-8", text, false}, {"utf-8", "\ufeff" + text, false}, {"gb18030", in("gb18030", text), false}, {"gbk", in("gb18030", text), false}, {"utf-16", in("utf-16le", text), false},
		{"utf-16le", in("utf-16be", ascii), false}, {"utf-16le", in("utf-16le", ascii)[2:], false}, {"gb18030", ascii, false}, {"latin-1", ascii + "2,2024-01-05,dep\xf3sito\n", false},
		{"utf-8", text + "2,2024-01-05,\xff\xfe\n", false},
	} {
		b, _ := readAll(t, write(t, "a.csv", c.data), Options{Encoding: c.chosen})
		wrong := len(b.Refused) == 1 && b.Refused[0].Code == "wrong_encoding"
		if wrong != c.wrong || !wrong && len(b.Complaints) == 0 {
			t.Errorf("%s on %.20q: %+v", c.chosen, c.data, b)
		}
	}
}

func TestWeakFit(t *testing.T) {
	for text, want := range map[string]bool{"id,received,body\n1,2026-01-05,x\n": false, "q,w,e,r,t,z,u,i,o,p,narrative\n1,2,3,4,5,6,7,8,9,0,text\n": true} {
		path := write(t, "a.csv", text)
		p, _ := plan(t, path, Options{})
		if p.Weak() != want {
			t.Errorf("%.20q: %.2f", text, p.Mapping.Score)
		}
		if p, _ := plan(t, path, Options{Profile: "complaints"}); p.Weak() {
			t.Error("a chosen profile is not doubted")
		}
	}
}

// TestFurtherSheetsAreNamed: what is not read of a workbook is said.
func TestFurtherSheetsAreNamed(t *testing.T) {
	f := excelize.NewFile()
	for i, sheet := range []string{"Sheet1", "Empty", "May", "June"} {
		if i > 0 {
			if _, err := f.NewSheet(sheet); err != nil {
				t.Fatal(err)
			}
		}
		if sheet == "Sheet1" || sheet == "Empty" {
			continue
		}
		for cell, v := range map[string]string{"A1": "id", "B1": "type", "C1": "body", "A2": sheet + "1", "B2": "login", "C2": "cannot log in"} {
			if err := f.SetCellStr(sheet, cell, v); err != nil {
				t.Fatal(err)
			}
		}
	}
	path := filepath.Join(t.TempDir(), "two.xlsx")
	if err := f.SaveAs(path); err != nil {
		t.Fatal(err)
	}
	plans, done, err := Inspect(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	if len(plans) != 1 || plans[0].Err != nil || len(plans[0].LeftOut) != 1 || plans[0].LeftOut[0] != "June" {
		t.Errorf("%+v", plans[0])
	}
}

func hostileColumns(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob("columnar/testdata/hostile/*")
	if err != nil || len(paths) < 8 {
		t.Fatal(paths, err)
	}
	return paths
}

// TestHostileColumnsAreRefused: a file that ends its decoder is one refusal.
func TestHostileColumnsAreRefused(t *testing.T) {
	for _, path := range hostileColumns(t) {
		b, _ := readAll(t, path, Options{})
		if b.Rows() != 1 || len(b.Refused) != 1 || b.Refused[0].Line != 0 || b.Refused[0].Code != "bad_columnar" {
			t.Errorf("%s: %+v", path, b)
		}
	}
}

// TestRowsBeforeADamageAreLoaded, and the rest is one refusal, whether the
// decoder finds the damage or dies of it.
func TestRowsBeforeADamageAreLoaded(t *testing.T) {
	data := arrowFile(t, table, table[1:])
	const message = "\xff\xff\xff\xff" // its length follows; the last one is the end
	second := strings.LastIndex(data[:strings.LastIndex(data, message)], message) + len(message)
	for what, data := range map[string]string{"cut off": data[:second+100], "hostile": data[:second] + "\xff\xff\xff\x7f" + data[second+4:]} {
		b, _ := readAll(t, write(t, "a.arrow", data), Options{})
		if len(b.Complaints) != 1 || b.Complaints[0].ExternalID != "C1" || len(b.Refused) != 4 || b.Refused[2].Line != 4 || b.Refused[3].Line != 0 || b.Refused[3].Code != "bad_columnar" {
			t.Errorf("%s: %+v", what, b)
		}
	}
}

// TestColumnsEndWithTheContext: a decoder that was killed because nobody wants
// its rows is no fault of the file.
func TestColumnsEndWithTheContext(t *testing.T) {
	p, _ := plan(t, write(t, "a.parquet", parquetFile(t, append(table[:1:1], slices.Repeat(table[1:2], 50000)...))), Options{BatchRows: 1000})
	ctx, cancel := context.WithCancel(t.Context())
	rows := 0
	err := p.Read(ctx, func(b *record.Batch) error {
		cancel()
		rows += b.Rows()
		if len(b.Refused) > 0 {
			t.Errorf("%+v", b.Refused)
		}
		return nil
	})
	if err != context.Canceled || rows == 0 || rows == 50000 {
		t.Errorf("%d rows, %v", rows, err)
	}
}

// TestLongRowsAreRefused wherever they stand in what is read at a time, quoted or
// not; the rows beside them are loaded.
func TestLongRowsAreRefused(t *testing.T) {
	long := strings.Repeat("withdrawal ", (maxRow+100)/11)
	for name, text := range map[string]string{
		"alone":         "id,received,type,body\n1,2026-01-05,login," + long + "\n",
		"first":         "id,received,type,body\n1,2026-01-05,login," + long + "\n2,2026-01-05,login,ok\n",
		"quoted":        "id,received,type,body\n1,2026-01-05,login,\"" + long + "\"\n2,2026-01-05,login,ok\n",
		"after a short": "id,received,type,body\n2,2026-01-05,login,ok\n1,2026-01-05,login," + long + "\n",
	} {
		p, _ := plan(t, write(t, "a.csv", text), Options{})
		loaded, refused := 0, 0
		if err := p.Read(t.Context(), func(b *record.Batch) error {
			loaded += len(b.Complaints)
			for _, r := range b.Refused {
				if r.Code != "row_too_long" || len(r.Raw) == 0 || len(r.Raw) > keptRaw {
					t.Errorf("%s: %s of %d bytes", name, r.Code, len(r.Raw))
				}
				refused++
			}
			return nil
		}); err != nil || refused != 1 || loaded != strings.Count(text, "ok\n") {
			t.Errorf("%s: %d loaded, %d refused, %v", name, loaded, refused, err)
		}
	}
}
