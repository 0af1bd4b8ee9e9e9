package tabular_test

import (
	"math"
	"strconv"

	"plaint/scoring/boost"
	"plaint/scoring/calibration"
	"plaint/scoring/feature"
)

// payment is a row of the generated table, read by hand.
type payment struct {
	source, target, place string
	amount                float64 // its logarithm
	bad                   float64 // NaN: never known
}

func parse(rows [][]string) []payment {
	var out []payment
	for _, r := range rows {
		amount, _ := strconv.ParseFloat(r[4], 64)
		p := payment{r[2], r[3], r[5], math.Log(amount), math.NaN()}
		if r[6] != "" {
			p.bad, _ = strconv.ParseFloat(r[6], 64)
		}
		out = append(out, p)
	}
	return out
}

// record is what an analyst would keep of a source, a target, or both together.
type record struct {
	at      []float64 // times of payments
	amounts []float64
	fresh   []float64 // 1 where the partner was new
	bad     []float64 // labels, in the order they became known
	since   []float64 // times of those payments
	met     map[string]bool
}

// last gives the mean of the newest n of a list, missing where it is empty.
func last(list []float64, n int) float64 {
	list = list[max(0, len(list)-n):]
	sum := 0.
	for _, v := range list {
		sum += v
	}
	return sum / float64(len(list))
}

// within counts the times that lie no more than a span before now.
func within(times []float64, now, span float64) (n float64) {
	for k := len(times) - 1; k >= 0 && now-times[k] <= span; k-- {
		n++
	}
	return n
}

// tell are the features of one record: how fast, how much, how new, how bad.
func (r *record) tell(p payment, now, all, prior float64) []float64 {
	n := float64(len(r.at))
	out := []float64{math.Log1p(n), math.NaN(), math.NaN(), math.NaN(), math.NaN(), last(r.fresh, 3), last(r.fresh, 10)}
	if n > 0 {
		mean, deviation := last(r.amounts, len(r.amounts)), 0.
		for _, a := range r.amounts {
			deviation += (a - mean) * (a - mean)
		}
		out[1], out[2] = math.Log1p(now-r.at[len(r.at)-1]), p.amount-mean
		out[3], out[4] = (p.amount-mean)/math.Sqrt((deviation+.5)/(n+1)), last(r.amounts, 3)-mean
	}
	for _, share := range []float64{.002, .01, .05, .2} {
		out = append(out, within(r.at, now, share*all))
	}
	known, bad := float64(len(r.bad)), 0.
	ago, badLately, knownLately := math.NaN(), 0., 0.
	for k, b := range r.bad {
		bad += b
		if b == 1 {
			ago = now - r.since[k]
		}
		if now-r.since[k] < .12*all {
			badLately, knownLately = badLately+b, knownLately+1
		}
	}
	return append(out, (bad+2*prior)/(known+2), (badLately+2*prior)/(knownLately+2), last(r.bad, 1), last(r.bad, 3), last(r.bad, 6), ago, knownLately)
}

// byHand makes the features that somebody would build who knows how the payments
// came about: velocity, amounts against a history, partners that are new, and what
// was known by then of source, target and both. What is looked at lies strictly
// before a row, and its labels had arrived.
func byHand(rows []payment, delay float64) *feature.Table {
	book := map[string]*record{}
	open := func(key string) *record {
		if book[key] == nil {
			book[key] = &record{met: map[string]bool{}}
		}
		return book[key]
	}
	keys := func(p payment) [3]string { return [3]string{p.source, p.target, p.source + p.target} }
	t := &feature.Table{}
	put := func(i, k int, v float64) {
		if k == len(t.Columns) {
			t.Columns = append(t.Columns, feature.Number("h"+strconv.Itoa(k), "", make([]float64, len(rows))))
		}
		t.Columns[k].Values[i] = v
	}
	all, arrived, bad, known := float64(len(rows)), 0, 0., 0.
	for i, p := range rows {
		now := float64(i)
		for ; float64(arrived)+delay < now; arrived++ {
			if b := rows[arrived].bad; !math.IsNaN(b) {
				bad, known = bad+b, known+1
				for _, key := range keys(rows[arrived]) {
					r := open(key)
					r.bad, r.since = append(r.bad, b), append(r.since, float64(arrived))
				}
			}
		}
		prior := (bad + 1) / (known + 10)
		is := keys(p)
		isNew := [3]float64{}
		for k, partner := range [2]string{p.target, p.source} {
			if !open(is[k]).met[partner] {
				isNew[k] = 1
			}
		}
		values := []float64{p.amount, isNew[0], isNew[1]}
		for _, key := range is {
			values = append(values, open(key).tell(p, now, all, prior)...)
		}
		for k, v := range values {
			put(i, k, v)
		}
		for k, key := range is {
			r := open(key)
			r.at, r.amounts, r.fresh = append(r.at, now), append(r.amounts, p.amount), append(r.fresh, isNew[k])
			if k < 2 {
				r.met[[2]string{p.target, p.source}[k]] = true
			}
		}
	}
	return t
}

// handmade is the AUROC and the average precision on the last fifth that the
// challenger reaches on features made by hand. As in Screen, the newest rows that
// can be learned from say how many trees there are to be.
func handmade(cells [][]string, delay float64) (auroc, ap float64) {
	rows := parse(cells)
	t, bad := byHand(rows, delay), make([]float32, len(rows))
	start := float64(len(rows) - len(rows)/5)
	var train, test []int32
	for i, p := range rows {
		if bad[i] = float32(p.bad); math.IsNaN(p.bad) {
			continue
		}
		switch at := float64(i); {
		case at >= start:
			test = append(test, int32(i))
		case at+delay < start:
			train = append(train, int32(i))
		}
	}
	block := train[len(train)-len(train)*15/100:]
	var old []int32
	for _, i := range train {
		if float64(i)+delay < float64(block[0]) {
			old = append(old, i)
		}
	}
	s := boost.Challenger(0)
	d := boost.Bin(t, bad, old, block, s.Bins)
	d.Later = true
	s.Trees = d.Train(s).Trees()
	scores := boost.Bin(t, bad, train, nil, s.Bins).Train(s).Scores(t)
	var cases []calibration.Case
	for _, i := range test {
		cases = append(cases, calibration.Case{Score: scores[i], Bad: bad[i] == 1})
	}
	return calibration.AUROC(cases), calibration.AveragePrecision(cases)
}
