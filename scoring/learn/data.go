package learn

import (
	"slices"
	"strings"
	"time"

	"plaint/internal/record"
	"plaint/scoring/model"
	"plaint/scoring/signal"
)

// By are the groups that figures are told of, in the order of a row's By.
var By = []string{"language", "country", "type"}

// Row is a complaint as it was when it arrived, and its label.
type Row struct {
	Seq      int64
	At       time.Time // received
	By       [3]string
	Labelled bool
	Label
}

// Orders tells in which order a model keeps its signals; nil for one that nobody
// knows.
type Orders func(model string) []string

// Labelling says which labels count.
type Labelling struct {
	Source   string // verdicts or file
	Labels   map[int64]Label
	AsOf     time.Time     // what was known then; zero: all
	Maturity time.Duration // complaints younger than that are left out: their first verdicts are not their last
	From, To time.Time     // complaints received in between; zero is open
}

// Data are complaints with their signals and labels.
type Data struct {
	Names  []string
	Rows   []Row
	Young  int // labelled, but too young
	Unread int // judged by a model that did not keep all of Names
	how    Labelling
	orders Orders
	places map[string][]int
	flat   []float32 // the signals of the rows and the outcomes of the rules, one row after the other
	words  map[string]string
	asked  []model.Judge // models with rules, over Names
	names  []string      // Names, and what is known of their rules
}

// NewData gathers complaints with the signals of names, and asks the rules of
// models about them.
func NewData(names []string, orders Orders, how Labelling, models ...*model.Model) *Data {
	d := &Data{Names: names, how: how, orders: orders, places: map[string][]int{}, words: map[string]string{}, names: slices.Clone(names)}
	for _, m := range models {
		if len(m.Rules) > 0 {
			j, _ := m.Over(names)
			d.asked, d.names = append(d.asked, j), append(d.names, m.KeptNames()[len(m.Signals):]...)
		}
	}
	return d
}

// inside tells whether a complaint is of the period.
func (l *Labelling) inside(at time.Time) bool {
	return !at.IsZero() && (l.From.IsZero() || !at.Before(l.From)) && (l.To.IsZero() || at.Before(l.To)) && (l.AsOf.IsZero() || !at.After(l.AsOf))
}

// Add takes a complaint in, if it is of the period and its signals were kept.
func (d *Data) Add(k *record.Kept) {
	if !d.how.inside(k.Received) {
		return
	}
	label, labelled := d.how.Labels[k.Seq]
	if !d.how.AsOf.IsZero() && k.Received.Add(d.how.Maturity).After(d.how.AsOf) {
		if labelled {
			d.Young++
		}
		return
	}
	places := d.place(k.Model)
	if places == nil {
		d.Unread++
		return
	}
	for i, at := range places {
		v := float32(0)
		if at >= 0 && at < len(k.Signals) {
			v = k.Signals[at]
		}
		if v == 0 && signal.Protective[d.Names[i]] { // not looked at then
			v = float32(signal.All[d.Names[i]](&record.Complaint{}, &record.History{Protection: k.Protection}))
		}
		d.flat = append(d.flat, v)
	}
	row := d.flat[len(d.flat)-len(d.Names):]
	for _, j := range d.asked {
		d.flat = append(d.flat, j.Again(row, k.Facts, k.Protection).Signals[len(j.Signals):]...)
	}
	if label.Weight == 0 {
		label.Weight = 1
	}
	d.Rows = append(d.Rows, Row{Seq: k.Seq, At: k.Received, By: [3]string{d.word(k.Language), d.word(k.Country), d.word(k.Type)}, Labelled: labelled, Label: label})
}

// place tells where a model kept the signals; nil where it did not keep them all.
func (d *Data) place(by string) []int {
	p, ok := d.places[by]
	if ok {
		return p
	}
	kept := d.orders(by)
	for _, name := range d.Names {
		at := slices.Index(kept, name)
		if at < 0 && !signal.Protective[name] {
			p = nil
			break
		}
		p = append(p, at)
	}
	d.places[by] = p
	return p
}

// word is a text that is held once.
func (d *Data) word(s string) string {
	w, ok := d.words[s]
	if !ok {
		w = strings.Clone(s)
		d.words[w] = w
	}
	return w
}

// Signals of a row, and what its rules said.
func (d *Data) Signals(i int32) []float32 {
	n := len(d.names)
	return d.flat[int(i)*n : int(i)*n+n : int(i)*n+n]
}

// labelled are the rows with a label, in the order of time.
func (d *Data) labelled() []int32 {
	var out []int32
	for i := range d.Rows {
		if d.Rows[i].Labelled {
			out = append(out, int32(i))
		}
	}
	slices.SortStableFunc(out, func(a, b int32) int { return d.Rows[a].At.Compare(d.Rows[b].At) })
	return out
}

// count of honest and of abusive rows.
func (d *Data) count(rows []int32) (n [2]int) {
	for _, i := range rows {
		if d.Rows[i].Bad {
			n[1]++
		} else {
			n[0]++
		}
	}
	return n
}
