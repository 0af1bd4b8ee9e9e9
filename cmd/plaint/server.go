package main

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"crypto/sha256"

	"plaint/internal/store"
)

// A process that serves owns the database file. Every other command of the
// same user hands itself over to it: command line, folder and standard input
// go in, output and exit status come back, over a Unix socket that only this
// user can open.

// server is the open store that handed-over commands run on.
type server struct {
	store *store.Store
}

// call is what a command tells the server before its standard input.
type call struct {
	Args     []string
	Cwd      string
	Lang     string
	Terminal bool
}

// Frames: one byte says what follows, four bytes how long it is.
const (
	frameIn = iota
	frameOut
	frameErr
	frameExit
)

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
		return "", fmt.Errorf("%s must be a folder that only you can open", dir)
	}
	sum := sha256.Sum256([]byte(db))
	return filepath.Join(dir, hex.EncodeToString(sum[:8])+".sock"), nil
}

// forward hands this command over to the server of the database file.
func (e *env) forward(ctx context.Context) (int, error) {
	path, err := socketPath(e.path(e.db))
	if err != nil {
		return exitFailed, err
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", path)
	if err != nil {
		return exitFailed, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if err := json.NewEncoder(conn).Encode(call{Args: e.args, Cwd: e.cwd, Lang: e.langTag, Terminal: e.terminal}); err != nil {
		return exitFailed, err
	}
	go e.sendInput(conn)
	for {
		kind, data, err := readFrame(conn)
		if err != nil {
			return exitFailed, fmt.Errorf("the server of the file went away: %w", err)
		}
		switch kind {
		case frameOut:
			_, err = e.out.Write(data)
		case frameErr:
			_, err = e.err.Write(data)
		case frameExit:
			return int(binary.BigEndian.Uint32(data)), nil
		}
		if err != nil {
			return exitFailed, err
		}
	}
}

// sendInput passes standard input on; an empty frame is its end.
func (e *env) sendInput(conn net.Conn) {
	buf := make([]byte, 32<<10)
	if f, ok := e.in.(*os.File); ok && isTerminal(f) {
		_ = writeFrame(conn, frameIn, nil) // the other end may be gone: the reader will say so
		return
	}
	for {
		n, err := e.in.Read(buf)
		if n > 0 && writeFrame(conn, frameIn, buf[:n]) != nil {
			return
		}
		if err != nil {
			_ = writeFrame(conn, frameIn, nil)
			return
		}
	}
}

const maxFrame = 1 << 20

func writeFrame(w io.Writer, kind byte, data []byte) error {
	head := make([]byte, 5, 5+len(data))
	head[0] = kind
	binary.BigEndian.PutUint32(head[1:], uint32(len(data)))
	_, err := w.Write(append(head, data...))
	return err
}

func readFrame(r io.Reader) (byte, []byte, error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n > maxFrame {
		return 0, nil, errors.New("a frame is too long")
	}
	data := make([]byte, n)
	_, err := io.ReadFull(r, data)
	return head[0], data, err
}

// frames writes one of the two outputs of a handed-over command.
type frames struct {
	mu   *sync.Mutex
	conn net.Conn
	kind byte
}

func (f frames) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for sent := 0; sent < len(p); {
		part := p[sent:min(len(p), sent+maxFrame)]
		if err := writeFrame(f.conn, f.kind, part); err != nil {
			return sent, err
		}
		sent += len(part)
	}
	return len(p), nil
}

// input is the standard input of a handed-over command.
type input struct {
	conn io.Reader
	rest []byte
	end  bool
}

func (i *input) Read(p []byte) (int, error) {
	for len(i.rest) == 0 {
		if i.end {
			return 0, io.EOF
		}
		_, data, err := readFrame(i.conn)
		if err == io.EOF {
			err = io.ErrUnexpectedEOF // the caller died: half an input is no input
		}
		if err != nil {
			return 0, err
		}
		i.rest, i.end = data, len(data) == 0
	}
	n := copy(p, i.rest)
	i.rest = i.rest[n:]
	return n, nil
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
// the last of them.
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

func (s *server) handle(ctx context.Context, conn net.Conn) {
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second)) // a connection that says nothing
	line, err := readLine(conn)
	if err != nil {
		return
	}
	var c call
	if json.Unmarshal(line, &c) != nil {
		return
	}
	_ = conn.SetReadDeadline(time.Time{})
	var mu sync.Mutex
	e := &env{ctx: ctx, in: &input{conn: conn}, out: frames{&mu, conn, frameOut}, err: frames{&mu, conn, frameErr},
		cwd: c.Cwd, args: c.Args, terminal: c.Terminal, langTag: c.Lang, shared: s}
	code := e.run()
	mu.Lock()
	defer mu.Unlock()
	_ = writeFrame(conn, frameExit, binary.BigEndian.AppendUint32(nil, uint32(code))) // the caller may be gone
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
