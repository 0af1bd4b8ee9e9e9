package table

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"plaint/ingest/stream"
)

// real is a database server that runs as a child of the tests, on this machine
// alone, with its data in a temporary folder.
type real struct {
	kind, address string
	missing       string // why there is none
	cmd           *exec.Cmd
	dir           string
	number        atomic.Int64
}

var started struct {
	sync.Mutex
	all map[string]*real
}

func TestMain(m *testing.M) {
	code := m.Run()
	for _, s := range started.all {
		if s.cmd != nil {
			_ = s.cmd.Process.Signal(syscall.SIGQUIT)
			_ = s.cmd.Process.Kill()
			_ = s.cmd.Wait()
		}
		os.RemoveAll(s.dir)
	}
	os.Exit(code)
}

// server starts a kind of server once, or skips the test.
func realServer(t testing.TB, kind string) *real {
	t.Helper()
	started.Lock()
	defer started.Unlock()
	if started.all == nil {
		started.all = map[string]*real{}
	}
	s := started.all[kind]
	if s == nil {
		s = &real{kind: kind}
		started.all[kind] = s
		if err := s.start(); err != nil {
			s.missing = err.Error()
		}
	}
	if s.missing != "" {
		t.Skipf("no %s server can be run here: %s", kind, s.missing)
	}
	return s
}

func find(names ...string) (string, error) {
	for _, n := range names {
		if p, err := exec.LookPath(n); err == nil {
			return p, nil
		}
		if found, _ := filepath.Glob(n); len(found) > 0 {
			return found[len(found)-1], nil
		}
	}
	return "", fmt.Errorf("%s is not installed", filepath.Base(names[0]))
}

// as runs a command as somebody who is not root: the servers refuse to be.
func as(who, path string, args ...string) (*exec.Cmd, error) {
	cmd := exec.Command(path, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // tests that crash leave no server behind
	if os.Geteuid() != 0 {
		return cmd, nil
	}
	u, err := user.Lookup(who)
	if err != nil {
		return nil, err
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return cmd, nil
}

func (s *real) start() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.address = l.Addr().String()
	l.Close()
	if s.dir, err = os.MkdirTemp("", "plaint-"+s.kind); err != nil {
		return err
	}
	if err := os.Chmod(s.dir, 0o777); err != nil {
		return err
	}
	if s.kind == "postgres" {
		err = s.startPostgres()
	} else {
		err = s.startMySQL()
	}
	if err != nil {
		return err
	}
	var last error
	for limit := time.Now().Add(time.Minute); time.Now().Before(limit); time.Sleep(50 * time.Millisecond) {
		if last = s.try("postgres", "select 1"); last == nil {
			return nil
		}
	}
	return last
}

func (s *real) startPostgres() error {
	initdb, err := find("initdb", "/usr/lib/postgresql/*/bin/initdb", "/usr/pgsql-*/bin/initdb")
	if err != nil {
		return err
	}
	data := filepath.Join(s.dir, "data")
	pw := filepath.Join(s.dir, "pw")
	if err := os.WriteFile(pw, []byte("s3cret"), 0o644); err != nil {
		return err
	}
	make, err := as("postgres", initdb, "-D", data, "-U", "postgres", "-A", "scram-sha-256", "--pwfile="+pw, "-E", "UTF8", "--locale=C", "-N")
	if err != nil {
		return err
	}
	if out, err := make.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	_, port, _ := net.SplitHostPort(s.address)
	s.cmd, err = as("postgres", filepath.Join(filepath.Dir(initdb), "postgres"), "-D", data, "-p", port, "-h", "127.0.0.1", "-k", s.dir, "-c", "fsync=off", "-c", "shared_buffers=32MB")
	if err != nil {
		return err
	}
	return s.cmd.Start()
}

func (s *real) startMySQL() error {
	install, err := find("mariadb-install-db", "mysql_install_db")
	if err != nil {
		return err
	}
	server, err := find("mariadbd", "/usr/sbin/mariadbd", "mysqld", "/usr/sbin/mysqld")
	if err != nil {
		return err
	}
	data := filepath.Join(s.dir, "data")
	make, err := as("mysql", install, "--no-defaults", "--datadir="+data, "--auth-root-authentication-method=normal", "--skip-test-db")
	if err != nil {
		return err
	}
	if out, err := make.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	_, port, _ := net.SplitHostPort(s.address)
	sql := filepath.Join(s.dir, "init.sql")
	if err := os.WriteFile(sql, []byte("create user 'anna'@'%' identified by 's3cret';\ngrant all on *.* to 'anna'@'%';\ncreate database if not exists postgres;\n"), 0o644); err != nil {
		return err
	}
	s.cmd, err = as("mysql", server, "--no-defaults", "--datadir="+data, "--port="+port, "--bind-address=127.0.0.1", "--socket="+filepath.Join(s.dir, "s"), "--pid-file="+filepath.Join(s.dir, "pid"),
		"--init-file="+sql, "--innodb-flush-log-at-trx-commit=0", "--max-allowed-packet=64M", "--skip-name-resolve", "--default-time-zone=+08:00", "--innodb-buffer-pool-size=32M", "--performance-schema=off")
	if err != nil {
		return err
	}
	return s.cmd.Start()
}

func (s *real) dsn(database string) string {
	if s.kind == "postgres" {
		return "postgres://postgres:s3cret@" + s.address + "/" + database + "?sslmode=disable"
	}
	return "anna:s3cret@tcp(" + s.address + ")/" + database
}

// try runs statements on a connection of their own.
func (s *real) try(database string, statements ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if s.kind == "postgres" {
		c, err := pgconn.Connect(ctx, s.dsn(database))
		if err != nil {
			return err
		}
		defer c.Close(ctx)
		for _, st := range statements {
			if _, err := c.Exec(ctx, st).ReadAll(); err != nil {
				return fmt.Errorf("%.200s: %w", st, err)
			}
		}
		return nil
	}
	db, err := sql.Open("mysql", s.dsn(database))
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, st := range statements {
		if _, err := db.ExecContext(ctx, st); err != nil {
			return fmt.Errorf("%.200s: %w", st, err)
		}
	}
	return nil
}

// base is a database of its own for one test, reached over a relay that can be
// cut.
type base struct {
	*real
	t        testing.TB
	database string
	relay    net.Listener
	mu       sync.Mutex
	conns    []net.Conn
}

func database(t testing.TB, kind string) *base {
	t.Helper()
	s := realServer(t, kind)
	b := &base{real: s, t: t, database: fmt.Sprintf("t%d", s.number.Add(1))}
	if err := s.try("postgres", "create database "+b.database+map[string]string{"mysql": " character set utf8mb4"}[kind]); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.relay = l
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", s.address)
			if err != nil {
				in.Close()
				continue
			}
			b.mu.Lock()
			b.conns = append(b.conns, in, out)
			b.mu.Unlock()
			go func() { _, _ = io.Copy(out, in); out.Close() }()
			go func() { _, _ = io.Copy(in, out); in.Close() }()
		}
	}()
	t.Cleanup(func() { l.Close(); b.cut() })
	return b
}

func (b *base) cut() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.conns {
		c.Close()
	}
	b.conns = nil
}

func (b *base) run(statements ...string) {
	b.t.Helper()
	if err := b.try(b.database, statements...); err != nil {
		b.t.Fatal(err)
	}
}

// settings are those of a source over the relay.
func (b *base) settings() Settings {
	b.t.Setenv("TEST_DSN", strings.ReplaceAll(b.dsn(b.database), b.address, b.relay.Addr().String()))
	return Settings{Common: stream.Common{Name: "crm", As: "complaints"}, DSN: stream.Secret{Env: "TEST_DSN"},
		Table: "tickets", Cursor: "updated_at", ID: "id", Every: leastEvery, Batch: 50}
}

func (b *base) source(c Settings) stream.Source {
	b.t.Helper()
	s, err := sourceOf(b.kind, c)
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

func sourceOf(kind string, c Settings) (stream.Source, error) {
	switch kind {
	case "postgres":
		return Postgres{c}.Source()
	case "mysql":
		return MySQL{c}.Source()
	}
	return nil, errors.New(kind)
}

func onBoth(t *testing.T, f func(*testing.T, *base)) {
	for _, kind := range []string{"postgres", "mysql"} {
		t.Run(kind, func(t *testing.T) { f(t, database(t, kind)) })
	}
}

// stamp is the type of a column with microseconds.
func (b *base) stamp() string {
	if b.kind == "postgres" {
		return "timestamptz"
	}
	return "timestamp(6) null"
}
