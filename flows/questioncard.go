package flows

import (
	"encoding/json"
	"fmt"
	"strings"
)

// questionText is the card of a group of questions.
func (t *turn) questionText(key string) (title string, body Rich, person PersonID, actions []Action) {
	h, _ := HouseOf(*t.p)
	g := h.group(key)
	if g == nil {
		return "Question", nil, "", nil
	}
	title = "Question sans réponse"
	if n := len(g.Asked); n > 1 {
		title = fmt.Sprintf("Question sans réponse, posée %d fois", n)
	}
	for _, q := range g.Asked {
		body = body.Line(T("• "), B(q.Name), T(" : « "+q.Text+" »"))
	}
	if g.Near != "" {
		body = body.Line(T("La fiche la plus proche : " + g.Near))
	}
	person = g.Asked[0].Person
	if !g.Open {
		if c := t.p.Cards[key]; c.Decided != nil {
			body = body.Para(t.decisionLine(*c.Decided))
		}
		return title, body, person, nil
	}
	return title, body, person, []Action{
		{ID: "answer", Label: "Répondre", Ask: "Votre réponse. Chaque personne qui a posé la question la recevra.", Required: true, Style: "primary"},
		{ID: "wording", Label: "Ajouter à une fiche", Ask: "Le numéro de la fiche qui répond (exemple : RSA-10). La question sera reconnue tout de suite, et la fiche envoyée.", Required: true},
		{ID: "sheet", Label: "Ouvrir une fiche", Ask: "La réponse de la nouvelle fiche, en phrases courtes. Elle est utilisée tout de suite, et envoyée.", Required: true},
		{ID: "close", Label: "Classer"},
	}
}

// decideQuestion carries out what staff decided on a question.
func (t *turn) decideQuestion(d Decided) bool {
	h, err := HouseOf(*t.p)
	g := h.group(t.in.Card)
	if err != nil || g == nil {
		return false
	}
	switch d.Action {
	case "answer":
		t.tellAskers(g, d, "say", d.Reason)
	case "wording":
		if !t.addWording(&h, g, d) {
			return false
		}
	case "sheet":
		id := fmt.Sprintf("MAISON-%02d", len(h.Sheets)+1)
		h.Sheets = append(h.Sheets, HouseSheet{ID: id, Title: g.Asked[0].Text, Ask: wordingsOf(g), Answer: d.Reason, By: d.By, At: d.At})
		t.tellAskers(g, d, "say", d.Reason)
	}
	g.Open = false
	t.saveHouse(h)
	t.updateCard(t.in.Card, false, &d)
	return true
}

func wordingsOf(g *QuestionGroup) []string {
	var out []string
	for _, q := range g.Asked {
		out = append(out, q.Text)
	}
	return out
}

// addWording adds the group's words to a sheet and sends its answer.
func (t *turn) addWording(h *House, g *QuestionGroup, d Decided) bool {
	id := strings.ToUpper(strings.TrimSpace(d.Reason))
	if t.b.sheets == nil {
		return false
	}
	if _, ok := t.b.sheets.Answer(id, t.now); !ok {
		t.toast = fmt.Sprintf("La fiche « %s » n'existe pas. Écrivez un numéro comme RSA-10.", cut(id, 20))
		return false
	}
	h.Wordings = cloneMap(h.Wordings)
	if h.Wordings == nil {
		h.Wordings = map[string][]string{}
	}
	h.Wordings[id] = append(append([]string(nil), h.Wordings[id]...), wordingsOf(g)...)
	t.tellAskers(g, d, "sheet", id)
	return true
}

// tellAskers writes to each person of the group, once each, by the house
// channel.
func (t *turn) tellAskers(g *QuestionGroup, d Decided, how, what string) {
	told := map[PersonID]bool{}
	for _, q := range g.Asked {
		if q.Person == "" || told[q.Person] {
			continue
		}
		told[q.Person] = true
		data, err := json.Marshal(map[string]string{"op": "tell", "to": string(q.Person), "how": how, "what": what, "by": d.By, "question": q.Text})
		if err != nil {
			panic("house: " + err.Error())
		}
		t.do(Post{Room: Account{Channel: HouseChannel, ID: string(q.Person)}, Key: t.key(), Text: T(string(data)), Class: ClassDesk})
	}
}

// told writes the answer of the team to a question asked before.
func (t *turn) told() {
	f := t.in.Fields
	if !t.p.Reachable() || !t.consented() {
		return
	}
	name := t.who(f["by"])
	if f["how"] == "sheet" && t.b.sheets != nil {
		if body, ok := t.b.sheets.Answer(f["what"], t.now); ok {
			t.send(ClassReply, t.msg("question.answered", "staff", name, "question", cut(f["question"], 150)).Para(body), t.sheetRows(f["what"])...)
			return
		}
	}
	k := t.key()
	t.do(Send{Key: k, Class: ClassReply, By: name, Text: t.msg("question.answered", "staff", name, "question", cut(f["question"], 150)).Para(T(f["what"])), Rows: [][]Button{t.menuRow()}})
}
