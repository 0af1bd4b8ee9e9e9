package view

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// NoValue asks for what has no value: an empty one does not narrow a list.
const NoValue = "(none)"

// Filter narrows a list of complaints; zero fields do not. What is of the data
// may be NoValue.
type Filter struct {
	Customer                           string // pseudonym
	Theme, Incident, Ring              int64
	Type, Department, Handler, Channel string
	Product, Language, Source          string
	State                              string // of the clock; "open" is any complaint that is not settled
	Breached, Flagged, Dated           string // "yes" or "no"
	From, To                           time.Time
	Least, Most                        *float64          // score in [Least, Most)
	Order                              string            // a key of Orders
	Attributes                         map[string]string // of columns without a word of ours
	Limit, Offset                      int
}

// Orders are the orders of a list of complaints; the first sorted key is the
// default.
var Orders = map[string]string{
	"":          "c.received desc nulls last, c.seq desc",
	"-received": "c.received desc nulls last, c.seq desc",
	"received":  "c.received nulls last, c.seq",
	"-score":    "d.score desc nulls last, c.seq",
	"score":     "d.score nulls last, c.seq",
	"-amount":   "c.amount desc nulls last, c.seq",
	"due":       "k.due nulls last, c.seq",
	"-late":     "k.hours_late desc nulls last, c.seq",
	"seq":       "c.seq",
}

// search is a query that is put together of what a filter asks for: what it does
// not ask for is not read, which on a million complaints is most of the time.
type search struct {
	joins, wheres []string
	args          []any
}

func (s *search) where(condition string, args ...any) {
	s.wheres, s.args = append(s.wheres, condition), append(s.args, args...)
}

func (f *Filter) search(runs Runs) (*search, error) {
	s := &search{}
	order := Orders[f.Order]
	if f.Flagged != "" || f.Least != nil || f.Most != nil || strings.Contains(order, "d.") {
		s.joins = append(s.joins, "left join (select seq, arg_max(score, run) as score, arg_max(flagged, run) as flagged from decision where seq not in ("+blindQuery+") group by seq) d on d.seq = c.seq")
	}
	if f.State != "" && f.State != "open" || f.Breached != "" || strings.Contains(order, "k.") {
		s.joins, s.args = append(s.joins, "left join (select * from service_clock where run = ?) k on k.seq = c.seq"), append(s.args, runs["service"])
	}
	for _, x := range [][2]string{{"type", f.Type}, {"department", f.Department}, {"handler", f.Handler}, {"channel", f.Channel}, {"product", f.Product}, {"language", f.Language}, {"source", f.Source}} {
		if x[1] == NoValue {
			s.where("coalesce(c." + x[0] + ", '') = ''")
		} else if x[1] != "" {
			s.where("c."+x[0]+" = ?", x[1])
		}
	}
	if f.State == "open" {
		s.where("c.open")
	} else if f.State != "" {
		s.where("k.state = ?", f.State)
	}
	for _, x := range [][2]string{{"coalesce(k.breached, false)", f.Breached}, {"coalesce(d.flagged, false)", f.Flagged}, {"c.received is not null", f.Dated}} {
		if x[1] != "" {
			s.where("("+x[0]+") = ?", x[1] == "yes")
		}
	}
	if !f.From.IsZero() {
		s.where("c.received >= ?::timestamp", f.From.UTC())
	}
	if !f.To.IsZero() {
		s.where("c.received < ?::timestamp", f.To.UTC())
	}
	if f.Least != nil {
		s.where("d.score >= ?", *f.Least)
	}
	if f.Most != nil {
		s.where("d.score < ?", *f.Most)
	}
	for _, x := range []struct {
		id              int64
		table, of, kind string
	}{{f.Theme, "theme_member", "theme", "themes"}, {f.Incident, "incident_member", "incident", "incidents"}, {f.Ring, "ring_member", "ring", "rings"}} {
		if x.id != 0 {
			s.where("c.seq in (select seq from "+x.table+" where run = ? and "+x.of+" = ?)", runs[x.kind], x.id)
			if x.of == "ring" {
				s.where("c.seq not in (" + blindQuery + ")") // who decides without knowing must not learn it here
			}
		}
	}
	if len(f.Attributes) > 0 {
		attributes, err := json.Marshal(f.Attributes)
		if err != nil {
			return nil, fmt.Errorf("attributes: %w", err)
		}
		s.where("c.seq in (select seq from complaint where extra is not null and json_contains(extra, ?::varchar))", string(attributes))
	}
	return s, nil
}

// which finds the complaints of a page, in its order, and how many there are in all.
func (r *Reader) which(ctx context.Context, f Filter, runs Runs) (seqs []int64, total int, err error) {
	s, err := f.search(runs)
	if err != nil {
		return nil, 0, err
	}
	if f.Customer != "" {
		ids, err := r.st.Customers(ctx, f.Customer)
		if err != nil {
			return nil, 0, err
		}
		list, err := json.Marshal(ids)
		if err != nil {
			return nil, 0, fmt.Errorf("customers: %w", err)
		}
		s.where("c.customer in (select unnest(from_json(?::varchar, '[\"varchar\"]')))", string(list))
	}
	from := " from complaint_now c " + strings.Join(s.joins, " ")
	if len(s.wheres) > 0 {
		from += " where " + strings.Join(s.wheres, " and ")
	}
	if err := r.st.QueryRow(ctx, "select count(*)"+from, s.args...).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("count complaints: %w", err)
	}
	if f.Offset >= total || f.Limit <= 0 {
		return nil, total, nil
	}
	order, ok := Orders[f.Order]
	if !ok {
		order = Orders[""]
	}
	seqs, err = collect(ctx, r.st, func(rows *sql.Rows, seq *int64) error { return rows.Scan(seq) }, "select c.seq"+from+" order by "+order+" limit ? offset ?", append(s.args, f.Limit, f.Offset)...)
	return seqs, total, err
}
