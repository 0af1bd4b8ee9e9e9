package store

import (
	"time"

	"plaint/internal/record"
)

// row is a record on its way into its table, with the numbers it was given.
type row[T any] struct {
	r       *T
	origin  *record.Origin
	seq     int64
	batch   int64
	arrived time.Time
}

// originTable is a table of facts: all of them begin with where a row is from.
func originTable[T any](name string, columns ...column[row[T]]) *table[row[T]] {
	return newTable(name, append([]column[row[T]]{
		whole("seq", func(x *row[T]) int64 { return x.seq }),
		identity("key_hi", func(x *row[T]) uint64 { return x.origin.ID.Hi }),
		identity("key_lo", func(x *row[T]) uint64 { return x.origin.ID.Lo }),
		identity("content", func(x *row[T]) uint64 { return x.origin.Content }),
		whole("batch", func(x *row[T]) int64 { return x.batch }),
		whole("line", func(x *row[T]) int64 { return x.origin.Line }),
		text("source", func(x *row[T]) string { return x.origin.Source }),
		text("external_id", func(x *row[T]) string { return x.origin.ExternalID }),
		extra(func(x *row[T]) []record.Field { return x.origin.Extra }),
	}, columns...)...)
}

func arrived[T any]() column[row[T]] {
	return when("arrived", func(x *row[T]) time.Time { return x.arrived })
}

func customerKey[T any](get func(*T) string) column[row[T]] {
	return hash("customer_key", func(x *row[T]) uint64 { return record.Hash64("customer", get(x.r)) })
}

type (
	complaintRow   = row[record.Complaint]
	surveyRow      = row[record.Survey]
	logRow         = row[record.LogLine]
	transactionRow = row[record.Transaction]
	accountRow     = row[record.Account]
	levelRow       = row[record.ServiceLevel]
)

var complaintTable = originTable("complaint",
	text("channel", func(x *complaintRow) string { return x.r.Channel }),
	text("customer", func(x *complaintRow) string { return x.r.Customer }),
	text("customer_name", func(x *complaintRow) string { return x.r.CustomerName }),
	text("contact", func(x *complaintRow) string { return x.r.Contact }),
	when("received", func(x *complaintRow) time.Time { return x.r.Received.Time }),
	small("received_precision", func(x *complaintRow) uint8 { return uint8(x.r.Received.Precision) }),
	arrived[record.Complaint](),
	text("type", func(x *complaintRow) string { return x.r.Type }),
	text("product", func(x *complaintRow) string { return x.r.Product }),
	text("subject", func(x *complaintRow) string { return x.r.Subject }),
	text("body", func(x *complaintRow) string { return x.r.Body }),
	text("language", func(x *complaintRow) string { return x.r.Language }),
	number("amount", func(x *complaintRow) record.Number { return x.r.Amount }),
	text("currency", func(x *complaintRow) string { return x.r.Currency }),
	texts("evidence", func(x *complaintRow) []string { return x.r.Evidence }),
	text("status", func(x *complaintRow) string { return x.r.Status }),
	when("changed", func(x *complaintRow) time.Time { return x.r.Changed.Time }),
	text("handler", func(x *complaintRow) string { return x.r.Handler }),
	text("department", func(x *complaintRow) string { return x.r.Department }),
	text("priority", func(x *complaintRow) string { return x.r.Priority }),
	text("resolution", func(x *complaintRow) string { return x.r.Resolution }),
	tri("upheld", func(x *complaintRow) record.Tri { return x.r.Upheld }),
	number("redress", func(x *complaintRow) record.Number { return x.r.Redress }),
	when("closed", func(x *complaintRow) time.Time { return x.r.Closed.Time }),
	small("closed_precision", func(x *complaintRow) uint8 { return uint8(x.r.Closed.Precision) }),
	when("reopened", func(x *complaintRow) time.Time { return x.r.Reopened.Time }),
	when("escalated", func(x *complaintRow) time.Time { return x.r.Escalated.Time }),
	tri("external_dispute", func(x *complaintRow) record.Tri { return x.r.ExternalDispute }),
	text("device", func(x *complaintRow) string { return x.r.Device }),
	text("payout_account", func(x *complaintRow) string { return x.r.PayoutAccount }),
	hash("customer_key", func(x *complaintRow) uint64 { return x.r.Keys.Customer }),
	hash("device_key", func(x *complaintRow) uint64 { return x.r.Keys.Device }),
	hash("payout_key", func(x *complaintRow) uint64 { return x.r.Keys.Payout }),
	hash("contact_key", func(x *complaintRow) uint64 { return x.r.Keys.Contact }),
	sketchWord(0), sketchWord(1), sketchWord(2), sketchWord(3),
	sketchWord(4), sketchWord(5), sketchWord(6), sketchWord(7),
	hash("handle_key", func(x *complaintRow) uint64 { return x.r.Keys.Handle }),
	hash("address_key", func(x *complaintRow) uint64 { return x.r.Keys.Address }),
)

func sketchWord(i int) column[complaintRow] {
	return hash("s"+string(rune('0'+i)), func(x *complaintRow) uint64 { return x.r.Keys.Sketch[i] })
}

var eventTable = newTable("complaint_event",
	identity("key_hi", func(x *complaintRow) uint64 { return x.r.ID.Hi }),
	identity("key_lo", func(x *complaintRow) uint64 { return x.r.ID.Lo }),
	identity("content", func(x *complaintRow) uint64 { return x.r.Content }),
	whole("batch", func(x *complaintRow) int64 { return x.batch }),
	whole("line", func(x *complaintRow) int64 { return x.r.Line }),
	text("source", func(x *complaintRow) string { return x.r.Source }),
	text("external_id", func(x *complaintRow) string { return x.r.ExternalID }),
	extra(func(x *complaintRow) []record.Field { return x.r.Extra }),
	arrived[record.Complaint](),
	when("at", func(x *complaintRow) time.Time { return stateTime(x.r, x.arrived) }),
	text("status", func(x *complaintRow) string { return x.r.Status }),
	text("handler", func(x *complaintRow) string { return x.r.Handler }),
	text("department", func(x *complaintRow) string { return x.r.Department }),
	text("priority", func(x *complaintRow) string { return x.r.Priority }),
	text("resolution", func(x *complaintRow) string { return x.r.Resolution }),
	tri("upheld", func(x *complaintRow) record.Tri { return x.r.Upheld }),
	number("redress", func(x *complaintRow) record.Number { return x.r.Redress }),
	when("closed", func(x *complaintRow) time.Time { return x.r.Closed.Time }),
	when("reopened", func(x *complaintRow) time.Time { return x.r.Reopened.Time }),
	when("escalated", func(x *complaintRow) time.Time { return x.r.Escalated.Time }),
	tri("external_dispute", func(x *complaintRow) record.Tri { return x.r.ExternalDispute }),
	text("subject", func(x *complaintRow) string { return x.r.Subject }),
	text("body", func(x *complaintRow) string { return x.r.Body }),
	number("amount", func(x *complaintRow) record.Number { return x.r.Amount }),
	text("currency", func(x *complaintRow) string { return x.r.Currency }),
	text("type", func(x *complaintRow) string { return x.r.Type }),
	text("product", func(x *complaintRow) string { return x.r.Product }),
	text("channel", func(x *complaintRow) string { return x.r.Channel }),
	text("customer", func(x *complaintRow) string { return x.r.Customer }),
	text("customer_name", func(x *complaintRow) string { return x.r.CustomerName }),
	text("contact", func(x *complaintRow) string { return x.r.Contact }),
	when("received", func(x *complaintRow) time.Time { return x.r.Received.Time }),
	text("language", func(x *complaintRow) string { return x.r.Language }),
	texts("evidence", func(x *complaintRow) []string { return x.r.Evidence }),
	small("closed_precision", func(x *complaintRow) uint8 { return uint8(x.r.Closed.Precision) }),
	text("device", func(x *complaintRow) string { return x.r.Device }),
	text("payout_account", func(x *complaintRow) string { return x.r.PayoutAccount }),
)

// stateTime is when the row's state began: what the source says, else the
// latest of its own dates, else its arrival.
func stateTime(c *record.Complaint, arrived time.Time) time.Time {
	if c.Changed.Known() {
		return c.Changed.Time
	}
	latest := c.Closed.Time
	for _, m := range [...]record.Moment{c.Reopened, c.Escalated} {
		if m.Time.After(latest) {
			latest = m.Time
		}
	}
	if latest.IsZero() {
		return arrived
	}
	return latest
}

var surveyTable = originTable("survey",
	text("customer", func(x *surveyRow) string { return x.r.Customer }),
	when("answered", func(x *surveyRow) time.Time { return x.r.Answered.Time }),
	small("answered_precision", func(x *surveyRow) uint8 { return uint8(x.r.Answered.Precision) }),
	arrived[record.Survey](),
	text("metric", func(x *surveyRow) string { return x.r.Metric }),
	number("score", func(x *surveyRow) record.Number { return x.r.Score }),
	float("scale_min", func(x *surveyRow) float64 { return x.r.ScaleMin }),
	float("scale_max", func(x *surveyRow) float64 { return x.r.ScaleMax }),
	text("comment", func(x *surveyRow) string { return x.r.Comment }),
	text("language", func(x *surveyRow) string { return x.r.Language }),
	text("complaint", func(x *surveyRow) string { return x.r.Complaint }),
	text("handler", func(x *surveyRow) string { return x.r.Handler }),
	text("channel", func(x *surveyRow) string { return x.r.Channel }),
	text("product", func(x *surveyRow) string { return x.r.Product }),
	text("segment", func(x *surveyRow) string { return x.r.Segment }),
)

var logTable = originTable("log_line",
	when("time", func(x *logRow) time.Time { return x.r.Time.Time }),
	arrived[record.LogLine](),
	text("service", func(x *logRow) string { return x.r.Service }),
	text("host", func(x *logRow) string { return x.r.Host }),
	text("level", func(x *logRow) string { return x.r.Level }),
	text("message", func(x *logRow) string { return x.r.Message }),
	text("trace", func(x *logRow) string { return x.r.Trace }),
	text("customer", func(x *logRow) string { return x.r.Customer }),
)

var transactionTable = originTable("transaction_version",
	text("customer", func(x *transactionRow) string { return x.r.Customer }),
	text("account", func(x *transactionRow) string { return x.r.Account }),
	text("type", func(x *transactionRow) string { return x.r.Type }),
	text("status", func(x *transactionRow) string { return x.r.Status }),
	number("amount", func(x *transactionRow) record.Number { return x.r.Amount }),
	text("currency", func(x *transactionRow) string { return x.r.Currency }),
	when("requested", func(x *transactionRow) time.Time { return x.r.Requested.Time }),
	when("settled", func(x *transactionRow) time.Time { return x.r.Settled.Time }),
	when("failed", func(x *transactionRow) time.Time { return x.r.Failed.Time }),
	text("reference", func(x *transactionRow) string { return x.r.Reference }),
	arrived[record.Transaction](),
	customerKey(func(t *record.Transaction) string { return t.Customer }),
)

var accountTable = originTable("account_version",
	text("customer", func(x *accountRow) string { return x.r.Customer }),
	when("opened", func(x *accountRow) time.Time { return x.r.Opened.Time }),
	text("country", func(x *accountRow) string { return x.r.Country }),
	text("device", func(x *accountRow) string { return x.r.Device }),
	text("address", func(x *accountRow) string { return x.r.Address }),
	text("payout_account", func(x *accountRow) string { return x.r.PayoutAccount }),
	text("tariff", func(x *accountRow) string { return x.r.Tariff }),
	arrived[record.Account](),
	customerKey(func(a *record.Account) string { return a.Customer }),
)

var levelTable = originTable("service_level_version",
	text("type", func(x *levelRow) string { return x.r.Type }),
	text("department", func(x *levelRow) string { return x.r.Department }),
	text("handling", func(x *levelRow) string { return x.r.Handling }),
	text("rule", func(x *levelRow) string { return string(x.r.Rule) }),
	float("limit_hours", func(x *levelRow) float64 { return x.r.Limit.Hours() }),
	arrived[record.ServiceLevel](),
)

// refusedRow is a refusal with its number.
type refusedRow struct {
	*record.Refusal
	id, batch int64
	at        time.Time
}

var refusedTable = newTable("refused",
	whole("id", func(x *refusedRow) int64 { return x.id }),
	whole("batch", func(x *refusedRow) int64 { return x.batch }),
	when("at", func(x *refusedRow) time.Time { return x.at }),
	text("kind", func(x *refusedRow) string { return x.Kind.String() }),
	text("input", func(x *refusedRow) string { return x.Input }),
	text("profile", func(x *refusedRow) string { return x.Profile }),
	whole("line", func(x *refusedRow) int64 { return x.Line }),
	text("code", func(x *refusedRow) string { return string(x.Code) }),
	text("field", func(x *refusedRow) string { return x.Column }),
	text("detail", func(x *refusedRow) string { return x.Detail }),
	raw("raw", func(x *refusedRow) []byte { return x.Raw }),
	raw("header", func(x *refusedRow) []byte { return x.Header }),
)

// decided is a decision with the run it belongs to (0 = at admission).
type decided struct {
	*record.Decision
	run int64
	at  time.Time
}

var decisionTable = newTable("decision",
	whole("seq", func(x *decided) int64 { return x.Seq }),
	whole("run", func(x *decided) int64 { return x.run }),
	when("at", func(x *decided) time.Time { return x.at }),
	text("model", func(x *decided) string { return x.Model }),
	float("score", func(x *decided) float64 { return x.Score }),
	float("threshold", func(x *decided) float64 { return x.Threshold }),
	flag("flagged", func(x *decided) bool { return x.Flagged }),
	floats("signals", func(x *decided) []float32 { return x.Signals }),
)

// caseRow is one event in the life of a case.
type caseRow struct {
	id, seq       int64
	at            time.Time
	actor, action string
	detail        string
	keys          record.Keys
}

var caseTable = newTable("case_event",
	whole("case_id", func(x *caseRow) int64 { return x.id }),
	whole("seq", func(x *caseRow) int64 { return x.seq }),
	when("at", func(x *caseRow) time.Time { return x.at }),
	text("actor", func(x *caseRow) string { return x.actor }),
	text("action", func(x *caseRow) string { return x.action }),
	text("detail", func(x *caseRow) string { return x.detail }),
	hash("customer_key", func(x *caseRow) uint64 { return x.keys.Customer }),
	hash("device_key", func(x *caseRow) uint64 { return x.keys.Device }),
	hash("payout_key", func(x *caseRow) uint64 { return x.keys.Payout }),
	hash("contact_key", func(x *caseRow) uint64 { return x.keys.Contact }),
	hash("handle_key", func(x *caseRow) uint64 { return x.keys.Handle }),
	hash("address_key", func(x *caseRow) uint64 { return x.keys.Address }),
)

// admitted is one batch's line in the admission book.
type admitted struct {
	p     *part
	r     record.Receipt
	batch int64
	at    time.Time
	took  time.Duration
}

var admissionTable = newTable("admission",
	whole("batch", func(x *admitted) int64 { return x.batch }),
	when("at", func(x *admitted) time.Time { return x.at }),
	text("input", func(x *admitted) string { return x.p.b.Input }),
	text("profile", func(x *admitted) string { return x.p.b.Profile }),
	text("kind", func(x *admitted) string { return x.p.b.Kind().String() }),
	whole("rows_in", func(x *admitted) int64 { return int64(x.r.RowsIn) }),
	whole("loaded", func(x *admitted) int64 { return int64(x.r.Loaded) }),
	whole("known", func(x *admitted) int64 { return int64(x.r.Known) }),
	whole("refused", func(x *admitted) int64 { return int64(x.r.Refused) }),
	whole("updated", func(x *admitted) int64 { return int64(x.r.Updated) }),
	whole("flagged", func(x *admitted) int64 { return int64(x.r.Flagged) }),
	whole("micros", func(x *admitted) int64 { return x.took.Microseconds() }),
)
