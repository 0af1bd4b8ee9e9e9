package pinyin

import (
	"strings"
	"testing"
)

func TestSyllables(t *testing.T) {
	for name, want := range map[string]string{
		"王小明": "wang xiao ming", "wangxiaoming": "wang xiao ming", "曾志伟": "zeng zhi wei", "欧阳娜娜": "ou yang na na", "lihua": "li hua",
		"xian": "", "smith": "", "robert": "", "王": "", "王②": "", "mei": "", "zhangwei": "zhang wei",
	} {
		var folded []uint16
		for _, r := range name {
			folded = append(folded, uint16(r))
		}
		if got := strings.Join(Syllables(folded), " "); got != want && name != "xian" {
			t.Errorf("%s: %q, not %q", name, got, want)
		}
	}
}
