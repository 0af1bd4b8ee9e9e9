package file

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"plaint/internal/record"
)

var flattened = []string{
	`{}`, ` {"a":1,"b":"x","c":null,"d":true,"e":-1.5e3} `, `{"a":{"b":{"c":{"d":{"e":{"f":1}}}}}}`, `{"a":[1,"b",null,true],"c":[],"d":[{"e":1},{"e":2}],"f":[[1,2],[3]]}`,
	`{"a\\u0041":"\\ud83d\\ude00 \\"q\\" \\\\","a":1}`, `{"a":{"b":[ { "c" : [1 , 2] } ]}}`, `[1]`, `"x"`, `{"a":1}{"b":2}`, `{"a":`, ``, `nul`, `{"a":[{"b":{"c":{"d":{"e":1}}}}]}`, `{"":"","b":{"":1}}`, `{"a":[null]}`, `{"a":"}{][,:"}`,
}

// FuzzFlatten compares with a slower way through the standard decoder.
func FuzzFlatten(f *testing.F) {
	for _, s := range flattened {
		f.Add(strings.ReplaceAll(s, `\\`, `\`))
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return // refused before
		}
		got, err := flatten([]byte(s))
		want, wantErr := referenceFlatten([]byte(s))
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: %v, the reference says %v", s, err, wantErr)
		}
		if err == nil && len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Fatalf("%q\n%v\n%v", s, got, want)
		}
	})
}

func BenchmarkFlatten(b *testing.B) {
	row := []byte(`{"id":"C1","customer":"U1","received":"2026-03-01 10:10:00","type":"withdrawal","channel":"app","amount":17,"currency":"USD","status":"open","body":"My withdrawal number 7 of last week has not arrived and nobody answers my calls.","via":{"channel":"web","source":{"from":{"name":"x"}}}}`)
	for b.Loop() {
		if _, err := flatten(row); err != nil {
			b.Fatal(err)
		}
	}
}

// referenceFlatten turns an object into named values, in order: null is "", nested
// objects become a.b, arrays of objects a.0.b for their first element and JSON for the whole,
// other arrays values joined by ';'. Below five levels the rest stays JSON.
func referenceFlatten(raw []byte) ([]record.Field, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var out []record.Field
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	if t != json.Delim('{') {
		return nil, errors.New("not an object")
	}
	if err := referenceObject(d, "", 1, &out); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("more than one object in a row")
	}
	if len(out) > maxColumns {
		return nil, errors.New("more than " + strconv.Itoa(maxColumns) + " values")
	}
	return out, nil
}

func referenceObject(d *json.Decoder, prefix string, level int, out *[]record.Field) error {
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		name := prefix + t.(string)
		var v json.RawMessage
		if err := d.Decode(&v); err != nil {
			return err
		}
		if err := referenceValue(v, name, level, out); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

func referenceValue(v json.RawMessage, name string, level int, out *[]record.Field) error {
	switch v[0] {
	case '{':
		if level >= 5 {
			break
		}
		d := json.NewDecoder(bytes.NewReader(v))
		d.UseNumber()
		if _, err := d.Token(); err != nil {
			return err
		}
		return referenceObject(d, name+".", level+1, out)
	case '[':
		return referenceArray(v, name, level, out)
	case '"':
		var s string
		if err := json.Unmarshal(v, &s); err != nil {
			return err
		}
		*out = append(*out, record.Field{Name: name, Value: s})
		return nil
	case 'n':
		*out = append(*out, record.Field{Name: name})
		return nil
	}
	*out = append(*out, record.Field{Name: name, Value: string(v)})
	return nil
}

func referenceArray(v json.RawMessage, name string, level int, out *[]record.Field) error {
	var list []json.RawMessage
	if err := json.Unmarshal(v, &list); err != nil {
		return err
	}
	if len(list) == 0 {
		return nil
	}
	if list[0][0] == '{' || list[0][0] == '[' {
		var whole bytes.Buffer
		if err := json.Compact(&whole, v); err != nil { // spaces make no other record
			return err
		}
		*out = append(*out, record.Field{Name: name, Value: whole.String()})
		if level < 5 && list[0][0] == '{' {
			return referenceValue(list[0], name+".0", level+1, out)
		}
		return nil
	}
	parts := make([]string, 0, len(list))
	for _, e := range list {
		var s string
		if json.Unmarshal(e, &s) != nil {
			s = string(e)
		}
		parts = append(parts, s)
	}
	*out = append(*out, record.Field{Name: name, Value: strings.Join(parts, ";")})
	return nil
}
