package rights

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
)

// loadContent loads the amounts of the repository itself.
func loadContent(t testing.TB) *Amounts {
	t.Helper()
	a, err := LoadAmounts(os.DirFS("../content"))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestWorkedCases computes the cases of testdata/worked.jsonl, each worked by
// hand from the formula written in its "calcul".
func TestWorkedCases(t *testing.T) {
	amounts := loadContent(t)
	file, err := os.Open("testdata/worked.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var want struct {
			Attendu map[string]any `json:"attendu"`
			Calcul  string         `json:"calcul"`
		}
		dec := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		dec.UseNumber()
		if err := dec.Decode(&want); err != nil {
			t.Fatal(err)
		}
		c, err := ParseCase(lines.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		t.Run(c.ID, func(t *testing.T) {
			r := Estimate(amounts, c)
			if r.Error != "" {
				t.Fatal(r.Error)
			}
			compare(t, r, want.Attendu)
			if len(r.Steps) == 0 || len(r.Sources) == 0 {
				t.Errorf("steps %q, sources %q: both must be there", r.Steps, r.Sources)
			}
		})
	}
}

func compare(t *testing.T, r Result, want map[string]any) {
	t.Helper()
	var got struct {
		Resultat map[string]any `json:"resultat"`
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&got); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	for key, value := range want {
		if !same(value, got.Resultat[key]) {
			t.Errorf("%s = %v, want %v\n%s", key, got.Resultat[key], value, strings.Join(r.Steps, "\n"))
		}
	}
}

// same compares decoded JSON; numbers by value, to the cent.
func same(a, b any) bool {
	switch x := a.(type) {
	case json.Number:
		y, ok := b.(json.Number)
		return ok && decimal.RequireFromString(x.String()).Equal(decimal.RequireFromString(y.String()))
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !same(x[i], y[i]) {
				return false
			}
		}
		return true
	}
	return a == b
}

func TestStepsAreTheWorking(t *testing.T) {
	c := Case{Type: ComplementARE, Period: "2026-05", Inputs: Fields{
		"allocation_journaliere_brute": "40", "remuneration_brute_mensuelle": "400", "sjr": "66,39"}}
	steps := strings.Join(Estimate(loadContent(t), c).Steps, "\n")
	for _, want := range []string{"1 200 − 70 % × 400 = 920", "23 jours × 40 = 920 €", "874,23 €"} {
		if !strings.Contains(steps, want) {
			t.Errorf("steps miss %q:\n%s", want, steps)
		}
	}
}

func TestSourcesAndWarnings(t *testing.T) {
	amounts := loadContent(t)
	run := func(line string) Result {
		c, err := ParseCase([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		return Estimate(amounts, c)
	}
	for name, tc := range map[string]struct{ line, warning, source string }{
		"unknown input":      {`{"type":"ass","periode":"2026-05","entrees":{"couple":false,"ressources_mensuelles":0,"chien":1}}`, "« entrees.chien »", "R5423-1"},
		"unknown parameter":  {`{"type":"ass","periode":"2026-05","parametres":{"chat":1},"entrees":{"couple":false,"ressources_mensuelles":0}}`, "« parametres.chat »", "19,48 € depuis le 01/04/2026"},
		"old period":         {`{"type":"ass","periode":"2001-05","entrees":{"couple":false,"ressources_mensuelles":0}}`, "La plus proche est utilisée : 15,90 €", "Décret"},
		"doubtful value":     {`{"type":"are_ouverture","periode":"2026-10","entrees":{"motif":"fin_cdd","jours_travailles":200,"sjr":80}}`, "1er juillet 2026", "13,18"},
		"override is a fact": {`{"type":"ass","periode":"2026-05","parametres":{"ass_journaliere":"20"},"entrees":{"couple":false,"ressources_mensuelles":0}}`, "", "20 € (valeur donnée dans la demande)"},
		"key as parameter":   {`{"type":"ass","periode":"2026-05","parametres":{"ass.journaliere":20},"entrees":{"couple":false,"ressources_mensuelles":0}}`, "", "valeur donnée"},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(tc.line)
			if r.Error != "" {
				t.Fatal(r.Error)
			}
			if !strings.Contains(strings.Join(r.Warnings, "\n"), tc.warning) {
				t.Errorf("warnings %q miss %q", r.Warnings, tc.warning)
			}
			if !strings.Contains(strings.Join(r.Sources, "\n"), tc.source) {
				t.Errorf("sources %q miss %q", r.Sources, tc.source)
			}
		})
	}
}

// TestImpossibleInputs checks that each error names its field.
func TestImpossibleInputs(t *testing.T) {
	amounts := loadContent(t)
	for line, field := range map[string]string{
		`{"type":"rsa","entrees":{"adultes":1}}`:                                                                                                           "periode",
		`{"type":"rsa","periode":"2026-13","entrees":{"adultes":1}}`:                                                                                       "periode",
		`{"type":"rsa","periode":"octobre","entrees":{"adultes":1}}`:                                                                                       "periode",
		`{"type":"loto","periode":"2026-05"}`:                                                                                                              "type",
		`{"type":"rsa","periode":"2026-05","entrees":{}}`:                                                                                                  "adultes",
		`{"type":"rsa","periode":"2026-05","entrees":{"adultes":0}}`:                                                                                       "adultes",
		`{"type":"rsa","periode":"2026-05","entrees":{"adultes":3}}`:                                                                                       "adultes",
		`{"type":"rsa","periode":"2026-05","entrees":{"adultes":1,"enfants_a_charge":-1}}`:                                                                 "enfants_a_charge",
		`{"type":"rsa","periode":"2026-05","entrees":{"adultes":1,"enfants_a_charge":1.5}}`:                                                                "enfants_a_charge",
		`{"type":"rsa","periode":"2026-05","entrees":{"adultes":1,"logement":"tente"}}`:                                                                    "logement",
		`{"type":"rsa","periode":"2026-05","entrees":{"adultes":1,"revenus_activite_mensuels_moyens":-4}}`:                                                 "revenus_activite_mensuels_moyens",
		`{"type":"rsa","periode":"2026-05","entrees":{"adultes":1,"revenus_activite_par_adulte":[1,2]}}`:                                                   "revenus_activite_par_adulte",
		`{"type":"rsa","periode":"2026-05","entrees":{"adultes":1,"revenus_par_mois":[1,"x"]}}`:                                                            "revenus_par_mois[2]",
		`{"type":"rsa","periode":"2026-05","entrees":{"adultes":2,"parent_isole_majore":true}}`:                                                            "parent_isole_majore",
		`{"type":"rsa","periode":"2026-05","entrees":{"adultes":1,"aide_logement_mensuelle":"beaucoup"}}`:                                                  "aide_logement_mensuelle",
		`{"type":"rsa","periode":"2026-05","entrees":{"adultes":1,"age_demandeur":200}}`:                                                                   "age_demandeur",
		`{"type":"rsa","periode":"2026-05","parametres":{"montant_base":-1},"entrees":{"adultes":1}}`:                                                      "parametres.montant_base",
		`{"type":"rsa","periode":"2026-05","entrees":{"adultes":1,"autres_ressources_mensuelles":1e99}}`:                                                   "autres_ressources_mensuelles",
		`{"type":"prime_activite","periode":"2015-05","entrees":{"adultes":1}}`:                                                                            "periode",
		`{"type":"ass","periode":"2026-05","entrees":{"couple":"peut-être","ressources_mensuelles":0}}`:                                                    "couple",
		`{"type":"ass","periode":"2026-05","entrees":{"couple":true}}`:                                                                                     "ressources_mensuelles",
		`{"type":"complement_are","periode":"2026-05","entrees":{"remuneration_brute_mensuelle":1}}`:                                                       "allocation_journaliere_brute",
		`{"type":"complement_are","periode":"2026-05","entrees":{"remuneration_brute_mensuelle":1,"allocation_journaliere_brute":0}}`:                      "allocation_journaliere_brute",
		`{"type":"complement_are","periode":"2026-05","entrees":{"allocation_journaliere_brute":30}}`:                                                      "remuneration_brute_mensuelle",
		`{"type":"complement_are","periode":"2026-05","entrees":{"remuneration_brute_mensuelle":1,"allocation_journaliere_brute":30,"jours_restants":-1}}`: "jours_restants",
		`{"type":"complement_are","periode":"2026-05..07","entrees":{"remuneration_brute_mensuelle":[1,2],"allocation_journaliere_brute":30}}`:             "remuneration_brute_mensuelle",
		`{"type":"are_ouverture","periode":"2026-05","entrees":{"motif":"vacances"}}`:                                                                      "motif",
		`{"type":"are_ouverture","periode":"2026-05","entrees":{"motif":"fin_cdd"}}`:                                                                       "jours_travailles",
		`{"type":"are_ouverture","periode":"2026-05","entrees":{"motif":"fin_cdd","jours_travailles":200}}`:                                                "salaires_bruts_mensuels",
		`{"type":"are_ouverture","periode":"2026-05","entrees":{"jours_travailles":200,"sjr":50}}`:                                                         "motif",
		`{"type":"are_ouverture","periode":"2026-05","entrees":{"motif":"fin_cdd","jours_travailles":300,"jours_prc":200,"sjr":50}}`:                       "jours_travailles",
	} {
		c, err := ParseCase([]byte(line))
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if got := Estimate(amounts, c).Error; !strings.Contains(got, "« "+field+" »") {
			t.Errorf("%s\n  error %q does not name %s", line, got, field)
		}
	}
}

func TestEstimateLines(t *testing.T) {
	in := strings.Join([]string{
		`{"id":"a","type":"ass","periode":"2026-05","entrees":{"couple":false,"ressources_mensuelles":0}}`,
		``, `{"id":"b","type":`, `[1,2]`, `{"id":"c","type":"ass","periode":"2026-05","entrees":3}`,
		`{"id":"d"` + strings.Repeat(" ", maxLine) + `}`,
		`{"id":12,"type":"ass","periode":"2026-05","entrees":{"couple":true,"ressources_mensuelles":"1 700,00"}}`,
	}, "\n")
	var out strings.Builder
	if err := EstimateLines(loadContent(t), strings.NewReader(in), &out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	wants := []string{`"ass":584.4`, `"erreur":"ligne 3`, `"erreur":"ligne 4`, `"id":"c","erreur":"ligne 5`, `"erreur":"ligne 6`, `"id":"12","resultat":{"ass":442.8`}
	if len(lines) != len(wants) {
		t.Fatalf("%d lines, want %d:\n%s", len(lines), len(wants), out.String())
	}
	for i, want := range wants {
		if !strings.Contains(lines[i], want) {
			t.Errorf("line %d = %s, want %s", i+1, lines[i], want)
		}
	}
}
