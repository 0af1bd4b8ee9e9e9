package keep

import (
	"context"
	"crypto/rand"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"plaint/internal/record"
	"plaint/internal/store"
)

// Ages say how long records of a kind are kept, by the time of what happened, or
// else of its arrival. A kind that is not named is kept for ever.
type Ages map[record.Kind]time.Duration

// deliveryAge is how long the receipts of deliveries are kept: nobody repeats
// one after a week.
const deliveryAge = 7 * 24 * time.Hour

// rewriteEvery is how long what a daily run took out may stay in free blocks of
// the file: writing it anew makes writers wait.
const rewriteEvery = 7 * 24 * time.Hour

// Retain lets go of what is older than its age. Log lines, transactions, states
// of accounts that a later one replaced, and refused rows are deleted; complaints
// and surveys lose their personal data as in Erase, except those that an active
// blacklist entry rests on. With now, the file is written anew at once, else
// when that is due.
func Retain(ctx context.Context, st *store.Store, ages Ages, actor string, dryRun, now bool, p Progress) (Outcome, error) {
	started := time.Now()
	var out Outcome
	held, err := heldBack(ctx, st)
	if err != nil {
		return out, err
	}
	p.at("erase", 0, 2)
	err = st.Change(ctx, func(w store.Writer) error {
		r := &retention{w, &out, ages, st.Now(), rand.Text()}
		if err := r.run(ctx, held); err != nil {
			return err
		}
		if dryRun {
			return errDryRun
		}
		return book(ctx, w, "retention", actor, "", named(ages), r.now, &out)
	})
	if errors.Is(err, errDryRun) {
		return out, nil
	}
	if err != nil {
		return out, fmt.Errorf("apply the retention: %w", err)
	}
	out.Rewritten, err = rewriteIfDue(ctx, st, now, p)
	out.Took = time.Since(started)
	return out, err
}

// named writes ages down.
func named(ages Ages) map[string]string {
	out := map[string]string{}
	for k, a := range ages {
		out[k.String()] = fmt.Sprintf("%dd", int(a.Hours()/24))
	}
	return out
}

func rewriteIfDue(ctx context.Context, st *store.Store, now bool, p Progress) (bool, error) {
	var due int64
	err := st.QueryRow(ctx, "select count(*) from keeping where rewritten is null and (? or kind = 'erase' or at < ?)", now, st.Now().Add(-rewriteEvery)).Scan(&due)
	if err != nil || due == 0 {
		return false, err
	}
	if err := roomToRewrite(st); err != nil {
		return false, err
	}
	p.at("rewrite", 1, 2)
	err = st.Rebuild(ctx)
	return err == nil, err
}

// LastRun is when the retention was last applied; the zero time is never.
func LastRun(ctx context.Context, st *store.Store) (at time.Time, err error) {
	err = st.QueryRow(ctx, "select coalesce(max(at), epoch_ms(0)) from keeping where kind = 'retention'").Scan(&at)
	return at, err
}

// heldBack are the complaints that an active entry rests on.
func heldBack(ctx context.Context, st *store.Store) (out []record.Entry, err error) {
	list, err := st.Entries(ctx)
	for _, x := range list {
		if x.State == "adopted" || (x.State == "active" || x.State == "appealed") && x.Until.After(st.Now()) {
			out = append(out, x)
		}
	}
	return out, err
}

type retention struct {
	w    store.Writer
	out  *Outcome
	ages Ages
	now  time.Time
	salt string // of what takes the place of ids; forgotten at the end
}

func (r *retention) run(ctx context.Context, held []record.Entry) error {
	tables := append([]string{"create or replace temp table held (seq bigint)", "create or replace temp table held_customer (customer varchar)"}, tempTables...)
	for _, q := range tables {
		if err := r.w.Exec(ctx, q); err != nil {
			return err
		}
	}
	for _, x := range held {
		for _, seq := range x.Evidence {
			if err := r.w.Exec(ctx, "insert into held values (?)", seq); err != nil {
				return err
			}
		}
		if err := r.w.Exec(ctx, "insert into held_customer values (?)", x.Key); err != nil {
			return err
		}
	}
	for _, f := range []func(context.Context) error{r.lettersAndAnswers, r.rows, r.found} {
		if err := f(ctx); err != nil {
			return err
		}
	}
	return nil
}

// before is the moment before which records of a kind are too old.
func (r *retention) before(k record.Kind) (driver.Value, bool) {
	age, ok := r.ages[k]
	return r.now.Add(-age), ok && age > 0
}

const (
	oldComplaints = `insert into gone_complaint select seq, key_hi, key_lo, external_id from complaint c where coalesce(received, arrived) < ?
		and seq not in (select seq from held) and (customer is null or customer not in (select customer from held_customer))
		and (coalesce(customer_name, contact, subject, body, extra, resolution, device, payout_account, if(starts_with(customer, 'erased-'), null, customer)) is not null
			or (key_hi, key_lo) in (select (key_hi, key_lo) from complaint_event where coalesce(customer_name, contact, subject, body, extra, resolution, device, payout_account) is not null))`
	oldSurveys = `insert into gone_survey select seq from survey where coalesce(answered, arrived) < ?
		and (customer is null or customer not in (select customer from held_customer))
		and coalesce(comment, extra, if(starts_with(customer, 'erased-'), null, customer)) is not null`
	oldPersons = `insert into person select customer, 'erased-' || left(sha256($1 || customer), 24), hash('erased-' || left(sha256($1 || customer), 24)) from (
		select customer from complaint where seq in (select seq from gone_complaint)
		union select customer from complaint_event where (key_hi, key_lo) in (select (key_hi, key_lo) from gone_complaint)
		union select customer from survey where seq in (select seq from gone_survey)) where customer is not null and not starts_with(customer, 'erased-')`
)

// lettersAndAnswers blanks old complaints and surveys.
func (r *retention) lettersAndAnswers(ctx context.Context) error {
	for k, q := range map[record.Kind]string{record.Complaints: oldComplaints, record.Surveys: oldSurveys} {
		if before, ok := r.before(k); ok {
			if err := r.w.Exec(ctx, q, before); err != nil {
				return err
			}
		}
	}
	if err := r.w.Exec(ctx, oldPersons, r.salt); err != nil {
		return err
	}
	if err := countGone(ctx, r.w, r.out); err != nil {
		return err
	}
	return blank(ctx, r.w, r.salt)
}

// old are the rows of a table that go.
type old struct {
	kind                  record.Kind
	table, where, highest string
}

var oldRows = []old{
	{record.Logs, "log_line", "coalesce(time, arrived) < ?", "seq"},
	{record.Transactions, "transaction_version", "coalesce(requested, settled, failed, arrived) < ?", "seq"},
	{record.Accounts, "account_version", "arrived < ? and seq not in (select max(seq) from account_version group by key_hi, key_lo)", "seq"},
	{record.Complaints, "refused", "at < ? and kind = 'complaints'", "id"},
	{record.Surveys, "refused", "at < ? and kind = 'surveys'", "id"},
	{record.Logs, "refused", "at < ? and kind = 'logs'", "id"},
	{record.Transactions, "refused", "at < ? and kind = 'transactions'", "id"},
	{record.Accounts, "refused", "at < ? and kind = 'accounts'", "id"},
}

// rows deletes old rows, and the receipts of deliveries.
func (r *retention) rows(ctx context.Context) error {
	for _, o := range oldRows {
		if before, ok := r.before(o.kind); ok {
			if err := r.remove(ctx, o.table, o.where, o.highest, before); err != nil {
				return err
			}
		}
	}
	if err := r.remove(ctx, "delivery", "at < ?", "0", r.now.Add(-deliveryAge)); err != nil {
		return err
	}
	return r.w.Exec(ctx, "delete from refused_replayed where id not in (select id from refused)")
}

func (r *retention) remove(ctx context.Context, table, where, highest string, before driver.Value) error {
	c := Count{Table: table}
	err := r.w.Each(ctx, fmt.Sprintf("select count(*) filter (%s), coalesce(max(%s), 0)::bigint from %s", where, highest, table), func(row []driver.Value) error {
		c.Removed, c.last = row[0].(int64), row[1].(int64)
		return nil
	}, before)
	if err != nil || c.Removed == 0 {
		return err
	}
	r.out.Counts = append(r.out.Counts, c)
	return r.w.Exec(ctx, "delete from "+table+" where "+where, before)
}

// found takes the words out of what earlier runs of the analyses found: they are
// those of texts that are too old.
func (r *retention) found(ctx context.Context) error {
	const earlier = "run in (select id from run where finished < ?)"
	if before, ok := r.before(record.Complaints); ok {
		for _, q := range []string{"update theme set label = null, terms = null where label is not null and " + earlier,
			"update theme_part set label = null, terms = null where label is not null and " + earlier, "update theme_area set label = null where label is not null and " + earlier,
			"update theme_edit set name = null where action = 'merge' and name is not null and at < ?", "delete from digest where " + earlier} {
			if err := r.w.Exec(ctx, q, before); err != nil {
				return err
			}
		}
	}
	if before, ok := r.before(record.Logs); ok {
		if err := r.w.Exec(ctx, "update log_template set template = null where template is not null and "+earlier, before); err != nil {
			return err
		}
		return r.w.Exec(ctx, "update log_template set example = null where example not in (select seq from log_line)")
	}
	return nil
}
