package rights

import "github.com/shopspring/decimal"

// estimateRSA computes RSA for one month: amount of the household − flat
// housing amount − resources of the reference months; nothing under 6 €.
// CASF art. L262-2, R262-1 to R262-10, D262-1. Until 2015, 62 % of the income
// from work was kept (RSA activité); prime d'activité replaced it on 01/01/2016.
func estimateRSA(w *workings) {
	h := readHousehold(w)
	if w.failed() {
		return
	}
	eligible := rsaEligible(w, h)
	if eligible {
		w.in.need(h.adultsGiven, "adultes", "le nombre d'adultes du foyer : 1 ou 2")
		if w.failed() {
			return
		}
	}
	w.computeRSA(h, eligible, true)
	w.source("Code de l'action sociale et des familles, art. L262-2, R262-1 et suivants, D262-1",
		"Simulateur officiel : "+simulatorCAF)
	if !eligible && !h.adultsGiven {
		return
	}
	switch {
	case w.months[0].year < primeBegins:
	case w.tooYoungForPrime(h):
		w.money("prime_activite", zero)
	default:
		w.money("prime_activite", w.computePrime(h).amount)
	}
}

// primeBegins is the year prime d'activité began.
const primeBegins = 2016

// rsaEligible applies the condition of age. CASF art. L262-4, L262-7-1: 25
// years, or a child, or 2 years of work in the last 3 for a person of 18 to 24.
func rsaEligible(w *workings, h household) bool {
	age := max(h.age, h.spouseAge)
	minimum := w.rates.get("rsa.age_minimum")
	if h.age == 0 || h.children > 0 || h.isolated || !num(age).LessThan(minimum) {
		return true
	}
	if h.youthCondition && age >= 18 {
		w.step("Vous avez moins de %s ans, mais vous avez assez travaillé : le RSA jeune actif est possible.", nu(minimum))
		return true
	}
	w.yes("eligible", false)
	w.step("Vous avez moins de %s ans, sans enfant, et la condition de travail (2 ans sur 3) n'est pas remplie : pas de RSA.", nu(minimum))
	return false
}

// computeRSA writes the steps and figures of RSA and returns the amount paid.
// With details, the parts are figures too.
func (w *workings) computeRSA(h household, eligible, details bool) decimal.Decimal {
	s, r := scale{"rsa."}, w.rates
	coef, base := s.coefficient(r, h), r.get("rsa.base")
	socle := base.Mul(coef)
	if !eligible {
		w.money("rsa", zero)
		w.money("rsa_socle", zero)
		return zero
	}
	w.step("RSA, montant pour votre foyer (%s) : %s × %s = %s.", describe(h), nu(base), FormatDecimal(coef), eu(socle))
	forfait := s.deduction(w, h)
	activity := h.activity
	if h.interrupted {
		w.step("Votre revenu d'activité s'est arrêté sans revenu de remplacement : il n'est plus compté.")
		w.warn("Un revenu arrêté n'est plus compté seulement si la CAF l'accepte. Signalez-le à la CAF.")
		activity = zero
	}
	resources := activity.Add(h.other).Add(h.family)
	w.step("Vos ressources par mois : %s (activité) + %s (autres) + %s (prestations familiales) = %s.",
		nu(activity), nu(h.other), nu(h.family), eu(resources))
	amount := socle.Sub(forfait).Sub(resources)
	if kept := r.get("rsa.pente").Mul(activity); w.months[0].year < primeBegins && kept.IsPositive() {
		amount = amount.Add(kept)
		w.step("Avant 2016, une part du revenu d'activité était gardée : %s × %s = %s.", pc(r.get("rsa.pente")), nu(activity), eu(kept))
		w.step("RSA : %s − %s − %s + %s = %s.", nu(socle), nu(forfait), nu(resources), nu(kept), eu(amount))
	} else {
		w.step("RSA : %s − %s − %s = %s.", nu(socle), nu(forfait), nu(resources), eu(amount))
	}
	amount = w.paid("RSA", amount, r.get("rsa.seuil_versement"))
	if details {
		w.money("rsa_socle", socle)
		w.money("rsa_forfait_logement", forfait)
		w.money("base_ressources", resources)
	}
	w.money("rsa", amount)
	return amount
}

// paid applies the smallest amount paid.
func (w *workings) paid(name string, amount, least decimal.Decimal) decimal.Decimal {
	if amount.GreaterThanOrEqual(least) && amount.IsPositive() {
		return amount
	}
	if amount.IsPositive() {
		w.step("Le résultat est sous %s : rien n'est versé.", eu(least))
	} else {
		w.step("Vos ressources dépassent le montant possible : %s à 0 €.", name)
	}
	return zero
}

// describe says who is in the home.
func describe(h household) string {
	s := "1 adulte"
	if h.adults == 2 {
		s = "2 adultes"
	}
	switch {
	case h.children == 1:
		s += ", 1 enfant"
	case h.children > 1:
		s += ", " + nu(num(h.children)) + " enfants"
	}
	if h.isolated {
		s += ", parent isolé"
	}
	return s
}
