package analysis

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"strings"

	"plaint/internal/store"
)

//go:embed sql/*.sql
var questionFiles embed.FS

// Question is one named question with its query.
type Question struct {
	Name    string   `json:"name"`
	English string   `json:"en"`
	Chinese string   `json:"zh"`
	With    []string `json:"with,omitempty"` // names of the bound parameters, in order
	SQL     string   `json:"sql"`
}

// Questions lists the named questions by name.
func Questions() ([]Question, error) {
	entries, err := questionFiles.ReadDir("sql")
	if err != nil {
		return nil, fmt.Errorf("read the questions: %w", err)
	}
	out := make([]Question, 0, len(entries))
	for _, e := range entries {
		raw, err := questionFiles.ReadFile("sql/" + e.Name())
		if err != nil {
			return nil, fmt.Errorf("read the questions: %w", err)
		}
		q, err := parseQuestion(strings.TrimSuffix(e.Name(), ".sql"), string(raw))
		if err != nil {
			return nil, err
		}
		out = append(out, q)
	}
	return out, nil
}

// parseQuestion reads the comment lines that open a file: the question in
// English, "zh: " and the question in Chinese, and, if it has parameters,
// "with: " and their names.
func parseQuestion(name, raw string) (Question, error) {
	q := Question{Name: name}
	for strings.HasPrefix(raw, "-- ") {
		var line string
		line, raw, _ = strings.Cut(raw[3:], "\n")
		if zh, ok := strings.CutPrefix(line, "zh: "); ok {
			q.Chinese = zh
		} else if with, ok := strings.CutPrefix(line, "with: "); ok {
			q.With = strings.Split(with, ", ")
		} else if q.English == "" {
			q.English = line
		}
	}
	q.SQL = strings.TrimSpace(raw)
	if q.English == "" || q.Chinese == "" || q.SQL == "" {
		return q, fmt.Errorf("question %s: a question in two languages and a query are needed", name)
	}
	return q, nil
}

// Ask runs a named question; args are its parameters in order. The caller
// closes the rows.
func Ask(ctx context.Context, st *store.Store, name string, args ...any) (*sql.Rows, error) {
	raw, err := questionFiles.ReadFile("sql/" + name + ".sql")
	if err != nil {
		return nil, fmt.Errorf("no question is named %q", name)
	}
	q, err := parseQuestion(name, string(raw))
	if err != nil {
		return nil, err
	}
	if len(args) != len(q.With) {
		return nil, fmt.Errorf("question %s: %d parameters, not %d", name, len(q.With), len(args))
	}
	rows, err := st.Query(ctx, q.SQL, args...)
	if err != nil {
		return nil, fmt.Errorf("question %s: %w", name, err)
	}
	return rows, nil
}
