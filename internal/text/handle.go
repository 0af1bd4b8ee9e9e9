package text

import "strings"

// handleMarks stand before a messenger handle.
var handleMarks = NewMarks("QQ", "qq", "微信", "WeChat", "wechat", "Wechat", "WhatsApp", "whatsapp", "Telegram", "telegram", "加V", "v信", "V信", "薇信", "vx", "VX", "Vx", "wx:", "wx：", "WX:", "WX：", "TG:", "TG：", "tg:", "tg：", "LINE ID", "Line ID", "line id")

// Handle is the messenger handle that a letter tells the reader to contact, ""
// if there is none: a run of at least five letters, digits and underscores
// with at least four digits, close behind a mark.
func Handle(s string) string {
	found := ""
	handleMarks.Each(s, func(_ string, end int) bool {
		found = handleAt(s[end:])
		return found == ""
	})
	return found
}

// handleAt looks for a handle in the next few characters.
func handleAt(s string) string {
	const near = 16
	for start := 0; start < len(s) && start < near; start++ {
		if !handleByte(s[start]) {
			continue
		}
		end, digits := start, 0
		for end < len(s) && handleByte(s[end]) {
			if s[end] >= '0' && s[end] <= '9' {
				digits++
			}
			end++
		}
		if digits >= 4 && end-start >= 5 {
			return strings.ToLower(s[start:end])
		}
		start = end
	}
	return ""
}

func handleByte(b byte) bool {
	return b >= '0' && b <= '9' || b|0x20 >= 'a' && b|0x20 <= 'z' || b == '_' || b == '-'
}
