package rights

import (
	"sort"

	"github.com/shopspring/decimal"
)

// shortNames maps the names used in "parametres" to keys of amounts.yaml. The
// same short name means another key in another estimate (montant_base).
func shortNames(t Type) map[string]string {
	switch t {
	case RSA:
		return merge(rsaNames(), prefixed("ppa.", primeNames()))
	case PrimeActivite:
		return merge(primeNames(), prefixed("rsa.", rsaNames()))
	case ComplementARE:
		return map[string]string{"taux_retenu": "complement.taux_retenu", "jours_du_mois_retenus": "complement.jours_mois",
			"coef_plafond": "complement.coef_plafond", "minimum": "are.minimum", "smic_horaire": "smic.horaire",
			"taux_retraite": "are.retraite_taux", "taux_csg": "csg.chomage", "taux_crds": "crds", "abattement_csg": "csg.abattement"}
	case ASS:
		return map[string]string{"ass_journaliere": "ass.journaliere", "jours": "ass.jours_mois",
			"plafond_seul_jours": "ass.plafond_seul_jours", "plafond_couple_jours": "ass.plafond_couple_jours"}
	case AREOuverture:
		return map[string]string{"partie_fixe": "are.partie_fixe", "prop": "are.part_sjr", "plancher_sjr": "are.plancher_sjr",
			"plafond_sjr": "are.plafond_sjr", "minimum": "are.minimum", "coef_conjoncture": "are.coef_conjoncture",
			"duree_min": "are.duree_min", "jours_min": "are.affiliation_jours", "smic_horaire": "smic.horaire", "pmss": "pss.mensuel"}
	}
	return nil
}

func rsaNames() map[string]string {
	return map[string]string{"montant_base": "rsa.base", "seuil_versement": "rsa.seuil_versement", "bmaf": "bmaf", "pente": "rsa.pente",
		"forfaits.1": "rsa.forfait_logement_1", "forfaits.2": "rsa.forfait_logement_2", "forfaits.3": "rsa.forfait_logement_3",
		"majoration_2": "rsa.personne_2", "majoration_3": "rsa.personne_3", "majoration_enfant": "rsa.enfant_suppl",
		"isole_base": "rsa.isole_base", "isole_enfant": "rsa.isole_enfant", "age_minimum": "rsa.age_minimum"}
}

func primeNames() map[string]string {
	return map[string]string{"montant_base": "pa.base", "seuil_versement": "pa.seuil_versement", "pente": "pa.pente", "smic_horaire": "smic.horaire",
		"bonif_seuil_smic": "pa.bonif_seuil_smic", "bonif_max_smic": "pa.bonif_max_smic", "bonif_taux_max": "pa.bonif_taux_max",
		"forfaits.1": "pa.forfait_logement_1", "forfaits.2": "pa.forfait_logement_2", "forfaits.3": "pa.forfait_logement_3",
		"majoration_2": "pa.personne_2", "majoration_3": "pa.personne_3", "majoration_enfant": "pa.enfant_suppl",
		"isole_base": "pa.isole_base", "isole_enfant": "pa.isole_enfant", "age_minimum": "pa.age_minimum"}
}

func prefixed(prefix string, names map[string]string) map[string]string {
	out := make(map[string]string, len(names))
	for name, key := range names {
		out[prefix+name] = key
	}
	return out
}

func merge(a, b map[string]string) map[string]string {
	for name, key := range b {
		a[name] = key
	}
	return a
}

// readOverrides turns "parametres" into values by key. It returns the names it
// does not know; impossible values are problems of the form.
func readOverrides(f *form, t Type, amounts *Amounts) (map[string]decimal.Decimal, []string) {
	names, values, unknown := shortNames(t), map[string]decimal.Decimal{}, []string{}
	flat := Fields{}
	flatten(flat, "", f.fields)
	for _, name := range sortedNames(flat) {
		key, ok := names[name]
		if !ok {
			if key = name; amounts.byKey[key] == nil {
				unknown = append(unknown, name)
				continue
			}
		}
		if flat[name] == nil {
			continue
		}
		if d, ok := f.positive(name, flat[name]); ok {
			values[key] = d
		}
	}
	return values, unknown
}

// flatten writes {"ppa":{"pente":1}} as {"ppa.pente":1}.
func flatten(out Fields, prefix string, in Fields) {
	for name, v := range in {
		if inner, ok := v.(Fields); ok {
			flatten(out, prefix+name+".", inner)
			continue
		}
		out[prefix+name] = v
	}
}

func sortedNames(f Fields) []string {
	names := make([]string, 0, len(f))
	for name := range f {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
