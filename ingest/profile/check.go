package profile

import (
	"cmp"
	"errors"
	"maps"
	"math"
	"regexp"
	"regexp/syntax"
	"slices"

	"plaint/internal/record"
	"plaint/internal/written"
)

// Parse reads a profile and makes it ready to be used. The error is a *written.Error:
// the first that is wrong with it.
func Parse(data []byte) (*Profile, error) {
	p := &Profile{text: data}
	f, err := written.Decode(data, p)
	if err != nil {
		return nil, err
	}
	for _, check := range []func() *written.Error{p.checkName, p.checkWords, p.checkDates, p.checkScale, p.compileSkip, p.compileFilename} {
		if bad := check(); bad != nil {
			bad.Line = f.Line(bad.Path...)
			return nil, bad
		}
	}
	return p, nil
}

func (p *Profile) checkName() *written.Error {
	switch {
	case p.Name == "":
		return at(fault("err_yaml_missing", "key", "name"), "name")
	case p.As == "":
		return at(fault("err_yaml_missing", "key", "as"), "as")
	}
	var ok bool
	if p.kind, ok = record.ParseKind(p.As); ok {
		return nil
	}
	return at(written.Unknown("err_record_kind", p.As, record.KindNames()), "as")
}

func (p *Profile) checkWords() *written.Error {
	known := Words(p.kind)
	for _, part := range []struct {
		key  string
		used []string
	}{{"columns", sorted(p.Columns)}, {"values", sorted(p.Values)}, {"constants", sorted(p.Constants)}, {"filename", sorted(p.Filename)}} {
		for _, w := range part.used {
			if slices.Contains(known, w) {
				continue
			}
			bad := at(written.Unknown("err_profile_word", w, known), part.key, w)
			bad.Pairs = append(bad.Pairs, "kind", p.As)
			return bad
		}
	}
	return nil
}

func (p *Profile) checkDates() *written.Error {
	if bad := checkOrder(p.Dates.Order); bad != nil {
		return at(bad, "dates", "order")
	}
	for i, c := range p.Dates.When {
		if bad := checkOrder(c.Order); bad != nil {
			return at(bad, "dates", "when", i, "order")
		}
	}
	if _, err := zone(p.Dates.Zone); err != nil {
		return at(fault("err_profile_zone", "value", p.Dates.Zone), "dates", "zone")
	}
	return nil
}

func checkOrder(o string) *written.Error {
	if _, ok := orders[o]; ok {
		return nil
	}
	return written.Unknown("err_profile_order", o, []string{"ymd", "dmy", "mdy"})
}

func (p *Profile) checkScale() *written.Error {
	s := p.Scale
	if len(s) == 0 || len(s) == 2 && s[0] < s[1] && !math.IsInf(s[0], 0) && !math.IsInf(s[1], 0) {
		return nil
	}
	return at(fault("err_profile_scale"), "scale")
}

func (p *Profile) compileSkip() *written.Error {
	for i, s := range p.Skip {
		re, bad := compile(s)
		if bad != nil {
			return at(bad, "skip_lines", i)
		}
		p.skip = append(p.skip, re)
	}
	return nil
}

func (p *Profile) compileFilename() *written.Error {
	p.filename = map[string]*regexp.Regexp{}
	for _, w := range sorted(p.Filename) {
		re, bad := compile(p.Filename[w])
		if bad == nil && re.NumSubexp() < 1 {
			bad = fault("err_profile_group", "value", p.Filename[w], "word", w)
		}
		if bad != nil {
			return at(bad, "filename", w)
		}
		p.filename[w] = re
	}
	return nil
}

// badPatterns are the commonest slips in regular expressions.
var badPatterns = map[syntax.ErrorCode]string{
	syntax.ErrMissingParen:          "err_profile_paren",
	syntax.ErrUnexpectedParen:       "err_profile_paren",
	syntax.ErrMissingBracket:        "err_profile_bracket",
	syntax.ErrMissingRepeatArgument: "err_profile_repeat",
}

func compile(pattern string) (*regexp.Regexp, *written.Error) {
	re, err := regexp.Compile(pattern)
	if err == nil {
		return re, nil
	}
	code, part := "", pattern
	var bad *syntax.Error
	if errors.As(err, &bad) {
		code, part = badPatterns[bad.Code], bad.Expr
	}
	return nil, fault(cmp.Or(code, "err_profile_pattern"), "value", pattern, "part", part)
}

// fault is what is wrong, in a code and the texts that its words speak of.
func fault(code string, pairs ...string) *written.Error {
	bad := &written.Error{Code: code}
	for _, s := range pairs {
		bad.Pairs = append(bad.Pairs, written.Short(s))
	}
	return bad
}

// at says where something is wrong.
func at(bad *written.Error, path ...any) *written.Error {
	bad.Path = path
	return bad
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
