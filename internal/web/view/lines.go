package view

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"

	"plaint/analysis/rootcause/template/book"
)

// Line is one log line without personal data.
type Line struct {
	Seq      int64      `json:"seq"`
	At       *time.Time `json:"at"`
	Service  string     `json:"service"`
	Level    string     `json:"level"`
	Message  string     `json:"message"`
	Customer string     `json:"customer"` // pseudonym
}

// LineFilter narrows a list of log lines; zero fields do not.
type LineFilter struct {
	Template       int64 // of the latest run
	Service, Level string
	From, To       time.Time
	Limit, Offset  int
}

const linesQuery = `select count(*) over () as total, seq, time, coalesce(service, ''), coalesce(level, ''), coalesce(message, ''), coalesce(customer, '') from log_line
	where ($1 = '' or service = $1) and ($2 = '' or level = $2) and ($3 = '' or message like $3 escape '\')
		and ($4::timestamp is null or time >= $4::timestamp) and ($5::timestamp is null or time < $5::timestamp)
	order by time nulls last, seq limit $6 offset $7`

// Lines lists log lines in order of time. Those of a template are the lines that
// it counts, in order of arrival; where lines were erased since, those that have
// its words in its order, of its service and level.
func (r *Reader) Lines(ctx context.Context, f LineFilter) (Page[Line], error) {
	p := Page[Line]{Limit: f.Limit, Offset: f.Offset, Rows: []Line{}}
	like := ""
	if f.Template > 0 {
		if list, total, err := r.counted(ctx, f); !errors.Is(err, book.ErrGone) {
			p.Rows, p.Total = list, total
			return p, err
		}
		runs, err := r.latest(ctx)
		if err != nil {
			return p, err
		}
		type kind struct{ text, service, level string }
		list, err := collect(ctx, r.st, func(rows *sql.Rows, k *kind) error { return rows.Scan(&k.text, &k.service, &k.level) },
			`select coalesce(template, ''), coalesce(service, ''), coalesce(level, '') from log_template where run = $1 and id = $2`, runs["logs"], f.Template)
		if err != nil {
			return p, err
		}
		if len(list) == 0 {
			return p, ErrNotFound
		}
		like, f.Service, f.Level = pattern(list[0].text), list[0].service, list[0].level
	}
	err := p.fill(ctx, r.st, func(rows *sql.Rows, l *Line) error {
		err := rows.Scan(&p.Total, &l.Seq, when{&l.At}, &l.Service, &l.Level, &l.Message, &l.Customer)
		l.Customer = r.st.Pseudonym(l.Customer)
		return err
	}, linesQuery, f.Service, f.Level, like, nullTime(f.From), nullTime(f.To), limitHere, offsetHere)
	if err != nil {
		return p, err
	}
	return p, r.maskLines(ctx, p.Rows)
}

const countedQuery = `select coalesce(sum(n), 0)::bigint, count(*) filter (first_seq is null), (select count(*) from log_template where run = $1 and id = $2)
	from log_template_count where run = $1 and template = $2 and ($3::timestamp is null or minute >= $3::timestamp) and ($4::timestamp is null or minute < $4::timestamp)`

// counted are the lines that a template of the latest run counts, a page of them.
func (r *Reader) counted(ctx context.Context, f LineFilter) (list []Line, total int, err error) {
	runs, err := r.latest(ctx)
	if err != nil {
		return nil, 0, err
	}
	known, bare := 0, 0 // bare: counted by the hour, by an older version
	if err := r.st.QueryRow(ctx, countedQuery, runs["logs"], f.Template, nullTime(f.From), nullTime(f.To)).Scan(&total, &bare, &known); err != nil {
		return nil, 0, fmt.Errorf("count the lines of a template: %w", err)
	}
	if known == 0 {
		return nil, 0, ErrNotFound
	}
	if bare > 0 {
		return nil, 0, book.ErrGone
	}
	seqs, err := book.Lines(ctx, r.st, book.Asked{Run: runs["logs"], Template: f.Template, From: f.From, To: f.To, Most: f.Offset + f.Limit})
	if err != nil {
		return nil, 0, err
	}
	list = []Line{}
	if seqs = seqs[min(f.Offset, len(seqs)):]; len(seqs) == 0 {
		return list, total, nil
	}
	args := make([]any, len(seqs))
	for i, seq := range seqs {
		args[i] = seq
	}
	list, err = collect(ctx, r.st, func(rows *sql.Rows, l *Line) error {
		err := rows.Scan(&l.Seq, when{&l.At}, &l.Service, &l.Level, &l.Message, &l.Customer)
		l.Customer = r.st.Pseudonym(l.Customer)
		return err
	}, `select seq, time, coalesce(service, ''), coalesce(level, ''), coalesce(message, ''), coalesce(customer, '') from log_line where seq in (?`+
		strings.Repeat(", ?", len(seqs)-1)+") order by time nulls last, seq", args...)
	if err != nil {
		return nil, 0, err
	}
	return list, total, r.maskLines(ctx, list)
}

// pattern is a template as the engine's like wants it.
func pattern(template string) string {
	text, more := strings.CutSuffix(template, " <lines>")
	text = strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`, "<*>", "%").Replace(text)
	if more {
		text += "\n%"
	}
	return text
}

var addressLike = regexp.MustCompile(`\b\d{1,3}(?:\.\d{1,3}){3}\b|(?i:\b[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){3,}\b)`)

// maskLines masks as templates are masked, and what a template has taken out:
// addresses, devices and long numbers.
func (r *Reader) maskLines(ctx context.Context, list []Line) error {
	known, err := r.names(ctx)
	if err != nil {
		return err
	}
	for i := range list {
		s := linkLike.ReplaceAllString(list[i].Message, dot)
		s = addressLike.ReplaceAllString(s, dot)
		s = deviceLike.ReplaceAllStringFunc(s, func(m string) string {
			if strings.ContainsFunc(m, unicode.IsDigit) {
				return dot
			}
			return m
		})
		list[i].Message = logText(s, known)
	}
	return nil
}
