package store

import (
	"context"
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"plaint/internal/record"
)

// Themes gives new complaints the themes of a run.
type Themes struct {
	Run, UpTo int64 // of the run: the last complaint that it saw
	// Assign calls put for each complaint that has a theme, by its place in the list,
	// with how much it is like it, 0 to 1. put may be called by many at once.
	Assign func(list []*record.Complaint, put func(i int, theme int64, like float64))
}

// OpenThemes reads what Themes is made of, as it was last committed; nil where no
// run has left anything.
type OpenThemes func(ctx context.Context, s *Store) (*Themes, error)

// themesState is the writer's Themes, read when they are first needed and again
// after a run, an analyst's edit or an erasure.
type themesState struct {
	known  bool
	themes *Themes
}

// member is a complaint that got a theme.
type member struct {
	run, theme, seq int64
	like            float64
}

var memberTable = newTable("theme_member",
	whole("run", func(x *member) int64 { return x.run }),
	whole("theme", func(x *member) int64 { return x.theme }),
	whole("seq", func(x *member) int64 { return x.seq }),
	float("similarity", func(x *member) float64 { return x.like }),
)

// loadThemes reads the themes where they are not known, and gives the complaints
// that came since their run theirs. The caller holds s.mu and no transaction.
func (s *Store) loadThemes(ctx context.Context) error {
	if s.options.Themes == nil || s.themes.known {
		return nil
	}
	t, err := s.options.Themes(ctx, s)
	if err != nil {
		return fmt.Errorf("read the themes: %w", err)
	}
	if t != nil {
		if err := s.catchUp(ctx, t); err != nil {
			return fmt.Errorf("give the latest complaints their themes: %w", err)
		}
	}
	s.themes = themesState{true, t}
	return nil
}

// Complaints get their themes in order: those up to the last that has one have
// been looked at.
const (
	lookedAtQuery = `select coalesce(max(seq), 0) from theme_member where run = ?`
	lateQuery     = `select seq, subject, body, language from complaint where seq > ? and seq <= ? order by seq`
)

// lateRows is how many complaints are read and written at a time: the driver holds a whole
// result in memory, and more would need writeBulk.
const lateRows = mostGroupRows

func (s *Store) catchUp(ctx context.Context, t *Themes) error {
	lookedAt, err := s.number(ctx, lookedAtQuery, t.Run)
	if err != nil {
		return err
	}
	for from := max(t.UpTo, lookedAt); from < s.next.complaint; from += lateRows {
		var list []*record.Complaint
		err := s.arrowRows(ctx, lateQuery, func(rec arrow.Record) {
			for i := range int(rec.NumRows()) {
				c := &record.Complaint{Subject: textAt(rec, 1, i), Body: textAt(rec, 2, i), Language: textAt(rec, 3, i)}
				c.Line = rec.Column(0).(*array.Int64).Value(i)
				list = append(list, c)
			}
		}, from, from+lateRows)
		if err != nil {
			return err
		}
		if rows := t.members(list, func(i int) int64 { return list[i].Line }); len(rows) > 0 {
			if err := s.write(ctx, func() error { return insert(ctx, s, memberTable, rows) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// members are the complaints that have a theme, in the order of the list. What
// comes in does not wait for a theme: where one makes Assign panic, none has one.
func (t *Themes) members(list []*record.Complaint, seq func(i int) int64) (out []member) {
	if t == nil || len(list) == 0 {
		return nil
	}
	defer func() {
		if recover() != nil {
			out = nil
		}
	}()
	all := make([]member, len(list))
	t.Assign(list, func(i int, theme int64, like float64) { all[i] = member{t.Run, theme, seq(i), like} })
	out = all[:0]
	for _, m := range all {
		if m.theme != 0 {
			out = append(out, m)
		}
	}
	return out
}
