package mailbox

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"plaint/ingest/stream"
	"plaint/ingest/stream/streamtest"
	"plaint/internal/record"
)

// post is a mail server in this process.
type post struct {
	user    *imapmemserver.User
	address string
	mu      sync.Mutex
	conns   []net.Conn
	sent    *streamtest.Journal // what it was asked
}

type listener struct {
	net.Listener
	p *post
}

func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		l.p.mu.Lock()
		l.p.conns = append(l.p.conns, c)
		l.p.mu.Unlock()
	}
	return c, err
}

// cut breaks every connection.
func (p *post) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}

func serve(t testing.TB, secure *tls.Config, implicit, idle bool) *post {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	mem := imapmemserver.New()
	p := &post{user: imapmemserver.NewUser("anna", "s3cret"), address: l.Addr().String(), sent: &streamtest.Journal{}}
	for _, f := range []string{"INBOX", "Sent"} {
		if err := p.user.Create(f, nil); err != nil {
			t.Fatal(err)
		}
	}
	mem.AddUser(p.user)
	caps := imap.CapSet{imap.CapIMAP4rev1: {}}
	if idle {
		caps[imap.CapIdle] = struct{}{}
	}
	o := &imapserver.Options{NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
		return mem.NewSession(), nil, nil
	},
		Caps: caps, InsecureAuth: true, Logger: log.New(io.Discard, "", 0), DebugWriter: p.sent}
	if !implicit {
		o.TLSConfig = secure
	}
	s := imapserver.New(o)
	var on net.Listener = listener{l, p}
	if implicit {
		on = tls.NewListener(on, secure)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(on) }()
	t.Cleanup(func() { s.Close(); p.cut(); <-done })
	return p
}

type literal struct{ *bytes.Reader }

func (l literal) Size() int64 { return l.Reader.Size() }

func (p *post) put(t testing.TB, folder, text string) {
	t.Helper()
	text = strings.ReplaceAll(text, "\n", "\r\n")
	if _, err := p.user.Append(folder, literal{bytes.NewReader([]byte(text))}, &imap.AppendOptions{}); err != nil {
		t.Fatal(err)
	}
}

func complaint(i int) string {
	return fmt.Sprintf("From: Anna <a%d@x.com>\nDate: Mon, 2 Mar 2026 10:00:00 +0000\nMessage-ID: <m%d@x>\nSubject: Refund\n\nmy refund number %d\n", i%7, i, i)
}

func text(i int) string { return fmt.Sprintf("my refund number %d", i) }

func (p *post) settings(t testing.TB) IMAP {
	t.Helper()
	t.Setenv("TEST_IMAP_PASSWORD", "s3cret")
	return IMAP{Common: stream.Common{Name: "mail", Type: "imap"}, Host: p.address, TLS: "none", User: "anna",
		Password: stream.Secret{Env: "TEST_IMAP_PASSWORD"}, Own: []string{"support@firm.com", "@firm.org"}, Batch: 7, Every: leastEvery}
}

func source(t testing.TB, c IMAP) stream.Source {
	t.Helper()
	s, err := c.Source()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// book is a store that can be asked for the messages of these tests.
type book struct{ *streamtest.Book }

func newBook() *book { return &book{streamtest.NewBook()} }

func (b *book) once(t testing.TB, n int) {
	t.Helper()
	b.Lock()
	defer b.Unlock()
	for i := range n {
		if k := b.Times[text(i)]; k != 1 {
			t.Fatalf("message %d of %d is kept %d times", i, n, k)
		}
	}
	if len(b.Rows) != n || b.Overlaps != 0 {
		t.Fatalf("%d rows, %d overlapping transactions, want %d rows", len(b.Rows), b.Overlaps, n)
	}
}

// Transactions fail and connections break while messages come in.
func TestEveryMessageOnce(t *testing.T) {
	for _, idle := range []bool{true, false} {
		for seed := range uint64(3) {
			t.Run(fmt.Sprint(idle, seed), func(t *testing.T) {
				p, b := serve(t, nil, false, idle), newBook()
				b.Fault = streamtest.Sometimes(seed)
				n := 600
				for i := range n / 2 {
					p.put(t, "INBOX", complaint(i))
				}
				l := streamtest.Start(t, source(t, p.settings(t)), b)
				r := rand.New(rand.NewPCG(seed, 2))
				for i := n / 2; i < n; i++ {
					if r.IntN(20) == 0 {
						p.cut()
					}
					p.put(t, "INBOX", complaint(i))
					if r.IntN(50) == 0 { // another life goes on from the position
						l.Stop(t)
						l = streamtest.Start(t, source(t, p.settings(t)), b)
					}
				}
				b.WaitRows(t, n)
				l.Stop(t)
				b.once(t, n)
				if strings.Contains(p.sent.String(), "STORE") {
					t.Error("messages were changed")
				}
			})
		}
	}
}

func TestNumberedAnew(t *testing.T) {
	p, b := serve(t, nil, false, true), newBook()
	for i := range 20 {
		p.put(t, "INBOX", complaint(i))
	}
	l := streamtest.Start(t, source(t, p.settings(t)), b)
	b.WaitRows(t, 20)
	l.Stop(t)
	if pos := b.Positions["mail"]; pos.Offset != 20 || !strings.HasSuffix(pos.Mark, " INBOX") {
		t.Errorf("%+v", pos)
	}
	if err := p.user.Delete("INBOX"); err != nil {
		t.Fatal(err)
	}
	if err := p.user.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	for i := range 25 {
		p.put(t, "INBOX", complaint(i))
	}
	l = streamtest.Start(t, source(t, p.settings(t)), b)
	b.WaitRows(t, 45)
	l.Stop(t)
	streamtest.Contains(t, l.Log.String(), "numbered anew", "WARN")
	if len(b.IDs) != 25 {
		t.Errorf("%d identities, want 25", len(b.IDs))
	}
}

// A folder restored from a copy has fewer messages under the same numbering.
func TestSetBack(t *testing.T) {
	p, b := serve(t, nil, false, true), newBook()
	for i := range 5 {
		p.put(t, "INBOX", complaint(i))
	}
	l := streamtest.Start(t, source(t, p.settings(t)), b)
	b.WaitRows(t, 5)
	l.Stop(t)
	pos := b.Positions["mail"]
	pos.Offset = 90
	b.Positions["mail"] = pos
	l = streamtest.Start(t, source(t, p.settings(t)), b)
	b.WaitRows(t, 10)
	l.Stop(t)
	streamtest.Contains(t, l.Log.String(), "set back")
}

func reply(id, from, to, answers, words string) string {
	root := answers
	if strings.HasPrefix(words, "Still") || strings.HasPrefix(words, "It is") {
		root = "m1@x"
	}
	return "From: " + from + "\nTo: " + to + "\nDate: Mon, 2 Mar 2026 12:00:00 +0000\nMessage-ID: <" + id + ">\nSubject: Re: Refund\nIn-Reply-To: <" + answers + ">\nReferences: <" + root + "> <" + answers + ">\n\n" + words + "\n"
}

// Our answers are states of the complaint, wherever they are kept; our other
// messages are no complaints.
func TestOwnMessages(t *testing.T) {
	p, b := serve(t, nil, false, true), newBook()
	p.put(t, "INBOX", complaint(1))
	p.put(t, "INBOX", reply("r1@firm", "Support <support@firm.com>", "a1@x.com", "m1@x", "We look into it."))
	p.put(t, "INBOX", reply("f1@x", "a1@x.com", "support@firm.com", "r1@firm", "Still nothing."))
	p.put(t, "INBOX", reply("n1@firm", "bob@firm.org", "a1@x.com", "unknown@x", "Happy new year."))
	p.put(t, "INBOX", "From: form@firm.org\nReply-To: web@x.com\nMessage-ID: <w1@firm>\nSubject: Form\n\nfrom the form\n")
	p.put(t, "INBOX", "From: l@x.com\nMessage-ID: <l1@x>\nList-Id: Help <support.firm.com>\nPrecedence: list\nSubject: s\n\nover our list\n")
	p.put(t, "INBOX", "From: l@x.com\nMessage-ID: <l2@x>\nList-Id: <news.shop.com>\nSubject: s\n\nnews\n")
	p.put(t, "Sent", reply("r2@firm", "Support <support@firm.com>", "a1@x.com", "f1@x", "It is paid."))
	p.put(t, "Sent", reply("i1@firm", "Support <support@firm.com>", "boss@firm.com", "m1@x", "What do we say?"))
	p.put(t, "Sent", reply("p1@firm", "Support <support@firm.com>", "mum@x.com", "mum@x", "See you."))
	c := p.settings(t)
	c.Sent = "Sent"
	l := streamtest.Start(t, source(t, c), b)
	b.WaitRows(t, 8)
	b.Wait(t, "the position in Sent", func() bool { return b.Positions["mail/sent"].Offset == 3 })
	l.Stop(t)
	byText := map[string]record.Complaint{}
	for _, r := range b.Rows {
		byText[r.Body+r.Resolution] = r
	}
	first := byText[text(1)]
	for words, want := range map[string]string{"We look into it.": "in_progress", "Still nothing.": "open", "It is paid.": "in_progress"} {
		r := byText[words]
		if r.ID != first.ID || r.Status != want || !r.Changed.Known() || want == "in_progress" && (r.Handler != "support@firm.com" || r.Body != "" || r.Received.Known()) {
			t.Errorf("%s: %+v", words, r)
		}
	}
	if byText["from the form"].Customer != "web@x.com" || byText["over our list"].Customer != "l@x.com" || len(b.Rows) != 6 {
		t.Errorf("%+v", b.Rows)
	}
	var codes []string
	for _, r := range b.Refused {
		codes = append(codes, string(r.Code))
	}
	if fmt.Sprint(codes) != "[own_mail newsletter]" {
		t.Errorf("%s", codes)
	}
	if !bytes.Contains(b.Refused[0].Raw, []byte("Happy new year.")) || b.Refused[0].Line != 4 || b.Refused[0].Input != "mail" {
		t.Errorf("%+v", b.Refused[0])
	}
}

func TestServerCalls(t *testing.T) {
	p, b := serve(t, nil, false, true), newBook()
	c := p.settings(t)
	c.Every = time.Hour
	l := streamtest.Start(t, source(t, c), b)
	streamtest.Eventually(t, "it waits", func() bool { return strings.Contains(p.sent.String(), "IDLE\r\n") })
	for i := range 3 {
		p.put(t, "INBOX", complaint(i))
		b.WaitRows(t, i+1)
	}
	l.Stop(t)
	b.once(t, 3)
}

func TestMarkSeen(t *testing.T) {
	p, b := serve(t, nil, false, true), newBook()
	for i := range 10 {
		p.put(t, "INBOX", complaint(i))
	}
	c := p.settings(t)
	c.MarkSeen = true
	streamtest.Start(t, source(t, c), b)
	streamtest.Eventually(t, "all are marked", func() bool {
		d, err := p.user.Status("INBOX", &imap.StatusOptions{NumUnseen: true})
		return err == nil && *d.NumUnseen == 0
	})
	b.once(t, 10)
}

func TestHostileMessages(t *testing.T) {
	p, b := serve(t, nil, false, true), newBook()
	p.put(t, "INBOX", complaint(0)+strings.Repeat("x", 65<<20))
	p.put(t, "INBOX", "no header at all")
	p.put(t, "INBOX", "From: a@x.com\nContent-Type: multipart/mixed; boundary=b\n\n"+strings.Repeat("--b\n\nx\n", 2000))
	p.put(t, "INBOX", complaint(1))
	l := streamtest.Start(t, source(t, p.settings(t)), b)
	b.WaitRows(t, 4)
	l.Stop(t)
	var codes []string
	for _, r := range b.Refused {
		codes = append(codes, string(r.Code))
	}
	if fmt.Sprint(codes) != "[mail_too_long bad_mail mail_bomb]" || len(b.Rows) != 1 || len(b.Refused[0].Raw) != begin {
		t.Errorf("%s, %d rows", codes, len(b.Rows))
	}
}

func TestWrongPassword(t *testing.T) {
	p, b := serve(t, nil, false, true), newBook()
	c := p.settings(t)
	t.Setenv("TEST_IMAP_PASSWORD", "wr0ng-one")
	l := streamtest.Start(t, source(t, c), b)
	streamtest.Eventually(t, "it fails", func() bool { return len(l.Faults()) > 0 })
	l.Stop(t)
	streamtest.Contains(t, l.Faults()[0].Error(), "log in to", "as anna")
	if strings.Contains(l.Faults()[0].Error(), "wr0ng-one") {
		t.Errorf("the password is told: %v", l.Faults()[0])
	}
}

func certificate(t *testing.T) (*tls.Config, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(crand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, path
}

func TestTLS(t *testing.T) {
	secure, ca := certificate(t)
	for _, how := range []string{"implicit", "starttls"} {
		p, b := serve(t, secure, how == "implicit", true), newBook()
		p.put(t, "INBOX", complaint(0))
		c := p.settings(t)
		c.TLS, c.CA = how, ca
		l := streamtest.Start(t, source(t, c), b)
		b.WaitRows(t, 1)
		l.Stop(t)
		c.CA = ""
		l = streamtest.Start(t, source(t, c), newBook())
		streamtest.Eventually(t, "nobody vouches for it", func() bool { return len(l.Faults()) > 0 })
		streamtest.Contains(t, l.Faults()[0].Error(), "certificate")
	}
}

func TestSettings(t *testing.T) {
	t.Setenv("TEST_IMAP_PASSWORD", "s3cret")
	for want, change := range map[string]func(*IMAP){
		"err_settings_no_name":                    func(c *IMAP) { c.Name = "" },
		"err_source_gives":                        func(c *IMAP) { c.As = "surveys" },
		"err_source_missing [key user":            func(c *IMAP) { c.User = "" },
		"password: the env":                       func(c *IMAP) { c.Password = stream.Secret{Env: "NOT_SET_ANYWHERE"} },
		"err_source_choice [value tls":            func(c *IMAP) { c.TLS = "tls" },
		"err_source_clear":                        func(c *IMAP) { c.TLS = "none" },
		"err_source_like [key host value …":       func(c *IMAP) { c.Host = "imaps://imap.firm.com" },
		"err_source_like [key own value firm.com": func(c *IMAP) { c.Own = []string{"firm.com"} },
		"err_source_range [key batch":             func(c *IMAP) { c.Batch = -1 },
		"err_source_range [key every":             func(c *IMAP) { c.Every = time.Nanosecond },
		"ca:":                                     func(c *IMAP) { c.CA = "/no/such/file" },
		"err_source_sent":                         func(c *IMAP) { c.Sent = "INBOX" },
		"err_source_line [key folder":             func(c *IMAP) { c.Folder = "a\r\nb" },
		"err_no_such":                             func(c *IMAP) { c.Profile = "nobody" },
		"err_source_unfit":                        func(c *IMAP) { c.Profile = "surveys" },
	} {
		c := IMAP{Common: stream.Common{Name: "mail"}, Host: "imap.firm.com", User: "anna", Password: stream.Secret{Env: "TEST_IMAP_PASSWORD"}}
		if _, err := c.Source(); err != nil {
			t.Fatal(err)
		}
		change(&c)
		if _, err := c.Source(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
