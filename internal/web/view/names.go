package view

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// keptNames remembers which words are names of customers, until there are
// other complaints.
type keptNames struct {
	mu   sync.Mutex
	last int64 // complaint
	is   map[string]bool
}

// namesQuery finds the words, in lower case and divided by chr(31), that are
// names of customers or parts of them: between blanks, and of a Chinese name
// what follows a family name of one character or two.
const namesQuery = `with name as (select distinct lower(customer_name) as n from complaint where length(customer_name) >= 2),
	part as (select n as p from name union all select unnest(string_split_regex(n, '[\s.,·]+')) from name
		union all select substring(n, 2) from name where regexp_full_match(n, '\p{Han}{3,}')
		union all select substring(n, 3) from name where regexp_full_match(n, '\p{Han}{4,}'))
	select w from (select distinct unnest(string_split($1, chr(31))) as w) where length(w) >= 2 and w in (select p from part)`

// names tells which of the words are names of customers or parts of them.
func (r *Reader) names(ctx context.Context, words []string) (map[string]bool, error) {
	k := &r.known
	k.mu.Lock()
	defer k.mu.Unlock()
	var last int64
	if err := r.count(ctx, &last, "select coalesce(max(seq), 0) from complaint"); err != nil {
		return nil, err
	}
	if k.is == nil || k.last != last {
		k.last, k.is = last, map[string]bool{}
	}
	fresh := map[string]bool{}
	for _, w := range words {
		if _, ok := k.is[w]; !ok {
			fresh[w] = false
		}
	}
	if len(fresh) > 0 {
		err := r.st.Each(ctx, namesQuery, func(rows *sql.Rows) error {
			var w string
			err := rows.Scan(&w)
			fresh[w] = true
			return err
		}, strings.Join(slices.Collect(maps.Keys(fresh)), "\x1f"))
		if err != nil {
			return nil, fmt.Errorf("look for names: %w", err)
		}
		maps.Copy(k.is, fresh)
	}
	return maps.Clone(k.is), nil
}

// ahead looks up words that are about to be asked for one by one: each question
// reads every name, however many words it asks for.
func (r *Reader) ahead(ctx context.Context, words []string) error {
	_, err := r.names(ctx, words)
	return err
}

// words are a term and, where it has several, its words.
func wordsOf(term string) []string {
	term = strings.ToLower(term)
	if fields := strings.Fields(term); len(fields) > 1 {
		return append(fields, term)
	}
	return []string{term}
}

const between = " · " // the terms of a label

// withoutNames takes the terms out that name a customer. An empty label would
// leave nothing to click on: it becomes the theme's number.
func withoutNames(is map[string]bool, label string, id int64, terms []string) (string, []string) {
	personal := func(term string) bool {
		return slices.ContainsFunc(wordsOf(term), func(w string) bool { return is[w] })
	}
	parts := slices.DeleteFunc(strings.Split(label, between), personal)
	if label = strings.Join(parts, between); label == "" {
		label = fmt.Sprintf("#%d", id)
	}
	return label, slices.DeleteFunc(terms, personal)
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
	var words []string
	for _, x := range list {
		words = append(words, runsOf(x.name)...)
	}
	is, err := r.names(ctx, words)
	out := map[int64]string{}
	for _, x := range list {
		out[x.id] = logText(x.name, is)
	}
	return out, err
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
		var words []string
		for _, x := range list {
			words = append(words, labelWords(x.label)...)
		}
		is, err := r.names(ctx, words) // of all at once: each question reads every name
		if err != nil {
			return nil, err
		}
		for _, x := range list {
			out[x.id], _ = withoutNames(is, x.label, x.id, nil)
		}
	}
	given, err := r.given(ctx)
	maps.Copy(out, given)
	return out, err
}

// said masks what an analyst wrote.
func (r *Reader) said(ctx context.Context, s string) (string, error) {
	is, err := r.names(ctx, runsOf(s))
	return logText(s, is), err
}

// label masks one label of a theme.
func (r *Reader) label(ctx context.Context, label string, id int64) (string, error) {
	if label == "" {
		return "", nil
	}
	is, err := r.names(ctx, labelWords(label))
	label, _ = withoutNames(is, label, id, nil)
	return label, err
}

func labelWords(label string) (out []string) {
	for _, term := range strings.Split(label, between) {
		out = append(out, wordsOf(term)...)
	}
	return out
}

// maskThemes takes names out of labels and terms.
func (r *Reader) maskThemes(ctx context.Context, themes []Theme) error {
	var words []string
	for _, t := range themes {
		words = append(words, labelWords(t.Label)...)
		for _, term := range t.Terms {
			words = append(words, wordsOf(term)...)
		}
	}
	is, err := r.names(ctx, words)
	if err != nil {
		return err
	}
	given, err := r.given(ctx)
	for i := range themes {
		t := &themes[i]
		t.Label, t.Terms = withoutNames(is, t.Label, t.ID, t.Terms)
		if name := given[t.ID]; name != "" {
			t.Name, t.Label = name, name
		}
	}
	return err
}

// maskLogs masks what templates may still hold of a person: mails, messenger
// handles, long digits, and whole names of customers.
func (r *Reader) maskLogs(ctx context.Context, templates []Template) error {
	var pairs []string
	for _, t := range templates {
		pairs = append(pairs, runsOf(t.Template)...)
	}
	is, err := r.names(ctx, pairs)
	for i := range templates {
		templates[i].Template = logText(templates[i].Template, is)
	}
	return err
}

// hanBeside is where Chinese stands beside letters without a blank between them.
var hanBeside = regexp.MustCompile(`(\p{Han})(\p{Latin})|(\p{Latin})(\p{Han})`)

// runsOf are the runs of two and three words of a text, and of two to four
// Chinese characters: what a whole name looks like. A single word, such as
// Price, says more about a log than about a person.
func runsOf(s string) []string { return runsOfWords(s, 2, 3) }

// runsOfWords are the runs of so many words, as runsOf.
func runsOfWords(s string, least, most int) (out []string) {
	words := strings.FieldsFunc(hanBeside.ReplaceAllString(strings.ToLower(s), "$1$3 $2$4"), func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' && r != '-' })
	for i := range words {
		for n := least; n <= most && i+n <= len(words); n++ {
			out = append(out, strings.Join(words[i:i+n], " "))
		}
		han := []rune(words[i])
		for j := range han {
			for n := 2; n <= 4 && j+n <= len(han); n++ {
				if unicode.Is(unicode.Han, han[j]) {
					out = append(out, string(han[j:j+n]))
				}
			}
		}
	}
	return out
}

// logText masks one template; is holds what runsOf found to be a name.
func logText(s string, is map[string]bool) string {
	s = mailLike.ReplaceAllString(s, dot+"@"+dot)
	s = handleLike.ReplaceAllString(s, "$1"+dot)
	s = longDigits.ReplaceAllString(s, dot)
	for _, run := range runsOf(s) {
		if is[run] {
			s = withoutName(s, run)
		}
	}
	return s
}

// maskFindings masks what the digest quotes.
func (r *Reader) maskFindings(ctx context.Context, list []Finding) error {
	given, err := r.shown(ctx)
	if err != nil {
		return err
	}
	var words []string
	for _, f := range list {
		if label, ok := f.Arguments["theme"].(string); ok {
			words = append(words, labelWords(label)...)
		}
		if template, ok := f.Arguments["template"].(string); ok {
			words = append(words, runsOf(template)...)
		}
	}
	if err := r.ahead(ctx, words); err != nil {
		return err
	}
	for _, f := range list {
		if label, ok := f.Arguments["theme"].(string); ok {
			id, _ := f.Arguments["theme_id"].(float64)
			masked, err := r.label(ctx, label, int64(id))
			if err != nil {
				return err
			}
			f.Arguments["theme"] = cmp.Or(given[int64(id)], masked)
		}
		if template, ok := f.Arguments["template"].(string); ok {
			one := []Template{{Template: template}}
			if err := r.maskLogs(ctx, one); err != nil {
				return err
			}
			f.Arguments["template"] = one[0].Template
		}
	}
	return nil
}
