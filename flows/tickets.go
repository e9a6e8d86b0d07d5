package flows

import (
	"fmt"
	"strings"
)

// human opens a ticket: a person of the team answers here. Asking silences
// nothing.
func (t *turn) human(string) {
	if !t.consented() {
		t.say(t.msg("human.noconsent"))
		t.admitted()
		return
	}
	if open := t.p.OpenTicket(); open != nil {
		t.toast = "C'est déjà demandé ✔"
		t.say(t.msg("human.again", "when", t.staffWhen()), t.backRow()...)
		return
	}
	t.openTicket("asked")
	t.toast = "C'est transmis ✔"
	t.say(t.msg("human.asked", "when", t.staffWhen()), t.backRow()...)
}

func (t *turn) backRow() [][]Button {
	if t.quest() != nil {
		return [][]Button{row(t.btn("▶ Revenir à ma question", "c.continue"))}
	}
	return [][]Button{row(t.btn("Menu", "c.menu"))}
}

// staffWhen tells honestly when somebody reads.
func (t *turn) staffWhen() string {
	if t.b.staff.MaySpeak(t.now) {
		return t.b.words("staff.open")
	}
	return t.b.words("staff.closed")
}

func (t *turn) openTicket(why string) *Ticket { return t.openTicketIn(DeskStaff, why) }

// openTicketIn posts a contact card and makes it the person's thread.
func (t *turn) openTicketIn(room Account, why string) *Ticket {
	kind := "contact"
	switch why {
	case "crisis":
		kind = "crisis"
	case "callback":
		kind = "care"
	}
	key := fmt.Sprintf("%s/%d", kind, len(t.p.Tickets)+1)
	t.p.Tickets = append(t.p.Tickets, Ticket{Key: key, Opened: t.now, Why: why})
	if kind == "care" { // a request to be called, like any other, in the care room
		kind = "contact"
	}
	t.postCard(room, key, kind)
	return &t.p.Tickets[len(t.p.Tickets)-1]
}

// relay passes the person's words to the human who holds the conversation; an
// emoji shows that it went through.
func (t *turn) relay(k *Ticket) {
	t.relayQuietly(k)
	if t.in.Message != "" {
		t.react("👀")
		return
	}
	t.say(t.msg("relayed"))
}

func (t *turn) relayQuietly(k *Ticket) {
	text := strings.TrimSpace(t.in.Text)
	if text == "" {
		text = "(message sans texte)"
	}
	k.Last = t.now
	t.threadLine(k.Key, T(text), true)
}

// closeSilentTicket gives a held conversation back to the assistant after
// three days without a word.
func (t *turn) closeSilentTicket() {
	h := t.p.Held()
	if h == nil || t.now.Sub(h.spoken()) < heldFor {
		return
	}
	h.Closed = t.now
	t.threadLine(h.Key, T("Trois jours sans message : le robot reprend. La personne peut redemander quelqu'un à tout moment."), false)
	t.updateCard(h.Key, false, nil)
}

// threadLine writes under a card.
func (t *turn) threadLine(card string, text Rich, fromPerson bool) {
	c := t.p.Cards[card]
	c.Lines++
	t.setCard(card, c)
	t.do(Post{Room: t.roomOf(card), Key: fmt.Sprintf("%s/line/%d", card, c.Lines), Thread: card, Text: text, FromPerson: fromPerson, Class: ClassDesk, Message: t.in.Message})
}

// threadFile shows a stored file under a card.
func (t *turn) threadFile(card string, f FileRef, text string) {
	c := t.p.Cards[card]
	c.Lines++
	t.setCard(card, c)
	t.do(Post{Room: t.roomOf(card), Key: fmt.Sprintf("%s/line/%d", card, c.Lines), Thread: card, Text: T(text), Class: ClassDesk, Blob: f.Blob, FileName: f.Name})
}

// roomOf is where a card was posted: crises go to the care room.
func (t *turn) roomOf(card string) Account {
	if strings.HasPrefix(card, "crisis/") || strings.HasPrefix(card, "care/") {
		return DeskCare
	}
	return DeskStaff
}

func (t *turn) setCard(key string, c CardState) {
	if t.p.Cards == nil {
		t.p.Cards = map[string]CardState{}
	}
	t.p.Cards[key] = c
}

// postCard shows a new card to staff.
func (t *turn) postCard(room Account, key, kind string) {
	t.setCard(key, CardState{Kind: kind, At: t.now, Version: 1, Open: true})
	t.do(Post{Room: room, Key: key, Card: t.card(key), Class: ClassDesk})
}

// updateCard shows a card again after a change.
func (t *turn) updateCard(key string, open bool, d *Decided) {
	c, ok := t.p.Cards[key]
	if !ok {
		return
	}
	c.Version++
	c.Open = open
	if d != nil {
		c.Decided = d
	}
	t.setCard(key, c)
	t.do(Post{Room: t.roomOf(key), Key: key, Update: true, Card: t.card(key), Class: ClassDesk})
}

// name is how a staff member is called: the name of the settings, else the one
// that the desk shows, else none.
func (t *turn) name(id string) string {
	if n := t.b.set.Staff[id]; n != "" {
		return n
	}
	if t.in.Role == RoleStaff && t.in.By == id && t.in.Name != "" {
		return t.in.Name
	}
	return "une personne de l'équipe"
}

// who begins a sentence about a staff member: "Amina, de l'équipe,".
func (t *turn) who(id string) string {
	if n := t.name(id); n != "une personne de l'équipe" {
		return n + ", de l'équipe,"
	}
	return "Une personne de l'équipe"
}
