// Package param reads the parameters of a request: each by name, once, within
// its limits. The first fault is kept, in words that a user can act on.
package param

import (
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of parameters.
const (
	MaxLimit     = 1000
	DefaultLimit = 50
	MaxOffset    = 100_000_000
	maxLength    = 200 // bytes of one value
)

// Fault is what is wrong with a parameter: a code whose words are in the
// catalogue, and what fills them: its name, and what it may be.
type Fault struct {
	Code  string
	Pairs []any
}

// Query is the parameters of one request.
type Query struct {
	values url.Values
	named  string
	fault  *Fault
}

// Parse reads the query of a request. Parameters outside the allowed ones are
// a fault, so that a misspelt filter does not look like an answer.
func Parse(r *http.Request, allowed []string) *Query {
	q := &Query{named: r.PathValue("name")}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		q.fail("web_bad_query", "")
		values = nil
	}
	q.values = values
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		list := values[name]
		switch {
		case name != "lang" && !slices.Contains(allowed, name):
			q.fail("web_bad_name", cut(name), "values", strings.Join(append(slices.Clone(allowed), "lang"), ", "))
		case len(list) > 1:
			q.fail("web_bad_repeat", name)
		case len(list[0]) > maxLength:
			q.fail("web_bad_long", name, "most", maxLength)
		case !utf8.ValidString(list[0]) || strings.ContainsFunc(list[0], func(c rune) bool { return c < ' ' }):
			q.fail("web_bad_text", name)
		}
	}
	return q
}

// cut keeps a name that somebody made up out of the answer but for its start.
func cut(s string) string {
	s = strings.ToValidUTF8(s, "?")
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

func (q *Query) fail(code, name string, more ...any) {
	if q.fault == nil {
		q.fault = &Fault{code, append([]any{"name", name}, more...)}
	}
}

// Fault is the first fault, nil if there is none.
func (q *Query) Fault() *Fault { return q.fault }

// Named is the {name} of the path, "" where the path has none.
func (q *Query) Named() string { return q.named }

// Text is a parameter as it is given, "" if it is not.
func (q *Query) Text(name string) string { return q.values.Get(name) }

// One is a parameter that must be one of a list, or "".
func (q *Query) One(name string, of ...string) string {
	v := q.values.Get(name)
	if v != "" && !slices.Contains(of, v) {
		q.fail("web_bad_choice", name, "values", strings.Join(of, ", "))
		return ""
	}
	return v
}

// YesNo is "yes", "no" or "".
func (q *Query) YesNo(name string) string { return q.One(name, "yes", "no") }

// Int is a whole number within limits; the default where it is not given.
func (q *Query) Int(name string, otherwise, least, most int64) int64 {
	s := q.values.Get(name)
	if s == "" {
		return otherwise
	}
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil || v < least || v > most {
		q.fail("web_bad_whole", name, "low", least, "high", most)
		return otherwise
	}
	return v
}

// Float is a number, nil where it is not given.
func (q *Query) Float(name string) *float64 {
	s := q.values.Get(name)
	if s == "" {
		return nil
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		q.fail("web_bad_number", name)
		return nil
	}
	return &v
}

// Time is a moment (RFC 3339) or a day; zero where it is not given.
func (q *Query) Time(name string) time.Time {
	s := q.values.Get(name)
	if s == "" {
		return time.Time{}
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() >= 1900 && t.Year() < 2200 {
			return t.UTC()
		}
	}
	q.fail("web_bad_time", name)
	return time.Time{}
}

// Pairs is a list of names and values: "country=MY,app_version=5.9.0"; nil
// where it is not given.
func (q *Query) Pairs(name string) map[string]string {
	s := q.values.Get(name)
	if s == "" {
		return nil
	}
	out := map[string]string{}
	for _, part := range strings.Split(s, ",") {
		key, value, ok := strings.Cut(part, "=")
		if !ok || key == "" {
			q.fail("web_bad_pairs", name)
			return nil
		}
		out[key] = value
	}
	return out
}

// Paging is limit and offset.
func (q *Query) Paging() (limit, offset int) {
	return int(q.Int("limit", DefaultLimit, 1, MaxLimit)), int(q.Int("offset", 0, 0, MaxOffset))
}
