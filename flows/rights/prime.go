package rights

import "github.com/shopspring/decimal"

// estimatePrime computes prime d'activité for one month, with RSA beside it.
func estimatePrime(w *workings) {
	h := readHousehold(w)
	if w.failed() {
		return
	}
	tooYoung := w.tooYoungForPrime(h)
	if !tooYoung {
		w.in.need(h.adultsGiven, "adultes", "le nombre d'adultes du foyer : 1 ou 2")
	}
	if w.months[0].year < primeBegins {
		w.in.impossible("periode", "la prime d'activité existe depuis janvier 2016.")
	}
	if w.failed() {
		return
	}
	w.source("Code de la sécurité sociale, art. L841-1 et suivants, D843-1 à D843-3, R844-3",
		"Simulateur officiel : "+simulatorCAF)
	if tooYoung {
		w.yes("eligible", false)
		w.money("ppa", zero)
		w.step("Il faut avoir 18 ans pour la prime d'activité.")
		return
	}
	p := w.computePrime(h)
	w.money("ppa", p.amount)
	w.money("forfait_logement", p.forfait)
	w.money("montant_forfaitaire", p.base)
	w.money("bonification", p.bonus)
	if h.age == 0 || rsaEligible(w, h) {
		w.computeRSA(h, true, false)
	} else {
		w.money("rsa", zero)
	}
}

// tooYoungForPrime applies the minimum age of 18. CSS art. L842-2.
func (w *workings) tooYoungForPrime(h household) bool {
	return h.age > 0 && num(max(h.age, h.spouseAge)).LessThan(w.rates.get("pa.age_minimum"))
}

// prime is a computed prime d'activité, in euros a month; bonus is the mean of
// the reference months.
type prime struct{ amount, base, forfait, bonus decimal.Decimal }

// computePrime applies CSS art. L842-3 and D843-1 to D843-3 to each reference
// month and takes the mean; nothing under 15 €.
func (w *workings) computePrime(h household) prime {
	s, r := scale{"pa."}, w.rates
	coef, base := s.coefficient(r, h), r.get("pa.base")
	p := prime{base: base.Mul(coef)}
	w.step("Prime d'activité, montant pour votre foyer (%s) : %s × %s = %s.", describe(h), nu(base), FormatDecimal(coef), eu(p.base))
	p.forfait = s.deduction(w, h)
	sum := zero
	for i, earned := range h.months {
		again := i > 0 && equal(earned, h.months[i-1])
		month, bonus := w.primeMonth(p, h, earned, !again)
		sum, p.bonus = sum.Add(month), p.bonus.Add(bonus)
	}
	n := len(h.months)
	p.amount, p.bonus = mean(sum, n), mean(p.bonus, n)
	if n > 1 {
		w.step("Moyenne des %d mois : %s ÷ %d = %s.", n, nu(sum), n, eu(p.amount))
	}
	p.amount = w.paid("prime d'activité", p.amount, r.get("pa.seuil_versement"))
	return p
}

// primeMonth is the prime of one reference month: base + bonus of each worker
// + share of the income − resources, these never counting less than the base.
func (w *workings) primeMonth(p prime, h household, earned []decimal.Decimal, tell bool) (amount, bonus decimal.Decimal) {
	r := w.rates
	rate, activity := r.get("pa.pente"), zero
	for _, d := range earned {
		activity, bonus = activity.Add(d), bonus.Add(workBonus(r, d))
	}
	share := rate.Mul(activity)
	resources := activity.Add(h.other).Add(h.family).Add(p.forfait)
	counted := decimal.Max(resources, p.base)
	amount = p.base.Add(bonus).Add(share).Sub(counted)
	if tell {
		w.step("Part des revenus d'activité ajoutée : %s × %s = %s.", pc(rate), nu(activity), eu(share))
		w.step("Bonus de chaque personne qui travaille : %s en tout.", eu(bonus))
		w.step("Ressources et forfait logement : %s. On retire au moins le montant du foyer : %s.", eu(resources), eu(counted))
		w.step("Prime d'activité : %s + %s + %s − %s = %s.", nu(p.base), nu(bonus), nu(share), nu(counted), eu(amount))
	}
	return decimal.Max(amount, zero), bonus
}

// workBonus is the bonus of one worker: nothing up to 59 hourly minimum wages
// a month, then rising in a straight line to its maximum. CSS art. D843-2.
func workBonus(r *rates, earned decimal.Decimal) decimal.Decimal {
	hour := r.get("smic.horaire")
	low, high := r.get("pa.bonif_seuil_smic").Mul(hour), r.get("pa.bonif_max_smic").Mul(hour)
	most := r.get("pa.bonif_taux_max").Mul(r.get("pa.base")).Round(2)
	switch {
	case !earned.GreaterThan(low):
		return zero
	case !earned.LessThan(high):
		return most
	}
	return most.Mul(earned.Sub(low)).DivRound(high.Sub(low), 20)
}

func equal(a, b []decimal.Decimal) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !a[i].Equal(b[i]) {
			return false
		}
	}
	return true
}
