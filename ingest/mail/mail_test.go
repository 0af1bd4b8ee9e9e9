package mail

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

func read(t testing.TB, text string) *Message {
	t.Helper()
	m, err := (&Reader{}).Read(strings.NewReader(strings.ReplaceAll(text, "\n", "\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func fault(t *testing.T, r io.Reader) *Fault {
	t.Helper()
	_, err := (&Reader{}).Read(r)
	var f *Fault
	if !errors.As(err, &f) {
		t.Fatalf("it is read with %v", err)
	}
	return f
}

const head = "From: Anna <Anna@Example.com>\nDate: Mon, 2 Mar 2026 10:00:00 +0800\nMessage-ID: <a@x>\n"

func TestMessage(t *testing.T) {
	m := read(t, "From: =?gb2312?B?1cXI/Q==?= <ZHANG@Example.CN>\nTo: Help <support@firm.com>, other@x\nReply-To: z2@example.cn\n"+
		"Subject: Re: =?UTF-8?Q?R=C3=BCckzahlung?=\nDate: Mon, 2 Mar 2026 10:00:00 +0800\nMessage-ID: <m3@x>\n"+
		"In-Reply-To: <m2@x>\nReferences: <m1@x>\n <m2@x>\nContent-Type: text/plain; charset=utf-8\n\nNo money yet.\n")
	if m.From != "zhang@example.cn" || m.Name != "张三" || fmt.Sprint(m.To) != "[support@firm.com other@x]" || m.ReplyTo != "z2@example.cn" || m.Subject != "Rückzahlung" ||
		m.ID != "m3@x" || m.Thread != "m1@x" || m.Answers[0] != "m2@x" || m.Text != "No money yet." || m.Automatic != "" ||
		!m.Received.Equal(time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v", m)
	}
	row := m.Row(m.Party(nil))
	if row[0] != ComplaintID("m1@x", "zhang@example.cn") || len(row) != len(Columns()) || Columns()[Automatic] != "automatic" {
		t.Errorf("%q", row)
	}
}

func TestEncodings(t *testing.T) {
	want := "提款一直没有到账，請儘快處理"
	gb, _ := simplifiedchinese.GB18030.NewEncoder().String(want)
	big, err := traditionalchinese.Big5.NewEncoder().String("提款一直沒有到賬")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string][2]string{
		"gb18030 8bit":    {"text/plain; charset=gb18030\nContent-Transfer-Encoding: 8bit\n\n" + gb, want},
		"gb2312 is more":  {"text/plain; charset=GB2312\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString([]byte(gb)), want},
		"big5":            {"text/plain; charset=Big5\n\n" + big, "提款一直沒有到賬"},
		"latin-9":         {"text/plain; charset=iso-8859-15\n\n5 \xa4", "5 €"},
		"latin-1 claimed": {"text/plain; charset=iso-8859-1\n\n" + want, want},
		"quoted":          {"text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nZur=C3=BCck=\n!", "Zurück!"},
		"no such set":     {"text/plain; charset=x-nobody\n\nhallo", "hallo"},
		"html":            {"text/html\n\n<p>a &amp; b</p><script>x</script>", "a & b"},
	} {
		if m := read(t, head+"Content-Type: "+c[0]+"\n"); m.Text != c[1] {
			t.Errorf("%s: %q, want %q", name, m.Text, c[1])
		}
	}
}

// Many programs cut an encoded subject inside a character.
func TestWordsCutInsideACharacter(t *testing.T) {
	s := []byte("提款")
	word := func(b []byte) string { return "=?utf-8?B?" + base64.StdEncoding.EncodeToString(b) + "?=" }
	w := &walker{m: &Message{}}
	if got := w.words("x " + word(s[:4]) + "\r\n " + word(s[4:]) + " y " + mime.QEncoding.Encode("utf-8", "é")); got != "x 提款 y é" {
		t.Errorf("%q", got)
	}
}

func TestAddress(t *testing.T) {
	w := &walker{m: &Message{}}
	for in, want := range map[string][2]string{
		`"Lee, Ann" <ann@x.com>, b@x.com`: {"Lee, Ann", "ann@x.com"},
		`ann@x.com (Ann Lee)`:             {"Ann Lee", "ann@x.com"},
		`ann@x.com, bob@x.com`:            {"", "ann@x.com"},
		`Ann < ann@x.com `:                {"Ann", "ann@x.com"},
		`"ann@x.com" <ann@x.com>`:         {"", "ann@x.com"},
		`undisclosed-recipients:;`:        {"", ""},
		`<MAILER-DAEMON>`:                 {"", "mailer-daemon"},
		"Ann\x00\r\n Bcc: <ann@x.com>":    {"Ann Bcc:", "ann@x.com"},
	} {
		if name, addr := w.address(in); name != want[0] || addr != want[1] {
			t.Errorf("%q: %q %q", in, name, addr)
		}
	}
}

func TestParts(t *testing.T) {
	m := read(t, head+`Content-Type: multipart/mixed; boundary=A

--A
Content-Type: multipart/alternative; boundary=B

--B
Content-Type: text/html

<p>rich</p>
--B
Content-Type: text/plain

plain
--B--
--A
Content-Type: application/pdf
Content-Disposition: attachment; filename="=?utf-8?B?5Zu+?=;1.pdf"
Content-Transfer-Encoding: base64

aGVsbG8=
--A
Content-Type: message/rfc822

From: bob@x.com
Subject: Fwd: the bill
Content-Type: text/plain

old words
--A--
`)
	if m.Text != "plain" || len(m.Attached) != 2 || m.Attached[0] != "图_1.pdf sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824 5" ||
		!strings.HasPrefix(m.Attached[1], "the bill.eml sha256:") || m.Forwarded != "bob@x.com: the bill\nold words" {
		t.Errorf("%+v", m)
	}
}

func TestBestEffort(t *testing.T) {
	for name, c := range map[string][3]string{
		"broken base64":  {"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\naGVsbG8g!!!", "hello", "damaged part"},
		"no end":         {"Content-Type: multipart/mixed; boundary=A\n\n--A\n\nhello\n", "hello", "damaged part,cut off"},
		"no boundary":    {"Content-Type: multipart/mixed\n\nhello\n", "hello", ""},
		"zero bytes":     {"\nhel\x00lo\n", "hello", ""},
		"bad type":       {"Content-Type: text\n\nhello\n", "hello", ""},
		"odd boundary":   {"Content-Type: multipart/mixed; boundary=\"A\"; x=;;=\n\n--A\n\nhello\n--A--\n", "hello", ""},
		"bad encoding":   {"Content-Transfer-Encoding: x-y\n\nhello\n", "hello", "unknown transfer encoding"},
		"broken header":  {"this is no field\nhello\n", "hello", "header broken"},
		"no body":        {"", "", ""},
		"many subjects":  {"Subject: a\nSubject: b\n\nhello", "hello", ""},
		"line in a word": {"Subject: =?utf-8?Q?a=0D=0ABcc:_x?=\n\nhello", "hello", ""},
	} {
		m := read(t, head+c[0])
		if m.Text != c[1] || strings.Join(m.Notes, ",") != c[2] || strings.ContainsAny(m.Subject, "\r\n\x00") {
			t.Errorf("%s: %q %q %q", name, m.Text, m.Notes, m.Subject)
		}
	}
}

func TestHostile(t *testing.T) {
	var deep, many strings.Builder
	deep.WriteString(head)
	for i := range 50 {
		fmt.Fprintf(&deep, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
	}
	many.WriteString(head + "Content-Type: multipart/mixed; boundary=b\n\n")
	for range 5000 {
		many.WriteString("--b\n\nx\n")
	}
	var nest strings.Builder
	for range 50 {
		nest.WriteString(head + "Content-Type: message/rfc822\n\n")
	}
	for name, c := range map[string]struct {
		r    io.Reader
		code string
	}{
		"deep":        {strings.NewReader(deep.String()), "mail_bomb"},
		"many":        {strings.NewReader(many.String()), "mail_bomb"},
		"nested":      {strings.NewReader(nest.String()), "mail_bomb"},
		"long":        {io.MultiReader(strings.NewReader(head+"\n"), endless('x')), "mail_too_long"},
		"long header": {io.MultiReader(strings.NewReader(head+"X: "), endless('x')), "bad_mail"},
		"no header":   {strings.NewReader("hello\n\nyou\n"), "bad_mail"},
		"nothing":     {strings.NewReader(""), "bad_mail"},
	} {
		if f := fault(t, c.r); string(f.Code) != c.code || len(f.Raw) > keptBegin {
			t.Errorf("%s: %s %s", name, f.Code, f.Detail)
		}
	}
}

type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

func TestAutomatic(t *testing.T) {
	for field, want := range map[string]string{
		"Auto-Submitted: auto-replied": "auto_reply", "Auto-Submitted: no": "", "Precedence: bulk": "newsletter", "List-Id: News <n.x.com>": "newsletter",
		"Precedence: auto_reply": "auto_reply", "Return-Path: <>": "auto_reply", "X-Failed-Recipients: a@x": "bounce",
		"Content-Type: multipart/report; report-type=delivery-status; boundary=x":          "bounce",
		"Content-Type: multipart/report; report-type=disposition-notification; boundary=x": "auto_reply",
		"List-Unsubscribe: <mailto:x>": "newsletter", "X-Mailer: y": "",
	} {
		if m := read(t, head+field+"\n\nhello"); string(m.Automatic) != want || m.Listed != (want == "newsletter") {
			t.Errorf("%s: %q", field, m.Automatic)
		}
	}
}

func TestReceived(t *testing.T) {
	top := "Received: from a by b; Tue, 3 Mar 2026 00:00:00 +0000\nReceived: from c by a; Mon, 2 Mar 2026 00:00:00 +0000\n"
	for in, want := range map[string]string{
		"Date: Sun, 1 Mar 2026 00:00:00 +0000\n" + top: "2026-03-01",
		"Date: Sun, 1 Mar 2099 00:00:00 +0000\n" + top: "2026-03-03", // it had not come
		"Date: soon\n" + top:                           "2026-03-03",
		top:                                            "2026-03-03",
		"X: y\n":                                       "0001-01-01",
	} {
		if m := read(t, in+"\nx"); m.Received.Format(time.DateOnly) != want {
			t.Errorf("%q: %s", in, m.Received)
		}
	}
}

// A case is a letter, and what is now said in it, history and signature, each
// behind a line ====.
func TestSplit(t *testing.T) {
	files, err := filepath.Glob("testdata/letters/*.txt")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		parts := regexp.MustCompile(`(?m)^====$`).Split(string(data), -1)
		for len(parts) < 4 {
			parts = append(parts, "")
		}
		now, old, sign := split(strings.TrimSpace(parts[0]))
		for i, got := range []string{now, old, sign} {
			if got != strings.TrimSpace(parts[i+1]) {
				t.Errorf("%s, part %d:\n%s\nwant\n%s", f, i+1, got, parts[i+1])
			}
		}
	}
}

func TestSubject(t *testing.T) {
	for in, want := range map[string]string{"Re: AW: Fwd: a": "a", "回复：答复: 提款": "提款", "Re:": "Re:", "Regarding: x": "Regarding: x", "RE[2]: x": "x"} {
		if got := subject(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func TestBox(t *testing.T) {
	in := "\nFrom a@x Mon Mar  2 10:00:00 2026\nSubject: 1\n\n>From here\n>>From there\nFrom me: no date\nthe end\n\n" +
		"From - Mon Mar 02 10:00:00 2026\r\nSubject: 2\r\n\r\nhello\r\n" + // no empty line before the next
		"From 17@xxx Mon Mar 02 10:00:00 +0000 2026\nSubject: 3\n\nFrom b Mon Mar  2 10:00:00 2026\n"
	b := NewBox(strings.NewReader(in))
	var got []string
	for {
		l, err := b.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(got) == 2 { // a message that is not read is skipped
			got = append(got, fmt.Sprint(l.Line, " skipped"))
			continue
		}
		data, err := io.ReadAll(l)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(l.Line, " ", string(data)))
	}
	want := []string{"2 Subject: 1\n\nFrom here\n>From there\nFrom me: no date\nthe end\n\n", "10 Subject: 2\r\n\r\nhello\r\n", "14 skipped", "17 "}
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Errorf("%q\nwant\n%q", got, want)
	}
}

func TestBoxAgain(t *testing.T) {
	var out []byte
	messages := []string{"Subject: a\n\nFrom x\n>From y\n", "Subject: b\r\n\r\nno end"}
	for _, m := range messages {
		out = AppendBox(out, []byte(m))
	}
	b := NewBox(bytes.NewReader(out))
	for _, m := range messages {
		l, err := b.Next()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(l)
		if err != nil || strings.TrimRight(string(data), "\n") != strings.TrimRight(m, "\n") {
			t.Errorf("%q, want %q, %v", data, m, err)
		}
	}
}

func TestIsMail(t *testing.T) {
	for in, want := range map[string]bool{
		"From: a@x\nTo: b\nSubject: c\n\nx": true, "Return-Path: <a>\r\nReceived: by x\r\nDate: y\r\n\r\n": true,
		"From a@x Mon Mar  2 10:00:00 2026\nFrom: a\nTo: b\n\n": true, "id,text\n1,From: x\n": false, "{}": false, "": false,
		"From: a\nTo: b\nid;text;\n": false, "2026-01-01 10:00:00 From: x\n": false, "Date: x\nSubject: y\nMessage-ID: z\n\n": false,
	} {
		if IsMail([]byte(in)) != want {
			t.Errorf("%q", in)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(head + "Content-Type: multipart/mixed; boundary=A\n\n--A\nContent-Type: text/html; charset=gb2312\nContent-Transfer-Encoding: base64\n\naGVsbG8=\n--A\nContent-Type: message/rfc822\n\nSubject: =?gbk?B?1cU=?= =?gbk?Q?=D5?=\n\nOn Mon, Anna wrote:\n> x\n\ny\n-- \nA\n--A--\n"))
	f.Add([]byte("From a@x Mon Mar  2 10:00:00 2026\nFrom: a\nDate: Mon, 2 Mar 2026 10:00:00 +0800\n\n>From x\n\nFrom b@x Mon Mar  2 10:00:00 2026\nTo: b\n\nz"))
	letters, err := filepath.Glob("testdata/letters/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, l := range letters {
		data, err := os.ReadFile(l)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(append([]byte(head+"\n"), data...))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		IsMail(data)
		b := NewBox(bytes.NewReader(data))
		for {
			l, err := b.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			m, err := (&Reader{}).Read(l)
			if err != nil {
				continue
			}
			for i, c := range m.Row(m.Party(nil)) {
				if strings.ContainsAny(c, "\x00\r") || i < 6 && strings.Contains(c, "\n") || strings.ToValidUTF8(c, "") != c {
					t.Fatalf("cell %d: %q", i, c)
				}
			}
		}
	})
}
