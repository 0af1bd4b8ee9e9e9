package store

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"plaint/internal/record"
)

// Columns that we have no word for may hold anything, personal data first of
// all. People without a right to it see a value that looks like a code, or that
// at least sharedBy customers have under the same name, and nothing under a
// name that speaks of a person. A record without a customer counts as somebody
// of its own.
const (
	sharedBy      = 5
	longestShared = 64      // bytes; longer values are texts
	mostCounted   = 1 << 19 // different values that are counted; what comes later is hidden
)

var personalName = regexp.MustCompile(`(?i)name|phone|mobile|\btel|e-?mail|address|passport|\bid\b|_id\b|\bid_|\bid.?(card|no|number)|ssn|iban|card|birth|account|wechat|telegram|whatsapp|\bqq|requester|submit|caller|complainant|claimant|client|customer|member|person|contact|\bpin\b|nick|handle|login|user|zip|post.?code|姓名|名字|户名|电话|手机|邮箱|地址|证件|身份证|护照|卡号|银行卡|账号|账户|生日|微信|联系|投诉人|申诉人|客户|用户|会员|昵称|提交人|QQ号|邮编`)

// codeLike is one word without spaces: a grade, a branch, a version, a date.
// What could be a number of somebody or something has more digits.
var (
	codeLike = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:/+-]{0,23}$`)
	dateLike = regexp.MustCompile(`^\d{4}-\d\d-\d\d(T[\d:.]+Z?)?$`)
)

const mostDigits = 5

func isCode(v string) bool {
	digits := 0
	for i := range len(v) {
		if v[i] >= '0' && v[i] <= '9' {
			digits++
		}
	}
	return codeLike.MatchString(v) && digits <= mostDigits || dateLike.MatchString(v)
}

// people are the first few who have a value.
type people struct {
	who [sharedBy]uint64
	n   int
}

// shared tells who has which values of the columns kept as JSON.
type shared map[record.Field]*people

// visible reports whether a value may be shown.
func (s shared) visible(f record.Field) bool {
	if personalName.MatchString(f.Name) {
		return false
	}
	p := s[f]
	return isCode(f.Value) || p != nil && p.n == sharedBy
}

func (s shared) count(f record.Field, who uint64) {
	if len(f.Value) > longestShared || isCode(f.Value) || personalName.MatchString(f.Name) {
		return
	}
	p := s[f]
	if p == nil {
		if len(s) == mostCounted {
			return
		}
		p = &people{}
		s[f] = p
	}
	if p.n < sharedBy && !slices.Contains(p.who[:p.n], who) {
		p.who[p.n] = who
		p.n++
	}
}

// extraFields reads one JSON object of texts, in the order of the names.
func extraFields(s string) []record.Field {
	var m map[string]string
	if json.Unmarshal([]byte(s), &m) != nil {
		return nil // not ours: hidden
	}
	out := make([]record.Field, 0, len(m))
	for name, value := range m {
		out = append(out, record.Field{Name: name, Value: value})
	}
	slices.SortFunc(out, record.ByName)
	return out
}

// sharedExtras finds what the people of a table share.
func (s *Store) sharedExtras(ctx context.Context, t maskedTable, last int64) (shared, error) {
	out := shared{}
	for from := int64(0); from < last; from += pageRows {
		err := s.arrowRows(ctx, "select extra, if(customer is null, hash(seq), hash(customer)) as who from "+t.name+" where extra is not null and seq > ? and seq <= ?", func(rec arrow.Record) {
			for i := range int(rec.NumRows()) {
				for _, f := range extraFields(textAt(rec, 0, i)) {
					out.count(f, rec.Column(1).(*array.Uint64).Value(i))
				}
			}
		}, from, from+pageRows)
		if err != nil {
			return nil, fmt.Errorf("count shared values: %w", err)
		}
	}
	return out, nil
}

// mask rebuilds a record with only what may be shown of its extra column.
func (s shared) mask(rec arrow.Record) arrow.Record {
	at := rec.Schema().FieldIndices("extra")
	if len(at) == 0 {
		rec.Retain()
		return rec
	}
	col := rec.Column(at[0]).(*array.String)
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	for i := range col.Len() {
		kept := []record.Field(nil)
		if col.IsValid(i) {
			kept = slices.DeleteFunc(extraFields(col.Value(i)), func(f record.Field) bool { return !s.visible(f) })
		}
		if len(kept) == 0 {
			b.AppendNull()
		} else {
			b.Append(string(appendObject(nil, kept)))
		}
	}
	columns := append([]arrow.Array(nil), rec.Columns()...)
	columns[at[0]] = b.NewArray()
	defer columns[at[0]].Release()
	return array.NewRecord(rec.Schema(), columns, rec.NumRows())
}

// extra is the column that holds what has no word of ours, rendered as JSON.
func extra[T any](get func(*T) []record.Field) column[T] {
	return column[T]{"extra", arrow.BinaryTypes.String, func(b array.Builder, rows []T) {
		sb := b.(*array.StringBuilder)
		var out []byte
		for i := range rows {
			f := get(&rows[i])
			if len(f) == 0 {
				sb.AppendNull()
				continue
			}
			out = appendObject(out[:0], f)
			sb.Append(string(out))
		}
	}}
}

// appendObject renders fields as one JSON object.
func appendObject(out []byte, fields []record.Field) []byte {
	for i, f := range fields {
		sep := byte(',')
		if i == 0 {
			sep = '{'
		}
		out = append(out, sep)
		out = appendJSON(append(appendJSON(out, f.Name), ':'), f.Value)
	}
	return append(out, '}')
}

func appendJSON(out []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			b, err := json.Marshal(s)
			if err != nil { // a string always marshals
				return append(out, `""`...)
			}
			return append(out, b...)
		}
	}
	return append(append(append(out, '"'), s...), '"')
}
