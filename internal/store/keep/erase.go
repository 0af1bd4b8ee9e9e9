package keep

import (
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"plaint/internal/store"
)

// Request asks for the erasure of one customer.
type Request struct {
	Customer string
	Source   string // only of records of this source; "" is all
	Actor    string // who asks: kept with the erasure
	DryRun   bool   // count, change nothing
}

// Count is what became of a table's rows.
type Count struct {
	Table   string `json:"table"`
	Removed int64  `json:"removed,omitempty"`
	Blanked int64  `json:"blanked,omitempty"` // lost their personal data
	last    int64  // of removed rows with numbers: the highest there was
}

// Outcome is what an erasure or a run of the retention did.
type Outcome struct {
	Customer  string        `json:"customer,omitempty"` // the pseudonym that the customer had
	Counts    []Count       `json:"counts"`
	Mentions  int64         `json:"mentions"`  // other texts that hold the id as a word and were left alone: it is too common a word
	Rewritten bool          `json:"rewritten"` // the file holds none of the old bytes
	Took      time.Duration `json:"-"`
}

// Rows is how many rows were changed or removed.
func (o *Outcome) Rows() (n int64) {
	for _, c := range o.Counts {
		n += c.Removed + c.Blanked
	}
	return n
}

// personal reports whether any personal data went, and so must go from the file.
func (o *Outcome) personal() bool {
	return slices.ContainsFunc(o.Counts, func(c Count) bool { return c.Table != "delivery" })
}

// ActiveEntryError means that a customer is on the blacklist. The entry has a
// legal ground of its own, and an end: until then it must lead to the person.
type ActiveEntryError struct {
	ID    int64
	State string
	Until time.Time
}

func (e *ActiveEntryError) Error() string {
	return fmt.Sprintf("blacklist entry %d is %s until %s", e.ID, e.State, e.Until.Format(time.DateOnly))
}

// errDryRun takes a transaction back that was only to count.
var errDryRun = errors.New("only counted")

// Erase takes the personal data of one customer out of the file. Statistics
// stay: counts, types, times, amounts, decisions, scores. The customer's id
// becomes a fresh random one, which leads back to nobody. Records keep their
// identity, so that the same row sent again is known and brings nothing back.
// The file is written anew, so that the old bytes are gone from it, too.
func Erase(ctx context.Context, st *store.Store, r Request, p Progress) (Outcome, error) {
	started := time.Now()
	var err error
	if r.Customer, err = behind(ctx, st, r.Customer); err != nil {
		return Outcome{}, fmt.Errorf("erase: %w", err)
	}
	out := Outcome{Customer: st.Pseudonym(r.Customer)}
	if !r.DryRun {
		if err := roomToRewrite(st); err != nil {
			return out, err
		}
	}
	e := &erasure{out: &out, r: r, fresh: pseudonymMark + strings.ToLower(rand.Text()), salt: rand.Text(), now: st.Now()}
	p.at("erase", 0, 2)
	err = st.Change(ctx, func(w store.Writer) error {
		e.w = w
		if err := e.run(ctx); err != nil {
			return err
		}
		if r.DryRun {
			return errDryRun
		}
		return book(ctx, w, "erase", r.Actor, out.Customer, map[string]string{"source": r.Source}, e.now, &out)
	})
	if errors.Is(err, errDryRun) {
		return out, nil
	}
	if err != nil {
		return out, fmt.Errorf("erase: %w", err)
	}
	if out.Rows() == 0 {
		out.Rewritten = true
		return out, nil
	}
	p.at("rewrite", 1, 2)
	err = st.Rebuild(ctx)
	out.Rewritten, out.Took = err == nil, time.Since(started)
	return out, err
}

// pseudonym is what pages and queries call a customer.
var pseudonym = regexp.MustCompile(`^c[0-9a-f]{12}$`)

// behind is the customer who has a pseudonym, or the customer itself.
func behind(ctx context.Context, st *store.Store, customer string) (string, error) {
	if !pseudonym.MatchString(customer) {
		return customer, nil
	}
	found := customer
	err := st.Each(ctx, "select customer from complaint union select customer from complaint_event union select customer from survey union select customer from account_version union select customer from transaction_version union select customer from log_line",
		func(rows *sql.Rows) error {
			var c sql.NullString
			if err := rows.Scan(&c); err != nil {
				return err
			}
			if c.Valid && st.Pseudonym(c.String) == customer {
				found = c.String
			}
			return nil
		})
	return found, err
}

// roomToRewrite makes sure that the file can be written anew.
func roomToRewrite(st *store.Store) error {
	return room(filepath.Dir(st.Path()), 2*sizeOf(st.Path())+2*sizeOf(st.Path()+".wal"))
}

// erasure is one customer's, in one transaction.
type erasure struct {
	w     store.Writer
	r     Request
	out   *Outcome
	fresh string // takes the place of the customer's id
	salt  string // of what takes the place of the sources' ids: a hash; forgotten at the end
	now   time.Time
}

// pseudonymMark begins every id that took the place of another.
const pseudonymMark = "erased-"

func (e *erasure) run(ctx context.Context) error {
	if err := e.entries(ctx, true); err != nil {
		return err
	}
	for _, q := range tempTables {
		if err := e.w.Exec(ctx, q); err != nil {
			return err
		}
	}
	if err := e.find(ctx); err != nil {
		return err
	}
	needles, err := e.needles(ctx)
	if err != nil {
		return err
	}
	called, err := e.called(ctx)
	if err != nil {
		return err
	}
	if err := e.countGone(ctx); err != nil {
		return err
	}
	for _, f := range []func(context.Context) error{
		func(ctx context.Context) error { return blank(ctx, e.w, e.salt) },
		e.evidence, e.mentions,
		func(ctx context.Context) error { return e.refused(ctx, needles) },
		func(ctx context.Context) error { return e.entries(ctx, false) },
		e.results,
		func(ctx context.Context) error { return e.curated(ctx, called) },
	} {
		if err := f(ctx); err != nil {
			return err
		}
	}
	return nil
}

// find collects the customer's rows and the id that takes the place of the
// customer's: a fresh one, or the one of an earlier erasure where a source has
// sent later states since.
func (e *erasure) find(ctx context.Context) error {
	who, source := e.r.Customer, e.r.Source
	if err := e.w.Exec(ctx, earlierPseudonym, who); err != nil {
		return err
	}
	err := e.w.Each(ctx, "select customer from earlier limit 1", func(row []driver.Value) error { e.fresh = row[0].(string); return nil })
	if err != nil {
		return err
	}
	if err := e.w.Exec(ctx, "insert into person select $1, $2, hash($2::varchar)", who, e.fresh); err != nil {
		return err
	}
	const of = " where customer = ? and (? = '' or source = ?)"
	for _, q := range []string{
		`insert into gone_complaint select seq, key_hi, key_lo, external_id from complaint where (key_hi, key_lo) in (
			select (key_hi, key_lo) from complaint` + of + ` union all select (key_hi, key_lo) from complaint_event` + of + `)`,
		`insert into gone_survey select seq from survey` + of,
		`insert into gone_log select seq from log_line` + of,
		`insert into gone_transaction select seq from transaction_version` + of,
		`insert into gone_account select seq from account_version` + of,
	} {
		args := []driver.Value{who, source, source}
		if strings.Contains(q, "union") {
			args = append(args, args...)
		}
		if err := e.w.Exec(ctx, q, args...); err != nil {
			return err
		}
	}
	// An answer without a customer is of whoever made the complaint that it names.
	if err := e.w.Exec(ctx, `insert into gone_survey select seq from survey where customer is null and complaint in (
		select external_id from complaint where external_id in (select external_id from gone_complaint) group by 1 having count(*) = 1)`); err != nil {
		return err
	}
	if !e.distinctive() {
		return nil
	}
	return e.w.Exec(ctx, `insert into gone_log select seq from log_line where customer is null
		and (? = '' or source = ?) and (regexp_matches(message, ?) or regexp_matches(extra, ?))`, source, source, e.word(), e.word())
}

// earlierPseudonym finds the id that the customer's records got in an earlier
// erasure, where later states of them came in since.
const earlierPseudonym = `insert into earlier select c.customer from complaint_event n join complaint c using (key_hi, key_lo) where n.customer = $1 and starts_with(c.customer, 'erased-')
	union all select o.customer from survey n join survey o using (key_hi, key_lo) where n.customer = $1 and starts_with(o.customer, 'erased-')
	union all select o.customer from transaction_version n join transaction_version o using (key_hi, key_lo) where n.customer = $1 and starts_with(o.customer, 'erased-')
	union all select o.customer from account_version n join account_version o using (key_hi, key_lo) where n.customer = $1 and starts_with(o.customer, 'erased-')`

// distinctive reports whether the id is such that the same word in another text
// means this customer, and not an amount or a year.
func (e *erasure) distinctive() bool {
	id := e.r.Customer
	letters, digits := strings.ContainsFunc(id, unicode.IsLetter), strings.ContainsFunc(id, unicode.IsDigit)
	return len(id) >= 7 || len(id) >= 4 && letters && digits
}

// word is a pattern of the id as a word of its own.
func (e *erasure) word() string {
	id := e.r.Customer
	pattern := regexp.QuoteMeta(id)
	if isWord(id[0]) {
		pattern = `\b` + pattern
	}
	if isWord(id[len(id)-1]) {
		pattern += `\b`
	}
	return pattern
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// mentionColumns are texts of other rows in which the id may stand.
var mentionColumns = []struct{ table, column string }{
	{"complaint", "subject"}, {"complaint", "body"}, {"complaint", "extra"}, {"complaint", "resolution"},
	{"complaint_event", "subject"}, {"complaint_event", "body"}, {"complaint_event", "extra"}, {"complaint_event", "resolution"},
	{"survey", "comment"}, {"survey", "extra"}, {"log_line", "message"}, {"log_line", "extra"}, {"log_line", "trace"},
	{"transaction_version", "reference"}, {"transaction_version", "extra"}, {"account_version", "extra"},
	{"log_template", "template"}, {"theme", "label"}, {"theme", "name"}, {"theme_part", "label"}, {"theme_area", "label"}, {"theme_edit", "name"}, {"digest", "arguments"},
}

// mentions replaces the id in the texts of others, or counts where it stands if
// it is too common a word.
func (e *erasure) mentions(ctx context.Context) error {
	for _, m := range mentionColumns {
		err := e.w.Each(ctx, fmt.Sprintf("select count(*) from %s where contains(%s, ?) and regexp_matches(%[2]s, ?)", m.table, m.column), func(row []driver.Value) error {
			e.out.Mentions += row[0].(int64)
			return nil
		}, e.r.Customer, e.word())
		if err != nil {
			return err
		}
	}
	if e.out.Mentions == 0 || !e.distinctive() {
		return nil
	}
	if err := e.w.Exec(ctx, "delete from embedding where seq in (select seq from complaint where regexp_matches(concat_ws(' ', subject, body), ?))", e.word()); err != nil {
		return err
	}
	for _, m := range mentionColumns {
		q := fmt.Sprintf("update %s set %s = regexp_replace(%[2]s, ?, ?, 'g') where contains(%[2]s, ?) and regexp_matches(%[2]s, ?)", m.table, m.column)
		if err := e.w.Exec(ctx, q, e.word(), e.fresh, e.r.Customer, e.word()); err != nil {
			return fmt.Errorf("%s of %s: %w", m.column, m.table, err)
		}
	}
	e.out.Counts = append(e.out.Counts, Count{Table: "mentions", Blanked: e.out.Mentions})
	e.out.Mentions = 0
	return nil
}
