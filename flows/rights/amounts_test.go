package rights

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

func TestContentIsComplete(t *testing.T) {
	a := loadContent(t)
	if missing := a.Missing(); len(missing) > 0 {
		t.Errorf("amounts.yaml lost the keys %v", missing)
	}
	for _, key := range a.Keys() {
		if m, _ := a.Amount(key); len(m.History) == 0 {
			t.Errorf("%s has no value", key)
		}
	}
}

func TestValuesByDate(t *testing.T) {
	a := loadContent(t)
	for _, tc := range []struct{ key, on, want string }{
		{"rsa.base", "2025-03-31", "635,71 €"}, {"rsa.base", "2025-04-01", "646,52 €"}, {"rsa.base", "2027-01-01", "651,69 €"},
		{"rsa.couple", "2026-05-01", "977,54 €"}, {"rsa.forfait_2", "2026-05-01", "156,41 €"}, {"rsa.majore_1_enfant", "2026-05-01", "1 115,80 €"},
		{"pa.bonif_montant_max", "2026-05-01", "240,63 €"}, {"pa.pente", "2026-05-01", "59,85 %"}, {"pa.pente", "2018-07-31", "62 %"},
		{"ass.mensuelle", "2026-05-01", "584,40 €"}, {"ass.plafond_couple", "2026-05-01", "2 142,80 €"}, {"ass.plafond_seul", "2020-04-01", "1 182,30 €"},
		{"smic.mensuel", "2026-06-01", "1 867,02 €"}, {"are.duree_min", "2026-06-01", "182 jours"}, {"complement.coef_plafond", "2026-01-01", "30,42"},
	} {
		if got, ok := a.Format(tc.key, day(tc.on)); !ok || got != tc.want {
			t.Errorf("%s on %s = %q, want %q", tc.key, tc.on, got, tc.want)
		}
	}
	if _, ok := a.At("rsa.base", day("1999-01-01")); ok {
		t.Error("a day before the first value must give nothing")
	}
	if d, exact, ok := a.Nearest("rsa.base", day("1999-01-01")); !ok || exact || d.Value.String() != "483.24" {
		t.Errorf("nearest = %v %v %v", d, exact, ok)
	}
	if _, _, ok := a.Nearest("nothing", day("2026-01-01")); ok {
		t.Error("an unknown key must give nothing")
	}
	// A day is a calendar day, in any zone and at any hour.
	if d, _ := a.At("rsa.base", time.Date(2026, 4, 1, 0, 30, 0, 0, time.FixedZone("Paris", 7200))); d.String() != "651.69" {
		t.Errorf("on the first day in Paris: %s", d)
	}
}

func TestLoadListsEveryProblem(t *testing.T) {
	good := "- key: a.b\n  label: A\n  unit: eur\n  values:\n    - {from: 2025-04-01, value: \"646.52\", source: S, confidence: sure}\n"
	bad := good + `- key: a.b
  label: twice
  unit: eur
  values:
    - {from: 2025-04-01, value: "1", source: S, confidence: sure}
- key: Bad Key
  unit: parsec
  extra: 1
  values:
    - {value: "1,5", confidence: maybe}
    - {from: 2025-13-01, value: "", source: S, confidence: sure}
- key: c
  label: C
  unit: ratio
- key: d
  label: D
  unit: eur
  product: [a.b, nowhere]
- key: e
  label: E
  unit: eur
  product: [e, "2"]
- key: f
  label: F
  unit: eur
  values:
    - {from: 2025-04-01, value: "2", source: S, confidence: sure}
    - {from: 2024-04-01, value: "3", source: S, confidence: sure}
- plain
`
	_, err := LoadAmounts(fstest.MapFS{"amounts.yaml": {Data: []byte(bad)}, "amounts_sheets.yaml": {Data: []byte(good)}})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"amounts.yaml:6: key a.b is given twice (first at amounts.yaml:1)", `key "Bad Key"`, "label is missing", `unit "parsec" is unknown`,
		`field "extra"`, `value "1,5"`, "confidence must be", "source is missing", "is not a date", `value ""`, "c: values are missing",
		`unknown key "nowhere"`, "e: product refers to itself", "f: dates must go", "must be a set of fields", "amounts_sheets.yaml:1: key a.b is given twice"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing %q in:\n%v", want, err)
		}
	}
	if _, err := LoadAmounts(fstest.MapFS{}); err == nil {
		t.Error("amounts.yaml must exist")
	}
	for name, text := range map[string]string{"syntax": "- key: [", "mapping": "key: a", "quote": `- "`} {
		if _, err := LoadAmounts(fstest.MapFS{"amounts.yaml": {Data: []byte(text)}}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := LoadAmounts(fstest.MapFS{"amounts.yaml": {Data: []byte(good)}, "amounts_sheets.yaml": {Data: []byte("# nothing yet\n")}}); err != nil {
		t.Errorf("an empty second file is fine: %v", err)
	}
}

func TestFrenchNumbers(t *testing.T) {
	for in, want := range map[string]string{"646.52": "646,52 €", "1200": "1 200 €", "1234567.891": "1 234 567,89 €", "-60": "−60 €",
		"0": "0 €", "999.999": "1 000 €", "12.3": "12,30 €", "0.004": "0 €"} {
		d, ok := parseDecimal(in)
		if got := FormatEuros(d); !ok || got != want {
			t.Errorf("%s = %q, want %q", in, got, want)
		}
	}
	for _, in := range []string{"1 200,50", "1200.50 €", "1\u202f200,5", "12005e-1"} {
		if d, ok := parseDecimal(in); !ok || d.String() != "1200.5" {
			t.Errorf("%q = %v %v", in, d, ok)
		}
	}
	for _, in := range []string{"", "abc", "1e50", "1,200,300", "NaN", strings.Repeat("9", 50)} {
		if d, ok := parseDecimal(in); ok {
			t.Errorf("%q accepted as %v", in, d)
		}
	}
}
