package param

import (
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"

	"plaint/analysis"
	"plaint/internal/record"
	"plaint/internal/web/locale"
	"plaint/internal/web/view"
	"plaint/scoring/review"
	"plaint/scoring/rule"
	"plaint/scoring/signal"
)

// Names of the parameters of each list; PagingNames are those of Paging.
var (
	PagingNames    = []string{"limit", "offset"}
	ComplaintNames = []string{"customer", "theme", "type", "department", "handler", "channel", "product", "language", "source", "clock",
		"breached", "flagged", "dated", "from", "to", "score_from", "score_to", "incident", "ring", "attributes", "order", "limit", "offset"}
	CaseNames     = []string{"state", "signal", "limit", "offset"}
	EntryNames    = []string{"state", "ground", "limit", "offset"}
	TemplateNames = []string{"service", "level", "burst", "limit", "offset"}
	ClockNames    = []string{"clock", "department", "type", "breached", "limit", "offset"}
	AnswerNames   = []string{"metric", "linked", "incident", "type", "from", "to", "limit", "offset"}
	RefusedNames  = []string{"code", "kind", "profile", "replayed", "limit", "offset"}
	IncidentNames = []string{"state", "severity", "limit", "offset"}
	LineNames     = []string{"template", "service", "level", "from", "to", "limit", "offset"}
	KindNames     = []string{"kind", "limit", "offset"}
	GapNames      = []string{"answered", "limit", "offset"}
)

// What parameters may be. Metrics, and the words that come from the data, are
// free.
var (
	clocks         = []string{"met", "late", "running", "due_soon", "overdue", "reopened"}
	orders         = []string{"received", "-received", "score", "-score", "-amount", "due", "-late", "seq"}
	caseStates     = []string{"open", "confirmed", "cleared", "overturned", "reopened", view.Decided}
	incidentStates = []string{"open", "over"}
	severities     = []string{"minor", "major", "severe"}
	entryStates    = []string{"proposed", "adopted", "active", "rejected", "expired", "appealed", "overturned"}
	signals        = append(slices.Sorted(maps.Keys(signal.All)), view.Drawn)
	codes          = refusalCodes()
	kinds          = kindNames()
	runKinds       = append(slices.Clone(analysis.Jobs), "score", "backtest")
	segments       = []string{"all", "channel", "product", "handler", "department", "type", "segment"}
	units          = []string{"all", "handler", "department", "type", "channel"}
)

// refusalCodes are the reasons of refusal: each has words.
func refusalCodes() (out []string) {
	for code := range locale.For("").All() {
		if name, ok := strings.CutPrefix(code, "code_"); ok {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func kindNames() (out []string) {
	for _, k := range record.Kinds {
		out = append(out, k.String())
	}
	slices.Sort(out)
	return out
}

// Complaints is the filter of a list of complaints; clock=open is any that is
// not settled, with a clock or without.
func (q *Query) Complaints() view.Filter {
	f := view.Filter{Customer: q.customer(), Theme: q.Int("theme", 0, 1, math.MaxInt64), Incident: q.Int("incident", 0, 1, math.MaxInt64), Ring: q.Int("ring", 0, 1, math.MaxInt64), Attributes: q.Pairs("attributes"), Type: q.Text("type"), Department: q.Text("department"),
		Handler: q.Text("handler"), Channel: q.Text("channel"), Product: q.Text("product"), Language: q.Text("language"),
		Source: q.Text("source"), State: q.One("clock", append(slices.Clone(clocks), "open")...), Breached: q.YesNo("breached"), Flagged: q.YesNo("flagged"), Dated: q.YesNo("dated"),
		From: q.Time("from"), To: q.Time("to"), Least: q.Float("score_from"), Most: q.Float("score_to"), Order: q.One("order", orders...)}
	f.Limit, f.Offset = q.Paging()
	return f
}

var pseudonym = regexp.MustCompile(`^c[0-9a-f]{12}$`)

// customer is the pseudonym of a customer. An id of the firm's own is none, so
// that nobody finds one out by trying.
func (q *Query) customer() string {
	s := q.Text("customer")
	if s != "" && !pseudonym.MatchString(s) {
		q.fail("web_bad_customer", "customer")
		return ""
	}
	return s
}

// Incidents is the filter of a list of incidents.
func (q *Query) Incidents() view.IncidentFilter {
	f := view.IncidentFilter{State: q.One("state", incidentStates...), Severity: q.One("severity", severities...)}
	f.Limit, f.Offset = q.Paging()
	return f
}

// Lines is the filter of log lines.
func (q *Query) Lines() view.LineFilter {
	f := view.LineFilter{Template: q.Int("template", 0, 1, math.MaxInt64), Service: q.Text("service"), Level: q.Text("level"), From: q.Time("from"), To: q.Time("to")}
	f.Limit, f.Offset = q.Paging()
	return f
}

// Cases is the filter of the review queue.
func (q *Query) Cases() view.CaseFilter {
	f := view.CaseFilter{State: q.One("state", caseStates...), Signal: q.Text("signal")}
	if !rule.Named(f.Signal) { // any rule: of those that once gave points, not all are of the model of the day
		f.Signal = q.One("signal", signals...)
	}
	f.Limit, f.Offset = q.Paging()
	return f
}

// Entries is the filter of the blacklist.
func (q *Query) Entries() (state, ground string, limit, offset int) {
	state, ground = q.One("state", entryStates...), q.One("ground", review.Grounds...)
	limit, offset = q.Paging()
	return state, ground, limit, offset
}

// Templates is the filter of log templates.
func (q *Query) Templates() view.TemplateFilter {
	f := view.TemplateFilter{Service: q.Text("service"), Level: q.Text("level"), Burst: q.YesNo("burst")}
	f.Limit, f.Offset = q.Paging()
	return f
}

// Clocks is the filter of service-level clocks.
func (q *Query) Clocks() view.ClockFilter {
	f := view.ClockFilter{State: q.One("clock", clocks...), Department: q.Text("department"), Type: q.Text("type"), Breached: q.YesNo("breached")}
	f.Limit, f.Offset = q.Paging()
	return f
}

// Answers is the filter of survey answers.
func (q *Query) Answers() view.AnswerFilter {
	f := view.AnswerFilter{Metric: q.Text("metric"), Linked: q.YesNo("linked"), From: q.Time("from"), To: q.Time("to"),
		Incident: q.Int("incident", 0, 1, math.MaxInt64), Type: q.Text("type")}
	f.Limit, f.Offset = q.Paging()
	return f
}

// Refused is the filter of refused rows.
func (q *Query) Refused() view.RefusedFilter {
	f := view.RefusedFilter{Code: q.One("code", codes...), Kind: q.Kind(), Profile: q.Text("profile"), Replayed: q.YesNo("replayed")}
	f.Limit, f.Offset = q.Paging()
	return f
}

// Kind is a kind of record.
func (q *Query) Kind() string { return q.One("kind", kinds...) }

// RunKind is an analysis job, or score.
func (q *Query) RunKind() string { return q.One("kind", runKinds...) }

// SegmentBy is how answers are cut.
func (q *Query) SegmentBy() string { return q.One("segment_by", segments...) }

// UnitBy is whose quality of service is told.
func (q *Query) UnitBy() string { return q.One("unit_by", units...) }

// Step is the length of a step of volume.
func (q *Query) Step() string { return q.One("step", "day", "week") }

// Language is that of messages; pages pass over one that they do not know.
func (q *Query) Language() string {
	if locale.Known(q.Text("lang")) {
		return q.Text("lang")
	}
	return q.One("lang", locale.Languages...)
}
