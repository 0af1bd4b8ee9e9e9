package file

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"plaint/ingest/profile"
	"plaint/internal/record"
)

// worker maps chunks; one per goroutine.
type worker struct {
	p      *Plan
	m      *profile.Mapper
	decode *decoder
	cells  []string
	kept   []byte // how the rows are read, for the refused ones
}

func (p *Plan) work(ctx context.Context, in <-chan *chunk) {
	w := &worker{p: p, m: p.Mapping.NewMapper(), decode: newDecoder(p.Encoding), kept: p.keep()}
	w.m.Order = func(column string) profile.Evidence { return p.evidence(ctx, column) }
	for c := range in {
		for i := range c.rows {
			w.row(&c.out, &c.rows[i])
		}
		clear(c.rows) // the bytes of the rows are not needed any more
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
		r.extra = w.m.Take(r.extra)
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
	for _, f := range r.extra {
		if code := profile.CheckCell(f.Value); code != "" {
			return &profile.Problem{Code: code, Column: f.Name}
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
	raw, kept := r.raw, w.kept
	switch {
	case raw == nil:
		raw = tableRow(w.p.Mapping.Header, r.cells)
	case w.p.wide():
		raw = encode(w.p.Encoding, raw)
	default:
		raw = bytes.Clone(raw) // it is part of a block
	}
	if w.p.Format == Mail && bytes.HasPrefix(raw, []byte("{")) { // no message begins so
		kept = w.p.keptAs(true)
	}
	return record.Refusal{Kind: w.m.Kind, Input: w.p.Input, Profile: w.p.Mapping.Profile.Name, Line: r.line,
		Code: problem.Code, Column: problem.Column, Detail: short(problem.Detail), Raw: raw, Header: kept}
}
