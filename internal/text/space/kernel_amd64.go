package space

import "golang.org/x/sys/cpu"

var vectorised = cpu.X86.HasAVX2

//go:noescape
func dotVector(a, b []float32) float32

//go:noescape
func dot64Vector(a, b []float64) float64

//go:noescape
func addScaledVector(dst []float32, s float32, v []float32)
