package rights

import (
	"strings"

	"github.com/shopspring/decimal"
)

// Told is the words of an estimate for a person, in plain French. Headline is
// one sentence with "environ"; Margin says how far it may be; Unknown lists
// what the estimate does not know; Link is the official simulator; Dated says
// since when the amounts apply ("" when none was dated).
type Told struct {
	Headline string
	Steps    []string
	Margin   string
	Unknown  []string
	Link     string
	Dated    string
}

// Tell puts a result into words. A result with an error, which names fields of
// the contract and not what the person wrote, only offers to start again.
func Tell(c Case, r Result) Told {
	if r.Error != "" {
		return Told{Headline: "Je ne peux pas calculer avec ces réponses. Recommencez le calcul, ou demandez à votre référent."}
	}
	t := Told{Steps: r.Steps, Link: simulatorCAF}
	switch c.Type {
	case RSA:
		t.Headline, t.Margin = tellRSA(r), "Si vos réponses sont justes, l'écart est de quelques euros."
	case PrimeActivite:
		t.Headline, t.Margin = tellPrime(r), "Si vos réponses sont justes, l'écart est de quelques euros. Des revenus différents chaque mois changent le résultat."
	case ComplementARE:
		t.Link, t.Headline = simulatorFranceTravail, tellComplement(r)
		t.Margin = complementMargin(c)
	case ASS:
		t.Link, t.Headline = simulatorFranceTravail, tellASS(r)
		t.Margin = "France Travail paie les jours réels du mois : comptez un jour de plus ou de moins."
	case AREOuverture:
		t.Link, t.Headline = simulatorFranceTravail, tellOpening(r)
		t.Margin = "Le vrai montant peut changer de quelques euros par jour, surtout à temps partiel ou avec des périodes sans travail."
	}
	t.Unknown = append(unknowns(c.Type), r.Warnings...)
	if !r.Since.IsZero() {
		t.Dated = "Montants en vigueur depuis le " + FormatDate(r.Since) + "."
	}
	return t
}

// Text is the whole message, ready to send as plain text.
func (t Told) Text() string {
	var b strings.Builder
	b.WriteString(t.Headline)
	section(&b, "Le calcul :", t.Steps)
	if t.Margin != "" {
		b.WriteString("\n\n" + t.Margin)
	}
	section(&b, "Ce que je ne sais pas, ou qui n'est pas sûr :", t.Unknown)
	if t.Link != "" {
		b.WriteString("\n\nC'est une estimation. Le simulateur officiel : " + t.Link)
	}
	if t.Dated != "" {
		b.WriteString("\n" + t.Dated)
	}
	return b.String()
}

func section(b *strings.Builder, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	b.WriteString("\n\n" + title)
	for _, l := range lines {
		b.WriteString("\n• " + l)
	}
}

// about writes an amount rounded to the euro: the estimate is not exact to the
// cent for a real person.
func about(d decimal.Decimal) string { return "environ " + FormatEuros(d.Round(0)) }

func tellRSA(r Result) string {
	rsa, _ := r.Amount("rsa")
	prime, _ := r.Amount("prime_activite")
	var s string
	switch {
	case r.Ineligible():
		return "D'après vos réponses, vous n'avez pas droit au RSA."
	case rsa.IsPositive():
		s = "Vous auriez " + about(rsa) + " de RSA par mois."
	default:
		s = "D'après vos réponses, il n'y aurait pas de RSA : les ressources sont trop hautes."
	}
	if prime.IsPositive() {
		s += " En plus, " + about(prime) + " de prime d'activité par mois."
	}
	return s
}

func tellPrime(r Result) string {
	prime, _ := r.Amount("ppa")
	if !prime.IsPositive() {
		return "D'après vos réponses, il n'y aurait pas de prime d'activité."
	}
	return "Vous auriez " + about(prime) + " de prime d'activité par mois."
}

func tellComplement(r Result) string {
	gross, _ := r.Amount("brut")
	days, _ := r.Amount("jours")
	if !gross.IsPositive() {
		return "Ce mois-ci, vous n'auriez pas d'ARE. Les jours non payés ne sont pas perdus : ils sont gardés pour plus tard."
	}
	s := "Ce mois-ci, vous garderiez " + about(gross) + " d'ARE brute (" + dayCount(int(days.IntPart())) + ")."
	if net, ok := r.Amount("net"); ok {
		s += " Cela fait " + about(net) + " net, avant impôt."
	}
	return s
}

func complementMargin(c Case) string {
	s := "France Travail peut compter un jour de plus ou de moins"
	if d, ok := number(c.Inputs["allocation_journaliere_brute"]); ok {
		s += ", soit ± " + FormatEuros(d)
	}
	return s + "."
}

func tellASS(r Result) string {
	ass, _ := r.Amount("ass")
	switch {
	case r.Ineligible():
		return "D'après vos réponses, vous n'avez pas droit à l'ASS. Regardez le RSA."
	case !ass.IsPositive():
		return "D'après vos réponses, il n'y aurait pas d'ASS : les ressources sont trop hautes."
	}
	return "Vous auriez " + about(ass) + " d'ASS pour un mois de 30 jours."
}

func tellOpening(r Result) string {
	if r.Ineligible() {
		return "D'après vos réponses, le droit au chômage ne s'ouvre pas."
	}
	net, _ := r.Amount("mensuel_net_30j")
	gross, _ := r.Amount("aj_brute")
	days, _ := r.Amount("duree_jours")
	return "Vous auriez " + about(net) + " d'ARE nette par mois (" + FormatEuros(gross) + " brut par jour), pendant environ " +
		dayCount(int(days.IntPart())) + "."
}

// unknowns says what each estimate leaves out.
func unknowns(t Type) []string {
	switch t {
	case RSA:
		return []string{
			"Votre âge : sans enfant, il faut en général 25 ans.",
			"Le RSA majoré des parents seuls et des femmes enceintes seules.",
			"Votre titre de séjour, votre épargne et votre contrat d'engagement.",
			"La façon dont votre CAF compte une rémunération en CAPE : gardez vos bulletins.",
		}
	case PrimeActivite:
		return []string{
			"La majoration des parents seuls.",
			"Votre titre de séjour, et les règles propres aux étudiants et aux apprentis.",
			"Le détail mois par mois de vos revenus.",
		}
	case ComplementARE:
		return []string{
			"Les délais et retenues de France Travail (différé, trop-perçu, impôt).",
			"En CAPE, la limite de 60 % des droits n'est pas certaine : demandez une réponse écrite à votre conseiller.",
		}
	case ASS:
		return []string{
			"Le détail des ressources que France Travail compte ou réduit.",
			"Vos mois de travail en même temps que l'ASS : le cumul entier dure 3 mois.",
		}
	case AREOuverture:
		return []string{
			"Vos salaires exacts mois par mois et vos périodes sans contrat.",
			"Les délais avant le premier paiement.",
			"Vos anciens droits : s'il en reste, ils passent d'abord.",
		}
	}
	return nil
}
