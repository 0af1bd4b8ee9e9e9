package memory

import (
	"time"

	"plaint/internal/record"
)

// UsualDays is how far back the usual number of complaints a day is taken from.
const UsualDays = 28

// Crowd counts complaints by type and hour, and by type and day, so that a
// sudden rush can be told from a usual day.
type Crowd map[string]*arrivals

type arrivals struct {
	hours map[int64]int32 // hours since 1970
	days  map[int64]int32 // days since 1970
}

// Hour is the hour since 1970 that a moment falls into, before 1970 as well.
func Hour(t time.Time) int64 {
	s := t.Unix()
	if s < 0 {
		s -= 3599
	}
	return s / 3600
}

// Add counts n complaints of a type in an hour since 1970.
func (w Crowd) Add(kind string, hour int64, n int32) {
	a := w[kind]
	if a == nil {
		a = &arrivals{hours: map[int64]int32{}, days: map[int64]int32{}}
		w[kind] = a
	}
	a.hours[hour] += n
	a.days[hour/24] += n
}

// Rush is how many times more complaints of the type came in the 24 hours
// before than on a usual day of the four weeks before that; both sides get one
// complaint more, so that small numbers prove little.
func (w Crowd) Rush(c *record.Complaint) float64 {
	a := w[c.Type]
	if a == nil || !c.Received.Known() {
		return 1
	}
	hour := Hour(c.Received.Time)
	last, usual := int32(0), int32(0)
	// Whole hours before this one: of its own hour, some may come later.
	for h := hour - 24; h < hour; h++ {
		last += a.hours[h]
	}
	for d := hour/24 - 1 - UsualDays; d < hour/24-1; d++ {
		usual += a.days[d]
	}
	return float64(last+1) / (float64(usual)/UsualDays + 1)
}
