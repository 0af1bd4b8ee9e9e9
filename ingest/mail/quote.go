package mail

import (
	"regexp"
	"strings"
)

// The lines above what was said before, as the usual programs write them.
var (
	attribution = regexp.MustCompile(`(?is)^(?:>?\s*)(?:` +
		`on\b.{5,300}\bwrote|am\b.{5,300}\bschrieb\b.{0,120}|le\b.{5,300}\ba écrit|el\b.{5,300}\bescribió|il\b.{5,300}\bha scritto|op\b.{5,300}\bschreef.{0,120}` +
		`)\s*[:：]\s*$`)
	attributionZH = regexp.MustCompile(`^(?:>?\s*)(?:(?:在|于|於).{4,200}|.{0,60}\d{4}.{4,200}|.{1,100}@.{1,100})(?:写道|寫道|来信|來信)\s*[:：]\s*$`)
	divider       = regexp.MustCompile(`(?i)^\s*(?:-{2,}\s*(?:original message|original-nachricht|originalnachricht|ursprüngliche nachricht|forwarded message|weitergeleitete nachricht|message d'origine|message transféré|mensaje original|` +
		`原始邮件|原始郵件|邮件原件|原邮件|回复的原邮件|转发的邮件|转发邮件|轉寄郵件)|begin forwarded message:)`)
	headFrom = regexp.MustCompile(`^\s*\**(?:From|Von|De|发件人|發件人|寄件者)\**\s*[:：]`)
	headMore = regexp.MustCompile(`^\s*\**(?:Sent|Date|To|Subject|Gesendet|Datum|An|Betreff|Envoyé|À|Objet|Enviado|Para|Asunto|发送时间|日期|收件人|主题|傳送時間|寄件日期|收件者|主旨)\**\s*[:：]`)
	sentFrom = regexp.MustCompile(`(?i)^(?:sent from (?:my|outlook|yahoo|mail)|get outlook for|von meinem .{2,40} gesendet|gesendet (?:mit|von)|envoyé de(?:puis)? mon|发自我的|來自我的|从我的.{1,20}发送|从 .{2,30} 获取)`)
)

// mostSignature is how many lines a signature has at most.
const mostSignature = 15

// split parts what a letter says now from what it repeats, and from the
// signature. Nothing is lost: where nothing would be left, all of it was said.
func split(text string) (now, history, signature string) {
	lines := strings.Split(text, "\n")
	at, width, inline := historyAt(lines)
	var kept, old []string
	if at >= 0 && !inline {
		kept, old = lines[:at], lines[at:]
	} else {
		kept, old = unquoted(lines, at, width)
	}
	kept, sign := signed(kept)
	now = strings.TrimSpace(strings.Join(kept, "\n"))
	if now == "" {
		return strings.TrimSpace(text), "", ""
	}
	return now, strings.TrimSpace(strings.Join(old, "\n")), strings.TrimSpace(strings.Join(sign, "\n"))
}

// historyAt finds the line at which a letter's history begins, -1 if it has
// none. width is how many lines its head has; inline says that what follows is
// marked line by line, so that answers may stand between.
func historyAt(lines []string) (at, width int, inline bool) {
	for i, l := range lines {
		if divider.MatchString(cut(l, 200)) || headBlock(lines[i:]) {
			return i, 1, false
		}
		if n := attributed(lines[i:]); n > 0 {
			return i, n, marked(lines[i+n:])
		}
	}
	return -1, 0, true
}

// attributed is how many lines the head of a quotation has, 0 if none begins
// here: programs break it.
func attributed(lines []string) int {
	if strings.TrimSpace(lines[0]) == "" {
		return 0
	}
	joined := ""
	for n := 1; n <= min(3, len(lines)); n++ {
		l := strings.TrimSpace(lines[n-1])
		if joined += " " + l; l == "" || len(joined) > 400 {
			return 0
		}
		if !strings.HasSuffix(l, ":") && !strings.HasSuffix(l, "：") {
			continue
		}
		if n == 1 && attributionZH.MatchString(l) || attribution.MatchString(strings.TrimSpace(joined)) {
			if n > 1 && attributed(lines[1:n]) > 0 {
				return 0 // it begins further below
			}
			return n
		}
	}
	return 0
}

// headBlock reports From:, Sent:, To: as Outlook puts them above a message.
func headBlock(lines []string) bool {
	if !headFrom.MatchString(cut(lines[0], 200)) {
		return false
	}
	n := 0
	for _, l := range lines[1:min(len(lines), 6)] {
		if headMore.MatchString(cut(l, 200)) {
			n++
		}
	}
	return n >= 2
}

// marked reports whether the next line with text has a quotation mark.
func marked(lines []string) bool {
	for _, l := range lines {
		if l = strings.TrimSpace(l); l != "" {
			return l[0] == '>'
		}
	}
	return false
}

// unquoted takes out lines that are marked as quoted, and the head above them.
// A single line may begin with > for another reason.
func unquoted(lines []string, head, width int) (kept, old []string) {
	for i := 0; i < len(lines); {
		if head >= 0 && i >= head && i < head+width {
			old = append(old, lines[i])
			i++
			continue
		}
		n := i
		for n < len(lines) && strings.HasPrefix(strings.TrimLeft(lines[n], " "), ">") {
			n++
		}
		if n-i >= 2 || n > i && head >= 0 && i > head {
			old = append(old, lines[i:n]...)
			i = n
			continue
		}
		n = max(n, i+1)
		kept = append(kept, lines[i:n]...)
		i = n
	}
	return kept, old
}

// signed cuts off the signature: what follows "-- ", or a line such as "Sent
// from my phone" at the end.
func signed(lines []string) (kept, signature []string) {
	for len(lines) > 0 && strings.TrimSpace(lines[len(lines)-1]) == "" {
		lines = lines[:len(lines)-1]
	}
	for i := max(0, len(lines)-1-mostSignature); i < len(lines); i++ {
		if strings.TrimRight(lines[i], " ") == "--" {
			return lines[:i], lines[i+1:]
		}
	}
	if last := len(lines) - 1; last >= 0 && sentFrom.MatchString(strings.TrimSpace(cut(lines[last], 200))) {
		return lines[:last], lines[last:]
	}
	return lines, nil
}
