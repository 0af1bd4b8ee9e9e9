package model

import "time"

// Card says what a trained model was made of, how good it was on complaints that
// came after all it had learned from, and where it ends. Shares and rates are 0 to
// 1; times are UTC.
type Card struct {
	Created   time.Time `yaml:"created" json:"created"`
	By        string    `yaml:"by,omitempty" json:"by,omitempty"`
	Parent    string    `yaml:"parent" json:"parent"` // the model that stood when it was trained
	Labels    Labels    `yaml:"labels" json:"labels"`
	Blocks    []Block   `yaml:"blocks" json:"blocks"`                       // learn, calibrate, test: in order of time
	Carried   []string  `yaml:"carried,omitempty" json:"carried,omitempty"` // signals that occurred too seldom to learn from: the parent's points
	Ignored   []string  `yaml:"ignored,omitempty" json:"ignored,omitempty"`
	Curve     string    `yaml:"curve" json:"curve"` // isotonic or identity
	Threshold Aim       `yaml:"threshold" json:"threshold"`
	Test      Figures   `yaml:"test" json:"test"`
	Before    Figures   `yaml:"before" json:"before"`                                 // the parent on the same block
	Random    float64   `yaml:"random_auroc,omitempty" json:"random_auroc,omitempty"` // AUROC where rows are parted at random: how far that would flatter
	Profile   []Profile `yaml:"profile,omitempty" json:"profile,omitempty"`
}

// Labels says where the truth came from.
type Labels struct {
	Source     string    `yaml:"source" json:"source"` // verdicts or file
	AsOf       time.Time `yaml:"as_of" json:"as_of"`
	Maturity   float64   `yaml:"maturity_days,omitempty" json:"maturity_days,omitempty"`
	Complaints int       `yaml:"complaints" json:"complaints"` // of the window
	Abuse      int       `yaml:"abuse" json:"abuse"`
	Honest     int       `yaml:"honest" json:"honest"`
	Audited    int       `yaml:"audited" json:"audited"`                   // drawn at random, whatever their score
	Young      int       `yaml:"young,omitempty" json:"young,omitempty"`   // too young for their verdict to be final
	Late       int       `yaml:"late,omitempty" json:"late,omitempty"`     // decided only after the next block had begun
	Unread     int       `yaml:"unread,omitempty" json:"unread,omitempty"` // judged by a model that did not keep the signals
}

// Block is a stretch of time and its labels.
type Block struct {
	Use  string    `yaml:"use" json:"use"`
	From time.Time `yaml:"from" json:"from"`
	To   time.Time `yaml:"to" json:"to"`
	Rows int       `yaml:"rows" json:"rows"`
	Bad  int       `yaml:"bad" json:"bad"`
}

// Aim is what a threshold was chosen for.
type Aim struct {
	How   string  `yaml:"how" json:"how"`                       // queue, precision, cost
	Asked float64 `yaml:"asked" json:"asked"`                   // complaints a day, share, or cost of a missed one in needless reviews
	Found float64 `yaml:"found" json:"found"`                   // what it came to on the block it was chosen on
	Low   float64 `yaml:"low,omitempty" json:"low,omitempty"`   // lower bound of a precision, 95 %
	Kept  float64 `yaml:"kept,omitempty" json:"kept,omitempty"` // what it came to on the block after
}

// Figures of a model on labelled complaints.
type Figures struct {
	Model     string  `yaml:"model" json:"model"`
	Rows      int     `yaml:"rows" json:"rows"`
	Bad       int     `yaml:"bad" json:"bad"`
	AUROC     float64 `yaml:"auroc" json:"auroc"`
	AP        float64 `yaml:"ap" json:"ap"`
	Error     float64 `yaml:"calibration_error" json:"calibration_error"` // 10 bins of equal mass
	Threshold float64 `yaml:"threshold" json:"threshold"`
	Flagged   int     `yaml:"flagged" json:"flagged"`
	Precision Rate    `yaml:"precision,flow" json:"precision"`
	Recall    Rate    `yaml:"recall,flow" json:"recall"`
	FalseRate Rate    `yaml:"false_positive_rate,flow" json:"false_positive_rate"` // of the honest
	Groups    []Group `yaml:"groups,omitempty" json:"groups,omitempty"`
}

// Rate is a share and its 95 % interval.
type Rate struct {
	Share float64 `yaml:"share" json:"share"`
	Low   float64 `yaml:"low" json:"low"`
	High  float64 `yaml:"high" json:"high"`
	N     int     `yaml:"n" json:"n"`
}

// Group is what a model does to a group of people. Ratio compares its false
// positive rate with that of everybody else.
type Group struct {
	By        string `yaml:"by" json:"by"` // language, country, type
	Name      string `yaml:"name" json:"name"`
	Rows      int    `yaml:"rows" json:"rows"`
	Bad       int    `yaml:"bad" json:"bad"`
	Precision Rate   `yaml:"precision,flow" json:"precision"`
	Recall    Rate   `yaml:"recall,flow" json:"recall"`
	FalseRate Rate   `yaml:"false_positive_rate,flow" json:"false_positive_rate"`
	Ratio     Rate   `yaml:"ratio,flow" json:"ratio"`
}

// Profile is how the values of a signal, or the scores, lay when the model was
// trained: the share of the window at or below each cut, so that a drift can be
// told.
type Profile struct {
	Name   string    `yaml:"name" json:"name"`
	Cuts   []float64 `yaml:"cuts,flow" json:"cuts"`
	Shares []float64 `yaml:"shares,flow" json:"shares"` // of the parts between them
}

// Trial is what the rules of a model did on the complaints that were there when
// they were put on it, beside the model without them.
type Trial struct {
	At         time.Time `yaml:"at" json:"at"`
	By         string    `yaml:"by,omitempty" json:"by,omitempty"`
	On         string    `yaml:"on" json:"on"`
	Complaints int       `yaml:"complaints" json:"complaints"`
	From       time.Time `yaml:"from" json:"from"`
	To         time.Time `yaml:"to" json:"to"`
	Unread     int       `yaml:"unread,omitempty" json:"unread,omitempty"` // judged by a model that did not keep what is needed
	Before     Queue     `yaml:"before" json:"before"`
	After      Queue     `yaml:"after" json:"after"`
	Rules      []Ruled   `yaml:"rules" json:"rules"`
}

// Queue is what reviewers get to see of a model.
type Queue struct {
	Flagged   int     `yaml:"flagged" json:"flagged"`
	ADay      float64 `yaml:"a_day" json:"a_day"`
	Busiest   int     `yaml:"busiest_day" json:"busiest_day"`
	Precision Rate    `yaml:"precision,flow" json:"precision"`
	Recall    Rate    `yaml:"recall,flow" json:"recall"`
	Upheld    Rate    `yaml:"upheld,flow" json:"upheld"` // of the flagged claims that were decided
}

// Ruled is what one rule did.
type Ruled struct {
	Name    string  `yaml:"name" json:"name"`
	When    string  `yaml:"when" json:"when"`
	Points  float64 `yaml:"points" json:"points"`
	Held    int     `yaml:"held" json:"held"`
	Failed  int     `yaml:"failed,omitempty" json:"failed,omitempty"`   // could not be worked out: no points
	Flagged int     `yaml:"flagged" json:"flagged"`                     // that would not be without it
	Cleared int     `yaml:"cleared,omitempty" json:"cleared,omitempty"` // that would be flagged without it
	// Of those with a verdict, how many are abuse: where it held, and of what it
	// alone flagged or cleared.
	Abuse   Rate `yaml:"abuse,flow" json:"abuse"`
	Changed Rate `yaml:"changed_abuse,flow" json:"changed_abuse"`
	Upheld  Rate `yaml:"upheld,flow" json:"upheld"` // of the decided claims where it held
}
