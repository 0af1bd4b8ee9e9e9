package format

import (
	"testing"
	"time"

	"plaint/internal/web/locale"
)

func TestFormat(t *testing.T) {
	en, zh := Format{locale.For("en")}, Format{locale.For("zh")}
	at := time.Date(2026, 3, 1, 6, 5, 0, 0, time.UTC)
	for got, want := range map[string]string{
		en.Int(0): "0", en.Int(-1234567): "−1,234,567", en.Num(1234.5, 2): "1,234.5", en.Num(-0.001, 1): "0", en.Percent(.4192): "42%", en.Percent(.061): "6.1%",
		en.Signed(21.31, 1): "+21.3", en.Signed(-3, 1): "−3.0", en.Date(at): "1 Mar 2026", zh.Date(at): "2026年3月1日", zh.Moment(at): "3月1日 06:05",
		en.Hours(.5): "30 min", en.Hours(15): "15 h", zh.Hours(100): "4.2 天", en.Score("nps", 25.8): "+25.8",
		en.Finding("digest_department", map[string]any{"department": "finance", "rate": .267, "low": .24, "high": .29, "overall": .191}):                             "Finance misses its limit in 27% of cases (24% to 29%); overall 19%.",
		zh.Finding("digest_satisfaction", map[string]any{"metric": "csat", "score": 45.03, "low": 41.17, "high": 48.95, "n": 624.0}):                                 "CSAT 为 45.0%（41.2% 至 49.0%，624 份回答）。",
		en.Finding("digest_volume", map[string]any{"n": 6000.0, "from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z", "last_week": 1.0, "week_before": 2.0}): "6,000 complaints from 1 Mar 2026 to 2 Mar 2026; 1 in the last week, 2 in the week before.",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
