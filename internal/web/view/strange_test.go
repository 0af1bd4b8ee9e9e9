package view

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/internal/web/locale"
	"plaint/scoring/model"
	"plaint/scoring/rule"
)

// TestStrangeWords: a rule that compares a fact with what occurs nowhere is told,
// with what was meant where that is clear; what occurs, what is a part of a text and
// what is empty are not.
func TestStrangeWords(t *testing.T) {
	ctx := t.Context()
	st, err := store.Open(ctx, filepath.Join(t.TempDir(), "t.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	m, err := model.Load(model.Default)
	if err != nil {
		t.Fatal(err)
	}
	c := record.Complaint{Customer: "U1", Type: "refund", Channel: "pigeon", Currency: "USD", Received: record.At(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))}
	c.ExternalID, c.Source = "C1", "crm"
	c.Stamp(nil)
	if _, err := st.Admit(ctx, &record.Batch{Complaints: []record.Complaint{c}}, m.Decide); err != nil {
		t.Fatal(err)
	}
	for when, want := range map[string]string{
		`type == "refnd"`:                           `type "refnd" near "refund" false`,
		`"refund" == type || agent > 1.0`:           "",
		`type in ["refund", "logn", "login"]`:       `type "logn" near "login" false, type "login" near "" true`,
		`type != "zzz"`:                             `type "zzz" near "" false`,
		`channel == "pigeon" && type != ""`:         "",
		`currency == "usd"`:                         `currency "usd" near "USD" false`,
		`source == "state"`:                         `source "state" near "" false`,
		`type.startsWith("ref") && type == product`: "",
		`(agent > 1.0 ? type : product) == "x"`:     "",
		`!(language == "de" && language == "de")`:   `language "de" near "" false`,
	} {
		ruled, err := m.WithRules("x", []rule.Rule{{Name: "a", When: when, Points: 1}})
		if err != nil {
			t.Fatal(when, err)
		}
		list, err := StrangeWords(ctx, st, ruled)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, x := range list {
			got = append(got, fmt.Sprintf("%s %q near %q %v", x.Fact, x.Text, x.Near, x.Known))
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: %s, want %s", when, strings.Join(got, ", "), want)
		}
	}
	for _, lang := range locale.Languages {
		for _, code := range []string{"rule_strange", "rule_strange_near", "rule_not_yet"} {
			if !locale.For(lang).Has(code) {
				t.Errorf("%s: %s has no words", lang, code)
			}
		}
	}
}
