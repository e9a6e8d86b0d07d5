package flows

import (
	"fmt"
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
	case remindIndicators:
		t.askIndicators()
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
