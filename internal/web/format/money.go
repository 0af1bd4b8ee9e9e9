package format

import (
	"fmt"
	"strings"
)

// Money is claims in one currency; amounts in different ones are never added up.
type Money struct {
	Currency string  `json:"currency"` // "" where none was told
	N        int     `json:"n"`        // complaints that claim something
	Amount   float64 `json:"amount"`
}

// shownCurrencies is how many currencies a list shows; of the others it tells how
// many there are.
const shownCurrencies = 2

// Amount writes one sum, "–" where nothing is claimed.
func (f Format) Amount(m Money) string {
	if m.Amount == 0 {
		return "–"
	}
	return strings.TrimSpace(f.Num(m.Amount, 0) + " " + m.Currency)
}

// Claims writes what is claimed in a line: the first two currencies and how many
// there are beside them, such as "1,200 USD, 300 EUR +1"; "–" for none.
func (f Format) Claims(list []Money) string {
	if len(list) == 0 {
		return "–"
	}
	var parts []string
	for _, m := range list[:min(len(list), shownCurrencies)] {
		parts = append(parts, f.Amount(m))
	}
	out := strings.Join(parts, f.Words.T("list_comma"))
	if more := len(list) - shownCurrencies; more > 0 {
		out += fmt.Sprintf(" +%d", more)
	}
	return out
}
