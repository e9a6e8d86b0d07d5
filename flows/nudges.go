package flows

import (
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/coopconnexion/relais/flows/french"
)

// Nudges are planned, not queued: each person has one reminder, "plan", at the
// next moment at which something could be said. When it comes due the plan is
// drawn up again from what is known then, so that what is done is not asked
// for, what is late collapses into the latest step, and nothing is said twice.

const (
	remindPlan      = "plan"
	remindForget    = "forget"     // no consent within 7 days: nothing is kept
	remindMinorText = "minor-text" // free text of a minor, 30 days
	remindRetention = "retention"  // candidates, 6 months
	remindFlood     = "flood"
	remindReview    = "review" // sheets to check, monthly
	remindCase      = "case"   // an estimate left alone: its facts go

	nudgeDeclaration   = "declaration"
	nudgeActualisation = "actualisation"
	nudgeResume        = "resume"

	// heldFor is how long a conversation stays held when nobody writes: then
	// the assistant takes over again, so that no one is forgotten in silence.
	heldFor = 72 * time.Hour
	// quietAfter leaves a person alone who has just been here.
	quietAfter  = 2 * time.Hour
	forgetAfter = 7 * 24 * time.Hour
	parkAfter   = 96 * time.Hour // a day after the second reminder
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

// moment is the first time from now on at which the item may be said, within
// the hours and not on a day that had its message; ok is false when that is
// too late to help.
func (t *turn) moment(i item) (time.Time, bool) {
	at := i.at
	if at.Before(t.now) {
		at = t.now
	}
	if rest := t.p.Seen.Add(quietAfter); at.Before(rest) && i.name != nudgeResume {
		at = rest
	}
	hours := t.b.hours
	if i.weekdays {
		hours = t.b.staff
	}
	at = hours.Next(at)
	for LocalDay(at, t.b.set.Zone) == t.p.Nudges.Last {
		l := at.In(t.b.set.Zone).AddDate(0, 0, 1)
		at = hours.Next(t.day(l.Year(), l.Month(), l.Day()))
	}
	return at, at.Before(i.until)
}

// plan sets the one reminder at the next useful moment.
func (t *turn) plan() {
	next := time.Time{}
	for _, i := range t.items() {
		if at, ok := t.moment(i); ok && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	if park := t.parkTime(); !park.IsZero() && (next.IsZero() || park.Before(next)) {
		next = park
	}
	if horizon := t.horizon(); next.IsZero() || (!horizon.IsZero() && horizon.Before(next)) {
		next = horizon
	}
	next = t.wholeMinute(next)
	if next.Equal(t.p.Nudges.Next) {
		return
	}
	t.p.Nudges.Next = next
	if next.IsZero() {
		t.do(Unremind{Name: remindPlan})
		return
	}
	t.do(Remind{Name: remindPlan, At: next})
}

// wholeMinute rounds up to a minute, and past the wake being handled: the store
// knows a wake by its second, and takes each only once.
func (t *turn) wholeMinute(at time.Time) time.Time {
	if at.IsZero() {
		return at
	}
	if r := at.Truncate(time.Minute); r.Before(at) {
		at = r.Add(time.Minute)
	}
	if t.in.Kind == KindWake && !at.After(t.in.Due) {
		at = t.in.Due.Truncate(time.Minute).Add(time.Minute)
	}
	return at
}

// horizon is when the plan of a member must be drawn up again even if nothing
// is in sight: the first of next month.
func (t *turn) horizon() time.Time {
	if !t.consented() || !t.p.Reachable() {
		return time.Time{}
	}
	if h := t.p.Held(); h != nil {
		return t.b.hours.Next(h.spoken().Add(heldFor))
	}
	if t.p.Crisis.Open {
		return t.b.hours.Next(t.p.Crisis.At.Add(crisisMaxOpen + time.Hour))
	}
	if !t.p.Profile.Status.Member() {
		return time.Time{}
	}
	f := french.FirstOfMonth(t.local()).AddDate(0, 1, 0)
	return t.b.hours.Next(t.day(f.Year(), f.Month(), 1))
}

// parkTime is when the questionnaire under way is put aside.
func (t *turn) parkTime() time.Time {
	q := t.quest()
	if q == nil || q.Quiet || t.p.Session.Asked.IsZero() || !t.p.Reachable() {
		return time.Time{}
	}
	return t.b.hours.Next(t.p.Session.Asked.Add(parkAfter))
}

// wake is a reminder that came due.
func (t *turn) wake() {
	switch t.in.Name {
	case remindPlan:
		t.p.Nudges.Next = time.Time{} // it has just been taken
		t.closeSilentTicket()
		t.closeOldCrisis()
		t.nudge()
	case remindAck:
		t.noAck()
	case remindCrisis:
		t.crisisFollowUp()
	case remindFlood:
		t.afterFlood()
	case remindSecond:
		t.secondPerson()
	case remindReview:
		t.review()
	case remindCase:
		t.p.Case = nil
	case remindForget:
		if !t.consented() || t.p.Profile.Age == "15" {
			t.forget = true
		}
	case remindMinorText:
		t.dropFreeText()
	case remindRetention:
		t.retention()
	}
}

// nudge says the one thing that helps most now, if anything still does.
func (t *turn) nudge() {
	if park := t.parkTime(); !park.IsZero() && !park.After(t.now) {
		t.park()
		t.p.Session = Session{}
	}
	t.late()
	if !t.b.hours.MaySpeak(t.now) || t.p.Nudges.Last == LocalDay(t.now, t.b.set.Zone) || t.p.Held() != nil {
		return
	}
	var best *item
	items := t.items()
	for i := range items {
		it := &items[i]
		if at, ok := t.moment(*it); !ok || at.After(t.now) {
			continue
		}
		if best == nil || it.until.Before(best.until) {
			best = it
		}
	}
	if best != nil {
		t.sayNudge(*best)
	}
}

// sayNudge sends it, once for ever.
func (t *turn) sayNudge(i item) {
	key := nudgeKey(i.name, i.period, i.step)
	if t.p.Nudges.Done == nil {
		t.p.Nudges.Done = map[string]time.Time{}
	}
	t.p.Nudges.Done[key] = t.now
	t.p.Nudges.Last = LocalDay(t.now, t.b.set.Zone)
	t.trimNudges()
	if t.sayCheckIn(i, key) {
		return
	}
	text, rows := t.nudgeText(i)
	expires := i.until
	t.do(Send{Key: key, Class: ClassNudge, Text: text, Rows: rows, Expires: expires})
}

func (t *turn) nudgeText(i item) (Rich, [][]Button) {
	fewer := t.btn("Moins de rappels", "c.fewer")
	switch i.name {
	case nudgeDeclaration:
		due := t.day(0, 1, 1)
		if p, err := time.Parse("2006-01", i.period); err == nil {
			d := p.AddDate(0, 1, 0)
			due = time.Date(d.Year(), d.Month(), t.b.set.DueDay, 0, 0, 0, 0, t.b.set.Zone)
		}
		return t.msg("nudge.declaration."+i.step, "who", t.greeting(), "month", french.MonthName(i.period), "due", french.DayMonth(due)),
			[][]Button{row(t.btn("💶 Déclarer", "c.declare."+i.period)), row(t.btn("Parler à quelqu'un", "c.human"), fewer)}
	case nudgeActualisation:
		return t.msg("nudge.actualisation."+i.step, "who", t.greeting(), "month", french.MonthName(i.period)),
			[][]Button{row(t.btn("✔ C'est fait", "c.settle.actualisation."+i.period)), row(t.btn("❓ Poser une question", "c.question"), fewer)}
	}
	title := t.p.Session.Flow
	if q := t.quest(); q != nil {
		title = q.Title
	}
	return t.msg("nudge.resume."+i.step, "who", t.greeting(), "title", title),
		[][]Button{row(t.btn("▶ Reprendre", "c.continue")), row(t.btn("Parler à quelqu'un", "c.human"), fewer)}
}

// trimNudges forgets marks older than a year.
func (t *turn) trimNudges() {
	for k, at := range t.p.Nudges.Done {
		if t.now.Sub(at) > 400*24*time.Hour {
			delete(t.p.Nudges.Done, k)
		}
	}
}

// late shows a card to staff when a declaration is two days overdue.
func (t *turn) late() {
	if !t.p.Profile.Status.Member() {
		return
	}
	for _, i := range t.declarationItems() {
		key := "late/" + i.period
		if i.step != "after" || i.at.After(t.now) || !t.now.Before(i.until) {
			continue
		}
		if _, shown := t.p.Cards[key]; shown {
			continue
		}
		t.postCard(DeskStaff, key, "late")
	}
}

// closeLate closes the card of an overdue month once it is declared.
func (t *turn) closeLate(period string) {
	if c, ok := t.p.Cards["late/"+period]; ok && c.Open {
		t.updateCard("late/"+period, false, nil)
	}
}

func (t *turn) lateText(period string, c CardState) (string, Rich, []Action) {
	title := fmt.Sprintf("Déclaration en retard : %s", t.shownName())
	body := B(t.shownName()).Add(T(" n'a pas encore déclaré " + french.MonthName(period) + "."))
	body = body.Line(T(t.statusWords() + " · " + t.channelWords()))
	if !c.Open {
		if t.p.Declaration(period) != nil {
			body = body.Para(T("Déclaration reçue depuis."))
		}
		return title, body, nil
	}
	return title, body, []Action{{ID: "seen", Label: "Vu, je m'en occupe", Style: "primary"}}
}
