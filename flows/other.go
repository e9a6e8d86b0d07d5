package flows

import (
	"strings"
)

// sheet answers a question about rights, at any moment.
func (t *turn) sheet() bool { return t.digress() }

// digress answers a question from the sheets and, in the middle of a
// questionnaire, asks the question again.
func (t *turn) digress() bool {
	if t.b.sheets == nil || !looksLikeQuestion(t.in.Text) {
		return false
	}
	f := t.b.sheets.Ask(t.in.Text, t.p)
	asks := strings.Contains(t.in.Text, "?")
	switch f.Outcome {
	case "answer":
		t.p.LastQuestion = cut(strings.TrimSpace(t.in.Text), 500)
		return t.showSheet(f.ID)
	case "choices":
		if t.quest() != nil && !asks && !wordy(t.in.Text) {
			return false
		}
		t.p.LastQuestion = cut(strings.TrimSpace(t.in.Text), 500)
		t.offerChoices(f)
		return true
	}
	if !asks && !(t.quest() == nil && t.p.OpenTicket() == nil && wordy(t.in.Text)) {
		return false
	}
	near := ""
	if len(f.Choices) > 0 {
		near = f.Choices[0].ID
	}
	t.handOver(t.in.Text, near)
	return true
}

// wordy tells a sentence from a slip.
func wordy(text string) bool { return len(strings.Fields(text)) >= 5 }

// offerChoices asks which sheet was meant.
func (t *turn) offerChoices(f Found) {
	var rows [][]Button
	for _, c := range f.Choices {
		rows = append(rows, row(t.btn(cut(c.Title, 60), "c.sheet."+c.ID)))
	}
	rows = append(rows, row(t.btn("Autre chose", "c.notmine")))
	t.say(t.msg("sheet.choices"), rows...)
}

// looksLikeQuestion keeps amounts, single words and thanks away from the
// sheets.
func looksLikeQuestion(text string) bool {
	f := strings.Fields(text)
	return len(f) >= 2 && len(text) >= 8 || (strings.Contains(text, "?") && len(text) > 4)
}

// showSheet answers with a sheet, then returns to the question.
func (t *turn) showSheet(id string) bool {
	body, ok := t.b.sheets.Answer(id, t.now)
	if !ok {
		return false
	}
	t.say(body, t.sheetRows(id)...)
	if t.quest() != nil {
		t.ask(t.msg("sheet.back"))
	}
	return true
}

// sheetRows are the ways on from an answer.
func (t *turn) sheetRows(id string) [][]Button {
	first := row(t.btn("Source", "c.source."+id), t.btn("Ce n'est pas ma question", "c.notmine."+id))
	if kind := t.b.sheets.EstimateKind(id); kind != "" {
		first = row(t.btn("Pour mon cas", "c.estimate."+kind), first[0], first[1])
	}
	return [][]Button{first,
		row(t.btn("👍 Utile", "c.useful."+id), t.btn("👎 Pas utile", "c.useless."+id)),
		row(t.btn("Parler à quelqu'un", "c.human"))}
}

// estimateRows are the estimates that can be made.
func (t *turn) estimateRows() [][]Button {
	return [][]Button{
		row(t.btn("🧮 Mon RSA", "c.estimate.rsa"), t.btn("🧮 Prime d'activité", "c.estimate.prime_activite")),
		row(t.btn("🧮 Mon chômage (ARE)", "c.estimate.complement_are"), t.btn("🧮 Mon ASS", "c.estimate.ass")),
		row(t.btn("🧮 Ouvrir des droits au chômage", "c.estimate.are_ouverture")),
	}
}

func (t *turn) sheetCommand(name, id string) {
	switch name {
	case "sheet":
		if t.b.sheets == nil || !t.showSheet(id) {
			t.say(t.msg("command.unknown"), t.menuRow())
		}
	case "source":
		if t.b.sheets != nil {
			if src, ok := t.b.sheets.Source(id, t.now); ok {
				t.say(src)
				return
			}
		}
		t.say(t.msg("command.unknown"), t.menuRow())
	case "useful":
		t.toast = "Merci ✔"
		t.toHouse("useful", "sheet", id)
	case "useless":
		t.toHouse("useless", "sheet", id)
		t.notUseful(id)
	case "notmine":
		t.notUseful(id)
	}
}

// notUseful passes the question on: the answer was not the right one.
func (t *turn) notUseful(id string) {
	if t.p.LastQuestion == "" {
		t.say(t.msg("sheet.notmine"), row(t.btn("Parler à quelqu'un", "c.human"), t.btn("Menu", "c.menu")))
		return
	}
	t.toast = "C'est transmis ✔"
	t.handOver(t.p.LastQuestion, id)
}

// miss answers what nobody understood: the words go to the team when a ticket
// is open; the third miss offers a person.
func (t *turn) miss() {
	if k := t.p.OpenTicket(); k != nil {
		t.relay(k)
		return
	}
	t.p.Session.Misses++
	if t.p.Session.Misses >= 3 {
		t.p.Session.Misses = 0
		t.say(t.msg("miss.person"), row(t.btn("Parler à quelqu'un", "c.human"), t.btn("Menu", "c.menu")))
		return
	}
	t.say(t.msg("miss"), t.menuRows()...)
}

// unsupported answers stickers, voices, places and the like kindly.
func (t *turn) unsupported() {
	if !t.consented() {
		t.admitted()
		return
	}
	key := "unsupported"
	switch t.in.Text {
	case "voice", "audio", "video", "location", "sticker", "contact":
		key = "unsupported." + t.in.Text
	}
	if t.in.Kind == KindText {
		key = "unsupported"
	}
	if h := t.p.Held(); h != nil {
		line := "(envoi que le robot ne peut pas transmettre)"
		if words := t.in.Fields["caption"]; words != "" {
			line += "\n" + words
		}
		t.threadLine(h.Key, T(line), true)
	}
	if t.quest() != nil {
		t.ask(t.msg(key))
		return
	}
	t.say(t.msg(key), t.menuRow())
}
