package flows

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/coopconnexion/relais/flows/french"
)

// Contribution is the co-operative's share of a revenue in cents, rounded half
// up to the cent: 10 % of 1 234,56 € is 123,46 €. rate is in percent.
func Contribution(revenueCents int64, rate decimal.Decimal) int64 {
	return decimal.NewFromInt(revenueCents).Mul(rate).Div(decimal.NewFromInt(100)).
		Add(decimal.NewFromFloat(0.5)).Floor().IntPart()
}

// declarationFlow is what the monthly declaration means.
func (b *Book) declarationFlow() flow {
	return flow{
		vars: func(t *turn) map[string]string {
			return map[string]string{"month": french.MonthName(t.p.Session.Answers["month"].Value)}
		},
		options: func(t *turn, q *Question) []Option {
			if q.Key != "month" {
				return nil
			}
			return t.monthOptions()
		},
		answered: func(t *turn, q *Question) {
			if q.Key == "month" {
				t.recall()
			}
		},
		summary: func(t *turn) Rich { return t.declarationSummary() },
		finish:  func(t *turn, _ string) { t.submitDeclaration() },
	}
}

// declare starts the declaration of a month, or takes it up where it stood. A
// month already sent opens a correction.
func (t *turn) declare(arg string) {
	if !t.p.Profile.Status.Member() {
		t.say(t.msg("declare.notmember"), t.menuRows()...)
		return
	}
	month := ""
	if arg != "" {
		m, err := french.Month(arg, t.local())
		if err != nil || t.monthRefused(m) != nil {
			t.say(t.msg("month.unread"))
		} else {
			month = m
		}
	}
	s := t.p.Session
	if s.Flow == "declaration" && (month == "" || s.Answers["month"].Value == month) {
		t.ask(nil)
		return
	}
	if t.hasParkedDeclaration(month) {
		t.resume("declaration", monthArg(month))
		return
	}
	t.beginDeclaration(month)
}

func (t *turn) hasParkedDeclaration(month string) bool {
	for _, s := range t.p.Parked {
		if s.Flow == "declaration" && (month == "" || s.Args["month"] == month) {
			return true
		}
	}
	return false
}

// beginDeclaration starts with the month known, or asks for it.
func (t *turn) beginDeclaration(month string) {
	if month == "" {
		t.begin("declaration", nil)
		return
	}
	t.park()
	q := t.b.quests["declaration"]
	t.p.Session = Session{Flow: "declaration", Version: q.Version, State: "month", Args: monthArg(month), Started: t.now, Asked: t.now,
		Answers: map[string]Answer{}}
	t.record(q.question("month"), Answer{Value: month, Shown: french.MonthName(month)})
}

// monthOptions are the months that can be declared, the latest complete month
// first; those already sent are marked.
func (t *turn) monthOptions() []Option {
	first := french.FirstOfMonth(t.local())
	var out []Option
	for i := 1; i <= 3; i++ {
		m := first.AddDate(0, -i, 0).Format("2006-01")
		if t.p.Profile.Since != "" && m < t.p.Profile.Since {
			break
		}
		out = append(out, t.monthOption(m))
	}
	return append(out, t.monthOption(first.Format("2006-01")))
}

func (t *turn) monthOption(m string) Option {
	label := french.MonthName(m)
	if t.p.Declaration(m) != nil {
		label += " ✔ (corriger)"
	}
	return Option{Value: m, Label: label}
}

// monthRefused says why a month cannot be declared, or nil.
func (t *turn) monthRefused(m string) Rich {
	oldest := french.FirstOfMonth(t.local()).AddDate(0, -24, 0).Format("2006-01")
	if m > t.local().Format("2006-01") {
		return t.msg("month.future")
	}
	if m < oldest || (t.p.Profile.Since != "" && m < t.p.Profile.Since) {
		return t.msg("month.old")
	}
	return nil
}

// recall offers the amounts of a month already sent, to keep or to change; its
// documents stay with it.
func (t *turn) recall() {
	s := &t.p.Session
	s.Former = nil
	d := t.p.Declaration(s.Answers["month"].Value)
	if d == nil {
		return
	}
	v := d.Latest()
	s.Former = map[string]Answer{
		"revenue":  {Value: strconv.FormatInt(v.RevenueCents, 10), Shown: french.Euros(v.RevenueCents)},
		"expenses": {Value: strconv.FormatInt(v.ExpensesCents, 10), Shown: french.Euros(v.ExpensesCents)},
	}
	if _, begun := s.Answers["documents"]; !begun && len(v.Documents) > 0 {
		a := Answer{Values: append([]string(nil), v.Documents...)}
		a.Shown = t.documentsShown(a)
		s.Answers["documents"] = a
	}
}

// amounts reads the answers in cents.
func (t *turn) amounts() (revenue, expenses, contribution int64) {
	a := t.p.Session.Answers
	revenue, _ = strconv.ParseInt(a["revenue"].Value, 10, 64)
	expenses, _ = strconv.ParseInt(a["expenses"].Value, 10, 64)
	return revenue, expenses, Contribution(revenue, t.b.set.Contribution)
}

// rateWords is "10 %".
func (b *Book) rateWords() string {
	return strings.ReplaceAll(b.set.Contribution.String(), ".", ",") + "\u00a0%"
}

// declarationSummary shows every line, the contribution and what remains.
func (t *turn) declarationSummary() Rich {
	rev, exp, con := t.amounts()
	month := t.p.Session.Answers["month"].Value
	out := T("Mois : ").Add(B(french.MonthName(month)))
	out = out.Line(T("Recettes : "), B(french.Euros(rev)))
	out = out.Line(T("Dépenses : "), B(french.Euros(exp)))
	out = out.Line(T("Contribution à la coopérative ("+t.b.rateWords()+") : "), B(french.Euros(con)))
	out = out.Line(T("Il reste : "), B(french.Euros(rev-exp-con)))
	out = out.Line(T("Documents : "), B(t.documentsShown2()))
	if d := t.p.Declaration(month); d != nil {
		out = t.msg("declare.correction", "ref", d.Reference, "value", french.Euros(d.Latest().RevenueCents)).Para(out)
	}
	return out
}

func (t *turn) documentsShown2() string {
	a := t.p.Session.Answers["documents"]
	if len(a.Values) == 0 {
		return "plus tard"
	}
	return t.documentsShown(a)
}

// submitDeclaration writes the declaration, or its next version, gives the
// receipt and shows the card.
func (t *turn) submitDeclaration() {
	rev, exp, con := t.amounts()
	a := t.p.Session.Answers
	month := a["month"].Value
	v := DeclarationVersion{RevenueCents: rev, ExpensesCents: exp, ContributionCents: con, Rate: t.b.set.Contribution.String(),
		Documents: append([]string(nil), a["documents"].Values...), Later: len(a["documents"].Values) == 0, At: t.now}
	t.p.Session = Session{}
	d := t.p.Declaration(month)
	again := d != nil
	if !again {
		series := "D-" + month
		n := t.v.Next(series)
		t.do(Allocate{Series: series})
		t.p.Declarations = append(t.p.Declarations, Declaration{Reference: fmt.Sprintf("%s-%04d", series, n), Period: month})
		d = &t.p.Declarations[len(t.p.Declarations)-1]
	}
	d.Versions = append(d.Versions, v)
	d.State, d.Validated = DeclSubmitted, nil
	t.cancelNudges(nudgeDeclaration, month, "declared")
	t.receipt(*d, again)
	key := declarationCard(month)
	if _, ok := t.p.Cards[key]; ok {
		t.updateCard(key, true, nil)
	} else {
		t.postCard(DeskStaff, key, "declaration")
	}
	t.showDocuments(key, d, v)
	t.closeLate(month)
}

func declarationCard(month string) string { return "declaration/" + month }

// receipt proves the sending: the reference and the amounts as they are kept.
func (t *turn) receipt(d Declaration, again bool) {
	key := "receipt"
	if again {
		key = "receipt.again"
	}
	v := d.Latest()
	text := t.msg(key, "ref", d.Reference, "month", french.MonthName(d.Period), "revenue", french.Euros(v.RevenueCents),
		"expenses", french.Euros(v.ExpensesCents), "contribution", french.Euros(v.ContributionCents), "rate", t.b.rateWords(),
		"rest", french.Euros(v.RevenueCents-v.ExpensesCents-v.ContributionCents), "version", strconv.Itoa(len(d.Versions)))
	if v.Later {
		text = text.Para(t.msg("receipt.later"))
	}
	t.send(ClassReceipt, text, t.menuRow())
	if s, ok := t.fx[len(t.fx)-1].(Send); ok {
		s.Ref = d.Reference
		t.fx[len(t.fx)-1] = s
	}
}

// listDeclarations shows what was declared, the latest first.
func (t *turn) listDeclarations() {
	if len(t.p.Declarations) == 0 {
		t.say(t.msg("declarations.none"), t.menuRows()...)
		return
	}
	out := t.msg("declarations")
	for i := len(t.p.Declarations) - 1; i >= 0 && i >= len(t.p.Declarations)-12; i-- {
		d := t.p.Declarations[i]
		out = out.Line(T(fmt.Sprintf("• %s : %s (%s), %s", french.MonthName(d.Period), french.Euros(d.Latest().RevenueCents), d.Reference, stateWords[d.State])))
	}
	t.say(out, row(t.btn("💶 Déclarer ou corriger", "c.declare")), t.menuRow())
}

var stateWords = map[string]string{DeclSubmitted: "envoyée", DeclValidated: "validée", DeclCorrection: "à corriger"}
