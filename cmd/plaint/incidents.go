package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"plaint/internal/web/format"
	"plaint/internal/web/view"
)

func (e *env) incidentsCmd() *cobra.Command {
	return e.finding(&cobra.Command{Use: "incidents [ID]", Short: e.t("cmd_incidents"), Long: e.t("cmd_incidents_long"),
		Example: "  plaint incidents\n  plaint incidents 3\n  plaint incidents 3 --json"},
		"err_incident_number", e.listIncidents, e.showIncident)
}

// listIncidents shows the incidents of the latest run, the latest first.
func (e *env) listIncidents(ctx context.Context, v *view.Reader, a asked) error {
	list, err := v.Incidents(ctx, view.IncidentFilter{Limit: a.limit})
	if err != nil {
		return err
	}
	return e.list(list, list.Total, a, "incidents_none", func() [][]string {
		f := format.Format{Words: e.words, Years: true}
		rows := [][]string{{e.t("web_incident"), e.t("web_window"), e.t("web_incident_about"), e.t("web_type"), e.t("web_complaints"), e.t("web_expected"), e.t("web_severity"), e.t("web_state"), e.t("web_went_before")}}
		for _, x := range list.Rows {
			before := "–"
			if x.Template > 0 {
				before = x.LinkedTo + " (" + e.lag(f, x.Lag) + ")"
			}
			rows = append(rows, []string{fmt.Sprint(x.ID), f.Window(x.From, x.To), x.Label, e.words.Name("type", x.Type), thousands(int64(x.N)), f.Num(x.Expected, 1),
				e.words.Name("severity", x.Severity), e.words.Name("incident", x.State), before})
		}
		return rows
	})
}

// lag words how long complaints came behind the lines of a log.
func (e *env) lag(f format.Format, hours int) string {
	if hours == 0 {
		return e.t("web_lag_within")
	}
	return e.t("web_lag_after", "hours", f.Hours(float64(hours)))
}

// showIncident shows all that is known of one incident.
func (e *env) showIncident(ctx context.Context, v *view.Reader, id int64, a asked) error {
	x, err := v.Incident(ctx, id)
	if errors.Is(err, view.ErrNotFound) {
		return &worded{"err_incident_unknown", []any{"id", id}}
	}
	if err != nil {
		return err
	}
	if a.json {
		return json.NewEncoder(e.out).Encode(x)
	}
	f := format.Format{Words: e.words, Years: true}
	e.say("%s", e.t("web_incident_title", "n", x.ID, "label", x.Label))
	table(e.out, e.incidentFacts(f, x))
	for _, rows := range [][][]string{e.incidentCauses(f, x), e.incidentThemes(x), e.incidentLinks(f, x)} {
		if len(rows) > 1 {
			fmt.Fprintln(e.out)
			table(e.out, rows)
		}
	}
	return nil
}

func (e *env) incidentFacts(f format.Format, x view.IncidentDetail) [][]string {
	rows := [][]string{{e.t("web_state"), e.words.Name("incident", x.State)}, {e.t("web_severity"), e.words.Name("severity", x.Severity)}, {e.t("web_type"), e.words.Name("type", x.Type)},
		{e.t("web_window"), f.Window(x.From, x.To)}, {e.t("web_first"), f.Full(x.First)}, {e.t("web_seen"), f.Full(x.Seen)},
		{e.t("web_complaints"), thousands(int64(x.N))}, {e.t("web_expected"), f.Num(x.Expected, 1)}, {e.t("web_customers"), thousands(int64(x.Customers))}}
	rows = append(rows, e.claimed(f, x.Money)...)
	for _, s := range []struct {
		name  string
		value *float64
		n     int
	}{{"web_csat_before", x.Before, x.BeforeN}, {"web_csat_after", x.After, x.AfterN}} {
		if s.value != nil {
			rows = append(rows, []string{e.t(s.name), f.Score("csat", *s.value) + " (" + e.t("web_n_answers", "n", s.n) + ")"})
		}
	}
	return rows
}

func (e *env) incidentCauses(f format.Format, x view.IncidentDetail) [][]string {
	rows := [][]string{{e.t("web_whom"), e.t("web_complaints"), e.t("web_expected"), e.t("web_share_of_excess")}}
	for _, c := range x.Causes {
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(c.Attributes)) {
			parts = append(parts, e.t("web_is", "name", e.words.Name("attribute", name), "value", e.words.Name(name, c.Attributes[name])))
		}
		rows = append(rows, []string{strings.Join(parts, ", "), thousands(int64(c.N)), f.Num(c.Expected, 1), f.Percent(c.Share)})
	}
	if len(x.Causes) == 0 {
		rows = append(rows, []string{e.t("web_met_everybody_note"), thousands(int64(x.N)), f.Num(x.Expected, 1), ""})
	}
	return rows
}

func (e *env) incidentThemes(x view.IncidentDetail) [][]string {
	rows := [][]string{{e.t("web_theme"), e.t("theme_label"), e.t("web_complaints")}}
	for _, s := range x.Parts {
		rows = append(rows, []string{fmt.Sprint(s.Theme), s.Label, thousands(int64(s.N))})
	}
	return rows
}

func (e *env) incidentLinks(f format.Format, x view.IncidentDetail) [][]string {
	rows := [][]string{{e.t("web_template"), e.t("web_service"), e.t("web_lag"), e.t("web_q"), e.t("web_met_by"), e.t("web_lines"), e.t("web_verdict")}}
	for _, l := range x.Templates {
		verdict, met := e.t("web_link_no"), "–"
		if l.Linked {
			verdict = e.t("web_link_yes")
		}
		if l.HitP != nil {
			met = e.t("web_of", "n", l.Hit, "of", l.Customers)
		}
		q := f.Fixed(l.Q, 3)
		if l.Q < .001 {
			q = "<" + f.Fixed(.001, 3)
		}
		rows = append(rows, []string{l.Text, l.Service, f.Hours(float64(l.Lag)), q, met, thousands(int64(l.Lines)), verdict})
	}
	return rows
}
