package memory

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"plaint/internal/record"
)

// TestEvidenceKeepsFacts gives ordinary and outlandish facts back as they were.
func TestEvidenceKeepsFacts(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	texts := []string{"", "0", "007", "7", "T158258827176", "PG-4409996", "dv-27d8e75d13cc", "62650280325800", "99999999999999999999999", "\xff\x00", "出金12", "abcde9", strings.Repeat("长", 2_000_000)}
	text := func() string {
		if n := rng.IntN(2 * len(texts)); n < len(texts) && (n < len(texts)-1 || rng.IntN(200) == 0) {
			return texts[n]
		}
		return fmt.Sprint("T", rng.Int64())
	}
	moment := func() record.Moment {
		switch rng.IntN(5) {
		case 0:
			return record.Moment{}
		case 1:
			return record.Moment{Time: time.UnixMicro(rng.Int64N(1e18) - 6e16).UTC()}
		case 2:
			return record.Moment{Time: time.Unix(-rng.Int64N(1e10), 0).UTC()}
		}
		return record.Moment{Time: time.Unix(1.7e9+rng.Int64N(1e8), 0).UTC()}
	}
	amounts := []record.Number{{}, record.Num(0), record.Num(800), record.Num(math.Copysign(0, -1)), record.Num(-3.5), record.Num(0.1 + 0.2), record.Num(1e300), record.Num(19.99), record.Num(math.Inf(1))}
	e := NewEvidence()
	accounts, transactions := map[uint64][]record.Account{}, map[uint64][]record.Transaction{}
	for i := range 20_000 {
		customer := rng.Uint64N(3000)
		a := record.Account{Opened: moment(), Country: []string{"", "SG", "DE"}[rng.IntN(3)], Device: text(), PayoutAccount: text(), Tariff: []string{"", "standard"}[rng.IntN(2)]}
		a.ExternalID, a.Line = text(), int64(i)
		x := record.Transaction{Requested: moment(), Settled: moment(), Failed: moment(), Type: "withdrawal", Status: text(), Reference: text(), Amount: amounts[rng.IntN(len(amounts))]}
		x.ExternalID, x.Line, x.ID.Lo = text(), int64(i), rng.Uint64()
		e.AddAccount(customer, &a)
		e.AddTransaction(customer, &x)
		accounts[customer] = append([]record.Account{a}, accounts[customer]...)
		transactions[customer] = append(transactions[customer], x)
	}
	for customer := range uint64(3001) {
		for i, a := range e.Accounts(customer) {
			if want := accounts[customer][i]; !reflect.DeepEqual(a, want) {
				t.Fatalf("account %.200v, was %.200v", a, want)
			}
		}
		list := e.Transactions(customer)
		if len(list) != len(transactions[customer]) || len(e.Accounts(customer)) != len(accounts[customer]) {
			t.Fatalf("%d transactions, were %d", len(list), len(transactions[customer]))
		}
		for i, x := range list {
			want := transactions[customer][i]
			if math.Signbit(x.Amount.Value) != math.Signbit(want.Amount.Value) || !reflect.DeepEqual(x, want) {
				t.Fatalf("transaction %.300v, was %.300v", x, want)
			}
		}
	}
}

// TestEvidenceIsSmall: facts such as a broker has take about fifty bytes.
func TestEvidenceIsSmall(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	e := NewEvidence()
	const n = 100_000
	for i := range n {
		at := time.Unix(1.7e9+rng.Int64N(3e7), 0).UTC()
		x := record.Transaction{Requested: record.At(at), Settled: record.At(at.Add(time.Duration(rng.IntN(2e6)) * time.Second)), Type: "withdrawal", Status: "settled",
			Amount: record.Num(float64(rng.IntN(1e6)) / 100), Reference: fmt.Sprint("PG-", 1e6+rng.IntN(9e6))}
		x.ExternalID, x.Line, x.ID.Lo = fmt.Sprint("T", 1e11+rng.Int64N(9e11)), int64(i), rng.Uint64()
		e.AddTransaction(rng.Uint64N(n/18), &x)
	}
	each := float64(e.Bytes()) / n
	t.Logf("%.1f bytes a fact", each)
	if each > 60 {
		t.Errorf("%.1f bytes a fact", each)
	}
}
