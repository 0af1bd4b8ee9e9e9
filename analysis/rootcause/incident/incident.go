package incident

import (
	"cmp"
	"maps"
	"slices"

	"plaint/analysis/rootcause/incident/dense"
	"plaint/internal/record"
)

// MostAttributes bounds the attributes of complaints that are looked at.
const MostAttributes = 8

// Complaint is what is known of one complaint, in numbers.
type Complaint struct {
	Seq      int64
	At       int64  // received, unix seconds; 0 = unknown
	Customer uint64 // 0 = unknown, as the next three
	Device   uint64
	Payout   uint64
	Contact  uint64
	Type     int32
	Theme    int32                 // -1 = none
	Values   [MostAttributes]int16 // of each attribute; -1 = unknown
}

// Attribute is something that complaints have in common: product, country.
type Attribute struct {
	Name   string
	Values []string
	// Slices says that the attribute may set apart whom a fault meets, so that
	// each of its values is a series of its own within each type.
	Slices bool
}

// Text is what a complaint's text says in short.
type Text struct {
	Sketch record.Sketch // all zero: too short to compare
	Words  []string      // those that also stand in log lines, lower case
}

// Data is what incidents are looked for in.
type Data struct {
	Complaints []Complaint
	Types      []string
	Attributes []Attribute
	Daily      bool  // the hour is not known
	Until      int64 // the latest time in the data, see LeaveOut
	// Complete is the share of complaints that are known by an age in seconds,
	// see Nowcast; nil where all are.
	Complete func(age int64) float64
	// Texts reads the texts of some complaints, by Seq.
	Texts func(seqs []int64) (map[int64]Text, error)
}

// LeaveOut takes the times of complaints that lie far from all others to be
// unknown, sets Until by the rest and returns how many were left out. A year
// mistyped would stretch the calendar, which all that is usual is told by.
func (d *Data) LeaveOut() (strays int) {
	var times []int64
	for i := range d.Complaints {
		if at := d.Complaints[i].At; at != 0 {
			times = append(times, at)
		}
	}
	span := dense.Of(times)
	d.Until = 0
	for i := range d.Complaints {
		c := &d.Complaints[i]
		if c.At != 0 && !span.Hold(c.At) {
			c.At = 0
			strays++
		}
		d.Until = max(d.Until, c.At)
	}
	return strays
}

// Severity says how much an incident matters.
type Severity string

// Severities of an incident. Severe: at least 20 complaints more than usual and
// the rate of its type at least doubled while it lasted. Minor: fewer than 20
// more. Major is what lies between.
const (
	Minor  Severity = "minor"
	Major  Severity = "major"
	Severe Severity = "severe"
)

// Incident is a crowd of complaints that the calendar does not explain.
type Incident struct {
	ID          int64 // the same in later runs, see Keep
	Start, End  int64 // unix seconds, end exclusive
	Peak        int64 // the hour with most complaints
	First       int64 // complaint
	Seen        int64 // when it was sure that it is one; see detected
	Open        bool
	Severity    Severity
	Type        int32 // of most of its complaints
	N           int   // complaints
	Independent int   // of them, each author, device, account and letter once
	Expected    float64
	TypeUsual   float64 // complaints of the type that the window usually has
	P           float64
	Members     []int   // places in Data.Complaints, in order of time
	Themes      []Share // the most frequent first
	Causes      []Cause // whom it met
	Everyone    bool    // no recorded attribute sets its customers apart
	CauseP      float64 // of the strongest cause, 1 where there is none
	Links       []Link  // log templates, the likeliest first
	Hours       []Hourly

	cells []cell
	phi   float64 // of its strongest series
	in    *ground
}

// Share is how many of an incident's complaints a theme has.
type Share struct {
	ID int64
	N  int
}

// Hourly is one hour of the complaints of an incident's series.
type Hourly struct {
	At       int64
	N        int
	Expected float64
}

// cell is a series in a window, and how many are expected in it.
type cell struct {
	series     int
	start, end int64
	expected   float64
}

// Find looks for incidents. They are ordered by start; ids are from 1.
//
// Method: bursts of themes, of types and of types within each value of each
// attribute against a baseline of weekday, hour, two-week trend, reporting
// delay and of what all types have in common that day; the strongest is an
// incident, what it explains is taken from the others, and so on. Complaints
// of one author, device, account or letter count once: a letter that goes
// around is no incident.
func Find(d *Data) ([]*Incident, error) {
	d.LeaveOut()
	g := newGround(d)
	found := g.candidates()
	texts, err := g.read(found)
	if err != nil {
		return nil, err
	}
	list := g.gather(found, texts)
	slices.SortFunc(list, func(a, b *Incident) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Members[0], b.Members[0]))
	})
	for i, x := range list {
		x.ID, x.in = int64(i+1), g
		for k, m := range x.Members {
			x.Members[k] = g.order[m]
		}
		g.describe(x)
	}
	g.localiseAll(list)
	return list, nil
}

// Join makes incidents one that overlap in time and share what they are known by;
// the largest takes in the others. List is by start, before and after. Links that
// were found for a joined one are to be found again.
func Join(list []*Incident) []*Incident {
	strong := slices.Clone(list)
	slices.SortStableFunc(strong, func(a, b *Incident) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Start, b.Start)) })
	gone := map[*Incident]bool{}
	for i, x := range strong {
		for _, y := range strong[i+1:] {
			if !gone[x] && !gone[y] && x.oneWith(y) {
				x.absorb(y)
				gone[y] = true
			}
		}
	}
	out := slices.DeleteFunc(slices.Clone(list), func(x *Incident) bool { return gone[x] })
	if len(gone) > 0 {
		out[0].in.localiseAll(out)
	}
	slices.SortStableFunc(out, func(a, b *Incident) int { return cmp.Compare(a.Start, b.Start) })
	return out
}

// unsure is the P from which an incident beside one of its type that is twice as
// large is rather what strays from that.
const unsure = 1e-6

// oneWith reports that a weaker incident is part of one: at the same time, of the
// same type or of people with something in common, and its likeliest log template
// linked to both; or, where a log speaks for one of them at most, of the same type
// and the same people, or not surely apart.
func (x *Incident) oneWith(y *Incident) bool {
	if !overlap(x.Start, x.End, y.Start, y.End) {
		return false
	}
	linked := func(l Link) bool { return l.Linked }
	if slices.ContainsFunc(x.Links, linked) && len(y.Links) > 0 && y.Links[0].Linked {
		same := func(l Link) bool { return l.Linked && l.Template == y.Links[0].Template }
		return slices.ContainsFunc(x.Links, same) && (x.Type == y.Type || x.common(y))
	}
	if x.Type == y.Type && y.P > unsure && 2*y.N <= x.N {
		return true
	}
	return x.Type == y.Type && len(x.Causes) > 0 && len(y.Causes) > 0 && maps.Equal(x.Causes[0].Values, y.Causes[0].Values)
}

// common reports that a value is among those that set both apart.
func (x *Incident) common(y *Incident) bool {
	for _, c := range x.Causes {
		for _, d := range y.Causes {
			for name, v := range c.Values {
				if d.Values[name] == v {
					return true
				}
			}
		}
	}
	return false
}

// absorb adds an incident to one.
func (x *Incident) absorb(y *Incident) {
	g := x.in
	x.Members = append(x.Members, y.Members...)
	slices.SortFunc(x.Members, func(a, b int) int {
		return cmp.Or(cmp.Compare(g.Complaints[a].At, g.Complaints[b].At), cmp.Compare(a, b))
	})
	x.N, x.Independent, x.Expected = len(x.Members), x.Independent+y.Independent, x.Expected+y.Expected
	x.Start, x.End = min(x.Start, y.Start), max(x.End, y.End)
	x.cells = append(x.cells, y.cells...)
	x.Themes, x.Hours, x.First = nil, nil, 0
	seen := x.Seen
	g.describe(x)
	x.Seen = min(seen, y.Seen)
}
