package profile

import (
	"math"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"

	"plaint/internal/record"
)

// setter puts a cell into its place in a record.
type setter[T any] func(m *Mapper, r *T, cell string) *Problem

func str[T any](at func(*T) *string) setter[T] {
	return func(_ *Mapper, r *T, v string) *Problem {
		*at(r) = v
		return nil
	}
}

// currency is a code of ISO 4217, which is written in capitals: usd and USD are one
// currency in sums and in rules. Whatever else a source writes stays its own word.
func currency[T any](at func(*T) *string) setter[T] {
	return func(_ *Mapper, r *T, v string) *Problem {
		if code := strings.TrimSpace(v); len(code) == 3 && strings.Trim(strings.ToLower(code), "abcdefghijklmnopqrstuvwxyz") == "" {
			v = strings.ToUpper(code)
		}
		*at(r) = v
		return nil
	}
}

func moment[T any](at func(*T) *record.Moment) setter[T] {
	return func(m *Mapper, r *T, v string) *Problem {
		when, p := m.date(v)
		when.Time = when.Time.Truncate(time.Microsecond) // as the store keeps it
		*at(r) = when
		return p
	}
}

func num[T any](at func(*T) *record.Number, currency func(*T) *string) setter[T] {
	return func(_ *Mapper, r *T, v string) *Problem {
		f, code, ok := parseNumber(v)
		if !ok {
			return &Problem{Code: "bad_number", Detail: short(v)}
		}
		*at(r) = record.Num(f)
		if currency != nil && code != "" && *currency(r) == "" {
			*currency(r) = code
		}
		return nil
	}
}

func yesNo[T any](at func(*T) *record.Tri) setter[T] {
	return func(_ *Mapper, r *T, v string) *Problem {
		t, ok := parseTri(v)
		if !ok {
			return &Problem{Code: "bad_yes_no", Detail: short(v)}
		}
		*at(r) = t
		return nil
	}
}

func short(v string) string {
	const most = 40
	if len(v) <= most {
		return v
	}
	cut := most
	for cut > 0 && v[cut]&0xC0 == 0x80 {
		cut--
	}
	return v[:cut] + "…"
}

func origin[T any](o func(*T) *record.Origin) map[string]setter[T] {
	return map[string]setter[T]{
		"id":     str(func(r *T) *string { return &o(r).ExternalID }),
		"source": str(func(r *T) *string { return &o(r).Source }),
	}
}

func with[T any](base, more map[string]setter[T]) map[string]setter[T] {
	for k, v := range more {
		base[k] = v
	}
	return base
}

type (
	cp = record.Complaint
	sv = record.Survey
	lg = record.LogLine
	tx = record.Transaction
	ac = record.Account
	lv = record.ServiceLevel
)

var complaintWords = with(origin(func(c *cp) *record.Origin { return &c.Origin }), map[string]setter[cp]{
	"channel":          str(func(c *cp) *string { return &c.Channel }),
	"customer":         str(func(c *cp) *string { return &c.Customer }),
	"customer_name":    str(func(c *cp) *string { return &c.CustomerName }),
	"contact":          str(func(c *cp) *string { return &c.Contact }),
	"received":         moment(func(c *cp) *record.Moment { return &c.Received }),
	"type":             str(func(c *cp) *string { return &c.Type }),
	"product":          str(func(c *cp) *string { return &c.Product }),
	"subject":          str(func(c *cp) *string { return &c.Subject }),
	"body":             str(func(c *cp) *string { return &c.Body }),
	"language":         str(func(c *cp) *string { return &c.Language }),
	"amount":           num(func(c *cp) *record.Number { return &c.Amount }, func(c *cp) *string { return &c.Currency }),
	"currency":         currency(func(c *cp) *string { return &c.Currency }),
	"evidence":         setEvidence,
	"status":           str(func(c *cp) *string { return &c.Status }),
	"status_changed":   moment(func(c *cp) *record.Moment { return &c.Changed }),
	"handler":          str(func(c *cp) *string { return &c.Handler }),
	"department":       str(func(c *cp) *string { return &c.Department }),
	"priority":         str(func(c *cp) *string { return &c.Priority }),
	"resolution":       str(func(c *cp) *string { return &c.Resolution }),
	"upheld":           yesNo(func(c *cp) *record.Tri { return &c.Upheld }),
	"redress":          num(func(c *cp) *record.Number { return &c.Redress }, func(c *cp) *string { return &c.Currency }),
	"closed":           moment(func(c *cp) *record.Moment { return &c.Closed }),
	"reopened":         moment(func(c *cp) *record.Moment { return &c.Reopened }),
	"escalated":        moment(func(c *cp) *record.Moment { return &c.Escalated }),
	"external_dispute": yesNo(func(c *cp) *record.Tri { return &c.ExternalDispute }),
	"device":           str(func(c *cp) *string { return &c.Device }),
	"payout_account":   str(func(c *cp) *string { return &c.PayoutAccount }),
})

func setEvidence(_ *Mapper, c *cp, v string) *Problem {
	for _, e := range strings.FieldsFunc(v, func(r rune) bool { return r == ';' || r == '；' || r == '|' || r == '\n' }) {
		if e = strings.TrimSpace(e); e != "" {
			c.Evidence = append(c.Evidence, e)
		}
	}
	return nil
}

var surveyWords = with(origin(func(s *sv) *record.Origin { return &s.Origin }), map[string]setter[sv]{
	"customer":  str(func(s *sv) *string { return &s.Customer }),
	"answered":  moment(func(s *sv) *record.Moment { return &s.Answered }),
	"metric":    str(func(s *sv) *string { return &s.Metric }),
	"score":     setScore,
	"scale_min": setFloat(func(s *sv) *float64 { return &s.ScaleMin }),
	"scale_max": setFloat(func(s *sv) *float64 { return &s.ScaleMax }),
	"comment":   str(func(s *sv) *string { return &s.Comment }),
	"language":  str(func(s *sv) *string { return &s.Language }),
	"complaint": str(func(s *sv) *string { return &s.Complaint }),
	"handler":   str(func(s *sv) *string { return &s.Handler }),
	"channel":   str(func(s *sv) *string { return &s.Channel }),
	"product":   str(func(s *sv) *string { return &s.Product }),
	"segment":   str(func(s *sv) *string { return &s.Segment }),
})

func setFloat[T any](at func(*T) *float64) setter[T] {
	return func(_ *Mapper, r *T, v string) *Problem {
		f, _, ok := parseNumber(v)
		if !ok {
			return &Problem{Code: "bad_number", Detail: short(v)}
		}
		*at(r) = f
		return nil
	}
}

var leadingNumber = regexp.MustCompile(`^(\d+(?:\.\d+)?)\s*(?:[-–:.)=]|分|星|stars?\b)`)

// setScore reads a score; "5 - Very good" is 5. An answer that the profile
// lists as no score leaves the score missing and keeps the answer as an extra.
func setScore(m *Mapper, s *sv, v string) *Problem {
	if m.notScore[plain(v)] {
		s.Extra = append(s.Extra, record.Field{Name: "answer", Value: v})
		return nil
	}
	f, _, ok := parseNumber(v)
	if !ok {
		g := leadingNumber.FindStringSubmatch(strings.ToLower(v))
		if g == nil {
			return &Problem{Code: "bad_score", Detail: short(v)}
		}
		f, _ = strconv.ParseFloat(g[1], 64)
	}
	s.Score = record.Num(f)
	return nil
}

var logWords = with(origin(func(l *lg) *record.Origin { return &l.Origin }), map[string]setter[lg]{
	"time":     moment(func(l *lg) *record.Moment { return &l.Time }),
	"service":  str(func(l *lg) *string { return &l.Service }),
	"host":     str(func(l *lg) *string { return &l.Host }),
	"level":    func(_ *Mapper, l *lg, v string) *Problem { l.Level = logLevel(v); return nil },
	"message":  str(func(l *lg) *string { return &l.Message }),
	"trace":    str(func(l *lg) *string { return &l.Trace }),
	"customer": str(func(l *lg) *string { return &l.Customer }),
})

// logLevel folds the many names of the five levels; another word stays.
func logLevel(v string) string {
	switch l := strings.ToLower(strings.Trim(v, "[] ")); l {
	case "trace", "debug", "fine", "finer", "verbose":
		return "debug"
	case "info", "information", "notice", "i":
		return "info"
	case "warn", "warning", "w":
		return "warn"
	case "error", "err", "e", "severe":
		return "error"
	case "fatal", "critical", "crit", "panic", "alert", "emerg", "emergency", "f":
		return "fatal"
	default:
		return l
	}
}

var transactionWords = with(origin(func(t *tx) *record.Origin { return &t.Origin }), map[string]setter[tx]{
	"customer":  str(func(t *tx) *string { return &t.Customer }),
	"account":   str(func(t *tx) *string { return &t.Account }),
	"type":      str(func(t *tx) *string { return &t.Type }),
	"status":    str(func(t *tx) *string { return &t.Status }),
	"amount":    num(func(t *tx) *record.Number { return &t.Amount }, func(t *tx) *string { return &t.Currency }),
	"currency":  currency(func(t *tx) *string { return &t.Currency }),
	"requested": moment(func(t *tx) *record.Moment { return &t.Requested }),
	"settled":   moment(func(t *tx) *record.Moment { return &t.Settled }),
	"failed":    moment(func(t *tx) *record.Moment { return &t.Failed }),
	"reference": str(func(t *tx) *string { return &t.Reference }),
})

var accountWords = with(origin(func(a *ac) *record.Origin { return &a.Origin }), map[string]setter[ac]{
	"customer":       str(func(a *ac) *string { return &a.Customer }),
	"opened":         moment(func(a *ac) *record.Moment { return &a.Opened }),
	"country":        str(func(a *ac) *string { return &a.Country }),
	"device":         str(func(a *ac) *string { return &a.Device }),
	"address":        str(func(a *ac) *string { return &a.Address }),
	"payout_account": str(func(a *ac) *string { return &a.PayoutAccount }),
	"tariff":         str(func(a *ac) *string { return &a.Tariff }),
})

var levelWords = map[string]setter[lv]{
	"source":     str(func(l *lv) *string { return &l.Source }),
	"type":       str(func(l *lv) *string { return &l.Type }),
	"department": str(func(l *lv) *string { return &l.Department }),
	"handling":   str(func(l *lv) *string { return &l.Handling }),
	"limit":      setLimit,
}

var limitNumber = regexp.MustCompile(`(\d+(?:\.\d+)?)\s*(分钟|分鐘|小时|小時|天|日|周|minutes?|mins?|hours?|h|days?|d|weeks?)`)

// setLimit reads a time limit as firms write it: 立即, 30分钟内, within 2 days,
// 提前24小时, case by case.
func setLimit(_ *Mapper, l *lv, v string) *Problem {
	s := strings.ToLower(strings.TrimSpace(v))
	switch {
	case containsAny(s, "立即", "立刻", "马上", "at once", "immediate", "at_once"):
		l.Rule = record.AtOnce
		return nil
	case containsAny(s, "情况", "個案", "个案", "case by case", "case_by_case", "depends"):
		l.Rule = record.CaseByCase
		return nil
	}
	g := limitNumber.FindStringSubmatch(s)
	if g == nil {
		return &Problem{Code: "bad_limit", Detail: short(v)}
	}
	n, err := strconv.ParseFloat(g[1], 64)
	if err != nil || n > 1e5 {
		return &Problem{Code: "bad_limit", Detail: short(v)}
	}
	l.Rule, l.Limit = record.Within, time.Duration(n*float64(limitUnit(g[2])))
	if containsAny(s, "提前", "ahead", "before", "in advance") {
		l.Rule = record.Ahead
	}
	return nil
}

func limitUnit(u string) time.Duration {
	switch {
	case strings.HasPrefix(u, "分"), strings.HasPrefix(u, "min"):
		return time.Minute
	case strings.HasPrefix(u, "小"), strings.HasPrefix(u, "h"):
		return time.Hour
	case strings.HasPrefix(u, "周"), strings.HasPrefix(u, "w"):
		return 7 * 24 * time.Hour
	}
	return 24 * time.Hour
}

func containsAny(s string, parts ...string) bool {
	for _, p := range parts {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}

// Words lists the words a kind's profile may map, sorted.
func Words(k record.Kind) []string {
	var out []string
	switch k {
	case record.Complaints:
		out = names(complaintWords)
	case record.Surveys:
		out = names(surveyWords)
	case record.Logs:
		out = names(logWords)
	case record.Transactions:
		out = names(transactionWords)
	case record.Accounts:
		out = names(accountWords)
	case record.ServiceLevels:
		out = names(levelWords)
	}
	sort.Strings(out)
	return out
}

func names[T any](m map[string]setter[T]) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	return out
}

// scales are the customary ranges of the named metrics.
var scales = map[string][2]float64{"csat": {1, 5}, "nps": {0, 10}, "ces": {1, 7}}

// finishSurvey settles metric and scale and refuses a score outside it.
func (m *Mapper) finishSurvey(s *sv) *Problem {
	s.Metric = strings.ToLower(s.Metric)
	if s.Metric == "" {
		s.Metric = "csat"
		if !s.Score.Valid && s.Comment != "" {
			s.Metric = "other"
		}
	}
	if s.ScaleMin == 0 && s.ScaleMax == 0 {
		scale := m.scale
		if scale == [2]float64{} {
			scale = scales[s.Metric]
		}
		s.ScaleMin, s.ScaleMax = scale[0], scale[1]
	}
	if s.Score.Valid && s.ScaleMax > s.ScaleMin && (s.Score.Value < s.ScaleMin || s.Score.Value > s.ScaleMax) {
		return &Problem{Code: "score_outside_scale", Column: m.headerOf("score"),
			Detail: strconv.FormatFloat(s.Score.Value, 'g', -1, 64) + " ∉ " + strconv.FormatFloat(s.ScaleMin, 'g', -1, 64) + "…" + strconv.FormatFloat(s.ScaleMax, 'g', -1, 64)}
	}
	if !s.Score.Valid && s.Comment == "" && len(s.Extra) == 0 {
		return &Problem{Code: "empty_record"}
	}
	if math.IsInf(s.ScaleMin, 0) || math.IsInf(s.ScaleMax, 0) {
		return &Problem{Code: "bad_number"}
	}
	return nil
}
