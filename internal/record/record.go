// Package record holds the product's words: what a complaint, a survey
// response, a log line, a transaction and an account are, and what happens to
// them on their way in. It knows no file format, no table and no model.
package record

import (
	"math/bits"
	"slices"
	"time"
)

// Kind says what a record is.
type Kind uint8

// The five kinds of facts, and the table they are measured against.
const (
	Complaints Kind = iota + 1
	Surveys
	Logs
	Transactions
	Accounts
	ServiceLevels // the firm's own table of limits, not a fact
)

// Kinds lists every kind, in the order in which files that depend on each
// other are best loaded: evidence first, complaints last.
var Kinds = []Kind{ServiceLevels, Accounts, Transactions, Logs, Surveys, Complaints}

var kindNames = [...]string{"", "complaints", "surveys", "logs", "transactions", "accounts", "service_levels"}

// KindNames lists the words of the kinds.
func KindNames() []string { return slices.Clone(kindNames[1:]) }

// String gives the word used on the command line and in the API.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return ""
}

// ParseKind is the inverse of String; ok is false for any other word.
func ParseKind(s string) (k Kind, ok bool) {
	for i, name := range kindNames {
		if i > 0 && name == s {
			return Kind(i), true
		}
	}
	return 0, false
}

// Precision says how exactly a moment is known.
type Precision uint8

// Precisions, from the finest to the coarsest.
const (
	ToSecond Precision = iota
	ToMinute
	ToDay
	ToMonth
	ToYear
)

// Moment is a point in time in UTC with its precision. A month or a year alone
// is its first instant. The zero Moment is unknown.
type Moment struct {
	Time      time.Time
	Precision Precision
}

// At is a moment known to the second or better.
func At(t time.Time) Moment { return Moment{Time: t.UTC()} }

// Known reports whether the moment holds a time.
func (m Moment) Known() bool { return !m.Time.IsZero() }

// Last is the last instant that the moment may mean: a day known alone may be
// any time of that day. The zero Moment has a zero Last.
func (m Moment) Last() time.Time {
	if !m.Known() {
		return time.Time{}
	}
	t := m.Time
	switch m.Precision {
	case ToMinute:
		t = t.Add(time.Minute)
	case ToDay:
		t = t.AddDate(0, 0, 1)
	case ToMonth:
		t = t.AddDate(0, 1, 0)
	case ToYear:
		t = t.AddDate(1, 0, 0)
	default:
		return t
	}
	return t.Add(-time.Microsecond)
}

// Tri is a yes/no answer that may be missing.
type Tri uint8

// The three answers.
const (
	Unknown Tri = iota
	No
	Yes
)

// Number is a float64 that may be missing.
type Number struct {
	Value float64
	Valid bool
}

// Num is a present number.
func Num(v float64) Number { return Number{Value: v, Valid: true} }

// Field is a column that has no word of ours; it is kept under its own name.
type Field struct{ Name, Value string }

// Identity is the 128-bit name of a record: a hash of its source and external
// id, or, where the source gives no id, of its content and of how often the
// same content came before it in the same input.
type Identity struct{ Hi, Lo uint64 }

// Origin is what every record carries: where it came from and who it is.
type Origin struct {
	Source     string   // system or export the record comes from, not the file
	ExternalID string   // the source's own id; "" where it has none
	Line       int64    // 1-based line or row in the input, 0 if it has none
	ID         Identity // set by Stamp
	Content    uint64   // hash of every field but Line; set by Stamp
	Extra      []Field  // columns without a word of ours, in input order
}

// SketchSize is the number of words of a Sketch.
const SketchSize = 8

// Sketch is a text's fingerprint: SketchSize words of four 16-bit minimum
// hashes each. Two texts share a lane with a probability equal to the Jaccard
// overlap of their shingles, and a whole word with its fourth power; so equal
// words find candidates and equal lanes measure them. The zero Sketch is of a
// text too short to compare.
type Sketch [SketchSize]uint64

// Overlap estimates the Jaccard overlap of two texts' shingles, 0 to 1, from
// the share of equal lanes (standard error at most 0.09).
func (s *Sketch) Overlap(o *Sketch) float64 {
	// A lane of x is zero where both agree; adding below its top bit carries
	// into it for every other value (Warren, Hacker's Delight, 6-1).
	const low, top = 0x7FFF_7FFF_7FFF_7FFF, 0x8000_8000_8000_8000
	equal := 0
	for i, w := range s {
		x := w ^ o[i]
		equal += bits.OnesCount64(^((x&low + low) | x) & top)
	}
	return float64(equal) / (4 * SketchSize)
}

// Complaint is one complaint as it was made and as it stood when it came in.
// Coded fields (Type, Product, Status, Priority, Channel) hold our code where
// the profile knows one, otherwise the source's own word.
type Complaint struct {
	Origin
	Channel         string
	Customer        string // the source's customer id
	CustomerName    string // personal
	Contact         string // phone or mail; personal
	Received        Moment
	Type            string
	Product         string
	Subject         string
	Body            string // personal
	Language        string // "zh", "en" or another ISO 639-1 code; "" if unknown
	Amount          Number // claimed, in Currency
	Currency        string // ISO 4217
	Evidence        []string
	Status          string
	Handler         string
	Department      string
	Priority        string
	Resolution      string
	Upheld          Tri
	Redress         Number // paid, in Currency
	Closed          Moment
	Reopened        Moment
	Escalated       Moment
	ExternalDispute Tri
	Device          string // personal
	PayoutAccount   string // personal
	Changed         Moment // when Status became what it is; unknown = Received

	Keys Keys // sketch, contact and handle set by the column mapping, the rest by the store at admission
}

// Keys are the 64-bit hashes under which a complaint's history is found.
// Zero means that the complaint has no such key.
type Keys struct {
	Customer, Device, Payout uint64
	Contact                  uint64 // telephone or mail
	Handle                   uint64 // messenger handle that the text tells the reader to write to
	Address                  uint64 // of the customer's accounts
	Sketch                   Sketch
}

// Survey is one answer to one satisfaction question.
type Survey struct {
	Origin
	Customer  string
	Answered  Moment
	Metric    string // csat, nps, ces or other
	Score     Number // missing where the answer is no score ("never used")
	ScaleMin  float64
	ScaleMax  float64
	Comment   string // personal
	Language  string
	Complaint string // external id of the complaint it is about
	Handler   string
	Channel   string
	Product   string
	Segment   string // the group it is reported under: branch, service, region
}

// LogLine is one line of a service's log.
type LogLine struct {
	Origin
	Time     Moment
	Service  string
	Host     string
	Level    string // debug, info, warn, error, fatal
	Message  string
	Trace    string
	Customer string
}

// Transaction is one movement of a customer's money or positions.
type Transaction struct {
	Origin
	Customer  string
	Account   string
	Type      string // deposit, withdrawal, trade
	Status    string
	Amount    Number
	Currency  string
	Requested Moment
	Settled   Moment
	Failed    Moment
	Reference string // order, instrument or gateway reference
}

// Account is one of a customer's accounts.
type Account struct {
	Origin
	Customer      string
	Opened        Moment
	Country       string
	Device        string // personal
	Address       string // personal
	PayoutAccount string // personal
	Tariff        string

	AddressKey uint64 // set by the store from Address
}

// ServiceLevel is one line of the firm's table: how soon a complaint of a type
// must be settled, and by whom.
type ServiceLevel struct {
	Origin
	Type       string
	Department string
	Handling   string
	Rule       Rule
	Limit      time.Duration // of a Within or Ahead rule
}

// Rule is what kind of limit a service level sets.
type Rule string

// The rules.
const (
	AtOnce     Rule = "at_once"      // no waiting at all
	Within     Rule = "within"       // settled at most Limit after receipt
	Ahead      Rule = "ahead"        // customers told at least Limit before the event
	CaseByCase Rule = "case_by_case" // no limit
)
