package store

import (
	"context"
	"fmt"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"plaint/internal/record"
)

// verdict is what people decided of a case: abuse, from one moment until it
// was taken back (zero while it stands).
type verdict struct {
	caseID, seq int64
	from, until time.Time
	keys        [spaces]uint64
}

// stood reports whether the verdict was known at a moment; an unknown moment
// is now.
func (v *verdict) stood(at time.Time) bool {
	if at.IsZero() {
		return v.until.IsZero()
	}
	return !v.from.After(at) && (v.until.IsZero() || v.until.After(at))
}

// verdicts are the confirmed cases by the keys of their complaints.
type verdicts map[uint64][]*verdict

// against counts the cases confirmed by asOf that share a key with the
// complaint, each once, its own case left out: a label counts from the moment
// it was decided, and never for the complaint that it is about.
func (v verdicts) against(c *record.Complaint, seq int64, asOf time.Time) int {
	if len(v) == 0 {
		return 0
	}
	counted := map[int64]bool{}
	for space, k := range keysOf(c) {
		if k == 0 {
			continue
		}
		for _, x := range v[mixKey(space, k)] {
			if x.seq != seq && x.stood(asOf) {
				counted[x.caseID] = true
			}
		}
	}
	return len(counted)
}

const verdictsQuery = `select case_id, seq, at, action, customer_key, device_key, payout_key, contact_key from case_event
	where case_id in (select case_id from case_event where action = 'confirmed') order by case_id, action <> 'opened', at`

// readVerdicts reads what people decided of the cases.
func (s *Store) readVerdicts(ctx context.Context) (verdicts, error) {
	out := verdicts{}
	if s.next.caseID == 0 {
		return out, nil
	}
	var opened verdict    // the case being read
	var standing *verdict // its verdict, where one stands
	err := s.arrowRows(ctx, verdictsQuery, func(rec arrow.Record) {
		for i := range int(rec.NumRows()) {
			id, at := rec.Column(0).(*array.Int64).Value(i), timeAt(rec.Column(2), i)
			if id != opened.caseID {
				opened, standing = verdict{caseID: id}, nil
			}
			switch textAt(rec, 3, i) {
			case "opened":
				opened.seq = rec.Column(1).(*array.Int64).Value(i)
				for space := range spaces {
					opened.keys[space] = hashAt(rec, 4+space, i)
				}
			case "confirmed":
				if standing == nil {
					v := opened
					v.from, standing = at, &v
					out.add(&v)
				}
			case "cleared", "overturned", "reopened":
				if standing != nil {
					standing.until, standing = at, nil
				}
			}
		}
	})
	if err != nil {
		return nil, fmt.Errorf("read the verdicts: %w", err)
	}
	return out, nil
}

func (v verdicts) add(x *verdict) {
	for space, k := range x.keys {
		if k != 0 {
			v[mixKey(space, k)] = append(v[mixKey(space, k)], x)
		}
	}
}
