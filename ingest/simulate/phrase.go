package simulate

import (
	"embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed words/*.txt
var words embed.FS

// phrase is a sentence with slots in {braces} and [either|or] choices, parsed once.
type phrase []piece

type piece struct {
	lit  string
	slot slot
	alts []phrase
}

type matterKind uint8

// What the records must show for a complaint of a cause to be true.
const (
	noMatter matterKind = iota
	lateMatter
	failedMatter
	tradeMatter
)

var matterNames = []string{"none", "late", "failed", "trade"}

// cause is one true reason to complain, with its words in Chinese and English.
type cause struct {
	kind   uint8 // index into types
	name   string
	matter matterKind
	code   string // error code that the service writes and some customers quote
	weight int    // among the causes of its type
	core   [2][]phrase
	detail [2][]phrase
}

const (
	english = 0
	han     = 1
)

var languages = [2]string{"en", "zh"}

// sections holds the sentences of one file by heading.
type sections map[string][]phrase

// book is all that can be said, read once from the files in words.
type book struct {
	causes  []cause
	byType  [][]int // cause numbers
	frame   [2]sections
	letters [2]sections
	lists   map[string][]string // names, banks, cities
	logs    []template
	faults  map[string][]template // by cause name
	twins   map[rune]rune         // simplified to traditional
	slips   map[rune]rune         // what a Chinese keyboard mistakes for what
}

func openBook() (*book, error) {
	b := &book{faults: map[string][]template{}, lists: map[string][]string{}}
	steps := []func() error{b.readCauses, b.readFrames, b.readLists, b.readLogs}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, fmt.Errorf("words cannot be read: %w", err)
		}
	}
	return b, nil
}

// lines yields the lines of a words file that say something.
func lines(name string) ([]string, error) {
	raw, err := words.ReadFile("words/" + name)
	if err != nil {
		return nil, err
	}
	all := strings.Split(string(raw), "\n")
	return slices.DeleteFunc(all, func(s string) bool { return strings.TrimSpace(s) == "" }), nil
}

func (bk *book) readCauses() error {
	table, err := lines("causes.txt")
	if err != nil {
		return err
	}
	bk.byType = make([][]int, len(types))
	byName := map[string]int{}
	for _, line := range table {
		var c cause
		var kind, matter string
		if _, err := fmt.Sscan(line, &kind, &c.name, &matter, &c.code, &c.weight); err != nil {
			return fmt.Errorf("cause %q: %w", line, err)
		}
		c.kind = uint8(slices.Index(types[:], kind))
		c.matter = matterKind(slices.Index(matterNames, matter))
		byName[c.name] = len(bk.causes)
		bk.byType[c.kind] = append(bk.byType[c.kind], len(bk.causes))
		bk.causes = append(bk.causes, c)
	}
	for l, lang := range languages {
		if err := bk.readCauseWords(l, "causes_"+lang+".txt", byName); err != nil {
			return err
		}
	}
	return nil
}

// readCauseWords reads "# cause", "- core sentence" and "+ detail" lines.
func (bk *book) readCauseWords(l int, file string, byName map[string]int) error {
	text, err := lines(file)
	if err != nil {
		return err
	}
	var at *cause
	for _, line := range text {
		mark, rest := line[0], strings.TrimSpace(line[1:])
		if mark == '#' {
			i, ok := byName[rest]
			if !ok {
				return fmt.Errorf("%s: unknown cause %q", file, rest)
			}
			at = &bk.causes[i]
			continue
		}
		p, err := parse(rest)
		if err != nil {
			return fmt.Errorf("%s: %q: %w", file, rest, err)
		}
		if mark == '-' {
			at.core[l] = append(at.core[l], p)
		} else {
			at.detail[l] = append(at.detail[l], p)
		}
	}
	return nil
}

func (bk *book) readFrames() (err error) {
	for l, lang := range languages {
		if bk.frame[l], err = readSections("frame_" + lang + ".txt"); err != nil {
			return err
		}
		if bk.letters[l], err = readSections("letters_" + lang + ".txt"); err != nil {
			return err
		}
	}
	return nil
}

func readSections(file string) (sections, error) {
	text, err := lines(file)
	if err != nil {
		return nil, err
	}
	s, at := sections{}, ""
	for _, line := range text {
		if head, ok := strings.CutPrefix(line, "# "); ok {
			at = strings.TrimSpace(head)
			continue
		}
		p, err := parse(line)
		if err != nil {
			return nil, fmt.Errorf("%s: %q: %w", file, line, err)
		}
		s[at] = append(s[at], p)
	}
	return s, nil
}

func (bk *book) readLists() error {
	text, err := lines("lists.txt")
	if err != nil {
		return err
	}
	for _, line := range text {
		name, rest, _ := strings.Cut(line, ":")
		for _, word := range strings.Fields(rest) {
			bk.lists[name] = append(bk.lists[name], strings.ReplaceAll(word, "-", " "))
		}
	}
	bk.twins, bk.slips = map[rune]rune{}, map[rune]rune{}
	for name, to := range map[string]map[rune]rune{"traditional": bk.twins, "slips": bk.slips} {
		for _, pair := range bk.lists[name] {
			if r := []rune(pair); len(r) == 2 {
				to[r[0]] = r[1]
			}
		}
	}
	return nil
}

// parse reads literal text, {slot} and [a|b|c]; choices may hold slots.
func parse(s string) (phrase, error) {
	var p phrase
	for s != "" {
		i := strings.IndexAny(s, "{[")
		if i < 0 {
			return append(p, piece{lit: s}), nil
		}
		if i > 0 {
			p = append(p, piece{lit: s[:i]})
		}
		closing := map[byte]string{'{': "}", '[': "]"}[s[i]]
		end := strings.Index(s[i:], closing)
		if end < 0 {
			return nil, fmt.Errorf("no %s", closing)
		}
		inner := s[i+1 : i+end]
		next, err := parsePiece(s[i], inner)
		if err != nil {
			return nil, err
		}
		p = append(p, next)
		s = s[i+end+1:]
	}
	return p, nil
}

func parsePiece(open byte, inner string) (piece, error) {
	if open == '{' {
		k := slices.Index(slotNames, inner)
		if k < 0 {
			return piece{}, fmt.Errorf("unknown slot %q", inner)
		}
		return piece{slot: slot(k)}, nil
	}
	var alts []phrase
	for alt := range strings.SplitSeq(inner, "|") {
		p, err := parse(alt)
		if err != nil {
			return piece{}, err
		}
		alts = append(alts, p)
	}
	return piece{alts: alts}, nil
}

// say appends one reading of the phrase: shape chooses among alternatives, fill
// writes the slots.
func (p phrase) say(b []byte, shape *dice, fill func([]byte, slot) []byte) []byte {
	for i := range p {
		switch q := &p[i]; {
		case q.alts != nil:
			b = q.alts[shape.n(len(q.alts))].say(b, shape, fill)
		case q.slot != noSlot:
			b = fill(b, q.slot)
		default:
			b = append(b, q.lit...)
		}
	}
	return b
}
