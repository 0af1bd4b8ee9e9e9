package otlp

import (
	"cmp"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"plaint/internal/record"
)

// part is what records have in common.
type part struct {
	service, host string
	customer      customer
	rest          []record.Field
	bad           problem
}

// customer is who it is about; customer.id is better than enduser.id.
type customer struct {
	id    string
	field string
}

// problem is why a record is refused; the zero value is none.
type problem struct {
	code           record.Code
	column, detail string
}

// entry is one record as a decoder finds it.
type entry struct {
	part
	time, observed uint64 // nanoseconds since 1970, 0 = not said
	number         int32  // severity
	text           string // severity
	body, event    string
	trace, span    string // hexadecimal
}

// reset forgets a part and keeps its room.
func (p *part) reset() { *p = part{rest: p.rest[:0]} }

func (e *entry) reset() {
	rest := e.rest[:0]
	*e = entry{}
	e.rest = rest
}

func (p *part) fault(code record.Code, column string) {
	if p.bad.code == "" {
		p.bad = problem{code: code, column: column}
	}
}

// check notes a text that the store would not take.
func (p *part) check(column, s string) {
	if !utf8.ValidString(s) {
		p.fault("invalid_utf8", column)
	} else if strings.IndexByte(s, 0) >= 0 {
		p.fault("nul_byte", column)
	}
}

// attribute files an attribute under our word for it, or under its own name. An
// empty value says nothing.
func (p *part) attribute(name, value string) {
	p.check(name, name)
	p.check(name, value)
	switch {
	case value == "":
	case name == "service.name" && p.service == "":
		p.service = value
	case name == "host.name" && p.host == "":
		p.host = value
	case name == "customer.id" && p.customer.field != name, name == "enduser.id" && p.customer.id == "":
		if p.customer.id != "" {
			p.rest = append(p.rest, record.Field{Name: p.customer.field, Value: p.customer.id})
		}
		p.customer = customer{value, name}
	default:
		p.rest = append(p.rest, record.Field{Name: name, Value: value})
	}
}

// inherit takes over what the outer part says; where both have a word, the outer
// value keeps its own name.
func (p *part) inherit(outer *part) {
	if p.bad.code == "" {
		p.bad = outer.bad
	}
	take := func(own *string, theirs, name string) {
		switch {
		case *own == "":
			*own = theirs
		case theirs != "" && theirs != *own:
			p.rest = append(p.rest, record.Field{Name: "resource." + name, Value: theirs})
		}
	}
	take(&p.service, outer.service, "service.name")
	take(&p.host, outer.host, "host.name")
	if p.customer.id == "" {
		p.customer = outer.customer
	} else if outer.customer.id != "" && outer.customer != p.customer {
		p.rest = append(p.rest, record.Field{Name: "resource." + outer.customer.field, Value: outer.customer.id})
	}
}

func (e *entry) extra(name, value string) {
	if value != "" {
		e.rest = append(e.rest, record.Field{Name: name, Value: value})
	}
}

// level folds the 24 severities to our five; a text that says more than its
// number is kept beside it.
func (e *entry) level(l *record.LogLine) {
	l.Level = fold(e.text)
	if e.number >= 1 && e.number <= 24 {
		word := [...]string{"debug", "debug", "info", "warn", "error", "fatal"}[(e.number-1)/4]
		if l.Level != word {
			e.extra("severity_text", e.text)
		}
		l.Level = word
	}
}

// fold is the level of a severity's text; another word stays, in small letters.
func fold(text string) string {
	switch text {
	case "INFO", "Information", "info":
		return "info"
	}
	switch l := strings.ToLower(strings.TrimSpace(text)); l {
	case "trace", "debug", "fine", "finer", "verbose":
		return "debug"
	case "info", "information", "notice":
		return "info"
	case "warn", "warning":
		return "warn"
	case "error", "err", "severe":
		return "error"
	case "fatal", "critical", "crit", "panic", "alert", "emerg", "emergency":
		return "fatal"
	default:
		return l
	}
}

// lastNano is the end of the year 2200, the last that is taken for a date.
const lastNano = 7289654400_000000000

func (e *entry) when(l *record.LogLine) {
	n := cmp.Or(e.time, e.observed)
	if n >= lastNano {
		e.bad = cmp.Or(e.bad, problem{code: "bad_date", column: "time_unix_nano", detail: fmt.Sprint(n)})
		return
	}
	if n > 0 {
		l.Time = record.At(time.UnixMicro(int64(n / 1000))) // as the store keeps it
	}
}
