package flows

import (
	"fmt"
	"strings"

	"github.com/coopconnexion/relais/flows/french"
)

// card draws a card from what is known now.
func (t *turn) card(key string) *Card {
	c := t.p.Cards[key]
	card := &Card{ID: t.p.CardID(key), Person: t.p.ID, Kind: c.Kind, At: c.At, Version: c.Version}
	kind, rest, _ := strings.Cut(key, "/")
	switch kind {
	case cardPretest:
		card.Title, card.Body, card.Actions = t.pretestCard(c)
	case "declaration":
		card.Title, card.Body, card.Actions = t.declarationText(rest)
	case "question":
		var asker PersonID
		card.Title, card.Body, asker, card.Actions = t.questionText(key)
		if asker != "" {
			card.Person = asker
		}
	case "review":
		card.Title, card.Body, card.Actions = t.reviewText(c)
	case cardIndicators:
		card.Title, card.Body, card.Actions = t.indicatorsText(rest, c)
	case "late":
		card.Title, card.Body, card.Actions = t.lateText(rest, c)
	default:
		card.Title, card.Body, card.Actions = t.ticketText(key)
	}
	return card
}

func (t *turn) shownName() string {
	if t.p.Profile.Name == "" {
		return "une personne sans nom"
	}
	return t.p.Profile.Name
}

func (t *turn) channelWords() string {
	switch t.p.Current().Channel {
	case "telegram":
		return "Telegram"
	case "web":
		return "page de démonstration"
	case "terminal":
		return "terminal"
	}
	return "pas encore relié·e"
}

func (t *turn) ageWords() string {
	switch t.p.Profile.Age {
	case AgeMinor:
		return "🟠 MINEUR·E, 16 ou 17 ans : lire en rendez-vous, contacter le représentant légal avant tout contrat"
	case "15":
		return "🟠 MINEUR·E, 15 ans : réponse humaine seulement"
	case AgeAdult:
		return "18 ans ou plus"
	}
	return "non demandé"
}

func (t *turn) statusWords() string {
	switch t.p.Profile.Status {
	case CAPE:
		return "Membre, CAPE"
	case CESA:
		return "Membre, CESA"
	case Associate:
		return "Associé·e"
	}
	return "Candidat·e"
}

func (t *turn) consentDay() string {
	for i := len(t.p.Consents) - 1; i >= 0; i-- {
		if c := t.p.Consents[i]; c.Name == "data" {
			return fmt.Sprintf("le %s (version %d)", french.Day(c.At.In(t.b.set.Zone)), c.Version)
		}
	}
	return "aucun"
}

var actionWords = map[string]string{"take": "Pris en charge", "rdv": "Rendez-vous proposé", "orient": "Orienté ailleurs", "validate": "Validée", "correct": "Correction demandée", "close": "Clos", "seen": "Vu", "answer": "Répondu", "wording": "Ajouté à une fiche", "sheet": "Fiche ouverte"}

// decisionLine says who decided what, when and why.
func (t *turn) decisionLine(d Decided) Rich {
	l := d.At.In(t.b.set.Zone)
	out := B(actionWords[d.Action]).Add(T(fmt.Sprintf(" par %s, le %s à %s", t.name(d.By), french.DayMonth(l), french.Clock(l))))
	if d.Reason != "" {
		out = out.Add(T(" : « " + d.Reason + " »"))
	}
	return out
}

// notify writes to the person because a human of the team acted.
func (t *turn) notify(text Rich, rows ...[]Button) {
	if !t.p.Reachable() {
		return
	}
	t.send(ClassReply, text, rows...)
}

// staffInput is what staff did on a card or in a thread.
func (t *turn) staffInput() {
	switch t.in.Kind {
	case KindAct:
		t.act()
	case KindSay:
		t.staffSay()
	}
}

// act applies one click. The card's version decides a race: the second sees
// who decided, and nothing happens.
func (t *turn) act() {
	c, ok := t.p.Cards[t.in.Card]
	if !ok {
		t.toast = "Cette carte n'existe plus."
		return
	}
	card := t.card(t.in.Card)
	var action *Action
	for i := range card.Actions {
		if card.Actions[i].ID == t.in.Action {
			action = &card.Actions[i]
		}
	}
	if action == nil || (t.in.Version != 0 && t.in.Version < c.Version) {
		t.toast = t.alreadyDone(c)
		return
	}
	reason := strings.TrimSpace(t.in.Text)
	if action.Required && reason == "" {
		t.toast = "Écrivez une raison : la personne la lira."
		return
	}
	t.apply(c, Decided{Action: action.ID, By: t.in.By, At: t.now, Reason: cut(reason, 2000)})
}

func (t *turn) alreadyDone(c CardState) string {
	if c.Decided == nil {
		return "Cette carte a changé. Regardez-la à nouveau."
	}
	return "Déjà fait. " + plain(t.decisionLine(*c.Decided)) + "."
}

// apply carries out a decision on the card it belongs to.
func (t *turn) apply(c CardState, d Decided) {
	kind, rest, _ := strings.Cut(t.in.Card, "/")
	done := false
	switch kind {
	case cardPretest:
		done = t.decidePretest(d)
	case "declaration":
		done = t.decideDeclaration(rest, d)
	case "question":
		done = t.decideQuestion(d)
	case "late", "review", cardIndicators:
		t.updateCard(t.in.Card, false, &d)
		done = true
	default:
		done = t.decideTicket(d)
	}
	if done {
		t.toast = actionWords[d.Action] + " ✔"
	}
}

// decideTicket takes a conversation, or gives it back to the assistant.
func (t *turn) decideTicket(d Decided) bool {
	k := t.ticket(t.in.Card)
	switch d.Action {
	case "take":
		if k.Why == "callback" {
			k.Taken = d.By
			t.do(Unremind{Name: remindSecond})
			t.notify(Mark(strings.TrimSpace(t.b.care.texts.WarnSeen), map[string]string{"referent": t.name(d.By)}))
			break
		}
		k.Held, k.HeldAt = d.By, t.now
		t.notify(t.msg("held", "staff", t.who(d.By)))
	case "close":
		held := k.Held != ""
		k.Closed = t.now
		if held {
			t.notify(t.msg("closed", "staff", t.who(d.By)), t.menuRows()...)
			t.resumeAfterHuman()
		}
	}
	t.updateCard(t.in.Card, k.Closed.IsZero(), &d)
	return true
}

// resumeAfterHuman asks the question again that waited.
func (t *turn) resumeAfterHuman() {
	if t.quest() != nil && t.p.Reachable() {
		t.ask(t.msg("resumed"))
	}
}

// staffSay writes to the person in the name of the staff member.
func (t *turn) staffSay() {
	text := strings.TrimSpace(t.in.Text)
	switch {
	case t.p.Profile.Status == StatusHouse:
		t.toast = "Pour répondre à cette question, utilisez le bouton « Répondre » de la carte."
		return
	case text == "":
		t.toast = "Le message est vide : rien n'est parti."
		return
	case len([]rune(text)) > 3500:
		t.toast = "Le message est trop long (3500 caractères au plus) : rien n'est parti."
		return
	case !t.p.Gone.IsZero():
		t.toast = "Cette personne a bloqué le robot : rien n'est parti. Appelez-la."
		return
	case len(t.p.Accounts) == 0 || t.p.Current().Channel == "import":
		t.toast = "Cette personne n'a pas encore ouvert son lien : rien n'est parti."
		return
	}
	if h := t.p.Held(); h != nil {
		h.Last = t.now
	}
	name := t.name(t.in.By)
	k := t.key()
	t.fx = append(t.fx, Send{Key: k, Class: ClassReply, By: name, Text: B("👤 " + name).Add(T(" :\n" + text))})
}
