package care

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// population draws respondents, with groups that are sometimes all alike: the
// case where a share tells what each person answered.
func population(t *rapid.T, risks Scale, most int) []Respondent {
	n := rapid.IntRange(0, most).Draw(t, "people")
	groups := []string{"cape", "cesa", "associé", "autre"}[:rapid.IntRange(1, 4).Draw(t, "groups")]
	alike := map[string]bool{}
	base := map[string]Level{}
	for _, g := range groups {
		alike[g] = rapid.IntRange(0, 2).Draw(t, "alike") == 0
		base[g] = Level(rapid.IntRange(0, 3).Draw(t, "level"))
	}
	steps := []int{0, 25, 50, 75, 100}
	out := make([]Respondent, n)
	for i := range out {
		g := rapid.SampledFrom(groups).Draw(t, "group")
		out[i] = Respondent{Group: g, Level: base[g]}
		if !alike[g] {
			out[i].Level = Level(rapid.IntRange(0, 3).Draw(t, "level"))
		}
		if rapid.Bool().Draw(t, "about work") {
			a := Answers{}
			for _, item := range risks.Items {
				if rapid.IntRange(0, 4).Draw(t, "answered") > 0 {
					a[item.ID] = rapid.SampledFrom(steps).Draw(t, "answer")
				}
			}
			r, err := risks.ScoreRisks(a)
			if err != nil {
				t.Fatal(err)
			}
			out[i].Risks = &r
		}
	}
	return out
}

// TestNobodyCanBeWorkedOut plays an attacker who knows the rules, the groups
// and how many people answered, and reads the whole release. For each person
// there must be another set of answers, in which that person is on the other
// side of the border of alert, that gives the very same release.
func TestNobodyCanBeWorkedOut(t *testing.T) {
	risks := scales(t).Risks
	rapid.Check(t, func(t *rapid.T) {
		people := population(t, risks, 60)
		cut := rapid.Bool().Draw(t, "cut")
		r := Publish("2026-T4", people, risks, cut, nil)
		for i := range people {
			if r.Enough && !otherwise(people, i, r, risks, cut) {
				t.Fatalf("person %d (%v of %s) can be worked out from %s", i, people[i].Level, people[i].Group, text(r))
			}
		}
	})
}

// otherwise looks for such a set: the person alone changed, or the person and
// somebody else having changed places.
func otherwise(people []Respondent, i int, r Release, risks Scale, cut bool) bool {
	alert := people[i].Level >= Orange
	for l := Green; l <= Red; l++ {
		if (l >= Orange) == alert {
			continue
		}
		world := slices.Clone(people)
		world[i].Level = l
		if same(r, Publish(r.Quarter, world, risks, cut, nil)) {
			return true
		}
	}
	for j := range people {
		if (people[j].Level >= Orange) == alert {
			continue
		}
		world := slices.Clone(people)
		world[i].Level, world[j].Level = world[j].Level, world[i].Level
		if same(r, Publish(r.Quarter, world, risks, cut, nil)) {
			return true
		}
	}
	return false
}

func same(a, b Release) bool { return reflect.DeepEqual(a, b) }

func text(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

// TestAnswersAboutWorkCannotBeWorkedOut does the same for one axis: somebody
// for whom it weighs could be somebody for whom it does not.
func TestAnswersAboutWorkCannotBeWorkedOut(t *testing.T) {
	risks := scales(t).Risks
	rapid.Check(t, func(t *rapid.T) {
		people := population(t, risks, 40)
		r := Publish("2026-T4", people, risks, false, nil)
		for _, axis := range r.Axes {
			n, weighs := 0, 0
			for _, p := range people {
				if p.Risks != nil {
					if _, ok := p.Risks.ByItem[axis.Item]; ok {
						n++
						if p.Risks.Weighs(axis.Item) {
							weighs++
						}
					}
				}
			}
			if n < MinGroup {
				t.Fatalf("%s is published for %d answers", axis.Item, n)
			}
			// All alike: one of them otherwise must give the same share.
			if weighs == 0 && axis.Share != shareOf(100/float64(n)) ||
				weighs == n && axis.Share != shareOf(100*float64(n-1)/float64(n)) {
				t.Fatalf("%s gives away %d answers of %d", axis.Item, weighs, n)
			}
		}
	})
}

// TestEveryDifferenceHoldsTen subtracts every set of published groups from the
// total and from each other: what is left is nobody or ten people.
func TestEveryDifferenceHoldsTen(t *testing.T) {
	risks := scales(t).Risks
	rapid.Check(t, func(t *rapid.T) {
		people := population(t, risks, 80)
		r := Publish("2026-T4", people, risks, true, nil)
		if r.Enough && (r.Total == nil) != (len(r.Groups) > 1) {
			t.Fatalf("both the total and its groups, or neither: %s", text(r))
		}
		if !r.Enough {
			if len(people) >= MinGroup || !same(r, Release{Quarter: "2026-T4"}) {
				t.Fatalf("%d people: %s", len(people), text(r))
			}
			return
		}
		sizes := map[string]int{}
		for _, g := range partition(people) {
			sizes[g.name] = len(g.people)
		}
		for set := range 1 << len(r.Groups) {
			left := len(people)
			for k, g := range r.Groups {
				if sizes[g.Name] < MinGroup {
					t.Fatalf("group %s of %d is published", g.Name, sizes[g.Name])
				}
				if set>>k&1 == 1 {
					left -= sizes[g.Name]
				}
			}
			if !countable(left) {
				t.Fatalf("the total less groups %b leaves %d people", set, left)
			}
		}
	})
}

// TestOneReleaseAQuarter: somebody who answers late, leaves or erases changes
// nothing of what was published, so that two exports cannot be subtracted.
func TestOneReleaseAQuarter(t *testing.T) {
	risks := scales(t).Risks
	rapid.Check(t, func(t *rapid.T) {
		people := population(t, risks, 40)
		first := Publish("2026-T3", people, risks, true, nil)
		late := append(slices.Clone(people), Respondent{Group: "cape", Level: Red})
		if again := Publish("2026-T3", late, risks, true, []Release{first}); !same(first, again) {
			t.Fatalf("a second export differs: %s then %s", text(first), text(again))
		}
		if len(people) > 0 {
			if again := Publish("2026-T3", people[1:], risks, true, []Release{first}); !same(first, again) {
				t.Fatal("an erasure shows in a second export")
			}
		}
	})
}

// TestNothingExact: every number of an export is a step of 5, and a quarter
// never holds a name, a free text, a lowest or a highest value.
func TestNothingExact(t *testing.T) {
	risks := scales(t).Risks
	keys := map[string]bool{}
	rapid.Check(t, func(t *rapid.T) {
		var tree any
		if err := json.Unmarshal([]byte(text(Publish("2026-T4", population(t, risks, 60), risks, rapid.Bool().Draw(t, "cut"), nil))), &tree); err != nil {
			t.Fatal(err)
		}
		walk(tree, "", func(key string, v any) {
			keys[key] = true
			if n, ok := v.(float64); ok && (int(n)%5 != 0 || n != float64(int(n))) {
				t.Fatalf("%s is %v", key, n)
			}
		})
	})
	allowed := []string{"", "quarter", "enough", "total", "groups", "axes", "organisation", "personal", "name", "at_least",
		"alert", "levels", "percent", "or_more", "or_less", "item", "short", "share", "vert", "jaune", "orange", "rouge"}
	for key := range keys {
		if !slices.Contains(allowed, key) {
			t.Errorf("an export holds %q", key)
		}
	}
}

func walk(v any, key string, see func(string, any)) {
	see(key, v)
	switch v := v.(type) {
	case map[string]any:
		for k, w := range v {
			walk(w, k, see)
		}
	case []any:
		for _, w := range v {
			walk(w, key, see)
		}
	}
}

func TestWorkshop(t *testing.T) {
	people := func(n int, g string, l Level) []Respondent {
		return slices.Repeat([]Respondent{{Group: g, Level: l}}, n)
	}
	pairs := func(n, alert int) []Pair {
		var out []Pair
		for i := range n {
			p := Pair{Before: Respondent{Group: "cape"}, After: Respondent{Group: "cape"}}
			if i < alert {
				p.Before.Level = Orange
			}
			if i < alert/2 {
				p.After.Level = Red
			}
			out = append(out, p)
		}
		return out
	}
	half := append(people(10, "cesa", Green), people(10, "cesa", Orange)...)
	mix := append(slices.Clone(half), people(5, "cape", Orange)...)
	for name, c := range map[string]struct {
		pairs  []Pair
		before Rest
		want   error
	}{
		"nine":                        {pairs(9, 4), Rest{}, ErrTooFew},
		"ten, nobody else":            {pairs(10, 4), Rest{}, nil},
		"ten, nine others":            {pairs(10, 4), Rest{People: people(9, "cesa", Green)}, ErrOverlap},
		"ten, twenty others":          {pairs(10, 4), Rest{People: half}, nil},
		"groups published, one whole": {pairs(10, 4), Rest{People: half, Cut: true}, nil},
		"groups published, five left": {pairs(10, 4), Rest{People: mix, Cut: true}, ErrOverlap},
	} {
		got, err := Compare(c.pairs, c.before, c.before)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err == nil && (got.Before.Alert != Share{Percent: 40} || got.After.Alert != Share{Percent: 20}) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestShares(t *testing.T) {
	for percent, want := range map[float64]string{
		0: "10 % ou moins", 10: "10 % ou moins", 12.4: "10 % ou moins", 12.5: "15 %", 33.3: "35 %",
		50: "50 %", 87.4: "85 %", 87.5: "90 % ou plus", 90: "90 % ou plus", 100: "90 % ou plus",
	} {
		if got := shareOf(percent).String(); got != want {
			t.Errorf("%v %% is %q, want %q", percent, got, want)
		}
	}
	r := Publish("2026-T4", slices.Repeat([]Respondent{{Group: "cape", Level: Orange}}, 12), scales(t).Risks, false, nil)
	if got := fmt.Sprint(r.Total.Alert, " ", r.Total.AtLeast, " ", r.Total.Levels); got != "90 % ou plus 10 map[]" {
		t.Errorf("twelve people all orange: %s", got)
	}
}
