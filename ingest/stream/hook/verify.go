// Package hook reads the webhooks of help desks and survey tools: who sent a
// delivery, and which rows are in it. It opens no connection and keeps nothing.
package hook

import (
	"crypto/hmac"
	"crypto/sha1" // what Zammad signs with
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Tools are the senders that are known, by the name in the settings.
var Tools = []string{"zendesk", "zammad", "chatwoot", "formbricks", "typeform", "standard", "hmac"}

// Errors of a delivery that is not believed.
var (
	ErrSignature = errors.New("the signature is missing or wrong")
	ErrTime      = errors.New("the delivery is too old, or from the future")
)

// Window is how far the time in a delivery may be from ours, where the tool
// signs a time. What was caught and is sent again later is refused.
const Window = 5 * time.Minute

// signed is what a delivery says of itself.
type signed struct {
	id     string   // of the delivery, the same when it is tried again; "" if it has none
	at     string   // as it was signed, "" if no time is signed
	text   []string // what is signed, in parts
	given  []string // signatures, any of which may be right
	digest func() hash.Hash
	decode func(string) ([]byte, error)
}

// Verify checks a delivery over its raw body against the secrets, of which any
// may be right: while one is being replaced there are two. It returns the
// delivery's own id, which is "" where the tool gives none. Comparing takes the
// same time whatever differs. The error is ErrSignature or ErrTime.
func Verify(tool string, h http.Header, body []byte, secrets []string, now time.Time) (id string, err error) {
	s := read(tool, h, body)
	ok := false
	for _, secret := range secrets {
		mac := hmac.New(s.digest, key(tool, secret))
		for _, part := range s.text {
			mac.Write([]byte(part))
		}
		want := mac.Sum(nil)
		for _, given := range s.given {
			sum, err := s.decode(given)
			ok = hmac.Equal(want, sum) && err == nil || ok
		}
	}
	if !ok {
		return "", ErrSignature
	}
	if s.at != "" {
		at, err := moment(s.at)
		if err != nil || at.Before(now.Add(-Window)) || at.After(now.Add(Window)) {
			return "", ErrTime
		}
	}
	return s.id, nil
}

// read finds what a tool signs and where it says so.
func read(tool string, h http.Header, body []byte) signed {
	b := string(body)
	switch tool {
	case "zendesk": // base64(HMAC-SHA256(time + body))
		at := must(h.Get("X-Zendesk-Webhook-Signature-Timestamp"))
		return signed{h.Get("X-Zendesk-Webhook-Invocation-Id"), at, []string{at, b}, list(h.Get("X-Zendesk-Webhook-Signature")), sha256.New, base64.StdEncoding.DecodeString}
	case "zammad": // sha1=hex(HMAC-SHA1(body)); no time is signed
		return signed{"", "", []string{b}, prefixed(h.Get("X-Hub-Signature"), "sha1="), sha1.New, hex.DecodeString}
	case "chatwoot": // sha256=hex(HMAC-SHA256(time.body))
		at := must(h.Get("X-Chatwoot-Timestamp"))
		return signed{h.Get("X-Chatwoot-Delivery"), at, []string{at, ".", b}, prefixed(h.Get("X-Chatwoot-Signature"), "sha256="), sha256.New, hex.DecodeString}
	case "formbricks", "standard": // v1,base64(HMAC-SHA256(id.time.body)), see standardwebhooks.com
		id, at := h.Get("Webhook-Id"), must(h.Get("Webhook-Timestamp"))
		return signed{id, at, []string{id, ".", at, ".", b}, prefixed(h.Get("Webhook-Signature"), "v1,"), sha256.New, base64.StdEncoding.DecodeString}
	case "typeform": // sha256=base64(HMAC-SHA256(body)); no time is signed
		return signed{"", "", []string{b}, prefixed(h.Get("Typeform-Signature"), "sha256="), sha256.New, base64.StdEncoding.DecodeString}
	}
	// t=seconds,v1=hex(HMAC-SHA256(seconds.body)), several v1 while secrets change
	at, given := "", []string(nil)
	for _, part := range strings.Split(h.Get("X-Signature"), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "t":
			at = value
		case "v1":
			given = append(given, value)
		}
	}
	return signed{h.Get("X-Delivery-Id"), must(at), []string{at, ".", b}, given, sha256.New, hex.DecodeString}
}

// must keeps a missing time from counting as none signed.
func must(at string) string {
	if at == "" {
		return "missing"
	}
	return at
}

func list(s string) []string {
	return slices.DeleteFunc([]string{s}, func(s string) bool { return s == "" })
}

// prefixed are the signatures of one form among those in a header.
func prefixed(header, prefix string) (out []string) {
	for _, part := range strings.FieldsFunc(header, func(r rune) bool { return r == ' ' || r == ';' }) {
		if s, ok := strings.CutPrefix(part, prefix); ok && s != "" {
			out = append(out, s)
		}
	}
	return out
}

// key is a secret as the tool uses it.
func key(tool, secret string) []byte {
	if tool == "formbricks" || tool == "standard" {
		if raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_")); err == nil && strings.HasPrefix(secret, "whsec_") {
			return raw
		}
	}
	return []byte(secret)
}

// moment reads a time: seconds since 1970, or RFC 3339.
func moment(s string) (time.Time, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.Unix(n, 0), nil
	}
	return time.Parse(time.RFC3339, s)
}
