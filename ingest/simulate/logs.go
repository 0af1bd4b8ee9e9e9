package simulate

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// template is one message that a service writes.
type template struct {
	service, level string
	weight         int
	say            phrase
	text           string // with <*> where the variables are
}

// readLogs reads "service|level|weight|message" lines; a fifth field in front,
// "!cause", makes the line a sign of that fault.
func (bk *book) readLogs() error {
	text, err := lines("logs.txt")
	if err != nil {
		return err
	}
	for _, line := range text {
		name, fault := "", strings.HasPrefix(line, "!")
		if fault {
			name, line, _ = strings.Cut(line[1:], "|")
		}
		f := strings.SplitN(line, "|", 4)
		if len(f) != 4 {
			return fmt.Errorf("log template %q", line)
		}
		t := template{service: f[0], level: f[1]}
		if _, err := fmt.Sscan(f[2], &t.weight); err != nil {
			return fmt.Errorf("log template %q: %w", line, err)
		}
		if t.say, err = parse(f[3]); err != nil {
			return fmt.Errorf("log template %q: %w", line, err)
		}
		t.text = t.say.template()
		if fault {
			bk.faults[name] = append(bk.faults[name], t)
		} else {
			bk.logs = append(bk.logs, t)
		}
	}
	return nil
}

func (p phrase) template() string {
	var s strings.Builder
	for _, q := range p {
		if s.WriteString(q.lit); q.slot != noSlot {
			s.WriteString("<*>")
		}
	}
	return s.String()
}

// burst is a line that a fault writes, with the customer it met.
type burst struct {
	at       int64
	customer uint32
	known    bool
	incident int
	of       []template
}

// bursts are the fault lines of all incidents: one or two for each customer who
// will complain, and several for those who will not.
func (w *world) bursts() []burst {
	var out []burst
	for i := range w.plans {
		p := &w.plans[i]
		if p.hit == 0 {
			continue
		}
		d := throw(w.Seed, ofLogs, 1<<41+uint64(p.serial))
		for range 1 + d.n(2) {
			out = append(out, burst{at: p.hit + int64(d.n(90)), customer: p.customer, known: d.chance(.8), incident: int(p.incident - 1), of: w.book.faults[w.incidents[p.incident-1].kind.cause]})
		}
	}
	for i, in := range w.incidents {
		d := throw(w.Seed, ofLogs, 1<<42+uint64(i))
		of, lines := w.book.faults[in.kind.cause], min(in.complaints*2, 20000)+120
		if w.Drill {
			lines -= 100
		}
		for range lines {
			at := in.start + int64(float64(d.f()*float64(d.f()*float64(in.end-in.start))))
			out = append(out, burst{at: at, customer: w.victim(in.kind, &d), known: d.chance(.4), incident: i, of: of})
		}
	}
	out = slices.DeleteFunc(append(out, w.decoyBursts()...), func(b burst) bool { return len(b.of) == 0 })
	slices.SortFunc(out, func(a, b burst) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.incident, b.incident), cmp.Compare(a.customer, b.customer))
	})
	return out
}

// line is one log line before it is written.
type line struct {
	at       int64 // milliseconds
	of       *template
	customer uint32
	known    bool
	stream   uint64 // of its words; 0 for the minute's
}

// writeLogs streams the quarter minute by minute.
func (w *world) writeLogs(out io.Writer) (int, error) {
	buf := bufio.NewWriterSize(out, 1<<18)
	signs, traces, total := w.bursts(), w.traces(), 0
	w.usual = w.faultCauses()
	weights := make([]int, len(w.book.logs))
	for i, t := range w.book.logs {
		weights[i] = t.weight
	}
	mean := 0
	for _, h := range hourWeight {
		mean += h
	}
	perMinute := float64(w.LogLines) / float64(w.Days*1440) * 24 / float64(mean)
	var row []byte
	var now []line
	for m := w.cal.start; m < w.cal.end; m += 60 {
		d := throw(w.Seed, ofLogs, uint64(m))
		rate := float64(perMinute * float64(hourWeight[m/3600%24]))
		now = now[:0]
		for range int(rate + d.f()) {
			t := &w.book.logs[d.weighted(weights)]
			now = append(now, line{at: m*1000 + int64(d.n(60000)), of: t, customer: uint32(d.n(w.Customers)), known: d.chance(.25)})
		}
		now, signs = w.addSigns(now, signs, m, &d)
		for ; len(traces) > 0 && traces[0].at < (m+60)*1000; traces = traces[1:] {
			t := &traces[0]
			now = append(now, line{at: t.at, of: t.of, customer: t.customer, known: true, stream: t.stream})
		}
		slices.SortFunc(now, func(a, b line) int {
			return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.customer, b.customer), cmp.Compare(a.of.text, b.of.text))
		})
		for i := range now {
			row = w.appendLine(row[:0], &now[i], &d)
			if _, err := buf.Write(row); err != nil {
				return total, err
			}
		}
		total += len(now)
	}
	return total, buf.Flush()
}

// addSigns adds the minute's fault lines; each fault also shows once in eight
// hours without an incident, as faults do.
func (w *world) addSigns(now []line, signs []burst, m int64, d *dice) ([]line, []burst) {
	for len(signs) > 0 && signs[0].at < m+60 {
		s := signs[0]
		signs = signs[1:]
		now = append(now, line{at: s.at*1000 + int64(d.n(1000)), of: &s.of[d.n(len(s.of))], customer: s.customer, known: s.known})
	}
	for _, cause := range w.usual {
		if d.n(480) == 0 {
			of := w.book.faults[cause]
			now = append(now, line{at: m*1000 + int64(d.n(60000)), of: &of[d.n(len(of))], customer: uint32(d.n(w.Customers))})
		}
	}
	return now, signs
}

func (w *world) appendLine(b []byte, l *line, d *dice) []byte {
	if l.stream != 0 {
		own := throw(w.Seed, ofLogs, l.stream)
		d = &own
	}
	b = append(b, `{"time":"`...)
	b = time.UnixMilli(l.at).UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
	b = append(append(b, `","service":"`...), l.of.service...)
	b = append(append(b, `","host":"`...), l.of.service...)
	b = append(b, '-', byte('1'+d.n(4)))
	b = append(append(b, `","level":"`...), l.of.level...)
	b = append(b, `","message":"`...)
	b = l.of.say.say(b, d, func(b []byte, k slot) []byte {
		switch name := slotNames[k]; name {
		case "tx", "order":
			return appendDigits(append(b, 'T'), d.pcg.Uint64(), 12)
		case "cid":
			if l.known {
				return strconv.AppendInt(b, 1000000+int64(l.customer), 10)
			}
			return w.book.number(b, name, english, d)
		case "amount":
			return appendCents(b, int64(d.spread(42000, 1.1)))
		default:
			return w.book.number(b, name, english, d)
		}
	})
	b = append(b, `","trace":"`...)
	b = w.book.number(b, "hex", english, d)
	if l.known {
		b = appendCustomer(append(b, `","customer":"`...), l.customer)
	}
	return append(b, "\"}\n"...)
}

func (w *world) incidentTruth() any {
	type truth struct {
		ID        string   `json:"id"`
		Service   string   `json:"service"`
		Templates []string `json:"templates"`
		Start     string   `json:"start"`
		End       string   `json:"end"`
		First     string   `json:"first_complaint"`
		Last      string   `json:"last_complaint"`
		Type      string   `json:"type"`
		Cause     string   `json:"cause"`
		Code      string   `json:"code"`
		Slice     string   `json:"slice"`
		Count     int      `json:"complaints"`
		Customers []string `json:"customers"`
	}
	all := make([]truth, 0, len(w.incidents))
	for i, in := range w.incidents {
		c := w.book.causes[in.cause]
		t := truth{ID: "I" + strconv.Itoa(i+1), Service: in.kind.service, Start: iso(in.start), End: iso(in.end), First: iso(in.first),
			Last: iso(in.last), Type: types[c.kind], Cause: c.name, Code: c.code, Slice: in.slice, Count: in.complaints}
		for _, f := range w.book.faults[in.kind.cause] {
			t.Templates = append(t.Templates, f.text)
		}
		for c := range in.customers {
			t.Customers = append(t.Customers, customerID(c))
		}
		slices.Sort(t.Customers)
		all = append(all, t)
	}
	return all
}
