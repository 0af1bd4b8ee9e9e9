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
type Format struct{ Words *locale.Words }

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

// Moment is a day and a time without the year.
func (f Format) Moment(t time.Time) string { return f.Day(t) + t.UTC().Format(" 15:04") }

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

// Finding is the sentence of a finding of the digest.
func (f Format) Finding(code string, arguments map[string]any) string {
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
		case code == "digest_satisfaction_trend" && (name == "low" || name == "high"):
			return f.Signed(x, 1)
		}
		return f.Num(x, 1)
	case string:
		if t, err := time.Parse(time.RFC3339, x); err == nil {
			if code == "digest_volume" {
				return f.Date(t)
			}
			return f.Moment(t)
		}
		if g := groups[name]; g != "" {
			return f.Words.Name(g, x)
		}
		return x
	}
	return ""
}
