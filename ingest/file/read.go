package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/text/transform"

	"plaint/ingest/profile"
	"plaint/internal/record"
)

// chunkRows is how many rows travel together from the splitter to a mapper.
const chunkRows = 1024

// chunk is a run of rows on its way through a mapper.
type chunk struct {
	rows  []rawRow
	out   record.Batch
	ready chan struct{}
}

// Read yields the input's rows as batches, in order; a batch is valid only
// while emit runs. It returns when emit
// fails, when the context ends, or after the last row. A row or an input that
// cannot be read becomes a refusal, never an error: an error is a fault of
// ours or of the disk.
func (p *Plan) Read(ctx context.Context, emit func(*record.Batch) error) error {
	if p.Err != nil {
		return emit(p.refuseAll(p.Err))
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	source, closeSource, err := p.rows()
	if err != nil {
		var e *Error
		if errors.As(err, &e) {
			return emit(p.refuseAll(e))
		}
		return err
	}
	defer closeSource()

	// A little is read ahead, to keep both cores busy; more would only cost
	// memory, since a batch on its way into the engine takes both as well.
	size := p.opt.BatchRows
	if size <= 0 {
		size = DefaultBatchRows
	}
	work := make(chan *chunk)
	order := make(chan *chunk, 16)
	var wg sync.WaitGroup
	for range runtime.NumCPU() {
		wg.Go(func() { p.work(work) })
	}
	wg.Go(func() {
		defer close(work)
		defer close(order)
		p.cut(ctx, cancel, source, size, work, order)
	})
	err = p.gather(ctx, order, size, emit)
	cancel(err)
	for range order { // let the splitter end
	}
	wg.Wait()
	return err
}

func (p *Plan) refuseAll(e *Error) *record.Batch {
	return &record.Batch{Input: p.Input, Refused: []record.Refusal{{Kind: p.Kind(), Input: p.Input, Code: e.Code, Detail: short(e.Detail), Raw: []byte{}}}}
}

// rows opens the input at its first row after the header.
func (p *Plan) rows() (rows, func(), error) {
	switch p.Format {
	case XLSX:
		x, err := openXLSX(p.in.path)
		if err != nil {
			return nil, nil, err
		}
		for i := 0; i <= p.Skipped; i++ {
			if _, err := x.next(); err != nil {
				break
			}
		}
		return x, x.close, nil
	case Parquet, Arrow:
		a, err := p.columnar()
		if err != nil {
			return nil, nil, err
		}
		return a, a.close, nil
	}
	r, err := p.text()
	if err != nil {
		return nil, nil, err
	}
	stop := func() { r.Close() }
	switch p.Format {
	case JSON, NDJSON:
		return p.jsonRows(r, p.Mapping.Header), stop, nil
	case Lines:
		return newLineRows(r, p.form), stop, nil
	}
	c := newCSVRows(r, p.Delimiter)
	for i := 0; i <= p.Skipped; i++ {
		if _, err := c.next(); err != nil {
			break
		}
	}
	return c, stop, nil
}

// cut reads rows into chunks. A fault of the input ends it with a refusal; the
// rows before it stay loaded.
func (p *Plan) cut(ctx context.Context, cancel context.CancelCauseFunc, source rows, size int, work, order chan<- *chunk) {
	per := min(chunkRows, size)
	for {
		c := &chunk{rows: make([]rawRow, 0, per), ready: make(chan struct{})}
		var end error
		for len(c.rows) < per && end == nil {
			var row rawRow
			if row, end = source.next(); end == nil {
				c.rows = append(c.rows, row)
			}
		}
		var e *Error
		if errors.As(end, &e) {
			c.rows = append(c.rows, rawRow{code: e.Code, detail: e.Detail})
		} else if end != nil && end != io.EOF {
			cancel(fmt.Errorf("read %s: %w", p.Input, end))
			return
		}
		if len(c.rows) > 0 {
			select {
			case work <- c:
				order <- c
			case <-ctx.Done():
				return
			}
		}
		if end != nil {
			return
		}
	}
}

// gather puts the mapped chunks together in order and emits full batches.
func (p *Plan) gather(ctx context.Context, order <-chan *chunk, size int, emit func(*record.Batch) error) error {
	batch := p.empty()
	var seen record.Seen
	for c := range order {
		select {
		case <-c.ready:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if seen == nil {
			seen = record.Seen{}
		}
		stamp(&c.out, seen)
		join(batch, &c.out)
		if batch.Rows()+chunkRows > size && batch.Rows() > 0 && (size >= chunkRows || batch.Rows() >= size) {
			if err := emit(batch); err != nil {
				return err
			}
			reuse(batch)
		}
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if batch.Rows() > 0 {
		return emit(batch)
	}
	return nil
}

// reuse empties a batch and keeps its room; what it held must not be used any
// more.
func reuse(b *record.Batch) {
	b.Complaints, b.Surveys, b.Logs = b.Complaints[:0], b.Surveys[:0], b.Logs[:0]
	b.Transactions, b.Accounts, b.Levels = b.Transactions[:0], b.Accounts[:0], b.Levels[:0]
	b.Refused = b.Refused[:0]
}

func (p *Plan) empty() *record.Batch {
	return &record.Batch{Input: p.Input, Profile: p.Mapping.Profile.Name}
}

func stamp(b *record.Batch, seen record.Seen) {
	for i := range b.Complaints {
		b.Complaints[i].Stamp(seen)
	}
	for i := range b.Surveys {
		b.Surveys[i].Stamp(seen)
	}
	for i := range b.Logs {
		b.Logs[i].Stamp(seen)
	}
	for i := range b.Transactions {
		b.Transactions[i].Stamp(seen)
	}
	for i := range b.Accounts {
		b.Accounts[i].Stamp(seen)
	}
	for i := range b.Levels {
		b.Levels[i].Stamp()
	}
}

func join(to, from *record.Batch) {
	if to.Complaints == nil && len(from.Complaints) == chunkRows {
		to.Complaints = make([]record.Complaint, 0, DefaultBatchRows) // they are large: grow once
	}
	to.Complaints = append(to.Complaints, from.Complaints...)
	to.Surveys = append(to.Surveys, from.Surveys...)
	to.Logs = append(to.Logs, from.Logs...)
	to.Transactions = append(to.Transactions, from.Transactions...)
	to.Accounts = append(to.Accounts, from.Accounts...)
	to.Levels = append(to.Levels, from.Levels...)
	to.Refused = append(to.Refused, from.Refused...)
}

// worker maps chunks; one per goroutine.
type worker struct {
	p      *Plan
	m      *profile.Mapper
	decode *decoder
	cells  []string
	header []byte
}

func (p *Plan) work(in <-chan *chunk) {
	w := &worker{p: p, m: p.Mapping.NewMapper(), decode: newDecoder(p.Encoding), header: p.headerLine()}
	w.m.Order = p.evidence
	for c := range in {
		for i := range c.rows {
			w.row(&c.out, &c.rows[i])
		}
		c.rows = nil
		close(c.ready)
	}
}

// row maps one row into the batch, as a record or as a refusal.
func (w *worker) row(b *record.Batch, r *rawRow) {
	problem := w.split(r)
	if problem == nil && w.p.Mapping.Profile.IsFooter(string(r.raw)) {
		return // a line of the report around the table is no row
	}
	if problem == nil {
		problem = w.check(r)
	}
	if problem == nil {
		problem = w.mapRow(b, r)
	}
	if problem != nil {
		b.Refused = append(b.Refused, w.refuse(r, problem))
	}
}

// split decodes the row and takes it apart.
func (w *worker) split(r *rawRow) *profile.Problem {
	if r.code != "" {
		return &profile.Problem{Code: r.code, Detail: r.detail}
	}
	if r.cells != nil {
		return nil
	}
	s, ok := w.decode.text(r.raw)
	if !ok {
		return &profile.Problem{Code: "invalid_encoding", Detail: w.p.Encoding}
	}
	if w.p.Format == Lines {
		r.cells = parseLine(w.p.form, s)
		return nil
	}
	w.cells = splitRow(s, w.p.Delimiter, w.cells[:0])
	r.cells = w.cells
	return nil
}

// check refuses rows of the wrong width and cells that no honest row holds.
func (w *worker) check(r *rawRow) *profile.Problem {
	header := w.m.Header
	n := len(r.cells)
	for n > len(header) && strings.TrimSpace(r.cells[n-1]) == "" {
		n--
	}
	if n > len(header) {
		return &profile.Problem{Code: "too_many_cells", Detail: fmt.Sprintf("%d > %d", n, len(header))}
	}
	r.cells = r.cells[:min(n, len(r.cells))]
	if n < len(header) {
		if w.p.Format == CSV {
			return &profile.Problem{Code: "too_few_cells", Detail: fmt.Sprintf("%d < %d", n, len(header))}
		}
		r.cells = append(r.cells, make([]string, len(header)-n)...)
	}
	whole := w.p.Format == CSV && bytes.IndexByte(r.raw, 0) < 0 // decoded as a whole, and no zero in it
	for i, cell := range r.cells {
		if cell == "" || whole && !profile.MayBeFormula(cell) {
			continue
		}
		if code := profile.CheckCell(cell); code != "" {
			if code == "formula" && w.p.Format == Lines {
				continue
			}
			return &profile.Problem{Code: code, Column: header[i]}
		}
	}
	return nil
}

func (w *worker) mapRow(b *record.Batch, r *rawRow) *profile.Problem {
	switch w.m.Kind {
	case record.Complaints:
		return add(&b.Complaints, r, w.m.Complaint, func(c *record.Complaint) *record.Origin { return &c.Origin })
	case record.Surveys:
		return add(&b.Surveys, r, w.m.Survey, func(s *record.Survey) *record.Origin { return &s.Origin })
	case record.Logs:
		return add(&b.Logs, r, w.m.Log, func(l *record.LogLine) *record.Origin { return &l.Origin })
	case record.Transactions:
		return add(&b.Transactions, r, w.m.Transaction, func(t *record.Transaction) *record.Origin { return &t.Origin })
	case record.Accounts:
		return add(&b.Accounts, r, w.m.Account, func(a *record.Account) *record.Origin { return &a.Origin })
	default:
		return add(&b.Levels, r, w.m.Level, func(l *record.ServiceLevel) *record.Origin { return &l.Origin })
	}
}

func add[T any](list *[]T, r *rawRow, fill func(*T, []string, int64) *profile.Problem, origin func(*T) *record.Origin) *profile.Problem {
	if *list == nil {
		*list = make([]T, 0, chunkRows)
	}
	var zero T
	*list = append(*list, zero)
	t := &(*list)[len(*list)-1]
	if problem := fill(t, r.cells, r.line); problem != nil {
		*list = (*list)[:len(*list)-1]
		return problem
	}
	if len(r.extra) > 0 {
		o := origin(t)
		o.Extra = append(o.Extra, r.extra...)
	}
	return nil
}

func (w *worker) refuse(r *rawRow, problem *profile.Problem) record.Refusal {
	raw := r.raw
	if raw == nil {
		raw = []byte(strings.Join(r.cells, "\t"))
	}
	detail := problem.Detail
	if len(raw) > keptRaw {
		detail = strings.TrimSpace(fmt.Sprintf("%s %d/%d", detail, keptRaw, len(raw)))
		raw = raw[:keptRaw]
	}
	if strings.HasPrefix(w.p.Encoding, "utf-16") {
		raw = encode(w.p.Encoding, raw)
	}
	return record.Refusal{Kind: w.m.Kind, Input: w.p.Input, Profile: w.p.Mapping.Profile.Name, Line: r.line,
		Code: problem.Code, Column: problem.Column, Detail: short(detail), Raw: bytes.Clone(raw), Header: w.header}
}

// encode gives back the original bytes of a row that was decoded on the way.
func encode(name string, b []byte) []byte {
	out, _, err := transform.Bytes(encodings[name].NewEncoder(), b)
	if err != nil {
		return b
	}
	return bytes.TrimPrefix(bytes.TrimPrefix(out, []byte{0xFF, 0xFE}), []byte{0xFE, 0xFF})
}

// headerLine is the header as it is kept with refused rows, so that they can be
// read without their file; nil where rows carry their own names.
func (p *Plan) headerLine() []byte {
	switch p.Format {
	case JSON, NDJSON, Lines:
		return nil
	case CSV:
		quoted := make([]string, len(p.Mapping.Header))
		for i, h := range p.Mapping.Header {
			if strings.ContainsAny(h, "\"\r\n") || strings.IndexByte(h, p.Delimiter) >= 0 {
				h = `"` + strings.ReplaceAll(h, `"`, `""`) + `"`
			}
			quoted[i] = h
		}
		line := strings.Join(quoted, string(rune(p.Delimiter)))
		if e := encodings[p.Encoding]; e != nil {
			return encode(p.Encoding, []byte(line))
		}
		return []byte(line)
	}
	return []byte(strings.Join(p.Mapping.Header, "\t"))
}

// evidence reads the input once more and counts what one date column says
// about the order of day and month.
func (p *Plan) evidence(column int) profile.Evidence {
	var e profile.Evidence
	source, stop, err := p.rows()
	if err != nil {
		return e
	}
	defer stop()
	w := &worker{p: p, decode: newDecoder(p.Encoding)}
	for {
		r, err := source.next()
		if err != nil {
			return e
		}
		if w.split(&r) == nil && column < len(r.cells) {
			e.Note(r.cells[column])
		}
	}
}
