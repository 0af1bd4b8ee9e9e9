package signal

import (
	"cmp"

	"plaint/internal/record"
)

// How records speak against a claim.
const (
	CitedSettled = "cited_settled" // what it cites was settled promptly
	NoneOpen     = "none_open"     // every withdrawal of the 45 days before was settled promptly
	NoWithdrawal = "no_withdrawal" // there was none in the 45 days before
	NoTrade      = "no_trade"      // there was none in the week before
	NotThere     = "not_there"     // what it cites is not among the customer's transactions
	LogsWell     = "logs_well"     // the logs of the day before tell of a service that worked for the customer
)

// Books are the records that a signal stands on.
type Books struct {
	Why          string   // one of the above
	Transactions []string // their ids, or references where they have none, the latest admitted first
	Cited        []string // what the complaint cites and nobody has: as it was written
}

// mostBooks is how many records are named.
const mostBooks = 20

// BooksOf names the records behind a signal that looks at them, if from them it has
// that value; from other records than were known it would have another, and then
// nothing is said.
func BooksOf(name string, value float64, c *record.Complaint, h *record.History) (b Books) {
	switch name {
	case "refuted":
		return refutedBooks(value, c, h)
	case "evidence_missing":
		if value > 0 && evidenceMissing(c, h) == value {
			b.Why = NotThere
			missing(c, h, func(id string) {
				if len(b.Cited) < mostBooks {
					b.Cited = append(b.Cited, id)
				}
			})
		}
	}
	return b
}

func refutedBooks(value float64, c *record.Complaint, h *record.History) (b Books) {
	var cited, recent []string
	v, kind := refuting(c, h, func(t *record.Transaction, isCited, isRecent bool) {
		if isCited {
			cited = append(cited, cmp.Or(t.ExternalID, t.Reference))
		}
		if isRecent {
			recent = append(recent, cmp.Or(t.ExternalID, t.Reference))
		}
	})
	switch {
	case v != value || v == 0:
		return Books{}
	case v == 2:
		return Books{Why: CitedSettled, Transactions: newest(cited)}
	case kind == "trade":
		return Books{Why: NoTrade}
	case len(recent) == 0:
		return Books{Why: NoWithdrawal}
	}
	return Books{Why: NoneOpen, Transactions: newest(recent)}
}

// newest turns ids in the order of admission round and leaves the first. What has no
// id cannot be named.
func newest(ids []string) []string {
	out := make([]string, 0, min(len(ids), mostBooks))
	for i := len(ids) - 1; i >= 0 && len(out) < mostBooks; i-- {
		if ids[i] != "" {
			out = append(out, ids[i])
		}
	}
	return out
}
