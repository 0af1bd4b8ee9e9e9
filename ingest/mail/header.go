package mail

import (
	"crypto/sha256"
	"encoding/hex"
	"net/mail"
	"regexp"
	"strings"
	"time"

	"github.com/emersion/go-message/textproto"
)

// header reads what the header of the message says.
func (w *walker) header(h textproto.Header) {
	m := w.m
	m.ID = first(ids(h.Get("Message-Id"), 1))
	references := ids(h.Get("References"), 200)
	m.Answers = ids(h.Get("In-Reply-To"), 3)
	for i := len(references) - 1; i >= 0 && len(m.Answers) < 10; i-- {
		m.Answers = append(m.Answers, references[i])
	}
	switch {
	case len(references) > 0:
		m.Thread = references[0]
	case len(m.Answers) > 0:
		m.Thread = m.Answers[0]
	default:
		m.Thread = m.ID
	}
	for _, field := range []string{"From", "Sender", "Return-Path"} {
		if m.Name, m.From = w.address(h.Get(field)); m.From != "" {
			break
		}
	}
	_, m.ReplyTo = w.address(h.Get("Reply-To"))
	m.To = w.addresses(h.Get("To") + "," + h.Get("Cc"))
	m.List = strings.ToLower(strings.Trim(clean(lastAngle(h.Get("List-Id")), mostID), "<> "))
	m.Subject = subject(clean(w.words(h.Get("Subject")), mostField))
	m.Received = received(h)
	m.Automatic, m.Listed = automatic(h, m)
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

var angled = regexp.MustCompile(`<([^<>]+)>`)

// ids lists the identifiers in a field, without <>. Of a field without any <>
// its words are taken. A long one is replaced by its hash.
func ids(field string, most int) (out []string) {
	for _, g := range angled.FindAllStringSubmatch(field, -1) {
		out = append(out, g[1])
	}
	if out == nil {
		out = strings.Fields(field)
	}
	kept := out[:0]
	for _, id := range out {
		if id = strings.Join(strings.Fields(clean(id, len(id))), ""); id == "" {
			continue
		}
		if len(id) > mostID {
			id = "sha256-" + digest(id)[:32]
		}
		if kept = append(kept, id); len(kept) == most {
			break
		}
	}
	return kept
}

func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		_, _ = h.Write([]byte(p)) // it never fails
		_, _ = h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil))
}

func lastAngle(s string) string {
	if i := strings.LastIndexByte(s, '<'); i >= 0 {
		return s[i:]
	}
	return s
}

// address is the first address in a field and the name before it. It takes what
// people's programs write, which is more than the standard allows.
func (w *walker) address(field string) (name, address string) {
	field = firstOf(cut(field, 16<<10))
	if i := strings.LastIndexByte(field, '<'); i >= 0 {
		name = field[:i]
		address, _, _ = strings.Cut(field[i+1:], ">")
	} else if i := strings.IndexByte(field, '('); i >= 0 { // anna@example.com (Anna)
		address = field[:i]
		name = strings.TrimSuffix(strings.TrimSpace(field[i+1:]), ")")
	} else {
		address = field
	}
	address = strings.ToLower(strings.Join(strings.Fields(clean(w.words(address), 320)), ""))
	if i := strings.LastIndexByte(address, '@'); i <= 0 || i == len(address)-1 {
		if strings.IndexByte(address, '@') >= 0 || strings.IndexByte(field, '<') < 0 {
			return "", "" // no address
		}
	}
	name = strings.TrimSpace(name)
	if len(name) > 1 && name[0] == '"' {
		name = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(strings.TrimSuffix(name[1:], `"`))
	}
	name = strings.Trim(clean(w.words(name), 200), `"' `)
	if strings.EqualFold(name, address) {
		name = ""
	}
	return name, address
}

// addresses lists the addresses in a field.
func (w *walker) addresses(field string) (out []string) {
	field = strings.TrimLeft(cut(field, 64<<10), ",; \t\r\n")
	for len(out) < mostTo && field != "" {
		one := firstOf(field)
		if _, a := w.address(one); a != "" {
			out = append(out, a)
		}
		field = strings.TrimLeft(field[len(one):], ",; \t\r\n")
	}
	return out
}

// firstOf is the first of a list of addresses: it ends at a comma outside
// quotes and angles.
func firstOf(list string) string {
	quoted, angle := false, false
	for i := 0; i < len(list); i++ {
		switch c := list[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '<':
			angle = true
		case c == '>':
			angle = false
		case (c == ',' || c == ';') && !angle && strings.Contains(list[:i], "@"): // Lee, Ann <ann@x.com> has one before
			return list[:i]
		}
	}
	return list
}

var replyPrefix = regexp.MustCompile(`^(?i:(?:re|aw|antw|sv|vs|rv|fw|fwd|wg|tr|回复|答复|回覆|答覆|转发|轉寄|轉發)(?:\[\d+\]|\(\d+\))?\s*[:：]\s*)+`)

// subject is a subject without the marks of replies and forwarding, but never
// nothing where there was something.
func subject(s string) string {
	if short := strings.TrimSpace(replyPrefix.ReplaceAllString(s, "")); short != "" {
		return short
	}
	return s
}

// clockAhead is how far a writer's clock may be ahead of the server that took the
// message before the server is believed instead.
const clockAhead = 24 * time.Hour

// received is when the message was written or, where it does not say so or says
// a time that had not come, when the last server took it.
func received(h textproto.Header) time.Time {
	date := parseDate(h.Get("Date"))
	taken := time.Time{}
	for f := h.FieldsByKey("Received"); f.Next(); {
		v := f.Value()
		if i := strings.LastIndexByte(v, ';'); i >= 0 {
			taken = parseDate(v[i+1:])
		}
		if !taken.IsZero() {
			break // the topmost was added last
		}
	}
	if date.IsZero() || !taken.IsZero() && date.After(taken.Add(clockAhead)) {
		return taken
	}
	return date
}

// parseDate is the zero time for what is no date, or none between 1970 and 2200.
func parseDate(s string) time.Time {
	if len(s) > 200 {
		return time.Time{}
	}
	t, err := mail.ParseDate(strings.TrimSpace(s))
	if err != nil || t.Year() < 1970 || t.Year() > 2200 {
		return time.Time{}
	}
	return t.UTC()
}
