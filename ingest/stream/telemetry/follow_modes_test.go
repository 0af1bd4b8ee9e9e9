package telemetry

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// mode is how a tool rotates.
type mode struct {
	name   string
	base   string                 // of the path, "" = app.log
	rename func(d *driver) string // puts the file aside and says where
	copy   func(d *driver)        // copies and truncates it
	drop   func(d *driver)        // deletes or packs the oldest
	tick   bool                   // only times tell the order
	wait   time.Duration          // a writer goes on with the old file after the new one is there
	steps  int
}

var mixed = mode{
	rename: func(d *driver) string { shift(d.t, d.path); return d.path + ".1" },
	copy:   func(d *driver) { copyTruncate(d.t, d.path) },
}

var modes = []mode{
	{name: "logrotate delaycompress", rename: mixed.rename, drop: func(d *driver) {
		if data, err := os.ReadFile(d.path + ".1"); err == nil { // it becomes app.log.2
			do(d.t, os.WriteFile(fmt.Sprint(d.path, ".", d.times, ".gz"), zipped(data), 0o644), os.Remove(d.path+".1"))
		}
	}},
	{name: "logrotate copytruncate", copy: func(d *driver) {
		for n := len(series(d.path, "")); n > 0; n-- {
			do(d.t, os.Rename(fmt.Sprint(d.path, ".", n), fmt.Sprint(d.path, ".", n+1)))
		}
		d.copyTo(d.path + ".1")
	}},
	{name: "logrotate copytruncate dateext", copy: func(d *driver) { d.copyTo(fmt.Sprint(d.path, "-", 20260105+d.times)) }},
	{name: "logrotate dateext", rename: func(d *driver) string { return d.to(fmt.Sprint(d.path, "-", 20260105+d.times)) }},
	{name: "RotatingFileHandler, json-file", base: "container.log", rename: mixed.rename, drop: func(d *driver) {
		if names := series(d.path, ""); len(names) >= 4 {
			do(d.t, os.Remove(names[len(names)-1]))
		}
	}},
	{name: "TimedRotatingFileHandler", rename: func(d *driver) string { return d.to(d.path + "." + d.date("2006-01-02_15")) }},
	{name: "lumberjack", rename: func(d *driver) string {
		return d.to(d.plain() + "-" + d.date("2006-01-02T15-04-05.000") + ".log")
	}},
	{name: "svlogd", base: "current", rename: func(d *driver) string {
		return d.to(filepath.Join(filepath.Dir(d.path), fmt.Sprintf("@4000000065%014x.s", d.times*7)))
	}},
	{name: "log4j2 fileIndex=min", rename: func(d *driver) string {
		for n := len(series(d.plain(), ".log")); n > 0; n-- {
			do(d.t, os.Rename(fmt.Sprint(d.plain(), ".", n, ".log"), fmt.Sprint(d.plain(), ".", n+1, ".log")))
		}
		return d.to(d.plain() + ".1.log")
	}},
	{name: "log4j2 fileIndex=max", tick: true, rename: func(d *driver) string {
		return d.to(fmt.Sprint(d.path, ".", len(series(d.path, ""))+1))
	}, drop: func(d *driver) {
		if names := series(d.path, ""); len(names) >= 7 {
			for i := range names[1:] { // the first is overwritten
				do(d.t, os.Rename(names[i+1], names[i]))
			}
		}
	}},
	{name: "log4j2 fileIndex=nomax", tick: true, rename: func(d *driver) string {
		return d.to(fmt.Sprint(d.plain(), ".", d.times+1, ".log"))
	}},
	{name: "logback date and index", rename: func(d *driver) string {
		return d.to(fmt.Sprintf("%s-2026-01-%02d.%d.log", d.plain(), 5+d.times/12, d.times%12))
	}},
	{name: "a date the other way round", tick: true, rename: func(d *driver) string {
		return d.to(d.path + "-" + d.date("02-01-2006_15"))
	}},
	{name: "logrotate and a slow writer", rename: mixed.rename, wait: 250 * time.Millisecond, steps: 30},
	{name: "log4j2 fileIndex=nomax and a slow writer", tick: true, wait: 250 * time.Millisecond, steps: 30, rename: func(d *driver) string {
		return d.to(fmt.Sprint(d.plain(), ".", d.times+1, ".log"))
	}},
}

// date is another one for each rotation, a third of a day after the last.
func (d *driver) date(layout string) string {
	return time.Date(2026, 1, 28, 1, 2, 3, 4e6, time.UTC).Add(time.Duration(d.times) * 8 * time.Hour).Format(layout)
}

// to renames the file.
func (d *driver) to(path string) string {
	do(d.t, os.Rename(d.path, path))
	return path
}

// tick lets the file system's clock go on between two files, which is coarse and
// here all that tells the order. No such tool rotates twice within one tick, or a
// file without a line.
func (d *driver) tick() {
	time.Sleep(12 * time.Millisecond)
	d.write(1)
}

// plain is the path without its extension.
func (d *driver) plain() string { return strings.TrimSuffix(d.path, ".log") }

// series are the files with numbers from 1, as many as there are without a gap.
func series(before, behind string) (out []string) {
	for n := 1; ; n++ {
		name := fmt.Sprint(before, ".", n, behind)
		if _, err := os.Stat(name); err != nil {
			return out
		}
		out = append(out, name)
	}
}

// copyTo copies the file as logrotate does, and truncates it.
func (d *driver) copyTo(path string) {
	data, err := os.ReadFile(d.path)
	do(d.t, err, os.WriteFile(path, data, 0o644), os.Truncate(d.path, 0))
}
