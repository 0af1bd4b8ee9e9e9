package embed

import "fmt"

// What can be wrong.
const (
	BadAddress  = "address"  // not http or https with a host
	NoModel     = "model"    // no model is named
	BadNumbers  = "numbers"  // vectors of so many numbers are not asked for
	Unreachable = "network"  // no answer, or one that was cut off
	Refused     = "status"   // an answer that is none
	Elsewhere   = "redirect" // the service sends elsewhere
	NoJSON      = "json"     // the answer is not JSON of this protocol
	TooLarge    = "large"    // the answer is larger than vectors of these texts can be
	WrongCount  = "count"    // other than one vector for each text
	WrongLength = "length"   // vectors of another length than before, or than asked for
	WrongNumber = "number"   // a vector of zeros, or with a number that is none
)

// Error says what is wrong with a service or its answer. It holds neither key nor
// text.
type Error struct {
	Code   string
	At     string // whom was asked, without what may be secret; "" where that cannot be told
	Status int    // of HTTP
	Detail string // what the service says, shortened, or what was found
	Err    error  // of the system
}

func (e *Error) Error() string {
	s := "embeddings"
	if e.At != "" {
		s += " of " + e.At
	}
	s += ": " + e.Code
	if e.Status != 0 {
		s += fmt.Sprintf(" %d", e.Status)
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

func (c *Client) fault(code, detail string) *Error {
	return &Error{Code: code, At: c.at.String(), Detail: detail}
}
