package localize

// Builder makes a table of leaves as they are read.
type Builder struct {
	t     Table
	known []map[string]int32
}

// NewBuilder is an empty table with these attributes.
func NewBuilder(names []string) *Builder {
	b := &Builder{t: Table{Names: names, Values: make([][]string, len(names)), Codes: make([][]int32, len(names))}}
	for range names {
		b.known = append(b.known, map[string]int32{})
	}
	return b
}

// Add takes a leaf in; values are those of the attributes, in order.
func (b *Builder) Add(values []string, actual, predicted float64) {
	for j, v := range values {
		code, ok := b.known[j][v]
		if !ok {
			code = int32(len(b.t.Values[j]))
			b.known[j][v] = code
			b.t.Values[j] = append(b.t.Values[j], v)
		}
		b.t.Codes[j] = append(b.t.Codes[j], code)
	}
	b.t.Actual, b.t.Predicted = append(b.t.Actual, actual), append(b.t.Predicted, predicted)
}

// Table is the table so far.
func (b *Builder) Table() *Table { return &b.t }
