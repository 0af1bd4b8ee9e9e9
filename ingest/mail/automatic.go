package mail

import (
	"strings"

	"github.com/emersion/go-message/textproto"

	"plaint/internal/record"
)

// automatic tells messages that no person wrote to us: reports of the mail
// system, automatic replies (RFC 3834) and mailings (RFC 2369, RFC 2919). listed
// says that only the marks of a list speak for it.
func automatic(h textproto.Header, m *Message) (code record.Code, listed bool) {
	is := func(field string, words ...string) bool {
		v := strings.ToLower(h.Get(field))
		for _, w := range words {
			if strings.HasPrefix(strings.TrimSpace(v), w) {
				return true
			}
		}
		return false
	}
	kind, params := contentType(h)
	local, _, _ := strings.Cut(m.From, "@")
	switch {
	case kind == "multipart/report" && strings.EqualFold(params["report-type"], "disposition-notification"):
		return "auto_reply", false
	case kind == "multipart/report", local == "mailer-daemon", h.Has("X-Failed-Recipients"):
		return "bounce", false
	case h.Has("Auto-Submitted") && !is("Auto-Submitted", "no"),
		h.Has("X-Autoreply"), h.Has("X-Autorespond"), h.Has("X-Autoresponder"),
		is("Precedence", "auto_reply", "auto-reply"), strings.TrimSpace(h.Get("Return-Path")) == "<>":
		return "auto_reply", false
	case h.Has("List-Id"), h.Has("List-Unsubscribe"), h.Has("List-Post"), is("Precedence", "bulk", "list", "junk"):
		return "newsletter", true
	}
	return "", false
}
