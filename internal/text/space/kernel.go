package space

import "math"

// The sums below are taken in one order, with or without vector instructions and
// never with a fused multiply and add, so that a partition is the same on every
// amd64. A library's are not: their order hangs on the processor, some on where in
// memory a row begins. On other processors the compiler may fuse elsewhere.

// lanes is how many partial sums an inner product has: element i goes to sum
// i mod lanes.
const lanes = 32

// Dot is the inner product of vectors of one length.
func Dot(a, b []float32) float32 {
	b = b[:len(a)]
	if vectorised {
		return dotVector(a, b)
	}
	return dotPlain(a, b)
}

// addScaled adds s·v to dst, of the same length.
func addScaled(dst []float32, s float32, v []float32) {
	v = v[:len(dst)]
	if vectorised {
		addScaledVector(dst, s, v)
		return
	}
	addScaledPlain(dst, s, v)
}

// dot64 is Dot in double precision, of half as many partial sums.
func dot64(a, b []float64) float64 {
	b = b[:len(a)]
	if vectorised {
		return dot64Vector(a, b)
	}
	return dot64Plain(a, b)
}

func dotPlain(a, b []float32) float32 {
	var sums [lanes]float32
	partial(sums[:], a, b)
	return fold(sums[:])
}

func dot64Plain(a, b []float64) float64 {
	var sums [lanes / 2]float64
	partial(sums[:], a, b)
	return fold(sums[:])
}

// partial are the partial sums of an inner product, four at a time. The
// conversions forbid to fuse.
func partial[T float32 | float64](sums, a, b []T) {
	for lane := 0; lane < len(sums); lane += 4 {
		var s0, s1, s2, s3 T
		at := lane
		for ; at+4 <= len(a); at += len(sums) {
			x, y := (*[4]T)(a[at:]), (*[4]T)(b[at:])
			s0 += T(x[0] * y[0])
			s1 += T(x[1] * y[1])
			s2 += T(x[2] * y[2])
			s3 += T(x[3] * y[3])
		}
		to := (*[4]T)(sums[lane:])
		*to = [4]T{s0, s1, s2, s3}
		for i := at; i < min(at+4, len(a)); i++ {
			to[i-at] += T(a[i] * b[i])
		}
	}
}

// fold adds partial sums as registers are added: four registers in pairs, then
// the upper half of a register to the lower.
func fold[T float32 | float64](sums []T) T {
	width := len(sums) / 4
	one, two, three, four := sums[:width], sums[width:2*width], sums[2*width:3*width], sums[3*width:]
	for i := range one {
		one[i] = (one[i] + two[i]) + (three[i] + four[i])
	}
	for half := width / 2; half > 0; half /= 2 {
		for i := range half {
			one[i] += one[i+half]
		}
	}
	return one[0]
}

func addScaledPlain(dst []float32, s float32, v []float32) {
	for i, x := range v {
		dst[i] += float32(s * x)
	}
}

// Normalize brings v to length 1, unless it is zero.
func Normalize(v []float32) {
	if s := Dot(v, v); s != 0 {
		by := float32(1 / math.Sqrt(float64(s)))
		for i := range v {
			v[i] *= by
		}
	}
}
