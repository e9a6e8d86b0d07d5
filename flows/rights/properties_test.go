package rights

import (
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"
)

// cents draws an amount between 0 and most euros, to the cent.
func cents(t *rapid.T, name string, most int64) decimal.Decimal {
	return decimal.New(rapid.Int64Range(0, most*100).Draw(t, name), -2)
}

func drawPeriod(t *rapid.T, from int) string {
	year, m := rapid.IntRange(from, 2026).Draw(t, "year"), rapid.IntRange(1, 12).Draw(t, "month")
	return month{year, monthOf(day("2000-01-01")).add(m - 1).m}.first().Format("2006-01")
}

func drawHousehold(t *rapid.T) Fields {
	adults := rapid.IntRange(1, 2).Draw(t, "adults")
	return Fields{
		"adultes": num(adults), "enfants_a_charge": num(rapid.IntRange(0, 8).Draw(t, "children")),
		"parent_isole_majore":          adults == 1 && rapid.Bool().Draw(t, "isolated"),
		"logement":                     rapid.SampledFrom([]string{"al", "proprietaire_sans_charge", "aucun"}).Draw(t, "housing"),
		"aide_logement_mensuelle":      cents(t, "aid", 400),
		"autres_ressources_mensuelles": cents(t, "other", 800),
	}
}

func with(f Fields, name string, v Value) Fields {
	out := Fields{name: v}
	for k, e := range f {
		if k != name {
			out[k] = e
		}
	}
	return out
}

func mustAmount(t *rapid.T, a *Amounts, c Case, key string) decimal.Decimal {
	r := Estimate(a, c)
	if r.Error != "" {
		t.Fatalf("%+v: %s", c, r.Error)
	}
	d, ok := r.Amount(key)
	if !ok {
		t.Fatalf("no %s in %+v", key, r.Figures)
	}
	if d.IsNegative() {
		t.Fatalf("%s = %s is negative in %+v", key, d, c)
	}
	return d
}

// RSA falls by one euro for each euro earned (38 cents before 2016), down to
// the smallest amount paid.
func TestRSAFallsWithIncome(t *testing.T) {
	amounts := loadContent(t)
	rapid.Check(t, func(t *rapid.T) {
		home, period := drawHousehold(t), drawPeriod(t, 2014)
		earned, more := cents(t, "earned", 2000), cents(t, "more", 300)
		at := func(d decimal.Decimal) decimal.Decimal {
			return mustAmount(t, amounts, Case{Type: RSA, Period: period, Inputs: with(home, "revenus_activite_mensuels_moyens", d)}, "rsa")
		}
		before, after := at(earned), at(earned.Add(more))
		if after.GreaterThan(before) {
			t.Fatalf("RSA rose from %s to %s", before, after)
		}
		rate := one
		if period < "2016" {
			rate = decimal.New(38, -2)
		}
		if after.IsPositive() && before.Sub(after).Sub(rate.Mul(more)).Abs().GreaterThan(decimal.New(1, -2)) {
			t.Fatalf("RSA fell by %s for %s more", before.Sub(after), more)
		}
		if before.IsPositive() && before.LessThan(num(6)) {
			t.Fatalf("RSA of %s is under the smallest amount paid", before)
		}
	})
}

// A larger household never gets less RSA or prime d'activité, other facts equal.
func TestMoreChildrenNeverLess(t *testing.T) {
	amounts := loadContent(t)
	rapid.Check(t, func(t *rapid.T) {
		home := with(with(drawHousehold(t), "logement", "aucun"), "revenus_activite_mensuels_moyens", cents(t, "earned", 2500))
		period, children := drawPeriod(t, 2016), rapid.IntRange(0, 8).Draw(t, "n")
		at := func(n int, key string) decimal.Decimal {
			return mustAmount(t, amounts, Case{Type: RSA, Period: period, Inputs: with(home, "enfants_a_charge", num(n))}, key)
		}
		for _, key := range []string{"rsa", "prime_activite"} {
			if few, many := at(children, key), at(children+1, key); many.LessThan(few) {
				t.Fatalf("%s falls from %s to %s with one more child", key, few, many)
			}
		}
	})
}

// Earning more always leaves more: the income plus RSA plus prime d'activité
// never falls by more than the smallest amounts not paid (6 € and 15 €).
func TestWorkPays(t *testing.T) {
	amounts := loadContent(t)
	slack := num(21).Add(decimal.New(2, -2))
	rapid.Check(t, func(t *rapid.T) {
		home, period := with(drawHousehold(t), "adultes", one), drawPeriod(t, 2016)
		earned, more := cents(t, "earned", 3000), cents(t, "more", 200)
		income := func(d decimal.Decimal) decimal.Decimal {
			r := Estimate(amounts, Case{Type: RSA, Period: period, Inputs: with(home, "revenus_activite_mensuels_moyens", d)})
			rsa, _ := r.Amount("rsa")
			prime, _ := r.Amount("prime_activite")
			return d.Add(rsa).Add(prime)
		}
		if before, after := income(earned), income(earned.Add(more)); after.Add(slack).LessThan(before) {
			t.Fatalf("total falls from %s to %s", before, after)
		}
	})
}

// Prime d'activité moves by at most a cent for a cent, except where payment
// starts (15 €): the bonus is continuous at both of its ends.
func TestPrimeIsContinuous(t *testing.T) {
	amounts := loadContent(t)
	rapid.Check(t, func(t *rapid.T) {
		home, period := drawHousehold(t), drawPeriod(t, 2016)
		hour, _ := amounts.At("smic.horaire", day(period+"-01"))
		edge := rapid.SampledFrom([]string{"pa.bonif_seuil_smic", "pa.bonif_max_smic"}).Draw(t, "edge")
		hours, _ := amounts.At(edge, day(period+"-01"))
		earned := hours.Mul(hour).Add(decimal.New(rapid.Int64Range(-2, 2).Draw(t, "off"), -2))
		at := func(d decimal.Decimal) decimal.Decimal {
			return mustAmount(t, amounts, Case{Type: PrimeActivite, Period: period,
				Inputs: with(home, "revenus_activite_par_adulte_mensuels", []Value{d})}, "ppa")
		}
		before, after := at(earned), at(earned.Add(decimal.New(1, -2)))
		if before.IsZero() || after.IsZero() {
			return // around the smallest amount paid
		}
		if after.Sub(before).Abs().GreaterThan(decimal.New(3, -2)) {
			t.Fatalf("prime jumps from %s to %s at %s", before, after, earned)
		}
	})
}

// The prime of three months is the mean of the primes of each month, when each
// one is paid.
func TestPrimeIsTheMeanOfItsMonths(t *testing.T) {
	amounts := loadContent(t)
	rapid.Check(t, func(t *rapid.T) {
		home, period := drawHousehold(t), drawPeriod(t, 2016)
		months := []Value{cents(t, "m1", 1800), cents(t, "m2", 1800), cents(t, "m3", 1800)}
		at := func(v Value) decimal.Decimal {
			return mustAmount(t, amounts, Case{Type: PrimeActivite, Period: period, Params: Fields{"seuil_versement": zero},
				Inputs: with(home, "revenus_activite_par_adulte_mensuels", []Value{v})}, "ppa")
		}
		sum := zero
		for _, m := range months {
			sum = sum.Add(at(m))
		}
		if whole := at(months); whole.Sub(mean(sum, 3)).Abs().GreaterThan(decimal.New(1, -2)) {
			t.Fatalf("%s for three months, %s as a mean", whole, mean(sum, 3))
		}
	})
}

func drawComplement(t *rapid.T) (Fields, decimal.Decimal) {
	sjr := cents(t, "sjr", 200).Add(num(20))
	daily := sjr.Mul(decimal.New(rapid.Int64Range(54, 75).Draw(t, "share"), -2)).Round(2)
	return Fields{"allocation_journaliere_brute": daily, "sjr": sjr, "jours_restants": num(rapid.IntRange(0, 600).Draw(t, "left"))}, daily
}

// ARE kept with a remuneration: never more than the full month or the days
// left, never above the former wage, falling when pay rises, deductions never
// larger than the gross.
func TestComplementBounds(t *testing.T) {
	amounts := loadContent(t)
	rapid.Check(t, func(t *rapid.T) {
		right, daily := drawComplement(t)
		period, pay, more := drawPeriod(t, 2015), cents(t, "pay", 4000), cents(t, "more", 500)
		at := func(d decimal.Decimal, key string) decimal.Decimal {
			return mustAmount(t, amounts, Case{Type: ComplementARE, Period: period, Inputs: with(right, "remuneration_brute_mensuelle", d)}, key)
		}
		gross, net, days := at(pay, "brut"), at(pay, "net"), at(pay, "jours")
		if net.GreaterThan(gross) || gross.GreaterThan(at(pay, "brut_are_plein")) {
			t.Fatalf("net %s, gross %s", net, gross)
		}
		if left, _ := number(right["jours_restants"]); days.GreaterThan(left) || !gross.Equal(days.Mul(daily).Round(2)) {
			t.Fatalf("%s days for %s, %s left", days, gross, left)
		}
		sjr, _ := number(right["sjr"])
		if gross.IsPositive() && gross.Add(pay).GreaterThan(sjr.Mul(decimal.RequireFromString("30.42"))) {
			t.Fatalf("ARE %s + pay %s are over the former wage", gross, pay)
		}
		if after := at(pay.Add(more), "brut"); after.GreaterThan(gross) {
			t.Fatalf("ARE rises from %s to %s with the pay", gross, after)
		}
	})
}

// Several months in a row are the same as each month after the other.
func TestComplementMonthsAddUp(t *testing.T) {
	amounts := loadContent(t)
	rapid.Check(t, func(t *rapid.T) {
		right, _ := drawComplement(t)
		first := monthOf(day(drawPeriod(t, 2015) + "-01"))
		n := rapid.IntRange(2, 6).Draw(t, "months")
		var pays []Value
		for i := range n {
			pays = append(pays, cents(t, string(rune('a'+i)), 2500))
		}
		all := Estimate(amounts, Case{Type: ComplementARE, Inputs: with(right, "remuneration_brute_mensuelle", pays),
			Period: first.first().Format("2006-01") + ".." + first.add(n-1).first().Format("2006-01")})
		lefts, _ := all.Amounts("jours_restants_debut_mois")
		gross, _ := all.Amounts("brut_par_mois")
		if len(lefts) != n || len(gross) != n {
			t.Fatalf("%+v", all)
		}
		left, sum := right["jours_restants"], zero
		for i := range n {
			c := Case{Type: ComplementARE, Period: first.add(i).first().Format("2006-01"),
				Inputs: with(with(right, "remuneration_brute_mensuelle", pays[i]), "jours_restants", left)}
			if !lefts[i].Equal(left.(decimal.Decimal)) || !gross[i].Equal(mustAmount(t, amounts, c, "brut")) {
				t.Fatalf("month %d differs: %v %v", i, lefts, gross)
			}
			left, sum = mustAmount(t, amounts, c, "jours_restants_fin_mois"), sum.Add(gross[i])
		}
		if total, _ := all.Amount("brut_total"); !total.Equal(sum) {
			t.Fatalf("total %s, sum %s", total, sum)
		}
	})
}

// ASS falls with resources and is continuous except at its smallest amount.
func TestASSFallsWithResources(t *testing.T) {
	amounts := loadContent(t)
	rapid.Check(t, func(t *rapid.T) {
		period, couple := drawPeriod(t, 2014), rapid.Bool().Draw(t, "couple")
		resources, more := cents(t, "resources", 2500), cents(t, "more", 100)
		at := func(d decimal.Decimal) decimal.Decimal {
			return mustAmount(t, amounts, Case{Type: ASS, Period: period, Inputs: Fields{"couple": couple, "ressources_mensuelles": d}}, "ass")
		}
		before, after := at(resources), at(resources.Add(more))
		if after.GreaterThan(before) || after.IsPositive() && before.Sub(after).GreaterThan(more) {
			t.Fatalf("from %s to %s for %s more", before, after, more)
		}
	})
}

// ARE rises with the wage, stays between its bounds, and its duration rises
// with the days worked.
func TestOpeningBounds(t *testing.T) {
	amounts := loadContent(t)
	rapid.Check(t, func(t *rapid.T) {
		worked := rapid.IntRange(130, 780).Draw(t, "worked")
		sjr, more := cents(t, "sjr", 500).Add(one), cents(t, "more", 20)
		period := drawPeriod(t, 2023)
		at := func(days int, wage decimal.Decimal, key string) decimal.Decimal {
			return mustAmount(t, amounts, Case{Type: AREOuverture, Period: period,
				Inputs: Fields{"motif": "licenciement", "jours_travailles": num(days), "sjr": wage}}, key)
		}
		daily := at(worked, sjr, "aj_brute")
		if daily.GreaterThan(sjr.Mul(decimal.RequireFromString("0.75")).Round(2)) {
			t.Fatalf("%s a day is over 75 %% of %s", daily, sjr)
		}
		if richer := at(worked, sjr.Add(more), "aj_brute"); richer.LessThan(daily) {
			t.Fatalf("falls from %s to %s with the wage", daily, richer)
		}
		if at(worked, sjr, "mensuel_net_30j").GreaterThan(at(worked, sjr, "mensuel_brut_30j")) {
			t.Fatal("net over gross")
		}
		short, long := at(worked, sjr, "duree_jours"), at(worked+5, sjr, "duree_jours")
		if long.LessThan(short) || short.LessThan(num(182)) || long.GreaterThan(num(1095)) {
			t.Fatalf("%s then %s days", short, long)
		}
	})
}

// Giving the dated amounts as parameters changes nothing, and the parameters
// given are the ones used, whatever the period.
func TestOverridesRule(t *testing.T) {
	amounts := loadContent(t)
	rapid.Check(t, func(t *rapid.T) {
		period, resources := drawPeriod(t, 2014), cents(t, "resources", 1500)
		daily, _ := amounts.At("ass.journaliere", day(period+"-01"))
		inputs := Fields{"couple": false, "ressources_mensuelles": resources}
		plain := mustAmount(t, amounts, Case{Type: ASS, Period: period, Inputs: inputs}, "ass")
		given := Case{Type: ASS, Period: drawPeriod(t, 2014), Params: Fields{"ass_journaliere": daily.String()}, Inputs: inputs}
		if d := mustAmount(t, amounts, given, "ass"); !d.Equal(plain) {
			t.Fatalf("%s with the amount given, %s without", d, plain)
		}
	})
}

// FuzzEstimateLines feeds anything to the JSON reader: one answer a line, all
// of it JSON, no panic.
func FuzzEstimateLines(f *testing.F) {
	amounts := loadContent(f)
	for _, seed := range []string{
		`{"id":"x","type":"rsa","periode":"2026-05","parametres":{"ppa":{"pente":0.6}},"entrees":{"adultes":2,"revenus_par_mois":[[1,2],[3,4],[5,6]]}}`,
		`{"id":"x","type":"prime_activite","periode":"2026-05","entrees":{"adultes":"1","revenus_activite_par_adulte_mensuels":[[0,1e3,"7,5"]]}}`,
		`{"id":"x","type":"complement_are","periode":"2025-11..2026-02","entrees":{"remuneration_brute_mensuelle":[1,2,3,4],"allocation_journaliere_brute":1e-20,"sjr":0,"jours_restants":3}}`,
		`{"id":"x","type":"are_ouverture","periode":"2026-05","entrees":{"salaires_bruts_mensuels":[0,2000,0,2000],"motif":"fin_cdd","jours_travailles":140}}`,
		`{"id":null,"type":"ass","periode":"2026-05","parametres":{"jours":null},"entrees":{"couple":1,"ressources_annuelles":1}}`,
		"{}", "[]", "null", "{\"entrees\":{\"adultes\":{}}}\n\n{", `{"type":"rsa","periode":"2026-05","entrees":{"adultes":1,"revenus_par_mois":[]}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		var out strings.Builder
		if err := EstimateLines(amounts, strings.NewReader(in), &out); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			if !strings.HasPrefix(line, `{"id":`) || !strings.HasSuffix(line, "}\n") {
				t.Fatalf("not one result: %q", line)
			}
			if !strings.Contains(line, `"erreur":"`) && !strings.Contains(line, `"resultat":{`) {
				t.Fatalf("neither a result nor an error: %q", line)
			}
		}
	})
}
