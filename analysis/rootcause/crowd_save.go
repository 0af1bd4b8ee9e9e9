package rootcause

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"

	"plaint/analysis/rootcause/incident"
	"plaint/internal/record"
	"plaint/internal/store"
)

// satisfiedBefore is how many days before an incident satisfaction is told.
const satisfiedBefore = 28 * 86400

// worth is what the complaints of an incident are about beside their number.
type worth struct {
	customers         int
	amount            float64
	currency          string
	satisfied, before share
}

// share is satisfied answers of all.
type share struct{ k, n int }

func (s share) percent() any {
	if s.n == 0 {
		return nil
	}
	return 100 * float64(s.k) / float64(s.n)
}

// past reads the incidents of the run before.
func (c *crowds) past(ctx context.Context) (list []incident.Past, most int64, err error) {
	run, err := c.st.LatestRun(ctx, "incidents")
	if err != nil || run == 0 {
		return nil, 0, err
	}
	place := map[int64]int{}
	err = c.st.Each(ctx, `select id, epoch_us(start_at) // 1000000, epoch_us(end_at) // 1000000, epoch_us(seen_at) // 1000000 from incident where run = ? order by id`, func(rows *sql.Rows) error {
		var p incident.Past
		err := rows.Scan(&p.ID, &p.Start, &p.End, &p.Seen)
		place[p.ID] = len(list)
		list = append(list, p)
		return err
	}, run)
	if err != nil {
		return nil, 0, fmt.Errorf("read the incidents before: %w", err)
	}
	err = c.st.Each(ctx, `select incident, seq from incident_member where run = ? order by incident, seq`, func(rows *sql.Rows) error {
		var id, seq int64
		err := rows.Scan(&id, &seq)
		if i, ok := place[id]; ok {
			list[i].Members = append(list[i].Members, seq)
		}
		return err
	}, run)
	if err != nil {
		return nil, 0, fmt.Errorf("read the incidents before: %w", err)
	}
	if err := c.st.QueryRow(ctx, "select coalesce(max(id), 0) from incident").Scan(&most); err != nil {
		return nil, 0, fmt.Errorf("read the incidents before: %w", err)
	}
	return list, most, nil
}

// The latest answers to what was asked of a complaint, best two steps of five
// or their like being satisfied, as CSAT is counted.
const satisfiedQuery = `with answers as (select * from survey qualify row_number() over (partition by key_hi, key_lo order by seq desc) = 1),
	about as (select external_id, seq, type from complaint where external_id in (select complaint from survey) qualify row_number() over (partition by external_id order by seq desc) = 1)
	select a.seq, coalesce(a.type, ''), coalesce(epoch_us(s.answered) // 1000000, 0), s.score >= s.scale_max - 1
	from answers s join about a on a.external_id = s.complaint where lower(s.metric) = 'csat' and s.score is not null order by s.seq`

const amountQuery = `select seq, coalesce(customer, ''), coalesce(amount, 0), coalesce(currency, '') from complaint where seq >= ? and seq <= ? order by seq`

// worths reads what incidents cost and what people said of them.
func (c *crowds) worths(ctx context.Context, list []*incident.Incident) ([]worth, error) {
	out := make([]worth, len(list))
	if len(list) == 0 {
		return out, nil
	}
	of := map[int64]int{}
	low, high := int64(math.MaxInt64), int64(0)
	for i, x := range list {
		for _, m := range x.Members {
			seq := c.data.Complaints[m].Seq
			of[seq], low, high = i, min(low, seq), max(high, seq)
		}
	}
	people := make([]map[string]bool, len(list))
	sums := make([]map[string]*money, len(list))
	err := c.st.Each(ctx, amountQuery, func(rows *sql.Rows) error {
		var seq int64
		var customer, currency string
		var amount float64
		if err := rows.Scan(&seq, &customer, &amount, &currency); err != nil {
			return err
		}
		if i, ok := of[seq]; ok {
			if people[i] == nil {
				people[i], sums[i] = map[string]bool{}, map[string]*money{}
			}
			if customer != "" {
				people[i][customer] = true
			}
			if amount > 0 {
				if sums[i][currency] == nil {
					sums[i][currency] = &money{}
				}
				sums[i][currency].n++
				sums[i][currency].sum += amount
			}
		}
		return nil
	}, low, high)
	if err != nil {
		return nil, fmt.Errorf("read the claims: %w", err)
	}
	for i := range out {
		out[i].customers = len(people[i])
		out[i].currency, out[i].amount = mostClaims(sums[i])
	}
	return out, c.satisfied(ctx, list, of, out)
}

// money is claims of one currency.
type money struct {
	n   int
	sum float64
}

// mostClaims is the currency of most claims and their sum; others are not
// converted.
func mostClaims(of map[string]*money) (currency string, sum float64) {
	for _, c := range slices.Sorted(maps.Keys(of)) {
		if best := of[currency]; best == nil || of[c].n > best.n {
			currency, sum = c, of[c].sum
		}
	}
	return currency, sum
}

func (c *crowds) satisfied(ctx context.Context, list []*incident.Incident, of map[int64]int, out []worth) error {
	err := c.st.Each(ctx, satisfiedQuery, func(rows *sql.Rows) error {
		var seq, at int64
		var kind string
		var good bool
		if err := rows.Scan(&seq, &kind, &at, &good); err != nil {
			return err
		}
		k := 0
		if good {
			k = 1
		}
		if i, ok := of[seq]; ok {
			out[i].satisfied.k, out[i].satisfied.n = out[i].satisfied.k+k, out[i].satisfied.n+1
		}
		for i, x := range list {
			if c.types.list[x.Type] == kind && at < x.Start && at >= x.Start-satisfiedBefore {
				out[i].before.k, out[i].before.n = out[i].before.k+k, out[i].before.n+1
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the answers of incidents: %w", err)
	}
	return nil
}

// tables are the rows of a run.
func (c *crowds) tables(list []*incident.Incident, worths []worth) ([]store.Table, error) {
	t := []store.Table{{Name: "incident"}, {Name: "incident_theme"}, {Name: "incident_member"}, {Name: "incident_cause"}, {Name: "incident_template"}, {Name: "incident_hour"}}
	add := func(i int, row ...any) { t[i].Rows = append(t[i].Rows, row) }
	for i, x := range list {
		state, theme, w := "over", any(nil), worths[i]
		if x.Open {
			state = "open"
		}
		if len(x.Themes) > 0 {
			theme = x.Themes[0].ID + 1
		}
		add(0, x.ID, state, string(x.Severity), c.types.list[x.Type], theme, moment(x.Start), moment(x.End), moment(x.Peak), moment(x.First), moment(x.Seen),
			x.N, x.Independent, x.Expected, x.TypeUsual, x.P, w.customers, w.amount, w.currency, x.Everyone, x.CauseP,
			w.before.percent(), w.before.n, w.satisfied.percent(), w.satisfied.n, c.themes, c.logs)
		for _, s := range x.Themes {
			add(1, x.ID, s.ID+1, s.N)
		}
		for _, m := range x.Members {
			add(2, x.ID, c.data.Complaints[m].Seq)
		}
		for place, q := range x.Causes {
			raw, err := json.Marshal(q.Values)
			if err != nil {
				return nil, err
			}
			add(3, x.ID, place+1, string(raw), q.Share, q.Ratio, q.N, q.Expected)
		}
		for place, l := range x.Links {
			var hit any
			if !math.IsNaN(l.HitP) {
				hit = l.HitP
			}
			add(4, x.ID, place+1, l.Template, l.Lag, l.Lines, l.TimeP, hit, l.WordP, l.P, l.Q, l.Linked, l.Customers, l.Hit, l.Others, l.OtherHit, l.HitLag,
				l.Word, l.Texts, l.With, l.OtherTexts, l.OWith)
		}
		for _, h := range x.Hours {
			add(5, x.ID, moment(h.At), h.N, h.Expected)
		}
	}
	return t, nil
}

// Guard reads what the latest incidents bear out, with the themes that their
// complaints have now: analysts may have merged or split some since. Without a run
// it bears out nothing.
func Guard(ctx context.Context, st *store.Store) (*incident.Guard, error) {
	run, err := st.LatestRun(ctx, "incidents")
	if err != nil || run == 0 {
		return incident.NewGuard(nil), err
	}
	themes, err := st.LatestRun(ctx, "themes")
	if err != nil {
		return nil, err
	}
	var list []incident.Crowd
	err = st.Each(ctx, `with about as (select m.incident, list(distinct t.theme order by t.theme) as themes from incident_member m
			join theme_member t on t.run = $2 and t.seq = m.seq where m.run = $1 group by 1)
		select i.id, coalesce(i.type, ''), i.start_at, i.end_at, i.seen_at, i.state = 'open', i.n, i.expected, i.independent,
			exists (select 1 from incident_template t where t.run = i.run and t.incident = i.id and t.linked),
			coalesce((select '[' || string_agg(attributes, ',' order by place) || ']' from incident_cause q where q.run = i.run and q.incident = i.id), '[]'),
			coalesce(to_json(a.themes)::varchar, '[]')
		from incident i left join about a on a.incident = i.id where i.run = $1 order by i.id`, func(rows *sql.Rows) error {
		var c incident.Crowd
		var slicesOf, themes string
		err := rows.Scan(&c.ID, &c.Type, &c.Start, &c.End, &c.Seen, &c.Open, &c.N, &c.Expected, &c.Independent, &c.Linked, &slicesOf, &themes)
		if err == nil {
			err = json.Unmarshal([]byte(slicesOf), &c.Slices)
		}
		if err == nil {
			err = json.Unmarshal([]byte(themes), &c.Themes)
		}
		list = append(list, c)
		return err
	}, run, themes)
	if err != nil {
		return nil, fmt.Errorf("read the incidents: %w", err)
	}
	return incident.NewGuard(slices.Clip(list)), nil
}

// OpenIncidents tells how strongly the incidents of the latest run bear a complaint
// out, as far as they were sure when it was received. Its theme is not asked for: at
// admission it has none yet.
func OpenIncidents(ctx context.Context, st *store.Store) (store.Bears, error) {
	g, err := Guard(ctx, st)
	if err != nil || g.Empty() {
		return nil, err
	}
	return func(c *record.Complaint) float64 {
		if !c.Received.Known() || !g.On(c.Type, c.Received.Time) {
			return 0
		}
		_, strength := g.Corroborates(About(c))
		return strength
	}, nil
}

// About is what incidents are asked of a complaint when it arrives.
func About(c *record.Complaint) incident.Asked {
	a := incident.Asked{Type: c.Type, At: c.Received.Time, Attributes: map[string]string{"product": c.Product, "channel": c.Channel}}
	for _, f := range c.Extra {
		if f.Value != "" {
			a.Attributes[f.Name] = f.Value
		}
	}
	return a
}
