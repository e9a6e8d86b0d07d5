package rights

import "github.com/shopspring/decimal"

// householdFields are the facts known by rsa and prime_activite.
var householdFields = []string{
	"adultes", "enfants_a_charge", "parent_isole_majore", "aide_logement_mensuelle", "logement",
	"revenus_activite_mensuels_moyens", "revenus_activite_par_adulte", "revenus_activite_par_adulte_mensuels", "revenus_par_mois",
	"autres_ressources_mensuelles", "ressources_hors_activite_mensuelles", "prestations_familiales_prises_en_compte",
	"revenus_interrompus_sans_substitution", "revenus_activite_avant_neutralisation", "age_demandeur", "age_conjoint", "condition_rsa_jeune",
}

// housing is how the home counts.
type housing string

const (
	withAid      housing = "al"                       // rented with housing aid: the smaller of aid and forfait
	freeOfCharge housing = "proprietaire_sans_charge" // owner without loan, or housed free: the whole forfait
	noForfait    housing = "aucun"
)

// household is the home of a RSA or prime d'activité case. Amounts are euros a
// month; months[i][j] is what adult j earned in reference month i.
type household struct {
	adults, children int
	adultsGiven      bool
	isolated         bool
	housing          housing
	aid              decimal.Decimal
	aidGiven         bool
	months           [][]decimal.Decimal
	activity         decimal.Decimal // mean of the reference months, all adults
	other, family    decimal.Decimal
	age, spouseAge   int // 0 when not given
	youthCondition   bool
	interrupted      bool
}

func (h household) people() int { return h.adults + h.children }

// readHousehold reads the facts without asking for what an ineligible person
// does not need.
func readHousehold(w *workings) household {
	f := &w.in
	var h household
	h.adults, h.adultsGiven = f.whole("adultes", 1, 2)
	if !f.given("adultes") {
		h.adults = 1
	}
	h.children, _ = f.whole("enfants_a_charge", 0, 20)
	h.isolated, _ = f.flag("parent_isole_majore")
	if h.isolated && h.adults == 2 {
		f.impossible("parent_isole_majore", "un parent isolé vit seul : « adultes » doit être 1.")
	}
	h.age, _ = f.whole("age_demandeur", 1, 120)
	h.spouseAge, _ = f.whole("age_conjoint", 1, 120)
	h.youthCondition, _ = f.flag("condition_rsa_jeune")
	h.interrupted, _ = f.flag("revenus_interrompus_sans_substitution")
	h.family, _ = f.amount("prestations_familiales_prises_en_compte")
	h.other, _ = f.amount("autres_ressources_mensuelles")
	if d, ok := f.amount("ressources_hors_activite_mensuelles"); ok {
		if f.given("autres_ressources_mensuelles") && !d.Equal(h.other) {
			w.warn("Les autres ressources sont données deux fois. « ressources_hors_activite_mensuelles » est utilisé.")
		}
		h.other = d
	}
	h.readHousing(w)
	h.readEarnings(w)
	return h
}

func (h *household) readHousing(w *workings) {
	f := &w.in
	h.aid, h.aidGiven = f.amount("aide_logement_mensuelle")
	word, ok := f.word("logement", string(withAid), string(freeOfCharge), "loge_gratuitement", string(noForfait))
	switch {
	case word == "loge_gratuitement":
		h.housing = freeOfCharge
	case ok:
		h.housing = housing(word)
	case h.aid.IsPositive():
		h.housing = withAid
	default:
		h.housing = noForfait
	}
}

// scale is one set of household coefficients: RSA and prime d'activité use the
// same shape with their own keys.
type scale struct{ prefix string }

// coefficient multiplies the base amount for the household.
// CASF art. R262-1 and D262-1; CSS art. D843-1.
func (s scale) coefficient(r *rates, h household) decimal.Decimal {
	c, n := one, h.people()
	if n >= 2 {
		c = c.Add(r.get(s.prefix + "personne_2"))
	}
	if n >= 3 {
		c = c.Add(r.get(s.prefix + "personne_3"))
	}
	if n >= 4 && h.adults == 1 {
		c = c.Add(r.get(s.prefix + "enfant_suppl"))
	}
	if n >= 4 && h.adults == 2 {
		c = c.Add(r.get(s.prefix + "personne_3"))
	}
	if n > 4 {
		c = c.Add(r.get(s.prefix + "enfant_suppl").Mul(num(n - 4)))
	}
	if !h.isolated {
		return c
	}
	// CASF art. L262-9: a parent alone, or a pregnant woman alone.
	return decimal.Max(c, r.get(s.prefix+"isole_base").Add(r.get(s.prefix+"isole_enfant").Mul(num(h.children))))
}

// forfait is the flat housing amount of a household: 12 % of the base for one
// person, 16 % of the base × 1.5 for two, 16.5 % of the base × 1.8 for three
// and more. CASF art. R262-9; CSS art. R844-3.
func (s scale) forfait(r *rates, h household) (amount, rate, of decimal.Decimal) {
	of = r.get(s.prefix + "base")
	switch n := h.people(); {
	case n <= 1:
		rate = r.get(s.prefix + "forfait_logement_1")
	case n == 2:
		rate = r.get(s.prefix + "forfait_logement_2")
		of = of.Mul(one.Add(r.get(s.prefix + "personne_2")))
	default:
		rate = r.get(s.prefix + "forfait_logement_3")
		of = of.Mul(one.Add(r.get(s.prefix + "personne_2")).Add(r.get(s.prefix + "personne_3")))
	}
	return rate.Mul(of), rate, of
}

// deduction is the part of the forfait taken off, with its step.
func (s scale) deduction(w *workings, h household) decimal.Decimal {
	if h.housing == noForfait {
		w.step("Forfait logement : 0 € (pas d'aide au logement, pas de logement gratuit).")
		return zero
	}
	whole, rate, of := s.forfait(w.rates, h)
	w.step("Forfait logement : %s × %s = %s.", pc(rate), nu(of), eu(whole))
	if h.housing == freeOfCharge {
		w.step("Vous êtes propriétaire sans crédit ou logé gratuitement : le forfait entier est retiré.")
		return whole
	}
	if !h.aidGiven {
		w.warn("Le montant de l'aide au logement n'est pas donné. Le forfait entier est retiré.")
		return whole
	}
	if h.aid.LessThan(whole) {
		w.step("Votre aide au logement (%s) est plus petite que le forfait : elle est retirée à sa place.", eu(h.aid))
		return h.aid
	}
	return whole
}
