package flows

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/coopconnexion/relais/flows/french"
)

// revive takes a person who blocked us back, before anything else.
func (t *turn) revive() {
	if t.in.Kind != KindGone {
		t.p.Gone = time.Time{}
	}
}

// gone stops every message to a person who blocked us, and tells staff.
func (t *turn) gone() {
	if !t.p.Gone.IsZero() {
		return
	}
	t.p.Gone = t.now
	for _, c := range []Class{ClassNudge, ClassCampaign} {
		t.do(Cancel{Class: c, Reason: "gone"})
	}
	if t.consented() && t.p.Profile.Status.Member() {
		t.openTicket("gone")
	}
}

func (t *turn) welcomeBack() {
	if t.consented() {
		t.say(t.msg("hello", "who", t.greeting()), t.menuRows()...)
		return
	}
	t.admitted()
}

// maxKept bounds what a stuck key may leave in a document: texts of 4096 UTF-16
// units, whole. One more, and those kept are answered at once: none is dropped.
const maxKept = 12

// flooding keeps the inputs over the limit: the guard speaks once, and they are
// answered together a little later. Taps are answered by their toast.
func (t *turn) flooding() bool {
	limit := t.b.set.PersonRate
	if limit <= 0 {
		return false
	}
	f := &t.p.Flood
	if minute := t.now.Unix() / 60; minute != f.Minute {
		f.Minute, f.Count = minute, 0
	}
	f.Count++
	if f.Count <= limit && len(f.Kept) == 0 {
		f.Told = false
		return false
	}
	if len(f.Kept) >= maxKept {
		t.answerKept()
	}
	f.Kept = append(f.Kept, t.in)
	t.toast = plain(t.msg("flood.toast"))
	t.do(Remind{Name: remindFlood, At: time.Unix((f.Minute+1)*60, 0), Anytime: true})
	if !f.Told {
		f.Told = true
		t.say(t.msg("flood"))
	} else if t.in.Kind != KindTap {
		t.react("👀")
	}
	return true
}

// afterFlood answers what was kept once the minute is over.
func (t *turn) afterFlood() {
	t.p.Flood.Told = false
	t.answerKept()
}

// answerKept answers what was kept, in order, in one turn.
func (t *turn) answerKept() {
	kept := t.p.Flood.Kept
	t.p.Flood.Kept = nil
	wake, at := t.in, t.now
	for _, in := range kept {
		in.At = at
		t.in = in
		t.attend()
		t.collapse()
	}
	t.in = wake
	t.toast = ""
}

// collapse keeps only the last of several questions asked in one turn.
func (t *turn) collapse() {
	last := -1
	for i, e := range t.fx {
		if s, ok := e.(Send); ok && s.Class == ClassQuestion {
			if last >= 0 {
				t.fx[last] = nil
			}
			last = i
		}
	}
	out := t.fx[:0]
	for _, e := range t.fx {
		if e != nil {
			out = append(out, e)
		}
	}
	t.fx = out
}

// system handles imports and delivery reports.
func (t *turn) system() {
	switch t.in.Kind {
	case KindGone:
		t.gone()
	case KindPage:
		t.pageInput()
	case KindImport:
		switch {
		case t.in.From == HouseAccount:
			t.p.Profile.Status = StatusHouse
			t.houseInput()
		case t.in.Fields["op"] == "tell":
			t.told()
		default:
			t.importMember()
		}
	case KindFailed:
		if strings.HasPrefix(t.in.Name, "nudge/") || !t.consented() {
			return
		}
		if k := t.p.OpenTicket(); k == nil {
			t.openTicket("failed")
		}
	}
}

// LinkCode is the code that leads an account to this person.
func LinkCode(p *Person) string {
	t := turn{p: p}
	code := t.mac("link-a") + t.mac("link-b")
	return strings.NewReplacer("-", "x", "_", "y").Replace(code)
}

// importMember writes a row of the members file. The same row again changes
// nothing.
func (t *turn) importMember() {
	f := t.in.Fields
	p := &t.p.Profile
	set := func(dst *string, key string) {
		if v, ok := f[key]; ok {
			*dst = v
		}
	}
	set(&p.Name, "name")
	set(&p.Email, "email")
	set(&p.Phone, "phone")
	set(&p.Referent, "referent")
	set(&p.Cohort, "cohort")
	set(&p.Situation, "situation")
	set(&p.Activity, "activity")
	set(&p.Since, "since")
	if v := f["status"]; v != "" {
		p.Status = Status(v)
	}
	if p.Status == "" {
		p.Status = CAPE
	}
	if v, err := strconv.Atoi(f["rsa_month"]); err == nil {
		p.RSAMonth = v
	}
	t.do(Issue{Code: LinkCode(t.p)})
}

// dropFreeText erases a minor's own words after 30 days.
func (t *turn) dropFreeText() {
	for i := range t.p.PreTests {
		t.p.PreTests[i].Answers = cloneMap(t.p.PreTests[i].Answers)
		delete(t.p.PreTests[i].Answers, "project")
		t.p.PreTests[i].Added = nil
	}
	if c, ok := t.p.Cards[cardPretest]; ok {
		t.updateCard(cardPretest, c.Open, nil)
	}
}

// retention erases a candidate without a follow-up after six months.
func (t *turn) retention() {
	if t.p.Profile.Status.Member() {
		return
	}
	if idle := t.now.Sub(t.p.Seen); idle < 180*24*time.Hour {
		t.do(Remind{Name: remindRetention, At: t.p.Seen.AddDate(0, 6, 0), Anytime: true})
		return
	}
	t.toHouse("forget")
	t.forget = true
}

// myData tells in plain words what is kept.
func (t *turn) myData() {
	p := t.p
	out := t.msg("data")
	line := func(label, v string) {
		if v != "" {
			out = out.Line(T("• "+label+" : "), B(v))
		}
	}
	line("Prénom", p.Profile.Name)
	line("Âge", string(p.Profile.Age))
	line("Téléphone", p.Profile.Phone)
	line("Courriel", p.Profile.Email)
	line("Situation", p.Profile.Situation)
	line("Activité", p.Profile.Activity)
	line("Accord donné", t.consentDay())
	for _, pt := range p.PreTests {
		line("Questionnaire projet", french.Day(pt.At.In(t.b.set.Zone)))
	}
	for _, d := range p.Declarations {
		line("Déclaration "+d.Reference, french.Euros(d.Latest().RevenueCents))
	}
	line("Fichiers reçus", countOrNone(len(p.Files)))
	line("Demandes à l'équipe", countOrNone(len(p.Tickets)))
	t.say(out.Para(t.msg("data.more")), row(t.btn("Effacer mes données", "c.erase"), t.btn("Menu", "c.menu")))
}

func countOrNone(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

// erase forgets a candidate at once, after a yes. A member's declarations are
// accounting records: a person of the team takes the request.
func (t *turn) erase(arg string) {
	switch {
	case !t.consented() && !t.p.Profile.Status.Member():
		t.say(t.msg("erase.nothing"))
		t.forget = true
	case t.p.Profile.Status.Member():
		if t.p.OpenTicket() == nil {
			t.openTicket("erase")
		}
		t.say(t.msg("erase.member", "when", t.staffWhen()), t.menuRow())
	case arg == "yes":
		t.say(t.msg("erase.done"))
		t.toHouse("forget")
		for _, key := range t.openCards() {
			t.do(Post{Room: t.roomOf(key), Key: key, Update: true, Card: t.erasedCard(key), Class: ClassDesk})
		}
		t.forget = true
	default:
		t.say(t.msg("erase.sure"), row(t.btn("Oui, tout effacer", "c.erase.yes"), t.btn("Non, garder", "c.menu")))
	}
}

// openCards lists the keys of the person's cards, in order of posting.
func (t *turn) openCards() []string {
	var keys []string
	for k := range t.p.Cards {
		keys = append(keys, k)
	}
	for i := range keys {
		for j := i + 1; j < len(keys); j++ {
			if keys[j] < keys[i] {
				keys[i], keys[j] = keys[j], keys[i]
			}
		}
	}
	return keys
}

// erasedCard replaces a card of a person who was erased.
func (t *turn) erasedCard(key string) *Card {
	c := t.p.Cards[key]
	return &Card{ID: t.p.CardID(key), Person: t.p.ID, Kind: c.Kind, Title: "Données effacées", Body: T("La personne a effacé ses données."), At: c.At, Version: c.Version + 1}
}

// plainFlow is a questionnaire that needs no Go: its answers go to a contact
// card for the team.
func (b *Book) plainFlow(q *Questionnaire) flow {
	return flow{finish: func(t *turn, _ string) {
		list := t.answersList()
		t.p.Session = Session{}
		k := t.openTicket("said")
		t.threadLine(k.Key, T(q.Title+"\n").Add(list), true)
		t.say(t.msg("plain.sent", "title", q.Title), t.menuRow())
	}}
}
