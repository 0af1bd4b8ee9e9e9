package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	"plaint/internal/record"
)

// ErrKeyReused means that a delivery's key was used before for another body.
var ErrKeyReused = errors.New("the key was used for another delivery")

// Position is the position that was kept last for a stream; ok is false if none
// was.
func (s *Store) Position(ctx context.Context, input string) (p record.Position, ok bool, err error) {
	p.Input = input
	err = s.db().QueryRowContext(ctx, "select read_to, coalesce(mark, '') from stream_position where input = ?", input).Scan(&p.Offset, &p.Mark)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return record.Position{}, false, nil
	case err != nil:
		return record.Position{}, false, fmt.Errorf("read the position of %s: %w", input, err)
	}
	return p, true, nil
}

// ForgetPositions drops the positions of the streams with these names, so that
// they are read from their beginning, and returns how many there were.
func (s *Store) ForgetPositions(ctx context.Context, inputs []string) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err = s.write(ctx, func() error {
		for _, input := range inputs {
			if err := s.exec(ctx, "delete from stream_position where input = ?", input); err != nil {
				return err
			}
		}
		return nil
	})
	s.positions = nil
	if err != nil {
		return 0, fmt.Errorf("forget positions: %w", err)
	}
	return len(inputs), nil
}

// loadPositions reads which streams have a position.
func (s *Store) loadPositions(ctx context.Context) error {
	if s.positions != nil {
		return nil
	}
	list, err := s.Positions(ctx)
	if err != nil {
		return err
	}
	s.positions = map[string]record.Position{}
	for _, p := range list {
		s.positions[p.Input] = p
	}
	return nil
}

// Positions lists how far all streams have been read.
func (s *Store) Positions(ctx context.Context) (list []record.Position, err error) {
	err = s.Each(ctx, "select input, read_to, coalesce(mark, '') from stream_position order by input", func(rows *sql.Rows) error {
		var p record.Position
		err := rows.Scan(&p.Input, &p.Offset, &p.Mark)
		list = append(list, p)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the positions: %w", err)
	}
	return list, nil
}

func (s *Store) keepAllPositions(ctx context.Context, parts []*part) error {
	for _, p := range parts {
		if err := s.keepPositions(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// keepPositions writes a part's positions, inside its transaction.
func (s *Store) keepPositions(ctx context.Context, p *part) error {
	if len(p.b.Positions) == 0 {
		return nil
	}
	if err := s.loadPositions(ctx); err != nil {
		return err
	}
	for _, x := range p.b.Positions {
		q := "update stream_position set read_to = ?, mark = ?, batch = ?, at = ? where input = ?"
		if _, known := s.positions[x.Input]; !known {
			q = "insert into stream_position (read_to, mark, batch, at, input) values (?, ?, ?, ?, ?)"
		}
		if err := s.exec(ctx, q, x.Offset, x.Mark, p.batch, s.now(), x.Input); err != nil {
			return fmt.Errorf("keep the position: %w", err)
		}
		s.positions[x.Input] = x // a rollback forgets all of them
	}
	return nil
}

// deliveryID is the identity under which a delivery is found.
func deliveryID(o *record.Once) record.Identity {
	return record.Identity{Hi: record.Hash64("delivery", o.Scope+"\x00"+o.Key), Lo: record.Hash64("delivery of "+o.Scope, o.Key)}
}

// keptReceipt is a receipt with what its JSON leaves out.
type keptReceipt struct {
	record.Receipt
	Fates     []record.Fate     `json:"fates,omitempty"`
	Decisions []record.Decision `json:"decisions,omitempty"`
}

// keepReceipt writes a delivery's receipt, inside its transaction.
func (s *Store) keepReceipt(ctx context.Context, p *part, at time.Time) error {
	if p.b.Once == nil {
		return nil
	}
	text, err := json.Marshal(keptReceipt{p.r, p.r.Fates, p.r.Decisions})
	if err != nil {
		return err
	}
	id, body := deliveryID(p.b.Once), p.b.Once.Body
	row := delivery{id, body, at, string(text)}
	if err := insert(ctx, s, deliveryTable, []delivery{row}); err != nil {
		return fmt.Errorf("keep the receipt: %w", err)
	}
	s.seen.Add(id)
	return nil
}

type delivery struct {
	id, body record.Identity
	at       time.Time
	receipt  string
}

var deliveryTable = newTable("delivery",
	identity("key_hi", func(x *delivery) uint64 { return x.id.Hi }),
	identity("key_lo", func(x *delivery) uint64 { return x.id.Lo }),
	identity("body_hi", func(x *delivery) uint64 { return x.body.Hi }),
	identity("body_lo", func(x *delivery) uint64 { return x.body.Lo }),
	when("at", func(x *delivery) time.Time { return x.at }),
	text("receipt", func(x *delivery) string { return x.receipt }),
)

// repeated answers the parts whose delivery is known, and returns the others.
func (s *Store) repeated(ctx context.Context, group []*part) ([]*part, error) {
	rest := group[:0:0]
	for _, p := range group {
		if p.b.Once == nil || !s.seen.Has(deliveryID(p.b.Once)) {
			rest = append(rest, p)
			continue
		}
		found, err := s.receiptOf(ctx, p)
		if err != nil {
			return nil, err
		}
		if !found {
			rest = append(rest, p)
		}
	}
	return rest, nil
}

func (s *Store) receiptOf(ctx context.Context, p *part) (bool, error) {
	var body record.Identity
	var text string
	id := deliveryID(p.b.Once)
	err := s.db().QueryRowContext(ctx, "select body_hi, body_lo, receipt from delivery where key_hi = ?::ubigint and key_lo = ?::ubigint",
		strconv.FormatUint(id.Hi, 10), strconv.FormatUint(id.Lo, 10)).Scan(&body.Hi, &body.Lo, &text)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for the delivery: %w", err)
	}
	if body != p.b.Once.Body {
		p.err = ErrKeyReused
		return true, nil
	}
	var k keptReceipt
	if err := json.Unmarshal([]byte(text), &k); err != nil {
		return false, fmt.Errorf("read a receipt: %w", err)
	}
	p.r, p.err = k.Receipt, nil
	p.r.Fates, p.r.Decisions, p.r.Again = k.Fates, k.Decisions, true
	p.r.Reasons = maps.Clone(k.Reasons)
	return true, nil
}
