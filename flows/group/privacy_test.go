package group

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/flows/care"
	"github.com/coopconnexion/relais/flows/records"
)

// An attacker who knows the rules, who is a member, who answered when, and who
// reads everything that ever comes out, at any moment, must not be able to tell
// what one person answered: for each person there must be another set of
// answers, otherwise for that person, under which all of it is the same.

// never is a quarter that does not come.
const never = 99

// life is one member over four quarters.
type life struct {
	Joins, Leaves, Withdraws int
	Cohort                   string
	Level                    [4]int // -1: no check-in in this quarter
	Risks                    [4]care.Answers
	Low                      [2]int // pulse before and after the workshop; 0: none
}

// quarters of the test; the workshop is in the second.
var (
	first    = care.Quarter{Year: 2026, N: 3}
	workshop = "2026-11-17"
)

func quarterAt(i int) care.Quarter {
	q := first
	for range i {
		q = q.Next()
	}
	return q
}

// document is what is kept of a member at the end of quarter i, or on the first
// day of the next one, when some have already answered again.
func (l life) document(t testing.TB, i, n int) (flows.Person, bool) {
	zone := paris(t)
	if l.Joins > i || l.Leaves <= i {
		return flows.Person{}, false
	}
	p := flows.Person{ID: flows.PersonID(fmt.Sprintf("p%d", n)), Profile: flows.Profile{Name: "Nom", Status: flows.CAPE, Cohort: l.Cohort}}
	if l.Withdraws <= i {
		p.Consents = []flows.Consent{{Name: "care", Yes: false}}
		return p, true
	}
	p.Consents = []flows.Consent{{Name: "care", Yes: true}}
	var c flows.Care
	for q := l.Joins; q <= min(i+1, 3); q++ {
		at := quarterAt(q).Start(zone).Add(time.Hour)
		if l.Level[q] >= 0 {
			c.Levels = append(c.Levels, flows.CareLevel{At: at, Level: care.Level(l.Level[q]), Scale: true},
				flows.CareLevel{At: at.Add(time.Hour), Level: care.Yellow}) // a pulse that fell
			if len(l.Risks[q]) > 0 && q <= i {
				c.Risks, c.RisksAt = l.Risks[q], at
			}
		}
	}
	day, _ := ParseDay(workshop, zone)
	for k, x := range l.Low {
		if x > 0 {
			c.Pulses = append(c.Pulses, flows.CarePulse{At: day.AddDate(0, 0, []int{-7, 7}[k]), X: x})
		}
	}
	data, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	p.Modules = map[string][]byte{"care": data}
	return p, true
}

func documents(t testing.TB, lives []life, i int) iter.Seq[flows.Person] {
	return func(yield func(flows.Person) bool) {
		for n, l := range lives {
			if p, ok := l.document(t, i, n); ok && !yield(p) {
				return
			}
		}
	}
}

// seen is all that comes out over the four quarters.
type seen struct {
	Quarters  []care.Release
	Workshops []flows.Workshop
	Words     []string
	Table     string
}

// play lives through the four quarters: what is published at the end of each,
// and on the way every attempt at something else.
func play(t testing.TB, lives []life, risks care.Scale, secrets ...string) seen {
	zone := paris(t)
	secret := func(i int) string { return strings.Join(secrets[min(i, len(secrets)):min(i+1, len(secrets))], "") }
	var s seen
	for i := range 4 {
		people := documents(t, lives, i)
		s.Quarters = append(s.Quarters, Publish(people, quarterAt(i), zone, risks, s.Quarters, secret(i)))
		for _, r := range s.Quarters[:i] {
			q, _ := care.ParseQuarter(r.Quarter)
			if again := Publish(people, q, zone, risks, s.Quarters, "another"); text(again) != text(r) {
				t.Fatalf("%s was published as %s, and later as %s", q, text(r), text(again))
			}
		}
		s.attempt(t, people, quarterAt(i).End(zone))
		s.Words = append(s.Words, flows.IndicatorWords(s.Quarters[i], s.Quarters)...)
	}
	tab, err := records.Export("indicators", documents(t, lives, 3), "", s.Quarters...)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := tab.Write(&b, "csv"); err != nil {
		t.Fatal(err)
	}
	s.Table = b.String()
	return s
}

// attempt asks for comparisons of every cohort on and around the day.
func (s *seen) attempt(t testing.TB, people iter.Seq[flows.Person], now time.Time) {
	zone := paris(t)
	for _, cohort := range []string{"A", "B", "a"} {
		for _, off := range []int{0, 1, -6, 30, 84} {
			day, _ := ParseDay(workshop, zone)
			w, err := Compare(people, cohort, day.AddDate(0, 0, off), now, s.Workshops)
			if err == nil && !slices.Contains(s.Workshops, w) {
				s.Workshops = append(s.Workshops, w)
			}
		}
	}
}

func text(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// lifetimes draws members. Cohorts and whole groups are sometimes all alike.
func lifetimes(t *rapid.T, risks care.Scale) []life {
	n := rapid.IntRange(8, 32).Draw(t, "members")
	same := rapid.IntRange(-1, 3).Draw(t, "all at")
	lives := make([]life, n)
	for i := range lives {
		l := life{Leaves: never, Withdraws: never, Cohort: rapid.SampledFrom([]string{"A", "A", "B"}).Draw(t, "cohort")}
		switch rapid.IntRange(0, 9).Draw(t, "event") {
		case 0:
			l.Joins = rapid.IntRange(1, 3).Draw(t, "joins")
		case 1:
			l.Leaves = rapid.IntRange(1, 3).Draw(t, "leaves")
		case 2:
			l.Withdraws = rapid.IntRange(1, 3).Draw(t, "withdraws")
		}
		for q := range 4 {
			l.Level[q] = rapid.IntRange(-1, 3).Draw(t, "level")
			if same >= 0 && l.Level[q] >= 0 {
				l.Level[q] = same
			}
			if rapid.Bool().Draw(t, "about work") {
				l.Risks[q] = care.Answers{}
				for _, item := range risks.Items {
					if v := rapid.IntRange(-1, 4).Draw(t, "answer"); v >= 0 {
						l.Risks[q][item.ID] = 25 * v
					}
				}
			}
		}
		l.Low = [2]int{rapid.IntRange(0, 5).Draw(t, "before"), rapid.IntRange(0, 5).Draw(t, "after")}
		lives[i] = l
	}
	return lives
}

// with is the lives with one of them changed.
func with(lives []life, i int, change func(*life)) []life {
	out := slices.Clone(lives)
	for q := range out[i].Risks {
		out[i].Risks[q] = maps.Clone(out[i].Risks[q])
	}
	change(&out[i])
	return out
}

// may says whether all that comes out would be the same in this world, for
// some secret of the quarter: the attacker knows none.
func may(t testing.TB, world []life, risks care.Scale, q int, all string) bool {
	for k := range 60 {
		secrets := make([]string, 4)
		if k > 0 {
			secrets[q] = fmt.Sprint(k)
		}
		if text(play(t, world, risks, secrets...)) == all {
			return true
		}
	}
	return false
}

// TestNobodyIsRevealed plays the attacker against the level of one member in
// one quarter.
func TestNobodyIsRevealed(t *testing.T) {
	risks := scales(t).Risks
	rapid.Check(t, func(r *rapid.T) {
		lives := lifetimes(r, risks)
		i, q := rapid.IntRange(0, len(lives)-1).Draw(r, "victim"), rapid.IntRange(0, 3).Draw(r, "quarter")
		if lives[i].Level[q] < 0 {
			return
		}
		all := text(play(t, lives, risks))
		alert := lives[i].Level[q] >= int(care.Orange)
		for level := range 4 {
			if (level >= int(care.Orange)) != alert && may(t, with(lives, i, func(l *life) { l.Level[q] = level }), risks, q, all) {
				return
			}
		}
		for j := range lives {
			other := lives[j].Level[q]
			if other < 0 || (other >= int(care.Orange)) == alert {
				continue
			}
			world := with(with(lives, i, func(l *life) { l.Level[q] = other }), j, func(l *life) { l.Level[q] = lives[i].Level[q] })
			if may(t, world, risks, q, all) {
				return
			}
		}
		r.Fatalf("the level %d of member %d in %s can be worked out from %s", lives[i].Level[q], i, quarterAt(q), all)
	})
}

// TestNoAnswerIsRevealed does the same for one answer about work: weighing or
// not. The member's other answers may be otherwise too.
func TestNoAnswerIsRevealed(t *testing.T) {
	risks := scales(t).Risks
	rapid.Check(t, func(r *rapid.T) {
		lives := lifetimes(r, risks)
		i, q := rapid.IntRange(0, len(lives)-1).Draw(r, "victim"), rapid.IntRange(0, 3).Draw(r, "quarter")
		item := rapid.SampledFrom(risks.Items).Draw(r, "item").ID
		if lives[i].Level[q] < 0 || len(lives[i].Risks[q]) == 0 {
			return
		}
		all := text(play(t, lives, risks))
		for _, world := range otherAnswers(risks, lives, i, q, item) {
			if may(t, world, risks, q, all) {
				return
			}
		}
		r.Fatalf("the answer to %s of member %d in %s can be worked out from %s", item, i, quarterAt(q), all)
	})
}

// otherAnswers are worlds in which the item weighs for the member if it did
// not, and the other way round: all answers exchanged with another member, or
// the member's answer changed, alone or with one more answer of somebody.
func otherAnswers(risks care.Scale, lives []life, i, q int, item string) []([]life) {
	var out [][]life
	weighs := func(a care.Answers) bool {
		s, err := risks.ScoreRisks(a)
		return err == nil && s.Weighs(item)
	}
	mine := lives[i].Risks[q]
	if _, answered := mine[item]; !answered {
		return [][]life{lives} // nothing to find
	}
	for j := range lives {
		if theirs := lives[j].Risks[q]; j != i && sameItems(theirs, mine) && lives[j].Level[q] >= 0 && weighs(theirs) != weighs(mine) {
			out = append(out, with(with(lives, i, func(l *life) { l.Risks[q] = theirs }), j, func(l *life) { l.Risks[q] = mine }))
		}
	}
	for v := 0; v <= 100; v += 25 {
		world := with(lives, i, func(l *life) { l.Risks[q][item] = v })
		if weighs(world[i].Risks[q]) == weighs(mine) {
			continue
		}
		out = append(out, world)
		for j := range lives {
			for other := range lives[j].Risks[q] {
				for _, d := range []int{-25, 25} {
					if w := world[j].Risks[q][other] + d; (other != item || j != i) && w >= 0 && w <= 100 {
						out = append(out, with(world, j, func(l *life) { l.Risks[q][other] = w }))
					}
				}
			}
		}
	}
	return out
}

// sameItems says whether two members answered the same questions, which the
// attacker is taken to know.
func sameItems(a, b care.Answers) bool {
	return len(a) > 0 && maps.EqualFunc(a, b, func(int, int) bool { return true })
}

// TestNoPulseIsRevealed does the same for the pulse of a workshop.
func TestNoPulseIsRevealed(t *testing.T) {
	risks := scales(t).Risks
	rapid.Check(t, func(r *rapid.T) {
		lives := lifetimes(r, risks)
		i, k := rapid.IntRange(0, len(lives)-1).Draw(r, "victim"), rapid.IntRange(0, 1).Draw(r, "side")
		x := lives[i].Low[k]
		if x == 0 {
			return
		}
		all := text(play(t, lives, risks))
		turned := func(l *life) { l.Low[k] = 6 - x }
		if x == 3 {
			turned = func(l *life) { l.Low[k] = 1 }
		}
		if text(play(t, with(lives, i, turned), risks)) == all {
			return
		}
		for j := range lives {
			if y := lives[j].Low[k]; y > 0 && (y <= lowEnergy) != (x <= lowEnergy) {
				world := with(with(lives, i, func(l *life) { l.Low[k] = y }), j, func(l *life) { l.Low[k] = x })
				if text(play(t, world, risks)) == all {
					return
				}
			}
		}
		r.Fatalf("the pulse %d of member %d can be worked out from %s", x, i, all)
	})
}

// TestANewcomerIsNotRevealed plays an attacker who knows how many answered and
// believes that everybody else answered as in the quarter before: how often
// can he be 95 % sure on which side of the border the newcomer is?
func TestANewcomerIsNotRevealed(t *testing.T) {
	risks := scales(t).Risks
	const secrets, prior = 1000, 0.3
	// shares are how often each share is published of these answers.
	shares := func(quarter string, all []care.Respondent) map[string]float64 {
		out := map[string]float64{}
		for k := range secrets {
			r := care.Publish(quarter, disguise(all, fmt.Sprint(k), quarter), risks, false, nil)
			out[r.Total.Alert.String()] += 1.0 / secrets
		}
		return out
	}
	for _, n := range []int{10, 15, 20, 30} {
		seen := map[string]*[2]float64{}
		for alert := range n + 1 {
			before := shares("2026-T3", crowd(n, alert, -1))
			for b, weight := range []float64{1 - prior, prior} {
				for after, x := range shares("2026-T4", crowd(n, alert, b)) {
					for first, y := range before {
						pair := first + ", " + after
						if seen[pair] == nil {
							seen[pair] = &[2]float64{}
						}
						seen[pair][b] += x * y * weight * binomial(n, alert, prior)
					}
				}
			}
		}
		sure := 0.0
		for _, w := range seen {
			if max(w[0], w[1]) > 0.95*(w[0]+w[1]) {
				sure += w[0] + w[1]
			}
		}
		t.Logf("%d answers: sure in %.1f %% of the cases", n, 100*sure)
		if sure > 0.03 {
			t.Errorf("%d answers: the attacker is sure in %.1f %% of the cases", n, 100*sure)
		}
	}
}

// crowd is n answers, some in alert, spread, and a newcomer's (-1: none).
func crowd(n, alert, newcomer int) []care.Respondent {
	out := make([]care.Respondent, n)
	for i := range alert {
		out[i].Level = care.Orange
	}
	if newcomer >= 0 {
		out = append(out, care.Respondent{Level: care.Level(newcomer) * care.Orange})
	}
	return out
}

func binomial(n, k int, p float64) float64 {
	out := math.Pow(1-p, float64(n-k)) * math.Pow(p, float64(k))
	for i := range k {
		out *= float64(n-i) / float64(i+1)
	}
	return out
}

// TestCopiesAreNotAnswers: nine answers to a question are not told as ten
// because one of them was copied.
func TestCopiesAreNotAnswers(t *testing.T) {
	risks := scales(t).Risks
	lives := make([]life, 10)
	for i := range lives {
		lives[i] = life{Leaves: never, Withdraws: never, Level: [4]int{0, -1, -1, -1}}
		lives[i].Risks[0] = care.Answers{"r2": 50, "r3": 0}
		if i > 0 {
			lives[i].Risks[0]["r1"] = 100
		}
	}
	copied := false
	for k := range 50 {
		r := Publish(documents(t, lives, 0), first, paris(t), risks, nil, fmt.Sprint(k))
		for _, a := range r.Axes {
			if a.Item == "r1" {
				t.Fatalf("secret %d: nine answers are told: %s", k, text(r))
			}
		}
		all := disguise(Respondents(documents(t, lives, 0), first, paris(t), risks), fmt.Sprint(k), "2026-T3")
		copied = copied || !slices.ContainsFunc(all, func(r care.Respondent) bool { return len(r.Risks.ByItem) == 2 })
	}
	if !copied {
		t.Error("no secret copies one of the nine over the tenth: the test proves nothing")
	}
}

// TestEverythingIsAboutTen counts again who stands behind each figure, and
// what one member more or less changes between two quarters.
func TestEverythingIsAboutTen(t *testing.T) {
	risks := scales(t).Risks
	rapid.Check(t, func(r *rapid.T) {
		lives := lifetimes(r, risks)
		s := play(t, lives, risks)
		for i, rel := range s.Quarters {
			n, work := 0, map[string]int{}
			for k, l := range lives {
				if _, here := l.document(t, i, k); here && l.Withdraws > i && l.Level[i] >= 0 {
					n++
					for item := range l.Risks[i] {
						work[item]++
					}
				}
			}
			if rel.Enough != (n >= care.MinGroup) || rel.Enough != (rel.Total != nil) || len(rel.Groups) > 0 {
				r.Fatalf("%d answers: %s", n, text(rel))
			}
			for _, a := range rel.Axes {
				if work[a.Item] < care.MinGroup {
					r.Fatalf("%d answers to %s: %s", work[a.Item], a.Item, text(rel))
				}
			}
			if !rel.Enough && text(rel) != text(care.Release{Quarter: rel.Quarter}) {
				r.Fatalf("too few answers, but %s", text(rel))
			}
		}
		for a := range s.Workshops {
			for b := range s.Workshops[:a] {
				if s.Workshops[a].Overlaps(s.Workshops[b]) {
					r.Fatalf("two comparisons over the same weeks: %s", text(s.Workshops))
				}
			}
		}
		for _, l := range strings.Split(s.Table, "\n")[1:] {
			if f := strings.Split(l, ","); len(f) == 7 && f[4] == "false" && strings.HasPrefix(f[0], "20") && f[5] == "" && f[3] < "10" {
				r.Fatalf("a count under ten: %s", l)
			}
		}
	})
}

// percents matches the shares that a page tells.
var percents = regexp.MustCompile(`(?m)^([0-9]+) (?:%|sur 100)`)

// TestPagesTellNoMore reads a page of any quarter: it fits, and tells the
// shares of the release, in steps of 5, or none at all.
func TestPagesTellNoMore(t *testing.T) {
	all := scales(t)
	rapid.Check(t, func(r *rapid.T) {
		s := play(t, lifetimes(r, all.Risks), all.Risks)
		rel := s.Quarters[rapid.IntRange(0, 3).Draw(r, "quarter")]
		var b bytes.Buffer
		if err := WriteQuarter(&b, rel, s.Quarters, about(t)); err != nil {
			r.Fatal(err)
		}
		found := percents.FindAllStringSubmatch(pageText(t, b.Bytes()), -1)
		if rel.Enough == (len(found) == 0) {
			r.Fatalf("%d shares for %s", len(found), text(rel))
		}
		for _, f := range found {
			if n, err := strconv.Atoi(f[1]); err != nil || n%5 != 0 || n < 10 || n > 90 {
				r.Fatalf("the page tells %s", f[0])
			}
		}
	})
}

// TestWorkshops covers the borders of a comparison.
func TestWorkshops(t *testing.T) {
	risks := scales(t).Risks
	lives := make([]life, 12)
	for i := range lives {
		lives[i] = life{Leaves: never, Withdraws: never, Cohort: "A", Level: [4]int{-1, -1, -1, -1}, Low: [2]int{1 + i%3, 3}}
	}
	s := play(t, lives, risks)
	want := flows.Workshop{Cohort: "A", Day: workshop, AtLeast: 10, Before: care.Share{Percent: 65}, After: care.Share{Percent: 10, OrLess: true}}
	if len(s.Workshops) != 1 || s.Workshops[0] != want {
		t.Errorf("%s", text(s.Workshops))
	}
	zone := paris(t)
	day, _ := ParseDay(workshop, zone)
	late := day.AddDate(0, 0, flows.WorkshopDays+1)
	people := documents(t, lives, 1)
	var early *TooEarlyError
	if _, err := Compare(people, "A", day, late.Add(-time.Second), nil); !errors.As(err, &early) || !early.From.Equal(late) {
		t.Errorf("a second early: %v", err)
	}
	for name, c := range map[string]struct {
		lives []life
		want  error
	}{
		"nine after":   {with(with(with(lives, 0, func(l *life) { l.Low[1] = 0 }), 1, func(l *life) { l.Low[1] = 0 }), 2, func(l *life) { l.Low[0] = 0 }), care.ErrTooFew},
		"one withdrew": {with(lives, 0, func(l *life) { l.Withdraws = 0 }), nil},
	} {
		if _, err := Compare(documents(t, c.lives, 1), "A", day, late, nil); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, cohort := range []string{"", "B"} {
		if _, err := Compare(people, cohort, day, late, nil); !errors.Is(err, care.ErrTooFew) {
			t.Errorf("cohort %q: %v", cohort, err)
		}
	}
	if _, err := Compare(people, "A", day.AddDate(0, 0, 2*flows.WorkshopDays), late.AddDate(1, 0, 0), []flows.Workshop{want}); !errors.Is(err, ErrOverlap) {
		t.Errorf("weeks in common: %v", err)
	}
	if _, err := Compare(people, "A", day.AddDate(0, 0, 2*flows.WorkshopDays+1), late.AddDate(1, 0, 0), []flows.Workshop{want}); !errors.Is(err, care.ErrTooFew) {
		t.Errorf("no weeks in common: %v", err)
	}
	if again, err := Compare(documents(t, lives[:3], 1), "a ", day, late.AddDate(1, 0, 0), []flows.Workshop{want}); err != nil || again != want {
		t.Errorf("made again: %v %v", again, err)
	}
}
