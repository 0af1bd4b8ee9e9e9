package keep

import (
	"bytes"
	"context"
	"database/sql/driver"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf16"

	"plaint/internal/record"
)

// needles are what tells a refused row to be of this customer: the id, and what
// else is nobody else's.
func (e *erasure) needles(ctx context.Context) ([]string, error) {
	out := []string{e.r.Customer}
	err := e.w.Each(ctx, `select distinct x from (select contact as x from complaint where seq in (select seq from gone_complaint)
		union all select payout_account from complaint where seq in (select seq from gone_complaint)
		union all select payout_account from account_version where seq in (select seq from gone_account)) where length(x) >= 7`, func(row []driver.Value) error {
		out = append(out, row[0].(string))
		return nil
	})
	return out, err
}

// refused empties the refused rows that hold one of the needles, in UTF-8 or
// UTF-16; they are not to be replayed any more.
func (e *erasure) refused(ctx context.Context, needles []string) error {
	ids := map[int64]bool{}
	for i, n := range needles {
		cell := i == 0 && !e.distinctive() // a common word must be a cell of its own
		for _, f := range forms(n) {
			err := e.w.Each(ctx, "select id, raw from refused where contains(raw::varchar, ?)", func(row []driver.Value) error {
				if raw, ok := row[1].([]byte); ok && holds(raw, f, cell) {
					ids[row[0].(int64)] = true
				}
				return nil
			}, escaped(f.word))
			if err != nil {
				return err
			}
		}
		if cell {
			continue
		}
		err := e.w.Each(ctx, "select id from refused where contains(detail, ?)", func(row []driver.Value) error { ids[row[0].(int64)] = true; return nil }, n)
		if err != nil {
			return err
		}
	}
	for id := range ids {
		for _, q := range []string{"update refused set raw = ''::blob, detail = null, header = null where id = ?",
			"insert into refused_replayed select id, at from refused where id = ? and id not in (select id from refused_replayed)"} {
			if err := e.w.Exec(ctx, q, id); err != nil {
				return err
			}
		}
	}
	if len(ids) > 0 {
		e.out.Counts = append(e.out.Counts, Count{Table: "refused", Blanked: int64(len(ids))})
	}
	return nil
}

// form is a word as bytes, and how many of them a character takes at least.
type form struct {
	word []byte
	unit int
}

func forms(word string) []form {
	out := []form{{[]byte(word), 1}}
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		var wide []byte
		for _, u := range utf16.Encode([]rune(word)) {
			wide = order.AppendUint16(wide, u)
		}
		out = append(out, form{wide, 2})
	}
	return out
}

// escaped writes bytes as the engine does when it makes a text of them.
func escaped(b []byte) string {
	var out strings.Builder
	for _, c := range b {
		if c >= ' ' && c <= '~' && c != '\\' && c != '\'' && c != '"' {
			out.WriteByte(c)
		} else {
			fmt.Fprintf(&out, "\\x%02X", c)
		}
	}
	return out.String()
}

// holds reports whether bytes hold a word that does not go on at either end;
// cell says that it must be a cell of its own.
func holds(raw []byte, f form, cell bool) bool {
	for from := 0; ; {
		i := bytes.Index(raw[from:], f.word)
		if i < 0 {
			return false
		}
		at, end := from+i, from+i+len(f.word)
		if edge(raw, at-f.unit, at, cell) && edge(raw, end, end+f.unit, cell) {
			return true
		}
		from = at + 1
	}
}

// edge reports whether a word may end where the bytes from a to b stand.
func edge(raw []byte, a, b int, cell bool) bool {
	if a < 0 || b > len(raw) {
		return true
	}
	for _, c := range raw[a:b] {
		switch {
		case c == 0:
		case cell:
			return strings.IndexByte(",;\t\"'|\r\n:", c) >= 0
		default:
			return !isWord(c)
		}
	}
	return true
}

// entries refuses an erasure while the customer is on the blacklist, or puts the
// new id into what is left of proposals and closed entries.
func (e *erasure) entries(ctx context.Context, look bool) error {
	type event struct {
		x      record.Entry
		detail string
	}
	var events []event
	latest := map[int64]record.Entry{}
	err := e.w.Each(ctx, "select detail from entry_event where subject = 'customer' and subject_key = ? order by at", func(row []driver.Value) error {
		v := event{detail: row[0].(string)}
		if err := json.Unmarshal([]byte(v.detail), &v.x); err != nil {
			return fmt.Errorf("read a blacklist entry: %w", err)
		}
		latest[v.x.ID] = v.x
		events = append(events, v)
		return nil
	}, e.r.Customer)
	if err != nil {
		return err
	}
	if look {
		for _, x := range latest {
			if x.State == "adopted" || (x.State == "active" || x.State == "appealed") && x.Until.After(e.now) {
				return &ActiveEntryError{x.ID, x.State, x.Until}
			}
		}
		return nil
	}
	for _, v := range events {
		v.x.Key = e.fresh
		text, err := json.Marshal(v.x)
		if err != nil {
			return err
		}
		if err := e.w.Exec(ctx, "update entry_event set subject_key = ?, detail = ? where detail = ?", v.x.Key, string(text), v.detail); err != nil {
			return err
		}
	}
	if len(events) > 0 {
		e.out.Counts = append(e.out.Counts, Count{Table: "entry_event", Blanked: int64(len(events))})
	}
	return nil
}
