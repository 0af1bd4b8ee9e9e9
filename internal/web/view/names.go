package view

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"plaint/internal/web/naming"
)

// keptNames are the names of the customers of all complaints up to one. The name
// of a customer who was erased since may stay: it masks too much, not too little.
type keptNames struct {
	mu   sync.Mutex
	last int64 // complaint
	naming.Known
}

// names knows the names of all customers. Only those of new complaints are read.
func (r *Reader) names(ctx context.Context) (*naming.Known, error) {
	k := r.known
	k.mu.Lock()
	defer k.mu.Unlock()
	var last int64
	if err := r.count(ctx, &last, "select coalesce(max(seq), 0) from complaint"); err != nil {
		return nil, err
	}
	if last > k.last {
		err := r.st.Each(ctx, "select distinct customer_name from complaint where seq > $1 and seq <= $2 and customer_name is not null", func(rows *sql.Rows) error {
			var name string
			err := rows.Scan(&name)
			k.Learn(name)
			return err
		}, k.last, last)
		if err != nil {
			return nil, fmt.Errorf("read the names of customers: %w", err)
		}
		k.last = last
	}
	return &k.Known, nil
}

const between = " · " // the terms of a label

// withoutNames takes the terms out that name a customer. An empty label would
// leave nothing to click on: it becomes the theme's number.
func withoutNames(known *naming.Known, label string, id int64, terms []string) (string, []string) {
	parts := slices.DeleteFunc(strings.Split(label, between), known.Personal)
	if label = strings.Join(parts, between); label == "" {
		label = fmt.Sprintf("#%d", id)
	}
	return label, slices.DeleteFunc(terms, known.Personal)
}

// withoutNamesIn masks one label of a theme, where there is one.
func withoutNamesIn(known *naming.Known, label string, id int64) string {
	if label != "" {
		label, _ = withoutNames(known, label, id, nil)
	}
	return label
}

// given are the names that analysts gave to the themes of the latest run. They
// are chosen words and not found ones: whole names of customers are taken out of
// them, single words stay.
func (r *Reader) given(ctx context.Context) (map[int64]string, error) {
	type one struct {
		id   int64
		name string
	}
	list, err := collect(ctx, r.st, func(rows *sql.Rows, x *one) error { return rows.Scan(&x.id, &x.name) },
		"select id, name from theme where name is not null and run = (select max(id) from run where kind = 'themes')")
	if err != nil {
		return nil, err
	}
	known, err := r.names(ctx)
	if err != nil {
		return nil, err
	}
	out := map[int64]string{}
	for _, x := range list {
		out[x.id] = logText(x.name, known)
	}
	return out, nil
}

// shown are the names of the themes of the latest run that go before their labels:
// those that analysts gave and, for a reader of a language, the labels in it.
func (r *Reader) shown(ctx context.Context) (map[int64]string, error) {
	out := map[int64]string{}
	if r.lang != "" {
		type part struct {
			id    int64
			label string
		}
		list, err := collect(ctx, r.st, func(rows *sql.Rows, x *part) error { return rows.Scan(&x.id, &x.label) },
			"select theme, label from theme_part where language = $1 and label <> '' and run = (select max(id) from run where kind = 'themes')", r.lang)
		if err != nil {
			return nil, err
		}
		known, err := r.names(ctx)
		if err != nil {
			return nil, err
		}
		for _, x := range list {
			out[x.id], _ = withoutNames(known, x.label, x.id, nil)
		}
	}
	given, err := r.given(ctx)
	maps.Copy(out, given)
	return out, err
}

// maskThemes takes names out of labels and terms.
func (r *Reader) maskThemes(ctx context.Context, themes []Theme) error {
	known, err := r.names(ctx)
	if err != nil {
		return err
	}
	given, err := r.given(ctx)
	for i := range themes {
		t := &themes[i]
		t.Label, t.Terms = withoutNames(known, t.Label, t.ID, t.Terms)
		if name := given[t.ID]; name != "" {
			t.Name, t.Label = name, name
		}
	}
	return err
}

// maskLogs masks what templates may still hold of a person: mails, messenger
// handles, long digits, and whole names of customers.
func (r *Reader) maskLogs(ctx context.Context, templates []Template) error {
	known, err := r.names(ctx)
	if err != nil {
		return err
	}
	for i := range templates {
		templates[i].Template = logText(templates[i].Template, known)
	}
	return nil
}

// logText masks what is not a letter, such as a template.
func logText(s string, known *naming.Known) string {
	s = mailLike.ReplaceAllString(known.Whole(s), dot+"@"+dot)
	s = handleLike.ReplaceAllString(s, "$1"+dot)
	return longDigits.ReplaceAllString(s, dot)
}

// maskFindings masks what the digest quotes.
func (r *Reader) maskFindings(ctx context.Context, list []Finding) error {
	given, err := r.shown(ctx)
	if err != nil {
		return err
	}
	known, err := r.names(ctx)
	if err != nil {
		return err
	}
	for _, f := range list {
		if label, ok := f.Arguments["theme"].(string); ok {
			id, _ := f.Arguments["theme_id"].(float64)
			f.Arguments["theme"] = cmp.Or(given[int64(id)], withoutNamesIn(known, label, int64(id)))
		}
		if template, ok := f.Arguments["template"].(string); ok {
			f.Arguments["template"] = logText(template, known)
		}
	}
	return nil
}
