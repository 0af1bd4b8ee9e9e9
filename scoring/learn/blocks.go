package learn

import (
	"time"

	"plaint/scoring/model"
)

// Fewest labels of either kind to learn from, and to choose or measure by.
const (
	LeastLabels = 50
	leastBlock  = 5
)

// shares of the labelled rows, in order of time, that are learned from and up to
// which is calibrated; the rest measures.
const (
	learnShare     = .6
	calibrateShare = .8
)

// blocks part the labelled rows by time. A row whose verdict came only after the
// next block had begun is in none: it could not have been known.
type blocks struct {
	learn, calibrate, test []int32
	from, middle, end, to  time.Time // of the learned, the calibrated and the measured rows
	late                   int
}

func (d *Data) blocks() (*blocks, error) {
	rows := d.labelled()
	if n := d.count(rows); min(n[0], n[1]) < LeastLabels {
		return nil, problem("err_learn_few", "abuse", n[1], "honest", n[0], "least", LeastLabels, "unread", d.Unread, "young", d.Young)
	}
	n := float64(len(rows))
	b := &blocks{from: d.Rows[rows[0]].At, middle: d.Rows[rows[int(learnShare*n)]].At, end: d.Rows[rows[int(calibrateShare*n)]].At, to: d.Rows[rows[len(rows)-1]].At}
	for _, i := range rows {
		r := &d.Rows[i]
		switch {
		case r.At.Before(b.middle) && r.Decided.Before(b.middle):
			b.learn = append(b.learn, i)
		case !r.At.Before(b.end):
			b.test = append(b.test, i)
		case !r.At.Before(b.middle) && r.Decided.Before(b.end):
			b.calibrate = append(b.calibrate, i)
		default:
			b.late++
		}
	}
	for _, x := range []struct {
		use   string
		rows  []int32
		least int
	}{{"learn", b.learn, LeastLabels}, {"calibrate", b.calibrate, leastBlock}, {"test", b.test, leastBlock}} {
		if n := d.count(x.rows); min(n[0], n[1]) < x.least {
			return nil, problem("err_learn_block_"+x.use, "abuse", n[1], "honest", n[0], "least", x.least, "late", b.late)
		}
	}
	return b, nil
}

// told is how the blocks stand in a card.
func (b *blocks) told(d *Data) []model.Block {
	of := func(use string, rows []int32, from, to time.Time) model.Block {
		return model.Block{Use: use, From: from, To: to, Rows: len(rows), Bad: d.count(rows)[1]}
	}
	return []model.Block{of("learn", b.learn, b.from, b.middle), of("calibrate", b.calibrate, b.middle, b.end), of("test", b.test, b.end, b.to)}
}
