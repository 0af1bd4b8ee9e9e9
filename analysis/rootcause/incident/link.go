package incident

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// Settings of the search for log templates.
const (
	longestLag = 72   // hours that complaints come behind the log at most
	halfLag    = 24   // hours after which a lag counts half
	leastLines = 5    // of a template, from three days before an incident to its end
	linkRate   = .05  // false discovery rate over all pairs of incident and template
	hitSure    = .01  // P of the customers from which a pair is among those with evidence
	wordSure   = 1e-4 // the same of the words, which are about the subject more than about the fault
)

// LinkRate is the false discovery rate of the links of incidents to templates.
const LinkRate = .05

// Template is one kind of log line with its lines by the hour.
type Template struct {
	ID    int64
	Words []string // its constant words, lower case
	Hours []Tally
}

// Evidence is what speaks for a template beside the time.
type Evidence struct {
	// Of the incident's customers, and of others who complained at that time:
	// how many there are, and how many a line of the template met in the three
	// days before their complaint.
	Customers, Hit   int
	Others, OtherHit int
	// The lag of those whom it met, the median in hours.
	HitLag float64
	// The word of the template that sets the incident's texts apart most, how
	// many of them hold it, and the same of the others.
	Word              string
	Texts, With       int
	OtherTexts, OWith int
	WordP             float64 // corrected for the words of the template; 1 = none
}

// Link is one log template that went before an incident.
type Link struct {
	Template int64
	Lag      int     // hours from the lines to the complaints, where they fit best
	TimeP    float64 // by circular shift of the template's series
	HitP     float64 // of the customers; NaN if nothing is known of them
	P        float64 // of all evidence together, by which links are in order
	Q        float64 // false discovery rate of TimeP among the pairs with such evidence, or without
	Linked   bool    // Q is within the rate that is allowed
	Lines    int     // from three days before the incident to its end
	Evidence
	logP float64
}

// Look gives what is known of a template and an incident beside the time.
type Look func(x *Incident, template int) Evidence

// Connect finds for each incident the log templates that went before it and
// keeps the most likely ones, at most keep of each.
//
// Method: cross-correlation of the incident's excess with the template's, both
// against their own baselines, at lags of 0 to 72 hours, long lags counting
// less; P by circular shift of the template's series, which keeps its
// autocorrelation, the largest over all lags in every shift. Customers whom
// the lines met before they complained, and words that texts and template
// share, are tested against other complaints of the same days (Fisher's exact
// test). The order is by the three together (Fisher's method). What is held to
// be linked is decided by the time alone, with the false discovery rate of
// Benjamini, Hochberg 1995, apart for pairs for which customers or words speak
// and for all others: these do not depend on the time, so choosing by them
// leaves the rate as it is (Bourgon, Gentleman, Huber 2010).
func Connect(list []*Incident, templates []Template, look Look, keep int) {
	if len(list) == 0 || len(templates) == 0 {
		return
	}
	s := newShifts(templates)
	var all []*pair
	for _, x := range list {
		x.Links = nil
		for t := range templates {
			lines := s.lines(t, x.Start-longestLag*hour, x.End)
			if lines < leastLines {
				continue
			}
			l := Link{Template: templates[t].ID, Lines: lines}
			l.TimeP, l.Lag = s.fit(x, t)
			l.Evidence = Evidence{WordP: 1}
			if look != nil {
				l.Evidence = look(x, t)
			}
			l.weigh()
			all = append(all, &pair{x, l})
		}
	}
	discover(all)
	slices.SortStableFunc(all, func(a, b *pair) int { return cmp.Compare(a.l.logP, b.l.logP) })
	for _, p := range all {
		if len(p.x.Links) < keep {
			p.x.Links = append(p.x.Links, p.l)
		}
	}
}

// pair is an incident and what may go with it.
type pair struct {
	x *Incident
	l Link
}

// discover sets the false discovery rates.
func discover(all []*pair) {
	for _, with := range []bool{true, false} {
		var family []*pair
		for _, p := range all {
			if p.l.spoken() == with {
				family = append(family, p)
			}
		}
		slices.SortStableFunc(family, func(a, b *pair) int { return cmp.Compare(a.l.TimeP, b.l.TimeP) })
		q := 1.0
		for i := len(family) - 1; i >= 0; i-- {
			l := &family[i].l
			q = min(q, l.TimeP*float64(len(family))/float64(i+1))
			l.Q, l.Linked = q, q <= LinkRate
		}
	}
}

// spoken reports that customers or words speak for a link.
func (l *Link) spoken() bool { return l.HitP <= hitSure || l.WordP <= wordSure }

// weigh puts the evidence together.
func (l *Link) weigh() {
	logs := []float64{math.Log(l.TimeP)}
	l.HitP = math.NaN()
	if l.Customers > 0 && l.Others > 0 && l.Hit+l.OtherHit > 0 {
		v := fisher(l.Hit, l.Customers, l.OtherHit, l.Others)
		l.HitP = math.Exp(v)
		logs = append(logs, v)
	}
	if l.WordP < 1 {
		logs = append(logs, math.Log(max(l.WordP, 1e-300)))
	}
	l.logP = together(logs)
	l.P = math.Exp(l.logP)
}

// together is the logarithm of the P of several independent ones (Fisher's
// method): the tail of a chi-square variable with two degrees for each.
func together(logs []float64) float64 {
	y := 0.0
	for _, v := range logs {
		y -= v
	}
	term, sum := 1.0, 1.0
	for i := 1; i < len(logs); i++ {
		term *= y / float64(i)
		sum += term
	}
	return min(0, -y+math.Log(sum))
}

// fisher is the logarithm of the one-sided P that a of n against b of m are no
// more than chance (Fisher's exact test).
func fisher(a, n, b, m int) float64 {
	if a == 0 {
		return 0
	}
	with := a + b
	first := choose(n, a) + choose(m, with-a) - choose(n+m, with)
	sum, term := 1.0, 1.0
	for k := a; k < min(n, with); k++ {
		term *= float64(n-k) / float64(k+1) * float64(with-k) / float64(m-with+k+1)
		sum += term
	}
	return min(0, first+math.Log(sum))
}

// choose is the logarithm of the binomial coefficient; -Inf where there is none.
func choose(n, k int) float64 {
	if k < 0 || k > n {
		return math.Inf(-1)
	}
	return -math.Log(float64(n+1)) - mathext.Lbeta(float64(n-k+1), float64(k+1))
}

// shifts are the series of templates on one axis of hours.
type shifts struct {
	clock  *clock
	counts [][]float64
	excess [][]float64 // Anscombe residuals, of variance 1
}

func newShifts(templates []Template) *shifts {
	events := make([][]Tally, len(templates))
	for t := range templates {
		events[t] = templates[t].Hours
	}
	s := &shifts{clock: newClock(events, false)}
	for _, e := range events {
		n := s.clock.counts(e)
		_, base := s.clock.search(0, n)
		z := make([]float64, len(n))
		mean, square := 0.0, 0.0
		for b := range n {
			z[b] = 2 * (math.Sqrt(n[b]+.375) - math.Sqrt(s.clock.rate(&base, b)+.375))
			mean += z[b] / float64(len(n))
		}
		for b := range z {
			z[b] -= mean
			square += z[b] * z[b] / float64(len(n))
		}
		for b := range z {
			z[b] /= math.Sqrt(max(square, 1e-12))
		}
		s.counts, s.excess = append(s.counts, n), append(s.excess, z)
	}
	return s
}

func (s *shifts) lines(t int, from, to int64) (n int) {
	for b := max(0, s.clock.bin(from)); b < min(s.clock.bins, s.clock.bin(to-1)+1); b++ {
		n += int(s.counts[t][b])
	}
	return n
}

// fit is how unlikely it is that a shifted series of the template fits the
// complaints of an incident as well, and the lag at which the true one does.
func (s *shifts) fit(x *Incident, t int) (p float64, lag int) {
	c := s.correlate(x, t)
	own := math.Inf(-1)
	for k := 0; k <= longestLag && k < len(c); k++ {
		if v := c[k] * lagWeight(k); v > own {
			own, lag = v, k
		}
	}
	above, tried := 0, 0
	for shift := 1; shift < len(c); shift++ {
		tried++
		for k := 0; k <= longestLag; k++ {
			if c[(k+shift)%len(c)]*lagWeight(k) >= own {
				above++
				break
			}
		}
	}
	return float64(above+1) / float64(tried+1), lag
}

func lagWeight(hours int) float64 { return 1 / (1 + float64(hours)/halfLag) }

// correlate is the sum of the incident's excess times the template's so many
// hours before, for each number of hours, around the end to the beginning.
func (s *shifts) correlate(x *Incident, t int) []float64 {
	out := make([]float64, s.clock.bins)
	for _, h := range x.Hours {
		if h.At < x.Start || h.At >= x.End {
			continue
		}
		z := 2 * (math.Sqrt(float64(h.N)+.375) - math.Sqrt(h.Expected+.375))
		b := s.clock.bin(h.At)
		for k := range out {
			out[k] += z * s.excess[t][int(mod(int64(b-k), int64(len(out))))]
		}
	}
	return out
}

// Word finds the word of a template that sets an incident's texts apart most:
// held are the numbers of the incident's texts and of others that hold a word.
func Word(template *Template, texts, others int, held func(word string) (own, other int)) (e Evidence) {
	e = Evidence{WordP: 1, Texts: texts, OtherTexts: others}
	if texts == 0 || others == 0 {
		return e
	}
	best := 0.0
	for _, w := range template.Words {
		own, other := held(w)
		if own < 2 {
			continue
		}
		if v := fisher(own, texts, other, others); v < best {
			best, e.Word, e.With, e.OWith = v, w, own, other
		}
	}
	if e.Word != "" {
		e.WordP = min(1, math.Exp(best)*float64(len(template.Words)))
		e.WordP = max(e.WordP, 1e-300)
	}
	return e
}
