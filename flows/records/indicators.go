package records

import (
	"cmp"
	"iter"
	"maps"
	"slices"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/flows/care"
)

// Smallest is the smallest group that is counted in public: indicators show
// groups from 10 persons on (promise 8 of the design).
const Smallest = 10

var indicatorColumns = []string{"period", "measure", "group", "count", "suppressed", "percent", "bound"}

// IndicatorRow counts one group. It says nothing of any person.
type IndicatorRow struct {
	Period  string // 2026-10 or 2026-T4; empty for what holds now
	Measure string // "members", "members by status", "declarations by state"…
	Group   string // "all", or the part that is counted
	// Count is the number of persons, 0 when Suppressed.
	Count int
	// Suppressed: fewer than Smallest persons, or a number from which such a
	// group could be found by subtraction.
	Suppressed bool
	// Percent is the share in steps of 5 when Share is set, instead of Count.
	Percent int
	Share   bool
	// Bound is "at_least" or "at_most" when the number is only that.
	Bound string
}

func (r IndicatorRow) cells() []Cell {
	count, percent := None(), None()
	switch {
	case r.Suppressed:
	case r.Share:
		percent = Number(int64(r.Percent))
	default:
		count = Number(int64(r.Count))
	}
	return []Cell{Text(r.Period), Text(r.Measure), Text(r.Group), count, Flag(r.Suppressed), percent, Text(r.Bound)}
}

// measure is the parts that make up one whole.
type measure struct {
	period, whole, parts string
}

// Indicators counts groups: members by status, situation and cohort,
// candidates by decision, declarations of a month by state. A period is a month
// or a quarter; an empty one is every month that was declared.
func Indicators(people iter.Seq[flows.Person], period string) []IndicatorRow {
	counts := map[measure]map[string]int{}
	add := func(period, whole, parts, group string) {
		m := measure{period, whole, whole + " by " + parts}
		if counts[m] == nil {
			counts[m] = map[string]int{}
		}
		counts[m][cmp.Or(group, "unknown")]++
	}
	for p := range people {
		if p.Profile.Status.Member() {
			add("", "members", "status", string(p.Profile.Status))
			add("", "members", "situation", p.Profile.Situation)
			add("", "members", "cohort", p.Profile.Cohort)
		}
		if n := len(p.PreTests); n > 0 {
			action := "waiting"
			if d := p.PreTests[n-1].Decision; d != nil {
				action = d.Action
			}
			add("", "pretests", "decision", action)
		}
		for _, d := range p.Declarations {
			if len(d.Versions) > 0 && within(d.Period, period) {
				add(d.Period, "declarations", "state", d.State)
			}
		}
	}
	return indicatorRows(counts)
}

// within says whether a month is in a period: empty, a month or a quarter.
func within(month, period string) bool {
	if q, err := care.ParseQuarter(period); err == nil {
		return slices.Contains(q.Months(), month)
	}
	return period == "" || month == period
}

// indicatorRows puts each whole before its parts.
func indicatorRows(counts map[measure]map[string]int) []IndicatorRow {
	var out []IndicatorRow
	done := map[measure]bool{}
	for _, m := range slices.SortedFunc(maps.Keys(counts), compareMeasures) {
		total := 0
		for _, n := range counts[m] {
			total += n
		}
		all := measure{period: m.period, whole: m.whole}
		if !done[all] { // the parts are listed in several ways, the whole once
			done[all] = true
			out = append(out, shown(m.period, m.whole, "all", total, total < Smallest))
		}
		out = append(out, parts(m, counts[m])...)
	}
	return out
}

func compareMeasures(a, b measure) int {
	return cmp.Or(cmp.Compare(a.period, b.period), cmp.Compare(a.whole, b.whole), cmp.Compare(a.parts, b.parts))
}

// parts shows the parts of a whole, so that no hidden one can be found by
// subtracting the others: what is hidden adds up to at least Smallest persons
// in at least two groups.
func parts(m measure, groups map[string]int) []IndicatorRow {
	bySize := slices.SortedFunc(maps.Keys(groups), func(a, b string) int {
		return cmp.Or(cmp.Compare(groups[a], groups[b]), cmp.Compare(a, b))
	})
	hidden, sum := map[string]bool{}, 0
	for _, g := range bySize {
		if groups[g] < Smallest || (len(hidden) > 0 && (len(hidden) < 2 || sum < Smallest)) {
			hidden[g] = true
			sum += groups[g]
		}
	}
	var out []IndicatorRow
	for _, g := range slices.Sorted(maps.Keys(groups)) {
		out = append(out, shown(m.period, m.parts, g, groups[g], hidden[g]))
	}
	return out
}

func shown(period, name, group string, n int, hide bool) IndicatorRow {
	r := IndicatorRow{Period: period, Measure: name, Group: group, Count: n, Suppressed: hide}
	if hide {
		r.Count = 0
	}
	return r
}
