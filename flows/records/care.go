package records

import (
	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/flows/care"
)

// The period of what is about a quarter is "2026-T4".

// CareRows are the rows of published quarters: the shares of each level, of
// what weighs at work, and the two mean risks (0 to 100). A quarter with too
// few answers is one row, suppressed.
func CareRows(published []care.Release) []IndicatorRow {
	var out []IndicatorRow
	for _, r := range published {
		if !r.Enough || r.Total == nil {
			out = append(out, IndicatorRow{Period: r.Quarter, Measure: "check-ins", Group: "all", Suppressed: true})
			continue
		}
		out = append(out, IndicatorRow{Period: r.Quarter, Measure: "check-ins", Group: "all", Count: r.Total.AtLeast, Bound: "at_least"},
			shareRow(r.Quarter, "check-ins by level", "orange or rouge", r.Total.Alert))
		for l := care.Green; l <= care.Red; l++ {
			if s, ok := r.Total.Levels[l.String()]; ok {
				out = append(out, shareRow(r.Quarter, "check-ins by level", l.String(), s))
			}
		}
		for _, a := range r.Axes {
			out = append(out, shareRow(r.Quarter, "what weighs at work", a.Name, a.Share))
		}
		if r.Organisation != nil {
			out = append(out, shareRow(r.Quarter, "mean risk", "organisation", *r.Organisation))
		}
		if r.Personal != nil {
			out = append(out, shareRow(r.Quarter, "mean risk", "personal", *r.Personal))
		}
	}
	return out
}

func shareRow(period, name, group string, s care.Share) IndicatorRow {
	r := IndicatorRow{Period: period, Measure: name, Group: group, Percent: s.Percent, Share: true}
	switch {
	case s.OrMore:
		r.Bound = "at_least"
	case s.OrLess:
		r.Bound = "at_most"
	}
	return r
}

// WorkshopTable is the comparison of a workshop. shown is false when there are
// too few answers: then both rows are suppressed.
func WorkshopTable(w flows.Workshop, shown bool) Table {
	before := IndicatorRow{Period: w.Day, Group: w.Cohort, Suppressed: true}
	after := before
	if shown {
		before, after = shareRow(w.Day, "", w.Cohort, w.Before), shareRow(w.Day, "", w.Cohort, w.After)
	}
	before.Measure, after.Measure = "low energy before the workshop", "low energy after the workshop"
	return table("indicators", indicatorColumns, []IndicatorRow{before, after})
}
