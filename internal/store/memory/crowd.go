package memory

import (
	"strings"
	"time"

	"plaint/internal/record"
)

// UsualDays is how far back the usual number of complaints a day is taken from.
const UsualDays = 28

// Crowd counts complaints by type and hour, and by type and day, so that a
// sudden rush can be told from a usual day. Hostile types cost no more than any
// others: two small entries a complaint.
type Crowd struct {
	kinds map[string]int32
	hours map[arrival]int32
	days  map[arrival]int32
}

// arrival is a type and the hour or day since 1970 of a complaint.
type arrival struct {
	kind int32
	at   int32
}

// NewCrowd has counted nothing.
func NewCrowd() *Crowd {
	return &Crowd{map[string]int32{}, map[arrival]int32{}, map[arrival]int32{}}
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
func (w *Crowd) Add(kind string, hour int64, n int32) {
	k, ok := w.kinds[kind]
	if !ok {
		k = int32(len(w.kinds))
		w.kinds[strings.Clone(kind)] = k
	}
	w.hours[arrival{k, int32(hour)}] += n
	w.days[arrival{k, int32(hour / 24)}] += n
}

// doubt is how many complaints both sides of a comparison get, so that a handful
// proves little: they may be one ring's.
const doubt = 3

// Rush is how many times more complaints of the type came in the 24 hours
// before than on a usual day of the four weeks before that, doubt on both sides.
func (w *Crowd) Rush(c *record.Complaint) float64 {
	k, ok := w.kinds[c.Type]
	if !ok || !c.Received.Known() {
		return 1
	}
	hour := Hour(c.Received.Time)
	last, usual := int32(0), int32(0)
	// Whole hours before this one: of its own hour, some may come later.
	for h := hour - 24; h < hour; h++ {
		last += w.hours[arrival{k, int32(h)}]
	}
	for d := hour/24 - 1 - UsualDays; d < hour/24-1; d++ {
		usual += w.days[arrival{k, int32(d)}]
	}
	return float64(last+doubt) / (float64(usual)/UsualDays + doubt)
}
