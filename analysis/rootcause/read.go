package rootcause

import (
	"context"
	"database/sql"
	"fmt"

	"plaint/internal/record"
	"plaint/internal/store"
)

// complaint is what is kept of every complaint while the job runs: about 64
// bytes, so that a million fit; the texts are read in passing.
type complaint struct {
	seq      int64
	at       int64 // received, unix seconds; unknown if 0
	customer uint64
	amount   float64
	theme    int32
	kind     int32 // index of its type
	money    int32 // index of its currency
	like     float32
	flags    uint8
	daily    bool // the hour of day is not known
	chinese  bool
	fitted   bool
}

// What became of a complaint, as flags.
const (
	upheld uint8 = 1 << iota
	reopened
	escalated
	disputed
)

// written is a complaint with its text.
type written struct {
	complaint
	subject, body string
}

// names numbers the words of a coded column in order of appearance.
type names struct {
	list []string
	of   map[string]int32
}

func (n *names) number(s string) int32 {
	if i, ok := n.of[s]; ok {
		return i
	}
	if n.of == nil {
		n.of = map[string]int32{}
	}
	i := int32(len(n.list))
	n.of[s] = i
	n.list = append(n.list, s)
	return i
}

// readRows is how many texts are held at a time.
const readRows = 16384

// reader streams the complaints in order of arrival.
type reader struct {
	st           *store.Store
	count, last  int64
	types, money names
}

func newReader(ctx context.Context, st *store.Store) (*reader, error) {
	r := &reader{st: st}
	err := st.QueryRow(ctx, "select count(*), coalesce(max(seq), 0) from complaint").Scan(&r.count, &r.last)
	if err != nil {
		return nil, fmt.Errorf("count the complaints: %w", err)
	}
	return r, nil
}

// The driver holds a whole result in memory, so the texts are read by ranges
// of the arrival number, which the engine finds by its zone maps.
const readQuery = `select seq, coalesce(epoch_us(received) // 1000000, 0) as at, coalesce(received_precision, 0) as precision,
	coalesce(customer, '') as customer, coalesce(type, '') as type, coalesce(amount, 0) as amount, coalesce(currency, '') as currency,
	coalesce(subject, '') as subject, coalesce(body, '') as body, coalesce(language, '') as language
	from complaint where seq > ? and seq <= ? order by seq`

// each calls f with the next texts, in order; the slice is valid until it returns.
func (r *reader) each(ctx context.Context, f func([]written) error) error {
	chunk := make([]written, 0, readRows)
	for from := int64(0); from < r.last; from += readRows {
		chunk = chunk[:0]
		err := r.st.Each(ctx, readQuery, func(rows *sql.Rows) error {
			var w written
			if err := r.scan(rows, &w); err != nil {
				return err
			}
			chunk = append(chunk, w)
			return nil
		}, from, from+readRows)
		if err != nil {
			return fmt.Errorf("read the complaints: %w", err)
		}
		if err := f(chunk); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) scan(rows *sql.Rows, w *written) error {
	var precision uint8
	var customer, kind, currency, language string
	err := rows.Scan(&w.seq, &w.at, &precision, &customer, &kind, &w.amount, &currency, &w.subject, &w.body, &language)
	if err != nil {
		return fmt.Errorf("read a complaint: %w", err)
	}
	w.customer = record.Hash64("customer", customer)
	w.kind, w.money = r.types.number(kind), r.money.number(currency)
	w.daily = record.Precision(precision) >= record.ToDay
	w.chinese = inChinese(language, w.subject, w.body)
	w.theme = -1
	return nil
}

// latestQuery has the latest known answers of complaints with an event or an
// answer of their own.
const latestQuery = `with latest as (
	select key_hi, key_lo, arg_max(upheld, at) as upheld, bool_or(reopened is not null) as reopened,
		bool_or(escalated is not null) as escalated, bool_or(coalesce(external_dispute, false)) as disputed
	from complaint_event group by key_hi, key_lo)
	select c.seq, coalesce(e.upheld, c.upheld, false) as upheld,
		(c.reopened is not null or coalesce(e.reopened, false)) as reopened,
		(c.escalated is not null or coalesce(e.escalated, false)) as escalated,
		(coalesce(c.external_dispute, false) or coalesce(e.disputed, false)) as disputed
	from complaint c left join latest e on e.key_hi = c.key_hi and e.key_lo = c.key_lo
	where c.upheld or c.reopened is not null or c.escalated is not null or c.external_dispute or e.key_hi is not null`

// answers notes what became of the complaints. Rows are in order of arrival.
func (r *reader) answers(ctx context.Context, all []complaint) error {
	rows, err := r.st.Query(ctx, latestQuery)
	if err != nil {
		return fmt.Errorf("read the answers: %w", err)
	}
	defer rows.Close()
	place := make(map[int64]int32, len(all))
	for i := range all {
		place[all[i].seq] = int32(i)
	}
	for rows.Next() {
		var seq int64
		var is [4]bool
		if err := rows.Scan(&seq, &is[0], &is[1], &is[2], &is[3]); err != nil {
			return fmt.Errorf("read an answer: %w", err)
		}
		i, ok := place[seq]
		if !ok {
			continue // admitted since the job began
		}
		for b, set := range is {
			if set {
				all[i].flags |= 1 << b
			}
		}
	}
	return rows.Err()
}
