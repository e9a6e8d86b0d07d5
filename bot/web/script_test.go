//go:build browser

package web

import (
	"strconv"
	"strings"
	"time"

	"github.com/coopconnexion/relais/flows"
)

// scripted is a small conversation of the size and tone of the real ones.
func scripted(p *program, in flows.Input) string {
	who := in.About
	switch in.Kind {
	case flows.KindAct:
		return staffActs(p, in)
	case flows.KindSay:
		p.send(who, flows.Send{Text: flows.B(in.Name).Line(flows.T(in.Text)), By: in.Name})
		return ""
	case flows.KindFile:
		p.send(who, flows.Send{Key: "later", Class: flows.ClassReply, Text: flows.T("Document bien reçu : " + in.File.Name), Rows: [][]flows.Button{{{Label: "C’est tout", Data: "docs"}}}})
		return ""
	case flows.KindTap:
		return tapped(p, in)
	}
	return said(p, in)
}

func said(p *program, in flows.Input) string {
	who := in.About
	switch {
	case strings.Contains(in.Text, "1 234,56"):
		p.send(who, flows.Send{Key: "read", Text: flows.T("J’ai lu : ").Add(flows.B("1 234,56 €"), flows.T(".\nC’est bien ça ?")), Rows: [][]flows.Button{{{Label: "Oui", Data: "amount"}, {Label: "Corriger", Data: "again"}}}})
	case strings.HasPrefix(in.Text, "/declarer"):
		p.send(who, flows.Send{Key: "revenue", Text: flows.B("Votre déclaration de novembre 2026").Para(flows.T("Combien avez-vous encaissé en novembre ?\nPar exemple : 850 ou 1 234,56.")), Rows: [][]flows.Button{{{Label: "Rien ce mois-ci", Data: "zero"}}, {{Label: "Je ne comprends pas", Data: "help"}, {Label: "Pause", Data: "pause"}}}})
	case strings.Contains(in.Text, "humain"):
		p.react(who, in.Message, "👀")
		p.send(who, flows.Send{Text: flows.T("Votre message est transmis à l’équipe. Une personne vous répond ici.")})
		p.post(who, flows.Post{Key: "contact/1", Card: &flows.Card{ID: string(who) + ":contact/1", Person: who, Kind: "contact", Title: "Demande à parler à quelqu’un", Body: flows.T("« " + in.Text + " »"), Version: 1, Actions: []flows.Action{{ID: "hold", Label: "Je réponds", Style: "primary"}, {ID: "close", Label: "Clore"}}}})
		p.post(who, flows.Post{Key: "line" + in.ID, Thread: "contact/1", Text: flows.T(in.Text), FromPerson: true})
	default:
		p.send(who, flows.Send{Key: "hello", Text: flows.B("Bonjour !").Para(flows.T("Je suis Relais, l’assistant de la coopérative. Je suis un robot. Une équipe humaine lit et décide.")).Para(flows.T("Que voulez-vous faire ? "), flows.A("En savoir plus", "https://example.org/relais")), Rows: [][]flows.Button{{{Label: "Commencer le pré-test", Data: "start"}}, {{Label: "Parler à quelqu’un", Data: "human"}, {Label: "Appeler", URL: "tel:+33321000000"}}}})
	}
	return ""
}

var needs = []string{"Des clients", "Les prix", "Les papiers"}

func tapped(p *program, in flows.Input) string {
	who, b := in.About, in.Button
	pick, picked := strings.CutPrefix(b, "need")
	switch {
	case b == "start":
		p.send(who, flows.Send{Key: "q1", Class: flows.ClassQuestion, Text: flows.T("Question 1 sur 2").Para(flows.B("Ce projet, j’en ai vraiment envie.")), Rows: scale()})
	case strings.HasPrefix(b, "s"):
		p.edit(who, flows.Edit{Key: "q1", Text: flows.T("Ce projet, j’en ai vraiment envie.").Line(flows.B("Votre réponse : " + b[1:] + " sur 5"))})
		p.send(who, flows.Send{Key: "q2", Class: flows.ClassQuestion, Text: flows.T("Question 2 sur 2").Para(flows.B("De quoi avez-vous besoin ?")).Para(flows.T("Plusieurs réponses sont possibles.")), Rows: options("")})
	case picked:
		p.edit(who, flows.Edit{Key: "q2", Text: flows.T("Question 2 sur 2").Para(flows.B("De quoi avez-vous besoin ?")).Para(flows.T("Plusieurs réponses sont possibles.")), Rows: options(pick)})
	case b == "done":
		p.edit(who, flows.Edit{Key: "q2", Text: flows.T("De quoi avez-vous besoin ?").Line(flows.B("Votre réponse : Les prix"))})
		p.send(who, flows.Send{Key: "end", Text: flows.T("Merci. Il n’y a pas de bonne ou de mauvaise réponse. ").Add(flows.B("Ce questionnaire ne décide rien."), flows.T(" Une personne de l’équipe lit vos réponses et vous rencontre."))})
		p.post(who, flows.Post{Key: "pretest", Card: pretestCard(who, 1)})
	case b == "amount":
		p.send(who, flows.Send{Key: "docs", Text: flows.T("Ajoutez vos justificatifs : une photo ou un PDF."), Rows: [][]flows.Button{{{Label: "Plus tard", Data: "docs"}}}})
	case b == "docs":
		p.send(who, flows.Send{Key: "receipt", Class: flows.ClassReceipt, Text: flows.T("C’est envoyé. Votre référence : ").Add(flows.B("D-2026-11-0001"), flows.T("\nContribution : 123,46 €"))})
		p.post(who, flows.Post{Key: "declaration/2026-11", Card: declarationCard(who, 1)})
	default:
		return "Ce bouton n’est plus actif."
	}
	return ""
}

func scale() [][]flows.Button {
	var rows [][]flows.Button
	for i, label := range []string{"Pas du tout d’accord", "Plutôt pas", "Entre les deux", "Plutôt d’accord", "Tout à fait d’accord"} {
		rows = append(rows, []flows.Button{{Label: label, Data: "s" + strconv.Itoa(i+1)}})
	}
	return append(rows, []flows.Button{{Label: "Passer", Data: "skip"}, {Label: "Je ne comprends pas", Data: "help"}})
}

func options(picked string) [][]flows.Button {
	var rows [][]flows.Button
	for i, label := range needs {
		if strconv.Itoa(i) == picked {
			label = "✓ " + label
		}
		rows = append(rows, []flows.Button{{Label: label, Data: "need" + strconv.Itoa(i)}})
	}
	return append(rows, []flows.Button{{Label: "J’ai fini", Data: "done"}})
}

func pretestCard(who flows.PersonID, version int) *flows.Card {
	c := &flows.Card{
		ID: string(who) + ":pretest", Person: who, Kind: "pretest", Title: "Pré-test de motivation", Version: version,
		Body: flows.B("Aide à l’entretien. Ne permet pas de refuser.").
			Para(flows.B("Envie : "), flows.T("point d’appui (3 sur 3)")).
			Line(flows.B("Énergie : "), flows.T("en chemin (4 sur 4)")).
			Line(flows.B("Projet : "), flows.T("à construire (2 sur 4)")).
			Line(flows.B("Ressources : "), flows.T("à voir ensemble")).
			Para(flows.B("Besoins : "), flows.T("les prix")).
			Para(flows.B("Questions pour l’entretien")).
			Line(flows.T("1. Qui seraient vos premiers clients ?")).
			Line(flows.T("2. Qu’est-ce qui vous ferait gagner du temps ?")).
			Line(flows.T("3. De quoi avez-vous besoin pour tenir six mois ?")).
			Para(flows.B("Suite proposée : "), flows.T("atelier « idée et clients », puis un rendez-vous. Règle : projet à construire.")),
	}
	if version == 1 {
		c.Actions = []flows.Action{
			{ID: "take", Label: "Prendre en charge", Style: "primary"},
			{ID: "meet", Label: "Proposer un rendez-vous", Ask: "Quand, et où ?"},
			{ID: "refer", Label: "Orienter ailleurs", Ask: "Pourquoi ?", Required: true},
		}
	} else {
		c.Body = c.Body.Para(flows.B("Décision : "), flows.T("orienter ailleurs, par Administration."))
	}
	return c
}

func declarationCard(who flows.PersonID, version int) *flows.Card {
	c := &flows.Card{
		ID: string(who) + ":declaration/2026-11", Person: who, Kind: "declaration", Title: "Novembre 2026 · D-2026-11-0001", Version: version,
		Body: flows.T("Encaissé : ").Add(flows.B("1 234,56 €")).Line(flows.T("Frais : 0,00 €")).Line(flows.T("Contribution (10 %) : 123,46 €")),
	}
	if version == 1 {
		c.Actions = []flows.Action{{ID: "validate", Label: "Valider", Style: "primary"}, {ID: "fix", Label: "Demander une correction", Ask: "Que faut-il corriger ?", Required: true}}
	}
	return c
}

func staffActs(p *program, in flows.Input) string {
	who := in.About
	switch in.Action {
	case "validate":
		p.post(who, flows.Post{Key: in.Card, Update: true, Card: declarationCard(who, 2)})
		p.send(who, flows.Send{Text: flows.T("Votre déclaration ").Add(flows.B("D-2026-11-0001"), flows.T(" est validée."))})
	case "hold", "close":
		p.post(who, flows.Post{Key: in.Card, Update: true, Card: &flows.Card{ID: string(who) + ":" + in.Card, Person: who, Kind: "contact", Title: "Demande à parler à quelqu’un", Body: flows.T(in.Name + " répond."), Version: 2}})
	default:
		p.post(who, flows.Post{Key: in.Card, Update: true, Card: pretestCard(who, 2)})
		p.send(who, flows.Send{Text: flows.B(in.Name).Line(flows.T("Merci pour votre intérêt. " + in.Text)), By: in.Name})
	}
	return ""
}

// nudges are two reminders for Julien.
func nudges() []wake {
	say := func(text string) func(p *program) {
		return func(p *program) {
			p.send("p-member2", flows.Send{Class: flows.ClassNudge, Text: flows.T(text), Rows: [][]flows.Button{{{Label: "C’est fait", Data: "ok"}, {Label: "Moins de rappels", Data: "less"}}}})
		}
	}
	return []wake{
		{at: start.Add(48 * time.Hour), say: say("Votre actualisation France Travail est ouverte. Pensez-y avant le 15.")},
		{at: start.Add(96 * time.Hour), say: say("Votre déclaration de novembre est à envoyer avant samedi.")},
	}
}
