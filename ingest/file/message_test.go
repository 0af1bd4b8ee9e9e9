package file

import (
	"bytes"
	"fmt"
	"testing"

	"plaint/internal/record"
)

// TestHostileShapesAreForgotten: a stream whose names are new each time costs no
// more than a bounded memory of names.
func TestHostileShapesAreForgotten(t *testing.T) {
	d, err := NewDecoder("x", Options{Profile: "zendesk"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		var body bytes.Buffer
		body.WriteString(`{"id":1`)
		for j := range 400 + i%2*4000 {
			fmt.Fprintf(&body, `,"name%d_%d":1`, i, j)
		}
		body.WriteByte('}')
		d.Append(&record.Batch{}, Message{Body: body.Bytes(), Line: int64(i)})
		total := 0
		for k := range d.by {
			total += len(k)
		}
		if total > mostNames || total != d.names {
			t.Fatalf("after %d shapes: %d bytes of names, booked %d", i, total, d.names)
		}
	}
	if len(d.by) == 0 {
		t.Error("ordinary shapes are not remembered")
	}
}
