// Package signal computes what speaks for a complaint being fraudulent or
// malicious. Each signal is one function of the complaint and of what was known
// before it; none looks at how the complaint was handled or ended.
package signal

import (
	"math"
	"strings"
	"time"

	"plaint/internal/record"
	"plaint/internal/text"
)

// Func computes one signal, at least 0; 0 says nothing either way.
type Func func(c *record.Complaint, h *record.History) float64

// All are the signals by the name that model files and reasons use.
var All = map[string]Func{
	"repeat_30d":        repeat30d,
	"claims_rising":     claimsRising,
	"device_others":     deviceOthers,
	"payout_others":     payoutOthers,
	"contact_others":    contactOthers,
	"handle_others":     handleOthers,
	"address_others":    addressOthers,
	"customer_surprise": customerSurprise,
	"device_surprise":   deviceSurprise,
	"payout_surprise":   payoutSurprise,
	"contact_surprise":  contactSurprise,
	"handle_surprise":   handleSurprise,
	"address_surprise":  addressSurprise,
	"lockstep":          lockstep,
	"letter_others":     letterOthers,
	"letter_overlap":    letterOverlap,
	"agent":             agent,
	"refuted":           refuted,
	"logs_refute":       logsRefute,
	"evidence_missing":  evidenceMissing,
	"claim_over_record": claimOverRecord,
	"young_account":     youngAccount,
	"confirmed_abuse":   confirmedAbuse,
	"association":       association,
	"crowd":             crowd,
	"incident":          incident,
}

// Protective are the signals of which more speaks for the customer.
var Protective = map[string]bool{"crowd": true, "incident": true}

// OthersLabels are the signals that come from what people decided of complaints of
// others: a reviewer is told their share of a score.
var OthersLabels = map[string]bool{"association": true}

// Group is what a signal is about, where several are about the same and rise and fall
// together: their points are to be read as one.
var Group = map[string]string{
	"repeat_30d": "customer", "customer_surprise": "customer",
	"device_others": "device", "device_surprise": "device",
	"payout_others": "payout", "payout_surprise": "payout",
	"contact_others": "contact", "contact_surprise": "contact",
	"handle_others": "handle", "handle_surprise": "handle",
	"address_others": "address", "address_surprise": "address",
	"letter_others": "letter", "letter_overlap": "letter",
}

// IsChance tells whether a signal's value is the negative decimal logarithm of a
// chance: 2 is one in 100.
func IsChance(name string) bool { return All[name] != nil && strings.HasSuffix(name, "_surprise") }

const day = 24 * time.Hour

// repeat30d counts the customer's complaints of the 30 days before.
func repeat30d(c *record.Complaint, h *record.History) float64 {
	n := 0
	for _, p := range h.ByCustomer {
		if within(c, p, 30*day) {
			n++
		}
	}
	return float64(n)
}

func within(c *record.Complaint, p record.Past, span time.Duration) bool {
	return c.Received.Known() && !p.Received.IsZero() && c.Received.Time.Sub(p.Received) <= span
}

// claimsRising counts how often in a row the customer has asked for more than
// the time before, this complaint included.
func claimsRising(c *record.Complaint, h *record.History) float64 {
	if !c.Amount.Valid {
		return 0
	}
	n, above := 0, c.Amount.Value
	for i := len(h.ByCustomer) - 1; i >= 0; i-- {
		a := h.ByCustomer[i].Amount
		if !a.Valid {
			continue
		}
		if a.Value >= above {
			break
		}
		n, above = n+1, a.Value
	}
	return float64(n)
}

// distinct counts different customers, 16 at most.
type distinct struct {
	seen [16]uint64
	n    int
}

func (d *distinct) add(customer uint64) {
	for _, s := range d.seen[:d.n] {
		if s == customer {
			return
		}
	}
	if d.n < len(d.seen) {
		d.seen[d.n] = customer
		d.n++
	}
}

// others counts the different customers among earlier complaints of a span.
func others(c *record.Complaint, list []record.Past, span time.Duration) float64 {
	if len(list) == 0 {
		return 0
	}
	var d distinct
	for i := range list {
		if within(c, list[i], span) {
			d.add(list[i].Customer)
		}
	}
	return float64(d.n)
}

// deviceOthers counts other customers who complained from the same device in
// the 90 days before (16 at most).
func deviceOthers(c *record.Complaint, h *record.History) float64 {
	return others(c, h.ByDevice, 90*day)
}

// payoutOthers counts other customers with the same payout account who
// complained in the 90 days before (16 at most).
func payoutOthers(c *record.Complaint, h *record.History) float64 {
	return others(c, h.ByPayout, 90*day)
}

// contactOthers counts other customers who complained in the 90 days before
// under the same telephone or mail (16 at most).
func contactOthers(c *record.Complaint, h *record.History) float64 {
	return others(c, h.ByContact, 90*day)
}

// handleOthers counts other customers whose complaints of the 90 days before tell
// the reader to write to the same messenger handle (16 at most).
func handleOthers(c *record.Complaint, h *record.History) float64 {
	return others(c, h.ByHandle, 90*day)
}

// addressOthers counts other customers of the same address who complained in the
// 90 days before (16 at most).
func addressOthers(c *record.Complaint, h *record.History) float64 {
	return others(c, h.ByAddress, 90*day)
}

// lockstep counts other customers who share a device or payout account and
// complained in the three days before.
func lockstep(c *record.Complaint, h *record.History) float64 {
	return max(others(c, h.ByDevice, 3*day), others(c, h.ByPayout, 3*day))
}

// letterOthers counts other customers who sent nearly the same letter in the 90
// days before (16 at most).
func letterOthers(c *record.Complaint, h *record.History) float64 {
	if len(h.Letters) == 0 {
		return 0
	}
	var d distinct
	for i := range h.Letters {
		l := &h.Letters[i]
		if (l.Customer != c.Keys.Customer || l.Customer == 0) && within(c, l.Past, 90*day) {
			d.add(l.Customer)
		}
	}
	return float64(d.n)
}

// letterOverlap is how much of its shingles the complaint shares with the
// nearest letter of another customer, 0.5 to 1, or 0.
func letterOverlap(c *record.Complaint, h *record.History) float64 {
	most := 0.0
	for _, l := range h.Letters {
		if l.Customer != c.Keys.Customer || l.Customer == 0 {
			most = max(most, l.Overlap)
		}
	}
	return most
}

// agentWords are written as people write them.
var agentWords = text.NewMarks("微信", "委托", "委託", "代理", "勿拨打", "QQ", "qq", "WeChat", "wechat", "Telegram", "agent", "on behalf of", "power of attorney", "o not call")

// agent counts the different marks of a letter written for the customer by
// somebody else, 3 at most: a messenger handle, words of agency.
func agent(c *record.Complaint, _ *record.History) float64 {
	var met [3]string
	n := 0
	agentWords.Each(c.Body, func(word string, _ int) bool {
		for _, m := range met[:n] {
			if m == word {
				return true
			}
		}
		met[n] = word
		n++
		return n < len(met)
	})
	return float64(n)
}

// youngAccount is how far the customer's first account is from being 60 days
// old, 0 to 1.
func youngAccount(c *record.Complaint, h *record.History) float64 {
	oldest := opened(h)
	if !c.Received.Known() || oldest.IsZero() {
		return 0
	}
	return max(0, 1-float64(c.Received.Time.Sub(oldest))/float64(60*day))
}

// opened is when the customer's first account was.
func opened(h *record.History) (oldest time.Time) {
	for i, a := range h.Accounts {
		if i == 0 || a.Opened.Time.Before(oldest) {
			oldest = a.Opened.Time
		}
	}
	return oldest
}

// confirmedAbuse counts earlier complaints of the same customer that people
// confirmed as abuse.
func confirmedAbuse(_ *record.Complaint, h *record.History) float64 {
	return float64(h.Confirmed)
}

// fades is after how long a verdict on somebody else counts half.
const fades = 180 * day

// association is guilt by association: the complaints of others who share a device,
// payout account, contact, handle or address with this one and that people had
// confirmed as abuse by then. Each counts once, by the rarest thing that ties it:
// by how many customers share that, in binary logarithms (1 of a thing of two
// people, a quarter where sixteen share it), and half after half a year.
func association(c *record.Complaint, h *record.History) float64 {
	sum := 0.0
	for _, a := range h.Associated {
		w := 1 / math.Log2(1+float64(max(1, a.Sharers)))
		if c.Received.Known() {
			w *= math.Exp2(-max(0, float64(c.Received.Time.Sub(a.Decided))) / float64(fades))
		}
		sum += w
	}
	return sum
}

// crowd is how many times more complaints of the type than usual arrived in
// the day before: many at once are an outage before they are a ring.
func crowd(_ *record.Complaint, h *record.History) float64 {
	if h.Crowd == nil {
		return 1
	}
	return h.Crowd()
}

// incident is how strongly an incident bears the complaint out, 0 to 1: one that
// was sure when the complaint was received.
func incident(_ *record.Complaint, h *record.History) float64 {
	if h.Incident == nil {
		return 0
	}
	return h.Incident()
}
