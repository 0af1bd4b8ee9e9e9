package signal

import (
	"math"
	"slices"
	"time"

	"plaint/internal/record"
)

func byCustomer(h *record.History) []record.Past { return h.ByCustomer }
func byDevice(h *record.History) []record.Past   { return h.ByDevice }
func byPayout(h *record.History) []record.Past   { return h.ByPayout }
func byContact(h *record.History) []record.Past  { return h.ByContact }
func byHandle(h *record.History) []record.Past   { return h.ByHandle }
func byAddress(h *record.History) []record.Past  { return h.ByAddress }

// ever is longer than anything is remembered.
const ever = time.Duration(math.MaxInt64)

// behind are the earlier complaints that signals look at.
var behind = []struct {
	signal string
	list   func(*record.History) []record.Past
	span   time.Duration
}{
	{"repeat_30d", byCustomer, 30 * day}, {"claims_rising", byCustomer, ever}, {"customer_surprise", byCustomer, ever},
	{"device_others", byDevice, 90 * day}, {"device_surprise", byDevice, ever}, {"lockstep", byDevice, 3 * day},
	{"payout_others", byPayout, 90 * day}, {"payout_surprise", byPayout, ever}, {"lockstep", byPayout, 3 * day},
	{"contact_others", byContact, 90 * day}, {"contact_surprise", byContact, ever},
	{"handle_others", byHandle, 90 * day}, {"handle_surprise", byHandle, ever},
	{"address_others", byAddress, 90 * day}, {"address_surprise", byAddress, ever},
}

// Evidence lists the arrival numbers of the complaints behind a signal, each once,
// at most 20, the latest.
func Evidence(name string, c *record.Complaint, h *record.History) []int64 {
	var out []int64
	for _, b := range behind {
		if b.signal != name {
			continue
		}
		for _, p := range b.list(h) {
			if within(c, p, b.span) {
				out = append(out, p.Seq)
			}
		}
	}
	switch name {
	case "association":
		for _, a := range h.Associated {
			out = append(out, a.Seq)
		}
	case "letter_others", "letter_overlap":
		for _, l := range h.Letters {
			if l.Customer != c.Keys.Customer || l.Customer == 0 {
				out = append(out, l.Seq)
			}
		}
	}
	slices.Sort(out)
	out = slices.Compact(out)
	return out[max(0, len(out)-20):]
}
