// Package format writes numbers, times and findings as a reader of one
// language expects them.
package format

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"plaint/internal/web/locale"
)

// Format writes for one language.
type Format struct {
	Words *locale.Words
	Years bool // moments have their year: the data spans more than one
}

func (f Format) chinese() bool { return f.Words.Lang == "zh" }

// Int groups thousands by commas.
func (f Format) Int(n int) string {
	s := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, s = "−", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Num writes a number with at most so many digits behind the point.
func (f Format) Num(v float64, digits int) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "–"
	}
	s := strconv.FormatFloat(math.Abs(v), 'f', digits, 64)
	whole, rest, found := strings.Cut(s, ".")
	n, err := strconv.Atoi(whole)
	if err != nil {
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
	out := f.Int(n)
	if rest = strings.TrimRight(rest, "0"); found && rest != "" {
		out += "." + rest
	}
	if v < 0 && strings.Trim(out, "0.") != "" {
		out = "−" + out
	}
	return out
}

// Fixed writes a number with exactly so many digits behind the point.
func (f Format) Fixed(v float64, digits int) string {
	s := strconv.FormatFloat(math.Abs(v), 'f', digits, 64)
	if v < 0 && strings.Trim(s, "0.") != "" {
		return "−" + s
	}
	return s
}

// Signed is Fixed with a plus sign before what is above zero.
func (f Format) Signed(v float64, digits int) string {
	if s := f.Fixed(v, digits); v > 0 && strings.Trim(s, "0.") != "" {
		return "+" + s
	} else {
		return s
	}
}

// Trend writes a change per week, relative to the mean.
func (f Format) Trend(v *float64) string {
	if v == nil {
		return "–"
	}
	return f.Signed(100**v, 1) + "% " + f.Words.T("web_per_week")
}

// Percent writes a share from 0 to 1.
func (f Format) Percent(share float64) string {
	digits := 0
	if math.Abs(share) < .1 {
		digits = 1
	}
	return f.Num(100*share, digits) + "%"
}

// Date is a day with its year.
func (f Format) Date(t time.Time) string {
	if f.chinese() {
		return t.UTC().Format("2006年1月2日")
	}
	return t.UTC().Format("2 Jan 2006")
}

// Day is a day without its year.
func (f Format) Day(t time.Time) string {
	if f.chinese() {
		return t.UTC().Format("1月2日")
	}
	return t.UTC().Format("2 Jan")
}

// Month is a month with its year.
func (f Format) Month(t time.Time) string {
	if f.chinese() {
		return t.UTC().Format("2006年1月")
	}
	return t.UTC().Format("Jan 2006")
}

// Moment is a day and a time, without the year where no other is in sight.
func (f Format) Moment(t time.Time) string {
	if f.Years {
		return f.Full(t)
	}
	return f.Day(t) + t.UTC().Format(" 15:04")
}

// Window is a stretch of time; neither day nor year is said twice.
func (f Format) Window(from, to time.Time) string {
	from, to = from.UTC(), to.UTC()
	switch {
	case from.Format(time.DateOnly) == to.Format(time.DateOnly):
		return f.Moment(from) + "–" + to.Format("15:04")
	case from.Year() == to.Year():
		return f.Moment(from) + " – " + Format{Words: f.Words}.Moment(to)
	}
	return f.Full(from) + " – " + f.Full(to)
}

// longestYear is from when on a day without its year is ambiguous.
const longestYear = 365 * 24 * time.Hour

// ManyYears reports whether days between two moments need their year.
func ManyYears(from, to time.Time) bool { return to.Sub(from) > longestYear }

// Axis writes the days under an axis that goes from one moment to another:
// where they span years, months with their year.
func (f Format) Axis(from, to time.Time) func(time.Time) string {
	if ManyYears(from, to) {
		return f.Month
	}
	return f.Day
}

// Full is a day with year and time.
func (f Format) Full(t time.Time) string { return f.Date(t) + t.UTC().Format(" 15:04") }

// Hours writes a length of time given in hours by its largest unit.
func (f Format) Hours(h float64) string {
	value, unit := h, "unit_h"
	switch {
	case h < 1:
		value, unit = h*60, "unit_min"
	case h >= 72:
		value, unit = h/24, "unit_d"
	}
	digits := 0
	if value < 10 {
		digits = 1
	}
	return f.Words.T(unit, "n", f.Num(value, digits))
}

// Score writes a metric's value as its trade does.
func (f Format) Score(metric string, v float64) string {
	switch metric {
	case "csat":
		return f.Fixed(v, 1) + "%"
	case "nps":
		return f.Signed(v, 1)
	}
	return f.Fixed(v, 2)
}

// percents are the arguments of findings that are shares from 0 to 1; where a
// finding has scores of its own scale, they are not.
var percents = map[string]map[string]bool{
	"digest_department":    {"rate": true, "low": true, "high": true, "overall": true},
	"digest_handlers":      {"rate": true, "low": true, "expected": true},
	"digest_theme_growing": {"trend": true},
	"digest_largest_theme": {"share": true},
}

// groups are the arguments of findings that are codes with words of their own.
var groups = map[string]string{"department": "department", "type": "type", "metric": "metric", "driver": "driver", "level": "level"}

// weeksOfYear turns a slope by the week into one by the year.
const weeksOfYear = 365.2425 / 7

// yearly tells a trend that is only seen over years, as of surveys that are
// made once a year: by the week it would be nought.
func (f Format) yearly(arguments map[string]any) bool {
	slope, _ := arguments["slope"].(float64)
	from, _ := arguments["from"].(string)
	to, _ := arguments["to"].(string)
	first, bad := time.Parse(time.RFC3339, from)
	last, worse := time.Parse(time.RFC3339, to)
	return bad == nil && worse == nil && ManyYears(first, last) || strings.Trim(f.Fixed(slope, 1), "−0.") == ""
}

// byYear is the finding of a trend with its slope by the year.
func byYear(arguments map[string]any) map[string]any {
	out := maps.Clone(arguments)
	for _, name := range [...]string{"slope", "low", "high"} {
		if v, ok := out[name].(float64); ok {
			out[name] = v * weeksOfYear
		}
	}
	return out
}

// Finding is the sentence of a finding of the digest.
func (f Format) Finding(code string, arguments map[string]any) string {
	if code == "digest_satisfaction_trend" && f.yearly(arguments) {
		return f.Finding("digest_satisfaction_years", byYear(arguments))
	}
	pairs := make([]any, 0, 2*len(arguments))
	for _, name := range slices.Sorted(maps.Keys(arguments)) {
		v := arguments[name]
		if score, ok := v.(float64); ok && code == "digest_satisfaction" && name != "n" {
			metric, _ := arguments["metric"].(string)
			pairs = append(pairs, name, f.Score(metric, score))
			continue
		}
		pairs = append(pairs, name, f.argument(code, name, v))
	}
	return f.Words.T(code, pairs...)
}

func (f Format) argument(code, name string, v any) string {
	switch x := v.(type) {
	case float64:
		switch {
		case percents[code][name]:
			return f.Percent(x)
		case name == "effect" || name == "slope" || code == "digest_driver" && (name == "low" || name == "high"):
			return f.Signed(x, 1)
		case strings.HasPrefix(code, "digest_satisfaction_") && (name == "low" || name == "high"):
			return f.Signed(x, 1)
		}
		return f.Num(x, 1)
	case string:
		if t, err := time.Parse(time.RFC3339, x); err == nil {
			if code == "digest_volume" {
				return f.Date(t)
			}
			return f.Full(t)
		}
		if g := groups[name]; g != "" {
			return f.Words.Name(g, x)
		}
		return x
	}
	return ""
}
