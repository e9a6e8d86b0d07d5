package rights

import (
	"fmt"
	"strings"

	"github.com/shopspring/decimal"
)

// Estimate computes one case with the amounts in force in its month. A case
// that cannot be computed gives a [Result] whose Error names the fields.
func Estimate(amounts *Amounts, c Case) Result {
	w := &workings{}
	months, ok := parsePeriod(strings.TrimSpace(c.Period))
	w.in = form{fields: c.Inputs}
	switch {
	case c.Period == "":
		w.in.impossible("periode", "elle manque. Indiquez l'année et le mois, par exemple 2026-10.")
	case !ok:
		w.in.impossible("periode", "cette période est impossible. Indiquez l'année et le mois, par exemple 2026-10, ou 2026-10..2026-12 pour plusieurs mois.")
	}
	compute, known := estimator(c.Type)
	if compute == nil {
		w.in.impossible("type", "ce calcul est inconnu. Utilisez : rsa, prime_activite, complement_are, ass, are_ouverture.")
	}
	if len(w.in.problems) > 0 {
		return w.result(c)
	}
	w.months = months
	w.open(amounts, c)
	w.ignore("entrees.", w.in.unknown(known))
	compute(w) // reads every fact, then stops if one is impossible
	return w.result(c)
}

// estimator gives the computing of a type and the facts it knows.
func estimator(t Type) (compute func(*workings), known []string) {
	switch t {
	case RSA:
		return estimateRSA, householdFields
	case PrimeActivite:
		return estimatePrime, householdFields
	case ComplementARE:
		return estimateComplement, complementFields
	case ASS:
		return estimateASS, assFields
	case AREOuverture:
		return estimateOpening, openingFields
	}
	return nil, nil
}

// workings is the sheet of paper of one estimate: facts, rates, steps.
type workings struct {
	months   []month
	in       form
	rates    *rates
	steps    []string
	sources  []string
	warnings []string
	figures  []Figure
}

func (w *workings) open(amounts *Amounts, c Case) {
	params := form{fields: c.Params, prefix: "parametres."}
	override, unknown := readOverrides(&params, c.Type, amounts)
	w.in.problems = append(w.in.problems, params.problems...)
	w.rates = &rates{amounts: amounts, override: override, on: w.months[0].first()}
	w.ignore("parametres.", unknown)
	if len(w.months) > 1 && c.Type != ComplementARE {
		w.warn("Plusieurs mois sont demandés. Le calcul est fait pour le premier : %s.", w.months[0].first().Format("01/2006"))
	}
}

func (w *workings) ignore(prefix string, names []string) {
	for _, name := range names {
		w.warn("Champ inconnu, non utilisé : « %s%s ».", prefix, clip(name))
	}
}

// clip keeps a name given by the caller short.
func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}

func (w *workings) step(format string, args ...any) {
	w.steps = append(w.steps, fmt.Sprintf(format, args...))
}

func (w *workings) warn(format string, args ...any) {
	w.warnings = append(w.warnings, fmt.Sprintf(format, args...))
}

func (w *workings) source(s ...string) { w.sources = append(w.sources, s...) }

// money records an amount, rounded to the cent.
func (w *workings) money(key string, d decimal.Decimal) {
	w.figures = append(w.figures, Figure{Key: key, One: d.Round(2)})
}

func (w *workings) count(key string, n int) {
	w.figures = append(w.figures, Figure{Key: key, One: decimal.NewFromInt(int64(n))})
}

func (w *workings) yes(key string, v bool) {
	w.figures = append(w.figures, Figure{Key: key, Yes: &v})
}

func (w *workings) many(key string, d []decimal.Decimal) {
	w.figures = append(w.figures, Figure{Key: key, Many: d})
}

// failed tells that the facts cannot be computed; estimators stop there.
func (w *workings) failed() bool { return len(w.in.problems) > 0 }

func (w *workings) result(c Case) Result {
	r := Result{ID: c.ID, Type: c.Type}
	if w.rates != nil {
		for _, key := range w.rates.missing {
			w.in.problems = append(w.in.problems, fmt.Sprintf("Le montant « %s » manque dans amounts.yaml.", key))
		}
	}
	if len(w.in.problems) > 0 {
		r.Error = strings.Join(w.in.problems, " ")
		return r
	}
	r.Figures, r.Steps, r.Since = w.figures, w.steps, w.rates.newest()
	r.Sources = once(append(w.sources, w.rates.sources()...))
	r.Warnings = once(append(w.warnings, w.rates.warnings()...))
	return r
}

func once(in []string) []string {
	var out []string
	for _, s := range in {
		if !contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

var (
	zero = decimal.Zero
	one  = decimal.NewFromInt(1)
)

func num(n int) decimal.Decimal { return decimal.NewFromInt(int64(n)) }

// mean divides a sum with enough digits for the cent to stay exact.
func mean(sum decimal.Decimal, n int) decimal.Decimal { return sum.DivRound(num(n), 20) }

// eu, nu and pc are the French writings used in the steps.
func eu(d decimal.Decimal) string { return FormatEuros(d) }
func nu(d decimal.Decimal) string { return formatNumber(d) }
func pc(d decimal.Decimal) string { return FormatPercent(d) }
