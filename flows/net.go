package flows

import (
	"fmt"
	"strings"
	"time"

	"github.com/coopconnexion/relais/flows/french"
	"github.com/coopconnexion/relais/flows/safety"
)

// The safety net reads every typed text before anything else, in every state,
// of everybody; never our own buttons. It may only add a caring answer: the
// rest of the conversation waits until the person comes back to it.

const (
	remindAck     = "ack"            // nobody acknowledged the page
	ackWithin     = 10 * time.Minute // the co-operative's rule: acknowledge in ten minutes, then a second person
	remindCrisis  = "crisis"         // follow-up after 15 minutes, at any hour
	crisisFollow  = 15 * time.Minute // ask again after a quarter of an hour
	crisisMaxOpen = 24 * time.Hour   // then the conversation goes on by itself
)

// safetyNet answers a text that tells of danger or of marked suffering, and
// reports whether it did.
func (t *turn) safetyNet() bool {
	t.closeOldCrisis()
	words := t.typed()
	if words == "" {
		return false
	}
	if t.p.Crisis.Asked && (french.Yes(words) || french.No(words)) {
		t.tapCrisis(map[bool]string{true: "yes", false: "no"}[french.Yes(words)])
		return true
	}
	level, kind := t.b.safety(words)
	switch level {
	case "crisis":
		t.crisis(kind)
		return true
	case "distress":
		t.distress()
		return true
	}
	if t.p.Crisis.Open && t.p.Held() == nil && !strings.HasPrefix(strings.TrimSpace(t.in.Text), "/") {
		t.stay()
		return true
	}
	return false
}

// typed is what the person wrote, wherever it stands: a text, an edit, the words
// beside a photo, a video or a voice message. Never our own buttons.
func (t *turn) typed() string {
	switch t.in.Kind {
	case KindText, KindEdit, KindFile:
		return strings.TrimSpace(t.in.Text)
	case KindUnsupported:
		return strings.TrimSpace(t.in.Fields["caption"])
	}
	return ""
}

// closeOldCrisis lets the conversation go on after a day of silence.
func (t *turn) closeOldCrisis() {
	if (t.p.Crisis.Open || t.p.Crisis.Asked) && t.now.Sub(t.p.Crisis.At) > crisisMaxOpen {
		t.p.Crisis.Open, t.p.Crisis.Asked = false, false
	}
}

// crisis gives the numbers at once, asks whether there is danger now, and
// pages a person when the consent allows it. The words are not kept.
func (t *turn) crisis(kind string) {
	t.p.Crisis = Crisis{At: t.now, Open: true, Kind: kind, Paged: t.p.Crisis.Paged && t.p.Crisis.Open}
	minor := t.p.Profile.Age == AgeMinor || t.p.Profile.Age == "15"
	t.send(ClassCrisis, t.net(t.b.net.Reply(safety.Kind(kind), minor)).Para(t.pageLine()).Para(B(t.b.net.InDanger)),
		row(t.kbtn("Oui", "danger"), t.kbtn("Non", "safe")), row(t.kbtn("Ça va mieux, je reviens", "back")))
	t.page()
	t.tellHolder()
	t.do(Remind{Name: remindCrisis, At: t.now.Add(crisisFollow), Anytime: true})
}

// openCrisis is the page that nobody has closed, or nil.
func (t *turn) openCrisis() *Ticket {
	for i := range t.p.Tickets {
		if k := &t.p.Tickets[i]; k.Why == "crisis" && k.Closed.IsZero() {
			return k
		}
	}
	return nil
}

// tellHolder tells the human who holds the conversation that a message was
// answered by the safety net; its words stay with the person.
func (t *turn) tellHolder() {
	if h := t.p.Held(); h != nil && t.consented() {
		t.threadLine(h.Key, T("Message inquiétant : le robot a donné les numéros d'aide. Appelez la personne."), false)
	}
}

// net is a text of the safety net.
func (t *turn) net(text string) Rich { return T(safety.WithDuty(strings.TrimSpace(text), dutyWords)) }

// dutyWords is who is told: the rota is the co-operative's.
const dutyWords = "une personne de l'équipe"

// pageLine tells the truth about who is told, and when.
func (t *turn) pageLine() Rich {
	switch {
	case !t.consented() || !t.b.set.Duty:
		return nil
	case t.b.staff.MaySpeak(t.now):
		return t.net(t.b.net.Paged)
	}
	return t.net(t.b.net.PagedLater)
}

// page tells the care room who and how to reach, never what was written.
func (t *turn) page() {
	if !t.consented() || !t.b.set.Duty || t.p.Crisis.Paged {
		return
	}
	t.p.Crisis.Paged = true
	if k := t.openCrisis(); k != nil {
		t.threadLine(k.Key, T("Un nouveau message inquiétant."), false)
	} else {
		t.openTicketIn(DeskCare, "crisis")
	}
	t.do(Remind{Name: remindAck, At: t.now.Add(ackWithin), Anytime: true})
}

func (t *turn) kbtn(label, value string) Button {
	return t.btn(label, fmt.Sprintf("k.%s", value))
}

// distress asks the direct question: asking does not increase the risk (see
// Dazzi et al. 2014, Psychological Medicine 44:3361), and nobody is paged before the answer.
func (t *turn) distress() {
	t.p.Crisis.Asked = true
	t.p.Crisis.At = t.now
	t.tellHolder()
	text := t.b.net.Distress
	if t.p.Profile.Age == AgeMinor || t.p.Profile.Age == "15" {
		text = t.b.net.DistressMinor
	}
	t.send(ClassCrisis, t.net(text).Para(B(t.b.net.DirectQuestion)),
		row(t.kbtn("Oui", "yes"), t.kbtn("Non", "no"), t.kbtn("Je ne sais pas", "yes")),
		row(t.btn("Parler à quelqu'un", "c.human")))
}

// tapCrisis handles the net's own buttons.
func (t *turn) tapCrisis(value string) {
	t.toast = "Je vous lis"
	switch value {
	case "yes":
		t.p.Crisis.Asked = false
		t.crisis("suicide")
	case "no":
		t.p.Crisis.Asked = false
		t.say(t.msg("distress.no"))
		t.afterCrisis()
	case "danger":
		t.p.Crisis.Relay = true
		text := t.b.net.InDangerYesNobody
		if t.consented() && t.b.set.Duty {
			text = t.b.net.InDangerYes
		}
		t.send(ClassCrisis, t.net(text), row(t.kbtn("Ça va mieux, je reviens", "back")))
		t.page()
	case "safe":
		t.send(ClassCrisis, t.msg("crisis.safe"), row(t.btn("Parler à quelqu'un", "c.human")), row(t.kbtn("Ça va mieux, je reviens", "back")))
	case "back":
		t.p.Crisis.Open, t.p.Crisis.Asked = false, false
		t.do(Unremind{Name: remindCrisis})
		t.say(t.msg("crisis.back"))
		t.afterCrisis()
	}
}

// afterCrisis takes the conversation up where it stood.
func (t *turn) afterCrisis() {
	if t.quest() != nil {
		t.ask(nil)
	}
}

// stay keeps the conversation open: no menu, no form. The words go to the team
// only after the person was told so (danger: «écrivez votre adresse»).
func (t *turn) stay() {
	if h := t.p.OpenTicket(); h != nil && t.p.Crisis.Relay && t.consented() {
		t.relayQuietly(h)
	}
	t.send(ClassCrisis, t.net(t.b.net.Stay), row(t.kbtn("Ça va mieux, je reviens", "back")))
}

// crisisFollowUp asks again after a quarter of an hour, once.
func (t *turn) crisisFollowUp() {
	if !t.p.Crisis.Open || t.p.Crisis.Follow > 0 {
		return
	}
	t.p.Crisis.Follow++
	t.send(ClassCrisis, t.net(t.b.net.FollowUp), row(t.kbtn("Oui", "danger"), t.kbtn("Non", "safe")), row(t.kbtn("Ça va mieux, je reviens", "back")))
}

// noAck calls a second person when nobody took the page within ten minutes, and
// gives the numbers again, without promising a call.
func (t *turn) noAck() {
	k := t.openCrisis()
	if k == nil || k.Held != "" {
		return
	}
	t.threadLine(k.Key, T("Personne n'a répondu depuis 10 minutes. Une deuxième personne, tout de suite."), false)
	t.updateCard(k.Key, true, nil)
	if t.p.Crisis.Open {
		t.send(ClassCrisis, t.net(t.b.net.NoReply))
	}
}
