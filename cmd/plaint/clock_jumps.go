//go:build plaint_clock

package main

import "time"

// jumps are by how much the clock is wrong, each for a while.
var jumps = [...]time.Duration{0, time.Hour, -time.Hour, 0, 3 * 365 * 24 * time.Hour, -time.Second, -3 * 365 * 24 * time.Hour, 40 * time.Minute}

// now is a clock that jumps forth and back.
func now() time.Time {
	t := time.Now()
	return t.Add(jumps[t.UnixMilli()/170%int64(len(jumps))])
}
