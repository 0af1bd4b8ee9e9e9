package mail

import (
	"io"
	"strings"
	"testing"
)

// A letter in two forms, with an encoded name and history, about 2 kB.
func BenchmarkRead(b *testing.B) {
	letter := "Received: by mx (x); Mon, 2 Mar 2026 10:00:00 +0000\nFrom: =?utf-8?B?5byg5LiJ?= <a@x.com>\nTo: support@firm.com\n" + head[strings.Index(head, "Date"):] +
		"Subject: withdrawal\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n" +
		strings.Repeat("提款三天没有到账，请尽快处理 please help\n", 20) + "\nOn 2 March 2026, Support wrote:\n" + strings.Repeat("> We look into it.\n", 10) +
		"\n-- \nA\n--b\nContent-Type: text/html\n\n<p>" + strings.Repeat("x ", 400) + "</p>\n--b--\n"
	var rd Reader
	b.SetBytes(int64(len(letter)))
	for b.Loop() {
		m, err := rd.Read(strings.NewReader(letter))
		if err != nil {
			b.Fatal(err)
		}
		m.Row(m.Party(nil))
	}
}

func BenchmarkBox(b *testing.B) {
	var out []byte
	for range 1000 {
		out = AppendBox(out, []byte(head+"\n"+strings.Repeat("a line of some words\n", 50)))
	}
	b.SetBytes(int64(len(out)))
	for b.Loop() {
		box := NewBox(strings.NewReader(string(out)))
		for {
			_, err := box.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
