package text

import (
	"math/bits"

	"plaint/internal/record"
)

const (
	sketchBins  = 4 * record.SketchSize
	minShingles = 24 // below this an overlap says little: "提现太慢了" is nobody's template
)

// Sketcher makes fingerprints of texts for near-duplicate search. It is not
// safe for concurrent use: give each goroutine its own.
//
// Method: one-permutation hashing over runs of three folded characters (Li,
// Owen, Zhang 2012) with densification by rotation (Shrivastava, Li 2014),
// kept to 16 bits per bin (b-bit minwise hashing, Li, König 2010). One hash per
// shingle, so a text of 200 characters costs about two microseconds.
type Sketcher struct {
	fold *[1 << 16]uint16
	bins [sketchBins]uint64
}

// NewSketcher returns a sketcher.
func NewSketcher() *Sketcher { return &Sketcher{fold: foldTable()} }

// Sketch returns the fingerprint of the texts taken together; the zero Sketch
// if they are too short to compare.
func (s *Sketcher) Sketch(texts ...string) record.Sketch {
	for i := range s.bins {
		s.bins[i] = ^uint64(0)
	}
	shingles := 0
	var window uint64
	filled := 0
	for _, t := range texts {
		for _, r := range t {
			if r >= 1<<16 {
				continue
			}
			f := s.fold[r]
			if f == 0 {
				continue
			}
			window = (window<<16 | uint64(f)) & 0xFFFFFFFFFFFF
			if filled++; filled < 3 {
				continue
			}
			shingles++
			hi, lo := bits.Mul64(window^0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93)
			h := (hi ^ lo) * 0xC2B2AE3D27D4EB4F
			bin := h >> 59
			s.bins[bin] = min(s.bins[bin], h<<5) // no branch: which is smaller cannot be foretold
		}
	}
	if shingles < minShingles {
		return record.Sketch{}
	}
	return s.pack()
}

// pack keeps 16 well-mixed bits of each bin's minimum; an empty bin takes the
// value of the next full one, turned by the distance.
func (s *Sketcher) pack() (out record.Sketch) {
	for i := range s.bins {
		k := 0
		for s.bins[(i+k)%sketchBins] == ^uint64(0) && k < sketchBins {
			k++
		}
		v := s.bins[(i+k)%sketchBins]
		v = bits.RotateLeft64(v*0x9E3779B97F4A7C15, 17) + uint64(k)*0xD6E8FEB86659FD93
		out[i/4] |= (v >> 32 & 0xFFFF) << (16 * (i % 4))
	}
	return out
}
