package book

import (
	"context"
	"database/sql"
	"errors"

	"plaint/analysis/rootcause/template"
)

// errAnew says that a reading must begin anew.
var errAnew = errors.New("the lines are read anew")

// resume puts the book where the last run left it, or at the beginning.
func (b *Book) resume(ctx context.Context) error {
	b.miner, b.reading = template.New(), b.started.UnixMicro()
	err := b.st.QueryRow(ctx, "select coalesce(max(id), 0) from keeping").Scan(&b.keeping)
	if err != nil {
		return err
	}
	if err = b.goOn(ctx); errors.Is(err, errAnew) {
		*b = Book{st: b.st, started: b.started, miner: template.New(), reading: b.started.UnixMicro(), keeping: b.keeping, before: b.before, ends: map[string]*end{}}
		return nil
	}
	return err
}

// goOn reads the state of the last run; errAnew if it cannot be gone on from.
func (b *Book) goOn(ctx context.Context) error {
	var reading, keeping int64
	var method string
	err := b.st.QueryRow(ctx, `select run, reading, coalesce(upto, 0), coalesce(lines, 0), method, coalesce(keeping, -1) from log_reading order by run desc limit 1`).
		Scan(&b.before, &reading, &b.from, &b.lines, &method, &keeping)
	if errors.Is(err, sql.ErrNoRows) || err == nil && method != template.Method {
		return errAnew
	}
	if err != nil {
		return err
	}
	var gone, have int64
	err = b.st.QueryRow(ctx, `select (select count(*) from keeping_count where name = 'log_line' and id > $1), (select count(*) from log_line where seq <= $2)`, keeping, b.from).Scan(&gone, &have)
	if err != nil {
		return err
	}
	if gone > 0 || have != b.lines {
		return errAnew // what is counted must be there
	}
	b.reading = reading
	return b.replay(ctx)
}

const shapeQuery = `select s.shape, s.template, coalesce(s.service, ''), coalesce(s.level, ''), s.rest, s.n, coalesce(epoch_us(s.first) // 1000000, 0),
	coalesce(epoch_us(s.last) // 1000000, 0), s.example, s.recent, l.message is not null or l.seq is not null, coalesce(l.message, '')
	from log_shape s left join (select seq, message from log_line where seq in (select recent from log_shape where run = $1)) l on l.seq = s.recent
	where s.run = $1 order by s.shape`

// replay makes the shapes of the last run anew, each from its last line.
func (b *Book) replay(ctx context.Context) error {
	return b.st.Each(ctx, shapeQuery, func(rows *sql.Rows) error {
		s := &Shape{}
		var number int
		var rest, there bool
		var message string
		if err := rows.Scan(&number, &s.was, &s.service, &s.level, &rest, &s.n, &s.first, &s.last, &s.example, &s.recent, &there, &message); err != nil {
			return err
		}
		scope := s.service + "\x00" + s.level
		if rest {
			s.line = b.miner.RestOf(scope)
		} else {
			s.line = b.miner.Add(scope, message)
		}
		if !there || number != len(b.shapes) || s.line.Number != number {
			return errAnew
		}
		b.shapes = append(b.shapes, s)
		return nil
	}, b.before)
}
