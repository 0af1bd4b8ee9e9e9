package view

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"plaint/internal/record"
	"plaint/internal/text"
	"plaint/internal/web/format"
)

// Ring is a group of customers who complain together: evidence for a person,
// never a decision.
type Ring struct {
	ID         int64      `json:"id"`
	N          int        `json:"n"` // complaints
	Customers  int        `json:"customers"`
	Confidence float64    `json:"confidence"` // that it is one, 0 to 1
	Bits       float64    `json:"bits"`       // that speak for it without its strongest kind of tie
	P          float64    `json:"p"`          // share of honest groups that reach so much
	From       *time.Time `json:"from"`       // first complaint
	To         *time.Time `json:"to"`         // last complaint
	Kinds      []string   `json:"kinds"`      // what speaks for it, the strongest first
	Amount     float64    `json:"amount"`     // claimed, in the currency of most claims
	Currency   string     `json:"currency"`
	// Money is all that is claimed, the currency of most claims first.
	Money    []format.Money `json:"money"`
	Incident float64        `json:"incident"` // how strongly incidents bear the complaints out, 0 to 1
	Home     float64        `json:"home"`     // share of customers who live with another
	Public   float64        `json:"public"`   // share of what is shared that mostly others use
	Open     int            `json:"open_cases"`
}

const ringsQuery = `with opened as (select seq from case_event group by seq having coalesce(arg_max(action, at) filter (action in ('confirmed', 'cleared', 'overturned', 'reopened')), 'reopened') = 'reopened')
	select count(*) over () as total, r.id, r.n, r.customers, r.confidence, r.bits, r.p, r.start_at, r.end_at,
		coalesce((select string_agg(kind, ',' order by place) from ring_evidence e where e.run = r.run and e.ring = r.id), ''),
		r.incident, r.home, r.public,
		(select count(*) from ring_member b where b.run = r.run and b.ring = r.id and b.seq in (select seq from opened))
	from ring r
	where r.run = $1 and ($2 = 0 or r.id = $2) order by r.confidence desc, r.bits desc, r.id limit $3 offset $4`

// Rings lists the rings of the latest run, the surest first.
func (r *Reader) Rings(ctx context.Context, limit, offset int) (Page[Ring], error) {
	return r.rings(ctx, 0, limit, offset)
}

func (r *Reader) rings(ctx context.Context, id int64, limit, offset int) (Page[Ring], error) {
	p := Page[Ring]{Limit: limit, Offset: offset}
	runs, err := r.latest(ctx)
	if err != nil {
		return p, err
	}
	err = p.fill(ctx, r.st, func(rows *sql.Rows, x *Ring) error {
		var kinds string
		err := rows.Scan(&p.Total, &x.ID, &x.N, &x.Customers, &x.Confidence, &x.Bits, &x.P, when{&x.From}, when{&x.To}, &kinds,
			&x.Incident, &x.Home, &x.Public, &x.Open)
		x.Kinds = []string{}
		if kinds != "" {
			x.Kinds = strings.Split(kinds, ",")
		}
		for _, v := range []*float64{&x.Confidence, &x.Bits, &x.Incident, &x.Home, &x.Public} {
			*v = format.Round(*v)
		}
		return err
	}, ringsQuery, runs["rings"], id, limitHere, offsetHere)
	if err != nil {
		return p, err
	}
	money, err := r.moneyOf(ctx, ringMoney, runs["rings"])
	for i := range p.Rows {
		x := &p.Rows[i]
		x.Money, x.Amount, x.Currency = claimed(money[x.ID])
	}
	return p, err
}

// RingDetail is a ring with all that is known of it.
type RingDetail struct {
	Ring
	Evidence []RingEvidence `json:"evidence"`
	Ties     []RingTie      `json:"ties"`
	Lockstep *RingLockstep  `json:"lockstep,omitempty"`
	Days     []Count        `json:"by_day"`
	Members  []RingMember   `json:"members"` // of the first MostMembers complaints
}

// RingEvidence is what one kind of tie says, or lockstep.
type RingEvidence struct {
	Kind      string  `json:"kind"`
	Bits      float64 `json:"bits"`
	Customers int     `json:"customers"`
}

// RingTie is one thing that members share.
type RingTie struct {
	Kind      string  `json:"kind"`
	Value     string  `json:"value"`     // shortened; "" for letters and where it is no longer known
	Customers int     `json:"customers"` // of the ring
	Users     int     `json:"users"`     // all who have it
	Weight    float64 `json:"weight"`
	Example   int64   `json:"example"` // a complaint of the ring that has it
}

// RingLockstep is the stretch in which customers complained closer together than
// others.
type RingLockstep struct {
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	Customers int       `json:"customers"`
	Others    int       `json:"others"` // complaints of others about the same, in the stretch
}

// RingMember is a complaint of a ring.
type RingMember struct {
	Seq        int64      `json:"complaint_seq"`
	Received   *time.Time `json:"received"`
	Customer   string     `json:"customer"` // pseudonym
	Type       string     `json:"type"`
	Amount     *float64   `json:"amount"`
	Currency   string     `json:"currency"`
	Confidence float64    `json:"confidence"` // that it belongs, 0 to 1
	Ties       int        `json:"ties"`
	Case       int64      `json:"case,omitempty"`
}

// MostMembers bounds how many complaints are told with a ring; the list of
// complaints has all.
const MostMembers = 1000

// Ring is everything about one ring of the latest run, or ErrNotFound.
func (r *Reader) Ring(ctx context.Context, id int64) (RingDetail, error) {
	var d RingDetail
	if id <= 0 {
		return d, ErrNotFound
	}
	p, err := r.rings(ctx, id, 1, 0)
	if err != nil {
		return d, err
	}
	if len(p.Rows) == 0 {
		return d, ErrNotFound
	}
	d.Ring = p.Rows[0]
	runs, err := r.latest(ctx)
	if err != nil {
		return d, err
	}
	for _, read := range []func(context.Context, int64, *RingDetail) error{r.ringEvidence, r.ringTies, r.ringTime, r.ringMembers} {
		if err := read(ctx, runs["rings"], &d); err != nil {
			return d, err
		}
	}
	return d, nil
}

func (r *Reader) ringEvidence(ctx context.Context, run int64, d *RingDetail) (err error) {
	d.Evidence, err = collect(ctx, r.st, func(rows *sql.Rows, e *RingEvidence) error {
		err := rows.Scan(&e.Kind, &e.Bits, &e.Customers)
		e.Bits = format.Round(e.Bits)
		return err
	}, "select kind, bits, customers from ring_evidence where run = $1 and ring = $2 order by place", run, d.ID)
	return err
}

// tiesQuery reads what is shared as the example tells it: in the complaint, or
// in the customer's latest account.
const tiesQuery = `with a as (select customer_key, arg_max(device, seq) as device, arg_max(payout_account, seq) as payout, arg_max(address, seq) as address
		from account_version where customer_key in (select customer_key from complaint where seq in (select example from ring_tie where run = $1 and ring = $2)) group by customer_key)
	select t.kind, t.customers, t.users, t.weight, t.example,
		coalesce(case t.kind when 'device' then coalesce(c.device, a.device) when 'payout' then coalesce(c.payout_account, a.payout) when 'contact' then c.contact when 'address' then a.address end, ''),
		case t.kind when 'handle' then coalesce(c.subject, '') || chr(10) || coalesce(c.body, '') else '' end
	from ring_tie t left join complaint c on c.seq = t.example left join a on a.customer_key = c.customer_key
	where t.run = $1 and t.ring = $2 order by t.place`

func (r *Reader) ringTies(ctx context.Context, run int64, d *RingDetail) (err error) {
	d.Ties, err = collect(ctx, r.st, func(rows *sql.Rows, t *RingTie) error {
		var body string
		err := rows.Scan(&t.Kind, &t.Customers, &t.Users, &t.Weight, &t.Example, &t.Value, &body)
		if t.Kind == record.TieHandle.String() {
			t.Value = text.Handle(body)
		}
		t.Value, t.Weight = Short(printable(t.Value)), format.Round(t.Weight)
		return err
	}, tiesQuery, run, d.ID)
	return err
}

// printable leaves out what moves a terminal's cursor or turns its text around.
func printable(s string) string {
	return strings.TrimSpace(strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return -1
		}
		return c
	}, s))
}

func (r *Reader) ringTime(ctx context.Context, run int64, d *RingDetail) error {
	var from, to *time.Time
	var s RingLockstep
	err := r.st.QueryRow(ctx, "select step_start, step_end, coalesce(step_customers, 0), coalesce(step_others, 0) from ring where run = $1 and id = $2", run, d.ID).
		Scan(when{&from}, when{&to}, &s.Customers, &s.Others)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("read the ring: %w", err)
	}
	if from != nil && to != nil {
		s.From, s.To = *from, *to
		d.Lockstep = &s
	}
	d.Days, err = collect(ctx, r.st, func(rows *sql.Rows, c *Count) error { return rows.Scan(&c.At, &c.N) },
		`select date_trunc('day', c.received)::timestamp, count(*) from ring_member m join complaint c using (seq)
			where m.run = $1 and m.ring = $2 and c.received is not null group by 1 order by 1`, run, d.ID)
	return err
}

func (r *Reader) ringMembers(ctx context.Context, run int64, d *RingDetail) (err error) {
	d.Members, err = collect(ctx, r.st, func(rows *sql.Rows, m *RingMember) error {
		err := rows.Scan(&m.Seq, when{&m.Received}, &m.Customer, &m.Type, &m.Amount, &m.Currency, &m.Confidence, &m.Ties, &m.Case)
		m.Customer, m.Confidence = r.st.Pseudonym(m.Customer), format.Round(m.Confidence)
		m.Type, m.Currency = printable(m.Type), printable(m.Currency)
		return err
	}, `select m.seq, c.received, coalesce(c.customer, ''), coalesce(c.type, ''), c.amount, coalesce(c.currency, ''), m.confidence, m.ties,
			coalesce((select max(case_id) from case_event e where e.seq = m.seq and e.action = 'opened'), 0)
		from ring_member m join complaint c using (seq) where m.run = $1 and m.ring = $2 and m.seq not in (`+blindQuery+`) order by m.confidence desc, m.seq limit $3`, run, d.ID, MostMembers)
	return err
}

// ringOf is the ring that a complaint is in, and how sure it is; 0 where it is in
// none.
func (r *Reader) ringOf(ctx context.Context, run, seq int64) (ring int64, confidence float64, err error) {
	err = r.st.QueryRow(ctx, "select ring, confidence from ring_member where run = $1 and seq = $2", run, seq).Scan(&ring, &confidence)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, fmt.Errorf("read the ring of complaint %d: %w", seq, err)
	}
	return ring, format.Round(confidence), nil
}
