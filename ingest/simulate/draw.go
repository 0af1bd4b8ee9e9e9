package simulate

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"time"
)

// concern names an independent stream of chance. A concern that draws more or
// less than before leaves every other concern's draws where they were.
type concern uint64

const (
	ofPeople concern = iota + 1
	ofHouses
	ofOffices
	ofMoney
	ofMatter
	ofIncidents
	ofCrowd
	ofHonest
	ofAbuse
	ofShape
	ofFacts
	ofNoise
	ofHandling
	ofHandlers
	ofSurveys
	ofPolls
	ofLogs
	ofIDs
	ofDrill
)

// dice is one PCG stream. It is a value: throwing a new one allocates nothing.
type dice struct{ pcg rand.PCG }

// scramble is the splitmix64 finaliser (Steele, Lea, Flood, OOPSLA 2014).
func scramble(x uint64) uint64 {
	x += 0x9E3779B97F4A7C15
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}

func throw(seed uint64, c concern, index uint64) dice {
	var d dice
	hi := scramble(seed ^ scramble(uint64(c)))
	d.pcg.Seed(hi, scramble(index^bits.RotateLeft64(hi, 17)))
	return d
}

// n is uniform in [0,k).
func (d *dice) n(k int) int {
	hi, _ := bits.Mul64(d.pcg.Uint64(), uint64(k))
	return int(hi)
}

// f is uniform in [0,1).
func (d *dice) f() float64 { return float64(d.pcg.Uint64()>>11) / (1 << 53) }

func (d *dice) chance(p float64) bool { return d.f() < p }

// normal is the sum of twelve uniforms less six (Irwin-Hall): exact in every
// float implementation, which a tail drawn with math.Log would not be.
func (d *dice) normal() float64 {
	var sum uint64
	for range 4 {
		u := d.pcg.Uint64()
		sum += u>>43 + u>>22&(1<<21-1) + u&(1<<21-1)
	}
	return float64(sum)/(1<<21) - 6
}

// spread is log-normal with the given median.
func (d *dice) spread(median, sigma float64) float64 {
	return float64(median * power(float64(sigma*d.normal())))
}

// seconds is spread in whole seconds, given a median in hours.
func (d *dice) seconds(hours, sigma float64) int64 {
	return int64(float64(d.spread(hours, sigma) * 3600))
}

// weighted picks an index with the given integer weights.
func (d *dice) weighted(weights []int) int {
	total := 0
	for _, w := range weights {
		total += w
	}
	x := d.n(total)
	for i, w := range weights {
		if x -= w; x < 0 {
			return i
		}
	}
	return len(weights) - 1
}

// power is e^x by Taylor's series on a halved argument. math.Exp differs in its
// last bit between processors, and the explicit conversions forbid fused
// multiply-add: the same seed gives the same bytes on every machine.
func power(x float64) float64 {
	n := math.Floor(x/math.Ln2 + 0.5)
	r := x - float64(n*math.Ln2)
	sum := 1.0
	for i := 14; i >= 1; i-- {
		sum = 1 + float64(float64(r*sum)/float64(i))
	}
	return math.Ldexp(sum, int(n))
}

// calendar turns chance into moments with the rhythm of a quarter.
type calendar struct {
	start, end int64 // unix seconds
	days       []int // cumulated weight of each day
}

var weekdayWeight = [7]int{50, 124, 112, 104, 100, 106, 58}

// The customers are mostly at UTC+8, some in Europe.
var hourWeight = [24]int{50, 80, 105, 110, 90, 80, 95, 105, 100, 92, 85, 80, 85, 90, 80, 62, 46, 32, 24, 18, 14, 14, 20, 32}

var lunarNewYear = map[int][2]int{2023: {1, 22}, 2024: {2, 10}, 2025: {1, 29}, 2026: {2, 17}, 2027: {2, 6}, 2028: {1, 26}, 2029: {2, 13}, 2030: {2, 3}}

func newCalendar(start time.Time, days int) calendar {
	c := calendar{start: start.Unix(), end: start.AddDate(0, 0, days).Unix(), days: make([]int, days)}
	sum := 0
	for i := range days {
		sum += dayWeight(start.AddDate(0, 0, i))
		c.days[i] = sum
	}
	return c
}

func dayWeight(t time.Time) int {
	w := weekdayWeight[t.Weekday()]
	if t.AddDate(0, 0, 2).Day() <= 2 || t.Day() == 1 {
		w = w * 128 / 100 // statements and salaries at the end of a month
	}
	if holiday(t) {
		return w * 38 / 100
	}
	if holiday(t.AddDate(0, 0, -1)) || holiday(t.AddDate(0, 0, -2)) {
		w = w * 140 / 100 // what waited over the holiday
	}
	return w
}

func holiday(t time.Time) bool {
	switch {
	case t.Month() == time.January && t.Day() == 1, t.Month() == time.May && t.Day() <= 3,
		t.Month() == time.October && t.Day() <= 5, t.Month() == time.December && t.Day() == 25:
		return true
	}
	md, ok := lunarNewYear[t.Year()]
	if !ok {
		return false
	}
	eve := time.Date(t.Year(), time.Month(md[0]), md[1]-1, 0, 0, 0, 0, time.UTC)
	return !t.Before(eve) && t.Before(eve.AddDate(0, 0, 6))
}

// moment draws a time of the quarter.
func (c *calendar) moment(d *dice) int64 {
	x := d.n(c.days[len(c.days)-1])
	lo, hi := 0, len(c.days)-1
	for lo < hi {
		if mid := (lo + hi) / 2; c.days[mid] > x {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return c.start + int64(lo)*86400 + c.clock(d)
}

// clock draws a second of the day.
func (c *calendar) clock(d *dice) int64 {
	return int64(d.weighted(hourWeight[:]))*3600 + int64(d.n(3600))
}

// within keeps a moment inside the quarter.
func (c *calendar) within(t int64) int64 { return min(max(t, c.start+60), c.end-1) }
