package care

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/coopconnexion/relais/flows/content"
)

func scales(t testing.TB) Scales {
	t.Helper()
	s, err := LoadScales(content.FS())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// all gives the same answer to every item.
func all(s Scale, v int) Answers {
	a := Answers{}
	for _, item := range s.Items {
		a[item.ID] = v
	}
	return a
}

func TestCBIScores(t *testing.T) {
	s := scales(t)
	for _, c := range []struct {
		name   string
		scale  Scale
		a      Answers
		want   float64
		scored bool
	}{
		{"all always", s.Personal, all(s.Personal, 100), 100, true},
		{"three answers", s.Personal, Answers{"p1": 100, "p2": 50, "p3": 0}, 50, true},
		{"two answers", s.Personal, Answers{"p1": 100, "p2": 50}, 0, false},
		{"none", s.Personal, Answers{}, 0, false},
		{"work, w7 reversed", s.Work, all(s.Work, 100), 600.0 / 7, true},
		{"work, only w7 bad", s.Work, Answers{"w1": 0, "w2": 0, "w3": 0, "w4": 0, "w5": 0, "w6": 0, "w7": 0}, 100.0 / 7, true},
		{"work, four answers", s.Work, Answers{"w1": 75, "w2": 75, "w3": 75, "w7": 25}, 75, true},
		{"work, three answers", s.Work, Answers{"w1": 75, "w2": 75, "w7": 25}, 0, false},
	} {
		r, err := c.scale.Score(c.a)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if r.Scored != c.scored {
			t.Errorf("%s: scored %v", c.name, r.Scored)
		}
		near(t, c.name, r.Score, c.want)
	}
	for _, bad := range []Answers{{"p1": 33}, {"w1": 100}} {
		if _, err := s.Personal.Score(bad); err == nil {
			t.Errorf("%v is accepted", bad)
		}
	}
}

func TestRisks(t *testing.T) {
	s := scales(t).Risks
	r, err := s.ScoreRisks(Answers{"r1": 100, "r2": 0, "r3": 100, "r4": 0, "r5": 50, "r6": 75, "r8": 0})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "organisation", r.Organisation.Score, (100+0+100+75)/4.0)
	near(t, "person", r.Personal.Score, (0+50+100)/3.0)
	for item, want := range map[string]bool{"r1": true, "r2": false, "r3": false, "r4": true, "r5": false, "r6": true, "r7": false, "r8": true} {
		if r.Weighs(item) != want {
			t.Errorf("%s weighs: %v", item, r.Weighs(item))
		}
	}
	few, err := s.ScoreRisks(Answers{"r1": 100, "r3": 100, "r2": 100})
	if err != nil {
		t.Fatal(err)
	}
	if few.Organisation.Scored || few.Personal.Scored {
		t.Error("a score with too few answers")
	}
}

// standIn is a wording made up for tests: the licensed one is not ours.
func standIn(t testing.TB) Scales {
	t.Helper()
	raw, err := content.FS().Open(who5File)
	if err != nil {
		t.Fatal(err)
	}
	raw.Close()
	file := `id: who5
title: Test
credit: Test
intro: Test
least: 5
answers:
  time: [{label: a, value: 5}, {label: b, value: 4}, {label: c, value: 3}, {label: d, value: 2}, {label: e, value: 1}, {label: f, value: 0}]
items:
  - {id: o1, text: un, answers: time}
  - {id: o2, text: deux, answers: time}
  - {id: o3, text: trois, answers: time}
  - {id: o4, text: quatre, answers: time}
  - {id: o5, text: cinq, answers: time}
`
	s, err := LoadScales(content.Overlay(content.FS(), fstest.MapFS{who5File: &fstest.MapFile{Data: []byte(file)}}))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWHO5(t *testing.T) {
	if s := scales(t); s.WHO5.Installed() || s.Monthly().ID != "cbi_personal" {
		t.Error("the wording of WHO-5 is licensed and must not be shipped")
	}
	s := standIn(t)
	if !s.WHO5.Installed() || s.Monthly().ID != "who5" {
		t.Fatal("the installed wording is not used")
	}
	for raw, want := range map[int]float64{0: 0, 7: 28, 8: 32, 12: 48, 13: 52, 25: 100} {
		a := Answers{}
		left := raw
		for _, item := range s.WHO5.Items {
			a[item.ID] = min(5, left)
			left -= a[item.ID]
		}
		r, err := s.WHO5.ScoreWHO5(a)
		if err != nil {
			t.Fatal(err)
		}
		if r.Score != want || !r.Usable() {
			t.Errorf("raw %d: %+v, want %v", raw, r, want)
		}
	}
	r, err := s.WHO5.ScoreWHO5(Answers{"o1": 1, "o2": 1, "o3": 1, "o4": 1})
	if err != nil {
		t.Fatal(err)
	}
	if r.Score != 20 || !r.Prorated || r.Usable() {
		t.Errorf("four answers: %+v, want 20, prorated, not usable", r)
	}
	if r, _ = s.WHO5.ScoreWHO5(Answers{"o1": 1, "o2": 1, "o3": 1}); r.Scored {
		t.Error("three answers are scored")
	}
	if _, err := s.WHO5.ScoreWHO5(Answers{"o1": 6}); err == nil {
		t.Error("an answer of 6 is accepted")
	}
	if _, err := s.Personal.ScoreWHO5(Answers{}); err == nil {
		t.Error("another scale is scored as WHO-5")
	}
}

func TestReliableChange(t *testing.T) {
	near(t, "WHO-5", ReliableChange(TwoSided, 20, .85), 21.47)
	near(t, "WHO-5, one-sided", ReliableChange(OneSided, 20, .85), 18.02)
	near(t, "CBI personal", ReliableChange(TwoSided, 16.5, .87), 16.49)
	near(t, "CBI work", ReliableChange(TwoSided, 17.7, .87), 17.69)
	near(t, "BAT-12", ReliableChange(TwoSided, .60, .91), 0.50)
	for _, c := range []struct {
		earlier []float64
		want    float64
	}{{[]float64{60}, 60}, {[]float64{60, 80}, 70}, {[]float64{10, 60, 80, 64}, 64}} {
		if got, ok := Usual(c.earlier); !ok || got != c.want {
			t.Errorf("usual of %v = %v, want %v", c.earlier, got, c.want)
		}
	}
}

func scored(v float64) *Result { return &Result{Score: v, Scored: true} }

func TestLevels(t *testing.T) {
	for _, c := range []struct {
		name string
		e    Evidence
		want Level
		why  Reason
	}{
		{"nothing", Evidence{}, Green, ""},
		{"pulse alarm", Evidence{PulseAlarm: true}, Yellow, ReasonPulse},
		{"WHO-5 52", Evidence{WHO5: scored(52)}, Green, ""},
		{"WHO-5 50", Evidence{WHO5: scored(50)}, Orange, ReasonWHO5Low},
		{"WHO-5 48", Evidence{WHO5: scored(48)}, Orange, ReasonWHO5Low},
		{"WHO-5 32", Evidence{WHO5: scored(32)}, Orange, ReasonWHO5Low},
		{"WHO-5 28", Evidence{WHO5: scored(28)}, Red, ReasonWHO5VeryLow},
		{"WHO-5 prorated", Evidence{WHO5: &Result{Score: 20, Scored: true, Prorated: true}}, Green, ""},
		{"WHO-5 falls 8", Evidence{WHO5: scored(72), EarlierWHO5: []float64{80}}, Green, ""},
		{"WHO-5 falls 10", Evidence{WHO5: scored(70), EarlierWHO5: []float64{80}}, Yellow, ReasonWHO5Watch},
		{"WHO-5 falls 19", Evidence{WHO5: scored(61), EarlierWHO5: []float64{80}}, Yellow, ReasonWHO5Watch},
		{"WHO-5 falls 20", Evidence{WHO5: scored(60), EarlierWHO5: []float64{80}}, Orange, ReasonWHO5Fall},
		{"personal 49.9", Evidence{Personal: scored(49.9)}, Green, ""},
		{"personal 50", Evidence{Personal: scored(50)}, Orange, ReasonPersonalHigh},
		{"personal 74.9", Evidence{Personal: scored(74.9)}, Orange, ReasonPersonalHigh},
		{"personal 75", Evidence{Personal: scored(75)}, Red, ReasonPersonalTop},
		{"work 50", Evidence{Work: scored(50)}, Orange, ReasonWorkHigh},
		{"work 75", Evidence{Work: scored(75)}, Red, ReasonWorkTop},
		{"work not scored", Evidence{Work: &Result{Score: 90}}, Green, ""},
		{"personal up 3 steps", Evidence{Personal: scored(37.5), EarlierPersonal: []float64{25}}, Green, ""},
		{"personal up 4 steps", Evidence{Personal: scored(250.0 / 6), EarlierPersonal: []float64{25}}, Orange, ReasonPersonalRise},
		{"work up 4 steps", Evidence{Work: scored(100.0 / 7), EarlierWork: []float64{0}}, Green, ""},
		{"work up 5 steps", Evidence{Work: scored(125.0 / 7), EarlierWork: []float64{0}}, Orange, ReasonWorkRise},
		{"orange twice and worse", Evidence{WHO5: scored(40), EarlierWHO5: []float64{44}, Previous: Orange, HasPrevious: true}, Red, ReasonWorse},
		{"orange twice, not worse", Evidence{WHO5: scored(44), EarlierWHO5: []float64{44}, Previous: Orange, HasPrevious: true}, Orange, ReasonWHO5Low},
		{"worse, but yellow before", Evidence{WHO5: scored(44), EarlierWHO5: []float64{52}, Previous: Yellow, HasPrevious: true}, Orange, ReasonWHO5Low},
	} {
		v := Judge(c.e)
		if v.Level != c.want {
			t.Errorf("%s: %v %v, want %v", c.name, v.Level, v.Reasons, c.want)
		}
		if c.why == "" != (len(v.Reasons) == 0) || c.why != "" && !slices.Contains(v.Reasons, c.why) {
			t.Errorf("%s: reasons %v, want %q", c.name, v.Reasons, c.why)
		}
	}
	if !AskDirectly(Red, nil) || AskDirectly(Orange, Answers{"p4": 75}) || !AskDirectly(Green, Answers{"p4": 100}) {
		t.Error("the direct question follows red, and always to p4, and nothing else")
	}
}

func TestCadence(t *testing.T) {
	day := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		scores          []float64
		alarm, lowUsual bool
		want            int
	}{
		{[]float64{60, 64}, false, false, 56},
		{[]float64{50, 64}, false, false, 28},
		{[]float64{64}, false, false, 28},
		{[]float64{60, 64}, true, false, 28},
		{[]float64{60, 64}, false, true, 28},
	} {
		if got := UntilMonthly(c.scores, c.alarm, c.lowUsual); got != c.want {
			t.Errorf("%+v: %d days", c, got)
		}
	}
	if !MayOffer(time.Time{}, day) || MayOffer(day, day.AddDate(0, 0, 27)) || !MayOffer(day, day.AddDate(0, 0, 28)) {
		t.Error("an alarm offers the scale at most once in 28 days")
	}
	if Recheck(Orange) != 14 || Recheck(Red) != 7 || Recheck(Yellow) != 0 {
		t.Error("looked at again after 14 days at orange, 7 at red")
	}
	for name, c := range map[string]struct {
		t    Triggers
		want bool
	}{
		"nothing":   {Triggers{}, false},
		"asked":     {Triggers{Asked: true}, true},
		"distress":  {Triggers{Distress: true}, true},
		"one alarm": {Triggers{AlarmsInARow: 1}, false},
		"repeated":  {Triggers{AlarmsInARow: 2}, true},
		"WHO-5 48":  {Triggers{WHO5: scored(48)}, true},
		"WHO-5 52":  {Triggers{WHO5: scored(52)}, false},
		"fall 20":   {Triggers{WHO5: scored(60), EarlierWHO5: []float64{80}}, true},
	} {
		if got := OfferLonger(c.t); got != c.want {
			t.Errorf("%s: offered %v", name, got)
		}
	}
}

func TestContentRefused(t *testing.T) {
	for name, c := range map[string]struct{ file, old, new, says string }{
		"half a wording":   {who5File, `{id: o1, text: ""`, `{id: o1, text: "un"`, "all the wording or none"},
		"a label alone":    {who5File, `{label: "", value: 5}`, `{label: "a", value: 5}`, "all the wording or none"},
		"a changed value":  {scalesFile, "value: 75", "value: 70", "must have the values"},
		"a lost reversal":  {scalesFile, "answers: frequency, reversed: true}", "answers: frequency}", "reversed must be true"},
		"a lost item":      {scalesFile, "id: p4", "id: p9", "in this order"},
		"an unknown key":   {scalesFile, "title:", "titel:", "titel"},
		"no credit":        {scalesFile, `credit: "Questions de`, `credit: "" #`, "title and credit"},
		"no half":          {scalesFile, "depends: person}", "depends: god}", "organisation or person"},
		"a text gone":      {textsFile, `green: "Merci. Rien à signaler."`, `green: ""`, "green: no text"},
		"an unknown text":  {textsFile, "green:", "grun:", "grun"},
		"fewer answers ok": {scalesFile, "least: 3", "least: 1", "least must be 3"},
	} {
		raw, err := content.FS().(interface{ ReadFile(string) ([]byte, error) }).ReadFile(c.file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(raw), c.old) {
			t.Fatalf("%s: %q is not in %s", name, c.old, c.file)
		}
		file := &fstest.MapFile{Data: []byte(strings.Replace(string(raw), c.old, c.new, 1))}
		over := content.Overlay(content.FS(), fstest.MapFS{c.file: file})
		_, err = LoadScales(over)
		if err == nil {
			_, err = LoadTexts(over)
		}
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error %v, want one that says %q", name, err, c.says)
		}
	}
}

func TestTexts(t *testing.T) {
	x, err := LoadTexts(content.FS())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range []Level{Green, Yellow, Orange, Red} {
		text := strings.ToLower(x.Of(l))
		for _, bad := range []string{"burn", "dépression", "ce n'est rien", "malade"} {
			if strings.Contains(text, bad) {
				t.Errorf("%v says %q", l, bad)
			}
		}
	}
	if !strings.Contains(x.Red, "3114") || !strings.Contains(x.Consent, "Dire non ne change rien à votre contrat.") {
		t.Error("the text at red gives the 3114; the consent says that no changes nothing")
	}
	for _, s := range []Scale{scales(t).Personal, scales(t).Work} {
		if !strings.Contains(s.Credit, "Copenhagen Burnout Inventory") {
			t.Errorf("%s: credit missing", s.ID)
		}
	}
	if c := scales(t).WHO5.Credit; !strings.Contains(c, "CC BY-NC-SA 3.0 IGO") {
		t.Errorf("WHO-5 credit: %s", c)
	}
}
