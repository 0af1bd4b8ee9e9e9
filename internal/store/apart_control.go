//go:build plaint_control

package store

// See apart.go.
const positionsApart = true
