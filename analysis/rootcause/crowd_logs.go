package rootcause

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"plaint/analysis/rootcause/incident"
)

// Settings of what is asked of the logs.
const (
	mostTemplates = 2000 // the most frequent ones
	keptLinks     = 5    // of an incident
	before        = 72 * 3600
	beside        = 12 * 3600 // around an incident, for complaints to compare with
	fewOthers     = 30        // fewer of them, and more hours are looked at
	mostOthers    = 400       // texts to compare with
)

// trail is what the logs say about the incidents.
type trail struct {
	c         *crowds
	templates []incident.Template
	matchers  map[string][]pattern // by service and level
	about     map[*incident.Incident]*told
	err       error
}

// pattern tells the lines of one template.
type pattern struct {
	template int
	pieces   []string // between the variables
	constant int      // bytes
}

func (c *crowds) newTrail(ctx context.Context) (*trail, error) {
	t := &trail{c: c, matchers: map[string][]pattern{}, about: map[*incident.Incident]*told{}}
	place := map[int64]int{}
	err := c.st.Each(ctx, `select id, coalesce(template, ''), coalesce(service, ''), coalesce(level, '') from log_template where run = ? order by n desc, id limit ?`,
		func(rows *sql.Rows) error {
			var x incident.Template
			var text, service, level string
			if err := rows.Scan(&x.ID, &text, &service, &level); err != nil {
				return err
			}
			pieces := strings.Split(squeezed(text), "<*>")
			x.Words = wordsIn(strings.Join(pieces, " "), nil)
			for _, w := range strings.FieldsFunc(strings.ToLower(strings.Join(pieces, " ")), notLetter) {
				if len(w) >= 4 && !slices.Contains(x.Words, w) {
					x.Words = append(x.Words, w)
				}
			}
			for _, w := range x.Words {
				c.vocabulary[w] = true
			}
			key := service + "\x00" + level
			p := pattern{template: len(t.templates), pieces: pieces}
			for _, s := range pieces {
				p.constant += len(s)
			}
			t.matchers[key] = append(t.matchers[key], p)
			place[x.ID] = len(t.templates)
			t.templates = append(t.templates, x)
			return nil
		}, c.logs, mostTemplates)
	if err != nil {
		return nil, fmt.Errorf("read the templates: %w", err)
	}
	for _, list := range t.matchers {
		slices.SortStableFunc(list, func(a, b pattern) int { return b.constant - a.constant })
	}
	return t, t.count(ctx, place)
}

// count reads the lines of the templates by the hour.
func (t *trail) count(ctx context.Context, place map[int64]int) error {
	err := t.c.st.Each(ctx, `select template, epoch_us(hour) // 1000000 as at, sum(n)::bigint from log_template_count where run = ? and hour is not null group by 1, 2 order by 1, 2`,
		func(rows *sql.Rows) error {
			var id, at, n int64
			if err := rows.Scan(&id, &at, &n); err != nil {
				return err
			}
			if i, ok := place[id]; ok {
				t.templates[i].Hours = append(t.templates[i].Hours, incident.Tally{At: at, N: int32(min(n, 1<<31-1))})
			}
			return nil
		}, t.c.logs)
	if err != nil {
		return fmt.Errorf("count the lines of templates: %w", err)
	}
	return nil
}

func notLetter(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') }

func squeezed(s string) string { return strings.Join(strings.Fields(s), " ") }

// match is the template of a line, the one with the longest constant part; -1
// if there is none.
func (t *trail) match(service, level, message string) int {
	message, _, _ = strings.Cut(message, "\n")
	message = squeezed(message)
	for _, p := range t.matchers[service+"\x00"+level] {
		if p.holds(message) {
			return p.template
		}
	}
	return -1
}

func (p *pattern) holds(s string) bool {
	last := len(p.pieces) - 1
	rest, ok := strings.CutPrefix(s, p.pieces[0])
	if !ok || last == 0 {
		return ok && rest == ""
	}
	for _, piece := range p.pieces[1:last] {
		if _, rest, ok = strings.Cut(rest, piece); !ok {
			return false
		}
	}
	return strings.HasSuffix(rest, p.pieces[last])
}

// told is what is known of an incident's people and of others of those days.
type told struct {
	own, others []writer
	hit         map[int]map[int64][]float64 // template, complaint: hours before it
	texts       map[int64]incident.Text
	ownTexts    []int64
	otherTexts  []int64
}

// writer is one complaint and who made it.
type writer struct {
	seq, at  int64
	customer string
}

// look is what speaks for a template beside the time.
func (t *trail) look(ctx context.Context) incident.Look {
	return func(x *incident.Incident, template int) incident.Evidence {
		about := t.about[x]
		if about == nil {
			about = &told{hit: map[int]map[int64][]float64{}}
			t.about[x] = about
			if err := t.learn(ctx, x, about); err != nil && t.err == nil {
				t.err = err
			}
		}
		e := incident.Word(&t.templates[template], len(about.ownTexts), len(about.otherTexts), func(word string) (own, other int) {
			return about.holding(about.ownTexts, word), about.holding(about.otherTexts, word)
		})
		var lags []float64
		e.Customers, e.Hit, lags = about.met(about.own, template)
		e.Others, e.OtherHit, _ = about.met(about.others, template)
		if len(lags) > 0 {
			slices.Sort(lags)
			e.HitLag = lags[len(lags)/2]
		}
		return e
	}
}

func (a *told) holding(seqs []int64, word string) (n int) {
	for _, seq := range seqs {
		if slices.Contains(a.texts[seq].Words, word) {
			n++
		}
	}
	return n
}

// met counts customers, and those whom a line of the template met in the three
// days before they complained.
func (a *told) met(list []writer, template int) (n, hit int, lags []float64) {
	seen := map[string]bool{}
	for _, w := range list {
		if w.customer == "" || seen[w.customer] {
			continue
		}
		seen[w.customer] = true
		n++
		if h := a.hit[template][w.seq]; len(h) > 0 {
			hit++
			lags = append(lags, slices.Min(h))
		}
	}
	return n, hit, lags
}

// learn reads the people, their lines and their texts.
func (t *trail) learn(ctx context.Context, x *incident.Incident, a *told) error {
	member := map[int64]bool{}
	for _, m := range x.Members {
		member[t.c.data.Complaints[m].Seq] = true
	}
	for _, margin := range []int64{beside, 3 * beside} {
		a.own, a.others = nil, nil
		err := t.c.st.Each(ctx, `select seq, epoch_us(received) // 1000000, coalesce(customer, '') from complaint where received >= ? and received < ? order by seq`, func(rows *sql.Rows) error {
			var w writer
			if err := rows.Scan(&w.seq, &w.at, &w.customer); err != nil {
				return err
			}
			if member[w.seq] {
				a.own = append(a.own, w)
			} else {
				a.others = append(a.others, w)
			}
			return nil
		}, moment(x.Start-margin), moment(x.End+margin))
		if err != nil {
			return fmt.Errorf("read the people of an incident: %w", err)
		}
		if len(a.others) >= fewOthers {
			break
		}
	}
	if err := t.lines(ctx, x, a); err != nil {
		return err
	}
	for _, w := range a.own[:min(len(a.own), mostOthers)] {
		a.ownTexts = append(a.ownTexts, w.seq)
	}
	for _, w := range a.others[:min(len(a.others), mostOthers)] {
		a.otherTexts = append(a.otherTexts, w.seq)
	}
	var err error
	a.texts, err = t.c.texts(ctx, append(slices.Clone(a.ownTexts), a.otherTexts...))
	return err
}

// lines notes whom lines met before they complained.
func (t *trail) lines(ctx context.Context, x *incident.Incident, a *told) error {
	by := map[string][]writer{}
	for _, w := range append(slices.Clone(a.own), a.others...) {
		if w.customer != "" {
			by[w.customer] = append(by[w.customer], w)
		}
	}
	from, to := x.Start-3*beside-before, x.End+3*beside
	err := t.c.st.Each(ctx, `select epoch_us(time) // 1000000, coalesce(service, ''), coalesce(level, ''), coalesce(message, ''), customer from log_line
		where time >= $1 and time < $2 and customer in (select customer from complaint where received >= $3 and received < $2)`, func(rows *sql.Rows) error {
		var at int64
		var service, level, message, customer string
		if err := rows.Scan(&at, &service, &level, &message, &customer); err != nil {
			return err
		}
		list := by[customer]
		if len(list) == 0 {
			return nil
		}
		k := t.match(service, level, message)
		for _, w := range list {
			if k >= 0 && at <= w.at && w.at-at <= before {
				if a.hit[k] == nil {
					a.hit[k] = map[int64][]float64{}
				}
				a.hit[k][w.seq] = append(a.hit[k][w.seq], float64(w.at-at)/3600)
			}
		}
		return nil
	}, moment(from), moment(to), moment(x.Start-3*beside))
	if err != nil {
		return fmt.Errorf("read the lines of customers: %w", err)
	}
	return nil
}

// wordsIn are the different words of a text, in lower case, that are codes or
// stand in the vocabulary.
func wordsIn(text string, vocabulary map[string]bool) (out []string) {
	words := strings.FieldsFunc(text, func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_' && r != '.'
	})
	for _, w := range words {
		w = strings.ToLower(strings.Trim(w, "-_."))
		if len(w) >= 4 && (isCode(w) || vocabulary[w]) && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

// isCode tells a short word of letters and digits, as of errors and parts.
func isCode(w string) bool {
	return len(w) <= 12 && strings.ContainsAny(w, "0123456789") && strings.ContainsAny(w, "abcdefghijklmnopqrstuvwxyz")
}
