package intake

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"plaint/internal/record"
	"plaint/internal/web/format"
	"plaint/internal/web/locale"
)

// timeToAnswer is how long a client may take to read the answer.
const timeToAnswer = 60 * time.Second

// mostLines is how many rows an answer tells the fate of.
const mostLines = 10000

// answer is what a client is told of what it posted.
type answer struct {
	record.Receipt
	Complete bool   `json:"complete"` // the body was read to its end
	Rows     []line `json:"rows"`
	LeftOut  int    `json:"rows_left_out,omitempty"` // rows beyond those in Rows
	explain  func(*record.Decision) []record.Reason
}

// line is what became of one row.
type line struct {
	Line     int64       `json:"line"`
	ID       string      `json:"id,omitempty"`
	Fate     string      `json:"fate"` // loaded, updated, known, refused
	Code     record.Code `json:"code,omitempty"`
	Column   string      `json:"column,omitempty"`
	Detail   string      `json:"detail,omitempty"`
	Reason   string      `json:"reason,omitempty"` // the code in words
	Decision *decision   `json:"decision,omitempty"`
}

// decision is what the model says of a complaint. It orders the review queue and
// never decides the complaint.
type decision struct {
	Seq       int64           `json:"complaint_seq"`
	Model     string          `json:"model"`
	Score     float64         `json:"score"`
	Threshold float64         `json:"threshold"`
	Flagged   bool            `json:"flagged"`
	Reasons   []record.Reason `json:"reasons,omitempty"`
}

// add books a batch with its receipt.
func (a *answer) add(b *record.Batch, r record.Receipt) {
	decisions := r.Decisions
	fates := r.Fates
	tell := func(o *record.Origin, decided bool) {
		if len(fates) == 0 {
			return
		}
		l := line{Line: o.Line, ID: o.ExternalID, Fate: fates[0].String()}
		if decided && fates[0] == record.IsNew && len(decisions) > 0 {
			l.Decision = a.decision(&decisions[0])
			decisions = decisions[1:]
		}
		fates = fates[1:]
		a.line(l)
	}
	eachRecord(b, tell)
	a.refusals(b.Refused)
	again := a.Again || r.Again
	a.Add(r)
	a.Again = again
}

// refusals books refused rows. One without a line stands for all that was not
// read: the body broke off there, or cannot be read at all.
func (a *answer) refusals(refused []record.Refusal) {
	var names ids
	for i := range refused {
		x := &refused[i]
		a.Complete = a.Complete && x.Line > 0 && x.Code != "cut_off"
		l := line{Line: x.Line, Fate: "refused", Code: x.Code, Column: x.Column, Detail: x.Detail}
		if len(a.Rows) < mostLines {
			l.ID = names.of(x)
		}
		a.line(l)
	}
}

// eachRecord calls f for the records of a batch in the order of a receipt's
// fates, which is the order in which kinds are admitted.
func eachRecord(b *record.Batch, f func(o *record.Origin, complaint bool)) {
	for i := range b.Levels {
		f(&b.Levels[i].Origin, false)
	}
	for i := range b.Accounts {
		f(&b.Accounts[i].Origin, false)
	}
	for i := range b.Transactions {
		f(&b.Transactions[i].Origin, false)
	}
	for i := range b.Logs {
		f(&b.Logs[i].Origin, false)
	}
	for i := range b.Surveys {
		f(&b.Surveys[i].Origin, false)
	}
	for i := range b.Complaints {
		f(&b.Complaints[i].Origin, true)
	}
}

func (a *answer) line(l line) {
	if len(a.Rows) >= mostLines && l.Line > 0 { // that all was not read is always told
		a.LeftOut++
		return
	}
	a.Rows = append(a.Rows, l)
}

func (a *answer) decision(d *record.Decision) *decision {
	out := &decision{d.Seq, d.Model, format.Round(d.Score), format.Round(d.Threshold), d.Flagged, slices.Clone(d.Reasons)}
	if out.Reasons == nil && a.explain != nil && len(d.Signals) > 0 {
		out.Reasons = a.explain(d)
	}
	points := make([]*float64, len(out.Reasons))
	for i := range out.Reasons {
		x := &out.Reasons[i]
		x.Value, points[i] = format.Round(x.Value), &x.Points
	}
	format.Parts(d.Score, points)
	return out
}

// answer writes a receipt. A delivery of which nothing could be read, or not all,
// is the client's fault; its rows are kept as refused, and need not be sent again,
// but what was not read must.
func (in *Intake) answer(w http.ResponseWriter, r *http.Request, a *answer) {
	words := in.o.Words(r)
	slices.SortStableFunc(a.Rows, func(x, y line) int { return cmp.Compare(x.Line, y.Line) })
	for i := range a.Rows {
		if c := a.Rows[i].Code; c != "" {
			a.Rows[i].Reason = reason(words, c)
		}
	}
	in.count(a)
	status := http.StatusOK
	if a.RowsIn > 0 && a.Refused == a.RowsIn || !a.Complete {
		status = http.StatusUnprocessableEntity
	}
	if a.Again {
		w.Header().Set("Idempotency-Replayed", "true")
	}
	if a.Rows == nil {
		a.Rows = []line{}
	}
	in.write(w, r, status, a)
}

func (in *Intake) count(a *answer) {
	in.Counts.Requests.Add(1)
	in.Counts.Rows.Add(int64(a.RowsIn))
	in.Counts.Refused.Add(int64(a.Refused))
	if a.Again {
		in.Counts.Repeated.Add(1)
	}
}

// fail answers a request that has no receipt.
func (in *Intake) fail(w http.ResponseWriter, r *http.Request, err error) {
	var f *fault
	if !errors.As(err, &f) {
		f = &fault{status: http.StatusInternalServerError, code: "internal", cause: err}
	}
	if f.cause != nil && in.o.Failed != nil {
		in.o.Failed(r, f.cause)
	}
	if f.status == http.StatusTooManyRequests {
		in.Counts.Busy.Add(1)
	} else {
		in.Counts.Failed.Add(1)
	}
	h := w.Header()
	switch f.status {
	case http.StatusMethodNotAllowed:
		h.Set("Allow", "POST")
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="plaint"`)
	}
	if f.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(f.retry))
	}
	if f.status != http.StatusUnprocessableEntity {
		h.Set("Connection", "close") // what is left of the body is not read
	}
	in.write(w, r, f.status, map[string]any{"error": map[string]string{"code": f.code, "message": f.say(in.o.Words(r))}})
}

func (f *fault) say(w *locale.Words) string {
	return w.T("intake_"+cmp.Or(f.text, f.code), f.pairs...)
}

// reason puts a refused row's code into words. Those of the command line speak of
// files and flags.
func reason(w *locale.Words, code record.Code) string {
	if posted := "posted_" + string(code); w.Has(posted) {
		return w.T(posted)
	}
	return w.T("code_" + string(code))
}

func (in *Intake) write(w http.ResponseWriter, r *http.Request, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		if in.o.Failed != nil {
			in.o.Failed(r, err)
		}
		status, body = http.StatusInternalServerError, []byte(`{"error":{"code":"internal","message":""}}`)
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(timeToAnswer)) // the body and loading it may have taken their time
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // the client may be gone
}
