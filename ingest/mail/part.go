package mail

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"regexp"
	"slices"
	"strings"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/textproto"

	"plaint/ingest/markup"
)

// walker goes through the parts of one message.
type walker struct {
	m     *Message
	guess func([]byte) string
	parts int
}

func (w *walker) note(what string) {
	if !slices.Contains(w.m.Notes, what) {
		w.m.Notes = append(w.m.Notes, what)
	}
}

// said is text that a part holds.
type said struct {
	text string
	html bool
}

func (s said) blank() bool { return strings.TrimSpace(s.text) == "" }

func (s said) words() string {
	if s.html {
		return cleanLines(markup.Letter(s.text))
	}
	return cleanLines(s.text)
}

// part reads a part, and all in it, to its end.
func (w *walker) part(h textproto.Header, body io.Reader, depth int) (said, error) {
	if w.parts++; w.parts > mostParts || depth > mostDepth {
		return said{}, errBomb
	}
	kind, params := contentType(h)
	if strings.HasPrefix(kind, "multipart/") && params["boundary"] != "" {
		return w.multipart(kind, textproto.NewMultipartReader(body, params["boundary"]), depth)
	}
	body = w.decoded(h, body)
	disposition, name := w.disposition(h, params)
	switch {
	case kind == "message/rfc822" || kind == "message/global":
		return said{}, w.nested(name, body, depth)
	case (kind == "text/plain" || kind == "text/html" || strings.HasPrefix(kind, "multipart/")) && disposition != "attachment" && name == "":
		return w.leaf(kind == "text/html", params["charset"], body)
	case kind == "application/pgp-signature", kind == "application/pkcs7-signature", kind == "application/x-pkcs7-signature", kind == "message/delivery-status":
		return said{}, w.drain(body)
	}
	return said{}, w.attached(name, kind, body)
}

var parameter = regexp.MustCompile(`(?i)(boundary|charset|name|filename|report-type)\s*=\s*"?([^";\s]+)`)

// contentType is a part's type, in small letters, and its parameters. A field
// that is not written as it should be is read as far as it can be.
func contentType(h textproto.Header) (string, map[string]string) {
	field := cut(h.Get("Content-Type"), 16<<10)
	if field == "" {
		return "text/plain", nil
	}
	if kind, params, err := mime.ParseMediaType(field); err == nil && strings.Contains(kind, "/") {
		return kind, params
	}
	kind, _, _ := strings.Cut(field, ";")
	if kind = strings.ToLower(strings.TrimSpace(kind)); !strings.Contains(kind, "/") {
		kind = "text/plain"
	}
	params := map[string]string{}
	for _, g := range parameter.FindAllStringSubmatch(field, -1) {
		params[strings.ToLower(g[1])] = g[2]
	}
	return kind, params
}

// disposition says whether a part is to be shown, and under which name.
func (w *walker) disposition(h textproto.Header, params map[string]string) (how, name string) {
	field := cut(h.Get("Content-Disposition"), 16<<10)
	how, given, err := mime.ParseMediaType(field)
	if err != nil {
		how, _, _ = strings.Cut(field, ";")
		how = strings.ToLower(strings.TrimSpace(how))
		if g := parameter.FindStringSubmatch(field); g != nil && strings.EqualFold(g[1], "filename") {
			given = map[string]string{"filename": g[2]}
		}
	}
	if name = given["filename"]; name == "" {
		name = params["name"]
	}
	return how, w.words(name)
}

// decoded undoes the transfer encoding of a part. go-message decodes no
// character set here: what is said about it is often wrong.
func (w *walker) decoded(h textproto.Header, body io.Reader) io.Reader {
	how := strings.ToLower(strings.TrimSpace(h.Get("Content-Transfer-Encoding")))
	var only message.Header
	only.Set("Content-Transfer-Encoding", how)
	only.Set("Content-Type", "application/octet-stream")
	e, err := message.New(only, body)
	if err != nil {
		w.note("unknown transfer encoding")
		return body
	}
	return e.Body
}

func (w *walker) multipart(kind string, r *textproto.MultipartReader, depth int) (said, error) {
	var all []said
	for {
		p, err := r.NextPart()
		if err != nil {
			if fatal(err) {
				return said{}, err
			}
			if err != io.EOF {
				w.note("cut off")
			}
			break
		}
		s, err := w.part(p.Header, p, depth+1)
		if err != nil {
			return said{}, err
		}
		if !s.blank() {
			all = append(all, s)
		}
	}
	if kind == "multipart/alternative" && len(all) > 0 {
		if i := slices.IndexFunc(all, func(s said) bool { return !s.html }); i >= 0 {
			return all[i], nil
		}
		return all[0], nil
	}
	if len(all) == 1 {
		return all[0], nil
	}
	var out []string
	size := 0
	for _, s := range all {
		if size > mostText {
			w.note("text cut")
			break
		}
		t := s.words()
		size += len(t)
		out = append(out, t)
	}
	return said{text: strings.Join(out, "\n\n")}, nil
}

// fatal reports an error that ends the message, and not only a part of it.
func fatal(err error) bool { return errors.Is(err, errLong) || errors.Is(err, errBomb) }

// drain reads a part to its end. Damage inside it is noted.
func (w *walker) drain(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return w.damage(err)
}

func (w *walker) damage(err error) error {
	if err == nil || fatal(err) {
		return err
	}
	w.note("damaged part")
	return nil
}

func (w *walker) leaf(html bool, set string, r io.Reader) (said, error) {
	most := int64(mostText)
	if html {
		most = mostHTML
	}
	var b bytes.Buffer
	_, err := io.Copy(&b, io.LimitReader(r, most+1))
	if int64(b.Len()) > most {
		w.note("text cut")
		b.Truncate(int(most))
	}
	if err = w.damage(err); err == nil {
		err = w.drain(r)
	}
	return said{w.text(b.Bytes(), set), html}, err
}

// finish parts what was said from history and signature.
func (w *walker) finish(text string) {
	m := w.m
	m.Text, m.Quoted, m.Signature = split(text)
	if m.Text == "" { // forwarded without a word
		m.Text = m.Forwarded
	}
	if len(m.Text) > mostText {
		w.note("text cut")
	}
	m.Text, m.Quoted, m.Signature = cut(m.Text, mostText), cut(m.Quoted, mostOther), cut(m.Signature, mostOther)
}
