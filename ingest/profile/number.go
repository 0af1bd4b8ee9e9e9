package profile

import (
	"regexp"
	"strconv"
	"strings"

	"plaint/internal/record"
)

var currencySigns = []struct{ sign, code string }{
	{"US$", "USD"}, {"HK$", "HKD"}, {"RMB", "CNY"}, {"CNY", "CNY"}, {"USD", "USD"}, {"HKD", "HKD"}, {"EUR", "EUR"}, {"GBP", "GBP"},
	{"¥", "CNY"}, {"￥", "CNY"}, {"$", "USD"}, {"€", "EUR"}, {"£", "GBP"}, {"元", "CNY"}, {"人民币", "CNY"}, {"美元", "USD"},
}

var units = []struct {
	sign   string
	factor float64
}{{"%", 1}, {"亿", 1e8}, {"億", 1e8}, {"万", 1e4}, {"萬", 1e4}}

var grouped = regexp.MustCompile(`^[+-]?\d{1,3}(?:[, ]\d{3})+(?:\.\d+)?$`)

// parseNumber reads an amount as people write it: 1,234.50, 1 234, ¥1,234,
// 1.2万, (12.00) for a negative. ok is false for anything else.
func parseNumber(v string) (n float64, currency string, ok bool) {
	s := strings.TrimSpace(v)
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		return f, "", f == f && f <= 1e15 && f >= -1e15
	}
	for _, c := range currencySigns {
		if strings.Contains(s, c.sign) {
			s, currency = strings.TrimSpace(strings.Replace(s, c.sign, "", 1)), c.code
			break
		}
	}
	negative := strings.HasPrefix(s, "(") && strings.HasSuffix(s, ")")
	s = strings.Trim(s, "()")
	factor := 1.0
	for _, u := range units { // 1.2万亿 has two
		if t, ok := strings.CutSuffix(s, u.sign); ok {
			s, factor = t, factor*u.factor
		}
	}
	s = strings.NewReplacer("，", ",", "\u00a0", " ").Replace(strings.TrimSpace(s))
	if strings.ContainsAny(s, ", ") {
		// 1234,56 might be a decimal comma: only whole groups of three digits
		// are taken for thousands, the rest is refused.
		if !grouped.MatchString(s) {
			return 0, "", false
		}
		s = strings.NewReplacer(",", "", " ", "").Replace(s)
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f != f || f > 1e15 || f < -1e15 {
		return 0, "", false
	}
	if negative {
		f = -f
	}
	return f * factor, currency, true
}

// parseTri reads a yes or a no in English and Chinese.
func parseTri(v string) (record.Tri, bool) {
	switch strings.ToLower(strings.TrimSpace(v)) {
	case "yes", "y", "true", "1", "t", "是", "有", "成立", "支持", "upheld":
		return record.Yes, true
	case "no", "n", "false", "0", "f", "否", "无", "不成立", "不支持", "rejected", "not upheld":
		return record.No, true
	}
	return record.Unknown, false
}
