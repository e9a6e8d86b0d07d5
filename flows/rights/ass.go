package rights

import "github.com/shopspring/decimal"

var assFields = []string{"couple", "ressources_mensuelles", "ressources_annuelles", "cinq_ans_travail"}

// estimateASS computes ASS for one month: the smaller of 30 daily amounts and
// ceiling − resources; nothing under one daily amount.
// Code du travail art. L5423-1, R5423-1 (ceilings of 70 and 110 daily amounts).
func estimateASS(w *workings) {
	f := &w.in
	couple, coupleGiven := f.flag("couple")
	resources, given := f.amount("ressources_mensuelles")
	if year, ok := f.amount("ressources_annuelles"); ok && !given {
		resources, given = mean(year, 12), true
	}
	worked, workedGiven := f.flag("cinq_ans_travail")
	eligible := !workedGiven || worked
	if eligible {
		f.need(given || f.given("ressources_mensuelles"), "ressources_mensuelles", "les ressources moyennes du foyer par mois")
	}
	if w.failed() {
		return
	}
	w.source("Code du travail, art. L5423-1 et suivants, R5423-1 et suivants", "Simulateur officiel : "+simulatorFranceTravail)
	if !eligible {
		w.yes("eligible", false)
		w.money("ass", zero)
		w.step("Il faut 5 ans de travail dans les 10 ans avant la fin du contrat : pas d'ASS.")
		return
	}
	if !coupleGiven {
		w.warn("La vie en couple n'est pas donnée : le calcul est fait pour une personne seule.")
	}
	w.computeASS(couple, resources)
}

func (w *workings) computeASS(couple bool, resources decimal.Decimal) {
	r := w.rates
	day, days := r.get("ass.journaliere"), r.get("ass.jours_mois")
	ceilingDays, who := r.get("ass.plafond_seul_jours"), "une personne seule"
	if couple {
		ceilingDays, who = r.get("ass.plafond_couple_jours"), "un couple"
	}
	full, ceiling := day.Mul(days), day.Mul(ceilingDays)
	w.step("ASS entière : %s × %s jours = %s.", nu(day), nu(days), eu(full))
	w.step("Plafond de ressources pour %s : %s × %s = %s.", who, nu(day), nu(ceilingDays), eu(ceiling))
	left := ceiling.Sub(resources)
	w.step("Plafond moins ressources : %s − %s = %s.", nu(ceiling), nu(resources), eu(left))
	amount := decimal.Min(full, left)
	switch {
	case !amount.IsPositive():
		amount = zero
		w.step("Les ressources dépassent le plafond : ASS à 0 €.")
	case amount.LessThan(day):
		amount = zero
		w.step("Le résultat est plus petit que l'ASS d'un jour : rien n'est versé.")
	default:
		w.step("L'ASS est le plus petit des deux montants : %s.", eu(amount))
	}
	w.money("ass", amount)
	w.money("plafond", ceiling)
}
