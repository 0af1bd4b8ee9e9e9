package table

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"plaint/ingest/stream"
	"plaint/ingest/stream/streamtest"
	"plaint/internal/record"
)

// book is a store that can be asked for the rows of these tests.
type book struct{ *streamtest.Book }

func newBook() *book { return &book{streamtest.NewBook()} }

// distinct counts what the store would know apart: identities, and their states.
func (b *book) distinct() (ids, states int) {
	b.Lock()
	defer b.Unlock()
	seen := map[string]bool{}
	for _, r := range b.Rows {
		seen[fmt.Sprint(r.ID, r.Content)] = true
	}
	return len(b.IDs), len(seen)
}

func (b *book) waitIDs(t testing.TB, n int) {
	t.Helper()
	b.Wait(t, fmt.Sprint(n, " identities"), func() bool { return len(b.IDs) >= n })
}

func (b *book) by(id string) (out []record.Complaint) {
	b.Lock()
	defer b.Unlock()
	for _, r := range b.Rows {
		if r.ExternalID == id {
			out = append(out, r)
		}
	}
	return out
}

func (b *base) tickets() {
	b.run("create table tickets (id bigint primary key, customer varchar(40), body text, updated_at " + b.stamp() + ")")
}

func (b *base) ticket(i int, at time.Time) string {
	zone := ""
	if b.kind == "postgres" {
		zone = "+00"
	} else {
		at = at.Add(8 * time.Hour) // the server's own zone
	}
	return fmt.Sprintf("insert into tickets values (%d, 'C%d', 'the withdrawal number %d is late', '%s%s')", i, i%9, i, at.UTC().Format("2006-01-02 15:04:05.000000"), zone)
}

var day0 = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// Transactions fail, connections break, lives end, and rows come in meanwhile,
// many with one and the same time.
func TestEveryRowOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, b *base) {
		b.tickets()
		const n = 600
		add := func(from, to int) {
			var list []string
			for i := from; i < to; i++ {
				list = append(list, b.ticket(i, day0.Add(time.Duration(i/130)*time.Second))) // 130 share a time, a batch has 50
			}
			b.run(list...)
		}
		k := newBook()
		k.Fault = streamtest.Sometimes(7)
		add(0, n/2)
		c := b.settings()
		c.Overlap = "0s"
		l := streamtest.Start(t, b.source(c), k)
		r := rand.New(rand.NewPCG(3, 3))
		for i := n / 2; i < n; i += 20 {
			add(i, i+20)
			switch r.IntN(4) {
			case 0:
				b.cut()
			case 1:
				l.Stop(t)
				l = streamtest.Start(t, b.source(c), k)
			}
		}
		k.waitIDs(t, n)
		l.Stop(t)
		ids, states := k.distinct()
		if ids != n || states != n || k.Overlaps != 0 || len(k.Refused) > 0 {
			t.Errorf("%d rows with %d states of %d, %d overlapping transactions, %d refused", ids, states, n, k.Overlaps, len(k.Refused))
		}
		for i := range n {
			if k.Times[fmt.Sprintf("the withdrawal number %d is late", i)] == 0 {
				t.Fatalf("row %d is lost", i)
			}
		}
	})
}

// A row that is written early and committed late lies behind the position.
func TestCommittedLate(t *testing.T) {
	onBoth(t, func(t *testing.T, b *base) {
		b.tickets()
		k := newBook()
		b.run(b.ticket(2, day0.Add(10*time.Minute)))
		c := b.settings()
		c.Overlap = "5m"
		l := streamtest.Start(t, b.source(c), k)
		k.waitIDs(t, 1)
		b.run(b.ticket(1, day0.Add(6*time.Minute)))
		k.waitIDs(t, 2)
		at := k.Positions["crm"]
		l.Stop(t)
		if at.Offset != day0.Add(10*time.Minute).UnixMicro() {
			t.Errorf("the position moved to %+v", at)
		}
		n := len(k.Rows)
		l = streamtest.Start(t, b.source(c), k) // another life reads the overlap again
		b.run(b.ticket(3, day0.Add(11*time.Minute)))
		k.waitIDs(t, 3)
		l.Stop(t)
		if ids, states := k.distinct(); ids != 3 || states != 3 || len(k.Rows) > n+3 {
			t.Errorf("%d, %d, %d rows", ids, states, len(k.Rows))
		}
	})
}

func TestNumberAsCursor(t *testing.T) {
	onBoth(t, func(t *testing.T, b *base) {
		b.tickets()
		k := newBook()
		for i := 1; i <= 120; i++ {
			if i != 77 {
				b.run(b.ticket(i, day0))
			}
		}
		c := b.settings()
		c.Cursor = "id"
		l := streamtest.Start(t, b.source(c), k)
		k.waitIDs(t, 119)
		b.run(b.ticket(77, day0), b.ticket(121, day0))
		k.waitIDs(t, 121)
		l.Stop(t)
		if k.Positions["crm"].Offset != 121 || len(k.Rows) != 121 {
			t.Errorf("%+v, %d rows", k.Positions, len(k.Rows))
		}
	})
}

// An update is another state; a row of the far future hides nothing.
func TestUpdatesAndTheFuture(t *testing.T) {
	onBoth(t, func(t *testing.T, b *base) {
		b.tickets()
		k := newBook()
		future := time.Date(2037, 1, 1, 0, 0, 0, 0, time.UTC)
		b.run(b.ticket(1, day0), b.ticket(2, future))
		l := streamtest.Start(t, b.source(b.settings()), k)
		k.waitIDs(t, 2)
		b.run(strings.Replace(b.ticket(3, day0.Add(time.Hour)), "is late", "came", 1))
		k.waitIDs(t, 3)
		b.run("delete from tickets where id = 1", strings.Replace(b.ticket(1, day0.Add(2*time.Hour)), "is late", "is here", 1))
		k.Wait(t, "the new state", func() bool { return k.Times["the withdrawal number 1 is here"] == 1 })
		l.Stop(t)
		if ids, states := k.distinct(); ids != 3 || states != 4 || len(k.Rows) != 4 {
			t.Errorf("%d, %d of %d rows", ids, states, len(k.Rows))
		}
		if k.Positions["crm"].Offset != day0.Add(2*time.Hour).UnixMicro() {
			t.Errorf("%+v", k.Positions)
		}
	})
}

func TestTypesPostgres(t *testing.T) {
	b := database(t, "postgres")
	b.run("create type mood as enum ('low', 'high')",
		`create table "Fälle" ("Id" uuid primary key, body text, amount numeric(20,4), received timestamptz, local_time timestamp, tags text[], numbers int[], nested int[][],
			info jsonb, attachment bytea, mood mood, ok boolean, born date, ratio float8, nothing text, "quote""d" text, at timestamptz)`,
		`insert into "Fälle" values ('00000000-0000-0000-0000-000000000001', '提款一直没有到账 "schnell" \ x', 12345678901234.5678, '2026-03-01 10:00:00.123456+08', '2026-03-01 10:00:00',
			'{a,"b, c",NULL,"d\"e"}', '{1,2}', '{{1,2},{3,4}}', '{"order": {"id": 7}, "list": [1, 2]}', '\xdeadbeef', 'high', true, '1990-02-03', 'NaN', null, 'x', '2026-03-01 10:00:00+00')`)
	k := newBook()
	c := b.settings()
	c.Table, c.Cursor, c.ID, c.As = "public.Fälle", "at", "Id", "complaints"
	l := streamtest.Start(t, b.source(c), k)
	k.WaitRows(t, 1)
	l.Stop(t)
	if len(k.Refused) > 0 {
		t.Fatalf("%+v", k.Refused[0])
	}
	r := k.Rows[0]
	if r.Body != `提款一直没有到账 "schnell" \ x` || r.Amount.Value != 12345678901234.5678 || r.ExternalID != "00000000-0000-0000-0000-000000000001" ||
		!r.Received.Time.Equal(time.Date(2026, 3, 1, 2, 0, 0, 123456000, time.UTC)) {
		t.Errorf("%+v", r)
	}
	for name, want := range map[string]string{"local_time": "2026-03-01 10:00:00", "tags": `a;b, c;;d"e`, "numbers": "1;2", "nested": "[[1,2],[3,4]]", "info.order.id": "7",
		"info.list": "1;2", "attachment": "sha256:5f78c33274e43fa9de5659265c1d917e25c03722dcb0b8d27db8d5feaa813953 4", "mood": "high", "ok": "true", "born": "1990-02-03", "ratio": "NaN", `quote"d`: "x"} {
		if !slices.Contains(r.Extra, record.Field{Name: name, Value: want}) {
			t.Errorf("%s is not %s in %+v", name, want, r.Extra)
		}
	}
}

func TestTypesMySQL(t *testing.T) {
	b := database(t, "mysql")
	b.run("create table f (id varchar(40) primary key, body text character set utf8mb4, amount decimal(20,4), received timestamp(3) null, local_time datetime(6), info json, attachment blob, mood enum('low','high'), born date, zero datetime, big bigint unsigned, ratio double, at datetime(3)) character set utf8mb4",
		"set time_zone = '+00:00'", "set sql_mode = ''",
		`insert into f values ('K-1', '提款一直没有到账 "x" \\', 12345678901234.5678, '2026-03-01 02:00:00.123', '2026-03-01 10:00:00.000001', '{"order": 7}', x'deadbeef', 'high', '1990-02-03', '0000-00-00 00:00:00', 18446744073709551615, 0.5, '2026-03-01 10:00:00')`)
	k := newBook()
	c := b.settings()
	c.Table, c.Cursor = "f", "at"
	l := streamtest.Start(t, b.source(c), k)
	k.WaitRows(t, 1)
	l.Stop(t)
	if len(k.Refused) > 0 {
		t.Fatalf("%+v", k.Refused[0])
	}
	r := k.Rows[0]
	if r.Body != `提款一直没有到账 "x" \` || r.Amount.Value != 12345678901234.5678 || r.ExternalID != "K-1" ||
		!r.Received.Time.Equal(time.Date(2026, 3, 1, 2, 0, 0, 123000000, time.UTC)) {
		t.Errorf("%+v", r)
	}
	for name, want := range map[string]string{"local_time": "2026-03-01 10:00:00.000001", "attachment": "sha256:5f78c33274e43fa9de5659265c1d917e25c03722dcb0b8d27db8d5feaa813953 4",
		"mood": "high", "born": "1990-02-03", "big": "18446744073709551615", "ratio": "0.5"} {
		if !slices.Contains(r.Extra, record.Field{Name: name, Value: want}) {
			t.Errorf("%s is not %s in %+v", name, want, r.Extra)
		}
	}
	if slices.ContainsFunc(r.Extra, func(f record.Field) bool { return f.Name == "zero" }) {
		t.Errorf("a date that is none: %+v", r.Extra)
	}
}

func TestHugeRows(t *testing.T) {
	onBoth(t, func(t *testing.T, b *base) {
		b.tickets()
		b.run("alter table tickets add column more " + map[string]string{"postgres": "text", "mysql": "longtext"}[b.kind])
		for i := range 24 {
			size := 3 << 20
			if i == 5 {
				size = 9 << 20
			}
			b.run(b.ticketMore(i), fmt.Sprintf("update tickets set more = repeat('x', %d) where id = %d", size, i))
		}
		k := newBook()
		l := streamtest.Start(t, b.source(b.settings()), k)
		k.WaitRows(t, 24)
		l.Stop(t)
		if len(k.Rows) != 23 || len(k.Refused) != 1 || k.Refused[0].Code != "row_too_long" || len(k.Refused[0].Raw) > 1<<20 {
			t.Errorf("%d rows, %d refused", len(k.Rows), len(k.Refused))
		}
		if k.Admitted < 2 {
			t.Error("all of it was in memory at once")
		}
	})
}

func (b *base) ticketMore(i int) string {
	return strings.Replace(b.ticket(i, day0.Add(time.Duration(i)*time.Second)), "tickets values", "tickets (id, customer, body, updated_at) values", 1)
}

func TestQuery(t *testing.T) {
	onBoth(t, func(t *testing.T, b *base) {
		b.tickets()
		b.run("create table people (customer varchar(40), name varchar(40))", "insert into people values ('C1', 'Anna'), ('C2', '张三')")
		for i := range 130 {
			b.run(b.ticket(i, day0))
		}
		k := newBook()
		c := b.settings()
		c.Table, c.Query = "", "select t.id, t.body, t.updated_at, p.name as customer_name from tickets t join people p on p.customer = t.customer where t.updated_at >= :cursor;"
		c.Batch = 7
		l := streamtest.Start(t, b.source(c), k)
		k.waitIDs(t, 30)
		b.run(b.ticket(1001, day0.Add(time.Minute)))
		k.waitIDs(t, 31)
		l.Stop(t)
		if got := k.by("1"); len(got) != 1 || got[0].CustomerName != "Anna" || len(k.Rows) != 31 {
			t.Errorf("%+v, %d rows", got, len(k.Rows))
		}
	})
}

func TestColumnsThatGo(t *testing.T) {
	onBoth(t, func(t *testing.T, b *base) {
		b.tickets()
		b.run(b.ticket(1, day0))
		k := newBook()
		l := streamtest.Start(t, b.source(b.settings()), k)
		k.waitIDs(t, 1)
		b.run("alter table tickets drop column customer", "insert into tickets values (2, 'no customer', '2026-03-02 00:00:00')")
		k.waitIDs(t, 2)
		b.run("alter table tickets drop column updated_at")
		reason := l.Refused(t)
		streamtest.Contains(t, l.Log.String(), "a column is gone", "customer")
		streamtest.Contains(t, reason, `no column "updated_at"`, "id, body")
	})
}

func TestConnection(t *testing.T) {
	onBoth(t, func(t *testing.T, b *base) {
		b.tickets()
		b.run(b.ticket(1, day0))
		k := newBook()
		l := streamtest.Start(t, b.source(b.settings()), k)
		k.waitIDs(t, 1)
		b.cut()
		b.run(b.ticket(2, day0))
		k.waitIDs(t, 2)
		l.Stop(t)
		c := b.settings()
		t.Setenv("TEST_DSN", strings.Replace(b.dsn(b.database), "s3cret", "wr0ng-one", 1))
		l = streamtest.Start(t, b.source(c), k)
		streamtest.Eventually(t, "it fails", func() bool { return len(l.Faults()) > 0 })
		l.Stop(t)
		streamtest.Contains(t, l.Faults()[0].Error(), "connect to the database")
		if strings.Contains(l.Faults()[0].Error(), "wr0ng") {
			t.Errorf("the password is told: %v", l.Faults()[0])
		}
	})
}

// Nothing that a source is told makes it write.
func TestReadsOnly(t *testing.T) {
	onBoth(t, func(t *testing.T, b *base) {
		b.tickets()
		b.run(b.ticket(1, day0))
		c := b.settings()
		c.Table, c.Query = "", "select * from tickets where updated_at >= :cursor); delete from tickets where (1=1"
		l := streamtest.Start(t, b.source(c), newBook())
		streamtest.Eventually(t, "it fails", func() bool { return len(l.Faults()) > 0 })
		l.Stop(t)
		k := newBook()
		l = streamtest.Start(t, b.source(b.settings()), k)
		k.waitIDs(t, 1)
		l.Stop(t)
	})
}

func TestRowsWithoutPlace(t *testing.T) {
	onBoth(t, func(t *testing.T, b *base) {
		b.tickets()
		b.run("insert into tickets values (1, 'C1', 'nowhere', null)", b.ticket(2, day0))
		k := newBook()
		l := streamtest.Start(t, b.source(b.settings()), k)
		k.waitIDs(t, 1)
		l.Stop(t)
		streamtest.Contains(t, l.Log.String(), "never read")
	})
}

func TestSettings(t *testing.T) {
	t.Setenv("TEST_DSN", "postgres://a:s3cret@h/d")
	good := Settings{Common: stream.Common{Name: "crm", As: "complaints"}, DSN: stream.Secret{Env: "TEST_DSN"}, Table: "support.tickets", Cursor: "updated_at", ID: "id"}
	if _, err := sourceOf("postgres", good); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*Settings){
		"err_settings_no_name":                 func(c *Settings) { c.Name = "" },
		"err_source_exclude":                   func(c *Settings) { c.Query = "select :cursor" },
		"err_source_like [key table value a;b": func(c *Settings) { c.Table = "a;b" },
		"err_source_like [key table value a.b": func(c *Settings) { c.Table = "a.b.c.d" },
		"err_source_columns [key id":           func(c *Settings) { c.ID = "" },
		"err_source_query":                     func(c *Settings) { c.Table, c.Query = "", "delete from t where a > :cursor" },
		"err_source_query [key":                func(c *Settings) { c.Table, c.Query = "", "select a::cursor from t" },
		"err_source_overlap":                   func(c *Settings) { c.Overlap = "-5m" },
		"err_source_range [key batch":          func(c *Settings) { c.Batch = -1 },
		"err_source_range [key every":          func(c *Settings) { c.Every = time.Nanosecond },
		"err_source_what":                      func(c *Settings) { c.As = "" },
		"err_source_no_secret [key dsn":        func(c *Settings) { c.DSN = stream.Secret{} },
		"dsn: the env":                         func(c *Settings) { c.DSN = stream.Secret{Env: "NOT_SET_ANYWHERE"} },
	} {
		c := good
		change(&c)
		if _, err := sourceOf("postgres", c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	for kind, dsn := range map[string]string{"postgres": "postgres://a:s3cret@h:port/d", "mysql": "a:s3cret@h:port"} {
		t.Setenv("TEST_DSN", dsn)
		if _, err := sourceOf(kind, good); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestArray(t *testing.T) {
	for in, want := range map[string]string{"{}": "[]", "{1,NULL}": `["1",null]`, `{"a,b","c\"d","\\"}`: `["a,b","c\"d","\\"]`, "{{a},{b}}": `[["a"],["b"]]`, "[2:3]={x,y}": `["x","y"]`} {
		if got := string(value(nil, list, text, []byte(in))); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func FuzzObject(f *testing.F) {
	f.Add([]byte(`{1,"a b",{NULL}}`), uint8(9), uint8(1))
	f.Add([]byte("x\x00\xff\"\\"), uint8(0), uint8(0))
	f.Fuzz(func(t *testing.T, v []byte, k, item uint8) {
		object(nil, []column{{name: "a"}}, [][]byte{v})
		value(nil, kind(k%10), kind(item%9), v)
	})
}
