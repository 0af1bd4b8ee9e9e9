package rootcause

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"plaint/analysis/rootcause/incident"
	"plaint/internal/record"
	"plaint/internal/store"
)

// crowds is one run of the incidents job.
type crowds struct {
	st           *store.Store
	themes, logs int64 // runs
	data         incident.Data
	keys         []string // extra columns that are attributes
	codes        []names  // of each attribute
	types        names
	vocabulary   map[string]bool // words of log templates
	last         int64
	strays       int // complaints whose date lies far from all others
}

// own are the attributes that every complaint may have; handlers are looked at
// only to tell whom an incident met.
var own = []string{"product", "channel", "handler"}

func newCrowds(ctx context.Context, st *store.Store) (*crowds, error) {
	c := &crowds{st: st, vocabulary: map[string]bool{}}
	var err error
	if c.themes, err = st.LatestRun(ctx, "themes"); err != nil {
		return nil, err
	}
	if c.logs, err = st.LatestRun(ctx, "logs"); err != nil {
		return nil, err
	}
	if err := c.readKeys(ctx); err != nil {
		return nil, fmt.Errorf("read the attributes: %w", err)
	}
	return c, nil
}

// Extra columns are attributes where many share few values.
const keysQuery = `with one as (select distinct unnest(json_keys(extra)) as key from (select extra from complaint where extra is not null limit 20000)),
	told as (select o.key, count(distinct json_extract_string(c.extra, '$."' || o.key || '"')) as kinds, count(*) as n
		from one o, (select extra from complaint where extra is not null limit 20000) c where o.key not like '%"%' and json_extract_string(c.extra, '$."' || o.key || '"') <> '' group by 1)
	select key from told where kinds between 2 and 64 and n >= 20 * kinds order by n desc, key limit ?`

func (c *crowds) readKeys(ctx context.Context) error {
	err := c.st.Each(ctx, keysQuery, func(rows *sql.Rows) error {
		var key string
		err := rows.Scan(&key)
		c.keys = append(c.keys, key)
		return err
	}, incident.MostAttributes-len(own))
	for _, name := range append(append([]string{}, own...), c.keys...) {
		c.data.Attributes = append(c.data.Attributes, incident.Attribute{Name: name, Slices: name != "handler"})
	}
	c.codes = make([]names, len(c.data.Attributes))
	return err
}

// crowdQuery reads what incidents are looked for in; extras are told apart in
// Go, since their names are not known here.
const crowdQuery = `select c.seq, coalesce(epoch_us(c.received) // 1000000, 0) as at, coalesce(c.received_precision, 0) as precision,
	coalesce(c.customer_key, 0) as customer, coalesce(c.device_key, 0) as device, coalesce(c.payout_key, 0) as payout, coalesce(c.contact_key, 0) as contact,
	coalesce(c.type, '') as type, coalesce(m.theme, 0) as theme, coalesce(c.product, '') as product, coalesce(c.channel, '') as channel, coalesce(c.handler, '') as handler,
	coalesce(c.extra, '') as extra
	from complaint c left join theme_member m on m.run = ? and m.seq = c.seq where c.seq > ? and c.seq <= ? order by c.seq`

func (c *crowds) readComplaints(ctx context.Context) error {
	var n int64
	if err := c.st.QueryRow(ctx, "select count(*), coalesce(max(seq), 0) from complaint").Scan(&n, &c.last); err != nil {
		return fmt.Errorf("count the complaints: %w", err)
	}
	c.data.Complaints = make([]incident.Complaint, 0, n)
	daily := 0
	for from := int64(0); from < c.last; from += readRows {
		err := c.st.Each(ctx, crowdQuery, func(rows *sql.Rows) error {
			x, days, err := c.scan(rows)
			if days {
				daily++
			}
			c.data.Complaints = append(c.data.Complaints, x)
			return err
		}, c.themes, from, from+readRows)
		if err != nil {
			return fmt.Errorf("read the complaints: %w", err)
		}
	}
	c.data.Daily = daily*2 > len(c.data.Complaints)
	c.data.Types = c.types.list
	for a := range c.data.Attributes {
		c.data.Attributes[a].Values = c.codes[a].list
	}
	c.strays = c.data.LeaveOut()
	return nil
}

func (c *crowds) scan(rows *sql.Rows) (x incident.Complaint, daily bool, err error) {
	var precision uint8
	var kind, extra string
	var theme int64
	values := make([]string, len(own), incident.MostAttributes)
	err = rows.Scan(&x.Seq, &x.At, &precision, &x.Customer, &x.Device, &x.Payout, &x.Contact, &kind, &theme, &values[0], &values[1], &values[2], &extra)
	if err != nil {
		return x, false, err
	}
	x.Type, x.Theme = c.types.number(kind), int32(theme-1)
	for a := range x.Values {
		x.Values[a] = -1
	}
	for _, key := range c.keys {
		values = append(values, extraValue(extra, key))
	}
	for a, v := range values {
		if v != "" && len(c.codes[a].list) < 1<<15-1 {
			x.Values[a] = int16(c.codes[a].number(v))
		}
	}
	return x, record.Precision(precision) >= record.ToDay, nil
}

// extraValue is one value of an object of texts as the store writes it. It is
// looked for as text: a million objects parsed would take as long as the rest.
func extraValue(object, key string) string {
	_, rest, ok := strings.Cut(object, `"`+key+`":`)
	if !ok {
		return ""
	}
	rest, ok = strings.CutPrefix(strings.TrimLeft(rest, " "), `"`)
	if !ok {
		return ""
	}
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

// Incidents finds the incidents of the complaints in the store, with the themes
// and log templates of their latest runs, and keeps them as a run of kind
// "incidents".
func Incidents(ctx context.Context, st *store.Store) (Result, error) {
	started := st.Now()
	c, err := newCrowds(ctx, st)
	if err != nil {
		return Result{}, fmt.Errorf("incidents: %w", err)
	}
	list, err := c.find(ctx)
	if err != nil {
		return Result{}, fmt.Errorf("incidents: %w", err)
	}
	worths, err := c.worths(ctx, list)
	if err != nil {
		return Result{}, fmt.Errorf("incidents: %w", err)
	}
	tables, err := c.tables(list, worths)
	if err != nil {
		return Result{}, fmt.Errorf("incidents: %w", err)
	}
	numbers := map[string]any{"complaints": len(c.data.Complaints), "incidents": len(list), "open": 0, "severe": 0, "linked": 0}
	noteStrays(numbers, c.strays)
	for _, x := range list {
		for name, is := range map[string]bool{"open": x.Open, "severe": x.Severity == incident.Severe,
			"linked": slices.ContainsFunc(x.Links, func(l incident.Link) bool { return l.Linked })} {
			if is {
				numbers[name] = numbers[name].(int) + 1
			}
		}
	}
	id, err := st.SaveRun(ctx, store.Run{Kind: "incidents", Started: started, UpTo: c.last, Summary: numbers, Tables: tables,
		Params: map[string]any{"themes_run": c.themes, "logs_run": c.logs, "false_discovery_rate": incident.Discovery, "link_rate": incident.LinkRate}})
	if err != nil {
		return Result{}, fmt.Errorf("incidents: %w", err)
	}
	return Result{Run: id, Numbers: numbers}, nil
}

// find reads what incidents are made of and finds them, with the ids that they
// had before.
func (c *crowds) find(ctx context.Context) ([]*incident.Incident, error) {
	if err := c.readComplaints(ctx); err != nil {
		return nil, err
	}
	if err := c.readDelays(ctx); err != nil {
		return nil, err
	}
	trail, err := c.newTrail(ctx) // first, since texts are read for the words of templates
	if err != nil {
		return nil, err
	}
	c.data.Texts = func(seqs []int64) (map[int64]incident.Text, error) { return c.texts(ctx, seqs) }
	list, err := incident.Find(&c.data)
	if err != nil {
		return nil, err
	}
	connect := func() {
		if c.logs > 0 {
			clear(trail.about)
			incident.Connect(list, trail.templates, trail.look(ctx), keptLinks)
		}
	}
	connect()
	if joined := incident.Join(list); len(joined) < len(list) {
		list = joined
		connect()
	}
	if trail.err != nil {
		return nil, trail.err
	}
	before, most, err := c.past(ctx)
	if err != nil {
		return nil, err
	}
	incident.Keep(list, before, most, &c.data)
	return list, nil
}

// delaysQuery has the seconds from receipt to arrival of complaints that came as
// they were received: in batches of at most two days.
const delaysQuery = `with live as (select batch from complaint where received is not null group by batch having max(received) - min(received) <= interval 2 day)
	select (epoch_us(arrived) - epoch_us(received)) // 1000000 from complaint where batch in (select batch from live) and arrived >= received and received < ?`

func (c *crowds) readDelays(ctx context.Context) error {
	var delays []int64
	err := c.st.Each(ctx, delaysQuery, func(rows *sql.Rows) error {
		var d int64
		err := rows.Scan(&d)
		delays = append(delays, d)
		return err
	}, moment(c.data.Until-incident.SettledAfter))
	if err != nil {
		return fmt.Errorf("read the delays: %w", err)
	}
	c.data.Complete = incident.Nowcast(delays)
	return nil
}

// textChunk is how many texts are read with one statement.
const textChunk = 500

// texts reads the sketches of complaints and those of their words that also
// stand in log templates.
func (c *crowds) texts(ctx context.Context, seqs []int64) (map[int64]incident.Text, error) {
	out := make(map[int64]incident.Text, len(seqs))
	for from := 0; from < len(seqs); from += textChunk {
		chunk := seqs[from:min(from+textChunk, len(seqs))]
		args := make([]any, len(chunk))
		for i, seq := range chunk {
			args[i] = seq
		}
		query := `select seq, coalesce(s0, 0), coalesce(s1, 0), coalesce(s2, 0), coalesce(s3, 0), coalesce(s4, 0), coalesce(s5, 0), coalesce(s6, 0), coalesce(s7, 0), coalesce(subject, '') || ' ' || coalesce(body, '') from complaint where seq in (?` +
			strings.Repeat(", ?", len(chunk)-1) + ")"
		err := c.st.Each(ctx, query, func(rows *sql.Rows) error {
			var seq int64
			var t incident.Text
			var body string
			s := &t.Sketch
			if err := rows.Scan(&seq, &s[0], &s[1], &s[2], &s[3], &s[4], &s[5], &s[6], &s[7], &body); err != nil {
				return err
			}
			t.Words = wordsIn(body, c.vocabulary)
			out[seq] = t
			return nil
		}, args...)
		if err != nil {
			return nil, fmt.Errorf("read the texts: %w", err)
		}
	}
	return out, nil
}
