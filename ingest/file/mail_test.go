package file

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"plaint/ingest/mail"
	"plaint/internal/record"
)

func letter(id, more, text string) string {
	return "From: Anna <Anna@x.com>\nDate: Mon, 2 Mar 2026 10:00:00 +0000\nMessage-ID: <" + id + ">\nSubject: Refund\n" + more + "\n" + text + "\n"
}

func mbox(letters ...string) string {
	var out []byte
	for _, l := range letters {
		out = mail.AppendBox(out, []byte(l))
	}
	return string(out)
}

func TestMail(t *testing.T) {
	box := mbox(letter("1@x", "", "From now on: where is it?"),
		letter("2@x", "In-Reply-To: <9@firm>\nReferences: <1@x> <9@firm>\n", "Still nothing.\n\nOn 2 March 2026, Support wrote:\n> We look."),
		letter("3@x", "Auto-Submitted: auto-replied\n", "I am away."),
		letter("4@x", "List-Id: <news.x.com>\n", "Buy!"),
		"hello\n\nno header",
		strings.Replace(letter("5@x", "In-Reply-To: <1@x>\n", "Me too!"), "Anna@x.com", "bob@x.com", 1))
	packed := &bytes.Buffer{}
	z := gzip.NewWriter(packed)
	_, _ = z.Write([]byte(box))
	z.Close()
	archive := &bytes.Buffer{}
	a := zip.NewWriter(archive)
	w, err := a.Create("in/box")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = w.Write([]byte(box))
	a.Close()
	for name, text := range map[string]string{"inbox.mbox": box, "inbox.gz": packed.String(), "a.zip": archive.String(), "crlf": strings.ReplaceAll(box, "\n", "\r\n")} {
		got, _ := readAll(t, write(t, name, text), Options{})
		if len(got.Complaints) != 3 || len(got.Refused) != 3 || got.Profile != "" && got.Profile != "mail" {
			t.Fatalf("%s: %d complaints, %+v", name, len(got.Complaints), got.Refused)
		}
		first, again, other := got.Complaints[0], got.Complaints[1], got.Complaints[2]
		if first.ID != again.ID || first.ID == other.ID || first.Content == again.Content {
			t.Errorf("%s: the thread is not one complaint for each writer", name)
		}
		if first.Customer != "anna@x.com" || first.Contact != "anna@x.com" || first.CustomerName != "Anna" || first.Channel != "email" || first.Source != "mail" ||
			first.Subject != "Refund" || first.Body != "From now on: where is it?" || first.Language != "en" || first.Status != "open" || first.Line != 1 {
			t.Errorf("%s: %+v", name, first)
		}
		if again.Body != "Still nothing." || !slices.Contains(again.Extra, record.Field{Name: "thread", Value: "1@x"}) ||
			!slices.ContainsFunc(again.Extra, func(f record.Field) bool { return f.Name == "quoted" && strings.Contains(f.Value, "> We look.") }) {
			t.Errorf("%s: %+v", name, again)
		}
		var codes []string
		for _, r := range got.Refused {
			codes = append(codes, string(r.Code))
		}
		if fmt.Sprint(codes) != "[auto_reply newsletter bad_mail]" {
			t.Errorf("%s: %s", name, codes)
		}
	}
}

// The same message is the same record from a file by itself and in a box.
func TestMailIsKnownAnywhere(t *testing.T) {
	for _, l := range []string{letter("1@x", "", "one"), strings.Replace(letter("", "", "two"), "Message-ID: <>\n", "", 1)} {
		alone, _ := readAll(t, write(t, "a.eml", l), Options{})
		boxed, _ := readAll(t, write(t, "b", mbox(letter("0@x", "", "x"), strings.ReplaceAll(l, "\n", "\r\n"), l)), Options{})
		if len(alone.Complaints) != 1 || len(boxed.Complaints) != 3 {
			t.Fatal(alone, boxed)
		}
		for _, c := range boxed.Complaints[1:] {
			if c.ID != alone.Complaints[0].ID || c.Content != alone.Complaints[0].Content || c.ExternalID == "" {
				t.Errorf("%+v is not %+v", c, alone.Complaints[0])
			}
		}
	}
}

func TestRefusedMailIsReplayed(t *testing.T) {
	long := letter("2@x", "Auto-Submitted: auto-replied\nContent-Type: multipart/mixed; boundary=b\n",
		"--b\n\nfrom the machine\n--b\nContent-Type: image/png; name=a.png\n\n"+strings.Repeat("picture ", 200_000)+"\n--b--")
	got, _ := readAll(t, write(t, "box", mbox(letter("1@x", "Precedence: bulk\n", "News\nFrom us"), long, strings.Replace(letter("3@x", "", "@SUM(A1)"), "Refund", "x", 1))), Options{})
	if len(got.Refused) != 3 || len(got.Complaints) != 0 {
		t.Fatalf("%+v", got.Complaints)
	}
	if !bytes.HasPrefix(got.Refused[0].Raw, []byte("From: Anna")) || len(got.Refused[1].Raw) > 10_000 {
		t.Errorf("%d bytes are kept: %.100s", len(got.Refused[1].Raw), got.Refused[1].Raw)
	}
	for i := range got.Refused {
		r := got.Refused[i : i+1]
		if !Replayable(&r[0]) {
			t.Errorf("%s is not replayable", r[0].Code)
		}
		for profile, want := range map[string]int{"": 0, "mail_all": 1} {
			if r[0].Code == "formula" {
				want = 0
			}
			p, err := Replay(r, Options{Profile: profile})
			if err != nil {
				t.Fatal(err)
			}
			var out record.Batch
			if err := p.Read(t.Context(), func(b *record.Batch) error { join(&out, b); return nil }); err != nil {
				t.Fatal(err)
			}
			if len(out.Complaints) != want || out.Rows() != 1 {
				t.Errorf("%s with %q: %+v", r[0].Code, profile, out)
			}
			if want == 1 && (out.Complaints[0].Type != string(r[0].Code) || out.Complaints[0].Body == "") {
				t.Errorf("%+v", out.Complaints[0])
			}
			if want == 0 && (out.Refused[0].Code != r[0].Code || !bytes.Equal(out.Refused[0].Raw, r[0].Raw) || !bytes.Equal(out.Refused[0].Header, r[0].Header)) {
				t.Errorf("the replay refuses it otherwise: %+v", out.Refused[0])
			}
		}
		name, data, args := Export(r)
		o := Options{Profile: "mail_all", Source: args[3]}
		again, _ := readAll(t, write(t, name, string(data)), o)
		if again.Rows() != 1 || r[0].Code != "formula" && len(again.Complaints) != 1 {
			t.Errorf("%s %q: %+v", name, args, again.Refused)
		}
	}
}

func TestMailProfiles(t *testing.T) {
	box := mbox(letter("1@x", "Precedence: bulk\n", "News"))
	if got, _ := readAll(t, write(t, "box", box), Options{Profile: "mail_all"}); len(got.Complaints) != 1 || got.Complaints[0].Type != "newsletter" {
		t.Errorf("%+v", got)
	}
	if plans, done, err := Inspect(t.Context(), write(t, "box", box), Options{As: record.Surveys}); err != nil || plans[0].Err == nil {
		t.Errorf("messages as surveys: %+v, %v", plans, err)
	} else {
		done()
	}
}

// A box that breaks off brings what came before.
func TestMailCutOff(t *testing.T) {
	packed := &bytes.Buffer{}
	z := gzip.NewWriter(packed)
	for i := range 3000 {
		_, _ = io.WriteString(z, mbox(letter(fmt.Sprint(i, "@x"), "", fmt.Sprintf("text %x", i*7919))))
	}
	z.Close()
	got, _ := readAll(t, write(t, "box.gz", packed.String()[:packed.Len()*2/3]), Options{})
	n := len(got.Complaints)
	if n < 1000 || n > 2900 || len(got.Refused) != 2 || got.Refused[0].Code != "cut_off" || got.Refused[1].Code != "bad_archive" {
		t.Errorf("%d complaints, %+v", n, got.Refused)
	}
}

var errEnough = errors.New("enough")

// Memory does not grow with the box.
func TestMailStreams(t *testing.T) {
	one := mbox(letter("1@x", "Content-Type: multipart/mixed; boundary=b\n", "--b\n\nhello\n--b\nContent-Type: image/png\n\n"+strings.Repeat("picture ", 100_000)+"\n--b--"))
	path := write(t, "box", "")
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	const n = 400
	for range n {
		if _, err := f.WriteString(one); err != nil {
			t.Fatal(err)
		}
	}
	f.Close()
	plans, done, err := Inspect(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	rows := 0
	var most uint64
	err = plans[0].Read(context.Background(), func(b *record.Batch) error {
		rows += b.Rows()
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		if most = max(most, m.HeapAlloc); most > 200<<20 {
			return errEnough
		}
		return nil
	})
	if err != nil || rows != n {
		t.Errorf("%d messages, %d MiB, %v", rows, most>>20, err)
	}
}
