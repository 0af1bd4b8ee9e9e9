package web

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"plaint/ingest/stream"

	"plaint/internal/web/format"
	"plaint/internal/web/locale"
	"plaint/internal/web/param"
	"plaint/internal/web/view"
)

// pages renders in one language; live pages link to each other, a report links
// to nothing.
type pages struct {
	format.Format
	live      bool
	templates *template.Template
	sources   []stream.Running // of this server
}

func newPages(words *locale.Words, live bool) (*pages, error) {
	p := &pages{Format: format.Format{Words: words, Years: true}, live: live}
	t, err := template.New("").Funcs(template.FuncMap{"t": words.T}).ParseFS(files, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("read the templates: %w", err)
	}
	p.templates = t
	return p, nil
}

// sheet is what the layout needs, around the body of one page.
type sheet struct {
	Lang, Title, Here string
	Live              bool
	Style             template.CSS // of a report, which has no other file
	Nav               []fact
	Languages         []fact
	Foot              string
	Body              any
}

// fact is a number or a word with a name, and the rows behind it.
type fact struct {
	Label, Text, Note, Href string
	Hot, Here               bool
}

// cell is one cell of a table.
type cell struct {
	Text, Href, Note string
	Mark             template.HTML // a small chart
	Class            string        // num, hot, wide, code
	Tags             []fact
}

type column struct {
	Title string
	Num   bool
	Minor bool // left out where the screen is narrow
}

type table struct {
	Caption string
	Columns []column
	Rows    [][]cell
	More    fact // the rest of the list
}

// href builds a link inside the site; "" in a report. Pairs without a value
// are left out.
func (p *pages) href(path string, pairs ...any) string {
	if !p.live {
		return ""
	}
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if v := fmt.Sprint(pairs[i+1]); v != "" && v != "0" {
			q.Set(fmt.Sprint(pairs[i]), v)
		}
	}
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	return path
}

// orNone is a value for a link that narrows a list: an empty one would not.
func orNone(value string) string { return cmp.Or(value, view.NoValue) }

func (p *pages) number(n int, href string) cell {
	return cell{Text: p.Int(n), Href: href, Class: "num"}
}

func (p *pages) t(code string, pairs ...any) string { return p.Words.T(code, pairs...) }

func (p *pages) name(group, value string) string { return p.Words.Name(group, value) }

var navigation = []string{"/", "/complaints", "/incidents", "/themes", "/knowledge", "/rings", "/cases", "/entries", "/surveys", "/logs", "/loading"}

func (p *pages) nav(here string) (out []fact) {
	for _, path := range navigation {
		code := "web_nav_overview"
		if path != "/" {
			code = "web_nav_" + path[1:]
		}
		out = append(out, fact{Label: p.t(code), Href: path, Here: path == here})
	}
	return out
}

// render writes a page; it is built whole before a byte is sent, so that a
// failure is an error page and not half a page.
func (p *pages) render(w io.Writer, name string, s sheet) error {
	s.Lang, s.Live = p.Words.Lang, p.live
	var b bytes.Buffer
	if err := p.templates.ExecuteTemplate(&b, name, s); err != nil {
		return fmt.Errorf("render %s: %w", name, err)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// pageRoute is one page: its path, the parameters it takes, and what it shows.
type pageRoute struct {
	path  string
	here  string // the entry of the navigation that it belongs to
	names []string
	show  func(ctx context.Context, p *pages, v *view.Reader, q *param.Query, id int64) (name, title string, body any, err error)
}

func (s *site) pageHandler(route pageRoute) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := s.pages[s.words(r).Lang]
		if lang, ok := known(r.URL.Query().Get("lang")); ok {
			http.SetCookie(w, &http.Cookie{Name: languageCookie, Value: lang, Path: "/", MaxAge: 365 * 86400, HttpOnly: true, SameSite: http.SameSiteLaxMode})
		}
		q := param.Parse(r, route.names)
		id := int64(0)
		if text := r.PathValue("id"); text != "" {
			var err error
			if id, err = strconv.ParseInt(text, 10, 64); err != nil || id <= 0 {
				p.fault(w, r, http.StatusNotFound, p.t("web_not_found"))
				return
			}
		}
		var name, title string
		var body any
		var err error
		if q.Fault() == nil {
			name, title, body, err = route.show(r.Context(), p, s.views[p.Words.Lang], q, id)
		}
		if f := q.Fault(); f != nil {
			p.fault(w, r, http.StatusBadRequest, p.t(f.Code, f.Pairs...))
			return
		}
		s.answer(w, r, p, sheet{Title: title, Here: route.here, Body: body}, name, err)
	})
}

func (s *site) answer(w http.ResponseWriter, r *http.Request, p *pages, sh sheet, name string, err error) {
	if err == nil {
		sh.Nav, sh.Languages = p.nav(sh.Here), languages(r, p.Words.Lang)
		sh.Foot = p.t("web_foot", "version", s.Version)
		var b bytes.Buffer
		if err = p.render(&b, name, sh); err == nil {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Content-Language", p.Words.Lang)
			w.Header().Set("Cache-Control", "no-store")
			_, _ = w.Write(b.Bytes()) // the client may be gone
			return
		}
	}
	if isMissing(err) {
		p.fault(w, r, http.StatusNotFound, p.t("web_not_found"))
		return
	}
	s.failed(r, err)
	p.fault(w, r, http.StatusInternalServerError, p.t("web_internal"))
}

// languages links to this page in each language.
func languages(r *http.Request, now string) (out []fact) {
	for _, lang := range locale.Languages {
		q := r.URL.Query()
		q.Set("lang", lang)
		out = append(out, fact{Label: locale.For(lang).T("web_language"), Text: lang, Href: "/" + strings.TrimLeft(r.URL.EscapedPath(), "/") + "?" + q.Encode(), Here: lang == now})
	}
	return out
}

// fault is the page of an error.
func (p *pages) fault(w http.ResponseWriter, r *http.Request, status int, message string) {
	var b bytes.Buffer
	err := p.render(&b, "fault", sheet{Title: message, Nav: p.nav(""), Languages: languages(r, p.Words.Lang), Body: fact{Label: message, Text: strconv.Itoa(status)}})
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err == nil {
		_, _ = w.Write(b.Bytes()) // the client may be gone
	}
}
