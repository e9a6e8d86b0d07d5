package flows

import (
	"fmt"
	"strings"
	"time"

	"github.com/coopconnexion/relais/flows/care"
)

// concludeScales scores what was answered, keeps the results with the member
// and says what they mean and what can be done. No number is shown, nothing
// goes to staff.
func (t *turn) concludeScales(c *Care, answers map[string]care.Answers) {
	k := t.b.care
	e := c.evidence(k)
	scored, usable := t.keepResults(c, &e, answers)
	if a := answers[k.scales.Risks.ID]; len(a) > 0 {
		c.Risks, c.RisksAt = a, t.now
	}
	c.trim()
	switch {
	case usable > 0:
		t.concludeLevel(c, care.Judge(e).Level, answers[k.scales.Personal.ID])
	case scored > 0:
		t.saveCare(*c)
		t.say(t.careText(k.texts.Prorated, 0), t.menuRow())
	case len(answers[k.scales.Risks.ID]) > 0:
		t.saveCare(*c)
		t.showWeighs(c)
	default:
		t.saveCare(*c)
		t.say(t.careText(k.texts.TooFew, 0), t.menuRow())
	}
}

// evidence is what earlier check-ins say.
func (c *Care) evidence(k checkins) care.Evidence {
	e := care.Evidence{EarlierWHO5: c.scores(k.scales.WHO5.ID), EarlierPersonal: c.scores(k.scales.Personal.ID), EarlierWork: c.scores(k.scales.Work.ID)}
	for _, l := range c.Levels {
		if l.Scale {
			e.Previous, e.HasPrevious = l.Level, true
		}
	}
	return e
}

// keepResults scores each scale that was answered.
func (t *turn) keepResults(c *Care, e *care.Evidence, answers map[string]care.Answers) (scored, usable int) {
	k := t.b.care
	for _, id := range []string{k.scales.WHO5.ID, k.scales.Personal.ID, k.scales.Work.ID} {
		a, asked := answers[id]
		if !asked {
			continue
		}
		r, err := k.score(id, a)
		if err != nil {
			continue // a value outside the scale: the answers came from no button of ours
		}
		c.Results = append(c.Results, CareResult{At: t.now, Scale: id, Result: r})
		switch id {
		case k.scales.WHO5.ID:
			e.WHO5 = &r
		case k.scales.Personal.ID:
			e.Personal = &r
		default:
			e.Work = &r
		}
		if r.Scored {
			scored++
		}
		if r.Usable() {
			usable++
		}
	}
	return scored, usable
}

// concludeLevel says the level, and asks the direct question where it follows.
func (t *turn) concludeLevel(c *Care, l care.Level, personal care.Answers) {
	c.Levels = append(c.Levels, CareLevel{At: t.now, Level: l, Scale: true})
	t.saveCare(*c)
	t.sayLevel(l)
	if care.AskDirectly(l, personal) {
		t.p.Crisis.Asked, t.p.Crisis.At = true, t.now
		t.send(ClassCrisis, B(t.b.net.DirectQuestion), row(t.kbtn("Oui", "yes"), t.kbtn("Non", "no"), t.kbtn("Je ne sais pas", "yes")))
	}
}

// score scores a scale by its own rule.
func (k checkins) score(id string, a care.Answers) (care.Result, error) {
	if id == k.scales.WHO5.ID {
		return k.scales.WHO5.ScoreWHO5(a)
	}
	return k.scale(id).Score(a)
}

// sayLevel says the text of a level with the member's choices first.
func (t *turn) sayLevel(l care.Level) {
	text := t.careText(t.b.care.texts.Of(l), 0)
	switch l {
	case care.Green:
		t.say(text, t.menuRow())
	case care.Yellow:
		t.say(text, t.scaleRows([]string{t.b.care.scales.Risks.ID})...)
	case care.Orange:
		t.say(text.Para(t.careText(t.b.care.texts.Doctor, 0)), t.choiceRows()...)
	default:
		t.say(text, append([][]Button{row(t.btn("Oui", "c.care.tell"), t.btn("Non", "c.care.nothing"))}, t.choiceRows()[1:]...)...)
	}
}

// choiceRows are what the member can do: a person, what weighs, ideas, nothing.
func (t *turn) choiceRows() [][]Button {
	return [][]Button{
		row(t.btn("Prévenir une personne", "c.care.tell")),
		row(t.btn("Voir ce qui pèse", "c.care.weighs"), t.btn("Idées pour souffler", "c.care.ideas")),
		row(t.btn("Rien pour le moment", "c.care.nothing"), t.btn("🆘 Aide", "c.help")),
	}
}

// careChoice is what the member chose after a result.
func (t *turn) careChoice(c *Care, what string) {
	texts := t.b.care.texts
	switch what {
	case "weighs":
		if len(c.Risks) == 0 || t.now.Sub(c.RisksAt) > 90*24*time.Hour {
			t.offerScales(c, []string{t.b.care.scales.Risks.ID}, "care.weighs.ask")
			return
		}
		t.showWeighs(c)
	case "ideas":
		t.say(t.careText(texts.Ideas, 0), row(t.btn("Prévenir une personne", "c.care.tell"), t.btn("Menu", "c.menu")))
	case "nothing":
		t.say(t.msg("care.nothing.now"), t.menuRow())
	case "tell":
		t.say(t.careText(texts.WarnWhat, 0), row(t.btn("Oui, prévenir", "c.care.warn"), t.btn("Non", "c.care.nothing")))
	case "warn":
		t.warn(c)
	default:
		t.howAmI()
	}
}

// showWeighs separates what depends on the organisation from what depends on
// the person.
func (t *turn) showWeighs(c *Care) {
	k := t.b.care
	r, err := k.scales.Risks.ScoreRisks(c.Risks)
	if err != nil {
		t.say(t.careText(k.texts.TooFew, 0), t.menuRow())
		return
	}
	var org, own []string
	for _, item := range k.scales.Risks.Items {
		if !r.Weighs(item.ID) {
			continue
		}
		if item.Depends == "organisation" {
			org = append(org, item.Short)
		} else {
			own = append(own, item.Short)
		}
	}
	if len(org)+len(own) == 0 {
		t.say(t.careText(k.texts.WeighsNothing, 0), t.choiceRows()[1:]...)
		return
	}
	out := t.careText(k.texts.WeighsIntro, 0)
	if len(org) > 0 {
		out = out.Para(t.careText(k.texts.WeighsOrganisation, 0)).Line(T("• " + strings.Join(org, "\n• ")))
	}
	if len(own) > 0 {
		out = out.Para(t.careText(k.texts.WeighsPerson, 0)).Line(T("• " + strings.Join(own, "\n• ")))
	}
	t.say(out, row(t.btn("Prévenir une personne", "c.care.tell"), t.btn("Idées pour souffler", "c.care.ideas")), t.menuRow())
}

// warnDays is what the member is told, in working days, by level (A7).
func warnDays(c *Care) int {
	if n := len(c.Levels); n > 0 && c.Levels[n-1].Level == care.Red {
		return 1
	}
	return 5
}

// warn sends the referent a name, how to reach the person, and «souhaite être
// rappelé·e»: nothing else, and the same words whatever the level.
func (t *turn) warn(c *Care) {
	if k := t.openCallback(); k != nil {
		t.say(t.msg("care.warned"), t.menuRow())
		return
	}
	t.openTicketIn(DeskCare, "callback")
	t.do(Remind{Name: remindSecond, At: t.b.staff.Next(t.nextWorkingDay()), Anytime: false})
	t.say(t.careText(t.b.care.texts.WarnDone, warnDays(c)).Para(T(t.staffWhen())), t.menuRow())
}

// openCallback is a request to be called that nobody has closed.
func (t *turn) openCallback() *Ticket {
	for i := range t.p.Tickets {
		if k := &t.p.Tickets[i]; k.Why == "callback" && k.Closed.IsZero() {
			return k
		}
	}
	return nil
}

// nextWorkingDay is this hour on the next open day of the team.
func (t *turn) nextWorkingDay() time.Time {
	at := t.b.staff.Next(t.now)
	return t.b.staff.Next(at.AddDate(0, 0, 1))
}

const remindSecond = "second" // a request to be called that nobody took

// secondPerson asks a second person when nobody took the request within a
// working day. The delay is the same for everybody: it tells nothing.
func (t *turn) secondPerson() {
	k := t.openCallback()
	if k == nil || k.Taken != "" {
		return
	}
	t.threadLine(k.Key, T("Personne n'a pris cette demande depuis un jour ouvré. Une deuxième personne, s'il vous plaît."), false)
	t.updateCard(k.Key, true, nil)
}

// givePage gives a private link: one opening, half an hour, no account.
func (t *turn) givePage(c *Care, purpose string, scales []string) {
	if t.b.set.PageURL == "" {
		t.say(t.msg("care.nopage"), t.menuRow())
		return
	}
	c.expirePages(t.now)
	token := t.mac(fmt.Sprintf("page-a/%d", t.p.Inputs)) + t.mac(fmt.Sprintf("page-b/%d", t.p.Inputs))
	token = strings.NewReplacer("-", "x", "_", "y").Replace(token)
	c.Pages = append(c.Pages, CarePage{Token: token, For: strings.Join(append([]string{purpose}, scales...), "-"), Expires: t.now.Add(pageLife)})
	t.saveCare(*c)
	t.do(Issue{Code: token})
	t.say(t.msg("care.page"), row(Button{Label: "Ouvrir ma page privée", URL: strings.TrimRight(t.b.set.PageURL, "/") + "/prive/" + token}))
}

// expirePages forgets links that no longer work.
func (c *Care) expirePages(now time.Time) {
	var kept []CarePage
	for _, p := range c.Pages {
		if now.Before(p.Expires) {
			kept = append(kept, p)
		}
	}
	c.Pages = kept
}
