package layout

// How many lines and fields of them are looked at to learn a header.
const (
	mostLearned = 10000
	mostColumns = 16
	mostSkipped = 3  // fields of no kind of their own before one that has
	wordsOfHost = 20 // a place with more small words than that is text
)

const (
	usualShare = .9 // of lines that have a column, for it to be one
	startShare = .3 // of lines that begin a record: others may be printed between them
)

// sampled is the beginning of one line.
type sampled struct {
	fields []field
	line   string
}

// learnHeader finds the header that the lines share: the fields up to the last
// that is of one kind in nearly all of them. nil is none.
func learnHeader(lines []string) *header {
	var sample []sampled
	var j Joiner
	for _, l := range lines {
		if !j.Continues(l, true) { // a trace teaches nothing
			sample = append(sample, sampledLine(l))
		}
	}
	h := &header{}
	at := firstColumn(h, &sample)
	if at < 0 {
		return nil
	}
	for at < mostColumns {
		if next := nextColumn(h, sample, at); next >= 0 {
			sample = having(sample, next, h.columns[next].kind)
			at = next + 1
		} else if widely(sample, at) {
			h.columns = append(h.columns, column{kind: kindText})
			at++
		} else {
			break
		}
	}
	leaveText(h, sample)
	if len(h.columns) <= h.start {
		return nil
	}
	return h
}

func sampledLine(line string) sampled {
	s := sampled{line: line}
	for at := 0; len(s.fields) < mostColumns; {
		f := fieldAt(line, at)
		s.fields = append(s.fields, f)
		if f.kind == kindNone {
			break
		}
		at = f.next
	}
	return s
}

func (s sampled) kindAt(i int) kind {
	if i >= len(s.fields) {
		return kindNone
	}
	return s.fields[i].kind
}

// shares is how many of the lines have each kind in a column, as a share.
func shares(sample []sampled, at int) (out [kinds]float64) {
	for _, s := range sample {
		out[s.kindAt(at)] += 1 / float64(len(sample))
	}
	return out
}

func having(sample []sampled, at int, k kind) (out []sampled) {
	for _, s := range sample {
		if s.kindAt(at) == k {
			out = append(out, s)
		}
	}
	return out
}

// firstColumn finds the first column of a strong kind, by which a line that
// begins a record is known. The lines that have none are stack traces and the
// like and teach nothing more.
func firstColumn(h *header, sample *[]sampled) (next int) {
	for at := range 2 * mostSkipped {
		part := shares(*sample, at)
		for k := kinds - 1; k.strong(); k-- {
			least := usualShare
			if k == kindTime {
				least = startShare
			}
			if part[k] >= least && bridged(*sample, 0, at) {
				for i := range at {
					h.columns = append(h.columns, column{kind: usual(*sample, i)})
				}
				h.columns, h.start = append(h.columns, column{kind: k}), at
				*sample = having(*sample, at, k)
				return at + 1
			}
		}
	}
	if barred(*sample) {
		h.columns = append(h.columns, column{kind: kindText})
		return 1
	}
	return -1
}

// barred reports few names set off by a bar, as where the lines of several
// programs are printed together.
func barred(sample []sampled) bool {
	names, n := map[string]bool{}, 0
	for _, s := range sample {
		if f := s.fields[0]; f.bar {
			n++
			if names[s.line[f.from:f.to]] = true; len(names) > 5*wordsOfHost {
				return false
			}
		}
	}
	return n > 0 && float64(n) >= usualShare*float64(len(sample))
}

// usual is the kind of nearly all lines in a column, kindText if there is none.
func usual(sample []sampled, at int) kind {
	for k, share := range shares(sample, at) {
		if share >= 1-(1-usualShare)/10 && kind(k) != kindWord && kind(k) != kindQuoted {
			return kind(k)
		}
	}
	return kindText
}

// reach is how many fields of no kind may stand before a column of a kind. Before
// a name it is that of the host, and behind the time.
func reach(k kind) int {
	switch k {
	case kindTime, kindLevel:
		return mostSkipped
	case kindName, kindGroup, kindSign:
		return 1
	}
	return 0
}

// nextColumn finds the next column of the header, from a place on, and adds it
// with those before it; -1 is none.
func nextColumn(h *header, sample []sampled, from int) int {
	for skipped := 0; skipped <= mostSkipped && from+skipped < mostColumns; skipped++ {
		at := from + skipped
		part := shares(sample, at)
		for k := kinds - 1; k >= kindSign; k-- {
			if reach(k) < skipped || k == kindName && skipped > 0 && h.columns[from-1].kind != kindTime || part[k] < usualShare && (part[k] < startShare || nearly(sample, at, k) < usualShare) || !bridged(sample, from, at) {
				continue
			}
			for i := from; i < at; i++ {
				h.columns = append(h.columns, column{kind: kindText})
			}
			h.columns = append(h.columns, column{kind: k})
			return at
		}
	}
	return -1
}

// nearly is the share of lines that have a kind in a column or, as a part of
// several words, behind it.
func nearly(sample []sampled, at int, k kind) float64 {
	n := 0
	for _, s := range sample {
		if s.kindAt(at) == k || at < len(s.fields) && far(s.line, s.fields[at].from, k) > 0 {
			n++
		}
	}
	return float64(n) / float64(len(sample))
}

// bridged reports whether the columns between two may be fields of a header: no
// quotes, and not the words of a text.
func bridged(sample []sampled, from, to int) bool {
	for at := from; at < to; at++ {
		part := shares(sample, at)
		if part[kindQuoted] > 1-usualShare || part[kindNone] > 1-usualShare {
			return false
		}
		if part[kindWord] < .5 {
			continue
		}
		words := map[string]bool{}
		for _, s := range sample {
			if s.kindAt(at) == kindWord && len(words) <= wordsOfHost {
				words[s.line[s.fields[at].from:s.fields[at].to]] = true
			}
		}
		if len(words) > wordsOfHost {
			return false
		}
	}
	return true
}

// widely reports a column of single tokens set off by wide gaps or bars.
func widely(sample []sampled, at int) bool {
	n := 0
	for _, s := range sample {
		if k := s.kindAt(at); k != kindNone && k != kindQuoted && s.fields[at].wide {
			n++
		}
	}
	return len(sample) > 0 && float64(n) >= usualShare*float64(len(sample))
}

// leaveText takes columns off the end of a header until most lines have letters
// behind it.
func leaveText(h *header, sample []sampled) {
	for len(h.columns) > 0 {
		n := 0
		for _, s := range sample {
			if content, ok := h.content(s.line); ok && hasLetter(content) {
				n++
			}
		}
		if float64(n) >= usualShare*float64(len(sample)) {
			return
		}
		h.columns = h.columns[:len(h.columns)-1]
	}
}
