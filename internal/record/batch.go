package record

import "time"

// Code names, in lower_snake_case, something a user may be told. The words for
// it in every language live in the catalogue of internal/web/locale.
type Code string

// Refusal is an input row that was not loaded, kept whole so that it can be
// read, mended and replayed.
type Refusal struct {
	Kind    Kind
	Input   string // file or stream the row came from
	Profile string
	Line    int64 // 1-based, the first line of the row
	Code    Code
	Column  string // header of the column at fault, "" if it is the whole row
	Detail  string // what was found, short; never a whole personal value
	Raw     []byte // the original bytes; of a table whose cells are read one by one, a JSON object
	Header  []byte // JSON object of what a replay needs to read Raw: format, encoding, source, header
}

// Position is how far a stream has been read. It is kept in the same
// transaction as the rows up to it.
type Position struct {
	Input  string // the stream's name, one for each partition
	Offset int64  // the last row that is kept: a sequence, an offset, the byte behind it
	Mark   string // what the offset belongs to, in the source's own form: an epoch, an inode, a cursor
}

// Once names a delivery that its sender may repeat: the receipt of the first is
// kept with the rows and answers all others. Key is the sender's, within Scope;
// Body tells another delivery under the same key.
type Once struct {
	Scope, Key string
	Body       Identity
}

// Batch is a run of rows that is admitted in one transaction. Line order is
// arrival order. Rows = records + refusals.
type Batch struct {
	Input        string
	Profile      string
	Complaints   []Complaint
	Surveys      []Survey
	Logs         []LogLine
	Transactions []Transaction
	Accounts     []Account
	Levels       []ServiceLevel
	Refused      []Refusal
	Positions    []Position
	Once         *Once
	Detail       bool // the receipt tells the fate of every row
}

// Rows counts the input rows the batch stands for.
func (b *Batch) Rows() int {
	return len(b.Complaints) + len(b.Surveys) + len(b.Logs) +
		len(b.Transactions) + len(b.Accounts) + len(b.Levels) + len(b.Refused)
}

// Receipt says what became of a batch: RowsIn = Loaded + Known + Refused.
type Receipt struct {
	RowsIn  int `json:"rows_in"`
	Loaded  int `json:"loaded"`
	Known   int `json:"known"`
	Refused int `json:"refused"`
	// Updated counts those of Loaded that are a new state of a known record.
	Updated   int           `json:"updated"`
	Flagged   int           `json:"flagged"`
	Reasons   map[Code]int  `json:"reasons,omitempty"`
	Decisions []Decision    `json:"-"` // one per new complaint, in arrival order
	Fates     []Fate        `json:"-"` // of a Batch with Detail: one per record, in the order of Kinds
	Again     bool          `json:"-"` // of a Batch with Once: it came before, and this is the receipt of that time
	Took      time.Duration `json:"-"` // time inside the transaction
}

// Fate is what a row turned out to be.
type Fate uint8

// The fates of a row that was not refused.
const (
	IsNew    Fate = iota // its record is new
	IsUpdate             // a new state of a known record
	IsKnown              // nothing that is not known
)

// String is the fate's code.
func (f Fate) String() string { return [...]string{"loaded", "updated", "known"}[f] }

// Add sums two receipts.
func (r *Receipt) Add(o Receipt) {
	r.RowsIn += o.RowsIn
	r.Loaded += o.Loaded
	r.Known += o.Known
	r.Refused += o.Refused
	r.Updated += o.Updated
	r.Flagged += o.Flagged
	for c, n := range o.Reasons {
		if r.Reasons == nil {
			r.Reasons = map[Code]int{}
		}
		r.Reasons[c] += n
	}
	r.Took += o.Took
}

// Kind is the kind of the batch's first records or refusals, 0 if it is empty.
func (b *Batch) Kind() Kind {
	switch {
	case len(b.Complaints) > 0:
		return Complaints
	case len(b.Surveys) > 0:
		return Surveys
	case len(b.Logs) > 0:
		return Logs
	case len(b.Transactions) > 0:
		return Transactions
	case len(b.Accounts) > 0:
		return Accounts
	case len(b.Levels) > 0:
		return ServiceLevels
	case len(b.Refused) > 0:
		return b.Refused[0].Kind
	}
	return 0
}
