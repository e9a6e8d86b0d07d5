package rights

import (
	"strings"

	"github.com/shopspring/decimal"
)

var openingFields = []string{
	"salaires_bruts_mensuels", "salaires_bruts_total", "jours_travailles", "heures_travaillees", "jours_prc", "motif", "sjr",
	"age", "age_fin_contrat", "quotite",
}

// lost lists the ends of contract that open a right; kept those that do not.
// Règlement d'assurance chômage, art. 2.
var (
	lostReasons = []string{"fin_cdd", "licenciement", "licenciement_economique", "licenciement_inaptitude", "licenciement_faute",
		"rupture_conventionnelle", "rupture_conventionnelle_collective", "fin_mission", "fin_mission_interim",
		"fin_periode_essai_employeur", "demission_legitime"}
	keptReasons = []string{"demission", "abandon_de_poste", "fin_periode_essai_salarie", "retraite", "autre"}
)

// opening is what is known of the person who lost a job. Wages are gross
// euros; days are calendar days unless said otherwise.
type opening struct {
	reason        string
	wages         []decimal.Decimal // month by month, oldest first, when given
	wagesTotal    decimal.Decimal
	wagesGiven    bool
	worked        decimal.Decimal // working days
	workedGiven   bool
	hours         decimal.Decimal
	reference     int // days of the reference period, 0 when not given
	sjr           decimal.Decimal
	age           int // 0 when not given
	partTime      decimal.Decimal
	partTimeGiven bool
}

// estimateOpening computes whether ARE opens, its daily amount and duration.
// Règlement d'assurance chômage (convention of 15/11/2024), art. 2, 3, 9, 11
// to 16 and 19.
func estimateOpening(w *workings) {
	o := readOpening(w)
	if w.failed() {
		return
	}
	w.source("Règlement d'assurance chômage (convention du 15 novembre 2024), art. 2, 3, 9 et 11 à 19",
		"Simulateur officiel : "+simulatorFranceTravail)
	if !w.opens(&o) || w.failed() {
		if !w.failed() {
			w.yes("eligible", false)
		}
		return
	}
	brut, length := w.length(o)
	sjr := w.referenceWage(o, brut)
	if w.failed() {
		return
	}
	daily := w.dailyAmount(o, sjr)
	net := w.dailyNet(daily, sjr)
	thirty := num(30)
	w.yes("eligible", true)
	w.money("aj_brute", daily)
	w.count("duree_jours", length)
	w.money("mensuel_brut_30j", daily.Mul(thirty))
	w.money("mensuel_net_30j", net.Mul(thirty))
	w.money("sjr", sjr)
	w.step("Pour un mois de 30 jours : %s brut, %s net avant impôt.", eu(daily.Mul(thirty)), eu(net.Mul(thirty)))
	w.warn("Le plus sûr est de lire le montant et la durée sur la notification de France Travail.")
}

func readOpening(w *workings) opening {
	f := &w.in
	var o opening
	o.reason, _ = f.word("motif", append(append([]string{}, lostReasons...), keptReasons...)...)
	if f.given("salaires_bruts_mensuels") {
		o.wages, o.wagesGiven = f.amounts("salaires_bruts_mensuels")
	}
	if total, ok := f.amount("salaires_bruts_total"); ok {
		o.wagesTotal, o.wagesGiven = total, true
	}
	o.worked, o.workedGiven = f.amount("jours_travailles")
	o.hours, _ = f.amount("heures_travaillees")
	o.reference, _ = f.whole("jours_prc", 1, 1200)
	if o.sjr, _ = f.amount("sjr"); f.given("sjr") && o.sjr.IsZero() && !w.failed() {
		f.impossible("sjr", "il doit être plus grand que 0.")
	}
	name := "age"
	if f.given("age_fin_contrat") {
		name = "age_fin_contrat"
	}
	o.age, _ = f.whole(name, 14, 90)
	o.partTime, o.partTimeGiven = f.amount("quotite")
	if o.partTimeGiven && (o.partTime.IsZero() || o.partTime.GreaterThan(one)) {
		f.impossible("quotite", "elle va de 0.01 à 1 (1 = temps plein).")
	}
	if o.reference > 0 && o.workedGiven && o.worked.GreaterThan(num(o.reference)) {
		f.impossible("jours_travailles", "%s jours travaillés ne tiennent pas dans %d jours de période.", nu(o.worked), o.reference)
	}
	o.fillFromWages(w)
	return o
}

// fillFromWages counts the days from the list of monthly wages when they are
// not given: the list ends the month before the period of the case.
func (o *opening) fillFromWages(w *workings) {
	last := w.months[0]
	working, calendar := 0, 0
	for i, wage := range o.wages {
		m := last.add(i - len(o.wages))
		if calendar == 0 && wage.IsZero() {
			continue // not yet at work
		}
		calendar += m.days()
		if wage.IsPositive() {
			working += m.workingDays()
		}
	}
	if !o.workedGiven && len(o.wages) > 0 {
		o.worked, o.workedGiven = num(working), true
		w.warn("Les jours travaillés ne sont pas donnés : %d jours ouvrés sont comptés d'après les salaires.", working)
	}
	if o.reference == 0 && calendar > 0 {
		o.reference = calendar
	}
}

// opens tells whether the right opens, with the reason when it does not.
func (w *workings) opens(o *opening) bool {
	f := &w.in
	if contains(keptReasons, o.reason) {
		w.step("La fin du contrat (%s) n'est pas une perte d'emploi involontaire : pas d'ARE.", strings.ReplaceAll(strings.Replace(o.reason, "demission", "démission", 1), "_", " "))
		w.warn("Il y a des exceptions : démission légitime, projet de création ou de reconversion validé avant de démissionner.")
		return false
	}
	need, needHours := w.rates.get("are.affiliation_jours"), w.rates.get("are.affiliation_heures")
	if !o.workedGiven && o.hours.IsPositive() {
		o.worked, o.workedGiven = o.hours.Div(num(7)), true
	}
	f.need(o.workedGiven, "jours_travailles", "le nombre de jours travaillés")
	if w.failed() {
		return false
	}
	if o.worked.LessThan(need) && o.hours.LessThan(needHours) {
		w.step("Jours travaillés : %s. Il en faut %s (ou %s heures) : pas d'ARE.", nu(o.worked), nu(need), nu(needHours))
		return false
	}
	f.need(o.reason != "", "motif", "la raison de la fin du contrat, par exemple fin_cdd, licenciement ou demission")
	if w.failed() {
		return false
	}
	w.step("Jours travaillés : %s. Il en faut %s : le droit s'ouvre.", nu(o.worked), nu(need))
	return true
}
