package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"plaint/cmd/plaint/settings"
	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/internal/store/keep"
	"plaint/scoring/model"
)

// loaded makes a database of some complaints, closed or, with log, as a crash
// leaves it: with a log of several commits.
func loaded(t *testing.T, path string, log bool) {
	t.Helper()
	work := path
	if log {
		work = filepath.Join(t.TempDir(), "work.db")
	}
	st, err := store.Open(t.Context(), work, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 12 {
		c := record.Complaint{Customer: fmt.Sprint("U", i), Contact: fmt.Sprint("plain contact ", i), Body: strings.Repeat("still waiting ", 20), Received: record.At(time.Date(2026, 1, 5, 8, i, 0, 0, time.UTC))}
		c.Source, c.ExternalID = "desk", fmt.Sprint("C", i)
		c.Stamp(nil)
		if _, err := st.Admit(t.Context(), &record.Batch{Input: "x", Complaints: []record.Complaint{c}}, func(*record.Complaint, *record.History) record.Decision { return record.Decision{Model: "none"} }); err != nil {
			t.Fatal(err)
		}
	}
	if log {
		for _, end := range []string{"", ".wal"} {
			data, err := os.ReadFile(work + end)
			if err == nil {
				err = os.WriteFile(path+end, data, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
}

func spoil(t *testing.T, path string, at int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 1)
	if _, err := f.ReadAt(b, at); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 0x20
	if _, err := f.WriteAt(b, at); err != nil {
		t.Fatal(err)
	}
}

func sizeOf(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// sick is a database that something happened to.
type sick struct {
	name   string
	make   func(t *testing.T, dir, db string)
	args   []string // instead of doctor
	nobody bool     // by a user who is not root
}

var sickFiles = []sick{
	{name: "doctor_healthy", make: func(t *testing.T, dir, db string) { loaded(t, db, false) }},
	{name: "doctor_no_database", make: func(*testing.T, string, string) {}},
	{name: "doctor_newer", make: func(t *testing.T, dir, db string) {
		loaded(t, db, false)
		st, err := store.Open(t.Context(), db, store.Options{})
		if err == nil {
			err = st.Change(t.Context(), func(w store.Writer) error {
				return w.Exec(t.Context(), "insert into plaint_version values (99, 'later', now()::timestamp)")
			})
		}
		if err != nil || st.Close() != nil {
			t.Fatal(err)
		}
	}},
	{name: "doctor_not_a_database", make: func(t *testing.T, dir, db string) {
		if err := os.WriteFile(db, []byte(strings.Repeat("this is not a database. ", 400)), 0o600); err != nil {
			t.Fatal(err)
		}
	}},
	{name: "doctor_cut_short", make: func(t *testing.T, dir, db string) {
		loaded(t, db, false)
		if err := os.Truncate(db, sizeOf(t, db)/2); err != nil {
			t.Fatal(err)
		}
	}},
	{name: "doctor_flipped_byte", make: func(t *testing.T, dir, db string) {
		loaded(t, db, false)
		f, err := os.ReadFile(db)
		if err != nil {
			t.Fatal(err)
		}
		spoil(t, db, int64(strings.Index(string(f), "plain contact")))
	}},
	{name: "doctor_flipped_byte_of_the_catalogue", make: func(t *testing.T, dir, db string) {
		loaded(t, db, false)
		f, err := os.ReadFile(db)
		if err != nil {
			t.Fatal(err)
		}
		spoil(t, db, int64(strings.LastIndex(string(f), "plaint_version")))
	}},
	{name: "doctor_damaged_log", make: func(t *testing.T, dir, db string) { loaded(t, db, true); spoil(t, db+".wal", sizeOf(t, db+".wal")/2) }},
	{name: "ingest_damaged_log", args: []string{"refused", "list"}, make: func(t *testing.T, dir, db string) {
		loaded(t, db, true)
		spoil(t, db+".wal", sizeOf(t, db+".wal")/2)
	}},
	{name: "doctor_cut_log", args: []string{"doctor", "--cut-log"}, make: func(t *testing.T, dir, db string) {
		loaded(t, db, true)
		spoil(t, db+".wal", sizeOf(t, db+".wal")/2)
	}},
	{name: "doctor_cut_log_of_a_whole_one", args: []string{"doctor", "--cut-log"}, make: func(t *testing.T, dir, db string) { loaded(t, db, true) }},
	{name: "doctor_torn_log", make: func(t *testing.T, dir, db string) {
		loaded(t, db, true)
		if err := os.Truncate(db+".wal", sizeOf(t, db+".wal")-30); err != nil {
			t.Fatal(err)
		}
	}},
	{name: "doctor_leftovers", make: func(t *testing.T, dir, db string) {
		loaded(t, db, false)
		old := time.Now().Add(-time.Hour)
		for _, name := range []string{db + ".new", db + ".before-20260101-000000"} {
			if err := os.WriteFile(name, []byte("x"), 0o600); err != nil || os.Chtimes(name, old, old) != nil {
				t.Fatal(err)
			}
		}
	}},
	{name: "doctor_read_only_file", nobody: true, make: func(t *testing.T, dir, db string) { loaded(t, db, false); os.Chmod(db, 0o444) }},
	{name: "doctor_read_only_folder", nobody: true, make: func(t *testing.T, dir, db string) {
		loaded(t, db, true)
		os.Chmod(db, 0o666)
		os.Chmod(db+".wal", 0o666)
		os.Chmod(dir, 0o555)
	}},
	{name: "doctor_read_only_disk", make: func(t *testing.T, dir, db string) {
		mount(t, dir, "size=64m", 0)
		loaded(t, db, true)
		mount(t, dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY)
	}},
	{name: "doctor_full_disk", make: func(t *testing.T, dir, db string) {
		mount(t, dir, "size=16m", 0)
		loaded(t, db, true)
		fill(t, filepath.Join(dir, "filler"))
	}},
	{name: "restore_of_a_damaged_backup", args: []string{"restore", "b.db"}, make: func(t *testing.T, dir, db string) {
		b := filepath.Join(dir, "b.db")
		loaded(t, b, false)
		f, err := os.ReadFile(b)
		if err != nil {
			t.Fatal(err)
		}
		spoil(t, b, int64(strings.Index(string(f), "plain contact")))
	}},
	{name: "restore_of_no_backup", args: []string{"restore", "b.db"}, make: func(*testing.T, string, string) {}},
	{name: "restore_over_a_database", args: []string{"restore", "b.db"}, make: func(t *testing.T, dir, db string) {
		loaded(t, db, false)
		loaded(t, filepath.Join(dir, "b.db"), false)
	}},
	{name: "backup_over_a_file", args: []string{"backup", "b.db"}, make: func(t *testing.T, dir, db string) {
		loaded(t, db, false)
		loaded(t, filepath.Join(dir, "b.db"), false)
	}},
	{name: "backup_over_itself", args: []string{"backup", "x.db", "--force"}, make: func(t *testing.T, dir, db string) { loaded(t, db, false) }},
	{name: "backup_without_room", args: []string{"backup", "small/b.db"}, make: func(t *testing.T, dir, db string) {
		loaded(t, db, false)
		small := filepath.Join(dir, "small")
		if err := os.Mkdir(small, 0o700); err != nil {
			t.Fatal(err)
		}
		mount(t, small, "size=16m", 0)
	}},
	{name: "erase_nobody", args: []string{"erase", "nobody", "--yes"}, make: func(t *testing.T, dir, db string) { loaded(t, db, false) }},
	{name: "erase_unconfirmed", args: []string{"erase", "U7"}, make: func(t *testing.T, dir, db string) { loaded(t, db, false) }},
	{name: "retention_of_nothing", args: []string{"retention"}, make: func(t *testing.T, dir, db string) { loaded(t, db, false) }},
}

func mount(t *testing.T, dir, options string, flags uintptr) {
	t.Helper()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", flags, options); err != nil {
		t.Skipf("a file system of its own needs the right to mount one: %v", err)
	}
	if flags == 0 {
		t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	}
}

// changing are numbers that are others on every machine and in every run.
var changing = regexp.MustCompile(`\d+(\.\d+)? ?(ms|µs|s)\b|\d{8}-\d{6}|\b[\d.,]+ MB|(at byte|第) [\d,]+|[\d,]+ (bytes|字节)`)

// TestSick keeps what the user sees of databases that something happened to, in
// both languages.
func TestSick(t *testing.T) {
	for _, c := range sickFiles {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			for _, lang := range []string{"en", "zh"} {
				dir := t.TempDir()
				c.make(t, dir, filepath.Join(dir, "x.db"))
				args := c.args
				if args == nil {
					args = []string{"doctor"}
				}
				args = append([]string{"--lang=" + lang, "--db", "x.db"}, args...)
				code, said := 0, ""
				if c.nobody {
					code, said = asNobody(t, dir, args)
					os.Chmod(dir, 0o700)
				} else {
					code, said = cli(t, dir, args...)
				}
				said = changing.ReplaceAllString(strings.ReplaceAll(said, dir+"/", ""), "…")
				fmt.Fprintf(&b, "%s: exit status %d\n%s\n", lang, code, strings.ReplaceAll(said, dir, "."))
			}
			golden(t, filepath.Join("testdata", "hostile", c.name+".txt"), b.String())
		})
	}
}

// asNobody runs the program as a user whom the rights of files hold for.
func asNobody(t *testing.T, dir string, args []string) (int, string) {
	t.Helper()
	c := program(t, dir, args...)
	if os.Getuid() == 0 {
		for p := dir; p != filepath.Dir(os.TempDir()) && p != "/"; p = filepath.Dir(p) {
			if info, err := os.Stat(p); err == nil && info.Mode().Perm()&0o005 != 0o005 {
				os.Chmod(p, info.Mode().Perm()|0o055)
				t.Cleanup(func() { os.Chmod(p, info.Mode().Perm()) })
			}
		}
		test := filepath.Join(t.TempDir(), "plaint")
		os.Chmod(filepath.Dir(test), 0o755)
		if err := exec.Command("cp", os.Args[0], test).Run(); err != nil {
			t.Fatal(err)
		}
		c.Path = test
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := c.CombinedOutput()
	if c.ProcessState == nil {
		t.Fatal(err)
	}
	return c.ProcessState.ExitCode(), string(out)
}

// TestKeepThroughAServer runs every command while a server owns the file.
func TestKeepThroughAServer(t *testing.T) {
	dir := t.TempDir()
	d := desk{t, dir}
	d.write("a.csv", "id,customer,contact,received,body\nC1,UMARKED77,m@x.example,2020-01-05,the secret letter\nC2,U2,n@x.example,2026-01-05,another\n")
	d.write("plaint.yaml", "retention:\n  complaints: 400d\n")
	loaded(t, filepath.Join(dir, "other.db"), false)
	_, url := serving(t, dir)
	say(t, dir, exitDone, "ingest", "a.csv")
	if said := say(t, dir, exitDone, "backup", "b.db"); !strings.Contains(said, "Verified") {
		t.Error(said)
	}
	if said := say(t, dir, exitFailed, "backup", "b.db"); !strings.Contains(said, "is there already") {
		t.Error(said)
	}
	say(t, dir, exitDone, "backup", "b.db", "--force")
	if said := say(t, dir, exitDone, "doctor"); !strings.Contains(said, "Healthy") {
		t.Error(said)
	}
	if said := say(t, dir, exitFailed, "restore", "b.db", "--force"); !strings.Contains(said, "open in another process") {
		t.Error(said)
	}
	if said := say(t, dir, exitFailed, "doctor", "--cut-log"); !strings.Contains(said, "open in another process") {
		t.Error(said)
	}
	if said := say(t, dir, exitDone, "retention", "--dry-run"); !strings.Contains(said, "complaint") {
		t.Error(said)
	}
	c := program(t, dir, "erase", "UMARKED77", "--db", "x.db")
	c.Stdin = strings.NewReader("yes\n")
	if out, err := c.CombinedOutput(); err != nil || !strings.Contains(string(out), "written anew") {
		t.Fatalf("%v %s", err, out)
	}
	if data, err := os.ReadFile(filepath.Join(dir, "x.db")); err != nil || strings.Contains(string(data), "secret letter") || strings.Contains(string(data), "UMARKED77") {
		t.Error("the old bytes are still in the file", err)
	}
	if said := say(t, dir, exitDone, "erase", "UMARKED77", "--yes"); !strings.Contains(said, "Nothing found") {
		t.Error(said)
	}
	if said := say(t, dir, exitDone, "doctor", "--json"); !strings.Contains(said, `"findings":[]`) {
		t.Error(said)
	}
	get(t, url+"readyz")
	say(t, dir, exitDone, "ingest", "a.csv") // known, and nothing comes back
	if said := say(t, dir, exitDone, "query", "--format", "csv", "select count(*) as n from complaint"); said != "n\n2\n" {
		t.Error(said)
	}
}

// TestHouse applies the retention in a server by itself.
func TestHouse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	loaded(t, path, false)
	later := time.Now().Add(30 * 365 * 24 * time.Hour)
	st, err := store.Open(t.Context(), path, store.Options{Now: func() time.Time { return later }})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	m, err := model.Load(model.Default)
	if err != nil {
		t.Fatal(err)
	}
	s := &settings.Settings{Retention: map[string]settings.MaxAge{"complaints": settings.MaxAge(24 * time.Hour)}}
	var said lockedBuffer
	e := &env{err: &said}
	v := service{store: st, judge: newJudge(m, false), settings: s}
	for range 2 {
		e.keepOnce(t.Context(), v, e.log())
	}
	var blank, runs int
	if err := st.QueryRow(t.Context(), "select (select count(*) from complaint where body is null), (select count(*) from keeping where kind = 'retention' and actor = 'server')").Scan(&blank, &runs); err != nil || blank != 12 || runs != 1 {
		t.Errorf("%d blank, %d runs, %v, %s", blank, runs, err, said.String())
	}
	if last, err := keep.LastRun(t.Context(), st); err != nil || last.IsZero() {
		t.Error(last, err)
	}
}

// TestAClockThatWasSet keeps the retention from believing a clock that jumped.
func TestAClockThatWasSet(t *testing.T) {
	begin := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	k := steady{wall: begin}
	for _, x := range []struct {
		wall, went time.Duration
		jumps      bool
		trusted    bool
	}{
		{time.Minute, time.Minute, false, true},
		{time.Hour + 4*time.Minute, time.Hour, false, true}, // a clock that is a little fast
		{3*365*24*time.Hour + 2*time.Hour, 2 * time.Hour, true, false},
		{3*365*24*time.Hour + 3*time.Hour, 3 * time.Hour, false, false},
		{4 * time.Hour, 4 * time.Hour, true, false}, // and back
		{27 * time.Hour, 27 * time.Hour, false, false},
		{29 * time.Hour, 29 * time.Hour, false, true},
	} {
		jump, trusted := k.look(begin.Add(x.wall), x.went)
		if (jump != 0) != x.jumps || trusted != x.trusted {
			t.Errorf("after %v: jump %v, trusted %v", x.went, jump, trusted)
		}
	}
}
