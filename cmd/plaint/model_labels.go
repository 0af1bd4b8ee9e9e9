package main

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"plaint/ingest/file"
	"plaint/internal/store"
	"plaint/scoring/learn"
)

// labelsOf reads labels from a table: id and abuse, and, where there are, when it
// was decided and the chance with which the complaint was drawn.
func (e *env) labelsOf(ctx context.Context, st *store.Store, path string, asOf time.Time) (map[int64]learn.Label, error) {
	in, err := file.OpenTable(ctx, e.path(path), path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	id, abuse := in.Column("id"), in.Column("abuse")
	if id < 0 || abuse < 0 {
		return nil, &worded{"err_labels_columns", []any{"file", path, "known", strings.Join(in.Columns, ", ")}}
	}
	decided, share := in.Column("decided"), in.Column("share")
	byID := map[string]learn.Label{}
	later := 0
	for row := 0; ; row++ {
		cells, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		l, ok, err := label(cells, abuse, decided, share)
		if err != nil {
			return nil, &worded{"err_labels_row", []any{"file", path, "row", row, "value", err.Error()}}
		}
		if ok && l.Decided.After(asOf) {
			later++
			continue
		}
		if !ok {
			continue
		}
		name := strings.TrimSpace(cells[id])
		switch was, twice := byID[name]; {
		case twice && l.Decided.Equal(was.Decided) && l.Bad != was.Bad:
			return nil, &worded{"err_labels_contradict", []any{"file", path, "row", row, "id", name}}
		case !twice || !l.Decided.Before(was.Decided): // what was decided last counts
			byID[strings.Clone(name)] = l
		}
	}
	if later > 0 {
		e.say("%s: %s", e.t("doctor_note"), e.t("labels_later", "n", thousands(int64(later)), "day", asOf.Format(time.DateOnly)))
	}
	return e.byNumber(ctx, st, byID)
}

// label reads a row; ok is false where the abuse is empty. The error names the
// column and the cell that cannot be read.
func label(cells []string, abuse, decided, share int) (l learn.Label, ok bool, err error) {
	cell := func(i int) string {
		if i < 0 {
			return ""
		}
		return strings.ToLower(strings.TrimSpace(cells[i]))
	}
	l.Weight = 1
	switch v := cell(abuse); v {
	case "":
		return l, false, nil
	case "1", "true", "yes", "是":
		l.Bad = true
	case "0", "false", "no", "否":
	default:
		return l, false, errors.New("abuse: " + v)
	}
	if v := cell(decided); v != "" {
		if l.Decided, err = readDay("", strings.ToUpper(v)); err != nil {
			return l, false, errors.New("decided: " + v)
		}
	}
	if v := cell(share); v != "" {
		p, err := strconv.ParseFloat(v, 64)
		if err != nil || !(p > 0 && p <= 1) {
			return l, false, errors.New("share: " + v)
		}
		l.Weight, l.Audited = 1/p, p < 1
	}
	return l, true, nil
}

// byNumber finds the complaints that ids are of. An id that two sources use is of
// none.
func (e *env) byNumber(ctx context.Context, st *store.Store, byID map[string]learn.Label) (map[int64]learn.Label, error) {
	out, seqOf := make(map[int64]learn.Label, len(byID)), make(map[string]int64, len(byID))
	twice := 0
	err := st.ComplaintIDs(ctx, func(seq int64, id string) {
		l, ok := byID[id]
		if !ok {
			return
		}
		if before, is := seqOf[id]; is {
			if before > 0 {
				delete(out, before)
				twice++
			}
			seqOf[id] = 0
			return
		}
		seqOf[strings.Clone(id)] = seq
		out[seq] = l
	})
	if n := len(byID) - len(seqOf); err == nil && n+twice > 0 {
		e.say("%s: %s", e.t("doctor_note"), e.t("labels_unknown", "n", thousands(int64(n)), "twice", thousands(int64(twice))))
	}
	return out, err
}
