package chart

import (
	"encoding/xml"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"
)

func f(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }

// TestCharts: every chart, also of nothing and of odd numbers, is well-formed,
// has a title and a description, and is the same twice.
func TestCharts(t *testing.T) {
	frame := Frame{ID: "x", Width: 300, Height: 100, Title: `<"T">`, Desc: "D & E"}
	for name, draw := range map[string]func() string{
		"bars": func() string {
			return string(Bars{Frame: frame, Bars: []Bar{{Value: 3, Href: "/a?b=1&c=2", Tip: "<b>"}, {Value: 0}}, Marks: []Mark{{From: 0, To: 1, Text: "1"}, {From: 0, To: 1, Text: "2"}}, Format: f}.SVG())
		},
		"no bars": func() string { return string(Bars{Frame: frame, Format: f}.SVG()) },
		"line": func() string {
			return string(Line{Frame: frame, Points: []Point{{X: 1, Value: 2, Low: 1, High: 3}, {X: 2, Value: 3, Low: 2, High: 5}}, Low: 0, High: 100, HasLevel: true, Level: 2, Format: f}.SVG())
		},
		"one point": func() string {
			return string(Line{Frame: frame, Points: []Point{{X: 1, Value: 2, Low: 2, High: 2}}, Low: 0, High: 100, Format: f}.SVG())
		},
		"no points": func() string { return string(Line{Frame: frame, Format: f}.SVG()) },
		"not a number": func() string {
			return string(Line{Frame: frame, Points: []Point{{X: 1, Value: math.NaN(), Low: math.Inf(-1), High: 2}}, Low: 0, High: 100, Format: f}.SVG())
		},
		"dots": func() string {
			return string(Dots{Frame: frame, Rows: []Estimate{{Label: "<a>", Value: 1, Low: 0, High: 2, Href: "/"}}, Format: f}.SVG())
		},
		"spark": func() string { return string(Spark{Frame: frame, Values: []int{0, 1, 2}, Hot: []bool{true}}.SVG()) },
		"meter": func() string { return string(Meter{Frame: frame, Value: 2, Most: 1}.SVG()) },
		"histogram": func() string {
			return string(Histogram{Frame: frame, Bins: []Bin{{From: -1, To: 0, N: 4000}, {From: 0, To: 1, N: 3}}, Format: f}.SVG())
		},
		"no histogram": func() string { return string(Histogram{Frame: frame, Format: f}.SVG()) },
	} {
		svg := draw()
		if svg != draw() || strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") || !strings.Contains(svg, "<title id=") || !strings.Contains(svg, "<desc id=") {
			t.Errorf("%s: %s", name, svg)
		}
		d := xml.NewDecoder(strings.NewReader(svg))
		for {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Errorf("%s: %v in %s", name, err, svg)
				break
			}
		}
	}
}

func TestTicks(t *testing.T) {
	for _, c := range []struct{ low, high float64 }{{0, 250}, {-4, 14}, {0.1, 0.45}, {-1e9, 1e9}} {
		got := Ticks(c.low, c.high, 4)
		if len(got) < 2 || len(got) > 9 || got[0] < c.low-1e-9 || got[len(got)-1] > c.high*1.0001+1e-9 {
			t.Errorf("%v: %v", c, got)
		}
	}
	if got := Ticks(3, 3, 4); len(got) != 1 {
		t.Error(got)
	}
}

// TestCrowd: every bar, the usual line and a lane for each series are drawn, texts
// are escaped, and nothing is drawn of nothing.
func TestCrowd(t *testing.T) {
	g := Crowd{Frame: Frame{ID: "c", Width: 400, Title: "t"}, Bars: []Bar{{Value: 2, Tip: "two"}, {Value: 9, Hot: true, Href: "/x"}, {}}, Usual: []float64{1, 1.5, 1}, From: 1, To: 2,
		Lanes: []Lane{{Label: "a <*> b", Values: []float64{0, 4, 1}, Hot: true, Href: "/l"}}, Labels: []Label{{At: 1, Text: "day"}}, Format: f}
	out := string(g.SVG())
	for part, n := range map[string]int{`class="bar`: 5, `class="bar hot"`: 1, `class="bar lines"`: 2, `class="line"`: 1, `class="mark"`: 2, "a &lt;*&gt; b": 1, `href="/x"`: 1, `href="/l"`: 1} {
		if got := strings.Count(out, part); got != n {
			t.Errorf("%s: %d, want %d", part, got, n)
		}
	}
	if empty := string((Crowd{Frame: Frame{ID: "e", Width: 400}, Format: g.Format}).SVG()); strings.Contains(empty, "NaN") || strings.Contains(empty, `class="bar`) {
		t.Error(empty)
	}
}
