package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"plaint/analysis"
	"plaint/analysis/rootcause"
	"plaint/cmd/plaint/settings"
	"plaint/ingest/file"
	"plaint/ingest/simulate"
	"plaint/internal/store"
)

func (e *env) demoCmd() *cobra.Command {
	var cfg simulate.Config
	var listen, out string
	var noServe bool
	c := &cobra.Command{Use: "demo", Short: e.t("cmd_demo"), Long: e.t("cmd_demo_long"), Args: cobra.NoArgs, Example: "  plaint demo\n  plaint demo --no-serve --lang zh\n  plaint demo --db demo.db",
		RunE: func(c *cobra.Command, _ []string) error {
			if e.shared != nil {
				return &worded{"err_serving", []any{"db", e.db, "url", e.shared.url}}
			}
			if c.Flags().Changed("db") {
				if err := e.mustBeEmpty(c.Context()); err != nil {
					return err
				}
			}
			dir, done, err := e.demoDir(out)
			if err != nil {
				return err
			}
			defer done()
			if !c.Flags().Changed("db") {
				e.db = filepath.Join(dir, "plaint.db")
			}
			return e.demo(c.Context(), cfg, dir, listen, noServe)
		}}
	f := c.Flags()
	f.Uint64Var(&cfg.Seed, "seed", 1, e.t("flag_seed"))
	f.IntVar(&cfg.Complaints, "complaints", 0, e.t("flag_complaints"))
	f.StringVar(&listen, "listen", "127.0.0.1:8080", e.t("flag_listen"))
	f.StringVar(&out, "out", "", e.t("flag_keep"))
	f.BoolVar(&noServe, "no-serve", false, e.t("flag_no_serve"))
	return c
}

// mustBeEmpty refuses a database that holds something: made-up rows beside real
// ones could not be told apart.
func (e *env) mustBeEmpty(ctx context.Context) error {
	if _, err := os.Stat(e.path(e.db)); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	st, err := store.Open(ctx, e.path(e.db), store.Options{})
	if errors.Is(err, store.ErrLocked) {
		return e.handOver(ctx, err) // a server says where it is
	}
	if err != nil {
		return err
	}
	var batches int
	err = errors.Join(st.QueryRow(ctx, "select count(*) from admission").Scan(&batches), st.Close())
	if err == nil && batches > 0 {
		return usageError{&worded{"err_demo_full", []any{"db", e.db}}}
	}
	return err
}

// demoDir is the folder of the demo: the user's, which is kept and must be new,
// or a temporary one.
func (e *env) demoDir(out string) (dir string, done func(), err error) {
	if out == "" {
		dir, err = os.MkdirTemp("", "plaint-demo-*")
		return dir, func() { os.RemoveAll(dir) }, err
	}
	dir = e.path(out)
	if _, err := os.Stat(dir); err == nil {
		return "", nil, usageError{&worded{"err_exists", []any{"path", out}}}
	}
	return dir, func() {}, os.MkdirAll(dir, 0o700)
}

// demo does the whole job on a simulated quarter and shows what was found
// beside what was planted.
func (e *env) demo(ctx context.Context, cfg simulate.Config, dir, listen string, noServe bool) error {
	started := time.Now()
	e.say("%s", e.t("demo_simulating"))
	if _, err := cfg.WriteDir(dir); err != nil {
		return simulateError(err)
	}
	st, err := store.Open(ctx, e.path(e.db), store.Options{Themes: rootcause.OpenThemes, Incidents: rootcause.OpenIncidents})
	if err != nil {
		return err
	}
	if err := e.demoJobs(ctx, st, dir); err != nil {
		return errors.Join(err, st.Close())
	}
	if err := e.compare(ctx, st, dir); err != nil {
		return errors.Join(err, st.Close())
	}
	e.say("%s", e.t("demo_took", "seconds", fmt.Sprintf("%.1f", time.Since(started).Seconds())))
	if noServe {
		return st.Close()
	}
	m, err := e.modelOf(ctx, st, "")
	if err != nil {
		return errors.Join(err, st.Close())
	}
	return errors.Join(e.serve(ctx, service{store: st, judge: newJudge(m, false), settings: &settings.Settings{}, listen: listen}), st.Close())
}

func (e *env) demoJobs(ctx context.Context, st *store.Store, dir string) error {
	var files []string
	for _, name := range []string{"accounts.csv", "transactions.csv", "logs.ndjson", "surveys.csv", "complaints.csv"} {
		files = append(files, filepath.Join(dir, name))
	}
	plans, done, err := e.inspect(ctx, files, file.Options{})
	defer done()
	if err != nil {
		return err
	}
	m, err := e.modelOf(ctx, st, "")
	if err != nil {
		return err
	}
	total, err := e.load(ctx, st, plans, m)
	if err != nil {
		return err
	}
	e.showReceipt(total, false)
	if _, err := e.analyze(ctx, st, analysis.Options{}); err != nil {
		return err
	}
	return e.score(ctx, st, m)
}

// incident is a planted fault, as the simulation tells it.
type incident struct {
	ID      string    `json:"id"`
	Service string    `json:"service"`
	Type    string    `json:"type"`
	Start   time.Time `json:"start"`
	End     time.Time `json:"end"`
	First   time.Time `json:"first_complaint"`
	Last    time.Time `json:"last_complaint"`
}

// compare shows what was found beside the planted truth.
func (e *env) compare(ctx context.Context, st *store.Store, dir string) error {
	truth, err := readTruth(filepath.Join(dir, "truth", "complaints.csv"))
	if err != nil {
		return err
	}
	data, err := os.ReadFile(filepath.Join(dir, "truth", "incidents.json"))
	if err != nil {
		return err
	}
	var incidents []incident
	if err := json.Unmarshal(data, &incidents); err != nil {
		return fmt.Errorf("read the planted incidents: %w", err)
	}
	rows := [][]string{{e.t("demo_planted"), e.t("demo_found")}}
	for _, in := range incidents {
		row, err := e.compareIncident(ctx, st, in, truth)
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	abuse, err := e.compareAbuse(ctx, st, truth)
	if err != nil {
		return err
	}
	if !e.quiet {
		fmt.Fprintln(e.out)
		table(e.out, rows)
		fmt.Fprintln(e.out)
		table(e.out, abuse)
		fmt.Fprintln(e.out)
	}
	return nil
}

// planted is the truth about one complaint.
type planted struct{ motive, incident string }

func readTruth(path string) (map[string]planted, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := csv.NewReader(f)
	if _, err := r.Read(); err != nil { // id,motive,group,incident,cause,type,refuted,logs
		return nil, fmt.Errorf("read the planted truth: %w", err)
	}
	out := map[string]planted{}
	for {
		row, err := r.Read()
		if row == nil {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the planted truth: %w", err)
		}
		out[row[0]] = planted{motive: row[1], incident: row[3]}
	}
}

const incidentsQuery = `select i.id, coalesce(t.label, ''), i.start_at, i.end_at, c.external_id
	from incident i join incident_member m on m.run = i.run and m.incident = i.id join complaint c on c.seq = m.seq
	left join theme t on t.run = i.themes_run and t.id = i.theme
	where i.run = (select max(id) from run where kind = 'incidents') and i.start_at < ? and i.end_at > ?`

// compareIncident looks for the incidents that overlap a planted one and names
// the one that holds most of its complaints.
func (e *env) compareIncident(ctx context.Context, st *store.Store, in incident, truth map[string]planted) ([]string, error) {
	rows, err := st.Query(ctx, incidentsQuery, in.Last, in.First)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	type crowd struct {
		label    string
		from, to time.Time
		n, hits  int
	}
	found := map[int64]*crowd{}
	best := int64(0)
	for rows.Next() {
		var id int64
		var c crowd
		var complaint string
		if err := rows.Scan(&id, &c.label, &c.from, &c.to, &complaint); err != nil {
			return nil, err
		}
		if found[id] == nil {
			found[id] = &c
		}
		if found[id].n++; truth[complaint].incident == in.ID {
			found[id].hits++
		}
		if b := found[best]; b == nil || found[id].hits > b.hits || found[id].hits == b.hits && id < best {
			best = id
		}
	}
	name := fmt.Sprintf("%s %s, %s – %s", e.words.Name("type", in.Type), in.Service, short(in.First), short(in.Last))
	b := found[best]
	if b == nil || b.hits*2 < b.n {
		return []string{name, e.t("demo_missed")}, rows.Err()
	}
	return []string{name, e.t("demo_incident", "id", best, "label", b.label, "from", short(b.from), "to", short(b.to), "n", b.n, "of", b.hits)}, rows.Err()
}

func short(t time.Time) string { return t.UTC().Format("01-02 15:04") }

// compareAbuse counts the flagged complaints by what they really were.
func (e *env) compareAbuse(ctx context.Context, st *store.Store, truth map[string]planted) ([][]string, error) {
	rows, err := st.Query(ctx, `select c.external_id, d.flagged from decision d join complaint c using (seq)
		where d.run = (select max(id) from run where kind = 'score')`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var n, flagged struct{ abuse, honest, crowd int }
	for rows.Next() {
		var id string
		var flag bool
		if err := rows.Scan(&id, &flag); err != nil {
			return nil, err
		}
		t, one := truth[id], 0
		if flag {
			one = 1
		}
		switch {
		case t.motive != "honest":
			n.abuse++
			flagged.abuse += one
		default:
			n.honest++
			flagged.honest += one
			if t.incident != "" {
				n.crowd++
				flagged.crowd += one
			}
		}
	}
	share := func(a, b int) string {
		return fmt.Sprintf("%.1f %% (%s / %s)", 100*float64(a)/float64(max(b, 1)), thousands(int64(a)), thousands(int64(b)))
	}
	return [][]string{
		{e.t("demo_recall"), share(flagged.abuse, n.abuse)},
		{e.t("demo_precision"), share(flagged.abuse, flagged.abuse+flagged.honest)},
		{e.t("demo_crowd"), share(flagged.crowd, n.crowd)},
	}, rows.Err()
}
