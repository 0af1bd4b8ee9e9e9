//go:build !amd64

package space

const vectorised = false

func dotVector(a, b []float32) float32                      { return dotPlain(a, b) }
func dot64Vector(a, b []float64) float64                    { return dot64Plain(a, b) }
func addScaledVector(dst []float32, s float32, v []float32) { addScaledPlain(dst, s, v) }
