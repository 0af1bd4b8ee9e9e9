package record

import "time"

// TieKind is a kind of thing that customers may share.
type TieKind uint8

// The kinds of ties, the order of the fields of Tied.Keys.
const (
	TieDevice TieKind = iota
	TiePayout
	TieContact // telephone or mail
	TieHandle  // messenger handle that a letter tells the reader to write to
	TieAddress
	TieLetter // group of letters made from one another
	TieKinds
)

var tieNames = [TieKinds]string{"device", "payout", "contact", "handle", "address", "letter"}

// String gives the word used in the file, the API and the catalogues.
func (k TieKind) String() string {
	if k < TieKinds {
		return tieNames[k]
	}
	return ""
}

// Tied is a complaint as rings are looked for in: who, when, what about, and
// what it may share with others. It holds no personal data but hashes.
type Tied struct {
	Seq      int64
	Customer uint64    // the person, as far as resolved; 0: nobody else's
	Received time.Time // zero where it is not known
	Type     string
	Amount   Number
	Currency string
	Keys     [TieKinds]uint64 // by TieKind; 0 where the complaint has none
	// Explained is how strongly an incident bears the complaint out, 0 to 1.
	Explained float64
}

// Ring is a group of customers who complain together: for people to look at,
// never a decision on a complaint.
type Ring struct {
	ID         int64
	Members    []RingMember // by Seq
	Customers  int
	Confidence float64 // that it is one, 0 to 1
	Bits       float64 // evidence that stands when the strongest kind is taken away
	P          float64 // share of honest groups that reach Bits by chance
	Evidence   []RingEvidence
	Ties       []RingTie // the heaviest first
	Start, End time.Time // first and last complaint; zero where no date is known
	Lockstep   Lockstep
	Money      []Money // by currency
	Honest     HonestCrowd
}

// RingMember is a complaint of a ring.
type RingMember struct {
	Seq        int64
	Customer   uint64
	Confidence float64 // that it belongs, 0 to 1, that of the ring included
	Ties       int     // things of the ring that its customer shares
}

// RingEvidence is what one kind of tie, or "lockstep", says for a ring.
type RingEvidence struct {
	Name      string
	Bits      float64
	Customers int // who share something of the kind, or keep step
}

// RingTie is one thing that members of a ring share.
type RingTie struct {
	Kind      TieKind
	Customers int // of the ring
	Users     int // of all customers
	Weight    float64
	Example   int64 // Seq of a complaint that has it
}

// Lockstep is the stretch in which most of a ring's customers complained closer
// together than others did.
type Lockstep struct {
	Start, End time.Time
	Customers  int
	Others     int // complaints of other customers, of the same types, in the stretch
	Bits       float64
}

// Money is claims in one currency.
type Money struct {
	Currency string
	N        int
	Sum      float64
}

// HonestCrowd is how much of a ring an honest crowd explains.
type HonestCrowd struct {
	Incident float64 // mean strength with which incidents bear the complaints out, 0 to 1
	Home     float64 // share of customers who may be of one home, in small groups
	Public   float64 // share of what is shared that is mostly used by others, 0 to 1
}

// PastRing is a ring of an earlier run.
type PastRing struct {
	ID      int64
	Members []int64 // Seq
}
