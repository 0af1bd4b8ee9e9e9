package coordination

import (
	"context"
	"database/sql"
	"fmt"

	"plaint/internal/record"
	"plaint/internal/store"
)

// past reads the rings of the run before, and the highest id ever given.
func past(ctx context.Context, st *store.Store) (list []record.PastRing, most int64, err error) {
	run, err := st.LatestRun(ctx, "rings")
	if err != nil || run == 0 {
		return nil, 0, err
	}
	err = st.Each(ctx, "select ring, seq from ring_member where run = ? order by ring, seq", func(rows *sql.Rows) error {
		var id, seq int64
		err := rows.Scan(&id, &seq)
		if n := len(list); n == 0 || list[n-1].ID != id {
			list = append(list, record.PastRing{ID: id})
		}
		list[len(list)-1].Members = append(list[len(list)-1].Members, seq)
		return err
	}, run)
	if err != nil {
		return nil, 0, fmt.Errorf("read the rings before: %w", err)
	}
	if err := st.QueryRow(ctx, "select coalesce(max(id), 0) from ring").Scan(&most); err != nil {
		return nil, 0, fmt.Errorf("read the rings before: %w", err)
	}
	return list, most, nil
}

// mostTies bounds how many shared things of a ring are kept, the heaviest.
const mostTies = 200

// tables are the rows of a run.
func tables(list []record.Ring, incidents int64) []store.Table {
	t := []store.Table{{Name: "ring"}, {Name: "ring_member"}, {Name: "ring_evidence"}, {Name: "ring_tie"}, {Name: "ring_money"}}
	add := func(i int, row ...any) { t[i].Rows = append(t[i].Rows, row) }
	for i := range list {
		r := &list[i]
		add(0, r.ID, len(r.Members), r.Customers, r.Confidence, r.Bits, r.P, r.Start, r.End, r.Lockstep.Start, r.Lockstep.End, r.Lockstep.Customers, r.Lockstep.Others,
			r.Honest.Incident, r.Honest.Home, r.Honest.Public, incidents)
		for _, m := range r.Members {
			add(1, r.ID, m.Seq, m.Confidence, m.Ties)
		}
		for place, e := range r.Evidence {
			add(2, r.ID, place+1, e.Name, e.Bits, e.Customers)
		}
		for place, x := range r.Ties[:min(len(r.Ties), mostTies)] {
			add(3, r.ID, place+1, x.Kind.String(), x.Customers, x.Users, x.Weight, x.Example)
		}
		for place, m := range r.Money {
			add(4, r.ID, place+1, m.Currency, m.N, m.Sum)
		}
	}
	return t
}
