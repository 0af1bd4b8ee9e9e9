package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// Frames: one byte says what follows, four bytes how long it is.
const (
	frameIn     = iota // to the server: a piece of standard input, empty at its end
	frameOut           // to the caller: standard output
	frameErr           // to the caller: standard error
	frameExit          // to the caller: the exit status, the last frame
	frameWant          // to the caller: the command reads standard input
	frameCancel        // to the server: the user stopped the command
)

// pieceSize is how much of standard input is sent at a time.
const pieceSize = 256 << 10

// mostWait is how long a command that the user stopped may take to end in the
// server before its caller leaves.
const mostWait = 10 * time.Second

// handOver runs this command in the server of the database file, which another
// process holds locked. Where no server answers, the lock is what is said.
func (e *env) handOver(ctx context.Context, locked error) error {
	conn, err := e.dial(ctx)
	if err != nil {
		return errors.Join(locked, err)
	}
	defer conn.Close()
	code, err := e.forward(ctx, conn)
	if err == nil && code != exitDone {
		return status(code)
	}
	return err
}

func (e *env) dial(ctx context.Context) (net.Conn, error) {
	path, err := socketPath(e.path(e.db))
	if err != nil {
		return nil, err
	}
	var d net.Dialer
	return d.DialContext(ctx, "unix", path)
}

// forward hands this command over to the server of the database file.
func (e *env) forward(ctx context.Context, conn net.Conn) (int, error) {
	if err := json.NewEncoder(conn).Encode(call{Args: e.args, Cwd: e.cwd, Lang: e.langTag, Terminal: e.terminal}); err != nil {
		return exitFailed, err
	}
	var mu sync.Mutex
	to := func(kind byte) frames { return frames{&mu, conn, kind} }
	defer context.AfterFunc(ctx, func() {
		_ = conn.SetReadDeadline(time.Now().Add(mostWait))
		_, _ = to(frameCancel).Write([]byte{0}) // the server may be gone: the reader will say so
	})()
	return e.follow(ctx, conn, to(frameIn))
}

// follow shows what the server says until it tells the exit status.
func (e *env) follow(ctx context.Context, conn net.Conn, in frames) (int, error) {
	for {
		kind, data, err := readFrame(conn)
		if err != nil && ctx.Err() != nil {
			return exitFailed, &worded{"err_left", nil}
		}
		if err != nil {
			return exitFailed, &worded{"err_server_gone", nil}
		}
		switch kind {
		case frameOut:
			_, err = e.out.Write(data)
		case frameErr:
			_, err = e.err.Write(data)
		case frameWant:
			go e.sendPiece(in)
		case frameExit:
			if len(data) != 4 {
				return exitFailed, &worded{"err_server_gone", nil}
			}
			return int(binary.BigEndian.Uint32(data)), nil
		}
		if err != nil {
			return exitFailed, err
		}
	}
}

// sendPiece passes one piece of standard input on, or its end.
func (e *env) sendPiece(to frames) {
	buf := make([]byte, pieceSize)
	n, err := e.in.Read(buf)
	for n == 0 && err == nil {
		n, err = e.in.Read(buf)
	}
	if n == 0 && err != io.EOF {
		to.kind = frameCancel // half an input is no input
	}
	_, _ = to.Write(buf[:n]) // the server may be gone: the reader will say so
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

// frames writes frames of one kind; the kinds share the connection.
type frames struct {
	mu   *sync.Mutex
	conn net.Conn
	kind byte
}

func (f frames) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(p) == 0 {
		return 0, writeFrame(f.conn, f.kind, nil)
	}
	for sent := 0; sent < len(p); {
		part := p[sent:min(len(p), sent+maxFrame)]
		if err := writeFrame(f.conn, f.kind, part); err != nil {
			return sent, err
		}
		sent += len(part)
	}
	return len(p), nil
}

// input is the standard input of a handed-over command. Each piece is asked
// for: a command that does not read takes nothing from its caller.
type input struct {
	ctx  context.Context
	want frames
	more chan []byte // one piece; an empty one is the end
	rest []byte
	end  bool
}

func (i *input) Read(p []byte) (int, error) {
	if len(i.rest) == 0 && !i.end {
		if _, err := i.want.Write([]byte{0}); err != nil {
			return 0, err
		}
		select {
		case i.rest = <-i.more:
			i.end = len(i.rest) == 0
		case <-i.ctx.Done():
			return 0, context.Cause(i.ctx) // half an input is no input
		}
	}
	if i.end {
		return 0, io.EOF
	}
	n := copy(p, i.rest)
	i.rest = i.rest[n:]
	return n, nil
}

// listen takes what the caller sends until it is gone, which ends its command,
// as does its user's Ctrl-C.
func (i *input) listen(conn io.Reader, cancel context.CancelCauseFunc) {
	for {
		kind, data, err := readFrame(conn)
		if err != nil {
			cancel(errGone)
			return
		}
		switch kind {
		case frameCancel:
			cancel(errStopped)
		case frameIn:
			select {
			case i.more <- data:
			case <-i.ctx.Done():
			}
		}
	}
}
