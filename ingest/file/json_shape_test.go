package file

import (
	"strings"
	"testing"
)

// TestStartsJSON: brackets open arrays, and lines of logs and headers of tables.
func TestStartsJSON(t *testing.T) {
	for text, want := range map[string]bool{
		`{`: true, `[{`: true, "[\n {": true, `[]`: true, "[ ]\n": true, `[1,2,{"id":1}]`: true, `[null, "a,]", [1,[2]], {broken`: true, `[1,2]`: true,
		"[2026-01-05 10:00:00] ERROR x": false, "[12] starting\n[13] done": false, "[INFO] x": false, "[12:30:01] x": false, "[1]\n[2]\n": false,
		`[1] {"a":1}`: false, `[12 {main} x`: false, "[id],[name]\n1,x\n": false, `[1,2`: false, "id,body\n": false, `["a": {`: false, "": false,
	} {
		if startsJSON(text, false) != want {
			t.Errorf("%q: not %t", text, want)
		}
	}
	for text, want := range map[string]bool{`["` + strings.Repeat("x", 100): true, `[1,2,`: true, `[[1,2],[`: true, "[12] " + strings.Repeat("x", 100): false, "[2026-01": false} {
		if startsJSON(text, true) != want {
			t.Errorf("%q, which goes on: not %t", text, want)
		}
	}
}

// TestArraysOfAnything: what is no object is refused with its own line and bytes,
// and the objects around it are loaded.
func TestArraysOfAnything(t *testing.T) {
	const row = `{"id":"A1","customer":"U1","received":"2026-03-01","body":"x"}`
	for text, raws := range map[string]string{
		`[1,2,` + row + `]`:                            `1|2`,
		`[` + row + `, "a, ] [ \" {", null]`:           `"a, ] [ \" {"|null`,
		"[[1,[2]]," + row + ",\"open\n,2, {\"id\":\n]": "[1,[2]]|\"open|2|{\"id\":\n]",
		`[` + row + `,[{"id":"A2"},3],true]`:           `[{"id":"A2"},3]|true`,
	} {
		b, _ := readAll(t, write(t, "a.json", text), Options{})
		var got []string
		for _, r := range b.Refused {
			if r.Code != "bad_json" || r.Line == 0 || r.Detail == "" {
				t.Errorf("%s: %+v", text, r)
			}
			got = append(got, string(r.Raw))
		}
		if len(b.Complaints) != 1 || b.Complaints[0].ExternalID != "A1" || strings.Join(got, "|") != raws {
			t.Errorf("%s: %d loaded, refused %q", text, len(b.Complaints), got)
		}
	}
}
