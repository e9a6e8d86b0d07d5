package rights

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// talk answers the questions in order, as a person would type them.
func talk(t *testing.T, typ Type, typed ...string) (Case, Answers) {
	t.Helper()
	a := Answers{}
	for {
		f, more := NextFact(typ, a)
		if !more {
			break
		}
		if len(typed) == 0 {
			t.Fatalf("%q is asked and no answer is left", f.Question)
		}
		answer, err := f.Read(typed[0])
		if err != nil {
			t.Fatalf("%s %q: %v", f.Key, typed[0], err)
		}
		a[f.Key], typed = answer, typed[1:]
	}
	if len(typed) > 0 {
		t.Fatalf("the answers %q were never asked", typed)
	}
	c, err := CaseFrom(typ, day("2026-10-15"), a)
	if err != nil {
		t.Fatal(err)
	}
	return c, a
}

func TestConversations(t *testing.T) {
	amounts := loadContent(t)
	for name, tc := range map[string]struct {
		typ   Type
		typed []string
		want  []string
	}{
		"RSA of a CAPE": {RSA, []string{"non", "0", "300 €", "0", "J'ai une aide au logement"},
			[]string{"environ 273 € de RSA", "environ 180 € de prime d'activité", "651,69 − 78,20 − 300 = 273,49", "caf.fr", "depuis le 01/"}},
		"no RSA":           {RSA, []string{"Oui", "1 enfant", "2400", "0", "aucun"}, []string{"ressources sont trop hautes"}},
		"prime of two":     {PrimeActivite, []string{"oui", "2", "1200", "0", "153,01", "al"}, []string{"environ 633 € de prime d'activité"}},
		"prime alone":      {PrimeActivite, []string{"non", "0", "1000 euros", "0", "al"}, []string{"environ 228 €"}},
		"ARE kept":         {ComplementARE, []string{"40", "400", "je ne sais pas"}, []string{"environ 920 € d'ARE brute (23 jours)", "± 40 €", "simucalcul", "60 %"}},
		"ARE kept and net": {ComplementARE, []string{"40", "400", "66,39"}, []string{"environ 874 € net"}},
		"no ARE":           {ComplementARE, []string{"40", "1800", ""}, []string{"gardés pour plus tard"}},
		"ASS":              {ASS, []string{"oui", "non", "1000"}, []string{"environ 364 € d'ASS"}},
		"no ASS":           {ASS, []string{"non"}, []string{"pas droit à l'ASS"}},
		"opening":          {AREOuverture, []string{"Licenciement", "12", "2 000", "40", "oui"}, []string{"d'ARE nette par mois", "environ 273 jours", "notification"}},
		"short":            {AREOuverture, []string{"Fin de CDD ou de mission", "5", "2000", "30", "oui"}, []string{"ne s'ouvre pas"}},
		"resigned":         {AREOuverture, []string{"Démission"}, []string{"ne s'ouvre pas", "exceptions"}},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := talk(t, tc.typ, tc.typed...)
			text := Tell(c, Estimate(amounts, c)).Text()
			for _, want := range tc.want {
				if !strings.Contains(text, want) {
					t.Errorf("%q is missing in:\n%s", want, text)
				}
			}
			if n := utf8.RuneCountInString(text); n > 3500 {
				t.Errorf("%d characters are too many for one message", n)
			}
		})
	}
}

func TestAnswersAreChecked(t *testing.T) {
	money := Fact{Kind: Money}
	number := Fact{Kind: Number, Least: 0, Most: 12}
	for _, tc := range []struct {
		fact  Fact
		typed string
	}{
		{money, "beaucoup"}, {money, "-5"}, {money, "12345678"}, {Fact{Kind: Money, Least: 5, Most: 300}, "1200"}, {Fact{Kind: Money, Least: 5}, "4,99"}, {money, ""}, {number, "13"}, {number, "1,5"}, {number, "deux"}, {number, "-1"},
		{Fact{Kind: YesNo}, "bof"}, {Fact{Kind: Choice, Options: []Option{{"a", "A"}}}, "b"},
	} {
		if got, err := tc.fact.Read(tc.typed); err == nil {
			t.Errorf("%s %q accepted as %q", tc.fact.Kind, tc.typed, got)
		} else if !strings.HasSuffix(err.Error(), ".") {
			t.Errorf("%q is not a sentence", err)
		}
	}
}

func TestCaseNeedsItsAnswers(t *testing.T) {
	if _, err := CaseFrom(RSA, day("2026-10-01"), Answers{"couple": Yes}); err == nil || !strings.Contains(err.Error(), "enfants") {
		t.Errorf("error = %v", err)
	}
	if _, err := CaseFrom("loto", day("2026-10-01"), Answers{}); err == nil {
		t.Error("an unknown estimate must be refused")
	}
	if told := Tell(Case{Type: RSA}, Result{Error: "Il manque."}); !strings.Contains(told.Text(), "Je ne peux pas calculer") {
		t.Errorf("%q", told.Text())
	}
}

// Any answers that pass Read make a case without error.
func TestAnyConversationEnds(t *testing.T) {
	amounts := loadContent(t)
	rapid.Check(t, func(t *rapid.T) {
		typ := rapid.SampledFrom(Types()).Draw(t, "type")
		a := Answers{}
		for {
			f, more := NextFact(typ, a)
			if !more {
				break
			}
			answer, err := f.Read(drawAnswer(t, f))
			if err != nil {
				t.Fatalf("%s: %v", f.Key, err)
			}
			a[f.Key] = answer
		}
		c, err := CaseFrom(typ, day("2026-10-01"), a)
		if err != nil {
			t.Fatal(err)
		}
		r := Estimate(amounts, c)
		if r.Error != "" {
			t.Fatalf("%v: %s", a, r.Error)
		}
	})
}

func drawAnswer(t *rapid.T, f Fact) string {
	switch f.Kind {
	case YesNo:
		return rapid.SampledFrom([]string{"Oui", "non"}).Draw(t, f.Key)
	case Choice:
		return rapid.SampledFrom(f.Options).Draw(t, f.Key).Label
	case Number:
		return num(rapid.IntRange(f.Least, f.Most).Draw(t, f.Key)).String()
	}
	most := int64(6000)
	if f.Most > 0 {
		most = int64(f.Most - f.Least)
	}
	return FormatEuros(cents(t, f.Key, most).Add(num(f.Least)))
}

func TestFactsArePlain(t *testing.T) {
	for _, typ := range Types() {
		facts := Facts(typ)
		if len(facts) < 2 || len(facts) > 6 {
			t.Errorf("%s asks %d facts", typ, len(facts))
		}
		for _, f := range facts {
			if !strings.HasSuffix(f.Question, "?") || len(strings.Fields(f.Question)) > 18 {
				t.Errorf("%s: %q is not one short question", typ, f.Question)
			}
			if f.Kind == Choice && len(f.Options) < 2 {
				t.Errorf("%s: %s has no options", typ, f.Key)
			}
		}
	}
}
