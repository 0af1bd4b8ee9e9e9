package format

import (
	"testing"

	"plaint/internal/record"
	"plaint/internal/web/locale"
	"plaint/scoring/watch"
)

// TestAlarmsHaveWords: every alarm and every state has words in both languages.
func TestAlarmsHaveWords(t *testing.T) {
	for _, lang := range []string{"en", "zh"} {
		w := locale.For(lang)
		for _, kind := range watch.Kinds {
			if !w.Has("watch_"+kind) || !w.Has("watch_says_"+kind) {
				t.Errorf("%s: %s has no words", lang, kind)
			}
		}
		for _, state := range []string{record.WatchOK, record.WatchLook, record.WatchAct, record.WatchFew, record.WatchTold} {
			if !w.Has("watch_state_" + state) {
				t.Errorf("%s: %s has no words", lang, state)
			}
		}
	}
}

// TestRings: one for each alarm, the worst.
func TestRings(t *testing.T) {
	list := []record.Measure{{Kind: "psi", State: record.WatchLook}, {Kind: "ks", State: record.WatchOK}, {Kind: "delay", State: record.WatchLook}, {Kind: "psi", Part: "agent", State: record.WatchAct}, {Kind: "psi", State: record.WatchLook}}
	got := Rings(list)
	if len(got) != 2 || got[0].Part != "agent" || got[1].Kind != "delay" {
		t.Errorf("%+v", got)
	}
}

// TestAlarmAt tells on which side of the limit the alarm is, in either language.
func TestAlarmAt(t *testing.T) {
	limit := .2
	for lang, want := range map[string][3]string{"en": {"above 0.200", "below 20%", "–"}, "zh": {"高于 0.200", "低于 20%", "–"}} {
		f := Format{Words: locale.For(lang)}
		got := [3]string{f.AlarmAt(record.Measure{Kind: watch.KS, Limit: &limit}), f.AlarmAt(record.Measure{Kind: watch.Suppression, Limit: &limit}), f.AlarmAt(record.Measure{Kind: watch.KS})}
		if got != want {
			t.Errorf("%s: %q, want %q", lang, got, want)
		}
	}
}
