package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"plaint/internal/record"
)

// RefusedRow is a refusal as it is kept.
type RefusedRow struct {
	ID int64
	At time.Time
	record.Refusal
	Replayed bool
}

// RefusedFilter narrows a list of refusals; zero fields do not.
type RefusedFilter struct {
	Code    record.Code
	Input   string
	Open    bool // leave out those that were replayed
	Limit   int
	AfterID int64
}

const refusedQuery = `select r.id, r.at, coalesce(r.kind, ''), coalesce(r.input, ''), coalesce(r.profile, ''), r.line,
	coalesce(r.code, ''), coalesce(r.field, ''), coalesce(r.detail, ''), r.raw, r.header, p.id is not null
	from refused r left join (select distinct id from refused_replayed) p on p.id = r.id
	where (? = '' or r.code = ?) and (? = '' or r.input = ?) and (not ? or p.id is null) and r.id > ?
	order by r.id limit ?`

// Refused lists refusals in the order in which they came.
func (s *Store) Refused(ctx context.Context, f RefusedFilter) ([]RefusedRow, error) {
	limit := int64(f.Limit)
	if limit <= 0 {
		limit = 1 << 40
	}
	rows, err := s.db().QueryContext(ctx, refusedQuery, string(f.Code), string(f.Code), f.Input, f.Input, f.Open, f.AfterID, limit)
	if err != nil {
		return nil, fmt.Errorf("list what was refused: %w", err)
	}
	defer rows.Close()
	var out []RefusedRow
	for rows.Next() {
		var r RefusedRow
		var kind, code string
		var raw, header []byte
		if err := rows.Scan(&r.ID, &r.At, &kind, &r.Input, &r.Profile, &r.Line, &code, &r.Column, &r.Detail, &raw, &header, &r.Replayed); err != nil {
			return nil, fmt.Errorf("list what was refused: %w", err)
		}
		r.Kind, _ = record.ParseKind(kind)
		r.Code, r.Raw, r.Header = record.Code(code), raw, header
		out = append(out, r)
	}
	return out, rows.Err()
}

// RefusedCounts counts the refusals that were not replayed, by reason.
func (s *Store) RefusedCounts(ctx context.Context) (map[record.Code]int, error) {
	rows, err := s.db().QueryContext(ctx, `select code, count(*) from refused
		where id not in (select id from refused_replayed) group by code`)
	if err != nil {
		return nil, fmt.Errorf("count what was refused: %w", err)
	}
	defer rows.Close()
	out := map[record.Code]int{}
	for rows.Next() {
		var code sql.NullString
		var n int
		if err := rows.Scan(&code, &n); err != nil {
			return nil, fmt.Errorf("count what was refused: %w", err)
		}
		out[record.Code(code.String)] = n
	}
	return out, rows.Err()
}

// replayed marks a refusal that was loaded again.
type replayed struct {
	id int64
	at time.Time
}

var replayTable = newTable("refused_replayed",
	whole("id", func(x *replayed) int64 { return x.id }),
	when("at", func(x *replayed) time.Time { return x.at }),
)

// MarkReplayed notes that refusals were loaded again; the rows stay.
func (s *Store) MarkReplayed(ctx context.Context, ids []int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := make([]replayed, len(ids))
	for i, id := range ids {
		rows[i] = replayed{id, s.now()}
	}
	err := s.write(ctx, func() error { return insert(ctx, s, replayTable, rows) })
	if err != nil {
		return fmt.Errorf("note the replay: %w", err)
	}
	return nil
}
