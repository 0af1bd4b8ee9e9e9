package simulate

import (
	"slices"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"
)

var (
	channels      = [...]string{"app", "web", "phone", "email", "wechat", "chat", "regulator"}
	channelWeight = []int{34, 18, 14, 14, 12, 6, 2}
	// desks are the systems that the complaints come from, by channel.
	desks = [...]string{"helpdesk", "helpdesk", "hotline", "helpdesk", "wechat_service", "helpdesk", "regulator_portal"}
)

const complaintHeader = "id,source,channel,customer,customer_name,contact,received,type,product,subject,body,amount,currency," +
	"evidence,status,status_changed,handler,department,priority,resolution,upheld,redress,closed,reopened,escalated," +
	"external_dispute,device,payout_account,app_version,country\n"

// appendComplaint writes one row of complaints.csv.
func (w *world) appendComplaint(b []byte, i int) []byte {
	s := scribe{w: w}
	s.begin(i)
	p, o := s.p, w.handled(i)
	b = appendComplaintID(b, i)
	channel := s.facts.weighted(channelWeight)
	if p.channel > 0 {
		channel = int(p.channel) - 1
	}
	b = append(append(b, ','), desks[channel]...)
	b = append(append(b, ','), channels[channel]...)
	b = appendCustomer(append(b, ','), p.customer)
	b = append(b, ',')
	b = w.book.appendName(b, s.who.name, btoi(s.who.zh))
	b = s.appendContact(append(b, ','))
	b = appendTime(append(b, ','), p.at)
	b = append(append(b, ','), types[p.filed]...)
	b = append(append(b, ','), products[p.product]...)
	b = s.appendSubject(append(b, ','))
	b = append(b, ',')
	b = appendQuoted(b, s.body(make([]byte, 0, 768)))
	b = append(b, ',')
	if p.claim > 0 {
		b = appendCents(b, p.claim)
	}
	b = append(append(b, ','), s.who.currency()...)
	b = append(b, ',')
	if p.cites {
		b = appendMovementID(b, s.tx)
		if s.facts.chance(.15) {
			b = append(b, ";screenshot-"...)
			b = w.book.number(b, "cid", s.l, &s.facts)
		}
	}
	b = s.appendOutcome(append(b, ','), &o)
	b = appendDevice(append(b, ','), s.who.device)
	b = appendPayout(append(b, ','), s.who.payout)
	b = append(append(b, ','), apps[s.who.app]...)
	return append(append(append(b, ','), countries[s.who.country]...), '\n')
}

func (s *scribe) appendContact(b []byte) []byte {
	seed := s.who.tone
	if r, ok := s.w.roles[s.p.customer]; ok && r.contact != 0 {
		seed = r.contact
	}
	if seed>>33&1 == 0 {
		b = append(b, "u"...)
		b = append(appendDigits(b, scramble(seed)>>8, 7), '@')
		mails := s.w.book.lists["mail"]
		return append(b, mails[seed>>40%uint64(len(mails))]...)
	}
	return appendDigits(append(b, "+861"...), scramble(seed)>>9, 10)
}

func (s *scribe) appendSubject(b []byte) []byte {
	if s.facts.chance(.15) {
		return b
	}
	kind := types[s.w.book.causes[s.p.cause].kind]
	of := s.w.book.frame[s.l]["subject."+kind]
	return appendQuoted(b, of[s.facts.n(len(of))].say(nil, &s.facts, s.fill))
}

func (s *scribe) appendOutcome(b []byte, o *outcome) []byte {
	b = append(append(b, states[o.state]...), ',')
	b = append(appendTime(b, o.changed), ',')
	if o.state != isOpen {
		b = appendHandler(b, o.handler)
	}
	b = append(append(b, ','), departments[o.department]...)
	b = append(append(b, ','), priorities[o.priority]...)
	b = append(b, ',')
	if o.closed > 0 {
		b = append(b, resolutions[o.resolution]...)
		b = append(append(b, ','), answers[btoi(o.upheld)]...)
	} else {
		b = append(b, ',')
	}
	b = append(b, ',')
	if o.redress > 0 {
		b = appendCents(b, o.redress)
	}
	for _, t := range [...]int64{o.closed, o.reopened, o.escalated} {
		b = append(b, ',')
		if t > 0 {
			b = appendTime(b, t)
		}
	}
	b = append(b, ',')
	if o.closed > 0 {
		b = append(b, answers[btoi(o.external)]...)
	}
	return b
}

var answers = [...]string{"no", "yes"}

// soil makes the text after start what fingers and phones make of it:
// mistypings, full-width digits, traditional characters, no capitals.
func (w *world) soil(b []byte, start int, s *scribe) []byte {
	d := throw(w.Seed, ofNoise, uint64(s.p.serial))
	habit := s.who.tone >> 30 % 100
	slip := [...]float64{0, .004, .012, .025}[s.who.tone>>44%4]
	wide, traditional := habit < 6, s.l == han && (s.who.country == 1 || s.who.country == 2) && habit%10 < 7
	lower := s.l == english && habit >= 90
	if slip == 0 && !wide && !traditional && !lower {
		return b
	}
	text := append([]byte(nil), b[start:]...)
	b = b[:start]
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		next, m := utf8.DecodeRune(text[n:])
		switch {
		case s.l == english && unicode.IsLower(r) && unicode.IsLower(next) && d.chance(slip):
			b = appendSlip(b, r, next, &d)
			n += m
		case r > 0x4e00 && d.chance(slip):
			if to, ok := w.book.slips[r]; ok {
				b = utf8.AppendRune(b, to)
			} else if d.chance(.6) {
				b = utf8.AppendRune(b, r)
			}
		case wide && r >= '0' && r <= '9':
			b = utf8.AppendRune(b, r-'0'+'０')
		case traditional && w.book.twins[r] != 0:
			b = utf8.AppendRune(b, w.book.twins[r])
		case lower:
			b = utf8.AppendRune(b, unicode.ToLower(r))
		default:
			b = append(b, text[:n]...)
		}
		text = text[n:]
	}
	return b
}

func appendSlip(b []byte, r, next rune, d *dice) []byte {
	switch d.n(4) {
	case 0:
		return utf8.AppendRune(b, r) // one letter lost
	case 1:
		return utf8.AppendRune(utf8.AppendRune(utf8.AppendRune(b, r), r), next)
	}
	return utf8.AppendRune(utf8.AppendRune(b, next), r)
}

func iso(t int64) string {
	if t == 0 {
		return ""
	}
	return string(appendTime(nil, t))
}

// appendTime writes ISO 8601 in UTC, to the second.
func appendTime(b []byte, t int64) []byte {
	return time.Unix(t, 0).UTC().AppendFormat(b, "2006-01-02T15:04:05Z")
}

func appendCents(b []byte, c int64) []byte {
	b = append(strconv.AppendInt(b, c/100, 10), '.')
	return append(b, byte('0'+c%100/10), byte('0'+c%10))
}

// appendDigits writes the last n decimal digits of x, with leading zeros.
func appendDigits(b []byte, x uint64, n int) []byte {
	at := len(b)
	for range n {
		b = append(b, '0')
	}
	for i := at + n - 1; i >= at; i-- {
		b[i] = byte('0' + x%10)
		x /= 10
	}
	return b
}

// appendQuoted writes one CSV field (RFC 4180), in quotes only where it needs them.
func appendQuoted(b, field []byte) []byte {
	if !slices.ContainsFunc(field, func(c byte) bool { return c == ',' || c == '"' || c == '\n' || c == '\r' }) {
		return append(b, field...)
	}
	b = append(b, '"')
	for _, c := range field {
		if c == '"' {
			b = append(b, '"')
		}
		b = append(b, c)
	}
	return append(b, '"')
}
