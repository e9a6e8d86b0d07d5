package flows

import (
	"fmt"
	"strings"

	"github.com/coopconnexion/relais/flows/french"
)

// showDocuments puts the documents that are new with this version under the
// card.
func (t *turn) showDocuments(card string, d *Declaration, v DeclarationVersion) {
	before := map[string]bool{}
	for _, o := range d.Versions[:len(d.Versions)-1] {
		for _, doc := range o.Documents {
			before[doc] = true
		}
	}
	for _, f := range t.p.Files {
		for _, doc := range v.Documents {
			if f.Blob == doc && !before[doc] {
				t.threadFile(card, f, "Document : "+f.Name)
			}
		}
	}
}

// lateDocuments takes a file sent after a declaration whose documents were to
// follow.
func (t *turn) lateDocuments() bool {
	for i := len(t.p.Declarations) - 1; i >= 0; i-- {
		d := &t.p.Declarations[i]
		v := &d.Versions[len(d.Versions)-1]
		if !v.Later || t.now.Sub(v.At).Hours() > 24*45 {
			continue
		}
		f := t.keepFile()
		v.Documents = append(append([]string(nil), v.Documents...), f.Blob)
		key := declarationCard(d.Period)
		t.threadFile(key, f, "Document ajouté : "+f.Name)
		c := t.p.Cards[key]
		t.updateCard(key, c.Open, nil)
		t.say(t.msg("file.late", "ref", d.Reference, "month", french.MonthName(d.Period)))
		return true
	}
	return false
}

// sentWith offers a correction when the edited message gave an amount of a
// declaration already sent: an edit never changes what was sent.
func (t *turn) sentWith(string) bool {
	if t.quest() != nil || len(t.p.Declarations) == 0 {
		return false
	}
	last := t.p.Declarations[len(t.p.Declarations)-1]
	if t.now.Sub(last.Latest().At).Hours() > 48 {
		return false
	}
	t.say(t.msg("edit.sent", "ref", last.Reference), row(t.btn("✏ Corriger", "c.declare."+last.Period)), t.menuRow())
	return true
}

// declarationText is the staff card of a month.
func (t *turn) declarationText(period string) (title string, body Rich, actions []Action) {
	d := t.p.Declaration(period)
	v := d.Latest()
	title = fmt.Sprintf("Déclaration %s : %s", french.MonthName(period), t.shownName())
	body = T("Référence : ").Add(B(d.Reference))
	if len(d.Versions) > 1 {
		body = body.Add(T(fmt.Sprintf(" · version %d", len(d.Versions))))
	}
	body = body.Line(T("Recettes : "), B(french.Euros(v.RevenueCents)))
	body = body.Line(T("Dépenses : "), B(french.Euros(v.ExpensesCents)))
	body = body.Line(T("Contribution ("+strings.ReplaceAll(v.Rate, ".", ",")+"\u00a0%) : "), B(french.Euros(v.ContributionCents)))
	body = body.Line(T(fmt.Sprintf("Documents : %d", len(v.Documents))))
	if v.Later {
		body = body.Add(T(" (à suivre)"))
	}
	for i := 0; i < len(d.Versions)-1; i++ {
		o := d.Versions[i]
		body = body.Line(T(fmt.Sprintf("Version %d : recettes %s, dépenses %s", i+1, french.Euros(o.RevenueCents), french.Euros(o.ExpensesCents))))
	}
	if d.State == DeclSubmitted {
		actions = []Action{{ID: "validate", Label: "Valider", Style: "primary"},
			{ID: "correct", Label: "Demander une correction", Ask: "Que faut-il corriger ? La personne lira ce texte.", Required: true}}
		return title, body, actions
	}
	if d.Validated != nil {
		body = body.Para(t.decisionLine(*d.Validated))
	} else if n := len(d.History); n > 0 {
		body = body.Para(t.decisionLine(d.History[n-1]))
	}
	return title, body, nil
}

// decideDeclaration records the decision of staff and tells the person.
func (t *turn) decideDeclaration(period string, d Decided) bool {
	decl := t.p.Declaration(period)
	if decl == nil {
		return false
	}
	staff, month := t.who(d.By), french.MonthName(period)
	decl.History = append(decl.History, d)
	switch d.Action {
	case "validate":
		decl.State, decl.Validated = DeclValidated, &d
		t.notify(t.msg("declare.validated", "staff", staff, "ref", decl.Reference, "month", month, "revenue", french.Euros(decl.Latest().RevenueCents)), t.menuRow())
	case "correct":
		decl.State = DeclCorrection
		t.notify(t.msg("declare.correct", "staff", staff, "ref", decl.Reference, "month", month, "text", d.Reason),
			row(t.btn("✏ Corriger", "c.declare."+period), t.btn("Parler à quelqu'un", "c.human")))
	default:
		return false
	}
	t.updateCard(declarationCard(period), false, &d)
	return true
}
