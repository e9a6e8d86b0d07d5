// Package pretest scores the motivation pre-test. The arithmetic is fixed and
// explainable: six dimensions, never a total, a rank or a rejection. Source:
// the pre-test as designed for the co-operative (self-determination theory for MA and MC,
// entrepreneurial self-efficacy for E; own items, bands are a design choice).
package pretest

import (
	"math"
	"slices"
)

// Missing answers.
const (
	Skipped = 0  // «Je passe» or no answer
	Unclear = -1 // «Je ne comprends pas»
)

// Answers are the raw answers 1 to 5 by question number, or Skipped/Unclear.
type Answers map[int]int

// Dim is one of the six dimensions.
type Dim string

// The dimensions: autonomous and controlled motivation, self-efficacy,
// preparation, resources, cooperation.
const (
	MA Dim = "MA"
	MC Dim = "MC"
	E  Dim = "E"
	P  Dim = "P"
	R  Dim = "R"
	C  Dim = "C"
)

// Dims lists the dimensions in the order of the card.
var Dims = []Dim{MA, MC, E, P, R, C}

var items = map[Dim][]int{MA: {2, 6, 9}, MC: {3, 15}, E: {4, 8, 11, 16}, P: {5, 10, 14, 17}, R: {12, 18}, C: {7, 13, 19}}

// needed is how many valid answers a dimension needs; fewer is «à voir
// ensemble».
var needed = map[Dim]int{MA: 2, MC: 2, E: 3, P: 3, R: 2, C: 2}

var reversed = map[int]bool{9: true, 11: true, 13: true}

// straight are the twelve items of the same five answers, in display order.
var straight = []int{2, 3, 4, 6, 7, 8, 9, 11, 13, 15, 16, 19}

// Score is the value of one dimension.
type Score struct {
	Dim      Dim
	Value    float64 // 0 to 100; meaningless when not Valid
	Valid    bool
	Answered int
	Total    int
}

// item is the score of one question, 0 to 100.
func item(a Answers, n int) (float64, bool) {
	x := a[n]
	if x < 1 || x > 5 {
		return 0, false
	}
	if reversed[n] {
		return float64(5-x) / 4 * 100, true
	}
	return float64(x-1) / 4 * 100, true
}

// mean is the mean of the valid scores of these questions.
func mean(a Answers, ns ...int) (float64, int) {
	sum, n := 0.0, 0
	for _, q := range ns {
		if s, ok := item(a, q); ok {
			sum += s
			n++
		}
	}
	if n == 0 {
		return 0, 0
	}
	return sum / float64(n), n
}

// Of scores one dimension: the mean of the valid answers, if there are enough.
// Nothing is imputed and a missing answer is never counted as 0.
func Of(a Answers, d Dim) Score {
	v, n := mean(a, items[d]...)
	return Score{Dim: d, Value: v, Valid: n >= needed[d], Answered: n, Total: len(items[d])}
}

// The words of the bands, and the limits between them.
const (
	Build  = "à construire"
	OnWay  = "en chemin"
	Strong = "point d'appui"
	Talk   = "à voir ensemble"
	low    = 40.0
	high   = 70.0
	near   = 5.0
)

// Band says the value in words; within five points of a limit, both words.
func (s Score) Band() string {
	switch {
	case !s.Valid:
		return Talk
	case math.Abs(s.Value-low) <= near:
		return Build + " / " + OnWay
	case math.Abs(s.Value-high) <= near:
		return OnWay + " / " + Strong
	}
	return s.word()
}

// word is the single word of the band.
func (s Score) word() string {
	switch {
	case s.Value < low:
		return Build
	case s.Value < high:
		return OnWay
	}
	return Strong
}

// IsStrong and IsWeak tell a point of support and something to work on.
func (s Score) IsStrong() bool { return s.Valid && s.Value >= high }

// IsWeak reports whether the dimension is below the band «point d'appui».
func (s Score) IsWeak() bool { return s.Valid && s.Value < high }

// Quality are the flags on how the questionnaire was answered. They are never
// a reproach and never a reason to refuse.
type Quality struct {
	Contradiction bool // (a) answers to opposite wordings that disagree by 75 or more
	StraightLine  bool // (b) eight or more identical answers in a row
	AllMiddle     bool // all twelve «entre les deux»: doubt, not carelessness
	Fast          bool // (c) median under 1.5 s an item
	Unclear       int  // (d) number of «je ne comprends pas»
}

// Reread reports «à relire ensemble»: two flags among a to c, or four or more
// «je ne comprends pas».
func (q Quality) Reread() bool {
	n := 0
	for _, f := range []bool{q.Contradiction, q.StraightLine, q.Fast} {
		if f {
			n++
		}
	}
	return n >= 2 || q.Unclear >= 4
}

// Check computes the flags. millis are the thinking times in milliseconds.
func Check(a Answers, millis []int64) Quality {
	q := Quality{Contradiction: contradicts(a)}
	run, best, last := 0, 0, 0
	same := true
	for _, n := range straight {
		x := a[n]
		if x >= 1 && x == last {
			run++
		} else {
			run = 1
		}
		if x < 1 {
			run = 0
		}
		same = same && x >= 1 && x == a[straight[0]]
		last = x
		best = max(best, run)
	}
	q.AllMiddle = same && a[straight[0]] == 3
	q.StraightLine = best >= 8 && !q.AllMiddle
	if len(millis) > 0 {
		sorted := slices.Clone(millis)
		slices.Sort(sorted)
		mid := float64(sorted[len(sorted)/2])
		if len(sorted)%2 == 0 {
			mid = (float64(sorted[len(sorted)/2-1]) + mid) / 2
		}
		q.Fast = mid < 1500
	}
	for _, x := range a {
		if x == Unclear {
			q.Unclear++
		}
	}
	return q
}

func contradicts(a Answers) bool {
	far := func(x float64, n int, r int) bool {
		y, ok := item(a, r)
		return n > 0 && ok && math.Abs(x-y) >= 75
	}
	m2, n2 := mean(a, 2)
	me, ne := mean(a, 4, 8, 16)
	mc, nc := mean(a, 7, 19)
	return far(m2, n2, 9) || far(me, ne, 11) || far(mc, nc, 13)
}

// strongWish is the middle of the scale: above it, envie or contrainte is
// called «forte» (a design choice, as the bands).
const strongWish = 50.0

// Profile is the sentence on envie and contrainte.
func Profile(a Answers) string {
	ma, mc := Of(a, MA), Of(a, MC)
	if !ma.Valid || !mc.Valid {
		return "Envie et contrainte : à voir ensemble."
	}
	switch {
	case ma.Value >= strongWish && mc.Value < strongWish:
		return "Envie forte, contrainte faible."
	case ma.Value >= strongWish:
		return "Envie forte, contrainte forte : la nécessité avec l'envie. C'est courant, et cela se travaille."
	case mc.Value >= strongWish:
		return "Envie faible, contrainte forte : parler d'abord. De qui est ce projet ?"
	}
	return "Envie et contrainte faibles : explorer ensemble."
}

// Step is a suggested next step with the rule that gave it.
type Step struct{ ID, Label, Rule string }

// Suggest gives the next steps, by fixed rules that staff may overrule. Every
// path includes a meeting with a person.
func Suggest(a Answers, needs []string) []Step {
	var out []Step
	if slices.Contains(needs, "lire") || slices.Contains(needs, "francais") {
		out = append(out, Step{"assisted", "parcours accompagné", "besoin : lire, écrire, compter, ou parler français"})
	}
	e, ma, p := Of(a, E), Of(a, MA), Of(a, P)
	if e.Valid && e.Value < low || ma.Valid && ma.Value < low {
		out = append(out, Step{"talk", "d'abord un entretien individuel", "confiance (E) ou envie (MA) à construire"})
	}
	switch {
	case !p.Valid:
		out = append(out, Step{"talk", "entretien individuel", "préparation (P) : pas assez de réponses"})
	case p.Value < low:
		out = append(out, Step{"idea", "atelier « idée et clients »", "préparation (P) sous 40"})
	case p.Value < high:
		out = append(out, Step{"prices", "atelier prix et chiffres", "préparation (P) de 40 à 69"})
	default:
		out = append(out, Step{"trial", "rendez-vous « test d'activité »", "préparation (P) de 70 et plus"})
	}
	return out
}

var interview = map[Dim]string{
	MA: "Qu'est-ce qui vous donne envie de faire ce métier, vous ?",
	MC: "Qui d'autre souhaite ce projet, et pourquoi ?",
	E:  "Racontez une difficulté que vous avez surmontée. Comment avez-vous fait ?",
	P:  "Qui pourrait acheter demain ? Que vous a dit cette personne ?",
	R:  "De quoi vivez-vous ces six prochains mois ? De quelle aide avez-vous besoin ?",
	C:  "Qu'est-ce qui vous plairait, ou vous gênerait, à travailler avec d'autres ?",
}

// Interview gives three questions for the meeting: first the dimensions
// without enough answers, then the lowest ones; MC counts from the top (a high
// constraint is what one talks about).
func Interview(a Answers) []string {
	type ranked struct {
		d Dim
		v float64
	}
	var list []ranked
	for _, d := range Dims {
		s := Of(a, d)
		v := s.Value
		if d == MC {
			v = 100 - v
		}
		if !s.Valid {
			v = -1
		}
		list = append(list, ranked{d, v})
	}
	slices.SortStableFunc(list, func(x, y ranked) int {
		switch {
		case x.v < y.v:
			return -1
		case x.v > y.v:
			return 1
		}
		return 0
	})
	var out []string
	for _, r := range list[:3] {
		out = append(out, interview[r.d])
	}
	return out
}
