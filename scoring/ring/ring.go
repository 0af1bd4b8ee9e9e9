// Package ring finds groups of customers who complain together: who share
// devices, accounts, telephones, messenger handles and letters more than honest
// crowds do. What it finds is evidence for people to look at; it decides
// nothing.
package ring

import "plaint/internal/record"

const (
	// Shown is the confidence from which a group is given as a ring: below it, most
	// groups of the quarters that it was chosen on were honest.
	Shown = .4
	// Proposal is the confidence of a member from which a person should be asked
	// to look: where wrongful flags stayed below one honest customer in a
	// thousand (testdata/scoreboard.txt).
	Proposal = .9
)

// Find gives the rings among complaints, the heaviest first; the order of the
// complaints must be that of their numbers. Rings of before keep their ids, new
// ones get ids above all of before and above most. The same complaints give the
// same rings, to the bit. Time and memory grow with the number of uses of shared
// things: a million complaints take seconds.
//
// Things are weighed by how many use them, as columns are in FRAUDAR (Hooi et
// al., KDD 2016), so that what a ring shares with thousands does not hide it;
// groups are found by the constant Potts model at three resolutions (Traag et
// al. 2011) and peeled to what weighs most. A group weighs what speaks for it
// without its strongest kind of tie, each home counted once, letters and
// lockstep only as far as no incident explains them.
func Find(list []record.Tied, before []record.PastRing, most int64) []record.Ring {
	x := newNet(list)
	found := x.groups()
	usual, j := measure(found), newJudge(x)
	out := []record.Ring{}
	for _, w := range found {
		if usual.posterior(w.total) >= Shown {
			out = append(out, j.describe(w, usual))
		}
	}
	keep(out, before, most)
	return out
}
