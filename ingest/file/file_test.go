package file

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"
	"github.com/klauspost/compress/zstd"

	"plaint/ingest/file/columnar"
	"plaint/internal/record"
)

// TestMain lets the test binary be the decoder of Parquet and Arrow files.
func TestMain(m *testing.M) {
	columnar.Main()
	os.Exit(m.Run())
}

// readAll reads one input whole, in batches of a size.
func readAll(t testing.TB, path string, o Options) (out record.Batch, batches int) {
	t.Helper()
	plans, done, err := Inspect(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	for _, p := range plans {
		err := p.Read(t.Context(), func(b *record.Batch) error {
			batches++
			join(&out, b)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out, batches
}

func write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBatchSizeChangesNothingButTheBatches(t *testing.T) {
	var b strings.Builder
	b.WriteString("customer,received,body\n")
	for i := range 3000 {
		fmt.Fprintf(&b, "U%d,2026-01-%02d,\"text, %d\nsecond line\"\n", i, 1+i%28, i%700)
	}
	path := write(t, "a.csv", b.String())
	one, n1 := readAll(t, path, Options{BatchRows: 1})
	some, n2 := readAll(t, path, Options{BatchRows: 100})
	whole, n3 := readAll(t, path, Options{})
	if n1 != 3000 || n2 < 30 || n3 != 1 || len(whole.Complaints) != 3000 {
		t.Fatalf("%d, %d and %d batches of %d rows", n1, n2, n3, len(whole.Complaints))
	}
	if !reflect.DeepEqual(one, whole) || !reflect.DeepEqual(some, whole) {
		t.Fatal("records differ with the size of the batch")
	}
}

func TestReadStopsWhenEmitFails(t *testing.T) {
	path := write(t, "a.csv", "id,body\n"+strings.Repeat("1,x\n", 50000))
	plans, done, err := Inspect(t.Context(), path, Options{BatchRows: 1000})
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	calls := 0
	err = plans[0].Read(t.Context(), func(*record.Batch) error {
		calls++
		return io.ErrClosedPipe
	})
	if err != io.ErrClosedPipe || calls != 1 {
		t.Fatalf("%v after %d calls", err, calls)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = plans[0].Read(ctx, func(*record.Batch) error { cancel(); return nil })
	if err == nil {
		t.Fatal("reading went on after its context ended")
	}
}

func TestRefusedRowsKeepTheirBytes(t *testing.T) {
	raw := "C2,\xb4\xed,2026-13-45,x\xff"
	path := write(t, "a.csv", "id,customer,received,body\nC1,\xcc\xe1\xcf\xd6,2026-01-01,\xcc\xe1\xcf\xd6\xc3\xbb\xd3\xd0\xb5\xbd\xd5\xca\n"+raw+"\n")
	b, _ := readAll(t, path, Options{Encoding: "gb18030"})
	if len(b.Refused) != 1 || string(b.Refused[0].Raw) != raw || b.Refused[0].Line != 3 {
		t.Fatalf("%+v", b.Refused)
	}
}

// TestRealExports loads public data sets as they are: every row is loaded or
// refused, and as many are refused as have a fault.
func TestRealExports(t *testing.T) {
	root := "../../../shared/data"
	if _, err := os.Stat(root); err != nil {
		t.Skip("the public data sets are not here")
	}
	for _, c := range []struct {
		path          string
		kind          record.Kind
		rows, refused int
	}{
		{"broker_zh/complaint_status.csv", record.Complaints, 4, 0},
		{"broker_zh/service_levels.csv", record.ServiceLevels, 10, 0},
		{"nhs_feedback/text_data.csv", record.Surveys, 10334, 32}, // -o, cc, SS, A, -NA are no numbers; -9 and -6 no criticality
		{"nhs_feedback/v6framework_230831.csv", record.Surveys, 7908, 0},
		{"cfpb_1000/dataset.csv", record.Complaints, 1000, 0},
		{"sfo_survey/harmonised.csv", record.Surveys, 28665, 0},
		{"sfo_survey/harmonised.xlsx", record.Surveys, 28665, 0},
		{"sfo_survey/2010_SFO_Customer_Survey_20250817.csv", record.Surveys, 3234, 0},
		{"sfo_survey/2014_SFO_Customer_Survey_20250817.csv", record.Surveys, 2818, 0},
		{"sfo_survey/2017_SFO_Customer_Survey_20250817.csv", record.Surveys, 2831, 0},
	} {
		b, _ := readAll(t, filepath.Join(root, c.path), Options{})
		if b.Kind() != c.kind || b.Rows() != c.rows || len(b.Refused) != c.refused {
			t.Errorf("%s: %s, %d rows, %d refused; want %s, %d, %d", c.path, b.Kind(), b.Rows(), len(b.Refused), c.kind, c.rows, c.refused)
		}
	}
	csv, _ := readAll(t, filepath.Join(root, "sfo_survey/harmonised.csv"), Options{})
	xlsx, _ := readAll(t, filepath.Join(root, "sfo_survey/harmonised.xlsx"), Options{})
	for i := range csv.Surveys {
		if csv.Surveys[i].ID != xlsx.Surveys[i].ID {
			t.Fatalf("row %d of the workbook is another record than that of the CSV: %+v %+v", i, csv.Surveys[i], xlsx.Surveys[i])
		}
	}
}

func TestLogForms(t *testing.T) {
	for line, want := range map[string][]string{
		"2026-01-05T08:00:00.123Z ERROR [payments] upstream timeout":        {"2026-01-05T08:00:00.123Z", "ERROR", "payments", "", "upstream timeout"},
		"2026-01-05 08:00:00,123 INFO com.x.Order[12]: placed 7":            {"2026-01-05 08:00:00,123", "INFO", "com.x.Order", "", "placed 7"},
		"<34>1 2026-01-05T08:00:00Z host1 app 123 ID47 - it failed":         {"2026-01-05T08:00:00Z", "", "app", "host1", "it failed"},
		`10.0.0.1 - - [05/Jan/2026:08:00:00 +0000] "GET / HTTP/1.1" 500 12`: {"05/Jan/2026:08:00:00 +0000", "", "", "10.0.0.1", `"GET / HTTP/1.1" 500 12`},
		"[2026-01-05 08:00:00] [error] worker died":                         {"2026-01-05 08:00:00", "error", "", "", "worker died"},
	} {
		got := parseLine(bestLogForm([]string{line}), line)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s\n got %q\nwant %q", line, got, want)
		}
	}
	path := write(t, "app.log", "2026-01-05T08:00:00Z ERROR [a] boom\n\tat x.y(Z)\n\tat q\n2026-01-05T08:00:01Z INFO [a] fine\n")
	b, _ := readAll(t, path, Options{})
	if len(b.Logs) != 2 || !strings.Contains(b.Logs[0].Message, "at q") {
		t.Fatalf("%+v", b.Logs)
	}
}

func FuzzCSV(f *testing.F) {
	f.Add([]byte("id,body\n1,\"a\"\"b\nc\"\n2,x\n"), byte(','))
	f.Add([]byte("a;b\n\"unclosed;1\n2;3\n"), byte(';'))
	f.Fuzz(func(t *testing.T, data []byte, d byte) {
		if d == '"' || d == '\n' || d == '\r' {
			return
		}
		c := newCSVRows(bytes.NewReader(data), d)
		total, last := 0, int64(0)
		for {
			r, err := c.next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if r.line <= last {
				t.Fatalf("line %d after %d", r.line, last)
			}
			last = r.line
			total += len(r.raw)
			if r.code == "" && !bytes.Contains(data, r.raw) {
				t.Fatalf("%q is not in the input", r.raw)
			}
			splitRow(string(r.raw), d, nil)
		}
		if total > len(data) {
			t.Fatalf("%d bytes out of %d", total, len(data))
		}
	})
}

func FuzzJSON(f *testing.F) {
	f.Add([]byte(`[{"a":1},{"b":[1,2,{"c":null}]}]`))
	f.Add([]byte("{\"a\":\"x\"}\n{broken\n{\"b\":2}\n"))
	f.Add([]byte(`{"n":1,"tickets":[{"id":"1"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		depth := jsonDepth(data)
		j := newJSONRows(bytes.NewReader(data), depth, []string{"a"})
		for range len(data) + 2 {
			if _, err := j.next(); err != nil {
				return
			}
		}
		t.Fatal("more rows than bytes")
	})
}

func FuzzInspect(f *testing.F) {
	for _, s := range []string{"id,body\n1,x\n", "\xff\xfei\x00d\x00,\x00", "PK\x03\x04", "PAR1PAR1", "ARROW1\x00\x00", "\xff\xff\xff\xff", "\x1f\x8b\x08", "(\xb5/\xfd", "2026-01-05T08:00:00Z ERROR [a] b\n", "[{\"id\":1}]"} {
		f.Add([]byte(s))
	}
	table := [][]string{{"id", "type", "body"}, {"C1", "login", "登录不了"}, {"C2", "withdrawal_delay", "where is my money"}}
	text := "id,type,body\nC1,login,登录不了\n"
	for _, s := range []string{workbook(f, table), arrowFile(f, table), parquetFile(f, table), gzipped(f, text), zipped(f, text), zstandard(f, text)} {
		f.Add([]byte(s)) // whole files, for what lies behind the first bytes
	}
	for _, path := range hostileColumns(f) {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		plans, done, err := Inspect(t.Context(), path, Options{})
		if err != nil {
			return
		}
		defer done()
		for _, p := range plans {
			if err := p.Read(t.Context(), func(b *record.Batch) error { return nil }); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func FuzzEncoding(f *testing.F) {
	f.Add([]byte("提现没有到账"), true)
	f.Add([]byte("\xcc\xe1\xcf\xd6\xc3\xbb"), false)
	f.Fuzz(func(t *testing.T, data []byte, truncated bool) {
		name := detectEncoding(data, truncated)
		if _, ok := encodings[name]; !ok {
			t.Fatalf("no encoding %q", name)
		}
		newDecoder(name).text(data)
	})
}

func parquetFile(t testing.TB, rows [][]string) string {
	t.Helper()
	r, err := ipc.NewReader(strings.NewReader(arrowFile(t, rows)))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	var out bytes.Buffer
	w, err := pqarrow.NewFileWriter(r.Schema(), &out, nil, pqarrow.DefaultWriterProps())
	if err != nil {
		t.Fatal(err)
	}
	for r.Next() {
		if err := w.Write(r.Record()); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func compressed(t testing.TB, text string, to func(io.Writer) (io.WriteCloser, error)) string {
	t.Helper()
	var out bytes.Buffer
	w, err := to(&out)
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func gzipped(t testing.TB, text string) string {
	return compressed(t, text, func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil })
}

func zstandard(t testing.TB, text string) string {
	return compressed(t, text, func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) })
}

func zipped(t testing.TB, text string) string {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	w, err := z.Create("a.csv")
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}
