package profile

import (
	"strings"
	"time"
	"unicode/utf8"

	"plaint/internal/record"
	"plaint/internal/text"
)

// Problem is why a row cannot become a record.
type Problem struct {
	Code   record.Code
	Column string
	Detail string
}

// Mapper turns rows into records by one mapping. It is not safe for concurrent
// use: give each goroutine its own.
type Mapper struct {
	*Mapping
	Kind record.Kind
	// Order asks for a column's evidence on the order of day and month, by its
	// header; it is called at most once per column, when the first row needs
	// it. nil = none.
	Order func(column string) Evidence

	notScore map[string]bool
	missing  map[string]bool
	longest  int                 // bytes of the longest value that means none
	values   []map[string]string // per column, by plain form
	memo     []map[string]string // per column: values met so far as they were written
	scale    [2]float64
	loc      *time.Location
	fixed    order
	cases    []dateCase
	settled  map[string]order
	column   string // header of the column being read, "" for a constant
	late     lateColumns
	cells    []string
	order    order // of this row, if a case decides
	sketcher *text.Sketcher

	complaint   []setter[cp]
	survey      []setter[sv]
	log         []setter[lg]
	transaction []setter[tx]
	account     []setter[ac]
	level       []setter[lv]
}

type dateCase struct {
	column int
	equals string
	order  order
}

// NewMapper prepares the mapping for use.
func (m *Mapping) NewMapper() *Mapper {
	p := m.Profile
	out := &Mapper{Mapping: m, Kind: p.kind, notScore: plainSet(p.NotScore), missing: plainSet(p.Missing),
		fixed: orders[p.Dates.Order], settled: map[string]order{}, sketcher: text.NewSketcher(), values: make([]map[string]string, len(m.Header)), memo: make([]map[string]string, len(m.Header))}
	for _, v := range p.Missing {
		out.longest = max(out.longest, len(v))
	}
	out.loc, _ = zone(p.Dates.Zone) // checked when the profile was read
	if len(p.Scale) == 2 {
		out.scale = [2]float64{p.Scale[0], p.Scale[1]}
	}
	for _, c := range p.Dates.When {
		for i, h := range m.Header {
			if plain(h) == plain(c.Column) {
				out.cases = append(out.cases, dateCase{i, c.Equals, orders[c.Order]})
			}
		}
	}
	for i, w := range m.Words {
		if v := p.Values[w]; w != "" && v != nil {
			out.values[i] = plainValues(v)
		}
	}
	out.complaint, out.survey, out.log = place(m, complaintWords), place(m, surveyWords), place(m, logWords)
	out.transaction, out.account, out.level = place(m, transactionWords), place(m, accountWords), place(m, levelWords)
	return out
}

func plainSet(list []string) map[string]bool {
	out := map[string]bool{}
	for _, s := range list {
		out[plain(s)] = true
	}
	return out
}

func place[T any](m *Mapping, words map[string]setter[T]) []setter[T] {
	out := make([]setter[T], len(m.Words))
	for i, w := range m.Words {
		out[i] = words[w]
	}
	return out
}

func (m *Mapper) headerOf(word string) string {
	for i, w := range m.Words {
		if w == word {
			return m.Header[i]
		}
	}
	return word
}

// date reads a date of the column being read.
func (m *Mapper) date(v string) (record.Moment, *Problem) {
	when, code := parseDate(v, m.dateOrder(), m.loc)
	if code == "ambiguous_date" && m.order == orderUnknown && m.fixed == orderUnknown && m.Order != nil && m.column != "" {
		o, ok := m.settled[m.column]
		if !ok {
			e := m.Order(m.column)
			o = e.order()
			m.settled[m.column] = o
		}
		when, code = parseDate(v, o, m.loc)
	}
	if code != "" {
		return record.Moment{}, &Problem{Code: code, Detail: short(v)}
	}
	return when, nil
}

func (m *Mapper) dateOrder() order {
	if m.order != orderUnknown {
		return m.order
	}
	return m.fixed
}

// fill runs a kind's setters over a row; what has no word becomes an extra.
func fill[T any](m *Mapper, r *T, o *record.Origin, words map[string]setter[T], place []setter[T], cells []string, line int64) *Problem {
	o.Source, o.Line = m.Source, line
	m.cells, m.order = cells, orderUnknown
	for _, c := range m.cases {
		if c.column < len(cells) && cells[c.column] == c.equals {
			m.order = c.order
		}
	}
	for w, v := range m.consts {
		m.column = ""
		if p := words[w](m, r, v); p != nil {
			return p.in(w)
		}
	}
	for i, cell := range cells {
		if cell == "" {
			continue
		}
		v := strings.TrimSpace(cell)
		if v == "" || m.isMissing(v) {
			continue
		}
		set := place[i]
		if set == nil {
			o.Extra = append(o.Extra, record.Field{Name: m.Header[i], Value: cell})
			continue
		}
		if m.values[i] != nil {
			v = m.ours(i, v)
		}
		m.column = m.Header[i]
		if p := set(m, r, v); p != nil {
			return p.in(m.column)
		}
	}
	for _, f := range m.late.row {
		v := strings.TrimSpace(f.Value)
		if v == "" || m.isMissing(v) {
			continue
		}
		m.column = f.Name
		if p := words[f.word](m, r, m.oursOf(f.word, v)); p != nil {
			return p.in(m.column)
		}
	}
	if o.Source == "" {
		o.Source = m.Source
	}
	return nil
}

// isMissing reports a value that the profile lists as none. Listed values are
// short, so that a body costs nothing here.
func (m *Mapper) isMissing(v string) bool {
	return len(v) <= m.longest && m.missing[plain(v)]
}

// ours is the product's code for a column's value, or the value itself.
func (m *Mapper) ours(column int, v string) string {
	if ours, ok := m.memo[column][v]; ok {
		return ours
	}
	ours, ok := m.values[column][plain(v)]
	if !ok {
		ours = v
	}
	if m.memo[column] == nil || len(m.memo[column]) > 4096 {
		m.memo[column] = map[string]string{}
	}
	m.memo[column][strings.Clone(v)] = ours
	return ours
}

func (p *Problem) in(column string) *Problem {
	if p.Column == "" {
		p.Column = column
	}
	return p
}

// Complaint maps a row to a complaint, without its identity.
func (m *Mapper) Complaint(c *record.Complaint, cells []string, line int64) *Problem {
	if p := fill(m, c, &c.Origin, complaintWords, m.complaint, cells, line); p != nil {
		return p
	}
	if c.Body == "" && c.Subject == "" && c.Type == "" {
		return &Problem{Code: "empty_record"}
	}
	if c.Language == "" {
		if c.Language = text.Language(c.Body); c.Language == "" {
			c.Language = text.Language(c.Subject)
		}
		if c.Language == "" && strings.ContainsFunc(c.Type, func(r rune) bool { return r == ' ' || r >= utf8.RuneSelf }) {
			c.Language = text.Language(c.Type) // the source's own words; our codes have no language
		}
	}
	c.Keys.Sketch = m.sketcher.Sketch(c.Subject, c.Body)
	c.Keys.Handle = record.Hash64("handle", text.Handle(c.Body))
	c.Keys.Contact = record.Hash64("contact", record.Contact(c.Contact))
	return nil
}

// Survey maps a row to a survey answer, without its identity.
func (m *Mapper) Survey(s *record.Survey, cells []string, line int64) *Problem {
	if p := fill(m, s, &s.Origin, surveyWords, m.survey, cells, line); p != nil {
		return p
	}
	if s.Language == "" {
		s.Language = text.Language(s.Comment)
	}
	return m.finishSurvey(s)
}

// Log maps a row to a log line, without its identity.
func (m *Mapper) Log(l *record.LogLine, cells []string, line int64) *Problem {
	if p := fill(m, l, &l.Origin, logWords, m.log, cells, line); p != nil {
		return p
	}
	if l.Message == "" {
		return &Problem{Code: "empty_record"}
	}
	return nil
}

// Transaction maps a row to a transaction, without its identity.
func (m *Mapper) Transaction(t *record.Transaction, cells []string, line int64) *Problem {
	if p := fill(m, t, &t.Origin, transactionWords, m.transaction, cells, line); p != nil {
		return p
	}
	if t.Type == "" && !t.Amount.Valid {
		return &Problem{Code: "empty_record"}
	}
	return nil
}

// Account maps a row to an account, without its identity.
func (m *Mapper) Account(a *record.Account, cells []string, line int64) *Problem {
	if p := fill(m, a, &a.Origin, accountWords, m.account, cells, line); p != nil {
		return p
	}
	if a.Customer == "" && a.ExternalID == "" {
		return &Problem{Code: "empty_record"}
	}
	return nil
}

// Level maps a row to a line of the service-level table.
func (m *Mapper) Level(l *record.ServiceLevel, cells []string, line int64) *Problem {
	if p := fill(m, l, &l.Origin, levelWords, m.level, cells, line); p != nil {
		return p
	}
	if l.Type == "" || l.Rule == "" {
		return &Problem{Code: "empty_record"}
	}
	return nil
}

// CheckCell refuses what no honest cell holds: control zeroes, broken UTF-8,
// and text that a spreadsheet would run.
func CheckCell(cell string) record.Code {
	if !utf8.ValidString(cell) {
		return "invalid_utf8"
	}
	if strings.IndexByte(cell, 0) >= 0 {
		return "nul_byte"
	}
	if formulaLike(cell) {
		return "formula"
	}
	return ""
}

// MayBeFormula reports whether a cell starts as a formula does.
func MayBeFormula(s string) bool { return s[0] == '=' || s[0] == '@' || s[0] == '+' || s[0] == '-' }

// formulaLike reports cells such as =cmd|' /C calc'!A0, =HYPERLINK(…) and
// @SUM(…): an operator, a name, and a call or a reference, or = and a name.
func formulaLike(s string) bool {
	if s == "" || !MayBeFormula(s) {
		return false
	}
	i := 1
	for i < len(s) && (s[i]|0x20 >= 'a' && s[i]|0x20 <= 'z' || i > 1 && (s[i] >= '0' && s[i] <= '9' || s[i] == '.' || s[i] == '_' || s[i] == '$')) {
		i++
	}
	if i == 1 {
		return false
	}
	if s[0] == '=' {
		return true
	}
	return i < len(s) && (s[i] == '(' || s[i] == '|' || s[i] == '!')
}
