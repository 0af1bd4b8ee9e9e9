package book

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"plaint/internal/store"
)

// Move is what an edit does to a complaint that is given a theme: it goes from
// one theme into another.
type Move struct {
	From, Into int64
	Words      *regexp.Regexp // that its text must hold; nil for all
}

// Moves are those of the edits that a run, the latest, shows: an undo shows in the
// next. What would lead to a theme that the run has nothing of is left out.
func Moves(ctx context.Context, st *store.Store, run int64) ([]Move, error) {
	p, err := Read(ctx, st)
	if err != nil {
		return nil, err
	}
	list, err := numbers(ctx, st, "select id from theme where run = ?", run)
	if err != nil {
		return nil, fmt.Errorf("read the themes: %w", err)
	}
	alive := map[int64]bool{}
	for _, id := range list {
		alive[id] = true
	}
	moves := p.moves(func(e *Edit) bool { return !e.Undone || e.Waits })
	out := moves[:0:0]
	for i, m := range moves {
		end := m.Into
		for _, later := range moves[i+1:] {
			if later.Words == nil && later.From == end {
				end = later.Into
			}
		}
		if alive[end] {
			out = append(out, m)
		}
	}
	return out, nil
}

// Moves are those of the edits that the next run will show.
func (p *Past) Moves() []Move { return p.moves(func(e *Edit) bool { return !e.Undone }) }

func (p *Past) moves(counts func(*Edit) bool) (out []Move) {
	for i := range p.Edits {
		e := &p.Edits[i]
		switch {
		case !counts(e):
		case e.Action == Merge:
			out = append(out, Move{e.Other, e.Theme, nil})
		case e.Action == Split && len(e.Words) > 0: // or they were erased
			if words, err := regexp.Compile(Pattern(e.Words)); err == nil { // too long for a program: the next run divides
				out = append(out, Move{e.Theme, e.Other, words})
			}
		}
	}
	return out
}

// Follow is where moves, in their order, take a complaint that was given a theme.
func Follow(moves []Move, theme int64, subject, body string) int64 {
	written := ""
	for i := range moves {
		m := &moves[i]
		if m.From != theme {
			continue
		}
		if m.Words != nil {
			if written == "" {
				written = strings.TrimPrefix(subject+" "+body, " ")
			}
			if !m.Words.MatchString(written) {
				continue
			}
		}
		theme = m.Into
	}
	return theme
}

// Pattern is a regular expression of texts that hold one of the words, whatever
// their case. A word of letters and digits is not found within a longer one;
// Chinese has no such bounds.
func Pattern(words []string) string {
	parts := make([]string, len(words))
	for i, w := range words {
		parts[i] = regexp.QuoteMeta(w)
		if isWord(w[0]) {
			parts[i] = `\b` + parts[i]
		}
		if isWord(w[len(w)-1]) {
			parts[i] += `\b`
		}
	}
	return "(?i)(" + strings.Join(parts, "|") + ")"
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}
