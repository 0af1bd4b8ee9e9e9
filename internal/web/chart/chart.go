// Package chart draws small charts as inline SVG: no scripts, no style
// attributes, colours by class, and the same bytes for the same numbers. Every
// chart has a title and a description for who cannot see it, and every mark
// its number as a tooltip.
package chart

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strconv"
	"strings"
)

// Frame is what all charts have: size in pixels, an id that is unique on the
// page, and what they say to who cannot see them.
type Frame struct {
	ID            string
	Width, Height int
	Class         string
	Title, Desc   string
}

// canvas collects the marks of one chart.
type canvas struct{ b strings.Builder }

func open(f Frame) *canvas {
	c := &canvas{}
	fmt.Fprintf(&c.b, `<svg class="chart %s" viewBox="0 0 %d %d" role="img" aria-labelledby="%s-t %s-d"><title id="%s-t">%s</title><desc id="%s-d">%s</desc>`,
		f.Class, f.Width, f.Height, f.ID, f.ID, f.ID, html.EscapeString(f.Title), f.ID, html.EscapeString(f.Desc))
	return c
}

func (c *canvas) close() template.HTML {
	c.b.WriteString("</svg>")
	return template.HTML(c.b.String()) // every text in it went through escape
}

// n writes a coordinate: two digits are finer than any screen.
func n(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "0"
	}
	return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64)
}

func tip(s string) string {
	if s == "" {
		return ""
	}
	return "<title>" + html.EscapeString(s) + "</title>"
}

func (c *canvas) rect(class string, x, y, w, h float64, title string) {
	fmt.Fprintf(&c.b, `<rect class="%s" x="%s" y="%s" width="%s" height="%s">%s</rect>`, class, n(x), n(y), n(max(w, 0)), n(max(h, 0)), tip(title))
}

func (c *canvas) line(class string, x1, y1, x2, y2 float64) {
	fmt.Fprintf(&c.b, `<line class="%s" x1="%s" y1="%s" x2="%s" y2="%s"/>`, class, n(x1), n(y1), n(x2), n(y2))
}

func (c *canvas) circle(class string, x, y, r float64, title string) {
	fmt.Fprintf(&c.b, `<circle class="%s" cx="%s" cy="%s" r="%s">%s</circle>`, class, n(x), n(y), n(r), tip(title))
}

func (c *canvas) text(class, anchor string, x, y float64, s string) {
	fmt.Fprintf(&c.b, `<text class="%s" text-anchor="%s" x="%s" y="%s">%s</text>`, class, anchor, n(x), n(y), html.EscapeString(s))
}

// link wraps marks in a link where there is one.
func (c *canvas) link(href, label string, f func()) {
	if href == "" {
		f()
		return
	}
	fmt.Fprintf(&c.b, `<a href="%s" aria-label="%s">`, html.EscapeString(href), html.EscapeString(label))
	f()
	c.b.WriteString("</a>")
}

// scale maps values onto pixels.
type scale struct{ from, to, start, end float64 }

func (s scale) at(v float64) float64 {
	if s.to == s.from {
		return s.start
	}
	return s.start + (v-s.from)/(s.to-s.from)*(s.end-s.start)
}

// Ticks are round numbers that cover [low, high], about count of them.
func Ticks(low, high float64, count int) []float64 {
	if !(high > low) || math.IsInf(high-low, 0) || count < 1 {
		return []float64{low}
	}
	raw := (high - low) / float64(count)
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	step := power * 10
	for _, m := range [...]float64{1, 2, 2.5, 5} {
		if raw <= m*power {
			step = m * power
			break
		}
	}
	var out []float64
	for i := math.Ceil(low/step - 1e-9); i*step <= high+step*1e-9; i++ {
		out = append(out, i*step)
	}
	return out
}

// Label is a word at a place of an axis, counted in steps.
type Label struct {
	At   float64
	Text string
}

// textWide is about how many pixels a word under an axis takes.
func textWide(s string) (wide float64) {
	for _, r := range s {
		wide += 6
		if r >= 0x2E80 {
			wide += 5
		}
	}
	return wide
}
