package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"plaint/ingest/stream"
	"plaint/internal/store"
)

// A process that serves owns the database file. Every other command of the
// same user hands itself over to it: command line, folder and, where the
// command reads it, standard input go in, output and exit status come back,
// over a Unix socket that only this user can open.

// server is the open store that handed-over commands run on.
type server struct {
	store   *store.Store
	url     string // where it serves
	sources []stream.Running
	judge   *judge
	log     *slog.Logger
}

// Why a command ends before its time; the reason has words of its own.
var (
	errStopping = errors.New("the server is stopping")
	errStopped  = errors.New("the user stopped the command")
	errGone     = errors.New("the caller is gone")
)

// call is what a command tells the server before anything else.
type call struct {
	Args     []string
	Cwd      string
	Lang     string
	Terminal bool
}

// socketPath is where the server of a database file listens: a short path in a
// folder of this user's, since the path of a socket may not be long.
func socketPath(db string) (string, error) {
	if real, err := filepath.EvalSymlinks(db); err == nil {
		db = real
	}
	base := os.Getenv("XDG_RUNTIME_DIR")
	if base == "" {
		base = os.TempDir()
	}
	dir := filepath.Join(base, fmt.Sprintf("plaint-%d", os.Getuid()))
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return "", err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || info.Mode().Perm() != 0o700 || !ok || int(owner.Uid) != os.Getuid() {
		return "", &worded{"err_socket_folder", []any{"path", dir}}
	}
	sum := sha256.Sum256([]byte(db))
	return filepath.Join(dir, hex.EncodeToString(sum[:8])+".sock"), nil
}

// listen opens the socket for handed-over commands. The file's lock says that
// no other server is alive, so a socket that is left over is removed.
func (s *server) listen(db string) (net.Listener, error) {
	path, err := socketPath(db)
	if err != nil {
		return nil, err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	return l, os.Chmod(path, 0o600)
}

// accept runs handed-over commands until the listener closes; it returns after
// the last of them. When the context ends, all of them are cancelled.
func (s *server) accept(ctx context.Context, l net.Listener) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		wg.Go(func() {
			defer conn.Close()
			s.handle(ctx, conn)
		})
	}
}

const (
	mostSilence  = 10 * time.Second // of a connection that does not say what it wants
	mostFarewell = 10 * time.Second // to a caller that does not take what it is told when the server stops
)

func (s *server) handle(ctx context.Context, conn net.Conn) {
	_ = conn.SetReadDeadline(time.Now().Add(mostSilence))
	hush := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Now()) })
	line, err := readLine(conn)
	var c call
	if err != nil || json.Unmarshal(line, &c) != nil {
		return
	}
	hush()
	_ = conn.SetReadDeadline(time.Time{})
	defer context.AfterFunc(ctx, func() { _ = conn.SetWriteDeadline(time.Now().Add(mostFarewell)) })()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var mu sync.Mutex
	to := func(kind byte) frames { return frames{&mu, conn, kind} }
	in := &input{ctx: ctx, more: make(chan []byte, 1), want: to(frameWant)}
	go in.listen(conn, cancel)
	e := &env{ctx: ctx, in: in, out: to(frameOut), err: to(frameErr), cwd: c.Cwd, args: c.Args, terminal: c.Terminal, langTag: c.Lang, umask: 0o022, shared: s}
	code := e.guarded()
	_, _ = to(frameExit).Write(binary.BigEndian.AppendUint32(nil, uint32(code))) // the caller may be gone
}

// guarded runs a command of somebody else: its fault is not the server's end.
func (e *env) guarded() (code int) {
	defer func() {
		if r := recover(); r != nil {
			e.shared.log.Error("a command failed", "fault", fmt.Sprint(r), "stack", string(debug.Stack()))
			fmt.Fprintf(e.err, "%s: %s\n", e.t("error"), e.t("err_other", "reason", r))
			code = exitFailed
		}
	}()
	return e.run()
}

// readLine reads up to a line break byte by byte: what follows belongs to the
// command.
func readLine(r io.Reader) ([]byte, error) {
	var out []byte
	var b [1]byte
	for len(out) < maxFrame {
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return nil, err
		}
		if b[0] == '\n' {
			return out, nil
		}
		out = append(out, b[0])
	}
	return nil, errors.New("a line is too long")
}
