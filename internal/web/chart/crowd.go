package chart

import (
	"fmt"
	"html/template"
	"math"
	"strings"
)

// Lane is a series of its own below the bars: lines of a log over the same time.
type Lane struct {
	Label  string
	Tip    string
	Href   string
	Values []float64 // as many as there are bars
	Hot    bool
}

// Crowd is bars over time against what is usual, with one stretch pointed out
// and other series in lanes below.
type Crowd struct {
	Frame    // Height is worked out from the lanes
	Bars     []Bar
	Usual    []float64 // as many as there are bars
	UsualTip string
	From, To float64 // the stretch, in steps
	Lanes    []Lane
	Labels   []Label
	Format   func(float64) string
}

// Sizes of a crowd's parts in pixels.
const (
	crowdLeft   = 34
	crowdRight  = 4
	crowdTop    = 10
	crowdBars   = 170
	crowdAxis   = 24
	laneLabel   = 18
	laneHigh    = 26
	laneBetween = 8
)

// SVG draws the crowd.
func (g Crowd) SVG() template.HTML {
	g.Height = crowdTop + crowdBars + crowdAxis + len(g.Lanes)*(laneLabel+laneHigh+laneBetween)
	c := open(g.Frame)
	w := float64(g.Width)
	most := 1.0
	for i, b := range g.Bars {
		most = max(most, b.Value, g.Usual[i])
	}
	base := float64(crowdTop + crowdBars)
	x := scale{0, float64(max(len(g.Bars), 1)), crowdLeft, w - crowdRight}
	y := scale{0, most, base, crowdTop}
	if g.To > g.From {
		c.rect("mark", x.at(g.From), crowdTop, x.at(g.To)-x.at(g.From), base-crowdTop, "")
	}
	for _, t := range Ticks(0, most, 4) {
		c.line("grid", crowdLeft, y.at(t), w-crowdRight, y.at(t))
		c.text("tick", "end", crowdLeft-6, y.at(t)+3.5, g.Format(t))
	}
	step := x.at(1) - x.at(0)
	gap := math.Min(2, step*.2)
	for i, v := range g.Bars {
		class := "bar"
		if v.Hot {
			class = "bar hot"
		}
		c.link(v.Href, v.Tip, func() {
			c.rect(class, x.at(float64(i))+gap/2, y.at(v.Value), step-gap, base-y.at(v.Value), v.Tip)
		})
	}
	g.usual(c, x, y)
	c.line("axis", crowdLeft, base, w-crowdRight, base)
	for _, l := range g.Labels {
		half := textWide(l.Text) / 2
		c.text("tick", "middle", min(max(x.at(l.At), half), w-half), base+15, l.Text)
	}
	for i, l := range g.Lanes {
		g.lane(c, x, base+crowdAxis+float64(i*(laneLabel+laneHigh+laneBetween)), l)
	}
	return c.close()
}

// usual is drawn in steps: it is of whole hours as the bars are.
func (g Crowd) usual(c *canvas, x, y scale) {
	var path strings.Builder
	for i, v := range g.Usual {
		op := "L"
		if i == 0 {
			op = "M"
		}
		fmt.Fprintf(&path, "%s%s %sL%s %s", op, n(x.at(float64(i))), n(y.at(v)), n(x.at(float64(i+1))), n(y.at(v)))
	}
	if path.Len() > 0 {
		fmt.Fprintf(&c.b, `<path class="line" d="%s">%s</path>`, path.String(), tip(g.UsualTip))
	}
}

func (g Crowd) lane(c *canvas, x scale, top float64, l Lane) {
	most := 1.0
	for _, v := range l.Values {
		most = max(most, v)
	}
	base := top + laneLabel + laneHigh
	if g.To > g.From {
		c.rect("mark", x.at(g.From), base-laneHigh, x.at(g.To)-x.at(g.From), laneHigh, "")
	}
	class := "bar"
	if l.Hot {
		class = "bar lines"
	}
	step := x.at(1) - x.at(0)
	c.link(l.Href, l.Tip, func() {
		c.rect("row", crowdLeft, top, x.end-crowdLeft, laneLabel+laneHigh, l.Tip)
		c.text("rownote", "start", crowdLeft, top+12, l.Label)
		for i, v := range l.Values {
			if v > 0 {
				high := max(1, v/most*(laneHigh-2))
				c.rect(class, x.at(float64(i))+.3, base-high, max(step-.6, .6), high, "")
			}
		}
	})
	c.text("tick", "end", crowdLeft-6, base-laneHigh+9, g.Format(most))
	c.line("axis", crowdLeft, base, x.end, base)
}
