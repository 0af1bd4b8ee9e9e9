package record

import "time"

// Shaded is a complaint that a shadow judged when it was admitted, beside the
// decision that counted. Signals and Crowd are not there.
type Shaded struct {
	Kept
	Judged, Shadow Decision
}

// States of a measure.
const (
	WatchOK   = "ok"
	WatchLook = "look" // worth a look
	WatchAct  = "act"  // an alarm
	WatchFew  = "few"  // too few complaints or verdicts to say
	WatchTold = "told" // no alarm belongs to it
)

// Sides of a limit.
const (
	AlarmAbove = "above"
	AlarmBelow = "below"
)

// Measure is one thing that is watched of a model: of one signal, group or side
// where By and Part say so.
type Measure struct {
	Model string   `json:"model"`
	Kind  string   `json:"kind"`
	By    string   `json:"by,omitempty"`
	Part  string   `json:"part,omitempty"`
	Value *float64 `json:"value"`         // nil where there is nothing to measure
	Low   *float64 `json:"low,omitempty"` // 95 % interval, where there is one
	High  *float64 `json:"high,omitempty"`
	N     int      `json:"n"`               // complaints or verdicts behind it
	Limit *float64 `json:"limit,omitempty"` // beyond it it is an alarm
	Alarm string   `json:"alarm,omitempty"` // on which side of the limit: above or below
	State string   `json:"state"`
}

// Watching is what measures are made from. History and Shaded may be called
// more than once.
type Watching struct {
	Now      time.Time      // of the verdicts
	Models   []ModelVersion // that may have judged
	Champion ModelVersion   // without a name: the one that comes with the program
	Shadow   ModelVersion   // without a name: none
	Verdicts []Verdict
	Latest   time.Time // of the complaints, by receipt
	Unshaded int       // complaints that the shadow should have judged and did not
	History  func(f func(*Kept) error) error
	Shaded   func(f func(*Shaded) error) error
}
