package rights

import (
	"fmt"

	"github.com/shopspring/decimal"
)

// readEarnings finds what each adult earned in each reference month, from
// whichever of the fields are given:
//   - revenus_par_mois: [m1, m2, m3], or one list per month or per adult;
//   - revenus_activite_par_adulte(_mensuels): [adult1, adult2], each one an
//     amount or a list of months;
//   - revenus_activite_mensuels_moyens: the mean of the household.
func (h *household) readEarnings(w *workings) {
	f := &w.in
	average, hasAverage := f.amount("revenus_activite_mensuels_moyens")
	shares := h.readPerAdult(f)
	h.months = h.readPerMonth(f, shares)
	switch {
	case h.months != nil:
	case shares != nil:
		h.months = shares
	case hasAverage:
		h.months = [][]decimal.Decimal{{average}}
		if h.adults == 2 && average.IsPositive() {
			w.warn("Les revenus de chaque adulte ne sont pas donnés. Le calcul de la prime d'activité les compte pour une seule personne.")
		}
	default:
		h.months = [][]decimal.Decimal{{zero}}
	}
	if !hasAverage && shares == nil && !f.given("revenus_par_mois") && h.adultsGiven && !h.interrupted {
		w.warn("Les revenus d'activité ne sont pas donnés : 0 € est utilisé.")
	}
	h.activity = mean(total(h.months), len(h.months))
	if hasAverage {
		if average.Sub(h.activity).Abs().GreaterThan(decimal.New(1, -2)) {
			w.warn("« revenus_activite_mensuels_moyens » ne correspond pas au détail des revenus. La moyenne donnée est utilisée pour le RSA.")
		}
		h.activity = average
	}
	if d, ok := f.amount("revenus_activite_avant_neutralisation"); ok && !hasAverage && h.activity.IsZero() {
		h.activity = d
	}
}

func total(months [][]decimal.Decimal) decimal.Decimal {
	sum := zero
	for _, m := range months {
		for _, d := range m {
			sum = sum.Add(d)
		}
	}
	return sum
}

// readPerAdult reads one entry per adult and returns them month by month.
func (h *household) readPerAdult(f *form) [][]decimal.Decimal {
	name := "revenus_activite_par_adulte_mensuels"
	if !f.given(name) {
		name = "revenus_activite_par_adulte"
	}
	if !f.given(name) {
		return nil
	}
	rows, ok := f.rows(name)
	if !ok {
		return nil
	}
	if len(rows) > h.adults {
		f.impossible(name, "il y a %d revenus pour %d adulte(s).", len(rows), h.adults)
		return nil
	}
	return transpose(f, name, rows)
}

// readPerMonth reads revenus_par_mois. A plain list is the household's income
// month by month: it is shared between adults as their own figures say, or
// given to the first adult.
func (h *household) readPerMonth(f *form, shares [][]decimal.Decimal) [][]decimal.Decimal {
	const name = "revenus_par_mois"
	if !f.given(name) {
		return nil
	}
	rows, ok := f.rows(name)
	if !ok {
		return nil
	}
	for _, row := range rows {
		if len(row) > 1 && len(row) > h.adults {
			return transpose(f, name, rows) // one list per adult
		}
	}
	if len(shares) == 1 {
		for i, row := range rows {
			if len(row) == 1 {
				rows[i] = share(row[0], shares[0])
			}
		}
	}
	return rows
}

func share(sum decimal.Decimal, weights []decimal.Decimal) []decimal.Decimal {
	all := total([][]decimal.Decimal{weights})
	if all.IsZero() {
		return []decimal.Decimal{sum}
	}
	out := make([]decimal.Decimal, len(weights))
	for i, d := range weights {
		out[i] = sum.Mul(d).DivRound(all, 20)
	}
	return out
}

// rows reads a list whose entries are amounts or lists of amounts.
func (f *form) rows(name string) ([][]decimal.Decimal, bool) {
	list, ok := f.fields[name].([]Value)
	if !ok {
		list = []Value{f.fields[name]}
	}
	if len(list) == 0 || len(list) > 60 {
		f.impossible(name, "il faut une liste de montants.")
		return nil, false
	}
	inner := form{fields: Fields{}, prefix: f.prefix}
	var rows [][]decimal.Decimal
	for i, v := range list {
		key := fmt.Sprintf("%s[%d]", name, i+1)
		inner.fields[key] = v
		row, ok := inner.amounts(key)
		if !ok {
			inner.need(v != nil, key, "un montant")
			f.problems = append(f.problems, inner.problems...)
			return nil, false
		}
		rows = append(rows, row)
	}
	return rows, true
}

// transpose turns one list per adult into one list per month. An adult with a
// single amount earned it every month.
func transpose(f *form, name string, rows [][]decimal.Decimal) [][]decimal.Decimal {
	n := 1
	for _, row := range rows {
		n = max(n, len(row))
	}
	months := make([][]decimal.Decimal, n)
	for _, row := range rows {
		if len(row) != 1 && len(row) != n {
			f.impossible(name, "chaque adulte doit avoir le même nombre de mois.")
			return nil
		}
		for i := range months {
			months[i] = append(months[i], row[min(i, len(row)-1)])
		}
	}
	return months
}
