package care

import (
	"errors"
	"fmt"
)

// Least answers for a score (Kristensen et al. 2005): fewer give none.
const (
	leastPersonal = 3
	leastWork     = 4
)

// Result is the score of one scale.
type Result struct {
	Score    float64 // 0 to 100; high is bad for the CBI, good for WHO-5
	Answered int
	Items    int
	// Scored is false when too few answers were given: Score means nothing.
	Scored bool
	// Prorated marks a WHO-5 with one answer missing: shown to the member,
	// never used for a level.
	Prorated bool
}

// Usable says whether a result may decide a level.
func (r Result) Usable() bool { return r.Scored && !r.Prorated }

// Answers are the values given, by item id. A missing id is no answer.
type Answers map[string]int

// Score computes the mean of the answers given to a scale of the CBI kind
// (values 0, 25, 50, 75, 100), reversed items turned round. The error names an
// answer to an unknown item or with a value the scale does not have.
func (s Scale) Score(a Answers) (Result, error) {
	if err := s.accepts(a); err != nil {
		return Result{}, err
	}
	r := Result{Items: len(s.Items)}
	sum := 0
	for _, item := range s.Items {
		v, ok := a[item.ID]
		if !ok {
			continue
		}
		if item.Reversed {
			v = 100 - v
		}
		sum += v
		r.Answered++
	}
	if r.Answered > 0 && r.Answered >= s.Least {
		r.Scored = true
		r.Score = float64(sum) / float64(r.Answered)
	}
	return r, nil
}

// ScoreWHO5 computes the sum of the five answers (0 to 5) times four. With one
// answer missing the sum is prorated and marked; with more there is no score.
func (s Scale) ScoreWHO5(a Answers) (Result, error) {
	if len(s.Items) != who5Items {
		return Result{}, errors.New("care: WHO-5 has five items")
	}
	if err := s.accepts(a); err != nil {
		return Result{}, err
	}
	r := Result{Items: who5Items}
	sum := 0
	for _, item := range s.Items {
		if v, ok := a[item.ID]; ok {
			sum += v
			r.Answered++
		}
	}
	switch r.Answered {
	case who5Items:
		r.Scored, r.Score = true, float64(4*sum)
	case who5Items - 1:
		r.Scored, r.Prorated = true, true
		r.Score = float64(4*sum) * who5Items / (who5Items - 1)
	}
	return r, nil
}

func (s Scale) accepts(a Answers) error {
	known := map[string]bool{}
	for _, item := range s.Items {
		known[item.ID] = true
	}
	for id, v := range a {
		if !known[id] {
			return fmt.Errorf("care: %s: no item %q", s.ID, id)
		}
		if !s.has(v) {
			return fmt.Errorf("care: %s: item %q has a value outside the scale", s.ID, id)
		}
	}
	return nil
}

func (s Scale) has(v int) bool {
	for _, set := range s.Answers {
		for _, choice := range set {
			if choice.Value == v {
				return true
			}
		}
	}
	return false
}

// Risks are the answers to the eight questions about work, 0 to 100, 100 being
// the risk.
type Risks struct {
	ByItem       map[string]float64 // reversed items turned round
	Organisation Result             // what depends on the organisation
	Personal     Result             // what depends on the person
}

// Weighs says whether an item weighs: the answer was "often" or "always", or
// the opposite for a reversed item.
func (r Risks) Weighs(item string) bool {
	v, ok := r.ByItem[item]
	return ok && v >= riskFrom
}

// riskFrom is the value from which an item weighs: our own choice, "souvent".
const riskFrom = 75

// ScoreRisks computes the risks. Organisation needs three answers of five,
// Personal two of three: our own choice, as for the CBI.
func (s Scale) ScoreRisks(a Answers) (Risks, error) {
	if err := s.accepts(a); err != nil {
		return Risks{}, err
	}
	out := Risks{ByItem: map[string]float64{}}
	var sums [2]float64
	halves := [2]*Result{&out.Organisation, &out.Personal}
	for _, item := range s.Items {
		k := 1
		if item.Depends == dependsOrganisation {
			k = 0
		}
		halves[k].Items++
		v, ok := a[item.ID]
		if !ok {
			continue
		}
		if item.Reversed {
			v = 100 - v
		}
		out.ByItem[item.ID] = float64(v)
		sums[k] += float64(v)
		halves[k].Answered++
	}
	for k, half := range halves {
		if half.Answered > half.Items/2 {
			half.Scored, half.Score = true, sums[k]/float64(half.Answered)
		}
	}
	return out, nil
}
