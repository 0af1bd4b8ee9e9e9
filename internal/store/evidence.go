package store

import (
	"context"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"plaint/internal/record"
	"plaint/internal/store/memory"
)

// When evidence is kept in memory: reading it for a few complaints costs as much
// as for many, so that it pays from small batches on, and as long as it does not
// take too much.
const (
	fewComplaints = 512
	mostEvidence  = 256 << 20
)

// recallEvidence finds the customers' accounts and transactions.
func (s *Store) recallEvidence(ctx context.Context, m *memory.Knowledge, fresh []*record.Complaint) error {
	if s.next.account+s.next.transaction == 0 {
		return nil
	}
	if s.evidence == nil && len(fresh) <= fewComplaints && (s.next.account+s.next.transaction)*100 < mostEvidence {
		if err := s.loadEvidence(ctx); err != nil {
			return err
		}
	}
	if s.evidence == nil {
		return s.readEvidence(ctx, m, fresh)
	}
	for _, c := range fresh {
		k := c.Keys.Customer
		if _, done := m.Accounts[k]; k != 0 && !done {
			m.Accounts[k], m.Transactions[k] = s.evidence.Accounts(k), s.evidence.Transactions(k)
		}
	}
	return nil
}

// loadEvidence reads all accounts and transactions, in arrival order.
func (s *Store) loadEvidence(ctx context.Context) error {
	e := &memory.Evidence{}
	err := s.arrowRows(ctx, allAccountsQuery, func(rec arrow.Record) {
		for i := range int(rec.NumRows()) {
			key, a := accountAt(rec, i)
			e.AddAccount(key, &a)
		}
	})
	if err != nil {
		return fmt.Errorf("read the accounts: %w", err)
	}
	err = s.arrowRows(ctx, allTransactionsQuery, func(rec arrow.Record) {
		for i := range int(rec.NumRows()) {
			key, t := transactionAt(rec, i)
			e.AddTransaction(key, &t)
		}
	})
	if err != nil {
		return fmt.Errorf("read the transactions: %w", err)
	}
	s.evidence = e
	return nil
}

// learn takes rows that are being appended into what is kept in memory; a
// rollback forgets it.
func (s *Store) learn(rows any) {
	if s.evidence == nil {
		return
	}
	switch list := rows.(type) {
	case []row[record.Account]:
		for i := range list {
			a := *list[i].r
			a.Line = list[i].seq
			s.evidence.AddAccount(record.Hash64("customer", a.Customer), &a)
		}
	case []row[record.Transaction]:
		for i := range list {
			t := *list[i].r
			t.Line = list[i].seq
			s.evidence.AddTransaction(record.Hash64("customer", t.Customer), &t)
		}
	}
	if s.evidence.Bytes() > mostEvidence {
		s.evidence = nil
	}
}

const (
	accountFields     = "select a.customer_key, a.opened, a.country, a.device, a.payout_account, a.tariff, a.external_id, a.seq from "
	transactionFields = `select t.customer_key, t.requested, t.settled, t.failed, t.type, t.status, t.amount,
		t.external_id, t.key_hi, t.key_lo, t.seq, t.reference from `
	accountsQuery        = accountFields + "staged_number h join account_version a on a.customer_key = h.n"
	transactionsQuery    = transactionFields + "staged_number h join transaction_version t on t.customer_key = h.n"
	transactionSeqsQuery = "select t.seq from staged_number h join transaction_version t on t.customer_key = h.n"
	allAccountsQuery     = accountFields + "account_version a where a.customer_key is not null order by a.seq"
	allTransactionsQuery = transactionFields + "transaction_version t where t.customer_key is not null order by t.seq"
)

// stageCustomers hands the complaints' customers to the engine for a join.
func (s *Store) stageCustomers(ctx context.Context, fresh []*record.Complaint) error {
	seen := make(map[uint64]struct{}, len(fresh))
	staged := make([]uint64, 0, len(fresh))
	for _, c := range fresh {
		k := c.Keys.Customer
		if _, dup := seen[k]; k != 0 && !dup {
			seen[k] = struct{}{}
			staged = append(staged, k)
		}
	}
	return s.stage(ctx, staged)
}

// stage replaces the numbers that the next query joins with.
func (s *Store) stage(ctx context.Context, numbers []uint64) error {
	if err := s.exec(ctx, "delete from staged_number"); err != nil {
		return fmt.Errorf("clear the staging: %w", err)
	}
	return insert(ctx, s, numberTable, numbers)
}

// readEvidence reads the customers' accounts and transactions.
func (s *Store) readEvidence(ctx context.Context, m *memory.Knowledge, fresh []*record.Complaint) error {
	if s.next.account+s.next.transaction == 0 {
		return nil
	}
	if err := s.stageCustomers(ctx, fresh); err != nil {
		return err
	}
	err := s.arrowRows(ctx, accountsQuery, func(rec arrow.Record) {
		for i := range int(rec.NumRows()) {
			key, a := accountAt(rec, i)
			m.Accounts[key] = append(m.Accounts[key], a)
		}
	})
	if err != nil {
		return fmt.Errorf("read the accounts: %w", err)
	}
	for _, list := range m.Accounts { // Line holds the arrival number here; newest first
		sort.Slice(list, func(i, j int) bool { return list[i].Line > list[j].Line })
	}
	return s.readTransactions(ctx, m, len(fresh))
}

// Between two and so many customers, and up to so many transactions, it is quicker
// to find the numbers of the transactions first: the engine looks up one number at a
// time by its zone maps, and reads every column of every row for a join of several.
// On 18 million transactions and 16 customers that is .3 seconds in place of 2.2.
const (
	mostApart  = 64
	mostLooked = 512
)

func (s *Store) readTransactions(ctx context.Context, m *memory.Knowledge, customers int) error {
	query := transactionsQuery
	if customers > 1 && customers <= mostApart {
		var one []string
		if err := s.arrowRows(ctx, transactionSeqsQuery, func(rec arrow.Record) {
			for i := range int(rec.NumRows()) {
				one = append(one, transactionFields+"transaction_version t where t.seq = "+strconv.FormatInt(rec.Column(0).(*array.Int64).Value(i), 10))
			}
		}); err != nil {
			return fmt.Errorf("find the transactions: %w", err)
		}
		switch n := len(one); {
		case n == 0:
			return nil
		case n <= mostLooked:
			query = strings.Join(one, " union all ")
		}
	}
	err := s.arrowRows(ctx, query, func(rec arrow.Record) {
		for i := range int(rec.NumRows()) {
			key, t := transactionAt(rec, i)
			m.Transactions[key] = append(m.Transactions[key], t)
		}
	})
	if err != nil {
		return fmt.Errorf("read the transactions: %w", err)
	}
	for key, list := range m.Transactions {
		m.Transactions[key] = memory.LatestVersions(list)
	}
	return nil
}

// accountAt reads a row of accountFields; Line holds the arrival number.
func accountAt(rec arrow.Record, i int) (customer uint64, a record.Account) {
	a = record.Account{Opened: record.Moment{Time: timeAt(rec.Column(1), i)}, Country: textAt(rec, 2, i),
		Device: textAt(rec, 3, i), PayoutAccount: textAt(rec, 4, i), Tariff: textAt(rec, 5, i)}
	a.ExternalID, a.Line = textAt(rec, 6, i), rec.Column(7).(*array.Int64).Value(i)
	return rec.Column(0).(*array.Uint64).Value(i), a
}

// transactionAt reads a row of transactionFields; Line holds the arrival number.
func transactionAt(rec arrow.Record, i int) (customer uint64, t record.Transaction) {
	t = record.Transaction{Requested: record.Moment{Time: timeAt(rec.Column(1), i)},
		Settled: record.Moment{Time: timeAt(rec.Column(2), i)}, Failed: record.Moment{Time: timeAt(rec.Column(3), i)},
		Type: textAt(rec, 4, i), Status: textAt(rec, 5, i), Reference: textAt(rec, 11, i)}
	if a := rec.Column(6).(*array.Float64); a.IsValid(i) {
		t.Amount = record.Num(a.Value(i))
	}
	t.ExternalID = textAt(rec, 7, i)
	t.ID = record.Identity{Hi: rec.Column(8).(*array.Uint64).Value(i), Lo: rec.Column(9).(*array.Uint64).Value(i)}
	t.Line = rec.Column(10).(*array.Int64).Value(i)
	return rec.Column(0).(*array.Uint64).Value(i), t
}
