package telemetry

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"plaint/ingest/file"
	"plaint/ingest/stream"
	"plaint/internal/record"
)

// Follow are the settings of a source that reads files while they grow.
type Follow struct {
	stream.Common `yaml:",inline"`
	Path          string `yaml:"path"` // a file, or a pattern of files
	// Format is lines, for plain log lines; ndjson, for one object a line as As or
	// Profile says; "" takes lines, and objects among them, where As says logs or
	// nothing, and ndjson otherwise.
	Format string        `yaml:"format"`
	From   string        `yaml:"from"`  // beginning reads rotated files first where nothing was read yet, "" only the path's own
	Poll   time.Duration `yaml:"poll"`  // how often files are looked at, 0 = 200ms
	Batch  int           `yaml:"batch"` // rows that are kept at a time, 0 = 10000

	settle time.Duration // a silence after which a stack trace is over
	rotate time.Duration // a rotated file is finished when it was silent for that long
}

// Limits of a follower.
const (
	mostFiles   = 512
	roundBytes  = 16 << 20 // of a batch
	rescanEvery = 5        // polls between looks for new files
)

// The formats.
const (
	formatLines  = "lines"
	formatNDJSON = "ndjson"
)

const fromBeginning = "beginning"

// Source checks the settings.
func (c *Follow) Source() (stream.Source, error) {
	s := *c
	switch _, err := filepath.Match(c.Path, ""); {
	case c.Name == "":
		return nil, stream.NoName()
	case c.Path == "":
		return nil, stream.Missing("path", "/var/log/app/*.log")
	case err != nil:
		return nil, stream.Wrong("err_source_pattern", "path", "value", stream.Shown(c.Path))
	case c.Poll < 0 || c.Poll > time.Minute:
		return nil, stream.Outside("poll", c.Poll, time.Millisecond, time.Minute)
	case c.From != "" && c.From != fromBeginning:
		return nil, stream.NoChoice("from", c.From, fromBeginning)
	case c.Batch < 0 || c.Batch > mostBatch:
		return nil, stream.Outside("batch", c.Batch, 1, mostBatch)
	}
	if _, _, err := s.decoder(); err != nil {
		return nil, err
	}
	fill(&s.Poll, 200*time.Millisecond)
	fill(&s.Batch, 10_000)
	fill(&s.settle, time.Second)
	fill(&s.rotate, 2*time.Second)
	return s.run, nil
}

// decoder makes rows of lines; join tells formats whose rows have several.
func (c *Follow) decoder() (decode func(*record.Batch, file.Message), join bool, err error) {
	isLogs := c.As == "" || c.As == record.Logs.String()
	switch {
	case c.Format != "" && c.Format != formatLines && c.Format != formatNDJSON:
		return nil, false, stream.NoChoice("format", c.Format, formatLines, formatNDJSON)
	case c.Format == formatLines && (!isLogs || c.Profile != ""):
		return nil, false, stream.Wrong("err_source_lines", "format")
	}
	common := c.Common
	common.Source = source(&c.Common)
	plain := c.Format == formatLines || c.Format == "" && isLogs && c.Profile == ""
	if plain {
		common.As = record.Logs.String()
	}
	o, err := common.Options()
	if err != nil {
		return nil, false, err
	}
	objects, err := file.NewDecoder(c.Name, o)
	if err != nil {
		return nil, false, stream.Unreadable("profile", err)
	}
	if !plain {
		return objects.Append, false, nil
	}
	lines, err := file.NewLineDecoder(c.Name, o)
	if err != nil {
		return nil, false, err
	}
	if c.Format == formatLines {
		return lines.Append, true, nil
	}
	return func(b *record.Batch, m file.Message) {
		if len(m.Body) > 1 && m.Body[0] == '{' && json.Valid(m.Body) {
			objects.Append(b, m)
			return
		}
		lines.Append(b, m)
	}, true, nil
}

// follower is one life of a Follow source. Everything happens in one goroutine:
// a round reads a little of each file and keeps it in one transaction.
type follower struct {
	c      *Follow
	to     stream.Sink
	decode func(*record.Batch, file.Message)
	join   bool
	tails  []*tail
	round  int
	opened bool
	left   map[string]bool // paths that were left out and said so
}

func (c *Follow) run(ctx context.Context, to stream.Sink) error {
	f := &follower{c: c, to: to, left: map[string]bool{}}
	var err error
	if f.decode, f.join, err = c.decoder(); err != nil {
		return err
	}
	defer func() {
		for _, t := range f.tails {
			t.close()
		}
	}()
	for ; ; f.round++ {
		more, err := f.once(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return err
		case more:
			continue
		}
		select {
		case <-time.After(c.Poll):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// once reads a little of each file and keeps it; more says that there is more to
// be read at once.
func (f *follower) once(ctx context.Context) (more bool, err error) {
	if f.round%rescanEvery == 0 || len(f.tails) == 0 {
		f.rescan()
	}
	b := &record.Batch{Input: f.c.Name}
	var taken []*tail
	var behind int64
	size, came := 0, time.Now()
	for i := range f.tails {
		t := f.tails[(i+f.round)%len(f.tails)] // the first is another one each time
		if b.Rows() >= f.c.Batch || size >= roundBytes {
			more = true
			break
		}
		n, again, err := t.step(ctx, b)
		if err != nil {
			return false, err
		}
		if n > 0 || t.moved {
			taken = append(taken, t)
		}
		size, more, behind = size+n, more || again, behind+t.behind()
	}
	if err := f.keep(ctx, b, taken, came); err != nil {
		return false, err
	}
	f.to.Meter.Behind(behind)
	return more, nil
}

// keep keeps a round's rows with the positions behind them.
func (f *follower) keep(ctx context.Context, b *record.Batch, taken []*tail, came time.Time) error {
	if len(taken) == 0 {
		return nil
	}
	for _, t := range taken {
		b.Positions = append(b.Positions, t.position())
	}
	f.to.Meter.Received(came)
	ctx, cancel := context.WithTimeout(ctx, admitWait)
	defer cancel()
	if _, err := f.to.Admit(ctx, b); err != nil {
		return fmt.Errorf("keep the rows of %d files: %w", len(taken), err)
	}
	f.to.Meter.Received(time.Time{})
	for _, t := range taken {
		t.moved = false
	}
	return nil
}

// rescan looks for files that are new.
func (f *follower) rescan() {
	paths := []string{f.c.Path}
	if _, err := os.Lstat(f.c.Path); err != nil { // what is there under its very name is no pattern
		if paths, err = filepath.Glob(f.c.Path); err != nil || len(paths) == 0 && !pattern(f.c.Path) {
			paths = []string{f.c.Path}
		}
	}
	known := func(path string) bool {
		return slices.ContainsFunc(f.tails, func(t *tail) bool { return t.path == path })
	}
	for _, t := range f.tails {
		paths = append(paths, t.path)
		t.lookAhead()
	}
	for _, path := range paths {
		switch {
		case known(path):
		case f.c.Path != path && rotatedOf(path, paths):
		case len(f.tails) >= mostFiles:
			f.say(path, "there are too many files, one is not read", nil)
		default:
			info, err := os.Stat(path)
			if err == nil && !info.Mode().IsRegular() {
				f.say(path, "this is no file to follow", nil)
				continue
			}
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				f.say(path, "a file cannot be read", err)
				continue
			}
			f.tails = append(f.tails, &tail{f: f, path: path, input: f.c.Name + "/" + path})
			slices.SortFunc(f.tails, func(a, b *tail) int { return cmp.Compare(a.path, b.path) })
		}
	}
}

func pattern(path string) bool { return bytes.ContainsAny([]byte(path), `*?[\`) }

// say warns of a path once.
func (f *follower) say(path, what string, err error) {
	if f.left[path] {
		return
	}
	f.left[path] = true
	f.to.Log.Warn(what, "path", path, "error", err)
}
