package mail

import (
	"strings"
	"time"
)

// Columns are the names of a row's cells, as the profile mail knows them.
func Columns() []string {
	return []string{"mail_id", "mail_customer", "mail_name", "mail_contact", "mail_date", "mail_subject", "mail_text", "mail_attachments",
		"mail_status", "mail_status_changed", "mail_handler", "mail_answer",
		"automatic", "thread", "message_id", "to", "quoted", "signature", "forwarded", "notes"}
}

// Automatic is the place among Columns that says why no person wrote a message.
const Automatic = 12

// ComplaintID names the complaint that a party makes in a thread. The thread is
// named by the message that it began with; a party's tag tells those apart who
// answer one and the same letter of ours.
func ComplaintID(thread, party string) string {
	return thread + "#" + digest(thread, party)[:8]
}

// Party is who complains: the writer, or, if that is one of ours, such as the
// form of a web site, whom an answer goes to. "" if it is nobody but us.
func (m *Message) Party(own func(address string) bool) string {
	switch {
	case own == nil || m.From != "" && !own(m.From):
		return m.From
	case m.ReplyTo != "" && !own(m.ReplyTo):
		return m.ReplyTo
	}
	return ""
}

// Row is a message of a party that complains, in the order of Columns.
func (m *Message) Row(party string) []string {
	id, thread := "", m.Thread
	if thread == "" { // no way to answer it: its content is its name
		thread = "content-" + digest(append([]string{party, stamp(m.Received), m.Subject, m.Text}, m.Attached...)...)[:32]
		id = thread
	} else {
		id = ComplaintID(thread, party)
	}
	name := m.Name
	if party != m.From {
		name = ""
	}
	at := stamp(m.Received)
	return []string{id, party, name, party, at, m.Subject, m.Text, strings.Join(m.Attached, "\n"), "open", at, "", "",
		string(m.Automatic), thread, m.ID, first(m.To), m.Quoted, m.Signature, m.Forwarded, strings.Join(m.Notes, ", ")}
}

// Answer is a message of ours to a party that complained in a thread: a later
// state of that complaint, which says who answered, when and what.
func (m *Message) Answer(thread, party string) []string {
	return []string{ComplaintID(thread, party), party, "", "", "", m.Subject, "", "", "in_progress", stamp(m.Received), m.From, m.Text,
		"", thread, m.ID, "", "", "", "", ""}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
