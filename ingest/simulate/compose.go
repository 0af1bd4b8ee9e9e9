package simulate

import (
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

type slot uint8

const noSlot slot = 0

// slotNames are what phrases may hold in braces; fill knows each of them.
var slotNames = []string{"", "amount", "claim", "date", "time", "code", "order", "tx", "hours", "days", "n", "minutes",
	"bank", "symbol", "price", "price2", "pct", "lots", "staff", "tail", "contact", "model", "product", "app", "city",
	"name", "ip", "ms", "cid", "hex", "host"}

// scribe words complaints. Each worker has its own; it keeps no state between two.
type scribe struct {
	w       *world
	p       *plan
	who     person
	l       int
	code    string
	facts   dice
	contact uint64
	tx      uint64
}

// persona is a way of writing: how likely each section is, in percent, in the
// order of sectionNames.
type persona struct {
	name  string
	share int
	odds  [8]int
}

var sectionNames = [...]string{"opening", "core", "detail", "fact", "consequence", "emotion", "demand", "closing"}

var personas = []persona{
	{"terse", 20, [8]int{8, 100, 62, 62, 15, 18, 45, 0}},
	{"polite", 22, [8]int{75, 100, 80, 70, 30, 15, 75, 65}},
	{"angry", 18, [8]int{30, 100, 65, 50, 45, 92, 75, 25}},
	{"rambling", 15, [8]int{75, 100, 95, 90, 75, 50, 70, 35}},
	{"elderly", 10, [8]int{85, 100, 70, 60, 65, 40, 60, 55}},
	{"trader", 15, [8]int{15, 100, 90, 90, 55, 25, 55, 10}},
}

// orders are the ways to arrange the sections.
var orders = [][8]int{
	{0, 1, 2, 3, 4, 5, 6, 7}, {0, 3, 1, 2, 4, 5, 6, 7}, {5, 1, 2, 3, 4, 0, 6, 7}, {0, 3, 1, 4, 2, 6, 5, 7},
	{6, 1, 3, 2, 4, 5, 0, 7}, {3, 1, 2, 5, 4, 6, 0, 7}, {1, 2, 3, 4, 6, 5, 7, 0}, {0, 1, 4, 3, 2, 5, 6, 7},
}

var letterOrders = [][]string{
	{"head", "core", "law", "pattern", "demand", "threat", "contact"},
	{"head", "law", "core", "demand", "threat", "pattern", "contact"},
	{"contact", "head", "core", "pattern", "law", "demand", "threat"},
	{"head", "core", "demand", "law", "contact", "threat", "pattern"},
}

func (s *scribe) begin(i int) {
	s.p = &s.w.plans[i]
	s.who = s.w.person(s.p.customer)
	s.l = english
	if s.who.zh {
		s.l = han
	}
	s.code = s.w.book.causes[s.p.cause].code
	s.facts = throw(s.w.Seed, ofFacts, uint64(s.p.serial))
	s.tx = uint64(i)<<6 | matterSlot
	if s.p.invented {
		s.tx = uint64(1<<29)<<6 | s.facts.pcg.Uint64()&(1<<30-1) // no movement has such a key
	}
	s.contact = s.who.tone
	if s.p.group > 0 && s.p.motive != refundAbuse && s.p.motive != contradiction {
		s.contact = s.w.gangs[s.p.group-1].contact
		if s.l = han; s.contact%10 < 3 { // a script has one language
			s.l = english
		}
	}
}

// body appends the text of complaint i. A shared text takes its shape from the
// gang's seed, sentence by sentence, where it is not reworded.
func (s *scribe) body(b []byte) []byte {
	own := s.w.Seed ^ scramble(uint64(s.p.serial)+77)
	base, edit := own, uint8(0)
	if s.p.group > 0 && s.p.motive != contradiction {
		base, edit = s.w.Seed^scramble(uint64(s.p.group)<<32), s.p.edit
	}
	shape := throw(base, ofShape, 255)
	editor := throw(own, ofShape, 254)
	start := len(b)
	for j, ps := range s.outline(&shape) {
		from := base
		if editor.n(255) < int(edit) {
			from = own
			if !s.isCore(ps) && editor.chance(.18) {
				continue // left out in this copy
			}
		}
		d := throw(from, ofShape, uint64(j))
		b = s.sentence(b, start, ps, &d)
	}
	return s.w.soil(b, start, s)
}

// isCore tells the sentences that say what happened, which no copy leaves out.
func (s *scribe) isCore(ps []phrase) bool {
	core := s.w.book.causes[s.p.cause].core[s.l]
	return len(ps) > 0 && len(core) > 0 && &ps[0] == &core[0]
}

func (s *scribe) sentence(b []byte, start int, ps []phrase, d *dice) []byte {
	if len(ps) == 0 {
		return b
	}
	if len(b) > start {
		b = s.joint(b)
	}
	return ps[d.n(len(ps))].say(b, d, s.fill)
}

// joint ends a sentence in the writer's own habit.
func (s *scribe) joint(b []byte) []byte {
	if last, _ := utf8.DecodeLastRune(b); last == '？' || last == '！' || last == '?' || last == '!' {
		if s.l == english {
			b = append(b, ' ')
		}
		return b
	}
	habits := [2][8]string{{". ", ". ", ". ", "! ", ", ", " - ", "... ", ".\n"}, {"。", "。", "，", "！", "，", " ", "。。。", "。\n"}}
	h := int(s.who.tone >> 8 % 8)
	if s.facts.chance(.25) {
		h = 0
	}
	if h == 7 && s.facts.chance(.6) {
		h = 2 * s.l
	}
	return append(b, habits[s.l][h]...)
}

// outline chooses the sections to say and their order.
func (s *scribe) outline(d *dice) [][]phrase {
	book := s.w.book
	c := &book.causes[s.p.cause]
	parts := make([][]phrase, 0, 9)
	if s.p.motive == professional {
		for _, name := range letterOrders[d.n(len(letterOrders))] {
			switch {
			case name == "core":
				parts = append(parts, c.core[s.l])
			case name == "contact" && s.w.gangs[s.p.group-1].Careful && d.chance(.7):
			default:
				parts = append(parts, book.letters[s.l][name])
			}
		}
		return parts
	}
	kind := s.persona(d)
	for _, section := range orders[d.n(len(orders))] {
		if d.n(100) < personas[kind].odds[section] {
			parts = append(parts, s.section(section, kind, d))
		}
	}
	if len(parts) < 3 {
		parts = append(parts, s.section(2, kind, d), s.section(3, kind, d))
	}
	if d.chance(.06) {
		parts = slices.Insert(parts, d.n(len(parts)), book.frame[s.l]["unrelated"])
	}
	return parts
}

// persona is the customer's own; a gang's script has the one of its author.
func (s *scribe) persona(d *dice) int {
	x := int(s.who.tone >> 20 % 100)
	if s.p.group > 0 && s.p.motive != contradiction {
		x = d.n(100)
	}
	for i, p := range personas {
		if x -= p.share; x < 0 {
			return i
		}
	}
	return 0
}

func (s *scribe) section(section, kind int, d *dice) []phrase {
	c := &s.w.book.causes[s.p.cause]
	frame := s.w.book.frame[s.l]
	name := sectionNames[section]
	switch name {
	case "core":
		return c.core[s.l]
	case "detail":
		return c.detail[s.l]
	case "fact":
		if c.matter != noMatter {
			return frame["fact.money"]
		}
		return frame["fact"]
	}
	// A way of writing has sentences of its own beside the common ones.
	if special := frame[name+"."+personas[kind].name]; special != nil && d.chance(.6) {
		return special
	}
	return frame[name]
}

// fill writes one slot from the complaint's facts.
func (s *scribe) fill(b []byte, k slot) []byte {
	d := &s.facts
	switch slotNames[k] {
	case "amount":
		return s.money(b, s.p.amount)
	case "claim":
		return s.money(b, max(s.p.claim, s.p.amount/2))
	case "date":
		return s.date(b)
	case "time":
		return s.clock(b)
	case "code":
		return append(b, s.code...)
	case "order", "tx":
		return appendMovementID(b, s.tx)
	case "product":
		return append(b, s.w.book.lists["product_"+languages[s.l]][s.p.product]...)
	case "app":
		return append(b, apps[s.who.app]...)
	case "tail":
		return strconv.AppendUint(b, 1000+s.who.payout%9000, 10)
	case "contact":
		return s.handle(b)
	case "name":
		return s.w.book.appendName(b, s.who.name>>7, s.l)
	}
	return s.w.book.number(b, slotNames[k], s.l, d)
}

// number writes the slots that depend on nothing but chance; the logs use them too.
func (bk *book) number(b []byte, name string, l int, d *dice) []byte {
	switch name {
	case "hours":
		return strconv.AppendInt(b, int64(2+d.n(70)), 10)
	case "days":
		return strconv.AppendInt(b, int64(2+d.n(12)), 10)
	case "n":
		return strconv.AppendInt(b, int64(2+d.n(9)), 10)
	case "minutes":
		return strconv.AppendInt(b, int64(3+d.n(55)), 10)
	case "pct":
		return strconv.AppendInt(b, int64(2+d.n(60)), 10)
	case "lots":
		return strconv.AppendFloat(b, float64(1+d.n(80))/10, 'f', -1, 64)
	case "price", "price2":
		return strconv.AppendFloat(b, float64(100000+d.n(400000))/100, 'f', 2, 64)
	case "ms":
		return strconv.AppendInt(b, int64(d.spread(60, 1)), 10)
	case "cid":
		return strconv.AppendInt(b, int64(1000000+d.n(9000000)), 10)
	case "hex":
		return strconv.AppendUint(b, d.pcg.Uint64()>>24, 16)
	case "host":
		return strconv.AppendInt(append(b, "node-"...), int64(1+d.n(12)), 10)
	case "ip":
		for i, n := range [...]int{10 + d.n(180), d.n(256), d.n(256), 1 + d.n(254)} {
			if i > 0 {
				b = append(b, '.')
			}
			b = strconv.AppendInt(b, int64(n), 10)
		}
		return b
	}
	list := bk.lists[name+"_"+languages[l]]
	if list == nil {
		list = bk.lists[name]
	}
	if len(list) == 0 {
		return b
	}
	return append(b, list[d.n(len(list))]...)
}

func (s *scribe) money(b []byte, cents int64) []byte {
	whole, cny := cents/100, s.who.currency() == "CNY"
	style := s.facts.n(6)
	if s.l == han {
		switch {
		case style == 0 && whole >= 10000 && whole%1000 == 0:
			b = strconv.AppendFloat(b, float64(whole)/10000, 'f', -1, 64)
			b = append(b, "万"...)
		case style == 1 && cents%100 != 0:
			b = appendCents(b, cents)
		default:
			b = strconv.AppendInt(b, whole, 10)
		}
		units := [2][3]string{{"美元", "美金", "刀"}, {"元", "块", "块钱"}}
		return append(b, units[btoi(cny)][s.facts.n(3)]...)
	}
	signs := [2][4]string{{"$", "USD ", "US$", "$"}, {"CNY ", "RMB ", "¥", "CNY "}}
	b = append(b, signs[btoi(cny)][style%4]...)
	if style == 0 && whole >= 1000 && whole%1000 == 0 {
		return append(strconv.AppendInt(b, whole/1000, 10), 'k')
	}
	if style < 3 && whole >= 1000 && whole < 1000000 {
		b = append(strconv.AppendInt(b, whole/1000, 10), ',')
		rest := whole % 1000
		return append(b, byte('0'+rest/100), byte('0'+rest/10%10), byte('0'+rest%10))
	}
	return strconv.AppendInt(b, whole, 10)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// date is when it happened, as people write it: within a few days before.
func (s *scribe) date(b []byte) []byte {
	t := time.Unix(s.p.at-int64(s.facts.n(5*86400)), 0).UTC()
	if s.p.hit > 0 {
		t = time.Unix(s.p.hit, 0).UTC()
	}
	layouts := [2][6]string{{"2 January", "Jan 2", "2006-01-02", "02/01/2006", "Monday", "January 2"},
		{"1月2日", "1月2号", "2006-01-02", "2号", "2006年1月2日", "1.2"}}
	return t.AppendFormat(b, layouts[s.l][s.facts.n(6)])
}

func (s *scribe) clock(b []byte) []byte {
	t := time.Unix(s.p.at-int64(s.facts.n(20000)), 0).UTC()
	layouts := [2][4]string{{"15:04", "3:04pm", "around 3pm", "15:04:05"}, {"15:04", "15点04分", "15点多", "15:04:05"}}
	return t.AppendFormat(b, layouts[s.l][s.facts.n(4)])
}

// handle is how an agent, or anybody, says where to be reached.
func (s *scribe) handle(b []byte) []byte {
	h := scramble(s.contact)
	switch h % 3 {
	case 0:
		return strconv.AppendUint(append(b, "QQ "...), 100000000+h>>8%2900000000, 10)
	case 1:
		return strconv.AppendUint(append(b, "WeChat wx"...), 100000+h>>8%89999999, 10)
	}
	return strconv.AppendUint(append(b, "1"...), 3000000000+h>>8%6999999999, 10)
}

func (bk *book) appendName(b []byte, seed uint64, l int) []byte {
	pick := func(list string) {
		of := bk.lists[list]
		seed = scramble(seed)
		b = append(b, of[seed%uint64(len(of))]...)
	}
	if l == han {
		pick("surname_zh")
		pick("given_zh")
		if seed&(1<<40) != 0 {
			pick("given_zh")
		}
		return b
	}
	pick("given_en")
	b = append(b, ' ')
	pick("surname_en")
	return b
}

func (bk *book) appendAddress(out []byte, p person) []byte {
	a := p.address
	if p.zh {
		streets := bk.lists["street_zh"]
		out = append(out, streets[a%uint64(len(streets))]...)
		out = strconv.AppendUint(out, 1+a>>10%400, 10)
		out = append(out, "号"...)
		out = strconv.AppendUint(out, 1+a>>22%30, 10)
		return strconv.AppendUint(append(out, "-"...), 101+a>>30%2900, 10)
	}
	streets := bk.lists["street_en"]
	out = strconv.AppendUint(out, 1+a>>10%900, 10)
	out = append(append(out, ' '), streets[a%uint64(len(streets))]...)
	return strconv.AppendUint(append(out, " Flat "...), 1+a>>24%300, 10)
}
