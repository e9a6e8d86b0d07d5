package faq

import (
	"encoding/json"
	"strings"
	"testing"
)

func smallEntries() []Entry {
	return []Entry{
		{ID: "A-01", Title: "Combien est le RSA ?", Alt: []string{"montant du rsa", "combien on touche au rsa seul"}, Text: "Le RSA pour une personne seule."},
		{ID: "A-02", Title: "Comment déclarer à la CAF ?", Alt: []string{"declaration trimestrielle", "quand declarer mes revenus"}, Text: "Tous les trois mois.", Situations: []string{"rsa"}},
		{ID: "A-03", Title: "Quand dois-je m'actualiser ?", Alt: []string{"date actualisation france travail"}, Text: "Du 28 au 15.", Situations: []string{"are"}},
	}
}

func smallIndex(t testing.TB, opts Options) *Index {
	t.Helper()
	x, err := New(smallEntries(), resources(t), opts)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestAskFindsThroughTypos(t *testing.T) {
	x := smallIndex(t, Options{})
	for q, want := range map[string]string{
		"montan du RSA":              "A-01",
		"kan jme actualize":          "A-03",
		"jdois declaré koi a la caf": "A-02",
		"lactualisation":             "A-03",
	} {
		if r := x.Ask(q, Context{}); len(r.Candidates) == 0 || r.Candidates[0].ID != want {
			t.Errorf("%q: want %s, got %+v", q, want, r)
		}
	}
}

func TestAskHandsOverTheAbsurd(t *testing.T) {
	x := smallIndex(t, Options{})
	for _, q := range []string{"", "   ", "???", "recette de la tarte aux pommes", "😀😀", "\x00\xff\xfe"} {
		if r := x.Ask(q, Context{}); r.Outcome == Answer || r.ID != nil {
			t.Errorf("%q: answered %+v", q, r)
		}
	}
}

func TestWordingsAreUsedAtOnce(t *testing.T) {
	q := "le fameux bidule du mardi"
	if r := smallIndex(t, Options{}).Ask(q, Context{}); r.Outcome == Answer {
		t.Fatalf("answered too early: %+v", r)
	}
	x := smallIndex(t, Options{Wordings: map[string][]string{"A-02": {q}}})
	if r := x.Ask(q, Context{}); r.Outcome != Answer || *r.ID != "A-02" {
		t.Errorf("got %+v", r)
	}
	if _, err := New(smallEntries(), resources(t), Options{Wordings: map[string][]string{"Z-99": {q}}}); err == nil {
		t.Error("a wording for an unknown id was taken")
	}
}

func TestJSONShape(t *testing.T) {
	x := smallIndex(t, Options{})
	var out strings.Builder
	if err := AskLines(x, strings.NewReader("montant du rsa\n\nzzzz qqqq\n"), &out, true); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 {
		t.Fatalf("want 2 lines, got %q", lines)
	}
	for _, line := range lines {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"question", "outcome", "id", "score", "candidates"} {
			if _, ok := m[key]; !ok {
				t.Errorf("%s: no key %s", line, key)
			}
		}
	}
	if !strings.Contains(lines[1], `"id":null`) {
		t.Errorf("want a null id: %s", lines[1])
	}
}

func FuzzAsk(f *testing.F) {
	x := smallIndex(f, Options{})
	for _, s := range []string{"montant du rsa", "c koi", "l'", "''''", "é́́́", "123e 4eme €", strings.Repeat("aaaaaaaa ", 400), "ldjnmtsc qu", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := x.Ask(s, Context{Situations: []string{s}})
		if r.Score < 0 || r.Score > 1 || len(r.Candidates) > MaxCandidates {
			t.Errorf("%q: %+v", s, r)
		}
		for i, c := range r.Candidates {
			if c.Score < 0 || c.Score > 1 || i > 0 && c.Score > r.Candidates[i-1].Score {
				t.Errorf("%q: candidates out of order: %+v", s, r.Candidates)
			}
		}
	})
}
