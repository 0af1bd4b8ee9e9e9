package text

import "testing"

func TestHandle(t *testing.T) {
	for in, want := range map[string]string{
		"请联系代理人，微信：wx2509998，勿拨打": "wx2509998", "contact the agent at qq 479214684, weekdays": "479214684",
		"加微信聊": "", "微信支付失败 12": "", "": "", "QQ": "", "WeChat is down since 2026": "",
	} {
		if got := Handle(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
