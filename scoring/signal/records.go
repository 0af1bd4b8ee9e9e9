package signal

import (
	"math"
	"time"

	"plaint/internal/record"
	"plaint/internal/text"
)

// aboutMoney tells complaints whose claim the transactions can bear out.
func aboutMoney(c *record.Complaint) (kind string, ok bool) {
	switch c.Type {
	case "withdrawal_delay":
		return "withdrawal", true
	case "abnormal_trade":
		return "trade", true
	}
	return "", false
}

// prompt is how fast a withdrawal must have settled for a complaint about its
// delay to be refuted by the records.
const prompt = 24 * time.Hour

// booksKnown reports whether the customer's transactions were loaded, so that
// their absence means something.
func booksKnown(h *record.History) bool { return len(h.Transactions) > 0 || len(h.Accounts) > 0 }

// refuted says whether the customer's own records speak against a complaint
// that money or a trade went wrong. If it cites transactions that exist (by
// evidence, by a number in the text, or by their exact amount), they are
// judged: 2 if all were withdrawals settled promptly before the complaint.
// Otherwise 1 if no withdrawal of the 45 days before was open, failed or slow,
// or if there was no trade in the week before. 0 without loaded records.
func refuted(c *record.Complaint, h *record.History) float64 {
	v, _ := refuting(c, h, nil)
	return v
}

// refuting is refuted, and says what the claim is about; saw, if there is one, is
// called with every transaction that was looked at for it.
func refuting(c *record.Complaint, h *record.History, saw func(t *record.Transaction, cited, recent bool)) (value float64, kind string) {
	kind, ok := aboutMoney(c)
	if !ok || !c.Received.Known() || c.Received.Precision > record.ToDay || !booksKnown(h) {
		return 0, kind
	}
	cites := Citations(c)
	cited, settled, plausible := 0, 0, false
	for i := range h.Transactions {
		t := &h.Transactions[i]
		if t.Type != kind {
			continue
		}
		age := c.Received.Time.Sub(t.Requested.Time)
		if kind == "trade" {
			plausible = plausible || age <= 7*day
			continue
		}
		good := t.Settled.Known() && t.Settled.Time.Sub(t.Requested.Time) <= prompt
		named := names(cites, t) || c.Amount.Valid && t.Amount.Valid && c.Amount.Value == t.Amount.Value
		if named {
			cited++
			if good {
				settled++
			}
		}
		recent := age <= 45*day
		plausible = plausible || !good && recent
		if saw != nil {
			saw(t, named, recent)
		}
	}
	switch {
	case cited > 0 && settled == cited:
		return 2, kind
	case cited > 0 || plausible:
		return 0, kind
	}
	return 1, kind
}

// evidenceMissing counts the transactions that the complaint cites and that do
// not exist, 2 at most, where the customer's transactions are known.
func evidenceMissing(c *record.Complaint, h *record.History) float64 {
	if !booksKnown(h) {
		return 0
	}
	n := 0
	missing(c, h, func(string) { n++ })
	return float64(min(n, 2))
}

// missing calls f with every transaction that the complaint cites and that is not
// among the customer's.
func missing(c *record.Complaint, h *record.History, f func(id string)) {
next:
	for _, id := range Citations(c) {
		for i := range h.Transactions {
			if names([]string{id}, &h.Transactions[i]) {
				continue next
			}
		}
		f(id)
	}
}

func names(cites []string, t *record.Transaction) bool {
	for _, id := range cites {
		if t.ExternalID == id || t.Reference == id {
			return true
		}
	}
	return false
}

// Citations are the transactions that a complaint names: its evidence, and
// numbers in its text that look like one, a letter or two before at least
// eight digits.
func Citations(c *record.Complaint) []string {
	out := c.Evidence[:len(c.Evidence):len(c.Evidence)]
	s := c.Body
	for i := 0; i < len(s); {
		if s[i] < 'A' || s[i] > 'Z' || i > 0 && isWord(s[i-1]) {
			i++
			continue
		}
		j := i + 1
		if j < len(s) && s[j] >= 'A' && s[j] <= 'Z' {
			j++
		}
		k := j
		for k < len(s) && s[k] >= '0' && s[k] <= '9' {
			k++
		}
		if k-j >= 8 && (k == len(s) || !isWord(s[k])) {
			out = append(out, s[i:k])
		}
		i = k
	}
	return out
}

func isWord(b byte) bool {
	return b >= '0' && b <= '9' || b|0x20 >= 'a' && b|0x20 <= 'z'
}

// technical are the types of complaints that the customer's own lines in the logs
// can bear out: that the service let them in and worked.
var technical = map[string]bool{"login": true, "platform_down": true, "platform_update": true}

// elsewhere are words of a complaint that somebody else got in, which lines of a
// service that worked do not refute.
var elsewhere = text.NewMarks("盗", "他人登", "别人登", "异地", "不是我", "非本人", "陌生", "泄露", "泄漏", "hack", "stolen", "omebody else", "omeone else", "not me", "nauthori", "fraud", "leak")

// logsRefute counts the customer's lines of the day before a complaint that nothing
// worked, 3 at most, where all that say how it went say that it worked. A single
// warning, error or failure among them bears the complaint out.
func logsRefute(c *record.Complaint, h *record.History) float64 {
	if h.Lines == nil || !technical[c.Type] {
		return 0
	}
	well, ill := h.Lines(day)
	if ill > 0 || well == 0 {
		return 0
	}
	other := false
	elsewhere.Each(c.Body, func(string, int) bool { other = true; return false })
	if other {
		return 0
	}
	return float64(min(well, 3))
}

// claimOverRecord is the binary logarithm of the claim over the largest amount
// the customer moved in the 90 days before, 0 if it is not larger.
func claimOverRecord(c *record.Complaint, h *record.History) float64 {
	if !c.Amount.Valid || c.Amount.Value <= 0 || len(h.Transactions) == 0 {
		return 0
	}
	most := 0.0
	for _, t := range h.Transactions {
		if t.Amount.Valid && (!c.Received.Known() || c.Received.Time.Sub(t.Requested.Time) <= 90*day) {
			most = max(most, math.Abs(t.Amount.Value))
		}
	}
	if most == 0 {
		return 0
	}
	return max(0, math.Log2(c.Amount.Value/most))
}
