package record

import "time"

// Kept is what the file still holds of how a complaint was judged: enough to
// judge it again by another model, and to say of whom the model speaks.
type Kept struct {
	Seq      int64
	Received time.Time // zero where it is not known
	Run      int64     // 0: at admission
	Model    string    // that judged it; Signals are in the order of its file
	Flagged  bool
	Signals  []float32 // zeros at the end are not kept; valid only during the call
	Language string
	Country  string // of the customer's latest account
	Type     string
	Upheld   Tri // what was decided of the claim: an outcome, never a signal
	// Protection gives the signals' values as they were known then, for models
	// that look at them where the one that judged did not.
	Protection

	// What rules may look at besides; Facts gathers it.
	Source, Channel, Product, Currency string

	Amount    Number
	Precision Precision // of Received
}

// Verdict is an event in the life of a case that tells what people think of it.
type Verdict struct {
	CaseID, Seq int64
	At          time.Time
	Action      string  // opened, confirmed, cleared, overturned, reopened
	Share       float64 // opened: the chance with which the complaint was drawn for the audit; 0 if its score brought it up
	Model       string  // opened: the model whose score brought it up; "" if it was drawn
}

// States of a model. At most one is champion and one is shadow.
const (
	Candidate = "candidate"
	Shadow    = "shadow"
	Champion  = "champion"
	Retired   = "retired"
)

// ModelVersion is a model that the file keeps, and how it stands.
type ModelVersion struct {
	Name    string    `json:"name"`
	State   string    `json:"state"`
	Since   time.Time `json:"since,omitzero"` // of the state; zero for what came with the program and was never changed
	By      string    `json:"by"`             // who brought it into this state
	Reason  string    `json:"reason"`
	Created time.Time `json:"created,omitzero"`
	Author  string    `json:"created_by"`
	From    time.Time `json:"from,omitzero"` // data window
	To      time.Time `json:"to,omitzero"`
	File    []byte    `json:"-"` // as it is written in YAML
}
