package profile

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"plaint/internal/record"
)

// halfWidth turns the full-width digits, letters and signs of Chinese input
// methods, and the typographic dashes, into ASCII.
func halfWidth(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return strings.TrimSpace(strings.Map(halfWidthRune, s))
		}
	}
	return s
}

func halfWidthRune(r rune) rune {
	switch {
	case r >= 0xFF01 && r <= 0xFF5E:
		return r - 0xFEE0
	case r == 0x3000, r == 0xA0, r == 0x202F:
		return ' '
	case r >= 0x2010 && r <= 0x2013, r == 0x2212:
		return '-'
	}
	return r
}

// build puts a date and the text of its time of day together. A date without a
// time is that day, wherever it was: it is not moved between zones.
func build(y, month, day int, clock string, loc *time.Location) (record.Moment, record.Code) {
	date, code := checkedDate(y, month, day, record.ToDay)
	if code != "" || clock == "" {
		return date, code
	}
	c, ok := parseClock(clock, loc)
	if !ok {
		return record.Moment{}, "bad_date"
	}
	return checked(time.Date(y, time.Month(month), day, c.hour, c.minute, c.second, c.nanos, c.loc).UTC(), c.precision)
}

// clock is a time of day.
type clock struct {
	hour, minute, second, nanos int
	precision                   record.Precision
	loc                         *time.Location
}

// parseClock reads 15:04, 15:04:05.123 and 3:04 PM, each with an optional zone,
// and 下午3点15分 with its kin. An hour alone counts only where a word says that
// it is one (3 PM, 下午3点); it is the full hour, to the minute.
func parseClock(s string, loc *time.Location) (c clock, ok bool) {
	part, s := cutPart(s)
	s = plainClock(s)
	h, n := digits(s, 2)
	if n == 0 {
		return c, false
	}
	s, c.precision = s[n:], record.ToMinute
	hasMinutes := strings.HasPrefix(s, ":")
	if hasMinutes {
		if c.minute, n = digits(s[1:], 2); n != 2 {
			return c, false
		}
		s = s[3:]
	}
	if hasMinutes && strings.HasPrefix(s, ":") {
		if c.second, n = digits(s[1:], 2); n != 2 {
			return c, false
		}
		s, c.precision = s[3:], record.ToSecond
		if len(s) > 1 && (s[0] == '.' || s[0] == ',') {
			f, n := digits(s[1:], 9)
			c.nanos = f * int(math.Pow10(9-n))
			s = s[1+n:]
		}
	}
	hour, zone, half, ok := zoneAndHalf(h, strings.TrimSpace(s), loc)
	if ok && part != nil {
		hour, ok = part.hour(h)
		ok = ok && !half // 下午3:15 PM says it twice
	}
	c.hour, c.loc = hour, zone
	return c, ok && (hasMinutes || half) && c.hour <= 23 && c.minute <= 59 && c.second <= 60
}

// dayPart is a part of the day and the hours that it can mean.
type dayPart struct {
	word     string
	from, to int
}

var dayParts = []dayPart{{"上午", 0, 11}, {"下午", 12, 23}, {"凌晨", 0, 5}, {"早上", 4, 11}, {"早晨", 4, 11}, {"清晨", 4, 11},
	{"中午", 11, 14}, {"傍晚", 16, 19}, {"晚上", 18, 23}}

func cutPart(s string) (*dayPart, string) {
	for i := range dayParts {
		if rest, ok := strings.CutPrefix(s, dayParts[i].word); ok {
			return &dayParts[i], strings.TrimSpace(rest)
		}
	}
	return nil, s
}

// hour is the hour of the day that h, on a clock of 12 or 24 hours, means in
// this part of the day; ok is false if it means none (晚上2点 may be the next
// day).
func (p *dayPart) hour(h int) (int, bool) {
	if p.from == 0 && p.to == 11 && h == 12 {
		return 0, true // 上午12:05, as programs write five past midnight
	}
	for _, x := range [...]int{h, h + 12} {
		if x >= p.from && x <= p.to && (x == h || h < 12) {
			return x, true
		}
	}
	return 0, false
}

var chineseClock = regexp.MustCompile(`^(\d{1,2})\s*[时時点點]\s*(?:(半)|整|(\d{1,2})\s*(?:分\s*(?:(\d{1,2})\s*秒)?)?)?$`)

// plainClock turns 3点, 3点半, 3时15分 and 3时15分20秒 into 3:00 and so on.
func plainClock(s string) string {
	if !strings.ContainsAny(s, "时時点點") {
		return s
	}
	g := chineseClock.FindStringSubmatch(s)
	if g == nil {
		return s
	}
	pad := func(n string) string { return strings.Repeat("0", 2-len(n)) + n }
	switch {
	case g[2] != "":
		return g[1] + ":30"
	case g[4] != "":
		return g[1] + ":" + pad(g[3]) + ":" + pad(g[4])
	}
	return g[1] + ":" + pad(g[3])
}

// zoneAndHalf reads what follows the time of day: am, pm, a zone. half says
// whether there was am or pm.
func zoneAndHalf(h int, rest string, loc *time.Location) (hour int, zone *time.Location, half, ok bool) {
	upper := strings.ToUpper(rest)
	for _, word := range [...]string{"AM", "PM", "A.M.", "P.M."} {
		if strings.HasPrefix(upper, word) {
			if h < 1 || h > 12 {
				return 0, nil, false, false
			}
			h %= 12
			if word[0] == 'P' {
				h += 12
			}
			upper, half = strings.TrimSpace(upper[len(word):]), true
			break
		}
	}
	switch upper {
	case "":
		return h, loc, half, true
	case "Z", "UTC", "GMT":
		return h, time.UTC, half, true
	}
	if (upper[0] == '+' || upper[0] == '-') && len(upper) >= 3 {
		hh, n := digits(upper[1:], 2)
		mm, k := digits(strings.TrimPrefix(upper[1+n:], ":"), 2)
		if n != 2 || (k != 0 && k != 2) || hh > 15 || mm > 59 {
			return 0, nil, false, false
		}
		offset := hh*3600 + mm*60
		if upper[0] == '-' {
			offset = -offset
		}
		return h, time.FixedZone("", offset), half, true
	}
	return 0, nil, false, false
}

var weekday = regexp.MustCompile(`^\s*(?:星期|周|週|礼拜)[一二三四五六日天]\s*`)

// chineseDate reads 2024年1月5日, with an optional day of the week and time, and
// 2024年1月.
func chineseDate(s string, loc *time.Location) (record.Moment, bool) {
	year, rest, ok := strings.Cut(s, "年")
	if !ok {
		return record.Moment{}, false
	}
	month, rest, ok := strings.Cut(rest, "月")
	y, err := strconv.Atoi(strings.TrimSpace(year))
	if err != nil {
		return record.Moment{}, false
	}
	if !ok {
		m, code := checkedDate(y, 1, 1, record.ToYear)
		return m, code == "" && strings.TrimSpace(month) == ""
	}
	mo, err := strconv.Atoi(strings.TrimSpace(month))
	if err != nil {
		return record.Moment{}, false
	}
	day, rest, ok := cutAny(rest, "日", "号", "號")
	if !ok {
		m, code := checkedDate(y, mo, 1, record.ToMonth)
		return m, code == "" && strings.TrimSpace(day) == ""
	}
	d, err := strconv.Atoi(strings.TrimSpace(day))
	if err != nil {
		return record.Moment{}, false
	}
	rest = weekday.ReplaceAllString(rest, "")
	m, code := build(y, mo, d, strings.TrimSpace(rest), loc)
	return m, code == ""
}

// cutAny cuts at the separator that comes first.
func cutAny(s string, seps ...string) (before, after string, ok bool) {
	at, width := len(s), 0
	for _, sep := range seps {
		if i := strings.Index(s, sep); i >= 0 && i < at {
			at, width = i, len(sep)
		}
	}
	if width == 0 {
		return s, "", false
	}
	return s[:at], s[at+width:], true
}

// namedDate reads a date whose month is an English word, with the year in full:
// Mar 1 2026 3:15 PM, 1 March 2026, Sunday, March 1st, 2026 at 3 pm, 1-Mar-2026.
func namedDate(s string, loc *time.Location) (record.Moment, bool) {
	f := strings.Fields(strings.ReplaceAll(s, ",", " "))
	if len(f) > 1 && weekdays[strings.ToLower(strings.TrimSuffix(f[0], "."))] {
		f = f[1:]
	}
	if len(f) > 0 && strings.Count(f[0], "-") == 2 {
		f = append(strings.Split(f[0], "-"), f[1:]...)
	}
	if len(f) < 3 {
		return record.Moment{}, false
	}
	month, day := months[strings.ToLower(strings.TrimSuffix(f[0], "."))], f[1]
	if month == 0 {
		month, day = months[strings.ToLower(strings.TrimSuffix(f[1], "."))], f[0]
	}
	d, n := digits(day, 2)
	y, k := digits(f[2], 4)
	if month == 0 || n == 0 || !ordinals[strings.ToLower(day[n:])] || k != 4 || len(f[2]) != 4 {
		return record.Moment{}, false
	}
	rest := f[3:]
	if len(rest) > 1 && strings.EqualFold(rest[0], "at") {
		rest = rest[1:]
	}
	m, code := build(y, month, d, strings.Join(rest, " "), loc)
	return m, code == ""
}

var ordinals = map[string]bool{"": true, "st": true, "nd": true, "rd": true, "th": true}

var months, weekdays = func() (map[string]int, map[string]bool) {
	m, w := map[string]int{"sept": 9}, map[string]bool{"tues": true, "thur": true, "thurs": true}
	for i := time.January; i <= time.December; i++ {
		name := strings.ToLower(i.String())
		m[name], m[name[:3]] = int(i), int(i)
	}
	for i := time.Sunday; i <= time.Saturday; i++ {
		name := strings.ToLower(i.String())
		w[name], w[name[:3]] = true, true
	}
	return m, w
}()
