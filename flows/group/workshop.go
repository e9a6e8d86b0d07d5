package group

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/flows/care"
)

// lowEnergy is « basse » or « à plat » in the pulse.
const lowEnergy = 2

// ErrOverlap says that another workshop was compared over some of the same
// weeks: two groups that differ by a few people would tell of those few.
var ErrOverlap = errors.New("another workshop was compared over some of the same weeks: two groups that are almost the same would tell what one person answered")

// TooEarlyError says that the weeks after a workshop are not over.
type TooEarlyError struct{ From time.Time }

// Error says from when on the comparison can be made.
func (e *TooEarlyError) Error() string {
	return fmt.Sprintf("the comparison can be made from %s on, %d days after the workshop", e.From.Format(time.DateOnly), flows.WorkshopDays)
}

// ParseDay reads 2027-01-20 as a local date.
func ParseDay(s string, zone *time.Location) (time.Time, error) {
	day, err := time.ParseInLocation("2006-01-02", s, zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("cannot read the day %q; write 2027-01-20", s)
	}
	return day, nil
}

// Compare tells how many of a workshop's cohort said their energy was low
// before and after it, or returns the comparison made before. It counts those
// who answered both times. The error is [care.ErrTooFew] under ten of them,
// [ErrOverlap] or a [TooEarlyError].
func Compare(people iter.Seq[flows.Person], cohort string, day, now time.Time, made []flows.Workshop) (flows.Workshop, error) {
	w := flows.Workshop{Cohort: strings.TrimSpace(cohort), Day: day.Format("2006-01-02")}
	for _, m := range made {
		if m.Day == w.Day && strings.EqualFold(m.Cohort, w.Cohort) {
			return m, nil
		}
		if w.Overlaps(m) {
			return w, ErrOverlap
		}
	}
	if end := day.AddDate(0, 0, flows.WorkshopDays+1); now.Before(end) {
		return w, &TooEarlyError{end}
	}
	c, err := care.Compare(pairs(people, w.Cohort, day), care.Rest{}, care.Rest{})
	if err != nil {
		return w, err
	}
	w.AtLeast, w.Before, w.After = c.Before.AtLeast, c.Before.Alert, c.After.Alert
	return w, nil
}

// pairs are those of a cohort who answered the pulse both before and after: the
// answers closest before the day, and the latest of the weeks after it.
func pairs(people iter.Seq[flows.Person], cohort string, day time.Time) []care.Pair {
	var out []care.Pair
	for p := range people {
		c, ok := member(&p)
		if !ok || cohort == "" || !strings.EqualFold(strings.TrimSpace(p.Profile.Cohort), cohort) {
			continue
		}
		before, one := latestPulse(c, day.AddDate(0, 0, -flows.WorkshopDays), day)
		after, two := latestPulse(c, day.AddDate(0, 0, 1), day.AddDate(0, 0, flows.WorkshopDays+1))
		if one && two {
			out = append(out, care.Pair{Before: before, After: after})
		}
	}
	return out
}

// latestPulse is the last answer within a span, as a respondent who is in
// alert when the energy was low.
func latestPulse(c flows.Care, from, to time.Time) (r care.Respondent, ok bool) {
	for _, x := range c.Pulses {
		if x.At.Before(from) || !x.At.Before(to) {
			continue
		}
		r, ok = care.Respondent{Level: care.Green}, true
		if x.X <= lowEnergy {
			r.Level = care.Orange
		}
	}
	return r, ok
}
