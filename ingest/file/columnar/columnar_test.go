package columnar

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"
)

var update = flag.Bool("update", false, "write the hostile files")

// TestMain lets the test binary be the decoder.
func TestMain(m *testing.M) {
	Main()
	os.Exit(m.Run())
}

// texts is a table of text columns body, c1, c2 …, one record for each list of
// rows.
func texts(columns int, records ...[][]string) (*arrow.Schema, []arrow.Record) {
	fields := make([]arrow.Field, columns)
	for i := range fields {
		fields[i] = arrow.Field{Name: fmt.Sprint("c", i), Type: arrow.BinaryTypes.String}
	}
	fields[0].Name = "body"
	schema := arrow.NewSchema(fields, nil)
	var out []arrow.Record
	for _, rows := range records {
		b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
		for _, r := range rows {
			for i, c := range r {
				b.Field(i).(*array.StringBuilder).Append(c)
			}
		}
		out = append(out, b.NewRecord())
	}
	return schema, out
}

// encode writes records in a form.
func encode(t testing.TB, form Form, schema *arrow.Schema, records []arrow.Record, o ...ipc.Option) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	var w interface {
		Write(arrow.Record) error
		Close() error
	}
	o = append(o, ipc.WithSchema(schema))
	switch form {
	case Parquet:
		w, err = pqarrow.NewFileWriter(schema, out, nil, pqarrow.DefaultWriterProps())
	case Arrow:
		w, err = ipc.NewFileWriter(out, o...)
	default:
		w = ipc.NewWriter(out, o...)
	}
	for _, r := range records {
		if err == nil {
			err = w.Write(r)
		}
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func save(t testing.TB, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// readAll reads a file to its end, or its fault.
func readAll(t testing.TB, path string, form Form) (header []string, rows [][]string, fault *Fault) {
	t.Helper()
	r, err := Open(t.Context(), path, form)
	if err == nil {
		defer r.Close()
		header = r.Header
	}
	for err == nil {
		var cells []string
		if cells, err = r.Next(); err == nil {
			rows = append(rows, cells)
		}
	}
	if err != io.EOF && !errors.As(err, &fault) {
		t.Fatal(err)
	}
	return header, rows, fault
}

var forms = []Form{Parquet, Arrow, Stream}

func TestRowsAreTheSameInEveryForm(t *testing.T) {
	day := time.Date(2026, 1, 5, 8, 30, 0, 250e6, time.UTC)
	words := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "编号", Type: arrow.BinaryTypes.String, Nullable: true}, {Name: "", Type: arrow.BinaryTypes.Binary, Nullable: true},
		{Name: "at", Type: &arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: "UTC"}, Nullable: true}, {Name: "day", Type: arrow.FixedWidthTypes.Date32, Nullable: true},
		{Name: "n", Type: arrow.PrimitiveTypes.Int64, Nullable: true}, {Name: "x", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
		{Name: "word", Type: words, Nullable: true}, {Name: "list", Type: arrow.ListOf(arrow.PrimitiveTypes.Int32), Nullable: true},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	b.Field(0).(*array.StringBuilder).AppendValues([]string{"提现\n", ""}, []bool{true, false})
	b.Field(1).(*array.BinaryBuilder).AppendValues([][]byte{{0xff, 0}, nil}, []bool{true, false})
	b.Field(2).(*array.TimestampBuilder).AppendValues([]arrow.Timestamp{arrow.Timestamp(day.UnixMilli()), 0}, []bool{true, false})
	b.Field(3).(*array.Date32Builder).AppendValues([]arrow.Date32{arrow.Date32FromTime(day), 0}, []bool{true, false})
	b.Field(4).(*array.Int64Builder).AppendValues([]int64{-7, 0}, []bool{true, false})
	b.Field(5).(*array.Float64Builder).AppendValues([]float64{1.5, 0}, []bool{true, false})
	if err := b.Field(6).(*array.BinaryDictionaryBuilder).AppendString("open"); err != nil {
		t.Fatal(err)
	}
	b.Field(6).AppendNull()
	b.Field(7).(*array.ListBuilder).Append(true)
	b.Field(7).(*array.ListBuilder).ValueBuilder().(*array.Int32Builder).AppendValues([]int32{1, 2}, nil)
	b.Field(7).AppendNull()
	records := []arrow.Record{b.NewRecord()}
	wantHeader := []string{"编号", "", "at", "day", "n", "x", "word", "list"}
	want := [][]string{{"提现\n", "\xff\x00", "2026-01-05T08:30:00.25Z", "2026-01-05", "-7", "1.5", "open", "[1,2]"}, make([]string, 8)}
	for _, form := range forms {
		header, rows, fault := readAll(t, save(t, encode(t, form, schema, records)), form)
		if fault != nil || !reflect.DeepEqual(header, wantHeader) || !reflect.DeepEqual(rows, want) {
			t.Errorf("%s: %q %q %v", form, header, rows, fault)
		}
	}
}

// patched is data with another number in place of the first like it, or of all.
func patched(t testing.TB, data, old, with []byte, n int) []byte {
	t.Helper()
	if !bytes.Contains(data, old) {
		t.Fatalf("no %x", old)
	}
	return bytes.Replace(data, old, with, n)
}

func le(n int) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(n)) }

// hostileFiles are valid files of which one count or length was made very
// large: decoding it asks for so much memory that the process ends.
func hostileFiles(t testing.TB) map[string][]byte {
	const columns, length, body = 77, 345, 360 // numbers that stand nowhere else
	const large = 1 << 40
	schema, records := texts(columns, [][]string{strings.Fields(strings.Repeat("v ", columns))})
	out := map[string][]byte{
		"fields.stream": patched(t, encode(t, Stream, schema, records), le(columns)[:4], le(1 << 30)[:4], 1),
		"fields.arrow":  patched(t, encode(t, Arrow, schema, records), le(columns)[:4], le(1 << 30)[:4], -1),
	}
	schema, records = texts(1, [][]string{{strings.Repeat("x", length)}})
	lz4 := []byte{0x04, 0x22, 0x4d, 0x18} // begins a frame; before it stands the length it unpacks to
	for _, form := range []Form{Arrow, Stream} {
		out["buffer."+string(form)] = patched(t, encode(t, form, schema, records, ipc.WithLZ4()), append(le(length), lz4...), append(le(large), lz4...), 1)
		out["body."+string(form)] = patched(t, encode(t, form, schema, records), le(body), le(large), -1)
	}
	data := encode(t, Parquet, schema, records)
	most := binary.AppendVarint(nil, 1<<31-1)
	page := []byte("PAR1\x15\x04\x15") // a dictionary page; its length follows
	out["page.parquet"] = patched(t, data, binary.AppendVarint(page, length+4), append(page, most...), 1)
	values := []byte{0x4c, 0x15} // how many values the dictionary has follows
	out["dictionary.parquet"] = patched(t, data, binary.AppendVarint(values, 1), append(values, most...), 1)
	return out
}

func hostilePath(name string) string { return filepath.Join("testdata", "hostile", name) }

// TestHostileFilesEndOnlyTheirDecoder: without a child, each of these ends the
// process or takes all its memory.
func TestHostileFilesEndOnlyTheirDecoder(t *testing.T) {
	for name, data := range hostileFiles(t) {
		if *update {
			if err := os.WriteFile(hostilePath(name), data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		_, form, _ := strings.Cut(name, ".")
		_, rows, fault := readAll(t, hostilePath(name), Form(form))
		if fault == nil || fault.Code != Damaged || fault.Detail != "decoding it takes more than 2 GiB of memory" || len(rows) > 0 {
			t.Errorf("%s: %d rows, %v", name, len(rows), fault)
		}
	}
}

func TestRowsBeforeTheFaultAreRead(t *testing.T) {
	schema, records := texts(1, [][]string{{"a"}, {"b"}}, [][]string{{strings.Repeat("x", 345)}}, [][]string{{"c"}})
	data := patched(t, encode(t, Stream, schema, records), le(360), le(1<<40), 1)
	_, rows, fault := readAll(t, save(t, data), Stream)
	if len(rows) != 2 || rows[1][0] != "b" || fault == nil || fault.Code != Damaged {
		t.Errorf("%q, %v", rows, fault)
	}
	_, rows, fault = readAll(t, save(t, data[:len(data)-1000]), Stream)
	if fault == nil || fault.Code != Damaged {
		t.Errorf("cut off: %q, %v", rows, fault)
	}
}

// many is a file of n rows of 100 bytes.
func many(t testing.TB, form Form, n int) string {
	rows := make([][]string, 1000)
	for i := range rows {
		rows[i] = []string{fmt.Sprintf("%0100d", i)}
	}
	schema, records := texts(1, rows)
	return save(t, encode(t, form, schema, slices.Repeat(records, n/len(rows))))
}

func TestDecoderIsKilled(t *testing.T) {
	r, err := Open(t.Context(), many(t, Stream, 100000), Stream)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = r.Next()
	}
	var f *Fault
	if !errors.As(err, &f) || f.Code != Damaged || f.Detail != "the decoder died: signal: killed" {
		t.Error(err)
	}
	if _, again := r.Next(); again != err {
		t.Errorf("%v, then %v", err, again)
	}
}

// TestDecoderEndsWithItsContext: what was killed is no fault of the file.
func TestDecoderEndsWithItsContext(t *testing.T) {
	path := many(t, Arrow, 100000)
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	r, err := Open(ctx, path, Arrow)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	cancel(cause)
	if _, err := r.Next(); err != cause {
		t.Error(err)
	}
	if _, err := Open(ctx, path, Arrow); err != cause {
		t.Error(err)
	}
}

func TestDecoderEndsWhenNobodyReads(t *testing.T) {
	r, err := Open(t.Context(), many(t, Parquet, 100000), Parquet)
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	if r.cmd.ProcessState == nil {
		t.Error("it runs on")
	}
	if _, err := r.Next(); err == nil || err == io.EOF {
		t.Errorf("a row behind Close, or the end: %v", err)
	}
}

func TestBounds(t *testing.T) {
	long := strings.Repeat("x", MaxRow)
	schema, records := texts(3, [][]string{{"a", long[2:], "b"}, {"a", long, "b"}, {long, long, long}, {"a", "", "b"}})
	_, rows, fault := readAll(t, save(t, encode(t, Stream, schema, records)), Stream)
	if fault != nil || len(rows) != 4 {
		t.Fatalf("%d rows, %v", len(rows), fault)
	}
	want := [][3]int{{1, MaxRow - 2, 1}, {1, MaxRow, 0}, {MaxRow, 1, 0}, {1, 0, 1}}
	for i, r := range rows {
		if got := [3]int{len(r[0]), len(r[1]), len(r[2])}; got != want[i] {
			t.Errorf("row %d is %d bytes", i, got)
		}
	}
	schema, records = texts(MaxColumns + 1)
	if _, _, fault := readAll(t, save(t, encode(t, Arrow, schema, records)), Arrow); fault == nil || fault.Code != TooManyColumns {
		t.Errorf("too many columns: %v", fault)
	}
	schema, records = texts(1, slices.Repeat([][]string{{strings.Repeat("x", 6<<10)}}, 12000))
	_, rows, fault = readAll(t, save(t, encode(t, Parquet, schema, records)), Parquet)
	if fault == nil || fault.Code != Bomb || len(rows) < 1000 {
		t.Errorf("a bomb: %d rows, %v", len(rows), fault)
	}
	if _, err := Open(t.Context(), "nowhere", Parquet); !errors.As(err, &fault) || fault.Code != NotReadable {
		t.Error(err)
	}
}

// FuzzFrames: a decoder that a file has taken over may say anything.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("o\x00h\x03\x01a\x00r\x03\x01b\x00e\x00"))
	f.Add([]byte("f\x04\x01x\x01y"))
	f.Add([]byte("r\xff\xff\xff\x7f"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := reader{in: bufio.NewReaderSize(bytes.NewReader(data), 16)}
		total := 0
		for {
			_, cells, err := r.frame()
			if err != nil {
				break
			}
			total++
			for _, c := range cells {
				total += 1 + len(c)
			}
		}
		if total > len(data) {
			t.Fatalf("%d bytes out of %d", total, len(data))
		}
	})
}

// FuzzDecode runs the decoders in a child, and where it lives through that, in
// this process, which lets the fuzzer see what is reached: both must read the
// same.
func FuzzDecode(f *testing.F) {
	schema, records := texts(2, [][]string{{"a", "b"}, {"c", "d"}}, [][]string{{"e", ""}})
	for i, form := range forms {
		f.Add(encode(f, form, schema, records), byte(i))
		f.Add(encode(f, form, schema, records, ipc.WithZstd()), byte(i))
	}
	for name, data := range hostileFiles(f) {
		_, form, _ := strings.Cut(name, ".")
		f.Add(data, byte(slices.Index(forms, Form(form))))
	}
	f.Fuzz(func(t *testing.T, data []byte, n byte) {
		form := forms[int(n)%len(forms)]
		r, err := Open(t.Context(), save(t, data), form)
		var got [][]string
		for err == nil {
			var cells []string
			if cells, err = r.Next(); err == nil {
				got = append(got, cells)
			}
		}
		var fault *Fault
		if err != io.EOF && !errors.As(err, &fault) {
			t.Fatal(err)
		}
		if fault != nil && (fault.Code == Bomb || strings.HasPrefix(fault.Detail, "decoding it takes") || strings.HasPrefix(fault.Detail, "the decoder died")) {
			return // it would be the end of this process, too
		}
		if r != nil {
			r.Close()
		}
		var frames bytes.Buffer
		if err := decode(bytes.NewReader(data), form, newWriter(&frames)); err != nil {
			t.Fatal(err)
		}
		in := reader{in: bufio.NewReader(&frames)}
		for i := -1; ; i++ {
			kind, cells, err := in.frame()
			if err != nil {
				t.Fatal(err)
			}
			if kind == frameRow && !slices.Equal(cells, got[i]) {
				t.Fatalf("row %d is %q in the child and %q here", i, got[i], cells)
			}
			if kind == frameFault && fault == nil || kind == frameEnd && (fault != nil || i != len(got)) {
				t.Fatalf("%c behind %d of %d rows, %v", kind, i, len(got), fault)
			}
			if kind == frameFault || kind == frameEnd {
				return
			}
		}
	})
}
