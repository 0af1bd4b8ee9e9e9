package chart

import (
	"fmt"
	"html/template"
	"math"
)

// Bar is one bar of a series over time.
type Bar struct {
	Value float64
	Tip   string
	Href  string
	Hot   bool // in a marked stretch
}

// Mark is a stretch of the series that is pointed out, in steps.
type Mark struct {
	From, To float64
	Text     string
	Tip      string
	Href     string
}

// Bars is a series of bars over time with marked stretches.
type Bars struct {
	Frame
	Bars   []Bar
	Marks  []Mark
	Labels []Label // under the axis
	Format func(float64) string
}

// SVG draws the series.
func (b Bars) SVG() template.HTML {
	c := open(b.Frame)
	w, h := float64(b.Width), float64(b.Height)
	const left, right, top, bottom = 34, 4, 26, 20
	most := 1.0
	for _, x := range b.Bars {
		most = max(most, x.Value)
	}
	ticks := Ticks(0, most, 4)
	y := scale{0, most, h - bottom, top}
	x := scale{0, float64(max(len(b.Bars), 1)), left, w - right}
	for _, t := range ticks {
		c.line("grid", left, y.at(t), w-right, y.at(t))
		c.text("tick", "end", left-6, y.at(t)+3.5, b.Format(t))
	}
	b.marks(c, x, top, h-bottom)
	step := x.at(1) - x.at(0)
	gap := math.Min(2, step*.22)
	for i, v := range b.Bars {
		class := "bar"
		if v.Hot {
			class = "bar hot"
		}
		c.link(v.Href, v.Tip, func() {
			c.rect(class, x.at(float64(i))+gap/2, y.at(v.Value), step-gap, y.at(0)-y.at(v.Value), v.Tip)
		})
	}
	c.line("axis", left, y.at(0), w-right, y.at(0))
	for _, l := range b.Labels {
		half := textWide(l.Text) / 2
		c.text("tick", "middle", min(max(x.at(l.At), half), w-half), h-5, l.Text)
	}
	return c.close()
}

// flagWide is the room that the number of a stretch takes.
const flagWide = 17.5

// flags are the places of the numbers: over their stretches, moved to the right
// where they would collide, and back to the left at the end.
func (b Bars) flags(x scale) []float64 {
	at := make([]float64, len(b.Marks))
	for i, m := range b.Marks {
		if at[i] = (x.at(m.From) + x.at(m.To)) / 2; i > 0 {
			at[i] = max(at[i], at[i-1]+flagWide)
		}
	}
	limit := x.end - 4
	for i := len(at) - 1; i >= 0; i-- {
		at[i] = min(at[i], limit)
		limit = at[i] - flagWide
	}
	return at
}

// marks draws the stretches behind the bars.
func (b Bars) marks(c *canvas, x scale, top, base float64) {
	flags := b.flags(x)
	for i, m := range b.Marks {
		from, to := x.at(m.From), x.at(m.To)
		to = max(to, from+2)
		at := flags[i]
		c.link(m.Href, m.Tip, func() {
			c.rect("mark", from, top-2, to-from, base-top+2, m.Tip)
			fmt.Fprintf(&c.b, `<path class="lead" d="M%s %sL%s %s"/>`, n((from+to)/2), n(top-2), n(at), n(top-8))
			c.circle("flag", at, top-15, 8, m.Tip)
			c.text("flagtext", "middle", at, top-11.5, m.Text)
		})
	}
}

// Spark is a series the size of a word; hot steps are pointed out.
type Spark struct {
	Frame
	Values []int
	Hot    []bool
}

// SVG draws the series as small bars.
func (s Spark) SVG() template.HTML {
	c := open(s.Frame)
	w, h := float64(s.Width), float64(s.Height)
	most := 1
	for _, v := range s.Values {
		most = max(most, v)
	}
	step := w / float64(max(len(s.Values), 1))
	for i, v := range s.Values {
		class := "bar"
		if i < len(s.Hot) && s.Hot[i] {
			class = "bar hot"
		}
		height := float64(v) / float64(most) * (h - 1)
		if v > 0 {
			height = max(height, 1)
		}
		c.rect(class, float64(i)*step+.4, h-height-.5, step-.8, height, "")
	}
	c.line("axis", 0, h-.5, w, h-.5)
	return c.close()
}

// Meter is one value against the largest, the size of a word.
type Meter struct {
	Frame
	Value, Most float64
	Hot         bool
}

// SVG draws the bar.
func (m Meter) SVG() template.HTML {
	c := open(m.Frame)
	w, h := float64(m.Width), float64(m.Height)
	c.rect("track", 0, 0, w, h, "")
	class := "bar"
	if m.Hot {
		class = "bar hot"
	}
	if m.Most > 0 {
		c.rect(class, 0, 0, min(m.Value/m.Most, 1)*w, h, "")
	}
	return c.close()
}

// Bin is one step of a distribution.
type Bin struct {
	From, To float64
	N        int
	Tip      string
	Href     string
}

// Histogram is a distribution with a threshold. Heights grow with the square
// root of the number, so that few suspicious ones are seen beside many honest.
type Histogram struct {
	Frame
	Bins         []Bin
	Threshold    float64
	ThresholdTip string
	Format       func(float64) string
}

// SVG draws the distribution.
func (g Histogram) SVG() template.HTML {
	c := open(g.Frame)
	w, h := float64(g.Width), float64(g.Height)
	const left, right, top, bottom = 38, 6, 20, 20
	if len(g.Bins) == 0 {
		return c.close()
	}
	most := 1
	for _, b := range g.Bins {
		most = max(most, b.N)
	}
	x := scale{g.Bins[0].From, g.Bins[len(g.Bins)-1].To, left, w - right}
	y := scale{0, math.Sqrt(float64(most)), h - bottom, top}
	for t := 10.0; t <= float64(most); t *= 10 {
		c.line("grid", left, y.at(math.Sqrt(t)), w-right, y.at(math.Sqrt(t)))
		c.text("tick", "end", left-6, y.at(math.Sqrt(t))+3.5, g.Format(t))
	}
	for _, b := range g.Bins {
		class := "bar"
		if b.From >= g.Threshold || (b.From+b.To)/2 > g.Threshold {
			class = "bar hot"
		}
		top := y.at(math.Sqrt(float64(b.N)))
		c.link(b.Href, b.Tip, func() { c.rect(class, x.at(b.From)+.5, top, x.at(b.To)-x.at(b.From)-1, y.at(0)-top, b.Tip) })
	}
	c.line("axis", left, y.at(0), w-right, y.at(0))
	for _, t := range Ticks(x.from, x.to, 6) {
		c.text("tick", "middle", x.at(t), h-5, g.Format(t))
	}
	if g.Threshold > x.from && g.Threshold < x.to {
		c.line("threshold", x.at(g.Threshold), top-6, x.at(g.Threshold), y.at(0))
		c.text("note", "start", x.at(g.Threshold)+4, top-8, g.ThresholdTip)
	}
	return c.close()
}
