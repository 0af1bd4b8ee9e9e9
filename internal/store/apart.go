//go:build !plaint_control

package store

// positionsApart writes positions in a transaction of their own, before the
// rows: what nobody may do. The control of the soak is built with it, to show
// that the soak finds such a fault.
const positionsApart = false
