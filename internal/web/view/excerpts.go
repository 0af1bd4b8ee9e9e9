package view

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

const (
	excerptRead  = 400 // characters of a letter that are read for its beginning
	excerptShown = 90
	excerptTail  = 60 // of what was read and may hold the half of a name or a link
)

// excerpts gives complaints the masked beginnings of their letters.
func (r *Reader) excerpts(ctx context.Context, list []Complaint) error {
	if len(list) == 0 {
		return nil
	}
	args := make([]any, len(list))
	for i := range list {
		args[i] = list[i].Seq
	}
	type letter struct{ subject, body, own string }
	letters := map[int64]letter{}
	var words []string
	err := r.st.Each(ctx, fmt.Sprintf("select seq, left(coalesce(subject, ''), %[1]d), left(coalesce(body, ''), %[1]d), coalesce(customer_name, '') from complaint where seq in (?%[2]s)",
		excerptRead, strings.Repeat(", ?", len(list)-1)), func(rows *sql.Rows) error {
		var seq int64
		var x letter
		err := rows.Scan(&seq, &x.subject, &x.body, &x.own)
		x.subject, x.body = plainApostrophes(withoutTail(x.subject)), plainApostrophes(withoutTail(x.body))
		letters[seq] = x
		words = append(append(words, wholeNames(x.subject)...), wholeNames(x.body)...)
		return err
	}, args...)
	if err != nil {
		return fmt.Errorf("read the beginnings of letters: %w", err)
	}
	is, err := r.whole(ctx, words)
	for i := range list {
		x := letters[list[i].Seq]
		names := []string{x.own}
		for _, run := range append(wholeNames(x.subject), wholeNames(x.body)...) {
			if is[run] {
				names = append(names, run)
			}
		}
		s := []rune(strings.TrimLeft(Excerpt(x.subject, names)+" "+Excerpt(x.body, names), " "))
		if len(s) > excerptShown {
			s = append([]rune(strings.TrimSpace(string(s[:excerptShown-1]))), '…')
		}
		list[i].Excerpt = string(s)
	}
	return err
}

// withoutTail takes the end off what was cut.
func withoutTail(s string) string {
	if letters := []rune(s); len(letters) == excerptRead {
		return string(letters[:excerptRead-excerptTail])
	}
	return s
}

// wholeNames are the runs of a letter that may be the whole name of a customer: of
// one to four words.
func wholeNames(s string) []string { return runsOfWords(s, 1, 4) }

func plainApostrophes(s string) string { return strings.ReplaceAll(s, "’", "'") }

// whole tells which of the runs of words are whole names of customers, whose dots
// part words. It keeps nothing: letters hold more words than there is room for.
func (r *Reader) whole(ctx context.Context, runs []string) (map[string]bool, error) {
	is := map[string]bool{}
	err := r.st.Each(ctx, `with run as materialized (select distinct unnest(string_split($1, chr(31))) as w)
		select distinct w from run where length(w) >= 2
		and w in (select replace(replace(replace(lower(customer_name), '·', ' '), '.', ''), '’', chr(39)) from complaint where length(customer_name) >= 2)`, func(rows *sql.Rows) error {
		var w string
		err := rows.Scan(&w)
		is[w] = true
		return err
	}, strings.Join(runs, "\x1f"))
	if err != nil {
		return nil, fmt.Errorf("look for names in letters: %w", err)
	}
	return is, nil
}
