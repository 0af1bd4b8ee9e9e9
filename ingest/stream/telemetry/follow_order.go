package telemetry

import (
	"cmp"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// rotation is what rotation puts into a name: a number or a date.
var rotation = regexp.MustCompile(`^[-._]\d[\dTZ:._-]*$`)

// stamped is what daemontools, runit and s6 rename their file current to.
var stamped = regexp.MustCompile(`^@([0-9a-f]{24})\.[stu]$`)

var digits = regexp.MustCompile(`\d+`)

// place is what rotation put into a name: its numbers, and what is around them. A
// name that is not of rotation has none.
type place struct {
	form string
	nums []string
}

// placeOf takes name apart if it is what rotation calls the file base: app.log.1,
// app.1.log, app.log-20260105, app-2026-01-05.log.
func placeOf(base, name string) place {
	if m := stamped.FindStringSubmatch(name); m != nil && base == "current" {
		return place{"@", m[1:]}
	}
	rest, ok := strings.CutPrefix(name, base)
	if ext := filepath.Ext(base); !ok && ext != "" {
		if rest, ok = strings.CutPrefix(name, strings.TrimSuffix(base, ext)); ok {
			rest, ok = strings.CutSuffix(rest, ext)
		}
	}
	if !ok || !rotation.MatchString(rest) {
		return place{}
	}
	return place{digits.ReplaceAllString(rest, "0"), digits.FindAllString(rest, -1)}
}

func (p place) rotated() bool { return p.form != "" }

// usual is the direction in which the last number of a form mostly goes: a lone
// small one grows with age, as logrotate's does; dates and what follows them with
// time. A date that does not begin with its year tells no order.
func (p place) usual() int {
	switch first := p.nums[0]; {
	case len(p.nums) == 1 && len(first) <= 4:
		return -1
	case len(p.nums) > 1 && len(first) < 4:
		return 0
	}
	return 1
}

// compare orders two places of one form, the older first. The numbers before the
// last are parts of a date; the last has a direction, 0 if the names tell nothing.
func (p place) compare(q place, direction int) int {
	if direction == 0 {
		return 0
	}
	last := len(p.nums) - 1
	return cmp.Or(slices.CompareFunc(p.nums[:last], q.nums[:last], number), direction*number(p.nums[last], q.nums[last]))
}

func number(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

// way is the direction of a form's last number.
type way struct {
	direction int
	sure      bool // the names tell the order; if not, times do, and names only between equal ones
	usual     bool
}

// mostPairs bounds how many files are asked for their direction, all with all.
const mostPairs = 500

// ways tells the direction of each form by when the files were written. The times
// of a few may mislead: a writer may have written on after its file was rotated,
// and copies have times of their own. So the usual direction is believed unless
// most contradict, another one only if they all but agree, and otherwise no name.
func (l family) ways() map[string]way {
	type votes struct{ as, against [2]int } // for the usual direction, and for the other
	all := map[string]*votes{}
	files := slices.DeleteFunc(slices.Clone(l.files), func(f found) bool { return !f.name.rotated() })
	for i, a := range files[:min(len(files), mostPairs)] {
		v := all[a.name.form]
		if v == nil {
			v = &votes{}
			all[a.name.form] = v
		}
		for _, b := range files[:i] {
			at := a.info.ModTime().Compare(b.info.ModTime())
			if at == 0 || a.name.form != b.name.form {
				continue
			}
			for k, direction := range [2]int{a.name.usual(), -a.name.usual()} {
				if a.name.compare(b.name, direction) == at {
					v.as[k]++
				} else {
					v.against[k]++
				}
			}
		}
	}
	out := map[string]way{}
	for _, f := range files {
		form, usual, v := f.name.form, f.name.usual(), all[f.name.form]
		switch {
		case usual == 0:
		case v == nil || v.as[0] >= v.against[0]:
			out[form] = way{usual, true, true}
		case v.as[1] > v.as[0]:
			out[form] = way{-usual, v.as[1] >= 3 && v.as[1] >= 3*v.against[1], false}
		default:
			out[form] = way{usual, false, false}
		}
	}
	return out
}

// later are the files that were written after the one with a number, which may be
// nowhere, as far as they are not packed, the oldest first, the path's last. after
// is that file's.
func (l family) later(id fileID, after int64) (out []found) {
	ways := l.ways()
	var own found
	for _, f := range l.files {
		if idOf(f.info) == id {
			own = f
		}
	}
	var live []found
	for _, f := range l.files {
		switch {
		case f.path == own.path:
		case f.live:
			live = append(live, f)
		case f.name.rotated() && younger(f, own, ways, after):
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b found) int {
		w := ways[a.name.form]
		same := a.name.form == b.name.form
		if same && w.sure {
			return a.name.compare(b.name, w.direction)
		}
		at := a.info.ModTime().Compare(b.info.ModTime())
		if at == 0 && same {
			at = a.name.compare(b.name, w.direction)
		}
		return cmp.Or(at, cmp.Compare(a.path, b.path))
	})
	return append(out, live...)
}

// younger reports a file that was begun after own. Where the names do not tell the
// one that was written after own was begun is: that may be one that was read, if
// somebody still wrote to it, but it leaves none out.
func younger(f, own found, ways map[string]way, after int64) bool {
	at := cmp.Compare(f.info.ModTime().UnixNano(), after)
	w := ways[f.name.form]
	if !own.name.rotated() || own.name.form != f.name.form {
		return at > 0
	}
	named := f.name.compare(own.name, w.direction) > 0
	switch {
	case w.sure && w.usual:
		return named
	case w.sure: // files that were moved to another disk have times in the order of their names
		return named && at > 0
	}
	return at > 0 || at == 0 && named // the file system's clock is coarse
}

// rotatedOf reports a path that is packed, or a rotated file of another path.
func rotatedOf(path string, paths []string) bool {
	return packed(path) || slices.ContainsFunc(paths, func(p string) bool {
		return filepath.Dir(p) == filepath.Dir(path) && placeOf(filepath.Base(p), filepath.Base(path)).rotated()
	})
}
