package ring_test

import (
	"container/heap"
	"math"

	"plaint/internal/record"
)

// columns are the things that at least two customers share, each with them.
func columns(rows []record.Tied) (customers []uint64, of [][]int) {
	number := map[uint64]int{}
	type thing struct {
		kind int
		key  uint64
	}
	things := map[thing]int{}
	has := map[[2]int]bool{}
	for _, r := range rows {
		c, ok := number[r.Customer]
		if !ok {
			c = len(customers)
			number[r.Customer] = c
			customers = append(customers, r.Customer)
		}
		for k, key := range r.Keys {
			if key == 0 {
				continue
			}
			e, ok := things[thing{k, key}]
			if !ok {
				e = len(of)
				things[thing{k, key}] = e
				of = append(of, nil)
			}
			if !has[[2]int{e, c}] {
				has[[2]int{e, c}] = true
				of[e] = append(of[e], c)
			}
		}
	}
	kept := of[:0]
	for _, users := range of {
		if len(users) > 1 {
			kept = append(kept, users)
		}
	}
	return customers, kept
}

// components ranks customers by the size of the connected component that they
// are in; things with more than a hundred users are left out, as is usual.
func components(rows []record.Tied) map[uint64]float64 {
	customers, of := columns(rows)
	parent := make([]int, len(customers))
	for i := range parent {
		parent[i] = i
	}
	root := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	for _, users := range of {
		if len(users) <= 100 {
			for _, u := range users[1:] {
				parent[root(u)] = root(users[0])
			}
		}
	}
	size := map[int]int{}
	for i := range parent {
		size[root(i)]++
	}
	out := map[uint64]float64{}
	for i, c := range customers {
		if n := size[root(i)]; n > 1 {
			out[c] = float64(n)
		}
	}
	return out
}

// queue is nodes by what they weigh, the lightest first.
type queue struct {
	weight []float64
	heap   []int
	place  []int
}

func (q *queue) Len() int           { return len(q.heap) }
func (q *queue) Less(i, j int) bool { return q.weight[q.heap[i]] < q.weight[q.heap[j]] }
func (q *queue) Swap(i, j int) {
	q.heap[i], q.heap[j] = q.heap[j], q.heap[i]
	q.place[q.heap[i]], q.place[q.heap[j]] = i, j
}
func (q *queue) Push(any) {}
func (q *queue) Pop() any {
	n := q.heap[len(q.heap)-1]
	q.heap = q.heap[:len(q.heap)-1]
	return n
}

// fraudar is the method of Hooi et al. (KDD 2016) as published: greedy peeling
// of customers and things with column weights 1/log(users + 5); the densest
// block, its edges taken out, the next one. Customers are ranked by the density
// of their first block.
func fraudar(rows []record.Tied, blocks int) map[uint64]float64 {
	customers, of := columns(rows)
	n := len(customers)
	type edge struct {
		to     int
		weight float64
	}
	edges := make([][]edge, n+len(of))
	for e, users := range of {
		w := 1 / math.Log(float64(len(users))+5)
		for _, c := range users {
			edges[c] = append(edges[c], edge{n + e, w})
			edges[n+e] = append(edges[n+e], edge{c, w})
		}
	}
	out := map[uint64]float64{}
	for range blocks {
		q := &queue{weight: make([]float64, len(edges)), place: make([]int, len(edges))}
		total := 0.0
		for v, list := range edges {
			for _, e := range list {
				q.weight[v] += e.weight
			}
			total += q.weight[v] / 2
			q.place[v] = -1
			if len(list) > 0 {
				q.place[v] = len(q.heap)
				q.heap = append(q.heap, v)
			}
		}
		heap.Init(q)
		var order []int
		best, at := 0.0, 0
		for len(q.heap) > 0 {
			if d := total / float64(len(q.heap)); d > best {
				best, at = d, len(order)
			}
			v := heap.Pop(q).(int)
			q.place[v] = -1
			order = append(order, v)
			total -= q.weight[v]
			for _, e := range edges[v] {
				if i := q.place[e.to]; i >= 0 {
					q.weight[e.to] -= e.weight
					heap.Fix(q, i)
				}
			}
		}
		in := make([]bool, len(edges))
		for _, v := range order[at:] {
			in[v] = true
			if v < n && out[customers[v]] == 0 {
				out[customers[v]] = best
			}
		}
		for v := range edges {
			if !in[v] {
				continue
			}
			kept := edges[v][:0]
			for _, e := range edges[v] {
				if !in[e.to] {
					kept = append(kept, e)
				}
			}
			edges[v] = kept
		}
	}
	return out
}
