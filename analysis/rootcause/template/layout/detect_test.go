package layout

import (
	"fmt"
	"strings"
	"testing"
)

// sayings are what services say: %[1]d varies from line to line.
var sayings = []string{
	"Started listener on port %[1]d", "connection from 10.0.0.%[1]d refused", "User u%[1]d logged in", "cache miss for key k%[1]d, loading",
	"Shutting down worker %[1]d", "[pool-%[1]d] drained", "failed to open file /tmp/x%[1]d: no such file", "order %[1]d accepted", "GET /v1/quotes/%[1]d done",
	"订单 %[1]d 已受理", "retry %[1]d of 3: timeout", "\"quoted %[1]d\" text",
}

// heads are how the lines of many services begin: %[1]d is a small number that
// varies, %[2]s a name, %[3]s a level, %[4]s the text.
var heads = []string{
	"2026-01-05T08:00:%02[1]d.123Z %[3]s [%[2]s] %[4]s",
	"2026-01-05 08:00:%02[1]d,123 %[3]s %[2]s: %[4]s",
	"2026-01-05 08:00:%02[1]d,123 - %[2]s - %[3]s - %[4]s",
	"%[3]s:%[2]s:%[4]s",
	"2026/01/05 08:00:%02[1]d main.go:%[1]d: %[4]s",
	"2026/01/05 08:00:%02[1]d [%[3]s] 12%02[1]d#0: %[4]s",
	"2026-01-05 08:00:%02[1]d.123 UTC [43%02[1]d] %[3]s:  %[4]s",
	"2026-01-05 08:00:%02[1]d.123  %[3]s 123%02[1]d --- [           main] c.e.%[2]s    : %[4]s",
	"2026-01-05T08:00:%02[1]d.123456Z %[1]d [%[3]s] [MY-0100%02[1]d] [Server] %[4]s",
	"[2026-01-05 08:00:%02[1]d,123] %[3]s %[4]s",
	"[2026-01-05T08:00:%02[1]d,123][%[3]s][o.e.%[2]s] [node-1] %[4]s",
	"I0105 08:00:%02[1]d.678901   123%02[1]d %[2]s.go:123] %[4]s",
	"Jan  5 08:00:%02[1]d host1 %[2]s[12%02[1]d]: %[4]s",
	"<34>Jan  5 08:00:%02[1]d host1 %[2]s[12%02[1]d]: %[4]s",
	"<34>1 2026-01-05T08:00:%02[1]d.1Z host1 %[2]s 12%02[1]d ID47 - %[4]s",
	"<34>1 2026-01-05T08:00:%02[1]d.1Z host1 %[2]s 12%02[1]d ID47 [a@1 b=\"c d\"] %[4]s",
	"[   12.3456%02[1]d] %[4]s",
	"api_%[1]d  | %[4]s",
	"2026-01-05T08:00:%02[1]d.123456789Z stdout F %[4]s",
	"12:M 05 Jan 2026 08:00:%02[1]d.123 * %[4]s",
	"%[3]s  [main] 2026-01-05 08:00:%02[1]d,123 %[2]s.java:12 - %[4]s",
	"08:00:%02[1]d.123 [main] %[3]s c.e.%[2]s - %[4]s",
	"01-05 08:00:%02[1]d.123  1702  23%02[1]d D %[2]s: %[4]s",
	"D/%[2]s( 17%02[1]d): %[4]s",
	"2026年01月05日 08:00:%02[1]d 警告 [%[2]s] %[4]s",
	"2026-01-05 08:00:%02[1]d 信息 %[2]s：%[4]s",
	"17676%02[1]d123.456 %[3]s %[2]s: %[4]s",
	"1767612%03[1]d %[2]s %[3]s %[4]s",
	"20260105-08:00:%02[1]d:123|%[2]s|30002312|%[4]s",
	"2026-01-05\t08:00:%02[1]d\t%[3]s\t%[2]s\t%[4]s",
	"2026-01-05 08:00:%02[1]d | %[3]s | %[2]s | %[4]s",
	"2026-01-05 08:00:%02[1]d.123 | %[3]-8s | app.%[2]s:run:%[1]d - %[4]s",
	"(2026-01-05 08:00:%02[1]d) [%[3]s] %[4]s",
	"E, [2026-01-05T08:00:%02[1]d.123 #12] ERROR -- : %[4]s",
	"time=2026-01-05T08:00:%02[1]dZ level=%[3]s msg=%[4]q id=%[1]d",
	`{"ts":"2026-01-05T08:00:%02[1]dZ","level":"%[3]s","n":[%[1]d,{"a":2}],"message":%[4]q}`,
	`{"log":%[4]q,"stream":"stdout","time":"2026-01-05T08:00:%02[1]dZ"}`,
	`2026-01-05T08:00:%02[1]dZ {"level":"%[3]s","msg":%[4]q}`,
	"Mon Jan  5 08:00:%02[1]d 2026 : %[3]s : %[4]s",
	"2026-01-05 08:00:%02[1]d+0800 %[3]s  %[2]s/run.go:%[1]d  %[4]s",
	"05/01/2026 08:00:%02[1]d PM %[3]s %[4]s",
	"%[4]s",
}

func TestDetect(t *testing.T) {
	names := []string{"billing", "api", "OrderService", "auth.Login"}
	for _, head := range heads {
		var lines, contents []string
		for i := range 600 {
			text := fmt.Sprintf(sayings[i*7%len(sayings)], i%97)
			lines = append(lines, fmt.Sprintf(head+"%[5]s", i%60, names[i*5%4], []string{"INFO", "WARN", "ERROR", "DEBUG"}[i*3%4], text, ""))
			contents = append(contents, text)
		}
		l := Detect(lines)
		wrong := 0
		example := ""
		for i, line := range lines {
			if got, ok := l.Content(line); !ok || strings.TrimSpace(got) != contents[i] {
				if wrong++; wrong == 1 {
					example = fmt.Sprintf("%q of %q", got, line)
				}
			}
		}
		if wrong > 0 {
			t.Errorf("%s\n\tread as %s: %d of %d contents wrong: %s", head, l, wrong, len(lines), example)
		}
	}
}

// TestDetectLeavesText: what all texts begin with is no header.
func TestDetectLeavesText(t *testing.T) {
	for _, c := range []struct{ line, content string }{
		{"2026-01-05 08:00:%02[1]d INFO order %[1]d accepted", "order %[1]d accepted"},
		{"2026-01-05 08:00:%02[1]d INFO user u%[1]d: logged in", "user u%[1]d: logged in"},
		{"2026-01-05 08:00:%02[1]d INFO took %[1]d ms from 10:00:%02[1]d on", "took %[1]d ms from 10:00:%02[1]d on"},
		{"2026-01-05 08:00:%02[1]d INFO \"GET /x HTTP/1.1\" 200 %[1]d", "\"GET /x HTTP/1.1\" 200 %[1]d"},
		{"10.0.0.%[1]d - - [05/Jan/2026:08:00:%02[1]d +0000] \"GET /x%[1]d HTTP/1.1\" 200 %[1]d", "\"GET /x%[1]d HTTP/1.1\" 200 %[1]d"},
		{"order %[1]d accepted by rule %[1]d", "order %[1]d accepted by rule %[1]d"},
		{"%[1]d %[1]d %[1]d", "%[1]d %[1]d %[1]d"},
		{"用户 u%[1]d 登录成功", "用户 u%[1]d 登录成功"},
	} {
		for _, n := range []int{1, 5, 300} {
			var lines, contents []string
			for i := range n {
				lines, contents = append(lines, fmt.Sprintf(c.line, i%60)), append(contents, fmt.Sprintf(c.content, i%60))
			}
			l := Detect(lines)
			for i, line := range lines {
				if got, _ := l.Content(line); got != contents[i] {
					t.Errorf("%d lines like %q as %s: %q", n, line, l, got)
					break
				}
			}
		}
	}
}

func TestIsTime(t *testing.T) {
	for _, yes := range strings.Fields("2026-01-05 2026/1/5 05.01.2026 10/Oct/2000 17/06/09 20260105 08:00 8:00:01 08:00:01.123 08:00:01,123 08:00:01Z 08:00:01+08:00 " +
		"2026-01-05T08:00:01.1Z 2026-01-05_08:00:01 10/Oct/2000:13:55:36 2005-06-03-15.42.50.675872 20171223-22:15:29:606 1767612000 1767612000.123 1767612000123 Jan Mon UTC +0800 I0105 2026年01月05日") {
		if !isTime(yes) {
			t.Errorf("%s is a time", yes)
		}
	}
	for _, no := range strings.Fields("10.0.0.7 1.2.3 v1.2.3 12345 123456 99 host:80 10.0.0.7:80 1.2.3.4 May-be Monday 2026 5-5-5-5 1234567890123456789012 12:345 a1:00 192.168.10.12 0x12 INFO 1.10.20") {
		if isTime(no) {
			t.Errorf("%s is no time", no)
		}
	}
}

func FuzzDetect(f *testing.F) {
	f.Add("2026-01-05 08:00:01 INFO a: b\n[x] (y) <34>1 - \"\n{\"a\":[1,{}]}\na=1 b=\"2\"")
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Split(text, "\n")
		l := Detect(append(lines, lines...))
		for _, line := range lines {
			_, ok := l.Content(line)
			again, okAgain := l.Content(line)
			first, _ := Detect(append(lines, lines...)).Content(line)
			if ok != okAgain || first != again {
				t.Errorf("%q is read in two ways by %s: %q, %q", line, l, first, again)
			}
		}
	})
}
