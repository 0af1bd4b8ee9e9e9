package web

import (
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"plaint/internal/web/locale"
)

// policy lets a page load its own style and nothing else; there is no script.
const policy = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// longestPath keeps what is logged and matched short.
const longestPath = 1024

// guarded sets the headers of every answer and turns away requests under a
// name that is not ours: a page of a stranger whose name was made to point
// here (DNS rebinding) must not read.
func (s *site) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Add("Vary", "Accept-Language, Cookie")
		switch {
		case !s.allowed(r.Host):
			s.refuse(w, r, true, http.StatusMisdirectedRequest, "wrong_host")
		case len(r.URL.Path) > longestPath:
			s.refuse(w, r, true, http.StatusRequestURITooLong, "too_long")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// allowed reports whether the Host header names this server.
func (s *site) allowed(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.ToLower(strings.TrimSuffix(strings.Trim(name, "[]"), "."))
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(name)
	if err == nil && ip.IsLoopback() {
		return true
	}
	for _, h := range s.Hosts {
		own, bad := netip.ParseAddr(h)
		anywhere := h == "" || bad == nil && own.IsUnspecified()
		if strings.EqualFold(h, name) && name != "" || anywhere && err == nil {
			return true
		}
	}
	return false
}

// forPrograms reports a path that people do not look at: its errors are JSON.
func forPrograms(r *http.Request) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	return first == "api" || first == "v1" || first == "hooks"
}

const languageCookie = "plaint_lang"

// words are those of the language asked for: by ?lang=, by the cookie that an
// earlier ?lang= left, by the browser, or the one configured.
func (s *site) words(r *http.Request) *locale.Words {
	if lang, ok := known(r.URL.Query().Get("lang")); ok {
		return locale.For(lang)
	}
	if c, err := r.Cookie(languageCookie); err == nil {
		if lang, ok := known(c.Value); ok {
			return locale.For(lang)
		}
	}
	if lang := preferred(r.Header.Get("Accept-Language")); lang != "" {
		return locale.For(lang)
	}
	return locale.For(s.Lang)
}

// known is the language of a tag, if there is a catalogue for it.
func known(tag string) (string, bool) {
	tag = strings.ToLower(strings.TrimSpace(tag))
	for _, lang := range locale.Languages {
		if tag == lang || strings.HasPrefix(tag, lang+"-") {
			return lang, true
		}
	}
	return "", false
}

// preferred is the known language of the highest weight, the first of equals.
func preferred(header string) string {
	best, most := "", 0.0
	for _, part := range strings.Split(header[:min(len(header), 500)], ",") {
		tag, parameters, _ := strings.Cut(part, ";")
		weight := 1.0
		if q, ok := strings.CutPrefix(strings.TrimSpace(parameters), "q="); ok {
			v, err := strconv.ParseFloat(q, 64)
			if err != nil {
				continue
			}
			weight = v
		}
		if lang, ok := known(tag); ok && weight > most {
			best, most = lang, weight
		}
	}
	return best
}
