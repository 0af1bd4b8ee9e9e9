package embed

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// question is a request's body.
type question struct {
	Model      string   `json:"model"`
	Input      []string `json:"input"`
	Format     string   `json:"encoding_format"`
	Dimensions int      `json:"dimensions,omitempty"`
}

// answer is the body that comes back, as far as it is read.
type answer struct {
	Data json.RawMessage `json:"data"`
}

// row is one of its vectors.
type row struct {
	Index     *int            `json:"index"`
	Embedding json.RawMessage `json:"embedding"`
}

// again says whether and when to ask again.
type again struct {
	never bool
	after time.Duration // 0: not said
}

// once asks once.
func (c *Client) once(ctx context.Context, texts []string) ([][]float32, again, error) {
	body, err := json.Marshal(question{c.o.Model, texts, "float", c.o.Dimensions})
	if err != nil {
		return nil, again{never: true}, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.at.full.String(), bytes.NewReader(body))
	if err != nil {
		return nil, again{never: true}, c.fault(BadAddress, "")
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	if c.o.Key != "" {
		r.Header.Set("Authorization", "Bearer "+c.o.Key)
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, again{}, c.unreachable(err)
	}
	defer resp.Body.Close()
	most := mostAround + len(texts)*mostNumbers*mostDigits
	data, err := io.ReadAll(io.LimitReader(resp.Body, int64(most)+1))
	switch {
	case err != nil:
		return nil, again{}, c.unreachable(err)
	case resp.StatusCode != http.StatusOK:
		return nil, toldAgain(resp), c.refused(resp, data, texts)
	case len(data) > most:
		return nil, again{never: true}, c.fault(TooLarge, "")
	}
	vectors, err := c.read(data, texts)
	return vectors, again{never: true}, err
}

// unreachable leaves out the address that the transport repeats: a password or a
// key may stand in it.
func (c *Client) unreachable(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		err = of.Err
	}
	return &Error{Code: Unreachable, At: c.at.String(), Err: err}
}

// toldAgain is what a status says of another try.
func toldAgain(resp *http.Response) again {
	s := resp.StatusCode
	if s != http.StatusTooManyRequests && s != http.StatusRequestTimeout && s < 500 || s == http.StatusNotImplemented {
		return again{never: true}
	}
	told := resp.Header.Get("Retry-After")
	if n, err := strconv.Atoi(strings.TrimSpace(told)); err == nil && n > 0 {
		return again{after: time.Duration(min(n, 1e6)) * time.Second}
	}
	if at, err := http.ParseTime(told); err == nil {
		return again{after: max(time.Until(at), 0)}
	}
	return again{}
}

// refused words an answer that is none.
func (c *Client) refused(resp *http.Response, body []byte, texts []string) error {
	e := c.fault(Refused, "")
	e.Status = resp.StatusCode
	if e.Status >= 300 && e.Status < 400 {
		e.Code = Elsewhere
		if to, err := resp.Location(); err == nil {
			e.Detail = (&url.URL{Scheme: to.Scheme, Host: to.Host, Path: to.Path}).String()
		}
		return e
	}
	e.Detail = c.said(body, texts)
	return e
}

// said is the sentence in the body of a refusal, if there is one: short, on one
// line, without the key; nothing of one that repeats a text.
func (c *Client) said(body []byte, texts []string) string {
	var told struct {
		Error   json.RawMessage `json:"error"`
		Message string          `json:"message"`
		Detail  json.RawMessage `json:"detail"`
	}
	if json.Unmarshal(body, &told) != nil {
		return ""
	}
	var inner struct {
		Message string `json:"message"`
	}
	var text string
	for _, raw := range []json.RawMessage{told.Error, told.Detail} {
		if text == "" && json.Unmarshal(raw, &text) != nil && json.Unmarshal(raw, &inner) == nil {
			text = inner.Message
		}
	}
	if text == "" {
		text = told.Message
	}
	if c.o.Key != "" {
		text = strings.ReplaceAll(text, c.o.Key, "…")
	}
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	if r := []rune(text); len(r) > mostAnswered {
		text = string(r[:mostAnswered]) + "…"
	}
	if repeats(text, texts) {
		return ""
	}
	return text
}

// repeats reports whether something said holds a text or a piece of one.
func repeats(said string, texts []string) bool {
	const piece = 12 // characters
	var all strings.Builder
	for _, t := range texts {
		t = strings.Join(strings.Fields(t), " ")
		if utf8.RuneCountInString(t) < piece && strings.Contains(said, t) {
			return true
		}
		all.WriteString(t + "\n")
	}
	r := []rune(said)
	for i := 0; i+piece <= len(r); i++ {
		if strings.Contains(all.String(), string(r[i:i+piece])) {
			return true
		}
	}
	return false
}

// rows are the n vectors of an answer as they stand there; no more are looked at.
func (c *Client) rows(data []byte, texts []string) ([]row, error) {
	var a answer
	if err := json.Unmarshal(data, &a); err != nil {
		return nil, c.fault(NoJSON, kindOf(data))
	}
	list := json.NewDecoder(bytes.NewReader(a.Data))
	if at, err := list.Token(); err != nil || at != json.Delim('[') {
		return nil, c.fault(NoJSON, c.said(data, texts))
	}
	out := make([]row, 0, len(texts))
	for list.More() && len(out) <= len(texts) {
		var r row
		if list.Decode(&r) != nil {
			return nil, c.fault(NoJSON, "data")
		}
		out = append(out, r)
	}
	if len(out) != len(texts) {
		return nil, c.fault(WrongCount, fmt.Sprintf("%d / %d", len(out), len(texts)))
	}
	return out, nil
}

// read takes the texts' vectors out of an answer and brings them to unit length.
func (c *Client) read(data []byte, texts []string) ([][]float32, error) {
	rows, err := c.rows(data, texts)
	if err != nil {
		return nil, err
	}
	n := len(texts)
	out := make([][]float32, n)
	for k, d := range rows {
		i := k
		if d.Index != nil {
			i = *d.Index
		}
		if i < 0 || i >= n || out[i] != nil {
			return nil, c.fault(WrongCount, fmt.Sprintf("index %d / %d", i, n))
		}
		v, err := c.vector(d.Embedding)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

// kindOf is what an answer looks like that is not JSON of the protocol.
func kindOf(data []byte) string {
	data = bytes.TrimSpace(data)
	switch {
	case len(data) == 0:
		return "∅"
	case data[0] == '<':
		return "HTML"
	}
	return ""
}

// vector reads one: numbers, or single precision in base64 as some services send
// it whatever they are asked for.
func (c *Client) vector(raw json.RawMessage) ([]float32, error) {
	var v []float32
	var packed string
	if json.Unmarshal(raw, &packed) == nil && packed != "" {
		data, err := base64.StdEncoding.DecodeString(packed)
		if err != nil || len(data)%4 != 0 {
			return nil, c.fault(NoJSON, "base64")
		}
		v = make([]float32, len(data)/4)
		for i := range v {
			v[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		}
	} else if bytes.Contains(raw, []byte("null")) { // some services write so what is no number
		return nil, c.fault(WrongNumber, "")
	} else if len(raw) > mostNumbers*mostDigits || json.Unmarshal(raw, &v) != nil {
		return nil, c.fault(NoJSON, "embedding")
	}
	if c.numbers == 0 {
		c.numbers = min(len(v), mostNumbers)
	}
	if len(v) != c.numbers || len(v) == 0 {
		return nil, c.fault(WrongLength, fmt.Sprintf("%d / %d", len(v), c.numbers))
	}
	if !unit(v) {
		return nil, c.fault(WrongNumber, "")
	}
	return v, nil
}

// unit brings a vector to length 1; false if it has no direction.
func unit(v []float32) bool {
	sum := 0.0
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	length := math.Sqrt(sum)
	if length == 0 || math.IsNaN(length) || math.IsInf(length, 0) {
		return false
	}
	for i, x := range v {
		v[i] = float32(float64(x) / length)
	}
	return true
}
