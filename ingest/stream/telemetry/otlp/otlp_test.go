package otlp

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"plaint/ingest/file"
	"plaint/internal/record"
)

var update = flag.Bool("update", false, "write what the cases give as what they should give")

// encodings are those of one request; LogsData is an ExportLogsServiceRequest on
// the wire.
func encodings(t testing.TB, m *logs.LogsData) (wire, text []byte) {
	t.Helper()
	wire, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	text, err = protojson.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return wire, hexIDs(text)
}

var ids = regexp.MustCompile(`"(traceId|spanId)":\s*"([^"]*)"`)

// hexIDs writes ids as OTLP has them, which protobuf's JSON has not.
func hexIDs(text []byte) []byte {
	return ids.ReplaceAllFunc(text, func(b []byte) []byte {
		g := ids.FindSubmatch(b)
		id, err := base64.StdEncoding.DecodeString(string(g[2]))
		if err != nil {
			return b
		}
		return fmt.Appendf(nil, `"%s":"%s"`, g[1], hex.EncodeToString(id))
	})
}

var options = Options{Input: "otlp", Source: "otlp"}

func TestCases(t *testing.T) {
	folders, err := filepath.Glob("testdata/cases/*")
	if err != nil || len(folders) == 0 {
		t.Fatal("no cases", err)
	}
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(folder, "request.txtpb"))
			if err != nil {
				t.Fatal(err)
			}
			m := &logs.LogsData{}
			if err := prototext.Unmarshal(text, m); err != nil {
				t.Fatal(err)
			}
			wire, text := encodings(t, m)
			var a, b record.Batch
			if err := errors.Join(Protobuf(&a, wire, options), JSON(&b, text, options)); err != nil {
				t.Fatal(err)
			}
			got := show(&a)
			if other := show(&b); got != other {
				t.Errorf("protobuf gives\n%s\nJSON gives\n%s", got, other)
			}
			path := filepath.Join(folder, "rows.txt")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil || string(want) != got {
				t.Errorf("%v, got\n%s", err, got)
			}
		})
	}
}

func show(b *record.Batch) string {
	var out strings.Builder
	for _, l := range b.Logs {
		fmt.Fprintf(&out, "%d %s level=%s service=%s host=%s trace=%s customer=%s id=%x\n\t%q\n", l.Line, l.Time.Time.Format("2006-01-02T15:04:05.999999999Z07:00"), l.Level, l.Service, l.Host, l.Trace, l.Customer, l.ID, l.Message)
		for _, f := range l.Extra {
			fmt.Fprintf(&out, "\t%s = %s\n", f.Name, f.Value)
		}
	}
	for _, r := range b.Refused {
		fmt.Fprintf(&out, "%d refused %s %s %s\n\t%s\n\t%s\n", r.Line, r.Code, r.Column, r.Detail, r.Raw, r.Header)
	}
	return out.String()
}

// invalid is a request with one record whose body is no UTF-8 between two good ones.
func invalid(t testing.TB) (wire, text []byte) {
	m := &logs.LogsData{}
	if err := prototext.Unmarshal([]byte(`resource_logs { resource { attributes { key: "service.name" value { string_value: "s" } } } scope_logs {
		log_records { body { string_value: "before" } } log_records { body { string_value: "BROKEN" } attributes { key: "k" value { string_value: "v" } } } log_records { body { string_value: "after" } } } }`), m); err != nil {
		t.Fatal(err)
	}
	wire, text = encodings(t, m)
	return bytes.ReplaceAll(wire, []byte("BROKEN"), []byte("BR\xff\xfeEN")), bytes.ReplaceAll(text, []byte("BROKEN"), []byte("BR\xff\xfeEN"))
}

func TestBrokenTextIsOneRefusal(t *testing.T) {
	wire, text := invalid(t)
	for name, decode := range map[string]func(b *record.Batch) error{
		"protobuf": func(b *record.Batch) error { return Protobuf(b, wire, options) },
		"json":     func(b *record.Batch) error { return JSON(b, text, options) },
	} {
		var b record.Batch
		if err := decode(&b); err != nil {
			t.Fatal(name, err)
		}
		if len(b.Logs) != 2 || len(b.Refused) != 1 || b.Refused[0].Code != "invalid_utf8" || b.Refused[0].Column != "body" || b.Refused[0].Line != 2 {
			t.Fatalf("%s: %s", name, show(&b))
		}
		if !bytes.Contains(b.Refused[0].Raw, []byte("BR\xff\xfeEN")) {
			t.Errorf("%s: the original bytes are not kept: %q", name, b.Refused[0].Raw)
		}
	}
}

// TestReplay reads refused records again, as they are and mended.
func TestReplay(t *testing.T) {
	wire, _ := invalid(t)
	var b record.Batch
	if err := Protobuf(&b, wire, options); err != nil {
		t.Fatal(err)
	}
	again := replay(t, b.Refused)
	if len(again.Logs) != 0 || len(again.Refused) != 1 || again.Refused[0].Code != "invalid_utf8" {
		t.Fatalf("unmended: %s", show(again))
	}
	b.Refused[0].Raw = bytes.ToValidUTF8(b.Refused[0].Raw, []byte("OK"))
	again = replay(t, b.Refused)
	if len(again.Logs) != 1 || len(again.Refused) != 0 {
		t.Fatalf("mended: %s", show(again))
	}
	l := again.Logs[0]
	if l.Message != "BROKEN" || l.Service != "s" || l.Source != "otlp" || len(l.Extra) != 1 || l.Extra[0] != (record.Field{Name: "k", Value: "v"}) {
		t.Errorf("mended: %+v", l)
	}
}

func replay(t testing.TB, rows []record.Refusal) *record.Batch {
	t.Helper()
	p, err := file.Replay(rows, file.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var out record.Batch
	err = p.Read(t.Context(), func(b *record.Batch) error {
		out.Logs, out.Refused = append(out.Logs, b.Logs...), append(out.Refused, b.Refused...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return &out
}

// TestRetryIsKnown: the same request gives the same identities, equal records in
// it different ones.
func TestRetryIsKnown(t *testing.T) {
	wire, text := encodings(t, sample(20, 3))
	var a, b, c record.Batch
	if err := errors.Join(Protobuf(&a, wire, options), Protobuf(&b, wire, options), JSON(&c, text, options)); err != nil {
		t.Fatal(err)
	}
	seen := map[record.Identity]bool{}
	for i := range a.Logs {
		if a.Logs[i].ID != b.Logs[i].ID || a.Logs[i].ID != c.Logs[i].ID {
			t.Errorf("record %d: %x, %x, %x", i, a.Logs[i].ID, b.Logs[i].ID, c.Logs[i].ID)
		}
		seen[a.Logs[i].ID] = true
	}
	if len(seen) != 60 {
		t.Errorf("%d identities of 60 records", len(seen))
	}
}

// sample is n different records, each of them times times.
func sample(n, times int) *logs.LogsData {
	text := &strings.Builder{}
	text.WriteString(`resource_logs { resource {
		attributes { key: "service.name" value { string_value: "payments" } }
		attributes { key: "service.version" value { string_value: "2.14.0" } }
		attributes { key: "host.name" value { string_value: "pay-7f9c" } }
		attributes { key: "deployment.environment.name" value { string_value: "production" } }
		attributes { key: "telemetry.sdk.language" value { string_value: "java" } } }
		scope_logs { scope { name: "com.broker.payments.Gateway" }`)
	for range times {
		for i := range n {
			fmt.Fprintf(text, `log_records { time_unix_nano: %d observed_time_unix_nano: %d severity_number: SEVERITY_NUMBER_INFO severity_text: "INFO"
				body { string_value: "withdrawal %d of customer %d accepted by the gateway in %d ms" }
				attributes { key: "customer.id" value { string_value: "C-%d" } }
				attributes { key: "http.route" value { string_value: "/v2/withdrawals" } }
				attributes { key: "http.response.status_code" value { int_value: 200 } }
				trace_id: "0123456789abcdef" span_id: "01234567" }`, 1767600000000000000+i*1000, 1767600000000000000+i*1000, i, i%977, i%300, i%977)
		}
	}
	text.WriteString(`} }`)
	m := &logs.LogsData{}
	if err := prototext.Unmarshal([]byte(text.String()), m); err != nil {
		panic(err)
	}
	return m
}

var errFull = errors.New("full")

func TestHostile(t *testing.T) {
	nest := func(n int) []byte {
		v := []byte{0x0a, 1, 'x'} // string_value
		for range n {
			v = field(1, v) // values
			v = field(5, v) // array_value
		}
		return record1(field(5, v))
	}
	nestJSON := func(n int) string {
		return `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":` + strings.Repeat(`{"arrayValue":{"values":[`, n) + `{"stringValue":"x"}` + strings.Repeat(`]}}`, n) + `}]}]}]}`
	}
	whole, _ := proto.Marshal(sample(3, 1))
	for name, c := range map[string]struct {
		wire, text string
		want       string // in the error, "" = none
	}{
		"empty protobuf":        {wire: "", want: ""},
		"truncated":             {wire: string(whole[:len(whole)-5]), want: "broken protobuf"},
		"random":                {wire: "GET / HTTP/1.1\r\n\r\n", want: "broken protobuf"},
		"length of 2^63":        {wire: "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f", want: "broken protobuf"},
		"varint without end":    {wire: strings.Repeat("\xff", 100), want: "broken protobuf"},
		"field 0":               {wire: "\x02\x00", want: "broken protobuf"},
		"group":                 {wire: "\x0b\x0c", want: "broken protobuf"},
		"nested within limits":  {wire: string(nest(mostDepth - 1)), want: ""},
		"nested deeply":         {wire: string(nest(mostDepth + 1)), want: "deeper"},
		"nested very deeply":    {wire: string(nest(3000)), want: "deeper"},
		"a bomb of attributes":  {wire: string(bomb()), want: "full"},
		"a bomb of records":     {wire: string(field(1, field(2, bytes.Repeat([]byte{0x12, 0}, 1<<20)))), want: "full"},
		"a bomb of scopes":      {wire: string(scopeBomb()), want: "full"},
		"not JSON":              {text: "resourceLogs", want: "broken JSON"},
		"JSON cut off":          {text: `{"resourceLogs":[{"scopeLogs":[`, want: "broken JSON"},
		"JSON of nothing":       {text: `{}`, want: ""},
		"JSON null":             {text: `null`, want: "no object"},
		"JSON list":             {text: `[]`, want: "no object"},
		"JSON wrong type":       {text: `{"resourceLogs":{}}`, want: "no array"},
		"JSON body is a string": {text: `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":"x"}]}]}]}`, want: "no object"},
		"JSON time":             {text: `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"-1"}]}]}]}`, want: "no time"},
		"JSON base64 id":        {text: `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"traceId":"W4r/95gDgQPSabYzgT/GDA=="}]}]}]}`, want: "not hexadecimal"},
		"JSON nested":           {text: nestJSON(mostDepth - 1), want: ""},
		"JSON nested deeply":    {text: nestJSON(mostDepth + 1), want: "deeper"},
		"JSON nested far":       {text: nestJSON(100_000), want: "broken JSON"},
		"JSON of brackets":      {text: strings.Repeat("[", 1<<20), want: "broken JSON"},
		"JSON unknown names":    {text: `{"x":[1,{"y":"}"}],"resourceLogs":[{"z":{},"scopeLogs":[{"logRecords":[{"q":null,"body":{"stringValue":"ok","w":[[]]}}]}]}]}`, want: ""},
	} {
		t.Run(name, func(t *testing.T) {
			left := 64 << 20
			o := options
			o.Grow = func(n int) error {
				if left -= n; left < 0 {
					return errFull
				}
				return nil
			}
			var b record.Batch
			var err error
			if c.text != "" {
				err = JSON(&b, []byte(c.text), o)
			} else {
				err = Protobuf(&b, []byte(c.wire), o)
			}
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v, wanted %q", err, c.want)
			}
			if err != nil && !errors.Is(err, ErrMalformed) && !errors.Is(err, errFull) {
				t.Errorf("%v is of no kind", err)
			}
		})
	}
}

func field(n byte, b []byte) []byte {
	out := []byte{n<<3 | 2}
	for l := len(b); ; l >>= 7 {
		if l < 0x80 {
			out = append(out, byte(l))
			break
		}
		out = append(out, byte(l)|0x80)
	}
	return append(out, b...)
}

func record1(r []byte) []byte { return field(1, field(2, field(2, r))) }

// bomb is a resource with many attributes and many records that all have them.
func bomb() []byte {
	pair := field(1, append(field(1, []byte("name")), field(2, field(1, []byte("value")))...))
	resource := field(1, bytes.Repeat(pair, 5000))
	return field(1, append(resource, field(2, bytes.Repeat([]byte{0x12, 0}, 100_000))...))
}

// scopeBomb has scopes without records instead.
func scopeBomb() []byte {
	pair := field(1, append(field(1, []byte("name")), field(2, field(1, []byte("value")))...))
	return field(1, append(field(1, bytes.Repeat(pair, 100_000)), bytes.Repeat([]byte{0x12, 0}, 1<<20)...))
}

func FuzzProtobuf(f *testing.F) {
	wire, _ := invalid(f)
	f.Add(wire)
	for _, c := range []string{"ordinary", "values", "refused", "names"} {
		f.Add(caseWire(f, c))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var b record.Batch
		err := Protobuf(&b, body, bounded())
		sane(t, &b, err)
		var m logs.LogsData
		if (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(body, &m) != nil {
			return
		}
		// What the library reads, written anew, is read the same in both encodings.
		wire, text := encodings(t, &m)
		var x, y record.Batch
		errX, errY := Protobuf(&x, wire, bounded()), JSON(&y, text, bounded())
		if (errX == nil) != (errY == nil) {
			t.Fatalf("protobuf: %v, JSON: %v", errX, errY)
		}
		if a, b := show(&x), show(&y); errX == nil && a != b {
			t.Fatalf("protobuf gives\n%s\nJSON gives\n%s", a, b)
		}
		if n := records(&m); errX == nil && n != x.Rows() {
			t.Fatalf("%d rows of %d records", x.Rows(), n)
		}
	})
}

func records(m *logs.LogsData) (n int) {
	for _, r := range m.ResourceLogs {
		for _, s := range r.ScopeLogs {
			n += len(s.LogRecords)
		}
	}
	return n
}

func caseWire(t testing.TB, name string) []byte {
	text, err := os.ReadFile(filepath.Join("testdata/cases", name, "request.txtpb"))
	if err != nil {
		t.Fatal(err)
	}
	m := &logs.LogsData{}
	if err := prototext.Unmarshal(text, m); err != nil {
		t.Fatal(err)
	}
	wire, _ := encodings(t, m)
	return wire
}

func FuzzJSON(f *testing.F) {
	_, text := invalid(f)
	f.Add(text)
	for _, c := range []string{"ordinary", "values", "refused", "names"} {
		m := &logs.LogsData{}
		if err := proto.Unmarshal(caseWire(f, c), m); err != nil {
			f.Fatal(err)
		}
		_, text := encodings(f, m)
		f.Add(text)
	}
	f.Add([]byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"\ud83d\ude00 \ud83d \u00e9 \\\" \/"},"severityNumber":"SEVERITY_NUMBER_WARN2"}]}],"resource":{"attributes":[{"value":{"bytesValue":"_-8"},"key":"k"}]}}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var b record.Batch
		err := JSON(&b, body, bounded())
		if err == nil && !json.Valid(body) {
			t.Fatal("broken JSON is taken")
		}
		sane(t, &b, err)
	})
}

func bounded() Options {
	left := 16 << 20
	o := options
	o.Grow = func(n int) error {
		if left -= n; left < 0 {
			return errFull
		}
		return nil
	}
	return o
}

// sane checks what holds for all that is decoded.
func sane(t *testing.T, b *record.Batch, err error) {
	t.Helper()
	if err != nil && !errors.Is(err, ErrMalformed) && !errors.Is(err, errFull) {
		t.Fatalf("%v is of no kind", err)
	}
	for i := range b.Logs {
		l := &b.Logs[i]
		for _, s := range []string{l.Message, l.Service, l.Host, l.Level, l.Trace, l.Customer} {
			if strings.ToValidUTF8(s, "") != s || strings.IndexByte(s, 0) >= 0 {
				t.Fatalf("%q is kept", s)
			}
		}
		for j, f := range l.Extra {
			if j > 0 && l.Extra[j-1].Name > f.Name {
				t.Fatalf("%q before %q", l.Extra[j-1].Name, f.Name)
			}
			if strings.ToValidUTF8(f.Name+f.Value, "") != f.Name+f.Value {
				t.Fatalf("%q is kept", f)
			}
		}
	}
	for i := range b.Refused {
		r := &b.Refused[i]
		if raw := bytes.ToValidUTF8(r.Raw, []byte("?")); r.Line < 1 || !json.Valid(raw) {
			t.Fatalf("%+v: %q cannot be replayed", r, r.Raw)
		}
	}
}

func BenchmarkProtobuf(b *testing.B) {
	wire, _ := encodings(b, sample(1000, 1))
	benchmark(b, wire, Protobuf)
}

func BenchmarkJSON(b *testing.B) {
	_, text := encodings(b, sample(1000, 1))
	benchmark(b, text, JSON)
}

func benchmark(b *testing.B, body []byte, decode func(*record.Batch, []byte, Options) error) {
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		var batch record.Batch
		if err := decode(&batch, body, options); err != nil || len(batch.Logs) != 1000 {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "lines/s")
}

// BenchmarkGenerated is what the generated types need for reading alone.
func BenchmarkGenerated(b *testing.B) {
	wire, _ := encodings(b, sample(1000, 1))
	for b.Loop() {
		var m logs.LogsData
		if err := proto.Unmarshal(wire, &m); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "lines/s")
}
