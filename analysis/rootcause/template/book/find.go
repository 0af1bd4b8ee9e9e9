package book

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"plaint/analysis/rootcause/template"
	"plaint/internal/store"
)

// ErrGone means that lines of a run were erased since: its counts stand, and its
// lines can be found again after the next run.
var ErrGone = errors.New("lines of this run were erased since")

// Asked says which lines are wanted: those of a template of a run, from one time
// to another; zero times do not narrow. Lines without a time are found only
// without a narrowing.
type Asked struct {
	Run, Template int64
	From, To      time.Time // To is not included; both are taken by the minute
	After         int64     // lines behind this one
	Most          int
}

const rangeQuery = `select min(c.first_seq), max(c.last_seq) from log_reading r
	join log_shape s on s.run = r.run join log_shape_count c on c.reading = r.reading and c.run <= r.run and c.shape = s.shape
	where r.run = $1 and s.template = $2 and c.last_seq > $3 and ($4 is null or c.minute >= $4) and ($5 is null or c.minute < $5)
	group by c.minute order by 1`

// Lines finds the numbers of lines of a template, in order. Nothing is kept per
// line, which would be 16 bytes for each of millions: the counts of a minute say
// between which lines to look, and those are read and told apart again.
func Lines(ctx context.Context, st *store.Store, a Asked) (out []int64, err error) {
	b := &Book{st: st, miner: template.New(), before: a.Run, ends: map[string]*end{}}
	if err := b.replay(ctx); errors.Is(err, errAnew) {
		return nil, ErrGone
	} else if err != nil {
		return nil, fmt.Errorf("find the lines of a template: %w", err)
	}
	wanted := map[*template.Line]bool{}
	for _, s := range b.shapes {
		wanted[s.line] = s.was == a.Template
	}
	spans, err := b.spans(ctx, a)
	if err != nil {
		return nil, fmt.Errorf("find the lines of a template: %w", err)
	}
	for _, s := range spans {
		b.from = s.from - 1
		if err := b.look(ctx); err != nil {
			return nil, fmt.Errorf("find the lines of a template: %w", err)
		}
		for from := b.from; from < s.to && len(out) < a.Most; from += page {
			err := b.each(ctx, from, min(from+page, s.to), func(r *row) {
				if l, _ := b.find(r, b.miner.Known); wanted[l] && r.seq > a.After && a.within(r.at) && len(out) < a.Most {
					out = append(out, r.seq)
				}
			})
			if err != nil {
				return nil, fmt.Errorf("find the lines of a template: %w", err)
			}
		}
	}
	return out, nil
}

// within reports whether a line of a time is asked for.
func (a Asked) within(at int64) bool {
	minute := floor(at, 60)
	return (a.From.IsZero() || at != 0 && minute >= a.From.Unix()) && (a.To.IsZero() || at != 0 && minute < a.To.Unix())
}

// span is lines that follow each other, both ends included.
type span struct{ from, to int64 }

// spans are where the lines are, without overlap. Gaps of a page are read over.
func (b *Book) spans(ctx context.Context, a Asked) (out []span, err error) {
	bound := func(t time.Time) any {
		if t.IsZero() {
			return nil
		}
		return t.UTC()
	}
	err = b.st.Each(ctx, rangeQuery, func(rows *sql.Rows) error {
		var s span
		if err := rows.Scan(&s.from, &s.to); err != nil {
			return err
		}
		s.from = max(s.from, a.After+1)
		if n := len(out); n > 0 && s.from <= out[n-1].to+page/10 {
			out[n-1].to = max(out[n-1].to, s.to)
		} else {
			out = append(out, s)
		}
		return nil
	}, a.Run, a.Template, a.After, bound(a.From), bound(a.To))
	return out, err
}
