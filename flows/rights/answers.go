package rights

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"
)

// CaseFrom makes the case of a month from the answers to [Facts]. The error
// tells the first question that still has no answer.
func CaseFrom(t Type, on time.Time, a Answers) (Case, error) {
	if f, missing := NextFact(t, a); missing {
		return Case{}, fmt.Errorf("une réponse manque : %s", f.Question)
	}
	c := Case{Type: t, Period: on.Format("2006-01")}
	switch t {
	case RSA:
		c.Inputs = householdInputs(a)
		c.Inputs["revenus_activite_mensuels_moyens"] = a.number("revenus")
		c.Inputs["revenus_activite_par_adulte"] = []Value{a.number("revenus")}
	case PrimeActivite:
		c.Inputs = householdInputs(a)
		earned := []Value{a.number("revenus")}
		if a["couple"] == Yes {
			earned = append(earned, a.number("revenus_conjoint"))
		}
		c.Inputs["revenus_activite_par_adulte_mensuels"] = earned
	case ComplementARE:
		c.Inputs = Fields{"allocation_journaliere_brute": a.number("are_jour"), "remuneration_brute_mensuelle": a.number("remuneration")}
		if a["sjr"] != "" {
			c.Inputs["sjr"] = a.number("sjr")
		}
	case ASS:
		c.Inputs = Fields{"cinq_ans_travail": a["cinq_ans"] == Yes, "couple": a["couple"] == Yes}
		if a["ressources"] != "" {
			c.Inputs["ressources_mensuelles"] = a.number("ressources")
		}
	case AREOuverture:
		c.Inputs = openingInputs(a)
	default:
		return Case{}, fmt.Errorf("ce calcul est inconnu : %s", t)
	}
	return c, nil
}

func (a Answers) number(key string) decimal.Decimal {
	d, _ := parseDecimal(a[key])
	return d
}

func householdInputs(a Answers) Fields {
	f := Fields{"adultes": one, "enfants_a_charge": a.number("enfants"), "logement": a["logement"],
		"autres_ressources_mensuelles": a.number("autres")}
	if a["couple"] == Yes {
		f["adultes"] = num(2)
	}
	return f
}

// openingInputs turns months into days: 6 months are 130 working days, the
// law's own equivalence (règlement, art. 3).
func openingInputs(a Answers) Fields {
	f := Fields{"motif": a["motif"]}
	if a["mois"] == "" {
		return f
	}
	months := a.number("mois")
	if a.number("age").LessThan(num(55)) {
		months = decimal.Min(months, num(24))
	}
	f["jours_travailles"] = months.Mul(num(65)).DivRound(num(3), 2)
	f["salaires_bruts_total"] = months.Mul(a.number("salaire"))
	f["age"] = a.number("age")
	if a["temps_plein"] == Yes {
		f["quotite"] = one
	}
	return f
}
