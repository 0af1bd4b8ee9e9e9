package rule

import (
	"errors"
	"slices"

	"plaint/internal/written"
)

// Read reads a file of rules and refuses what is wrong with them. The error is a
// *written.Error with the line of the rule.
func Read(data []byte) ([]Rule, error) {
	var file struct {
		Rules []Rule `yaml:"rules"`
	}
	f, err := written.Decode(data, &file)
	if err != nil {
		return nil, err
	}
	if len(file.Rules) == 0 {
		return nil, &written.Error{Code: "err_rule_none"}
	}
	if _, err := Missing(file.Rules, nil); err != nil {
		return nil, Located(f, file.Rules, err)
	}
	return file.Rules, nil
}

// Located gives what is wrong with rules the line in the file that they came from:
// that of the condition where it is at fault, else that of the rule. Another error
// stays as it is.
func Located(f written.File, list []Rule, err error) error {
	var bad *Error
	if !errors.As(err, &bad) {
		return err
	}
	out := &written.Error{Code: bad.Code, Pairs: bad.Pairs, Err: bad, Line: f.Line("rules")}
	for i := range slices.Backward(list) { // of two of a name, the second is at fault
		if len(bad.Pairs) < 2 || bad.Pairs[0] != "rule" || bad.Pairs[1] != list[i].Name {
			continue
		}
		out.Line = f.Line("rules", i)
		if slices.Contains(bad.Pairs, any("line")) {
			out.Line = f.Line("rules", i, "when")
		}
		break
	}
	return out
}
