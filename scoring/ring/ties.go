package ring

import (
	"cmp"
	"slices"
	"sort"

	"plaint/internal/record"
)

// mostUsers is how many customers a thing may have and still tie some of them:
// an address that all share says nothing of any two.
const mostUsers = 5000

// constant tells what is no thing of anybody's: of a hundred customers or more,
// half and more have it.
func constant(users, customers int) bool { return customers >= 100 && 2*users >= customers }

// net is who shares what: customers and entities, each by number.
type net struct {
	in       []record.Tied
	of       []int32   // complaint to customer
	rows     [][]int32 // complaints of a customer, ascending
	entities []entity
	has      [][]int32 // entities of a customer, ascending
	placed   []bool    // whether a customer's address is known
	clock    *clock
}

// entity is a thing that at least two customers have.
type entity struct {
	kind    record.TieKind
	users   []int32 // ascending; nil where there are more than mostUsers
	n       int     // how many users
	example int32   // the first complaint that has it
}

// newNet numbers customers and entities by their first complaint, so that the
// numbers depend on the complaints alone.
func newNet(in []record.Tied) *net {
	x := &net{in: in, of: make([]int32, len(in)), clock: newClock(in)}
	number := make(map[uint64]int32, len(in))
	for i := range in {
		key := in[i].Customer
		c, known := number[key]
		if !known || key == 0 {
			c = int32(len(x.rows))
			x.rows = append(x.rows, nil)
			if key != 0 {
				number[key] = c
			}
		}
		x.of[i] = c
		x.rows[c] = append(x.rows[c], int32(i))
	}
	x.has, x.placed = make([][]int32, len(x.rows)), make([]bool, len(x.rows))
	for i := range in {
		if in[i].Keys[record.TieAddress] != 0 {
			x.placed[x.of[i]] = true
		}
	}
	for k := range record.TieKinds {
		x.addKind(k)
	}
	return x
}

// pair is one use of a thing.
type pair struct {
	key           uint64
	customer, row int32
}

func (x *net) addKind(k record.TieKind) {
	list := make([]pair, 0, len(x.in))
	for i := range x.in {
		if key := x.in[i].Keys[k]; key != 0 {
			list = append(list, pair{key, x.of[i], int32(i)})
		}
	}
	slices.SortFunc(list, func(a, b pair) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.customer, b.customer), cmp.Compare(a.row, b.row))
	})
	first := len(x.entities)
	for len(list) > 0 {
		end := sort.Search(len(list), func(i int) bool { return list[i].key > list[0].key })
		x.addEntity(k, list[:end])
		list = list[end:]
	}
	added := x.entities[first:]
	slices.SortFunc(added, func(a, b entity) int { return cmp.Compare(a.example, b.example) })
	for e, t := range added {
		for _, c := range t.users {
			x.has[c] = append(x.has[c], int32(first+e))
		}
	}
}

// addEntity takes all uses of one thing.
func (x *net) addEntity(k record.TieKind, uses []pair) {
	e := entity{kind: k, example: uses[0].row}
	for i, u := range uses {
		e.example = min(e.example, u.row)
		if i == 0 || u.customer != uses[i-1].customer {
			e.n++
		}
	}
	if e.n < 2 || e.n > mostUsers || constant(e.n, len(x.rows)) {
		return
	}
	e.users = make([]int32, 0, e.n)
	for i, u := range uses {
		if i == 0 || u.customer != uses[i-1].customer {
			e.users = append(e.users, u.customer)
		}
	}
	x.entities = append(x.entities, e)
}
