package flows

import (
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/coopconnexion/relais/flows/french"
)

// item is one nudge that could be said: from At on, while it still helps.
type item struct {
	name   string // declaration, actualisation, resume
	period string // 2026-10, or the start of the questionnaire
	step   string // open, before, due, after…
	at     time.Time
	until  time.Time // exclusive; afterwards it no longer helps
	last   bool      // kept when the person wants fewer reminders
	// weekdays keeps the check-ins to Monday to Friday, 9 to 18 h.
	weekdays bool
}

// steps are those of each nudge.
var steps = map[string][]string{
	nudgeDeclaration:   {"open", "before", "due", "after"},
	nudgeActualisation: {"open", "tenth", "last"},
	nudgeResume:        {"day", "days"},
}

// nudgeKey names a nudge, and its letter.
func nudgeKey(name, period, step string) string {
	return "nudge/" + name + "/" + period + "/" + step
}

// cancelNudges withdraws the letters of a period that have not left yet.
func (t *turn) cancelNudges(name, period, reason string) {
	for _, step := range steps[name] {
		if key := nudgeKey(name, period, step); !t.p.Nudges.Done[key].IsZero() {
			t.do(Cancel{Key: key, Reason: reason})
		}
	}
}

// items lists what could be said to this person around now, the most urgent
// first. Sources: the co-operative's due day; France Travail's actualisation
// opens on the 28th (the 26th in February) and closes on the 15th (calendar of
// the fact sheets).
func (t *turn) items() []item {
	if !t.consented() || !t.p.Reachable() || t.p.Current().Channel == "import" || t.p.Crisis.Open || t.p.Held() != nil {
		return nil
	}
	var out []item
	if t.p.Profile.Status.Member() {
		out = append(out, t.actualisationItems()...)
		out = append(out, t.declarationItems()...)
		out = append(out, t.careItems()...)
	}
	out = append(out, t.resumeItems()...)
	since := t.sinceConsent()
	return slices.DeleteFunc(out, func(i item) bool {
		if i.at.Before(since) {
			return true // it came up before the person was here
		}
		_, done := t.p.Nudges.Done[nudgeKey(i.name, i.period, i.step)]
		return done || (t.p.Profile.FewerReminders && !i.last)
	})
}

// sinceConsent is the start of the local day on which the person agreed.
func (t *turn) sinceConsent() time.Time {
	for _, c := range t.p.Consents {
		if c.Name == "data" && c.Yes {
			l := c.At.In(t.b.set.Zone)
			return time.Date(l.Year(), l.Month(), l.Day(), 0, 0, 0, 0, t.b.set.Zone)
		}
	}
	return time.Time{}
}

// day is 9 o'clock of a local day, spread over the hour so that not everybody
// hears at the same second.
func (t *turn) day(y int, m time.Month, d int) time.Time {
	h := fnv.New32a()
	h.Write([]byte(t.p.ID))
	return time.Date(y, m, d, t.b.hours.From, int(h.Sum32()%50), 0, 0, t.b.set.Zone)
}

func (t *turn) declarationItems() []item {
	var out []item
	first := french.FirstOfMonth(t.local())
	due := t.b.set.DueDay
	for i := range 2 { // the month under way is declared next month; its dates are planned ahead
		ask := first.AddDate(0, i, 0)
		period := ask.AddDate(0, -1, 0).Format("2006-01")
		if t.p.Declaration(period) != nil || (t.p.Profile.Since != "" && period < t.p.Profile.Since) {
			continue
		}
		y, m := ask.Year(), ask.Month()
		open, before, on, after := t.day(y, m, 1), t.day(y, m, max(2, due-2)), t.day(y, m, due), t.day(y, m, due+2)
		end := t.day(y, m, 25)
		out = append(out,
			item{nudgeDeclaration, period, "open", open, before, false, false},
			item{nudgeDeclaration, period, "before", before, on, false, false},
			item{nudgeDeclaration, period, "due", on, after, true, false},
			item{nudgeDeclaration, period, "after", after, end, false, false})
	}
	return out
}

// actualisationOpens is the first day of the actualisation of a month.
func actualisationOpens(m time.Month) int {
	if m == time.February {
		return 26
	}
	return 28
}

func (t *turn) actualisationItems() []item {
	if t.p.Profile.Situation != "are" && t.p.Profile.Situation != "ass" {
		return nil
	}
	var out []item
	first := french.FirstOfMonth(t.local())
	for i := -1; i <= 0; i++ {
		month := first.AddDate(0, i, 0)
		period := month.Format("2006-01")
		if _, done := t.p.Nudges.Settled[nudgeActualisation+"/"+period]; done || (t.p.Profile.Since != "" && period < t.p.Profile.Since) {
			continue
		}
		next := month.AddDate(0, 1, 0)
		open := t.day(month.Year(), month.Month(), actualisationOpens(month.Month()))
		tenth, fourteenth := t.day(next.Year(), next.Month(), 10), t.day(next.Year(), next.Month(), 14)
		closes := time.Date(next.Year(), next.Month(), 16, 0, 0, 0, 0, t.b.set.Zone)
		out = append(out,
			item{nudgeActualisation, period, "open", open, tenth, false, false},
			item{nudgeActualisation, period, "tenth", tenth, fourteenth, false, false},
			item{nudgeActualisation, period, "last", fourteenth, closes, true, false})
	}
	return out
}

func (t *turn) resumeItems() []item {
	q := t.quest()
	if q == nil || !(q.Nudge || q.Summary) || len(t.p.Session.Answers) == 0 || t.p.Session.Asked.IsZero() {
		return nil
	}
	asked := t.p.Session.Asked
	period := fmt.Sprintf("%s-%d", t.p.Session.Flow, asked.Unix())
	return []item{
		{nudgeResume, period, "day", asked.Add(24 * time.Hour), asked.Add(72 * time.Hour), false, false},
		{nudgeResume, period, "days", asked.Add(72 * time.Hour), asked.Add(parkAfter), true, false},
	}
}
