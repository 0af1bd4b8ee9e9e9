// Package columnar reads the rows of Parquet and Arrow files as text. Their
// decoders believe the counts and lengths that a file holds: a few bytes make
// them ask for more memory than there is, which ends the process and cannot be
// recovered from. So they run in a child, bounded by the kernel, that gets the
// open file and gives rows; if it dies, that is the file's fault and no more.
package columnar

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"plaint/internal/child"
	"plaint/internal/record"
)

// Form is how a file is laid out.
type Form string

// The forms; an Arrow file has an index at its end, a stream has none.
const (
	Parquet Form = "parquet"
	Arrow   Form = "arrow"
	Stream  Form = "stream"
)

// The bounds of a child. Measured: a Parquet file of 320 MB in one row group
// takes 240 MB and 7 s, an Arrow file of 900 MB in one record batch 1.8 GB, since
// a batch is read whole, and 4 s.
const (
	mostMemory = 2 << 30
	leastCPU   = 20 * time.Second
	cpuPerMB   = 5 * time.Second // what is packed well takes a hundred times less
	// Dictionaries and runs let an honest file hold far more text than bytes, but
	// not as much as one that was made for it.
	bombRatio = 1000
	bombFloor = 64 << 20
)

const childName = "__columnar"

// Main is the child's main. It belongs at the start of main, and of TestMain,
// in every program that calls Open; it returns in every other process.
func Main() { child.Main(childName, decodeStdin) }

// decodeStdin decodes the file that is open as standard input.
func decodeStdin(args []string) error {
	if len(args) != 2 {
		return errors.New("want a form and seconds")
	}
	seconds, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	child.Limits{Memory: mostMemory, CPU: time.Duration(seconds) * time.Second}.Set()
	debug.SetMemoryLimit(mostMemory / 2) // an honest file's garbage is no reason to die
	w := newWriter(os.Stdout)
	if err := w.hello(); err != nil {
		return err
	}
	return decode(os.Stdin, Form(args[0]), w)
}

// Rows are the rows of a file. They must be closed, and serve one goroutine.
type Rows struct {
	Header []string

	ctx    context.Context
	cancel context.CancelFunc
	cmd    *exec.Cmd
	cpu    time.Duration
	frames reader
	stderr beginning
	size   int64 // of the file
	end    error
}

// Open starts to decode a file and reads its header. The error is a *Fault
// where it is the file's, and the context's cause where that has ended.
func Open(ctx context.Context, path string, form Form) (*Rows, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &Fault{NotReadable, path}
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, &Fault{NotReadable, path}
	}
	r := &Rows{size: info.Size(), cpu: leastCPU + cpuPerMB*time.Duration(info.Size()>>20)}
	r.ctx, r.cancel = context.WithCancel(ctx)
	if err := r.start(f, form); err != nil {
		r.cancel()
		return nil, cmp.Or(context.Cause(ctx), err)
	}
	if r.Header, err = r.open(); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// open waits for the child and the header.
func (r *Rows) open() ([]string, error) {
	kind, _, err := r.frames.frame()
	switch {
	case r.ctx.Err() != nil:
		return nil, context.Cause(r.ctx)
	case err != nil || kind != frameHello: // that is no file's fault
		return nil, fmt.Errorf("start the decoder: %s", r.gone())
	}
	header, err := r.next(frameHeader)
	if err == io.EOF {
		err = bad("it has no header")
	}
	return header, err
}

func (r *Rows) start(f *os.File, form Form) error {
	cmd, err := child.Command(r.ctx, childName, string(form), strconv.Itoa(int(r.cpu.Seconds())))
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("start the decoder: %w", err)
	}
	cmd.Stdin, cmd.Stderr = f, &r.stderr
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the decoder: %w", err)
	}
	r.cmd, r.frames.in = cmd, bufio.NewReaderSize(out, 256<<10)
	return nil
}

// Next returns a row's cells, nil an empty string. A row of more than MaxRow
// bytes is cut off one byte behind that. After the last row it returns io.EOF,
// or a *Fault; where the context has ended, its cause.
func (r *Rows) Next() ([]string, error) {
	if r.end != nil {
		return nil, r.end
	}
	cells, err := r.next(frameRow)
	r.end = err
	return cells, err
}

func (r *Rows) next(want byte) ([]string, error) {
	kind, cells, err := r.frames.frame()
	switch {
	case r.ctx.Err() != nil: // whatever was read, it was killed
		return nil, context.Cause(r.ctx)
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return nil, bad(r.gone())
	case err != nil:
		return nil, bad(err)
	case kind == frameFault && len(cells) == 2:
		return nil, &Fault{record.Code(cells[0]), cells[1]}
	case kind == frameEnd:
		return nil, io.EOF
	case kind != want:
		return nil, bad(errFrame)
	case r.frames.read > bombFloor && r.frames.read > bombRatio*r.size:
		return nil, &Fault{Bomb, fmt.Sprintf("%d bytes unpack to more than %d", r.size, r.frames.read)}
	}
	return cells, nil
}

// Close ends the child.
func (r *Rows) Close() {
	r.cancel()
	_ = r.cmd.Wait() // it was killed, or its death was told already
}

// outOfMemory is what the runtime, C and the race detector say of it.
var outOfMemory = regexp.MustCompile("out of memory|cannot allocate memory|failed to allocate|address space")

// gone ends the child, if it has not ended, and says what it died of.
func (r *Rows) gone() string {
	r.cancel()
	err := r.cmd.Wait()
	said, _, _ := strings.Cut(strings.TrimSpace(string(r.stderr)), "\n")
	state := r.cmd.ProcessState
	switch {
	case outOfMemory.MatchString(said):
		return fmt.Sprintf("decoding it takes more than %d GiB of memory", mostMemory>>30)
	case state != nil && state.UserTime()+state.SystemTime() > r.cpu-time.Second:
		return "decoding it takes too long"
	case said != "":
		return "the decoder died: " + said
	}
	return fmt.Sprint("the decoder died: ", err)
}

// beginning keeps the first bytes that are written to it.
type beginning []byte

func (b *beginning) Write(p []byte) (int, error) {
	*b = append(*b, p[:min(len(p), maxDetail-len(*b))]...)
	return len(p), nil
}
