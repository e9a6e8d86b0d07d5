package rights

import "github.com/shopspring/decimal"

// calendarFactor turns working days into calendar days: 7 days for 5 worked.
var calendarFactor = decimal.New(14, -1)

// length gives the calendar days behind the reference wage and the days of
// ARE. Règlement, art. 9: worked calendar days + idle days (at most 70 % of
// the former) within the reference period, times the coefficient of 0.75, at
// least 182 days, at most a duration that depends on age.
func (w *workings) length(o opening) (wageDays, length int) {
	r := w.rates
	worked := int(o.worked.Mul(calendarFactor).Ceil().IntPart())
	days := worked
	if o.reference > 0 {
		idle := int(r.get("are.inactivite_taux").Mul(num(worked)).Floor().IntPart())
		days = worked + min(o.reference-worked, idle)
	}
	most := w.longest(o, days)
	least := int(r.get("are.duree_min").IntPart())
	wageDays = max(min(days, most), least)
	coef := r.get("are.coef_conjoncture")
	length = max(int(coef.Mul(num(min(days, most))).Ceil().IntPart()), least)
	w.step("Durée : %s jours travaillés × 1,4 = %d jours, %d avec les périodes sans travail.", nu(o.worked), worked, days)
	w.step("%d × %s = %d jours d'ARE (au moins %d).", min(days, most), nu(coef), length, least)
	if young := int(coef.Mul(r.get("are.duree_max_1")).Ceil().IntPart()); o.age == 0 && length > young {
		w.warn("L'âge n'est pas donné. Avant %s ans, la durée est de %d jours au plus.", nu(r.get("are.palier_age_1")), young)
	}
	return wageDays, length
}

// longest is the longest duration before the coefficient. Without the age, the
// longest of all is used: only people of 55 and more can reach it, because
// the reference period of younger people is 24 months.
func (w *workings) longest(o opening, days int) int {
	r := w.rates
	if short := int(r.get("are.duree_max_1").IntPart()); days <= short {
		return short // the age does not matter
	}
	key := "are.duree_max_3"
	if o.age > 0 && num(o.age).LessThan(r.get("are.palier_age_2")) {
		key = "are.duree_max_2"
	}
	if o.age > 0 && num(o.age).LessThan(r.get("are.palier_age_1")) {
		key = "are.duree_max_1"
	}
	return int(r.get(key).IntPart())
}

// referenceWage is the SJR: gross wages of the reference period, each month
// within 4 social security ceilings, divided by the calendar days. Art. 11-13.
func (w *workings) referenceWage(o opening, days int) decimal.Decimal {
	if o.sjr.IsPositive() {
		w.step("Salaire journalier de référence (SJR) : %s.", eu(o.sjr))
		return o.sjr
	}
	w.in.need(o.wagesGiven, "salaires_bruts_mensuels", "les salaires bruts mois par mois, ou salaires_bruts_total, ou sjr")
	sum := o.wagesTotal
	if len(o.wages) > 0 {
		most := w.rates.get("pss.mensuel").Mul(w.rates.get("are.salaire_plafond_pss"))
		sum = zero
		for _, wage := range o.wages {
			sum = sum.Add(decimal.Min(wage, most))
		}
	}
	sjr := sum.DivRound(num(days), 20).Round(2)
	if !w.failed() && !sjr.IsPositive() {
		w.in.impossible("salaires_bruts_mensuels", "il faut au moins un salaire plus grand que 0.")
	}
	w.step("Salaire journalier de référence (SJR) : %s ÷ %d jours = %s.", nu(sum), days, eu(sjr))
	return sjr
}

// dailyAmount is the gross daily ARE: the larger of 40.4 % of SJR + fixed part
// and 57 % of SJR, at most 75 % of SJR. Art. 14 to 16. The fixed part and the
// minimum shrink with part-time work (art. 15): without the share of full time
// the minimum is not applied, and a warning says so.
func (w *workings) dailyAmount(o opening, sjr decimal.Decimal) decimal.Decimal {
	r := w.rates
	fixed, least := r.get("are.partie_fixe"), r.get("are.minimum")
	if o.partTimeGiven {
		fixed, least = fixed.Mul(o.partTime).Round(2), least.Mul(o.partTime).Round(2)
	}
	share, alone, most := r.get("are.part_sjr"), r.get("are.plancher_sjr"), r.get("are.plafond_sjr")
	first, second := share.Mul(sjr).Round(2).Add(fixed), alone.Mul(sjr).Round(2)
	ceiling := most.Mul(sjr).Round(2)
	w.step("%s × %s + %s = %s par jour.", pc(share), nu(sjr), nu(fixed), eu(first))
	w.step("%s × %s = %s par jour.", pc(alone), nu(sjr), eu(second))
	daily := decimal.Max(first, second)
	w.step("Le plus grand des deux est retenu : %s.", eu(daily))
	switch {
	case !daily.LessThan(least):
	case o.partTimeGiven:
		daily = least
		w.step("Minimum : %s par jour.", eu(least))
	case decimal.Min(ceiling, least).GreaterThan(daily):
		w.warn("À temps plein, le minimum est de %s par jour, sans dépasser %s du SJR. À temps partiel, il est réduit.", eu(least), pc(most))
	}
	if daily.GreaterThan(ceiling) {
		daily = ceiling
		w.step("Maximum : %s × %s = %s par jour.", pc(most), nu(sjr), eu(ceiling))
	}
	return daily
}

// dailyNet takes off complementary pension, CSG and CRDS, each one only down
// to its floor: the minimum ARE, then the daily minimum wage. Art. 19.
func (w *workings) dailyNet(daily, sjr decimal.Decimal) decimal.Decimal {
	r := w.rates
	pension := within(r.get("are.retraite_taux").Mul(sjr).Round(2), daily.Sub(r.get("are.minimum")))
	base := daily.Sub(pension)
	floor := r.get("smic.horaire").Mul(num(5)).Ceil()
	taxed := base.Mul(one.Sub(r.get("csg.abattement")))
	deductible := within(taxed.Mul(r.get("csg.chomage_deductible")).Round(2), base.Sub(floor))
	otherRate := r.get("csg.chomage").Sub(r.get("csg.chomage_deductible"))
	other := within(taxed.Mul(otherRate).Round(2), base.Sub(deductible).Sub(floor))
	crds := within(taxed.Mul(r.get("crds")).Round(2), base.Sub(deductible).Sub(other).Sub(floor))
	csg := deductible.Add(other)
	net := base.Sub(csg).Sub(crds)
	w.step("Retenues par jour : retraite complémentaire %s, CSG %s, CRDS %s. Net : %s par jour.", eu(pension), eu(csg), eu(crds), eu(net))
	return net
}

// within limits a deduction to the room above its floor, never below zero.
func within(d, room decimal.Decimal) decimal.Decimal {
	return decimal.Max(decimal.Min(d, room), zero)
}
