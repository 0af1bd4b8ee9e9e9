package view

import (
	"context"
	"database/sql"
	"fmt"

	"plaint/internal/web/format"
)

// What is claimed in each currency, that of most claims first: sums in different
// currencies cannot be compared. A claim is as it stands now, as in the list of
// complaints that the sum leads to; of a ring it is that of the run. $1 is the run.
const (
	themeMoney = `select m.theme, coalesce(c.currency, '') as currency, count(*) as n, sum(c.amount) from theme_member m join complaint_now c using (seq)
		where m.run = $1 and c.amount > 0 group by 1, 2 order by n desc, currency`
	incidentMoney = `select m.incident, coalesce(c.currency, '') as currency, count(*) as n, sum(c.amount) from incident_member m join complaint_now c using (seq)
		where m.run = $1 and c.amount > 0 group by 1, 2 order by n desc, currency`
	ringMoney = `select ring, coalesce(currency, ''), n, amount from ring_money where run = $1 order by place`
)

// moneyOf reads what is claimed by the number of a theme, incident or ring.
func (r *Reader) moneyOf(ctx context.Context, query string, run int64) (map[int64][]format.Money, error) {
	out := map[int64][]format.Money{}
	err := r.st.Each(ctx, query, func(rows *sql.Rows) error {
		var id int64
		var m format.Money
		err := rows.Scan(&id, &m.Currency, &m.N, &m.Amount)
		m.Amount, m.Currency = format.Round(m.Amount), printable(m.Currency)
		out[id] = append(out[id], m)
		return err
	}, run)
	if err != nil {
		return nil, fmt.Errorf("read what is claimed: %w", err)
	}
	return out, nil
}

// claimed is what a list and its first row, the one that programs of earlier
// versions know, say of money.
func claimed(list []format.Money) (money []format.Money, amount float64, currency string) {
	if len(list) == 0 {
		return []format.Money{}, 0, ""
	}
	return list, list[0].Amount, list[0].Currency
}
