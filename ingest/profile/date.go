package profile

import (
	"math"
	"strconv"
	"strings"
	"time"

	"plaint/internal/record"
)

// order is the order of day and month in a date such as 03/04/2024.
type order uint8

const (
	orderUnknown order = iota
	orderYMD           // slashed dates must start with the year
	orderDMY
	orderMDY
	orderMixed // the column's rows contradict each other
)

var orders = map[string]order{"": orderUnknown, "ymd": orderYMD, "dmy": orderDMY, "mdy": orderMDY}

var zoneCache = map[string]*time.Location{"": time.UTC}

func zone(name string) (*time.Location, error) {
	if l, ok := zoneCache[name]; ok {
		return l, nil
	}
	return time.LoadLocation(name)
}

// Evidence counts what the unambiguous rows of a date column say about the
// order of day and month.
type Evidence struct{ DayFirst, MonthFirst int }

// Note counts one value of the column.
func (e *Evidence) Note(v string) {
	a, b, year, _, ok := slashed(halfWidth(strings.TrimSpace(v)))
	if !ok || year < 0 {
		return
	}
	switch {
	case a > 12 && b <= 12:
		e.DayFirst++
	case b > 12 && a <= 12:
		e.MonthFirst++
	}
}

func (e *Evidence) order() order {
	switch {
	case e.DayFirst > 0 && e.MonthFirst > 0:
		return orderMixed
	case e.DayFirst > 0:
		return orderDMY
	case e.MonthFirst > 0:
		return orderMDY
	}
	return orderUnknown
}

// slashed splits d/m/y or m/d/y, with / . or - between, and an optional time.
func slashed(s string) (a, b, year int, rest string, ok bool) {
	a, n := digits(s, 2)
	if n == 0 || n >= len(s) {
		return
	}
	sep := s[n]
	if sep != '/' && sep != '.' && sep != '-' {
		return
	}
	s = s[n+1:]
	b, n = digits(s, 2)
	if n == 0 || n >= len(s) || s[n] != sep {
		return
	}
	s = s[n+1:]
	year, n = digits(s, 4)
	if n != 2 && n != 4 {
		return
	}
	if n == 2 { // negative: the century is a guess, and so is the place of the year
		year = -year - 1
	}
	rest = s[n:]
	if rest != "" && rest[0] != ' ' && rest[0] != 'T' && rest[0] != ',' && rest[0] < 0x80 {
		return
	}
	return a, b, year, strings.TrimLeft(rest, " T,"), true
}

func digits(s string, most int) (v, n int) {
	for n < len(s) && n < most && s[n] >= '0' && s[n] <= '9' {
		v = v*10 + int(s[n]-'0')
		n++
	}
	return v, n
}

// parseDate reads a date in any of the forms found in real exports. o settles
// slashed dates; loc is the zone of times that name none. The code is "" on
// success, "ambiguous_date" or "bad_date".
func parseDate(v string, o order, loc *time.Location) (record.Moment, record.Code) {
	s := halfWidth(strings.TrimSpace(v))
	if m, ok := isoDate(s, loc); ok {
		return m, ""
	}
	if a, b, y, rest, ok := slashed(s); ok {
		return slashedDate(a, b, y, rest, o, loc)
	}
	if m, ok := numberDate(s); ok {
		return m, ""
	}
	if m, ok := chineseDate(s, loc); ok {
		return m, ""
	}
	if m, ok := namedDate(s, loc); ok {
		return m, ""
	}
	for _, f := range namedForms {
		in := loc
		if f.precision >= record.ToDay {
			in = time.UTC // a day is that day, wherever it was
		}
		if t, err := time.ParseInLocation(f.layout, s, in); err == nil {
			return checked(t.UTC(), f.precision)
		}
	}
	return record.Moment{}, "bad_date"
}

// namedForms are what namedDate leaves. None has a zone by its letters: Go reads
// any three of them as a zone of offset 0.
var namedForms = []struct {
	layout    string
	precision record.Precision
}{
	{time.RFC822Z, record.ToMinute}, {time.ANSIC, record.ToSecond}, {"02-Jan-06", record.ToDay},
	{"Jan 2006", record.ToMonth}, {"January 2006", record.ToMonth}, {"02/Jan/2006:15:04:05 -0700", record.ToSecond},
}

func checked(t time.Time, p record.Precision) (record.Moment, record.Code) {
	if y := t.Year(); y < 1900 || y > 2200 {
		return record.Moment{}, "bad_date"
	}
	return record.Moment{Time: t, Precision: p}, ""
}

func century(y int) int {
	if y > 69 {
		return 1900 + y
	}
	return 2000 + y
}

func slashedDate(a, b, y int, rest string, o order, loc *time.Location) (record.Moment, record.Code) {
	day, month := a, b
	if y < 0 {
		y = -y - 1
		switch {
		case o == orderYMD:
			y, month, day = a, b, y
			return build(century(y), month, day, rest, loc)
		case a > 12 && o != orderDMY:
			return record.Moment{}, "ambiguous_date" // 26-03-01 may start with the year
		}
		y = century(y)
	}
	switch {
	case a > 12 && b <= 12:
	case b > 12 && a <= 12:
		day, month = b, a
	case a == b:
	case o == orderMDY:
		day, month = b, a
	case o == orderDMY:
	default:
		if a > 12 {
			return record.Moment{}, "bad_date"
		}
		return record.Moment{}, "ambiguous_date"
	}
	return build(y, month, day, rest, loc)
}

// isoDate reads 2024-01-05, 2024/1/5, 2024.01.05, each with an optional time
// and zone, 2024-01 and 2024.
func isoDate(s string, loc *time.Location) (record.Moment, bool) {
	y, n := digits(s, 4)
	if n != 4 {
		return record.Moment{}, false
	}
	if len(s) == 4 {
		m, code := checkedDate(y, 1, 1, record.ToYear)
		return m, code == ""
	}
	sep := s[4]
	if sep != '-' && sep != '/' && sep != '.' {
		return record.Moment{}, false
	}
	s = s[5:]
	month, n := digits(s, 2)
	if n == 0 {
		return record.Moment{}, false
	}
	if s = s[n:]; s == "" {
		m, code := checkedDate(y, month, 1, record.ToMonth)
		return m, code == ""
	}
	if s[0] != sep {
		return record.Moment{}, false
	}
	day, n := digits(s[1:], 2)
	if n == 0 {
		return record.Moment{}, false
	}
	s = s[1+n:]
	if s != "" && s[0] != 'T' && s[0] != ' ' && s[0] < 0x80 {
		return record.Moment{}, false
	}
	m, code := build(y, month, day, strings.TrimLeft(s, "T "), loc)
	return m, code == ""
}

func checkedDate(y, month, day int, p record.Precision) (record.Moment, record.Code) {
	t := time.Date(y, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if int(t.Month()) != month || t.Day() != day {
		return record.Moment{}, "bad_date"
	}
	return checked(t, p)
}

// numberDate reads 20240105, seconds and milliseconds since 1970, and Excel's
// day numbers (20,000 to 80,000: 1954 to 2119), in UTC.
func numberDate(s string) (record.Moment, bool) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f <= 0 || strings.ContainsAny(s, "eExXpPnN") {
		return record.Moment{}, false
	}
	whole := strings.IndexByte(s, '.') < 0
	switch {
	case f >= 20000 && f < 80000:
		t := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).Add(time.Duration(math.Round(f*86400)) * time.Second)
		p := record.ToSecond
		if f == math.Trunc(f) {
			p = record.ToDay
		}
		return record.Moment{Time: t, Precision: p}, true
	case whole && len(s) == 8:
		n := int(f)
		m, code := checkedDate(n/10000, n/100%100, n%100, record.ToDay)
		return m, code == ""
	case len(s) >= 10 && f >= 3e8 && f < 7e9:
		return record.At(time.UnixMicro(int64(math.Round(f * 1e6)))), true
	case whole && len(s) == 13:
		m, code := checked(time.UnixMilli(int64(f)).UTC(), record.ToSecond)
		return m, code == ""
	}
	return record.Moment{}, false
}
