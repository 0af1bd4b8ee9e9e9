package store

import (
	"context"
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	duckdb "github.com/marcboeker/go-duckdb"

	"plaint/internal/record"
	"plaint/internal/store/memory"
)

const stagingTables = `
	create or replace temp table staged_key (i bigint, hi ubigint, lo ubigint);
	create or replace temp table staged_number (n ubigint);`

// stagedKey is a row's identity on its way to the anti-join.
type stagedKey struct {
	i  int64
	id record.Identity
}

var stagedKeyTable = newTable("staged_key",
	whole("i", func(x *stagedKey) int64 { return x.i }),
	identity("hi", func(x *stagedKey) uint64 { return x.id.Hi }),
	identity("lo", func(x *stagedKey) uint64 { return x.id.Lo }),
)

// version is one content that an identity has been seen with.
type version struct {
	id      record.Identity
	content uint64
}

// fates says of each row, in order, whether its record is new, a new state of
// a known one, or known. Rows of the same batch count as if they had come one
// by one. query joins staged_key with the table's keys and contents.
func (s *Store) fates(ctx context.Context, origins []*record.Origin, query string) ([]record.Fate, error) {
	ids := map[record.Identity]struct{}{}
	var staged []stagedKey
	for i, o := range origins {
		if s.seen.Has(o.ID) {
			staged = append(staged, stagedKey{int64(len(staged)), o.ID})
		} else {
			s.seen.Add(origins[i].ID)
		}
	}
	var versions map[version]struct{} // only of identities met more than once
	if len(staged) > 0 {
		versions = map[version]struct{}{}
		if err := s.knownVersions(ctx, staged, query, ids, versions); err != nil {
			return nil, err
		}
	}
	out := make([]record.Fate, len(origins))
	first := make(map[record.Identity]uint64, len(origins))
	for i, o := range origins {
		v := version{o.ID, o.Content}
		_, inStore := ids[o.ID]
		content, inBatch := first[o.ID]
		_, same := versions[v]
		switch {
		case !inStore && !inBatch:
			first[o.ID] = o.Content
		case same || (inBatch && content == o.Content):
			out[i] = record.IsKnown
		default:
			out[i] = record.IsUpdate
			if versions == nil {
				versions = map[version]struct{}{}
			}
			versions[v] = struct{}{}
		}
	}
	return out, nil
}

// factTables hold the identities of everything that came in.
var factTables = []string{"complaint", "complaint_event", "survey", "log_line", "transaction_version", "account_version", "service_level_version"}

// loadSeen reads the identities in the file, once.
func (s *Store) loadSeen(ctx context.Context) error {
	if s.seen != nil {
		return nil
	}
	seen := &memory.Seen{}
	for _, table := range append([]string{"delivery"}, factTables...) {
		err := s.arrowRows(ctx, "select key_hi, key_lo from "+table, func(rec arrow.Record) {
			hi, lo := rec.Column(0).(*array.Uint64), rec.Column(1).(*array.Uint64)
			for i := range int(rec.NumRows()) {
				seen.Add(record.Identity{Hi: hi.Value(i), Lo: lo.Value(i)})
			}
		})
		if err != nil {
			return fmt.Errorf("read what is known: %w", err)
		}
	}
	s.seen = seen
	return nil
}

func (s *Store) knownVersions(ctx context.Context, staged []stagedKey, query string, ids map[record.Identity]struct{}, versions map[version]struct{}) error {
	if err := s.exec(ctx, "delete from staged_key"); err != nil {
		return fmt.Errorf("clear the staging: %w", err)
	}
	if err := insert(ctx, s, stagedKeyTable, staged); err != nil {
		return err
	}
	return s.arrowRows(ctx, query, func(rec arrow.Record) {
		row, content := rec.Column(0).(*array.Int64), rec.Column(1).(*array.Uint64)
		for i := 0; i < int(rec.NumRows()); i++ {
			id := staged[row.Value(i)].id
			ids[id] = struct{}{}
			versions[version{id, content.Value(i)}] = struct{}{}
		}
	})
}

func knownQuery(table string) string {
	return "select k.i, t.content from staged_key k join " + table + " t on t.key_hi = k.hi and t.key_lo = k.lo"
}

// arrowRows runs a book-keeping query on the writer's connection, inside its
// transaction if there is one, and hands over the result chunk by chunk; the
// driver holds all of it in memory until then. The columns are only valid
// during the call.
func (s *Store) arrowRows(ctx context.Context, query string, each func(arrow.Record), args ...any) error {
	return arrowRows(ctx, s.arrow, query, each, args...)
}

// arrowRows is the same on any connection.
func arrowRows(ctx context.Context, a *duckdb.Arrow, query string, each func(arrow.Record), args ...any) error {
	reader, err := a.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer reader.Release()
	for reader.Next() {
		each(reader.Record())
	}
	return reader.Err()
}
