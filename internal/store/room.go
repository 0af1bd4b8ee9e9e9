package store

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"
)

// rowGroup is the number of rows that the engine keeps together. Until a group
// is full it is written again at every checkpoint, and for that it must fit
// into memory twice.
const rowGroup = 122880

// leastRoom is the engine's memory limit when rows are of ordinary size: 60 MB
// of group, its copy, and a cache.
const leastRoom = 512_000_000

// room keeps the engine's memory limit as low as the rows allow. A fixed limit
// high enough for a group of long letters would let the engine fill it with
// cache for every other file.
type room struct {
	limit int64 // as it is set
	most  int64 // never more
	open  map[string]*openGroup
}

// openGroup is the last row group of a table, as far as it is filled.
type openGroup struct{ rows, bytes int64 }

// longTables are those whose rows may be long.
var longTables = append([]string{"refused", "case_event", "embedding"}, factTables...)

// lengthsQuery lists a table's columns of texts and bytes.
const lengthsQuery = `select string_agg('coalesce(' || if(data_type = 'BLOB', 'octet_length', 'strlen') || '(' || column_name || '), 0)', ' + ')
	from duckdb_columns() where table_name = ? and data_type in ('VARCHAR', 'BLOB')`

// measureRoom looks at what the file's last row groups hold. Until it has, the
// engine may use all the room there is: it folds the log first of all.
func (s *Store) measureRoom(ctx context.Context) error {
	s.room = room{limit: mostRoom(), most: mostRoom(), open: map[string]*openGroup{}}
	for _, table := range longTables {
		var n, bytes int64
		var lengths string
		if err := s.db().QueryRowContext(ctx, lengthsQuery, table).Scan(&lengths); err != nil {
			return fmt.Errorf("measure %s: %w", table, err)
		}
		if err := s.db().QueryRowContext(ctx, "select count(*) from "+table).Scan(&n); err != nil {
			return fmt.Errorf("measure %s: %w", table, err)
		}
		n %= rowGroup
		err := s.db().QueryRowContext(ctx, fmt.Sprintf("select coalesce(sum(%s), 0)::bigint from %s where rowid > (select max(rowid) from %[2]s) - ?", lengths, table), n).Scan(&bytes)
		if err != nil {
			return fmt.Errorf("measure %s: %w", table, err)
		}
		s.room.open[table] = &openGroup{n, bytes}
	}
	return s.setRoom(ctx, s.room.needed())
}

// mostRoom is 70 percent of the machine's memory.
func mostRoom() int64 { return max(machineMemory()/10*7, leastRoom) }

// makeRoom raises the engine's memory limit before rows are appended that
// would not fit into it.
func (s *Store) makeRoom(ctx context.Context, table string, rec arrow.Record) error {
	g := s.room.open[table]
	if g == nil {
		return nil // small rows
	}
	bytes := recordBytes(rec)
	g.rows, g.bytes = g.rows+rec.NumRows(), g.bytes+bytes
	if err := s.setRoom(ctx, max(s.room.limit, s.room.needed())); err != nil {
		return err
	}
	if g.rows >= rowGroup { // full groups are written once more; what is open is of the last rows
		g.rows %= rowGroup
		g.bytes = bytes / max(rec.NumRows(), 1) * g.rows
	}
	return nil
}

// needed is the limit that the open groups ask for: a power of two times the
// least, so that it changes seldom.
func (r *room) needed() int64 {
	most := int64(0)
	for _, o := range r.open {
		most = max(most, o.bytes)
	}
	limit := int64(leastRoom)
	for limit < 300<<20+most*9/4 && limit < r.most {
		limit *= 2
	}
	return min(limit, r.most)
}

func (s *Store) setRoom(ctx context.Context, limit int64) error {
	if limit == s.room.limit {
		return nil
	}
	if err := s.exec(ctx, fmt.Sprintf("SET memory_limit='%dB'", limit)); err != nil {
		return fmt.Errorf("make room for long texts: %w", err)
	}
	s.room.limit = limit
	return nil
}

// recordBytes is what the columns of a record hold.
func recordBytes(rec arrow.Record) int64 {
	total := 0
	for _, c := range rec.Columns() {
		for _, b := range c.Data().Buffers() {
			if b != nil {
				total += b.Len()
			}
		}
	}
	return int64(total)
}

// machineMemory is how much memory this process may use: the machine's, or its
// control group's if that is less; 4 GiB where neither can be told.
var machineMemory = sync.OnceValue(func() int64 {
	most := int64(4 << 30)
	if data, err := os.ReadFile("/proc/meminfo"); err == nil {
		if f := strings.Fields(string(data)); len(f) > 1 {
			if kib, err := strconv.ParseInt(f[1], 10, 64); err == nil {
				most = kib << 10
			}
		}
	}
	if data, err := os.ReadFile("/sys/fs/cgroup/memory.max"); err == nil {
		if n, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64); err == nil {
			most = min(most, n)
		}
	}
	return most
})
