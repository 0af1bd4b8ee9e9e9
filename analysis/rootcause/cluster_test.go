package rootcause

import (
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"
)

// agreement compares a partition with the truth: normalised mutual information
// (arithmetic mean), adjusted Rand index.
func agreement(of []int, truth []string) (nmi, ari float64) {
	n := float64(len(of))
	joint, a, b := map[[2]string]float64{}, map[string]float64{}, map[string]float64{}
	for i, c := range of {
		k := fmt.Sprint(c)
		joint[[2]string{k, truth[i]}]++
		a[k]++
		b[truth[i]]++
	}
	var mutual, ha, hb, pairs, pa, pb float64
	two := func(x float64) float64 { return x * (x - 1) / 2 }
	for k, x := range joint {
		mutual += x / n * math.Log(x*n/(a[k[0]]*b[k[1]]))
		pairs += two(x)
	}
	for _, x := range a {
		ha -= x / n * math.Log(x/n)
		pa += two(x)
	}
	for _, x := range b {
		hb -= x / n * math.Log(x/n)
		pb += two(x)
	}
	expected := pa * pb / two(n)
	return 2 * mutual / (ha + hb), (pairs - expected) / ((pa+pb)/2 - expected)
}

// TestClusterPublic prints the agreement on public sets, where they are there.
func TestClusterPublic(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	for _, c := range []struct {
		files       []string
		text, truth string
		tail        int // rows of the last file alone are scored
		nmi, ari    float64
	}{
		{[]string{"banking77/train.csv", "banking77/test.csv"}, "text", "category", 1, .66, .31},
	} {
		var texts, truth []string
		scored := 0
		for _, name := range c.files {
			f, err := os.Open("../../../shared/data/" + name)
			if err != nil {
				t.Skipf("the public sets are not here: %v", err)
			}
			rows, err := csv.NewReader(f).ReadAll()
			f.Close()
			if err != nil {
				t.Fatal(err)
			}
			at, label := slices.Index(rows[0], c.text), slices.Index(rows[0], c.truth)
			for _, r := range rows[1:] {
				texts, truth = append(texts, r[at]), append(truth, r[label])
			}
			scored = len(rows) - 1
		}
		kinds := map[string]bool{}
		for _, x := range truth {
			kinds[x] = true
		}
		got := Cluster(texts, len(kinds))
		from := len(texts) - scored
		nmi, ari := agreement(got.Of[from:], truth[from:])
		t.Logf("%s: NMI %.4f, ARI %.4f, labels as %q", c.files[0], nmi, ari, got.Labels[:3])
		if nmi < c.nmi || ari < c.ari {
			t.Errorf("%s: NMI %.4f, ARI %.4f", c.files[0], nmi, ari)
		}
	}
}
