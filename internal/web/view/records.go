package view

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"plaint/internal/record"
	"plaint/scoring/signal"
)

// Transaction is what the books say of one transaction.
type Transaction struct {
	ID        string     `json:"id"` // its reference where it has none, "" without either
	Type      string     `json:"type"`
	Status    string     `json:"status"`
	Amount    *float64   `json:"amount"`
	Currency  string     `json:"currency"`
	Requested *time.Time `json:"requested"`
	Settled   *time.Time `json:"settled"`
	Failed    *time.Time `json:"failed"`
	Cited     bool       `json:"cited"` // the complaint names it
}

// Records are what the books say of what a complaint is about.
type Records struct {
	Transactions []Transaction `json:"transactions"` // of the customer before the complaint, those it names first, then the latest
	Missing      []string      `json:"missing"`      // that it names and that no customer has, shortened
}

const (
	recordsBefore = 45 // days before a complaint
	mostRecords   = 12
)

// recordsQuery finds the customer's transactions as they were known last. Those of
// the customer come first: what is named is not to be looked for among all.
const recordsQuery = `with c as (select customer_key, coalesce(received, arrived) as received from complaint where seq = $1),
	named as (select distinct unnest(string_split($4, chr(31))) as id),
	mine as materialized (select t.*, c.received from transaction_version t join c on t.customer_key = c.customer_key)
	select coalesce(t.external_id, t.reference, ''), coalesce(t.type, ''), coalesce(t.status, ''), t.amount, coalesce(t.currency, ''), t.requested, t.settled, t.failed, coalesce(t.external_id in (select id from named), false) or coalesce(t.reference in (select id from named), false) as cited
	from mine t
	where cited or t.requested between t.received - to_days($2::integer) and t.received + to_days(1)
	qualify row_number() over (partition by t.key_hi, t.key_lo order by t.seq desc) = 1
	order by cited desc, t.requested desc nulls last, t.external_id limit $3`

// booksQuery tells whether anything was loaded of the customer.
const booksQuery = `select exists (select 1 from transaction_version t join complaint c on c.customer_key = t.customer_key where c.seq = $1)
	or exists (select 1 from account_version a join complaint c on c.customer_key = a.customer_key where c.seq = $1)`

// Records reads what the books say of what a complaint is about.
func (r *Reader) Records(ctx context.Context, seq int64) (x Records, err error) {
	var evidence string
	var c record.Complaint
	if err := r.st.QueryRow(ctx, "select coalesce(array_to_string(evidence, chr(31)), ''), coalesce(body, '') from complaint where seq = $1", seq).Scan(&evidence, &c.Body); err != nil {
		return x, fmt.Errorf("read what complaint %d names: %w", seq, err)
	}
	c.Evidence = splitTerms(evidence)
	ids := signal.Citations(&c)
	named := strings.Join(ids, "\x1f")
	x.Transactions, err = collect(ctx, r.st, func(rows *sql.Rows, t *Transaction) error {
		return rows.Scan(&t.ID, &t.Type, &t.Status, &t.Amount, &t.Currency, when{&t.Requested}, when{&t.Settled}, when{&t.Failed}, &t.Cited)
	}, recordsQuery, seq, recordsBefore, mostRecords, named)
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { // what the customer has is not looked for among all
		return slices.ContainsFunc(x.Transactions, func(t Transaction) bool { return t.ID == id })
	})
	if x.Missing = []string{}; err != nil || len(ids) == 0 {
		return x, err
	}
	var kept bool
	if err := r.st.QueryRow(ctx, booksQuery, seq).Scan(&kept); err != nil {
		return x, fmt.Errorf("look whether there are books on complaint %d: %w", seq, err)
	}
	if !kept { // then nothing can be missing in them
		return x, nil
	}
	have := map[string]bool{}
	err = r.st.Each(ctx, `with named as (select distinct unnest(string_split($1, chr(31))) as id)
		select external_id from transaction_version where external_id in (select id from named)
		union select reference from transaction_version where reference in (select id from named)`, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		have[id] = true
		return err
	}, strings.Join(ids, "\x1f"))
	for _, id := range ids {
		if short := Short(id); !have[id] && !slices.Contains(x.Missing, short) { // it may be the number of a passport
			x.Missing = append(x.Missing, short)
		}
	}
	return x, err
}
