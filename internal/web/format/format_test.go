package format

import (
	"testing"
	"time"

	"plaint/internal/web/locale"
)

func TestFormat(t *testing.T) {
	en, zh := Format{Words: locale.For("en")}, Format{Words: locale.For("zh")}
	at := time.Date(2026, 3, 1, 6, 5, 0, 0, time.UTC)
	for got, want := range map[string]string{
		en.Int(0): "0", en.Int(-1234567): "−1,234,567", en.Num(1234.5, 2): "1,234.5", en.Num(-0.001, 1): "0", en.Percent(.4192): "42%", en.Percent(.061): "6.1%",
		en.Signed(21.31, 1): "+21.3", en.Signed(-3, 1): "−3.0", en.Date(at): "1 Mar 2026", zh.Date(at): "2026年3月1日", zh.Moment(at): "3月1日 06:05",
		en.Hours(.5): "30 min", en.Hours(15): "15 h", zh.Hours(100): "4.2 天", en.Score("nps", 25.8): "+25.8",
		en.Finding("digest_department", map[string]any{"department": "finance", "rate": .267, "low": .24, "high": .29, "overall": .191}):                                                             "Finance misses its limit in 27% of cases (24% to 29%); overall 19%.",
		zh.Finding("digest_satisfaction", map[string]any{"metric": "csat", "score": 45.03, "low": 41.17, "high": 48.95, "n": 624.0}):                                                                 "CSAT 为 45.0%（41.2% 至 49.0%，624 份回答）。",
		en.Finding("digest_volume", map[string]any{"n": 6000.0, "from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z", "last_week": 1.0, "week_before": 2.0}):                                 "6,000 complaints from 1 Mar 2026 to 2 Mar 2026; 1 in the last week, 2 in the week before.",
		en.Finding("digest_satisfaction_trend", map[string]any{"metric": "csat", "slope": .4, "low": .2, "high": .6, "weeks": 13.0}):                                                                 "CSAT moves by +0.4 a week (+0.2 to +0.6), by 13 weeks with answers.",
		en.Finding("digest_satisfaction_trend", map[string]any{"metric": "csat", "slope": -.0187, "low": -.03, "high": -.007, "weeks": 11.0}):                                                        "CSAT moves by −1.0 a year (−1.6 to −0.4), by 11 weeks with answers.",
		zh.Finding("digest_satisfaction_trend", map[string]any{"metric": "csat", "slope": .1, "low": .05, "high": .15, "weeks": 11.0, "from": "2014-01-06T00:00:00Z", "to": "2025-01-06T00:00:00Z"}): "CSAT 每年变化 +5.2（+2.6 至 +7.8），依据 11 个有回答的周。",
		en.Window(at, at.Add(3*time.Hour)): "1 Mar 06:05–09:05", Format{Words: locale.For("en"), Years: true}.Window(at, at.Add(30*time.Hour)): "1 Mar 2026 06:05 – 2 Mar 12:05", zh.Window(at, at.AddDate(1, 0, 0)): "2026年3月1日 06:05 – 2027年3月1日 06:05",
		en.Axis(at, at.AddDate(0, 3, 0))(at): "1 Mar", en.Axis(at, at.AddDate(4, 0, 0))(at): "Mar 2026", zh.Axis(at, at.AddDate(4, 0, 0))(at): "2026年3月",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
