package store

import (
	"context"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	duckdb "github.com/marcboeker/go-duckdb"

	"plaint/internal/record"
	"plaint/internal/store/memory"
)

// Evidence is kept in memory from the first small batch on: reading it for a few
// complaints costs as much as for many. What may not take more memory than a share
// of the machine's is asked of the engine instead.
const (
	fewComplaints = 512
	memoryShare   = 8
	factBytes     = 64 // about, of a packed fact

	// Up to so many facts are read while the complaint waits; more are read beside
	// the writer, who asks the engine meanwhile, and only where more complaints are
	// to come: by a server.
	soonRead = 100_000

	// The driver holds the rows of a whole answer: no more than so many, or so many
	// bytes of text, or one row.
	readRows  = 1 << 18
	readBytes = 64 << 20
)

// evidence is what is kept in memory of accounts and transactions. Whoever reads in
// the background owns it until reading is closed.
type evidence struct {
	facts   *memory.Evidence // nil: there are too many
	upTo    counters         // accounts and transactions that are in it
	before  counters         // upTo when the transaction began
	reading chan struct{}
	stop    context.CancelFunc
}

// recallEvidence finds the customers' accounts and transactions.
func (s *Store) recallEvidence(ctx context.Context, m *memory.Knowledge, fresh []*record.Complaint) error {
	facts, err := s.facts(ctx, len(fresh))
	if err != nil {
		return err
	}
	if facts == nil {
		return s.readEvidence(ctx, m, fresh)
	}
	for _, c := range fresh {
		k := c.Keys.Customer
		if _, done := m.Accounts[k]; k != 0 && !done {
			m.Accounts[k], m.Transactions[k] = facts.Accounts(k), facts.Transactions(k)
		}
	}
	return nil
}

// facts are all accounts and transactions where they are in memory or soon read for
// so many complaints, nil otherwise.
func (s *Store) facts(ctx context.Context, complaints int) (*memory.Evidence, error) {
	if s.evidence == nil {
		if complaints > fewComplaints || (s.next.account+s.next.transaction)*factBytes > machineMemory()/memoryShare {
			return nil, nil
		}
		s.evidence = &evidence{facts: memory.NewEvidence()}
	}
	e := s.evidence
	if e.busy() || e.facts == nil {
		return nil, nil
	}
	switch missing := s.next.account - e.upTo.account + s.next.transaction - e.upTo.transaction; {
	case missing == 0:
		return e.facts, nil
	case missing > soonRead:
		if s.prepared && complaints <= fewComplaints {
			e.readBeside(s.connector, s.committed)
		}
		return nil, nil
	}
	err := e.read(ctx, s.arrow, s.next)
	return e.facts, err
}

// busy reports whether it is being read in the background.
func (e *evidence) busy() bool {
	if e.reading == nil {
		return false
	}
	select {
	case <-e.reading:
		e.reading = nil
		return false
	default:
		return true
	}
}

// end stops the reading in the background and waits for it.
func (e *evidence) end() {
	if e != nil && e.reading != nil {
		e.stop()
		<-e.reading
	}
}

// readBeside reads up to what is committed, on a connection of its own. Where that
// fails it is tried again later, and the engine is asked meanwhile.
func (e *evidence) readBeside(connector *duckdb.Connector, to counters) {
	ctx, stop := context.WithCancel(context.Background())
	e.reading, e.stop = make(chan struct{}), stop
	go func() {
		defer close(e.reading)
		defer stop()
		conn, err := connector.Connect(ctx)
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		defer func() {
			if recover() != nil { // a row that cannot be packed: what is held is gone
				e.facts = nil
			}
		}()
		if a, err := duckdb.NewArrowFromConn(conn); err == nil {
			_ = e.read(ctx, a, to)
		}
	}()
}

// kinds of facts, with what reads them, and where they are read to.
func (e *evidence) kinds(to counters) []factKind {
	return []factKind{
		{accountLengthQuery, newAccountsQuery, &e.upTo.account, to.account, func(f *memory.Evidence, rec arrow.Record, i int) {
			key, x := accountAt(rec, i)
			f.AddAccount(key, &x)
		}},
		{transactionLengthQuery, newTransactionsQuery, &e.upTo.transaction, to.transaction, func(f *memory.Evidence, rec arrow.Record, i int) {
			key, x := transactionAt(rec, i)
			f.AddTransaction(key, &x)
		}},
	}
}

type factKind struct {
	length, rows string
	upTo         *int64
	to           int64
	add          func(*memory.Evidence, arrow.Record, int)
}

// read takes the facts in that come after upTo, in arrival order.
func (e *evidence) read(ctx context.Context, a *duckdb.Arrow, to counters) error {
	for _, k := range e.kinds(to) {
		for *k.upTo < k.to && e.facts != nil {
			until, err := k.until(ctx, a)
			if err != nil {
				return fmt.Errorf("measure the evidence: %w", err)
			}
			facts := e.facts
			e.facts = nil // what holds a part of a chunk is of no use
			begun := false
			err = arrowRows(ctx, a, k.rows, func(rec arrow.Record) {
				begun = true
				for i := range int(rec.NumRows()) {
					k.add(facts, rec, i)
				}
			}, *k.upTo, until)
			if err != nil {
				if !begun {
					e.facts = facts
				}
				return fmt.Errorf("read the evidence: %w", err)
			}
			e.facts, *k.upTo = facts, until
			e.shed()
		}
	}
	return nil
}

// until is how far the next chunk goes.
func (k *factKind) until(ctx context.Context, a *duckdb.Arrow) (int64, error) {
	until := min(*k.upTo+readRows, k.to)
	for {
		var bytes int64
		err := arrowRows(ctx, a, k.length, func(rec arrow.Record) { bytes = rec.Column(0).(*array.Int64).Value(0) }, *k.upTo, until)
		if err != nil || bytes <= readBytes || until == *k.upTo+1 {
			return until, err
		}
		until = *k.upTo + max(1, (until-*k.upTo)*readBytes/(2*bytes))
	}
}

// shed lets go of the facts where they take too much memory.
func (e *evidence) shed() {
	if int64(e.facts.Bytes()) > machineMemory()/memoryShare {
		e.facts = nil
	}
}

// begin notes what a transaction adds.
func (e *evidence) begin() {
	if e != nil && !e.busy() && e.facts != nil {
		e.before = e.upTo
		e.facts.Begin()
	}
}

// keep makes what a transaction added last.
func (e *evidence) keep() {
	if e != nil && !e.busy() && e.facts != nil {
		e.facts.Keep()
	}
}

// takeBack takes out what a transaction added; false where it cannot.
func (e *evidence) takeBack(committed counters) bool {
	if e == nil || e.busy() || e.upTo.account <= committed.account && e.upTo.transaction <= committed.transaction {
		return true
	}
	if e.facts == nil || !e.facts.TakeBack() {
		return false
	}
	e.upTo = e.before
	return true
}

// learn takes rows that are being appended into what is kept in memory, if it
// holds all before them.
func (s *Store) learn(rows any) {
	if list, ok := rows.([]row[record.LogLine]); ok && s.lines != nil {
		s.learnLines(list)
	}
	e := s.evidence
	if e == nil || e.busy() || e.facts == nil {
		return
	}
	switch list := rows.(type) {
	case []row[record.Account]:
		following(list, &e.upTo.account, func(a record.Account, seq int64) {
			a.Line, a.AddressKey = seq, addressKey(a.Address)
			e.facts.AddAccount(record.Hash64("customer", a.Customer), &a)
		})
	case []row[record.Transaction]:
		following(list, &e.upTo.transaction, func(t record.Transaction, seq int64) {
			t.Line = seq
			e.facts.AddTransaction(record.Hash64("customer", t.Customer), &t)
		})
	}
	e.shed()
}

// following takes the rows that come next after a number.
func following[T any](list []row[T], upTo *int64, add func(r T, seq int64)) {
	for i := range list {
		if list[i].seq == *upTo+1 {
			add(*list[i].r, list[i].seq)
			*upTo++
		}
	}
}

const (
	accountFields     = "select a.customer_key, a.opened, a.country, a.device, a.payout_account, a.tariff, a.external_id, a.seq, a.address from "
	transactionFields = `select t.customer_key, t.requested, t.settled, t.failed, t.type, t.status, t.amount,
		t.external_id, t.key_hi, t.key_lo, t.seq, t.reference from `
	accountsQuery        = accountFields + "staged_number h join account_version a on a.customer_key = h.n"
	transactionsQuery    = transactionFields + "staged_number h join transaction_version t on t.customer_key = h.n"
	transactionSeqsQuery = "select t.seq from staged_number h join transaction_version t on t.customer_key = h.n"
	accountLengthQuery   = `select coalesce(sum(coalesce(strlen(device), 0) + coalesce(strlen(payout_account), 0) + coalesce(strlen(tariff), 0) + coalesce(strlen(country), 0)
		+ coalesce(strlen(external_id), 0) + coalesce(strlen(address), 0)), 0)::bigint from account_version where seq > ? and seq <= ?`
	transactionLengthQuery = `select coalesce(sum(coalesce(strlen(type), 0) + coalesce(strlen(status), 0) + coalesce(strlen(reference), 0)
		+ coalesce(strlen(external_id), 0)), 0)::bigint from transaction_version where seq > ? and seq <= ?`
	newAccountsQuery     = accountFields + "account_version a where a.customer_key is not null and a.seq > ? and a.seq <= ? order by a.seq"
	newTransactionsQuery = transactionFields + "transaction_version t where t.customer_key is not null and t.seq > ? and t.seq <= ? order by t.seq"
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
	for key, list := range m.Accounts { // Line holds the arrival number here; newest first
		sort.Slice(list, func(i, j int) bool { return list[i].Line > list[j].Line })
		m.Accounts[key] = list[:min(len(list), memory.MostStates)]
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

func addressKey(address string) uint64 { return record.Hash64("address", record.Plain(address)) }

// accountAt reads a row of accountFields; Line holds the arrival number.
func accountAt(rec arrow.Record, i int) (customer uint64, a record.Account) {
	a = record.Account{Opened: record.Moment{Time: timeAt(rec.Column(1), i)}, Country: textAt(rec, 2, i),
		Device: textAt(rec, 3, i), PayoutAccount: textAt(rec, 4, i), Tariff: textAt(rec, 5, i)}
	a.ExternalID, a.Line = textAt(rec, 6, i), rec.Column(7).(*array.Int64).Value(i)
	a.AddressKey = addressKey(textAt(rec, 8, i))
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
