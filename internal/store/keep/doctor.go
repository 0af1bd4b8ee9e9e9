package keep

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"plaint/internal/record"
	"plaint/internal/store"
)

// Finding is one thing that is not as it must be. Its words are in the catalogue
// under doctor_CODE, and what to do under doctor_CODE_do.
type Finding struct {
	Code    string `json:"code"`
	Note    bool   `json:"note,omitempty"` // worth knowing, nothing wrong
	Count   int64  `json:"count,omitempty"`
	Example string `json:"example,omitempty"` // a number, a table, a file; no personal data
}

// Examined is what was looked at and what was found.
type Examined struct {
	Tables   int       `json:"tables"`
	Rows     int64     `json:"rows"`
	Checks   int       `json:"checks"`
	Findings []Finding `json:"findings"`
}

func (e *Examined) add(f Finding) { e.Findings = append(e.Findings, f) }

// Wrong counts the findings that are more than notes.
func (e *Examined) Wrong() (n int) {
	for _, f := range e.Findings {
		if !f.Note {
			n++
		}
	}
	return n
}

// Examine reads every column of every table, which checks the checksums of all
// blocks that are not in memory already, and puts every invariant to the test.
func Examine(ctx context.Context, st *store.Store, p Progress) (Examined, error) {
	var e Examined
	tables, err := tablesOf(ctx, live{st})
	if err != nil {
		return e, err
	}
	for i, t := range tables {
		p.at("read", int64(i), int64(len(tables)))
		d, err := digestOf(ctx, live{st}, t)
		if ctx.Err() != nil {
			return e, ctx.Err()
		}
		if err != nil {
			e.add(Finding{Code: "unreadable", Example: t + ": " + firstLine(err)})
			continue
		}
		e.Rows += d.rows
	}
	e.Tables = len(tables)
	if len(e.Findings) > 0 { // what is asked of a table that cannot be read says nothing
		return e, nil
	}
	for i, c := range checks {
		p.at("check", int64(i), int64(len(checks)))
		if err := e.ask(ctx, st, c); err != nil {
			return e, err
		}
	}
	if err := e.entries(ctx, st); err != nil {
		return e, err
	}
	if err := e.erasedAgain(ctx, st); err != nil {
		return e, err
	}
	if err := e.future(ctx, st); err != nil {
		return e, err
	}
	e.Checks = len(checks) + 2
	return e, nil
}

func firstLine(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	if _, after, found := strings.Cut(text, ": "); found {
		text = after // the table is named already
	}
	return text
}

func (e *Examined) ask(ctx context.Context, st *store.Store, c check) error {
	var n int64
	var example sql.NullString
	if err := st.QueryRow(ctx, c.query).Scan(&n, &example); err != nil {
		return fmt.Errorf("check %s: %w", c.code, err)
	}
	if n != 0 {
		e.add(Finding{Code: c.code, Note: c.note, Count: n, Example: example.String})
	}
	return nil
}

// entries makes sure that what is active on the blacklist has a ground, a scope,
// evidence, two different people and an end.
func (e *Examined) entries(ctx context.Context, st *store.Store) error {
	list, err := st.Entries(ctx)
	if err != nil {
		return err
	}
	f := Finding{Code: "entry_unsigned"}
	for _, x := range list {
		if x.State == "active" && !signed(&x) {
			f.Count++
			f.Example = fmt.Sprint(x.ID)
		}
	}
	if f.Count > 0 {
		e.add(f)
	}
	return nil
}

func signed(x *record.Entry) bool {
	people := x.By != "" && x.Approver != "" && x.By != x.Approver && x.By != machine && x.Approver != machine
	return people && x.Ground != "" && x.Scope != "" && len(x.Evidence) > 0 && !x.Until.IsZero()
}

// machine is the actor that may propose, not sign.
const machine = "machine"

// ahead is how much later than this machine's clock a record may be: clocks differ,
// and a day is somewhere else already.
const ahead = 24 * time.Hour

const futureQuery = `with t as (select 'complaint' as name, received as at from complaint union all select 'survey', answered from survey
	union all select 'log_line', time from log_line union all select 'transaction_version', requested from transaction_version
	union all select 'account_version', opened from account_version)
	select count(*), min(name) from t where at > ?`

// future tells of records that say they are of a later day than today. Their times
// are data: what was decided of them must not depend on when it was decided, so they
// are taken in. It is no invariant, and no check; but a complaint of the year 2099 is
// the latest for long, and its clock has not begun.
func (e *Examined) future(ctx context.Context, st *store.Store) error {
	f := Finding{Code: "future", Note: true}
	var example sql.NullString
	if err := st.QueryRow(ctx, futureQuery, st.Now().Add(ahead)).Scan(&f.Count, &example); err != nil {
		return fmt.Errorf("look for times to come: %w", err)
	}
	if f.Example = example.String; f.Count > 0 {
		e.add(f)
	}
	return nil
}

// erasedAgain finds customers who were erased and of whom something came in
// since: a source still has them.
func (e *Examined) erasedAgain(ctx context.Context, st *store.Store) error {
	erased := map[string]bool{}
	err := st.Each(ctx, "select distinct customer from keeping where kind = 'erase' and customer is not null and (params ->> 'source') = ''", func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		erased[name] = true
		return err
	})
	if err != nil || len(erased) == 0 {
		return err
	}
	f := Finding{Code: "erased_again", Note: true}
	err = st.Each(ctx, allCustomers, func(rows *sql.Rows) error {
		var customer string
		err := rows.Scan(&customer)
		if p := st.Pseudonym(customer); erased[p] {
			f.Count++
			f.Example = p
		}
		return err
	})
	if f.Count > 0 {
		e.add(f)
	}
	return err
}

const allCustomers = `select distinct customer from (select customer from complaint union all select customer from complaint_event
	union all select customer from survey union all select customer from log_line union all select customer from transaction_version
	union all select customer from account_version) where customer is not null`

// What is found beside a file.
const (
	mostLog    = 128 << 20      // a log twice as large as the one that is folded
	leastSpace = 192 << 20      // where the store stops to take in
	leftAlone  = time.Minute    // what is written to right now is no leftover
	spooled    = 24 * time.Hour // longer than any request or command takes
)

// Beside looks at what is not in the file: what was left beside it, the size of
// its log, the disk, and whether it may be written to.
func Beside(path string, now time.Time) (out []Finding) {
	add := func(f Finding) { out = append(out, f) }
	many := func(code string, note bool, list []string) {
		if len(list) > 0 {
			add(Finding{Code: code, Note: note, Count: int64(len(list)), Example: filepath.Base(list[0])})
		}
	}
	many("leftover", false, older(now, leftAlone, path+".new*", path+".snapshot/*.new"))
	many("spooled", false, older(now, spooled, filepath.Join(os.TempDir(), "plaint-body-*"), filepath.Join(os.TempDir(), "plaint-stdin-*"), filepath.Join(os.TempDir(), "plaint-query-*")))
	many("aside", true, older(now, 0, path+".before-*", path+".damaged-*"))
	if copies := older(now, 0, path+".snapshot/*.db"); len(copies) > 1 {
		many("snapshots", false, copies)
	}
	if n := sizeOf(path + ".wal"); n > mostLog {
		add(Finding{Code: "long_log", Count: n >> 20})
	}
	for _, p := range []string{path, filepath.Dir(path)} {
		if err := syscall.Access(p, 2); err != nil {
			add(Finding{Code: "not_writable", Count: 1, Example: p})
		}
	}
	if free, total, err := space(filepath.Dir(path)); err == nil {
		switch size := uint64(sizeOf(path)); {
		case free < min(leastSpace, total/10):
			add(Finding{Code: "disk_full", Count: int64(free >> 20)})
		case free < 2*size+spare:
			add(Finding{Code: "disk_low", Note: true, Count: int64(free >> 20), Example: fmt.Sprint(size >> 20)})
		}
	}
	return out
}

// older lists the files that match and were not written to for so long.
func older(now time.Time, age time.Duration, patterns ...string) (out []string) {
	for _, p := range patterns {
		dir, last := filepath.Split(p)
		list, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, f := range list {
			ok, err := filepath.Match(last, f.Name())
			if err != nil || !ok || strings.HasSuffix(f.Name(), ".wal") {
				continue
			}
			if info, err := f.Info(); err == nil && now.Sub(info.ModTime()) >= age {
				out = append(out, filepath.Join(dir, f.Name()))
			}
		}
	}
	return out
}
