package flows

import (
	"time"

	"github.com/coopconnexion/relais/flows/care"
)

// careItems are the check-ins that are due: the pulse every 14 days, the
// monthly scale every 28 (or 56), a second look after orange or red. Each is
// asked once; silence is never reported.
func (t *turn) careItems() []item {
	c, ok := CareOf(t.p)
	if !ok || !c.Paused.IsZero() {
		return nil
	}
	asked := c.Asked
	if asked.IsZero() {
		asked = c.Since
	}
	pulse := t.dayAfter(asked, care.PulseDays)
	out := []item{{name: nudgePulse, period: LocalDay(asked, t.b.set.Zone), step: "ask", at: pulse, until: pulse.AddDate(0, 0, 7), last: true, weekdays: true}}
	base := c.last(t.b.care.scales.Monthly().ID)
	days := care.MonthlyDays
	if base.IsZero() {
		base = c.Since
	} else {
		days = t.untilMonthly(&c)
	}
	at := t.dayAfter(base, days)
	if n := len(c.Levels); n > 0 {
		if again := care.Recheck(c.Levels[n-1].Level); again > 0 {
			base = c.Levels[n-1].At
			at = t.dayAfter(base, again)
		}
	}
	return append(out, item{name: nudgeMonthly, period: LocalDay(base, t.b.set.Zone), step: "ask", at: at, until: at.AddDate(0, 0, 10), last: true, weekdays: true})
}

// dayAfter is nine o'clock of the day so many days later.
func (t *turn) dayAfter(from time.Time, days int) time.Time {
	l := from.In(t.b.set.Zone).AddDate(0, 0, days)
	return t.day(l.Year(), l.Month(), l.Day())
}

// untilMonthly is the pace of the monthly scale for this member.
func (t *turn) untilMonthly(c *Care) int {
	scale := t.b.care.scales.Monthly().ID
	scores := c.scores(scale)
	if scale != t.b.care.scales.WHO5.ID {
		for i := range scores {
			scores[i] = 100 - scores[i]
		}
	}
	p, err := care.Follow(c.pulses())
	low := err == nil && p.Baseline != nil && p.Baseline.LowUsual()
	return care.UntilMonthly(scores, c.Offered.After(c.last(scale)), low)
}

// sayCheckIn asks a check-in as a reminder does: in the hours, once.
func (t *turn) sayCheckIn(i item, key string) bool {
	c, ok := CareOf(t.p)
	if !ok {
		return false
	}
	m := Send{Key: key, Class: ClassNudge, Expires: i.until}
	switch i.name {
	case nudgePulse:
		t.askPulse(&c, m, T(t.greeting()))
	case nudgeMonthly:
		m.Text, m.Rows = t.msg("care.monthly"), t.scaleRows([]string{t.b.care.scales.Monthly().ID})
		t.do(m)
	default:
		return false
	}
	return true
}
