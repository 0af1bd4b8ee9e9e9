package record

import "time"

// Decision is what the model said of one complaint when it was admitted. It
// never decides the complaint: it orders the review queue.
type Decision struct {
	Seq       int64     // arrival number of the complaint
	Model     string    // name and version of the model file
	Score     float64   // sum of the points of all signals
	Threshold float64   // a score at or above it is flagged
	Flagged   bool      // Score >= Threshold
	Signals   []float32 // value of each signal, in the order of the model file
	Reasons   []Reason  // only of flagged complaints; their points sum to Score
}

// Reason is one signal's part in a score.
type Reason struct {
	Signal   string  `json:"signal"`
	Value    float64 `json:"value"`
	Points   float64 `json:"points"`
	Evidence []int64 `json:"evidence,omitempty"` // arrival numbers of the complaints behind it
	// About words it by language, where it is no signal that the program has words
	// for: a rule that somebody wrote.
	About map[string]string `json:"about,omitempty"`
}

// Lower is how much lower a signal would have to be; of a rule, which is 1 where it
// holds, that it would not have to hold.
type Lower struct {
	Signal string  `json:"signal"`
	Is     float64 `json:"is"`
	AtMost float64 `json:"at_most"`
	// About is what a rule says, by language.
	About map[string]string `json:"about,omitempty"`
}

// Past is an earlier complaint that shares a key with the one being judged.
type Past struct {
	Seq      int64
	Customer uint64
	Received time.Time
	Amount   Number
}

// Letter is an earlier complaint whose text is nearly the same.
type Letter struct {
	Past
	Overlap float64 // estimated Jaccard overlap of the shingles, 0.5 to 1
}

// History is what was known before a complaint arrived: only records admitted
// earlier, and of those only what had happened by the time it was received.
// Slices are in arrival order and valid only during the call.
type History struct {
	ByCustomer   []Past
	Since        time.Time // from when on ByCustomer holds all of them; zero if not known
	ByDevice     []Past    // other customers only
	ByPayout     []Past    // other customers only
	ByContact    []Past    // other customers only
	ByHandle     []Past    // other customers only
	ByAddress    []Past    // other customers only
	Letters      []Letter
	Transactions []Transaction // the customer's
	Accounts     []Account     // the customer's
	// Confirmed is how many other complaints of the customer people confirmed as
	// abuse; Associated are those of others who share something with this one.
	Confirmed  int
	Associated []Association
	// Lines tells what the logs of a span before the complaint hold of the
	// customer: lines of a service that worked, and warnings and errors. nil:
	// there are no logs.
	Lines func(span time.Duration) (well, ill int)
	Protection
}

// Association is a complaint of another customer that people confirmed as abuse.
type Association struct {
	Seq     int64
	Decided time.Time
	Sharers int // customers who share the rarest thing that ties the two, the other one among them
}

// Protection is what may speak for an honest complaint. It is asked only where it
// may matter; what is nil says nothing.
type Protection struct {
	// Crowd tells how many times more complaints of this type than usual had
	// arrived in the day before: an honest crowd after an outage raises it.
	Crowd func() float64
	// Incident tells how strongly an incident bears the complaint out, 0 to 1, one
	// that was sure when the complaint was received.
	Incident func() float64
}

// Case is a flagged complaint waiting for a person.
type Case struct {
	ID       int64     `json:"id"`
	Seq      int64     `json:"complaint_seq"`
	Opened   time.Time `json:"opened"`
	Score    float64   `json:"score"`
	Model    string    `json:"model"`
	State    string    `json:"state"` // open, confirmed, cleared
	Reasons  []Reason  `json:"reasons"`
	Customer string    `json:"customer"`
}

// Entry is a blacklist entry as a legal object. A machine may only propose
// one; it is active after two different people have signed.
type Entry struct {
	ID       int64     `json:"id"`
	Subject  string    `json:"subject"` // what is listed: a customer, a device, a payout account
	Key      string    `json:"key"`
	Ground   string    `json:"ground"` // a code from the closed list of grounds
	Scope    string    `json:"scope"`  // what it restricts; never answering complaints
	Evidence []int64   `json:"evidence"`
	State    string    `json:"state"` // proposed, active, rejected, expired, appealed, overturned
	Proposed time.Time `json:"proposed"`
	By       string    `json:"proposed_by"`
	Approver string    `json:"approved_by,omitempty"`
	Until    time.Time `json:"until,omitempty"`
}
