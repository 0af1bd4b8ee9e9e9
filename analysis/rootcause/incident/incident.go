package incident

import (
	"cmp"
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

// cell is a series in a window.
type cell struct {
	series     int
	start, end int64
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
		x.ID = int64(i + 1)
		g.describe(x)
		g.localise(x)
	}
	return list, nil
}
