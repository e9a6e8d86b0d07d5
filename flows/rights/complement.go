package rights

import "github.com/shopspring/decimal"

var complementFields = []string{
	"remuneration_brute_mensuelle", "allocation_journaliere_brute", "allocation_journaliere_taux_plein", "sjr", "jours_restants",
}

// rightsOpen is an open right to ARE: daily amounts in euros, days left.
type rightsOpen struct {
	daily    decimal.Decimal // gross daily amount paid
	fullRate decimal.Decimal // daily amount before degressivity
	sjr      decimal.Decimal // reference daily wage, zero when not known
	left     int             // days left, -1 when not known
}

// complementMonth is one month of ARE kept with a remuneration. deductions is
// negative. payable counts the days before the limit of the days left.
type complementMonth struct {
	full            decimal.Decimal
	payable, paid   int
	gross           decimal.Decimal
	deductions, net decimal.Decimal
}

// estimateComplement computes the ARE kept in a month with a remuneration, or
// in several months in a row. Règlement d'assurance chômage, art. 24, 30 to 32:
// (full ARE of the month − 70 % of the gross remuneration) ÷ daily amount,
// rounded to whole days; ARE + remuneration stay under SJR × 30.42.
func estimateComplement(w *workings) {
	pay := readPay(w)
	right := readRight(w)
	if w.failed() {
		return
	}
	w.source("Règlement d'assurance chômage (convention du 15 novembre 2024), art. 24 et 30 à 32",
		"Simulateur officiel : "+simulatorFranceTravail)
	if right.sjr.IsZero() {
		w.warn("Le salaire journalier de référence (SJR) n'est pas donné. Le plafond du cumul et le net ne sont pas calculés.")
	}
	if right.left < 0 {
		w.warn("Les jours d'ARE qui restent ne sont pas donnés. Le calcul suppose qu'il en reste assez.")
	}
	if len(w.months) == 1 {
		w.oneMonth(right, pay[0])
		return
	}
	w.severalMonths(right, pay)
}

// readPay reads the remuneration: one for all months or one for each. An
// explicit null is a month without pay.
func readPay(w *workings) []decimal.Decimal {
	const name = "remuneration_brute_mensuelle"
	f := &w.in
	pay, ok := f.amounts(name)
	if v, present := f.fields[name]; present && v == nil {
		w.warn("La rémunération n'est pas donnée : 0 € est utilisé.")
		return []decimal.Decimal{zero}
	}
	f.need(ok || f.given(name), name, "la rémunération brute du mois (0 si rien)")
	if ok && len(pay) != 1 && len(pay) != len(w.months) {
		f.impossible(name, "il y a %d montants pour %d mois.", len(pay), len(w.months))
	}
	return pay
}

func readRight(w *workings) rightsOpen {
	f := &w.in
	right := rightsOpen{left: -1}
	daily, ok := f.amount("allocation_journaliere_brute")
	f.need(ok || f.given("allocation_journaliere_brute"), "allocation_journaliere_brute", "l'ARE brute d'un jour (elle est sur la notification de France Travail)")
	if ok && !daily.IsPositive() {
		f.impossible("allocation_journaliere_brute", "elle doit être plus grande que 0.")
	}
	right.daily, right.fullRate = daily, daily
	if full, ok := f.amount("allocation_journaliere_taux_plein"); ok && full.IsPositive() {
		if right.fullRate = full; full.LessThan(daily) {
			f.impossible("allocation_journaliere_taux_plein", "elle ne peut pas être plus petite que l'allocation payée.")
		}
	}
	right.sjr, _ = f.amount("sjr")
	if left, ok := f.whole("jours_restants", 0, 3000); ok {
		right.left = left
	}
	return right
}

func (w *workings) oneMonth(right rightsOpen, pay decimal.Decimal) {
	m := w.complementMonth(right, w.months[0], pay)
	w.count("jours_indemnisables", m.payable)
	w.count("jours", m.paid)
	w.money("brut", m.gross)
	w.money("brut_are_plein", m.full)
	if !right.sjr.IsZero() {
		w.money("deductions", m.deductions)
		w.money("net", m.net)
	}
	if right.left >= 0 {
		w.count("jours_restants_fin_mois", right.left-m.paid)
	}
}

func (w *workings) severalMonths(right rightsOpen, pay []decimal.Decimal) {
	var days, lefts, gross, nets []decimal.Decimal
	sum := zero
	for i, month := range w.months {
		lefts = append(lefts, num(max(right.left, 0)))
		w.step("Mois %s :", month.first().Format("01/2006"))
		m := w.complementMonth(right, month, pay[min(i, len(pay)-1)])
		if right.left >= 0 {
			right.left -= m.paid
		}
		days, gross, nets = append(days, num(m.paid)), append(gross, m.gross), append(nets, m.net)
		sum = sum.Add(m.gross)
	}
	w.many("jours_par_mois", days)
	if right.left >= 0 {
		w.many("jours_restants_debut_mois", lefts)
		w.count("jours_restants_fin_mois", right.left)
	}
	w.many("brut_par_mois", gross)
	w.money("brut_total", sum)
	if !right.sjr.IsZero() {
		w.many("net_par_mois", nets)
	}
}

// complementMonth computes one month with the rates of that month.
func (w *workings) complementMonth(right rightsOpen, of month, pay decimal.Decimal) complementMonth {
	w.rates.on = of.first()
	var m complementMonth
	days := w.paidDays(of)
	rate := w.rates.get("complement.taux_retenu")
	m.full = right.fullRate.Mul(days)
	held := rate.Mul(pay)
	rest := m.full.Sub(held)
	w.step("ARE entière du mois : %s jours × %s = %s.", nu(days), nu(right.fullRate), eu(m.full))
	w.step("%s − %s × %s = %s", nu(m.full), pc(rate), nu(pay), nu(rest))
	if !rest.IsPositive() {
		w.step("Il ne reste rien : ARE à 0 € ce mois-ci. Les jours non payés sont gardés pour plus tard.")
		return m
	}
	// The nearest whole number; an exact half goes to the even one, as in the
	// published model of the rule.
	quotient := rest.DivRound(right.fullRate, 16)
	m.payable = int(quotient.RoundBank(0).IntPart())
	w.step("%s ÷ %s = %s, arrondi à %s.", nu(rest), nu(right.fullRate), nu(quotient), dayCount(m.payable))
	m.payable = w.capped(right, pay, m.payable)
	m.paid = m.payable
	if right.left >= 0 && right.left < m.paid {
		m.paid = right.left
		w.step("Jours d'ARE qui restent : %d. Ils limitent le nombre de jours payés.", right.left)
	}
	m.gross = right.daily.Mul(num(m.paid)).Round(2)
	w.step("ARE brute : %s × %s = %s.", dayCount(m.paid), nu(right.daily), eu(m.gross))
	w.monthNet(right, &m)
	return m
}

// paidDays is how many days a whole month counts: 30 since April 2025 (art.
// 24), the days of the calendar before.
func (w *workings) paidDays(of month) decimal.Decimal {
	if w.rates.known("complement.jours_mois") {
		return w.rates.get("complement.jours_mois")
	}
	return num(of.days())
}

// capped lowers the days so that ARE + remuneration stay under SJR × 30.42.
func (w *workings) capped(right rightsOpen, pay decimal.Decimal, days int) int {
	if right.sjr.IsZero() {
		return days
	}
	factor := w.rates.get("complement.coef_plafond")
	ceiling := right.sjr.Mul(factor)
	if right.daily.Mul(num(days)).Add(pay).LessThanOrEqual(ceiling) {
		return days
	}
	room := decimal.Max(ceiling.Sub(pay), zero)
	days = int(room.Div(right.daily).Floor().IntPart())
	w.step("Plafond : ARE + rémunération ≤ %s × %s = %s. Il reste %s, soit %s.",
		nu(right.sjr), FormatDecimal(factor), eu(ceiling), eu(room), dayCount(days))
	return days
}

// monthNet takes off the daily deductions of each day paid. Complementary
// pension (3 % of SJR) is due if the daily amount stays above the minimum ARE;
// CSG and CRDS if it stays above the daily minimum wage (5 hours, rounded up).
// CSS art. L136-1-2 and L136-8; règlement d'assurance chômage, art. 19.
func (w *workings) monthNet(right rightsOpen, m *complementMonth) {
	if right.sjr.IsZero() {
		return
	}
	r := w.rates
	pension := r.get("are.retraite_taux").Mul(right.sjr)
	if !right.daily.Sub(pension).GreaterThan(r.get("are.minimum")) {
		pension = zero
	}
	pension = pension.Round(2)
	base := right.daily.Sub(pension)
	taxed := base.Mul(one.Sub(r.get("csg.abattement")))
	floor := r.get("smic.horaire").Mul(num(5)).Ceil()
	csg, crds := taxed.Mul(r.get("csg.chomage")), taxed.Mul(r.get("crds"))
	if !base.Sub(csg).GreaterThan(floor) {
		csg = zero
	}
	if !base.Add(csg).Sub(crds).GreaterThan(floor) {
		crds = zero
	}
	perDay := pension.Add(csg.Round(2)).Add(crds.Round(2))
	off := perDay.Mul(num(m.paid))
	m.deductions = off.Neg()
	m.net = decimal.Max(m.gross.Sub(off), zero)
	w.step("Retenues par jour : retraite complémentaire %s, CSG %s, CRDS %s.", eu(pension), eu(csg), eu(crds))
	w.step("ARE nette avant impôt : %s − %d × %s = %s.", nu(m.gross), m.paid, nu(perDay), eu(m.net))
}

// dayCount writes "1 jour", "23 jours".
func dayCount(n int) string {
	if n < 2 {
		return nu(num(n)) + " jour"
	}
	return nu(num(n)) + " jours"
}
