package flows

import (
	"fmt"
	"strings"
	"time"

	"github.com/coopconnexion/relais/flows/french"
	"github.com/coopconnexion/relais/flows/pretest"
)

// pretestCard is the staff card. Never on it: a total, a
// rank, health, words of a crisis, a photo.
func (t *turn) pretestCard(c CardState) (title string, body Rich, actions []Action) {
	p := t.p.PreTests[len(t.p.PreTests)-1]
	a := rawAnswers(p)
	title = "Pré-test : " + t.shownName()
	body = T("Qui : ").Add(B(t.shownName()), T(" · "+t.channelWords()))
	if t.p.Profile.Phone != "" {
		body = body.Add(T(" · " + t.p.Profile.Phone))
	}
	body = body.Line(T("Âge : " + t.ageWords()))
	body = body.Line(T(t.pretestMeta(p)))
	body = body.Line(T("Consentement : données, " + t.consentDay()))
	if f := pretest.Check(a, itemMillis(p)); f.Reread() {
		body = body.Line(B("À relire ensemble"), T(" ("+qualityWords(f)+")"))
	}
	if p.Short {
		body = body.Para(T("Forme courte : réponses, sans dimensions")).Line(t.pretestAnswers(p))
	} else {
		for _, d := range pretest.Dims {
			s := pretest.Of(a, d)
			body = body.Line(T(fmt.Sprintf("• %s : ", cardDims[d])), B(s.Band()), T(fmt.Sprintf(" (%d/%d)", s.Answered, s.Total)))
		}
		body = body.Line(T(pretest.Profile(a)))
	}
	body = body.Para(T("Motifs : " + shownOr(p.Answers["q1"])))
	body = body.Line(T("Besoins : " + shownOr(p.Answers["q20"])))
	body = body.Line(T("Disponible : " + shownOr(p.Answers["slots"])))
	if w := p.Answers["project"].Value; w != "" {
		body = body.Line(T("Projet : « " + cut(w, 1000) + " »"))
	}
	for _, w := range p.Added {
		body = body.Line(T("Ajouté : « " + w + " »"))
	}
	body = body.Para(t.interviewLines(p, a))
	body = body.Para(B("Aide à l'entretien. Ne permet pas de refuser."))
	body = body.Line(T("La personne peut contester : elle demande à parler à quelqu'un, une autre personne relit."))
	if d := p.Decision; d != nil {
		body = body.Para(t.decisionLine(*d))
		if p.Different {
			body = body.Line(T("Différent de la suggestion."))
		}
	}
	return title, body, pretestActions(p, c.Open)
}

var cardDims = map[pretest.Dim]string{pretest.MA: "Envie", pretest.MC: "Contrainte", pretest.E: "Confiance pour agir", pretest.P: "Préparation", pretest.R: "Ressources", pretest.C: "Coopération"}

func shownOr(a Answer) string {
	if a.Shown == "" || a.Skipped != "" {
		return "non dit"
	}
	return a.Shown
}

func (t *turn) interviewLines(p PreTest, a pretest.Answers) Rich {
	out := T("Questions pour l'entretien :")
	if p.Short {
		return out.Line(T("• Partir du projet et des besoins."))
	}
	for _, q := range pretest.Interview(a) {
		out = out.Line(T("• " + q))
	}
	for _, s := range pretest.Suggest(a, p.Answers["q20"].Values) {
		out = out.Line(T("Suggestion : "), B(s.Label), T(" (règle : "+s.Rule+")"))
	}
	return out
}

func (t *turn) pretestAnswers(p PreTest) Rich {
	var out Rich
	for _, qu := range t.b.quests["pretest"].Questions {
		if a, ok := p.Answers[qu.Key]; ok && qu.Key[0] == 'q' {
			out = out.Line(T("• " + qu.Short + " : " + a.Shown))
		}
	}
	return out
}

// itemMillis are the thinking times of the twenty questions.
func itemMillis(p PreTest) []int64 {
	if len(p.Millis) > 22 {
		return p.Millis[2:22]
	}
	if len(p.Millis) > 2 {
		return p.Millis[2:]
	}
	return p.Millis
}

func qualityWords(q pretest.Quality) string {
	var w []string
	if q.Contradiction {
		w = append(w, "réponses qui se contredisent")
	}
	if q.StraightLine {
		w = append(w, "beaucoup de réponses identiques de suite")
	}
	if q.Fast {
		w = append(w, "réponses très rapides")
	}
	if q.Unclear > 0 {
		w = append(w, fmt.Sprintf("%d « je ne comprends pas » : proposer de le faire ensemble", q.Unclear))
	}
	return strings.Join(w, " ; ")
}

func (t *turn) pretestMeta(p PreTest) string {
	form := "forme longue"
	if p.Short {
		form = "forme courte"
	}
	helped := "aide non précisée"
	switch p.Answers["helped"].Value {
	case "yes":
		helped = "aidé·e par quelqu'un"
	case "no":
		helped = "sans aide"
	}
	l := p.At.In(t.b.set.Zone)
	return fmt.Sprintf("Le %s · %s · %s · %s", french.Day(l), form, duration(p.At.Sub(p.Started)), helped)
}

func duration(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("en %d secondes", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("en %d minutes", int(d.Minutes()))
	}
	return "en plusieurs fois"
}

func pretestActions(p PreTest, open bool) []Action {
	if p.Decision != nil && p.Decision.Action != "take" && !open {
		return nil
	}
	acts := []Action{
		{ID: "rdv", Label: "Rendez-vous", Ask: "Quand, et où ? La personne lira ce texte. Exemple : mardi 8 décembre à 10 h, 12 rue de la Gare, Lens.", Required: true, Style: "primary"},
		{ID: "orient", Label: "Orienter ailleurs", Ask: "Pourquoi, et vers qui ? La personne lira ce texte.", Required: true},
	}
	if p.Decision == nil {
		acts = append([]Action{{ID: "take", Label: "Prendre en charge"}}, acts...)
	}
	return acts
}

// decidePretest records who decided what, when and why, and tells the person.
func (t *turn) decidePretest(d Decided) bool {
	p := &t.p.PreTests[len(t.p.PreTests)-1]
	staff := t.who(d.By)
	suggested := pretest.Suggest(rawAnswers(*p), p.Answers["q20"].Values)
	p.Decision = &d
	switch d.Action {
	case "take":
		t.notify(t.msg("pretest.taken", "staff", staff), t.menuRow())
	case "rdv":
		p.Different = false
		t.notify(t.msg("pretest.rdv", "staff", staff, "text", d.Reason),
			row(t.btn("C'est bon pour moi", "c.rdv.yes"), t.btn("Je ne peux pas", "c.rdv.no")))
	case "orient":
		p.Different = len(suggested) > 0 // every suggestion leads to a meeting
		t.notify(t.msg("pretest.orient", "staff", staff, "text", d.Reason), row(t.btn("Parler à quelqu'un", "c.human")))
	default:
		return false
	}
	open := d.Action == "take"
	t.updateCard(cardPretest, open, &d)
	return true
}
