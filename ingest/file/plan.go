package file

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/text/transform"

	"plaint/ingest/profile"
	"plaint/internal/record"
)

// Options are the user's choices; the zero value detects everything.
type Options struct {
	As        record.Kind // 0 = by the header
	Profile   string      // name or .yaml file, "" = by the header
	Source    string      // "" = the profile's, else the input's name
	Encoding  string      // "" = by the bytes
	Stdin     io.Reader
	Name      string // what the input is called, "" = its path
	Salt      string // of rows without an id, see record.Seen
	BatchRows int    // rows per transaction, 0 = DefaultBatchRows
}

// DefaultBatchRows is one row group of the engine: from this size on, a batch
// is written to its place directly and not to the log first.
const DefaultBatchRows = 122880

// Format names how an input's rows are written.
type Format string

// The formats.
const (
	CSV     Format = "csv"
	JSON    Format = "json"
	NDJSON  Format = "ndjson"
	XLSX    Format = "xlsx"
	Parquet Format = "parquet"
	Arrow   Format = "arrow"
	Lines   Format = "lines"
	Mail    Format = "mail" // messages, one or an mbox
)

// Plan says how one input will be read: everything that was detected, and the
// mapping with its score. Err is set if the input cannot be read; reading it
// then yields one refusal that says so.
type Plan struct {
	Input      string
	Size       int64
	Format     Format
	Encoding   string
	Delimiter  byte
	Skipped    int      // lines before the header
	LeftOut    []string // sheets of a workbook behind the first with rows
	Mapping    *profile.Mapping
	Candidates []*profile.Mapping // other profiles, best first
	Sample     [][]string         // first rows
	Err        *Error

	in      *input
	opt     Options
	depth   int // of JSON
	stream  bool
	form    *regexp.Regexp
	again   []record.Refusal // refused rows that are read again, instead of in
	settled *settled
	asIs    bool // no profile is looked for, see OpenTable
}

const sampleSize = 256 << 10

// Inspect looks at an input and says how it will be read. An archive has one
// plan per member. "-" is standard input, which is spooled to disk first; done
// removes what was spooled.
func Inspect(ctx context.Context, path string, o Options) (plans []*Plan, done func(), err error) {
	done = func() {}
	if o.Encoding != "" {
		if _, ok := encodingNamed(o.Encoding); !ok {
			return nil, done, &UsageError{Code: "err_encoding", Pairs: []any{"name", o.Encoding}}
		}
	}
	name := path
	if path == "-" {
		spooled, remove, err := Spool(ctx, func() (io.Reader, error) { return o.Stdin, nil })
		if err != nil {
			return nil, done, err
		}
		path, name, done = spooled, "stdin", remove
	}
	name = cmp.Or(o.Name, name)
	ins, closeInputs, err := inputs(path)
	remove := done
	done = func() { closeInputs(); remove() }
	if err != nil {
		p := &Plan{Input: name, opt: o}
		if !errors.As(err, &p.Err) {
			done()
			return nil, func() {}, err
		}
		return []*Plan{p}, done, nil
	}
	for _, in := range ins {
		in.name = strings.Replace(in.name, path, name, 1)
		p := &Plan{Input: in.name, Size: in.size, in: in, opt: o, settled: newSettled()}
		if err := p.inspect(); err != nil && !errors.As(err, &p.Err) {
			done()
			return nil, func() {}, err
		}
		plans = append(plans, p)
	}
	return plans, done, nil
}

// Kind is the kind of record the input holds, 0 if it cannot be read.
func (p *Plan) Kind() record.Kind {
	if p.Mapping == nil {
		return 0
	}
	return p.Mapping.Profile.Kind()
}

// Weak reports a profile that was found and not chosen, and fits so badly that
// its user should look twice.
func (p *Plan) Weak() bool {
	return p.Mapping != nil && p.opt.Profile == "" && p.Mapping.Score < profile.WeakScore
}

// ReadBytes is how much of the input has been read, for a progress bar.
func (p *Plan) ReadBytes() *atomic.Int64 {
	if p.in == nil {
		return new(atomic.Int64)
	}
	return p.in.read
}

func (p *Plan) inspect() error {
	sample, whole, err := p.sample()
	if err != nil {
		return err
	}
	if !p.asIs {
		if done, err := p.mail(sample); done {
			return err
		}
	}
	if done, err := p.binary(sample); done {
		return err
	}
	return p.textual(sample, !whole)
}

// sample reads the beginning of the input, or all of it.
func (p *Plan) sample() (sample []byte, whole bool, err error) {
	r, err := p.in.open(p.in.read)
	if err != nil {
		return nil, false, err
	}
	sample = make([]byte, sampleSize)
	n, err := io.ReadFull(r, sample)
	closeErr := r.Close()
	switch {
	case err != nil && err != io.EOF && !errors.Is(err, io.ErrUnexpectedEOF) && n == 0:
		return nil, false, err // with some bytes before the damage, their rows are loaded first
	case closeErr != nil && n == 0:
		return nil, false, closeErr
	case n == 0:
		return nil, false, &Error{"empty_file", p.Input}
	}
	return sample[:n], n < sampleSize, nil
}

// binary recognises the formats that carry their own header.
func (p *Plan) binary(sample []byte) (bool, error) {
	switch {
	case bytes.HasPrefix(sample, []byte("PK\x03\x04")):
		if p.in.path == "" && !bytes.Contains(sample, []byte("xl/")) {
			return true, &Error{"nested_archive", p.Input}
		}
		p.Format = XLSX
		x, err := openXLSX(p.in, p.in.read)
		if err != nil {
			return true, err
		}
		defer x.close()
		p.LeftOut = x.left
		return true, p.tabular(x)
	case bytes.HasPrefix(sample, []byte("PAR1")):
		p.Format = Parquet
	case bytes.HasPrefix(sample, []byte("ARROW1")):
		p.Format = Arrow
	case bytes.HasPrefix(sample, []byte{0xFF, 0xFF, 0xFF, 0xFF}):
		p.Format, p.stream = Arrow, true
	case knownBinary(sample):
		return true, &Error{"unknown_format", p.Input}
	case bytes.IndexByte(sample, 0) >= 0 && !strings.HasPrefix(detectEncoding(sample, true), "utf-16") && looksBinary(sample):
		return true, &Error{"unknown_format", p.Input}
	default:
		return false, nil
	}
	return true, p.columns()
}

// mostLook is how long looking at the beginning of a file may take: no context
// ends it before.
const mostLook = time.Minute

// columns looks at the header and the first rows of a Parquet or Arrow file.
func (p *Plan) columns() error {
	ctx, cancel := context.WithTimeoutCause(context.Background(), mostLook, &Error{"bad_columnar", "decoding it takes too long"})
	defer cancel()
	c, err := p.openColumns(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	for range 5 {
		row, err := c.next()
		if err != nil {
			break
		}
		p.Sample = append(p.Sample, row.cells)
	}
	return p.choose(c.Header)
}

func (p *Plan) textual(sample []byte, truncated bool) error {
	p.Encoding = detectEncoding(sample, truncated)
	if p.opt.Encoding != "" {
		p.Encoding, _ = encodingNamed(p.opt.Encoding) // checked by Inspect
		if err := wrongEncoding(p.Encoding, sample, truncated); err != nil {
			return err
		}
	}
	text := p.decodeSample(sample)
	trimmed := strings.TrimLeft(text, " \t\r\n\ufeff")
	if startsJSON(trimmed, truncated) {
		return p.json([]byte(trimmed))
	}
	if p.opt.As == record.Logs && p.opt.Profile == "" {
		if p.logLines(text) {
			return nil
		}
	}
	p.Format, p.Delimiter = CSV, detectDelimiter(text)
	err := p.tabular(&split{rows: newCSVRows(strings.NewReader(text), p.Delimiter), delimiter: p.Delimiter})
	var e *Error
	if errors.As(err, &e) && e.Code == "no_profile" && p.opt.As == 0 && p.opt.Profile == "" {
		if p.logLines(text) && p.form != nil {
			return nil
		}
	}
	if errors.As(err, &e) && e.Code == "no_profile" && !truncated && json.Valid([]byte(trimmed)) {
		return &Error{"bad_json", "not an object"} // a text or number alone: no table, and no profile would help
	}
	return err
}

func (p *Plan) decodeSample(sample []byte) string {
	if e := encodings[p.Encoding]; e != nil {
		out, _, err := transform.Bytes(e.NewDecoder(), sample)
		if err == nil || len(out) > 0 {
			return string(out)
		}
	}
	return string(bytes.TrimPrefix(sample, []byte{0xEF, 0xBB, 0xBF}))
}

func (p *Plan) json(sample []byte) error {
	p.Format, p.depth = JSON, jsonDepth(sample)
	if first, _, _ := bytes.Cut(sample, []byte("\n")); p.depth == 0 && (json.Valid(first) || len(first) == len(sample)) {
		p.Format = NDJSON
	}
	r, err := p.text(p.in.read)
	if err != nil {
		return err
	}
	defer r.Close()
	header, cells, bad, err := jsonHeader(p.jsonRows(r, nil), 200)
	if err != nil {
		return err
	}
	if len(cells) == 0 && bad != nil {
		return &Error{bad.code, bad.detail}
	}
	if len(cells) == 0 {
		return &Error{"empty_file", p.Input}
	}
	p.Sample = cells[:min(5, len(cells))]
	return p.choose(header, void(cells, len(header))...)
}

// void tells the columns without a value in any of the rows.
func void(rows [][]string, columns int) []bool {
	out := make([]bool, columns)
	for i := range out {
		out[i] = !slices.ContainsFunc(rows, func(r []string) bool { return r[i] != "" })
	}
	return out
}

// jsonRows reads objects: one a line in NDJSON, cut out byte by byte otherwise.
func (p *Plan) jsonRows(r io.Reader, header []string) *jsonRows {
	j := newJSONRows(r, p.depth, header)
	if p.Format == NDJSON {
		j.lines = newCSVRows(r, noDelimiter)
		j.lines.plain = true
	}
	return j
}

// headerDepth is how many rows may stand before the header.
const headerDepth = 10

// tabular finds the header among the first rows: the one that a profile fits
// best, the first of them where several do.
func (p *Plan) tabular(r rows) error {
	var first [][]string
	for len(first) < headerDepth+5 {
		row, err := r.next()
		if err != nil {
			break
		}
		if row.code == "" {
			first = append(first, row.cells)
		}
	}
	if len(first) == 0 {
		return &Error{"empty_file", p.Input}
	}
	if len(first[0]) > maxColumns {
		return &Error{"too_many_columns", p.Input}
	}
	best, bestErr := -1, error(nil)
	for i := 0; i < min(headerDepth, len(first)); i++ {
		q := *p
		err := q.choose(first[i])
		if i == 0 {
			bestErr = err
		}
		if err == nil && (best < 0 || q.Mapping.Score > p.Mapping.Score+0.05) {
			p.Mapping, p.Candidates = q.Mapping, q.Candidates
			best = i
		}
	}
	if best < 0 {
		return bestErr
	}
	p.Skipped = best
	p.Sample = first[best+1 : min(len(first), best+6)]
	return nil
}

// choose picks the profile for a header: the user's, or the one that fits best.
// void, if any, tells the columns that hold nothing.
func (p *Plan) choose(header []string, void ...bool) error {
	if len(header) > 0 {
		header[0] = strings.TrimPrefix(header[0], "\ufeff")
	}
	for i, h := range header {
		header[i] = strings.ToValidUTF8(h, "?") // of a wrongly chosen encoding
	}
	if p.asIs {
		p.Mapping = asItIs(header)
		return nil
	}
	if p.opt.Profile != "" {
		chosen, err := profile.Find(p.opt.Profile)
		if err != nil {
			return err
		}
		p.Mapping = chosen.Match(header, p.in.base(), p.opt.Source)
		for _, w := range p.Mapping.Words {
			if w != "" {
				return nil
			}
		}
		return &Error{"no_profile", "the profile " + chosen.Name + " knows none of the columns"}
	}
	all, err := profile.Detect(header, p.in.base(), p.opt.Source, p.opt.As)
	if err != nil {
		return err
	}
	if void != nil {
		profile.Rank(all, void)
	}
	p.Candidates = all
	if len(all) == 0 || all[0].Score < profile.MinScore {
		detail := short(strings.Join(header, ", "))
		return &Error{"no_profile", detail}
	}
	p.Mapping = all[0]
	return nil
}
