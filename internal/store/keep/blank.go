package keep

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"plaint/internal/store"
)

// tempTables hold what is to lose its personal data: rows, and persons with the
// ids that take the place of theirs.
var tempTables = []string{
	"create or replace temp table person (customer varchar, fresh varchar, key ubigint)",
	"create or replace temp table earlier (customer varchar)",
	"create or replace temp table gone_complaint (seq bigint, key_hi ubigint, key_lo ubigint, external_id varchar)",
	"create or replace temp table gone_survey (seq bigint)",
	"create or replace temp table gone_log (seq bigint)",
	"create or replace temp table gone_transaction (seq bigint)",
	"create or replace temp table gone_account (seq bigint)",
}

// blanking is one statement that takes personal data out of the rows of the temp
// tables. $1 is the salt of the ids that take the place of the sources'.
type blanking struct {
	query  string
	salted bool
}

const (
	ofComplaints = " where seq in (select seq from gone_complaint)"
	ofStates     = " where (key_hi, key_lo) in (select (key_hi, key_lo) from gone_complaint)"
	texts        = "customer_name = null, contact = null, subject = null, body = null, extra = null, resolution = null, device = null, payout_account = null, evidence = list_transform(evidence, x -> '')"
)

var blankings = []blanking{
	{"update survey set complaint = 'erased-' || left(sha256($1 || complaint), 16) where complaint in (select external_id from complaint where external_id in (select external_id from gone_complaint) group by 1 having count(*) = 1)", true},
	{"update complaint set " + texts + ", device_key = null, payout_key = null, contact_key = null, handle_key = null, address_key = null, s0 = null, s1 = null, s2 = null, s3 = null, s4 = null, s5 = null, s6 = null, s7 = null, external_id = 'erased-' || left(sha256($1 || external_id), 16)" + ofComplaints, true},
	{"update complaint set customer = p.fresh, customer_key = p.key from person p where complaint.customer = p.customer and seq in (select seq from gone_complaint)", false},
	{"update complaint_event set " + texts + ", external_id = 'erased-' || left(sha256($1 || external_id), 16)" + ofStates, true},
	{"update complaint_event set customer = p.fresh from person p where complaint_event.customer = p.customer and (key_hi, key_lo) in (select (key_hi, key_lo) from gone_complaint)", false},
	{"update case_event set customer_key = c.customer_key, device_key = null, payout_key = null, contact_key = null, handle_key = null, address_key = null, detail = if(action = 'opened', detail, null) from complaint c where c.seq = case_event.seq and c.seq in (select seq from gone_complaint)", false},
	{"delete from embedding" + ofComplaints, false},
	{"update survey set comment = null, extra = null, external_id = 'erased-' || left(sha256($1 || external_id), 16) where seq in (select seq from gone_survey)", true},
	{"update survey set customer = p.fresh from person p where survey.customer = p.customer and seq in (select seq from gone_survey)", false},
}

// blank takes the personal data out of complaints with their states and cases,
// and of surveys.
func blank(ctx context.Context, w store.Writer, salt string) error {
	for _, b := range blankings {
		var args []driver.Value
		if b.salted {
			args = append(args, salt)
		}
		if err := w.Exec(ctx, b.query, args...); err != nil {
			return fmt.Errorf("blank: %w", err)
		}
	}
	return nil
}

// evidence blanks the customer's log lines, transactions and accounts.
func (e *erasure) evidence(ctx context.Context) error {
	const id = "'erased-' || left(sha256($1 || "
	for _, q := range []string{
		"update log_line set message = null, trace = null, extra = null, external_id = " + id + "external_id), 16) where seq in (select seq from gone_log)",
		"update transaction_version set account = " + id + "account), 16), reference = null, extra = null, external_id = " + id + "external_id), 16) where seq in (select seq from gone_transaction)",
		"update account_version set device = null, address = null, payout_account = null, extra = null, external_id = " + id + "external_id), 16) where seq in (select seq from gone_account)",
	} {
		if err := e.w.Exec(ctx, q, e.salt); err != nil {
			return err
		}
	}
	for _, q := range []string{
		"update log_line set customer = p.fresh from person p where log_line.customer = p.customer and seq in (select seq from gone_log)",
		"update transaction_version set customer = p.fresh, customer_key = p.key from person p where transaction_version.customer = p.customer and seq in (select seq from gone_transaction)",
		"update account_version set customer = p.fresh, customer_key = p.key from person p where account_version.customer = p.customer and seq in (select seq from gone_account)",
	} {
		if err := e.w.Exec(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// goneCounts say how many rows lose their personal data.
var goneCounts = []struct{ table, query string }{
	{"complaint", "select count(*) from gone_complaint"},
	{"complaint_event", "select count(*) from complaint_event" + ofStates},
	{"case_event", "select count(*) from case_event" + ofComplaints},
	{"embedding", "select count(*) from embedding" + ofComplaints},
	{"survey", "select count(*) from gone_survey"},
	{"log_line", "select count(*) from gone_log"},
	{"transaction_version", "select count(*) from gone_transaction"},
	{"account_version", "select count(*) from gone_account"},
}

func countGone(ctx context.Context, w store.Writer, out *Outcome) error {
	for _, c := range goneCounts {
		n, err := ask(ctx, w, c.query)
		if err != nil {
			return err
		}
		if n > 0 {
			out.Counts = append(out.Counts, Count{Table: c.table, Blanked: n})
		}
	}
	return nil
}

func (e *erasure) countGone(ctx context.Context) error { return countGone(ctx, e.w, e.out) }

// ask reads one number.
func ask(ctx context.Context, w store.Writer, query string, args ...driver.Value) (n int64, err error) {
	err = w.Each(ctx, query, func(row []driver.Value) error {
		n, _ = row[0].(int64)
		return nil
	}, args...)
	return n, err
}

// between stands between the terms of a theme's label.
const between = " · "

// theme is what a theme says.
type theme struct {
	run, id int64
	label   string
	terms   []string
}

// results takes out of the analyses what quotes the customer alone: terms of
// themes that no other text of the theme holds, and templates whose example is
// one of the customer's log lines. The next run of the analysis writes them anew.
func (e *erasure) results(ctx context.Context) error {
	var list []theme
	err := e.w.Each(ctx, `select run, id, coalesce(label, ''), coalesce(array_to_string(terms, chr(31)), '') from theme
		where (run, id) in (select (run, theme) from theme_member where seq in (select seq from gone_complaint))`, func(row []driver.Value) error {
		list = append(list, theme{row[0].(int64), row[1].(int64), row[2].(string), strings.Split(row[3].(string), "\x1f")})
		return nil
	})
	if err != nil {
		return err
	}
	templates, err := ask(ctx, e.w, "select count(*) from log_template where example in (select seq from gone_log) and template is not null")
	if err != nil {
		return err
	}
	changed := templates
	for _, t := range list {
		n, err := e.theme(ctx, t)
		if err != nil {
			return err
		}
		changed += n
	}
	parts, err := e.partsAndAreas(ctx)
	if err != nil {
		return err
	}
	if changed += parts; changed > 0 {
		e.out.Counts = append(e.out.Counts, Count{Table: "theme, log_template", Blanked: changed})
	}
	for _, q := range []string{
		"delete from digest where exists (select 1 from log_template t where t.example in (select seq from gone_log) and contains(digest.arguments, t.template))",
		"update log_template set template = null where example in (select seq from gone_log)",
	} {
		if err := e.w.Exec(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// theme takes the terms out of a theme that no text of it holds any more, and
// returns 1 if there were any.
func (e *erasure) theme(ctx context.Context, t theme) (int64, error) {
	terms, label, gone, err := e.left(ctx, t, ofTheme)
	if err != nil || !gone {
		return 0, err
	}
	if err := e.w.Exec(ctx, `update theme set label = ?, terms = list_filter(string_split(?, chr(31)), x -> x <> '') where run = ? and id = ?`,
		label, strings.Join(terms, "\x1f"), t.run, t.id); err != nil {
		return 0, err
	}
	if t.label != "" { // findings quote it
		err = e.w.Exec(ctx, "delete from digest where contains(arguments, ?)", t.label)
	}
	return 1, err
}

// held are the terms that one of the theme's texts still holds; of selects them
// by run and id.
func (e *erasure) held(ctx context.Context, t theme, terms []string, of string) (out []string, err error) {
	for _, term := range terms {
		n, err := ask(ctx, e.w, "select count(*) from complaint where seq in ("+of+`)
			and contains(lower(concat_ws(' ', subject, body)), lower(?))`, t.run, t.id, term)
		if err != nil {
			return nil, err
		}
		if n > 0 && term != "" {
			out = append(out, term)
		}
	}
	return out, nil
}

// book writes down what was done, without personal data.
func book(ctx context.Context, w store.Writer, kind, actor, customer string, params any, at time.Time, out *Outcome) error {
	text, err := json.Marshal(params)
	if err != nil {
		return err
	}
	id, err := ask(ctx, w, "select coalesce(max(id), 0) + 1 from keeping")
	if err != nil {
		return err
	}
	var who, rewritten driver.Value
	if customer != "" {
		who = customer
	}
	if !out.personal() {
		rewritten = at
	}
	if err := w.Exec(ctx, "insert into keeping values (?, ?, ?, ?, ?, ?, ?)", id, at, kind, actor, who, string(text), rewritten); err != nil {
		return err
	}
	for _, c := range out.Counts {
		if err := w.Exec(ctx, "insert into keeping_count values (?, ?, ?, ?, ?)", id, c.Table, c.Removed, c.Blanked, c.last); err != nil {
			return err
		}
	}
	return nil
}
