package rights

import (
	"fmt"
	"sort"
	"time"

	"github.com/shopspring/decimal"
)

// rates gives the amounts and rates of one month: those of the case's
// "parametres" first, then the dated ones. It remembers what was used, for the
// sources and the warnings of the result.
type rates struct {
	amounts  *Amounts
	on       time.Time
	override map[string]decimal.Decimal
	used     []string
	missing  []string
}

func (r *rates) get(key string) decimal.Decimal {
	if !contains(r.used, key) {
		r.used = append(r.used, key)
	}
	if d, ok := r.override[key]; ok {
		return d
	}
	d, _, ok := r.amounts.Nearest(key, r.on)
	if !ok && !contains(r.missing, key) {
		r.missing = append(r.missing, key)
	}
	return d.Value
}

// known tells whether a value is given for the month itself, so that a rule
// that began on a day is not applied before it.
func (r *rates) known(key string) bool {
	if _, ok := r.override[key]; ok {
		return true
	}
	_, ok := r.amounts.At(key, r.on)
	return ok
}

// sources lists the dated texts behind the values used.
func (r *rates) sources() []string {
	var out []string
	for _, key := range r.used {
		d, _, ok := r.amounts.Nearest(key, r.on)
		m := r.amounts.byKey[key]
		if !ok {
			continue
		}
		if v, given := r.override[key]; given {
			out = append(out, fmt.Sprintf("%s : %s (valeur donnée dans la demande)", m.Label, formatUnit(v, m.Unit)))
			continue
		}
		out = append(out, fmt.Sprintf("%s : %s depuis le %s (%s)", m.Label, formatUnit(d.Value, m.Unit), FormatDate(d.From), d.Source))
	}
	return out
}

// warnings tells which values used are doubtful or taken from a later time.
func (r *rates) warnings() []string {
	var out []string
	for _, key := range r.used {
		if _, given := r.override[key]; given {
			continue
		}
		d, exact, ok := r.amounts.Nearest(key, r.on)
		m := r.amounts.byKey[key]
		switch {
		case !ok:
		case !exact:
			out = append(out, fmt.Sprintf("%s : la valeur de %s n'est pas connue. La plus proche est utilisée : %s (%s).",
				m.Label, r.on.Format("01/2006"), formatUnit(d.Value, m.Unit), FormatDate(d.From)))
		case d.Confidence == Doubtful && m.Doubt != "":
			out = append(out, m.Doubt)
		}
	}
	return out
}

// newest is the latest day on which one of the confirmed values used took effect.
func (r *rates) newest() time.Time {
	var last time.Time
	for _, key := range r.used {
		if _, given := r.override[key]; given {
			continue
		}
		if d, _, ok := r.amounts.Nearest(key, r.on); ok && d.Confidence == Sure && d.From.After(last) {
			last = d.From
		}
	}
	return last
}

// RequiredKeys lists the keys of amounts that the estimates read, so that a
// check of the content can refuse a file that lost one.
func RequiredKeys() []string {
	keys := []string{"rsa.pente", "csg.chomage_deductible", "csg.chomage", "csg.abattement", "crds", "are.retraite_taux",
		"are.affiliation_heures", "are.inactivite_taux", "are.duree_max_1", "are.duree_max_2", "are.duree_max_3",
		"are.palier_age_1", "are.palier_age_2", "are.salaire_plafond_pss", "are.affiliation_age"}
	for _, t := range Types() {
		for _, key := range shortNames(t) {
			if !contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	sort.Strings(keys)
	return keys
}

// Missing lists the required keys that the amounts do not have.
func (a *Amounts) Missing() []string {
	var out []string
	for _, key := range RequiredKeys() {
		if _, ok := a.byKey[key]; !ok {
			out = append(out, key)
		}
	}
	return out
}
