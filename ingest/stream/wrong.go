package stream

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"plaint/ingest/file"
	"plaint/internal/written"
)

// Wrong is a mistake in the settings of a source: a code whose words the commands
// know, the key, as tls.ca, and what else the words speak of.
func Wrong(code, key string, pairs ...any) *written.Error {
	return at(&written.Error{Code: code, Pairs: append([]any{"key", key}, pairs...)}, key)
}

// at adds where a mistake stands; of a key that is missing, the keys above it.
func at(bad *written.Error, key string) *written.Error {
	for k := range strings.SplitSeq(key, ".") {
		bad.Path = append(bad.Path, k)
	}
	return bad
}

// Entry says that a mistake is in one entry of a list, counted from 0.
func Entry(i int, bad *written.Error) *written.Error {
	bad.Path = append(bad.Path, i)
	return bad
}

// NoName says that a source needs a name: its position is kept under it.
func NoName() *written.Error { return Wrong("err_settings_no_name", "name") }

// Missing says that a key must be there, and how it may look.
func Missing(key, example string) *written.Error {
	return Wrong("err_source_missing", key, "example", example)
}

// NoSecretNamed says that a key must be there that names a secret.
func NoSecretNamed(key string) *written.Error { return Wrong("err_source_no_secret", key) }

// Unlike says that a value has not the form that it needs.
func Unlike(key, value, example string) *written.Error {
	return Wrong("err_source_like", key, "value", Shown(value), "example", example)
}

// NoAddress says that an address has not the form that it needs. It may hold a password
// and is not repeated.
func NoAddress(key, example string) *written.Error {
	bad := Wrong("err_source_form", key, "example", example)
	bad.Err = fmt.Errorf("%s: it is not like %s", key, example)
	return bad
}

// BadSigns says that a name holds a space, or another sign that it must not.
func BadSigns(key, value, signs string) *written.Error {
	return Wrong("err_source_signs", key, "value", Shown(value), "signs", signs)
}

// NoChoice says that a value is none of those that a key can have.
func NoChoice(key, value string, known ...string) *written.Error {
	bad := written.Unknown("err_source_choice", Shown(value), known)
	bad.Pairs = append(bad.Pairs, "key", key)
	return at(bad, key)
}

// Outside says that a number or duration is not between two others.
func Outside[T int | time.Duration](key string, value, least, most T) *written.Error {
	return Wrong("err_source_range", key, "value", plain(value), "least", plain(least), "most", plain(most))
}

// Negative says that a number or duration is below zero.
func Negative[T int | time.Duration](key string, value T) *written.Error {
	return Wrong("err_source_negative", key, "value", plain(value))
}

// plain is 1h for 1h0m0s.
func plain(v any) string {
	s := fmt.Sprint(v)
	if _, ok := v.(time.Duration); ok && strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
		if strings.HasSuffix(s, "h0m") {
			s = strings.TrimSuffix(s, "0m")
		}
	}
	return s
}

// Shown is as much of a value as a message repeats: nothing where it may be an address
// with a password in it.
func Shown(value string) string {
	who, _, found := strings.Cut(value, "@")
	if strings.Contains(value, "://") || found && strings.Contains(who, ":") || strings.Contains(strings.ToLower(value), "password") {
		return "…"
	}
	return written.Short(value)
}

// Unreadable says why a secret or a file of the settings cannot be read. Where a source
// that runs reads it again, the error speaks for itself.
func Unreadable(key string, err error) *written.Error {
	bad := Wrong("err_source_read", key, "reason", err)
	bad.Err = fmt.Errorf("%s: %w", key, err)
	return bad
}

// NoCertificate says that a file is not of authorities.
func NoCertificate(key, name string) *written.Error {
	bad := Wrong("err_source_certificate", key, "file", name)
	bad.Err = fmt.Errorf("%s: %s holds no certificate", key, name)
	return bad
}

// NoPair says why a certificate and its key, of cert and key below a key, cannot be used.
func NoPair(key string, err error) *written.Error {
	var missing *fs.PathError
	if errors.As(err, &missing) {
		return Unreadable(key, err)
	}
	bad := Wrong("err_source_pair", key)
	bad.Err = fmt.Errorf("%s: %w", key, err)
	return bad
}

// Decoder is one for the source's messages. The error is a *written.Error without a line.
func (c *Common) Decoder() (*file.Decoder, error) {
	o, err := c.Options()
	if err != nil {
		return nil, err
	}
	d, err := file.NewDecoder(c.Name, o)
	if err != nil {
		return nil, Unreadable("profile", err)
	}
	return d, nil
}
