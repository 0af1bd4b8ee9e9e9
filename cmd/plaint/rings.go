package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"plaint/internal/web/format"
	"plaint/internal/web/view"
	"plaint/scoring/ring"
)

func (e *env) ringsCmd() *cobra.Command {
	return e.finding(&cobra.Command{Use: "rings [ID]", Short: e.t("cmd_rings"), Long: e.t("cmd_rings_long"),
		Example: "  plaint rings\n  plaint rings 3\n  plaint rings 3 --json"},
		"err_ring_number", e.listRings, e.showRing)
}

// listRings shows the rings of the latest run, the surest first.
func (e *env) listRings(ctx context.Context, v *view.Reader, a asked) error {
	list, err := v.Rings(ctx, a.limit, 0)
	if err != nil {
		return err
	}
	return e.list(list, list.Total, a, "rings_none", func() [][]string {
		f := format.Format{Words: e.words}
		rows := [][]string{{e.t("web_ring"), e.t("web_customers"), e.t("web_complaints"), e.t("web_first"), e.t("web_last"), e.t("web_claimed"), e.t("web_confidence"), e.t("web_crowd_explains"), e.t("web_tied_by")}}
		for _, x := range list.Rows {
			rows = append(rows, []string{fmt.Sprint(x.ID), f.Int(x.Customers), f.Int(x.N), dayOf(x.From), dayOf(x.To), f.Claims(x.Money), f.Percent(x.Confidence), f.Percent(x.Incident), e.kinds(x.Kinds)})
		}
		return rows
	})
}

// claimed are the rows that say what is claimed, one for each currency.
func (e *env) claimed(f format.Format, list []format.Money) (rows [][]string) {
	for _, m := range list {
		rows = append(rows, []string{e.t("web_claimed"), f.Amount(m)})
	}
	return rows
}

func (e *env) kinds(list []string) string {
	words := make([]string, len(list))
	for i, k := range list {
		words[i] = e.words.Name("tie", k)
	}
	return strings.Join(words, ", ")
}

// showRing shows one ring: what speaks for it, what its customers share, what
// else may explain it, and its complaints.
func (e *env) showRing(ctx context.Context, v *view.Reader, id int64, a asked) error {
	x, err := v.Ring(ctx, id)
	if errors.Is(err, view.ErrNotFound) {
		return &worded{"err_ring_missing", []any{"id", id}}
	}
	if err != nil {
		return err
	}
	if a.json {
		return json.NewEncoder(e.out).Encode(x)
	}
	f := format.Format{Words: e.words}
	fmt.Fprintf(e.out, "%s %s\n\n", e.t("web_ring_lead", "customers", f.Int(x.Customers), "n", f.Int(x.N), "kinds", e.kinds(x.Kinds)), e.t("web_ring_evidence_only"))
	facts := [][]string{{e.t("web_confidence"), f.Percent(x.Confidence)}, {e.t("web_window"), dayOf(x.From) + " – " + dayOf(x.To)}}
	if s := x.Lockstep; s != nil {
		facts = append(facts, []string{e.words.Name("tie", ring.Lockstep), f.Window(s.From, s.To) + ": " + e.t("web_ring_step", "n", f.Int(s.Customers), "others", f.Int(s.Others))})
	}
	facts = append(facts, e.claimed(f, x.Money)...)
	for _, c := range []struct {
		code  string
		share float64
	}{{"web_crowd_incident", x.Incident}, {"web_crowd_home", x.Home}, {"web_crowd_public", x.Public}} {
		facts = append(facts, []string{e.t(c.code), f.Percent(c.share)})
	}
	table(e.out, facts)
	evidence := [][]string{{e.t("web_tie_kind"), e.t("web_bits"), e.t("web_customers")}}
	for _, y := range x.Evidence {
		evidence = append(evidence, []string{e.words.Name("tie", y.Kind), f.Num(y.Bits, 1), f.Int(y.Customers)})
	}
	e.section("web_ring_evidence", append(evidence, []string{e.t("web_ring_bits"), f.Num(x.Bits, 1), ""}))
	e.section("web_ring_ties", e.tieRows(f, x.Ties[:min(len(x.Ties), a.limit)]))
	e.section("web_ring_members", e.memberRows(f, x.Members[:min(len(x.Members), a.limit)]))
	e.cut(min(len(x.Members), a.limit), x.N)
	return nil
}

func (e *env) section(code string, rows [][]string) {
	fmt.Fprintf(e.out, "\n%s\n", e.t(code))
	table(e.out, rows)
}

func (e *env) tieRows(f format.Format, list []view.RingTie) [][]string {
	rows := [][]string{{e.t("web_tie_kind"), e.t("web_value"), e.t("web_ring_members_have"), e.t("web_all_have"), e.t("web_weight"), e.t("web_example")}}
	for _, y := range list {
		rows = append(rows, []string{e.words.Name("tie", y.Kind), y.Value, f.Int(y.Customers), f.Int(y.Users), f.Num(y.Weight, 1), fmt.Sprintf("#%d", y.Example)})
	}
	return rows
}

func (e *env) memberRows(f format.Format, list []view.RingMember) [][]string {
	rows := [][]string{{e.t("web_complaint"), e.t("web_received"), e.t("web_customer"), e.t("web_type"), e.t("web_claimed"), e.t("web_ties_n"), e.t("web_belongs")}}
	for _, m := range list {
		received, amount := "–", "–"
		if m.Received != nil {
			received = m.Received.Format(time.DateTime)
		}
		if m.Amount != nil {
			amount = f.Amount(format.Money{Amount: *m.Amount, Currency: m.Currency})
		}
		rows = append(rows, []string{fmt.Sprintf("#%d", m.Seq), received, m.Customer, e.words.Name("type", m.Type), amount, f.Int(m.Ties), f.Percent(m.Confidence)})
	}
	return rows
}
