package coordination

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"iter"
	"maps"

	"plaint/analysis/rootcause/incident"
	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/internal/text"
)

// reader reads complaints with what they share.
type reader struct {
	st                *store.Store
	themes, incidents int64 // runs
	guard             *incident.Guard
	address           map[uint64]uint64 // of a customer
	list              []record.Tied
	last              int64
}

// The address of a customer's latest account; complaints tell none.
const addressQuery = `select customer_key, arg_max(address, seq) from account_version
	where address is not null and customer_key in (select customer_key from complaint where customer_key is not null) group by customer_key`

const tiedQuery = `select c.seq, c.received, coalesce(c.received_precision, 0), coalesce(c.customer_key, 0), coalesce(c.device_key, 0), coalesce(c.payout_key, 0), coalesce(c.contact, ''),
	coalesce(c.type, ''), coalesce(c.product, ''), coalesce(c.channel, ''), coalesce(c.extra, ''), c.amount, coalesce(c.currency, ''), coalesce(m.theme, 0),
	coalesce(c.subject, '') || chr(10) || coalesce(c.body, '')
	from complaint c left join theme_member m on m.run = ? and m.seq = c.seq where c.seq > ? and c.seq <= ? order by c.seq`

// pageRows is how many texts are held at a time.
const pageRows = 10000

// read reads all complaints; their texts pass by and are not kept.
func (r *reader) read(ctx context.Context, letters func(iter.Seq[[]string]) []int) error {
	var n int64
	if err := r.st.QueryRow(ctx, "select count(*), coalesce(max(seq), 0) from complaint").Scan(&n, &r.last); err != nil {
		return fmt.Errorf("count the complaints: %w", err)
	}
	err := r.st.Each(ctx, addressQuery, func(rows *sql.Rows) error {
		var customer uint64
		var address string
		err := rows.Scan(&customer, &address)
		r.address[customer] = record.Hash64("address", record.Plain(address))
		return err
	})
	if err != nil {
		return fmt.Errorf("read the addresses: %w", err)
	}
	r.list = make([]record.Tied, 0, n)
	groups := letters(func(yield func([]string) bool) {
		for from := int64(0); from < r.last && err == nil; from += pageRows {
			var texts []string
			if texts, err = r.page(ctx, from); err == nil && !yield(texts) {
				return
			}
		}
	})
	if err != nil {
		return fmt.Errorf("read the complaints: %w", err)
	}
	size := make([]int, len(groups))
	for _, g := range groups {
		size[g]++
	}
	for i, g := range groups {
		if size[g] > 1 {
			r.list[i].Keys[record.TieLetter] = uint64(g + 1)
		}
	}
	return nil
}

func (r *reader) page(ctx context.Context, from int64) (texts []string, err error) {
	err = r.st.Each(ctx, tiedQuery, func(rows *sql.Rows) error {
		body, err := r.scan(rows)
		texts = append(texts, body)
		return err
	}, r.themes, from, from+pageRows)
	return texts, err
}

func (r *reader) scan(rows *sql.Rows) (body string, err error) {
	var t record.Tied
	var at sql.NullTime
	var precision uint8
	var contact, product, channel, extra string
	var amount sql.NullFloat64
	var theme int64
	err = rows.Scan(&t.Seq, &at, &precision, &t.Customer, &t.Keys[record.TieDevice], &t.Keys[record.TiePayout], &contact, &t.Type, &product, &channel, &extra,
		&amount, &t.Currency, &theme, &body)
	if err != nil {
		return "", err
	}
	if at.Valid && record.Precision(precision) <= record.ToDay { // a month is no time to keep step in
		t.Received = at.Time.UTC()
	}
	t.Amount = record.Number{Value: amount.Float64, Valid: amount.Valid}
	handle := text.Handle(body)
	t.Keys[record.TieHandle] = record.Hash64("handle", handle)
	if contact = record.Contact(contact); !record.SameContact(contact, handle) {
		t.Keys[record.TieContact] = record.Hash64("contact", contact)
	}
	t.Keys[record.TieAddress] = r.address[t.Customer]
	if at.Valid && r.incidents > 0 {
		asked := incident.Asked{Type: t.Type, Theme: theme, At: at.Time.UTC(), Attributes: attributes(extra), Later: true}
		asked.Attributes["product"], asked.Attributes["channel"] = product, channel
		_, t.Explained = r.guard.Corroborates(asked)
	}
	r.list = append(r.list, t)
	return body, nil
}

// attributes are the extra columns of a complaint; what cannot be read is not
// known.
func attributes(extra string) map[string]string {
	out := map[string]string{}
	var all map[string]any
	if extra == "" || json.Unmarshal([]byte(extra), &all) != nil {
		return out
	}
	for name, v := range all {
		if s, ok := v.(string); ok {
			out[name] = s
		}
	}
	maps.DeleteFunc(out, func(_, v string) bool { return v == "" })
	return out
}
