package view

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	excerptRead  = 600 // characters of a letter that are read for its beginning
	excerptShown = 90
	excerptTail  = 60 // at the end of what was read, that may hold the half of a name or a link
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
	known, err := r.names(ctx)
	if err != nil {
		return err
	}
	at := map[int64]*Complaint{}
	for i := range list {
		at[list[i].Seq] = &list[i]
	}
	err = r.st.Each(ctx, fmt.Sprintf("select seq, left(coalesce(subject, ''), %[1]d), left(coalesce(body, ''), %[1]d), coalesce(customer_name, '') from complaint where seq in (?%[2]s)",
		excerptRead, strings.Repeat(", ?", len(list)-1)), func(rows *sql.Rows) error {
		var seq int64
		var subject, body, own string
		if err := rows.Scan(&seq, &subject, &body, &own); err != nil {
			return err
		}
		names := namesOf{known, []string{own}}
		s := []rune(strings.TrimLeft(beginningOf(subject, names)+" "+beginningOf(body, names), " "))
		if len(s) > excerptShown {
			s = append([]rune(strings.TrimSpace(string(s[:excerptShown-1]))), '…')
		}
		at[seq].Excerpt = string(s)
		return nil
	}, args...)
	if err != nil {
		return fmt.Errorf("read the beginnings of letters: %w", err)
	}
	return nil
}

// beginningOf masks what was read of a letter and then takes the end off what was
// cut: a name that was read whole is known only as a whole.
func beginningOf(s string, names namesOf) string {
	cut := utf8.RuneCountInString(s) == excerptRead
	s = names.text(s)
	if cut {
		letters := []rune(s)
		s = string(letters[:max(0, len(letters)-excerptTail)])
	}
	return beginning(s)
}
