package signal

import (
	"math"
	"time"

	"gonum.org/v1/gonum/mathext"

	"plaint/internal/record"
)

// What is expected of a person or thing of which nothing is known: about one
// complaint a year, as if seen for a month, so that a month of its own past weighs as
// much.
const (
	usualEvents = .1
	usualSpan   = 30 * day
)

// mostSurprise is the most that surprise tells: one chance in a million.
const mostSurprise = 6

// halfLives are after how long a complaint counts half for what is recent: each
// a power of two of the one before, so that a weight of one is a product of the last.
var halfLives = [...]time.Duration{32 * day, 8 * day, day}

// surprise is how much faster complaints have come of late than the same person's or
// thing's own past lets one expect: the negative decimal logarithm of the chance
// of as many or more, 0 to 6, over the half-life of which it is most surprising.
// Only complaints strictly before this one count.
//
// A complaint of age a is recent to the part 2^(-a/h) and past to the rest, and so
// is each day since the thing was first seen, so that no complaint drops out of a
// window from one day to the next. With a gamma prior of the rate the number of
// recent ones is negative binomial; its tail at a number that is not whole is the
// regularised incomplete beta function (DLMF 8.17.24).
func surprise(c *record.Complaint, list []record.Past, since time.Time) float64 {
	if len(list) == 0 || !c.Received.Known() {
		return 0
	}
	now, most := c.Received.Time, 0.0
	for i := range list {
		if at := list[i].Received; !at.IsZero() && (since.IsZero() || at.Before(since)) {
			since = at
		}
	}
	if since.IsZero() {
		return 0
	}
	var recent [len(halfLives)]float64
	n := 0.0
	for i := range list {
		if at := list[i].Received; !at.IsZero() && at.Before(now) {
			w := math.Exp2(-float64(now.Sub(at)) / float64(halfLives[0]))
			w4 := w * w * w * w
			w16 := w4 * w4 * w4 * w4
			n, recent[0], recent[1], recent[2] = n+1, recent[0]+w, recent[1]+w4, recent[2]+w16*w16
		}
	}
	seen := float64(max(0, now.Sub(since)))
	for k, h := range halfLives {
		if recent[k] < .02 {
			continue // nothing to be surprised at
		}
		width := float64(h) / math.Ln2
		window := width * (1 - math.Exp2(-seen/float64(h)))
		p := mathext.RegIncBeta(recent[k], usualEvents+n-recent[k], width/(width+float64(usualSpan)+seen-window))
		most = max(most, -math.Log10(max(p, 1e-9)))
	}
	return min(most, mostSurprise)
}

// customerSurprise is that of the customer's own complaints, since the first account
// or, where that is later, since when all of them are known: years of which nothing
// is known were not calm.
func customerSurprise(c *record.Complaint, h *record.History) float64 {
	if len(h.ByCustomer) == 0 {
		return 0
	}
	since := opened(h)
	if h.Since.IsZero() || h.Since.After(since) {
		since = h.Since
	}
	return surprise(c, h.ByCustomer, since)
}

// deviceSurprise is that of other customers' complaints from the same device.
func deviceSurprise(c *record.Complaint, h *record.History) float64 {
	return surprise(c, h.ByDevice, time.Time{})
}

// payoutSurprise is that of other customers with the same payout account.
func payoutSurprise(c *record.Complaint, h *record.History) float64 {
	return surprise(c, h.ByPayout, time.Time{})
}

// contactSurprise is that of other customers with the same telephone or mail.
func contactSurprise(c *record.Complaint, h *record.History) float64 {
	return surprise(c, h.ByContact, time.Time{})
}

// handleSurprise is that of other customers' letters with the same messenger handle.
func handleSurprise(c *record.Complaint, h *record.History) float64 {
	return surprise(c, h.ByHandle, time.Time{})
}

// addressSurprise is that of other customers of the same address.
func addressSurprise(c *record.Complaint, h *record.History) float64 {
	return surprise(c, h.ByAddress, time.Time{})
}
