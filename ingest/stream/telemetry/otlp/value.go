package otlp

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"strconv"
)

// appendText writes a JSON string. Bytes that are no UTF-8 stay as they are, so
// that what is refused for them can be looked at, and is refused again.
func appendText(out []byte, s string) []byte {
	const digits = "0123456789abcdef"
	out = append(out, '"')
	from := 0
	for i := range len(s) {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		out = append(out, s[from:i]...)
		from = i + 1
		if c < 0x20 {
			out = append(out, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		} else {
			out = append(out, '\\', c)
		}
	}
	return append(append(out, s[from:]...), '"')
}

// appendDouble writes a number as JSON; what JSON has no number for is a text.
func appendDouble(out []byte, v float64, inJSON bool) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		word := "NaN"
		if math.IsInf(v, 1) {
			word = "Infinity"
		} else if math.IsInf(v, -1) {
			word = "-Infinity"
		}
		if inJSON {
			return appendText(out, word)
		}
		return append(out, word...)
	}
	return strconv.AppendFloat(out, v, 'g', -1, 64)
}

func appendBase64(out []byte, b string) []byte {
	return base64.StdEncoding.AppendEncode(out, []byte(b))
}

// hexID is an id in hexadecimal, "" for one of zeroes, which means none.
func hexID(id string) string {
	for i := range len(id) {
		if id[i] != 0 {
			var buf [64]byte
			return string(hex.AppendEncode(buf[:0], []byte(id)))
		}
	}
	return ""
}
