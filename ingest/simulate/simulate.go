// Package simulate is a broker that never was: customers, their money, what
// went wrong, who complained about it and who lied, written as files like any
// other export, with the truth beside them.
package simulate

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"plaint/internal/record"
)

// Config says which broker. The zero value of a field takes its default.
type Config struct {
	Seed       uint64
	Customers  int       // default 20000, or ten for every three complaints
	Days       int       // length of the data; default 91
	Start      time.Time // first day; default 2026-01-05 UTC
	Complaints int       // default 3 for every ten customers
	Fraud      float64   // share of complaints that are abusive; default 0.12, negative for none
	Incidents  int       // default 4, negative for none
	LogLines   int       // default 150000 for 91 days
	// Drill plants faults of any cause, size, length, lag and slice instead of
	// the few known ones, and what looks like a fault and is none.
	Drill bool
}

// Summary counts what was written.
type Summary struct {
	Rows      map[record.Kind]int `json:"-"`
	Abusive   int                 `json:"abusive"`
	Motives   map[string]int      `json:"motives"`
	Incidents int                 `json:"incidents"`
	InCrowds  int                 `json:"complaints_after_incidents"`
	Breaches  int                 `json:"breaches"`
}

// world is one simulation: what the config asks for and what was planned.
type world struct {
	Config
	book      *book
	cal       calendar
	roles     map[uint32]role
	plans     []plan
	incidents []incident
	gangs     []*gang
	decoys    []decoy  // only in drills
	usual     []string // causes of the faults that show without an incident
}

func (c Config) withDefaults() Config {
	if c.Customers == 0 {
		if c.Customers = 20000; c.Complaints > 0 {
			c.Customers = max(c.Complaints*10/3, 200)
		}
	}
	c.Days = cmp.Or(c.Days, 91)
	c.Complaints = cmp.Or(c.Complaints, c.Customers*3/10)
	c.Fraud = max(cmp.Or(c.Fraud, .12), 0)
	c.Incidents = max(cmp.Or(c.Incidents, 4), 0)
	c.LogLines = cmp.Or(c.LogLines, 150000*c.Days/91)
	if c.Start.IsZero() {
		c.Start = time.Date(2026, time.January, 5, 0, 0, 0, 0, time.UTC)
	}
	c.Start = c.Start.UTC().Truncate(24 * time.Hour)
	return c
}

func (c Config) check() error {
	switch {
	case c.Customers < 100 || c.Customers > 1<<27:
		return fmt.Errorf("customers: %d is not in 100 to %d", c.Customers, 1<<27)
	case c.Days < 7 || c.Days > 3*366:
		return fmt.Errorf("days: %d is not in 7 to %d", c.Days, 3*366)
	case c.Complaints < 1 || c.Complaints > 1<<27:
		return fmt.Errorf("complaints: %d is not in 1 to %d", c.Complaints, 1<<27)
	case c.Fraud > .8:
		return fmt.Errorf("fraud: a share of %g is over 0.8", c.Fraud)
	case float64(float64(c.Complaints)*c.Fraud) > float64(c.Customers)*.6:
		return fmt.Errorf("customers: %d are too few for %g of %d complaints to be abusive", c.Customers, c.Fraud, c.Complaints)
	case c.Incidents > 16:
		return fmt.Errorf("incidents: %d is over 16", c.Incidents)
	}
	return nil
}

// plan makes the world up; nothing is written yet.
func (c Config) plan() (*world, error) {
	c = c.withDefaults()
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("broker cannot be simulated: %w", err)
	}
	b, err := openBook()
	if err != nil {
		return nil, err
	}
	w := &world{Config: c, book: b, cal: newCalendar(c.Start, c.Days), roles: map[uint32]role{}}
	w.schedule()
	w.closeIncidents()
	w.witness()
	return w, nil
}

// WriteDir writes accounts.csv, transactions.csv, logs.ndjson, surveys.csv and
// complaints.csv, each in order of time, and the truth in the folder truth. The
// directory is made if it is not there; files of the same name are replaced.
func (c Config) WriteDir(dir string) (Summary, error) {
	w, err := c.plan()
	if err != nil {
		return Summary{}, err
	}
	if err := os.MkdirAll(filepath.Join(dir, "truth"), 0o755); err != nil {
		return Summary{}, fmt.Errorf("simulation cannot be written: %w", err)
	}
	s, err := w.writeFiles(dir)
	if err == nil {
		err = w.writeTruth(filepath.Join(dir, "truth"), &s)
	}
	if err != nil {
		return s, fmt.Errorf("simulation cannot be written: %w", err)
	}
	return s, nil
}

func (w *world) writeFiles(dir string) (Summary, error) {
	s := Summary{Rows: map[record.Kind]int{}, Motives: map[string]int{}, Incidents: len(w.incidents)}
	write := func(k record.Kind, name string, f func(io.Writer) (int, error)) error {
		n, err := create(filepath.Join(dir, name), f)
		s.Rows[k] = n
		return err
	}
	err := write(record.Accounts, "accounts.csv", func(out io.Writer) (int, error) {
		keys := w.accountKeys()
		return len(keys), inOrder(out, "id,customer,opened,country,device,address,payout_account,tariff\n", len(keys),
			func(b []byte, i int) []byte { return w.appendAccount(b, keys[i]) })
	})
	if err != nil {
		return s, err
	}
	err = write(record.Transactions, "transactions.csv", func(out io.Writer) (int, error) {
		keys := w.movementKeys()
		return len(keys), inOrder(out, "id,customer,account,type,status,amount,currency,requested,settled,failed,reference\n", len(keys),
			func(b []byte, i int) []byte { return w.appendMovement(b, keys[i]) })
	})
	if err != nil {
		return s, err
	}
	if err := write(record.Logs, "logs.ndjson", w.writeLogs); err != nil {
		return s, err
	}
	err = write(record.Surveys, "surveys.csv", func(out io.Writer) (int, error) {
		all := w.surveys()
		return len(all), inOrder(out, surveyHeader, len(all),
			func(b []byte, i int) []byte { return w.appendSurvey(b, i, &all[i]) })
	})
	if err != nil {
		return s, err
	}
	return s, write(record.Complaints, "complaints.csv", func(out io.Writer) (int, error) {
		return len(w.plans), inOrder(out, complaintHeader, len(w.plans), w.appendComplaint)
	})
}

func create(path string, f func(io.Writer) (int, error)) (n int, err error) {
	file, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return f(file)
}

// rowsPerBlock are rendered by one worker at a time.
const rowsPerBlock = 512

// inOrder renders n rows on all processors and writes them in their order. Only
// a few blocks are held at a time.
func inOrder(out io.Writer, header string, n int, row func([]byte, int) []byte) error {
	buf := bufio.NewWriterSize(out, 1<<20)
	if _, err := buf.WriteString(header); err != nil {
		return err
	}
	workers := runtime.GOMAXPROCS(0)
	turns := make(chan chan []byte, workers*4)
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		defer close(turns)
		slots := make(chan struct{}, workers)
		for from := 0; from < n; from += rowsPerBlock {
			done := make(chan []byte, 1)
			select {
			case turns <- done:
			case <-stop:
				return
			}
			slots <- struct{}{}
			go func() {
				b := make([]byte, 0, rowsPerBlock*384)
				for i := from; i < min(from+rowsPerBlock, n); i++ {
					b = row(b, i)
				}
				done <- b
				<-slots
			}()
		}
	}()
	for turn := range turns {
		if _, err := buf.Write(<-turn); err != nil {
			return err
		}
	}
	return buf.Flush()
}

// writeTruth writes what is known of every complaint, and of what was planted.
func (w *world) writeTruth(dir string, s *Summary) error {
	_, err := create(filepath.Join(dir, "complaints.csv"), func(out io.Writer) (int, error) {
		return len(w.plans), inOrder(out, "id,motive,group,incident,cause,type,refuted,logs\n", len(w.plans), w.appendTruth)
	})
	if err != nil {
		return err
	}
	breaches := w.count(s)
	facts := map[string]any{"incidents.json": w.incidentTruth(), "rings.json": w.gangs,
		"satisfaction.json": w.satisfactionTruth(), "services.json": w.serviceTruth(breaches)}
	if w.Drill {
		facts["decoys.json"] = w.decoyTruth()
	}
	for name, v := range facts {
		raw, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), append(raw, '\n'), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) appendTruth(b []byte, i int) []byte {
	p := &w.plans[i]
	b = append(appendComplaintID(b, i), ',')
	b = append(append(b, motives[p.motive]...), ',')
	if p.group > 0 {
		b = append(b, w.gangs[p.group-1].ID...)
	}
	b = append(b, ',')
	if p.incident > 0 {
		b = strconv.AppendInt(append(b, 'I'), int64(p.incident), 10)
	}
	b = appendDecoy(b, p.decoy)
	c := &w.book.causes[p.cause]
	b = append(append(append(b, ','), c.name...), ',')
	b = append(append(append(b, types[c.kind]...), ','), answers[btoi(p.groundless || p.invented)]...)
	return append(append(append(b, ','), tellings[p.logs]...), '\n')
}

// load is how many complaints a department had, and how many it answered late.
type load struct {
	Complaints int `json:"complaints"`
	Breaches   int `json:"breaches"`
}

func (w *world) count(s *Summary) (by [len(departments)]load) {
	for i := range w.plans {
		p, o := &w.plans[i], w.handled(i)
		s.Motives[motives[p.motive]]++
		if p.motive != honest {
			s.Abusive++
		} else if p.incident > 0 {
			s.InCrowds++
		}
		by[o.department].Complaints++
		if o.breach && limitMinutes[p.filed] >= 0 {
			by[o.department].Breaches++
			s.Breaches++
		}
	}
	return by
}
