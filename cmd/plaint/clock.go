//go:build !plaint_clock

package main

import "time"

// now is the clock. A server that is built to be tested has one that jumps.
var now = time.Now
