package chart

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"
)

// Point is one estimate of a series with its interval.
type Point struct {
	X                float64 // place on the axis, any unit
	Value, Low, High float64
	Tip              string
	Href             string
}

// Line is a series of estimates in the band of their intervals.
type Line struct {
	Frame
	Points    []Point
	Labels    []Label // under the axis, At in the unit of X
	Low, High float64 // limits of the value's scale: the axis never leaves them
	Level     float64 // drawn across, the value over all
	HasLevel  bool    //
	Format    func(float64) string
}

// SVG draws the series.
func (l Line) SVG() template.HTML {
	c := open(l.Frame)
	w, h := float64(l.Width), float64(l.Height)
	const left, right, top, bottom = 34, 8, 8, 20
	l.Points = slices.DeleteFunc(slices.Clone(l.Points), func(p Point) bool { return !finite(p.X) || !finite(p.Value) || !finite(p.Low) || !finite(p.High) })
	if len(l.Points) == 0 {
		return c.close()
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, p := range l.Points {
		low, high = min(low, p.Low, p.Value), max(high, p.High, p.Value)
	}
	pad := (high - low) * .06
	low, high = max(low-pad, l.Low), min(high+pad, l.High)
	if high <= low {
		low, high = low-1, high+1
	}
	x := scale{l.Points[0].X, l.Points[len(l.Points)-1].X, left + 6, w - right - 4}
	if len(l.Points) == 1 {
		x = scale{l.Points[0].X - 1, l.Points[0].X + 1, left, w - right}
	}
	y := scale{low, high, h - bottom, top}
	for _, t := range Ticks(low, high, 4) {
		c.line("grid", left, y.at(t), w-right, y.at(t))
		c.text("tick", "end", left-6, y.at(t)+3.5, l.Format(t))
	}
	l.draw(c, x, y, func() {
		if l.HasLevel {
			c.line("level", left, y.at(l.Level), w-right, y.at(l.Level))
		}
	})
	for _, t := range l.Labels {
		half := textWide(t.Text) / 2
		c.text("tick", "middle", min(max(x.at(t.At), half), w-half), h-5, t.Text)
	}
	return c.close()
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// draw puts the level between band and line, where both leave it to be seen.
func (l Line) draw(c *canvas, x, y scale, level func()) {
	var upper, lower, path strings.Builder
	for i, p := range l.Points {
		op := "L"
		if i == 0 {
			op = "M"
		}
		fmt.Fprintf(&upper, "%s%s %s", op, n(x.at(p.X)), n(y.at(p.High)))
		fmt.Fprintf(&path, "%s%s %s", op, n(x.at(p.X)), n(y.at(p.Value)))
	}
	for i := len(l.Points) - 1; i >= 0; i-- {
		p := l.Points[i]
		fmt.Fprintf(&lower, "L%s %s", n(x.at(p.X)), n(y.at(p.Low)))
	}
	fmt.Fprintf(&c.b, `<path class="band" d="%s%sZ"/>`, upper.String(), lower.String())
	level()
	fmt.Fprintf(&c.b, `<path class="line" d="%s"/>`, path.String())
	for _, p := range l.Points {
		c.link(p.Href, p.Tip, func() {
			c.circle("dot", x.at(p.X), y.at(p.Value), 2.6, "")
			c.circle("hit", x.at(p.X), y.at(p.Value), 9, p.Tip)
		})
	}
}

// Estimate is one row of a comparison: a value with its interval.
type Estimate struct {
	Label            string
	Value, Low, High float64
	Note             string // at the end of the row
	Tip              string
	Href             string
	Hot              bool
	Clear            bool // its interval excludes the reference: drawn full
}

// Dots compares values with intervals, one row each.
type Dots struct {
	Frame     // Height is worked out from the rows
	Rows      []Estimate
	Reference float64 // drawn through all rows
	LabelWide int     // pixels for labels
	NoteWide  int     // pixels for notes
	RefLabel  string
	FromZero  bool
	Format    func(float64) string
}

// rowHigh is the height of one row.
const rowHigh = 25

// SVG draws the comparison.
func (d Dots) SVG() template.HTML {
	d.Height = len(d.Rows)*rowHigh + 40
	c := open(d.Frame)
	low, high := d.Reference, d.Reference
	for _, r := range d.Rows {
		low, high = min(low, r.Low), max(high, r.High)
	}
	if d.FromZero {
		low = 0
	}
	if high <= low {
		high = low + 1
	}
	w := float64(d.Width)
	x := scale{low, high, float64(d.LabelWide) + 8, w - float64(d.NoteWide) - 8}
	base := float64(18 + len(d.Rows)*rowHigh)
	for _, t := range Ticks(low, high, 5) {
		c.line("grid", x.at(t), 18, x.at(t), base)
		c.text("tick", "middle", x.at(t), base+15, d.Format(t))
	}
	c.line("threshold", x.at(d.Reference), 14, x.at(d.Reference), base)
	c.text("note", "middle", x.at(d.Reference), 10, d.RefLabel)
	for i, r := range d.Rows {
		d.row(c, x, float64(18+i*rowHigh)+rowHigh/2, r)
	}
	return c.close()
}

func (d Dots) row(c *canvas, x scale, y float64, r Estimate) {
	class := ""
	if r.Hot {
		class = " hot"
	}
	if !r.Clear {
		class += " faint"
	}
	c.link(r.Href, r.Tip, func() {
		c.rect("row", 0, y-rowHigh/2, float64(d.Width), rowHigh, r.Tip)
		c.text("rowlabel", "start", 0, y+4, r.Label)
		c.line("whisker"+class, x.at(r.Low), y, x.at(r.High), y)
		c.circle("estimate"+class, x.at(r.Value), y, 4.5, r.Tip)
		c.text("rownote", "end", float64(d.Width), y+4, r.Note)
	})
}
