package hook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"plaint/ingest/markup"
	"plaint/internal/record"
)

// Delivery is what is in a webhook's body: rows that a profile knows, each one
// JSON object. No rows means that the event is about something else.
type Delivery struct {
	Kind    record.Kind
	Profile string // "" = by the names in the row
	ID      string // of the event, where the body has one
	Rows    [][]byte
}

// ErrBody means that a body is not what the tool sends.
var ErrBody = errors.New("this is not what the tool sends")

// object is a decoded JSON object; numbers stay as they were written.
type object map[string]any

func (o object) sub(name string) object {
	if m, ok := o[name].(map[string]any); ok {
		return m
	}
	return object{}
}

// text is a value as text: of an object its name.
func (o object) text(names ...string) string {
	for _, n := range names {
		switch v := o[n].(type) {
		case string:
			if v != "" {
				return v
			}
		case json.Number:
			return v.String()
		case map[string]any:
			if s := object(v).text("name", "title", "label", "login", "email", "id"); s != "" {
				return s
			}
		}
	}
	return ""
}

func (o object) list(name string) (out []object) {
	all, _ := o[name].([]any)
	for _, v := range all {
		if m, ok := v.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// Read takes a tool's body apart.
func Read(tool string, body []byte) (Delivery, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var o object
	if err := d.Decode(&o); err != nil || o == nil {
		return Delivery{}, ErrBody
	}
	switch tool {
	case "zendesk":
		return zendesk(o)
	case "zammad":
		return zammad(o)
	case "chatwoot":
		return chatwoot(o)
	case "typeform":
		return typeform(o)
	case "formbricks":
		return formbricks(o)
	}
	return Delivery{}, fmt.Errorf("%s: %w", tool, ErrBody)
}

func rowsOf(kind record.Kind, profile, id string, rows ...object) (Delivery, error) {
	out := Delivery{Kind: kind, Profile: profile, ID: id}
	for _, r := range rows {
		maps.DeleteFunc(r, func(_ string, v any) bool { return v == nil || v == "" || v == "-" }) // Zammad's nobody is "-"
		line, err := json.Marshal(r)
		if err != nil {
			return Delivery{}, ErrBody
		}
		out.Rows = append(out.Rows, line)
	}
	return out, nil
}

// zendesk is a ticket event (schema 2022-11-06), or a ticket as a trigger sends
// it. Events come in any order; updated_at puts them in theirs.
func zendesk(o object) (Delivery, error) {
	kind, ticket := o.text("type"), o
	if strings.HasPrefix(kind, "zen:event-type:") {
		if !strings.HasPrefix(kind, "zen:event-type:ticket.") {
			return Delivery{ID: o.text("id")}, nil
		}
		ticket = o.sub("detail")
	} else if t := o.sub("ticket"); len(t) > 0 {
		ticket = t
	}
	if ticket.text("id") == "" {
		return Delivery{}, ErrBody
	}
	event := ""
	if kind != "" && len(o.sub("detail")) > 0 {
		event = o.text("id")
	}
	return rowsOf(record.Complaints, "zendesk", event, ticket)
}

// zammad is a ticket and the article that the trigger was about. Only the first
// article is the complaint; the answers are not.
func zammad(o object) (Delivery, error) {
	t, article := o.sub("ticket"), o.sub("article")
	if t.text("number", "id") == "" {
		return Delivery{}, ErrBody
	}
	row := object{"number": t.text("number", "id"), "title": t.text("title"), "customer_id": t.text("customer_id", "customer"),
		"created_at": t.text("created_at"), "updated_at": t.text("updated_at"), "state": t.text("state", "state_id"),
		"owner": t.text("owner"), "group": t.text("group"), "priority": t.text("priority"),
		"close_at": t.text("close_at"), "escalation_at": t.text("escalation_at"), "create_article_type": t.text("create_article_type")}
	if n := t.text("article_count"); n == "1" || n == "" && article.text("sender") == "Customer" {
		row["article.body"] = article.text("body")
		if strings.Contains(article.text("content_type"), "html") {
			row["article.body"] = markup.Plain(article.text("body"))
		}
	}
	return rowsOf(record.Complaints, "zammad", "", row)
}

// chatwoot is a conversation's event; events about single messages, contacts and
// inboxes bring nothing that the conversation's own do not.
func chatwoot(o object) (Delivery, error) {
	event := o.text("event")
	if event == "" {
		return Delivery{}, ErrBody
	}
	if !strings.HasPrefix(event, "conversation_") || strings.HasPrefix(event, "conversation_typing") {
		return Delivery{}, nil
	}
	if o.text("id") == "" {
		return Delivery{}, ErrBody
	}
	row := maps.Clone(o)
	for _, name := range []string{"event", "account", "changed_attributes"} {
		delete(row, name)
	}
	return rowsOf(record.Complaints, "chatwoot", "", row)
}

// scores are the kinds of a Typeform question whose answer is a score, and the
// metric it is by itself.
var scores = map[string]string{"nps": "nps", "opinion_scale": "", "rating": ""}

// typeform is one answered form: a row for each question with a score, all with
// what was written in words, or one row of words alone.
func typeform(o object) (Delivery, error) {
	f := o.sub("form_response")
	token := f.text("token")
	if token == "" {
		return Delivery{}, ErrBody
	}
	fields := map[string]object{}
	for _, q := range f.sub("definition").list("fields") {
		fields[q.text("id")] = q
	}
	hidden := f.sub("hidden")
	base := object{"answered": f.text("submitted_at"), "customer": hidden.text("customer_id", "customer", "user_id"), "complaint": hidden.text("complaint_id", "ticket_id")}
	var rows []object
	var words []string
	for _, a := range f.list("answers") {
		field := a.sub("field")
		kind := field.text("type")
		if metric, ok := scores[kind]; ok {
			row := maps.Clone(base)
			question := fields[field.text("id")]
			row["id"], row["score"] = token+"/"+field.text("ref", "id"), a.text("number")
			row["metric"], row["question"] = metric, question.text("title")
			if steps := question.sub("properties").text("steps"); steps != "" && metric == "" {
				row["scale_min"], row["scale_max"] = "1", steps
			}
			rows = append(rows, row)
		} else if kind == "long_text" || kind == "short_text" {
			words = append(words, a.text("text"))
		}
	}
	return answers(rows, base, words, token, o.text("event_id"))
}

// formbricks is one answered survey. Its payload does not say what kind a
// question is: a number is a score, the rest words.
func formbricks(o object) (Delivery, error) {
	d := o.sub("data")
	id := d.text("id")
	if id == "" {
		return Delivery{}, ErrBody
	}
	if finished, ok := d["finished"].(bool); ok && !finished {
		return Delivery{}, nil // more is to come
	}
	base := object{"answered": d.text("updatedAt", "createdAt"), "customer": d.sub("contact").text("userId", "id"), "language": d.text("language")}
	data := d.sub("data")
	var rows []object
	var words []string
	for _, q := range slices.Sorted(maps.Keys(data)) {
		switch v := data[q].(type) {
		case json.Number:
			row := maps.Clone(base)
			row["id"], row["score"], row["question"] = id+"/"+q, v.String(), q
			if n, err := v.Int64(); err == nil && (n == 0 || n > 7) {
				row["metric"] = "nps" // the only scale that has these
			}
			rows = append(rows, row)
		case string:
			words = append(words, v)
		}
	}
	return answers(rows, base, words, id, "")
}

// answers puts what was said in words to the scores of the same form.
func answers(rows []object, base object, words []string, id, event string) (Delivery, error) {
	words = slices.DeleteFunc(words, func(s string) bool { return strings.TrimSpace(s) == "" })
	said := strings.Join(words, "\n")
	if len(rows) == 0 && said != "" {
		base["id"] = id
		rows = []object{base}
	}
	for i, r := range rows {
		if i == 0 {
			r["comment"] = said
		}
	}
	return rowsOf(record.Surveys, "surveys", event, rows...)
}
