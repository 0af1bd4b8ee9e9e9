package mailbox

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"plaint/ingest/mail"
	"plaint/internal/record"
)

// letter is a message, or the reason why it cannot be read.
type letter struct {
	uid   imap.UID
	m     *mail.Message
	fault *mail.Fault
}

// begin is how much is asked for of a message that is too long to be read.
const begin = 64 << 10

// fetch reads messages, as many as fit into a batch: took of those asked for.
// One that was deleted meanwhile is not among them.
func (r *reader) fetch(f *folder, uids []imap.UID) (took int, out []letter, err error) {
	r.to.Meter.Received(time.Now())
	sizes, err := r.sizes(uids)
	if err != nil {
		return 0, nil, err
	}
	var whole, long imap.UIDSet
	room := int64(batchBytes)
	for _, u := range uids {
		size, ok := sizes[u]
		if room -= min(size, 2*mail.KeptWhole); room < 0 && took > 0 {
			break
		}
		took++
		switch {
		case !ok:
		case size > mail.MostBytes:
			long.AddNum(u)
		default:
			whole.AddNum(u)
		}
	}
	for _, part := range []struct {
		set  imap.UIDSet
		most *imap.SectionPartial
	}{{whole, nil}, {long, &imap.SectionPartial{Size: begin}}} {
		if len(part.set) == 0 {
			continue
		}
		some, err := r.letters(part.set, part.most)
		if err != nil {
			return 0, nil, fmt.Errorf("read messages of %s: %w", f.name, err)
		}
		out = append(out, some...)
	}
	slices.SortFunc(out, func(a, b letter) int { return cmp.Compare(a.uid, b.uid) })
	if gone := took - len(out); gone > 0 {
		r.to.Log.Warn("messages were deleted before they were read", "folder", f.name, "count", gone)
	}
	return took, out, nil
}

// sizes asks how long messages are.
func (r *reader) sizes(uids []imap.UID) (map[imap.UID]int64, error) {
	r.k.alive()
	list, err := r.k.Fetch(imap.UIDSetNum(uids...), &imap.FetchOptions{UID: true, RFC822Size: true}).Collect()
	if err != nil {
		return nil, fmt.Errorf("look at messages: %w", err)
	}
	out := map[imap.UID]int64{}
	for _, m := range list {
		out[m.UID] = m.RFC822Size
	}
	return out, nil
}

// letters reads messages one after the other, as they come.
func (r *reader) letters(set imap.UIDSet, most *imap.SectionPartial) (out []letter, err error) {
	cmd := r.k.Fetch(set, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true, Partial: most}}})
	defer func() {
		if e := cmd.Close(); err == nil {
			err = e
		}
	}()
	for {
		r.k.alive()
		data := cmd.Next()
		if data == nil {
			return out, nil
		}
		l, ok, err := r.letter(data, most != nil)
		if err != nil {
			return nil, err
		}
		if ok { // else it tells of another session's doings
			out = append(out, l)
		}
	}
}

var errOdd = errors.New("the server's answer is not what was asked for")

// letter reads one message. Its number comes first, or is known at its end.
func (r *reader) letter(data *imapclient.FetchMessageData, long bool) (l letter, ok bool, err error) {
	for {
		switch item := data.Next().(type) {
		case nil:
			if ok && l.uid == 0 {
				return l, false, errOdd
			}
			return l, ok, nil
		case imapclient.FetchItemDataUID:
			l.uid = item.UID
		case imapclient.FetchItemDataBodySection:
			if ok = item.Literal != nil; !ok {
				continue
			}
			if err := r.text(&l, item.Literal, long); err != nil {
				return l, false, err
			}
		}
	}
}

func (r *reader) text(l *letter, from io.Reader, long bool) error {
	if long {
		raw, err := io.ReadAll(io.LimitReader(from, begin))
		l.fault = &mail.Fault{Code: "mail_too_long", Raw: raw}
		return err
	}
	m, err := r.decode.Read(from)
	if errors.As(err, &l.fault) {
		return l.fault.Err
	}
	l.m = m
	return err
}

// take makes a row of a message, or its refusal.
func (r *reader) take(b *record.Batch, f *folder, l letter) error {
	line := int64(l.uid)
	if l.m == nil {
		if !f.sent {
			r.decode.Refuse(b, nil, l.fault, line)
		}
		return nil
	}
	m := l.m
	if m.Listed && r.c.ownList(m.List) {
		m.Automatic = ""
	}
	party := ""
	if !f.sent {
		party = m.Party(r.c.own)
	}
	if party != "" || m.Automatic != "" && !f.sent || m.From == "" && !f.sent {
		r.decode.Append(b, m, m.Row(party), line)
		return nil
	}
	to, err := r.answered(f, l)
	if err != nil {
		return err
	}
	switch {
	case to != nil:
		r.decode.Append(b, m, m.Answer(to.Thread, to.Party(r.c.own)), line)
	case !f.sent:
		r.decode.Refuse(b, m, &mail.Fault{Code: "own_mail"}, line)
	}
	return nil
}

// mostFound bounds the messages that are looked at under one Message-ID.
const mostFound = 5

// answered finds the message of a complaint that a message of ours answers: in
// the folder, and read before. Without it the answer would make a complaint of
// its own.
func (r *reader) answered(f *folder, l letter) (*mail.Message, error) {
	if l.m.Automatic != "" {
		return nil, nil
	}
	before := r.main.last
	if !f.sent {
		before = l.uid - 1
	}
	for _, id := range l.m.Answers {
		if strings.HasPrefix(id, "sha256-") {
			continue
		}
		if err := r.open(r.main); err != nil {
			return nil, err
		}
		r.k.alive()
		found, err := r.k.UIDSearch(&imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: id}}}, nil).Wait()
		if err != nil {
			return nil, fmt.Errorf("look for an answered message: %w", err)
		}
		all, _ := found.All.(imap.UIDSet)
		m, err := r.complaint(all, id, l.m.To, before)
		if m != nil || err != nil {
			return m, err
		}
	}
	return nil, nil
}

// complaint is the first of messages that is one, was read, has the ID, and is by
// somebody to whom the answer went: a note among ourselves is no answer.
func (r *reader) complaint(found imap.UIDSet, id string, to []string, before imap.UID) (*mail.Message, error) {
	var set imap.UIDSet
	n := 0
	for _, g := range found {
		for u := g.Start; u != 0 && u <= min(g.Stop, before) && n < mostFound; u++ {
			set.AddNum(u)
			n++
		}
	}
	if n == 0 {
		return nil, nil
	}
	section := &imap.FetchItemBodySection{Peek: true, Specifier: imap.PartSpecifierHeader}
	r.k.alive()
	list, err := r.k.Fetch(set, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}}).Collect()
	if err != nil {
		return nil, fmt.Errorf("look at an answered message: %w", err)
	}
	for _, found := range list {
		m, err := r.decode.Read(strings.NewReader(string(found.FindBodySection(section)) + "\r\n"))
		if err != nil {
			continue // it was refused as well
		}
		if m.Listed && r.c.ownList(m.List) {
			m.Automatic = ""
		}
		if m.ID == id && m.Automatic == "" && m.Party(r.c.own) != "" && (slices.Contains(to, m.From) || slices.Contains(to, m.ReplyTo)) {
			return m, nil
		}
	}
	return nil, nil
}
