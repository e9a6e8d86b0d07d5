package care

import (
	"errors"
	"slices"
)

// Pair is one member of a workshop who answered before and after it.
type Pair struct{ Before, After Respondent }

// Rest is everybody else who answered in one of the two quarters.
type Rest struct {
	People []Respondent
	// Cut says that the release of that quarter was published by group.
	Cut bool
}

// Comparison is a workshop's group before and after.
type Comparison struct {
	Before Cell `json:"before"`
	After  Cell `json:"after"`
}

// ErrTooFew says that a comparison is not shown: «Pas assez de réponses.»
var ErrTooFew = errors.New("care: fewer than ten respondents")

// ErrOverlap says that a comparison is not shown because, beside what is
// already published, it would tell about fewer than ten people.
var ErrOverlap = errors.New("care: with the quarter's results this would tell about fewer than ten people")

// Compare tells how a workshop's group (at most twelve people) changed. It is
// shown only when ten of them answered both times, and when in neither quarter
// the published total or groups, less the workshop, leave between one and nine
// people, nor give anybody's answers away. Show one and the same sentence for
// both errors: which of them it was would tell something too.
func Compare(pairs []Pair, before, after Rest) (Comparison, error) {
	if len(pairs) < MinGroup {
		return Comparison{}, ErrTooFew
	}
	in := [2][]Respondent{}
	for _, p := range pairs {
		in[0], in[1] = append(in[0], p.Before), append(in[1], p.After)
	}
	for k, rest := range [2]Rest{before, after} {
		if !apart(in[k], rest) {
			return Comparison{}, ErrOverlap
		}
	}
	return Comparison{Before: cellOf("Avant", in[0]), After: cellOf("Après", in[1])}, nil
}

// apart says whether a workshop's group may be shown beside a quarter.
func apart(in []Respondent, rest Rest) bool {
	if !countable(len(rest.People)) {
		return false
	}
	all := append(append([]Respondent{}, in...), rest.People...)
	if len(rest.People) > 0 && !safeTogether(all, []group{{"in", in}, {"rest", rest.People}}) {
		return false
	}
	if !rest.Cut {
		return true
	}
	inside := map[string]int{}
	for _, p := range in {
		inside[p.Group]++
	}
	for _, g := range partition(all) {
		names := map[string]bool{}
		for _, p := range g.people {
			names[p.Group] = true
		}
		n := 0
		for name := range names {
			n += inside[name]
		}
		if !countable(n) || !countable(len(g.people)-n) {
			return false
		}
	}
	return true
}

// countable says whether a part of what is published has nobody or ten.
func countable(n int) bool { return n == 0 || n >= MinGroup }

// safeTogether says whether the parts of a quarter may be told beside its
// total. Inside a part where some are in alert and some are not, any two could
// change places unseen. Where all are alike, one of them must be able to be
// otherwise with the same total; else the total would give the part away.
func safeTogether(all []Respondent, groups []group) bool {
	published := cellOf("", all)
	for _, g := range groups {
		if alert := alike(g.people); alert != mixed {
			other := Orange
			if alert == allAlert {
				other = Green
			}
			if !sameCell(published, cellOf("", flipped(all, g.people[0], other))) {
				return false
			}
		}
	}
	return true
}

const (
	mixed = iota
	allAlert
	allCalm
)

func alike(people []Respondent) int {
	alert := 0
	for _, p := range people {
		if p.Level >= Orange {
			alert++
		}
	}
	switch alert {
	case 0:
		return allCalm
	case len(people):
		return allAlert
	}
	return mixed
}

// flipped is all with one respondent like p at another level.
func flipped(all []Respondent, p Respondent, l Level) []Respondent {
	out := slices.Clone(all)
	for i := range out {
		if out[i].Group == p.Group && out[i].Level == p.Level {
			out[i].Level = l
			break
		}
	}
	return out
}

func sameCell(a, b Cell) bool {
	if a.Alert != b.Alert || len(a.Levels) != len(b.Levels) {
		return false
	}
	for k, v := range a.Levels {
		if b.Levels[k] != v {
			return false
		}
	}
	return true
}
