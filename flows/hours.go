package flows

import (
	"time"

	"github.com/rickar/cal/v2/fr"
)

// Hours says when we may speak without being asked, in the zone of the
// co-operative: Monday to Saturday from 9 to 19 h, never on a Sunday or a
// public holiday of metropolitan France (Code du travail, art. L. 3133-1).
// Answers to what a person just did do not ask it.
type Hours struct {
	Zone *time.Location
	From int // hour of the day, inclusive
	To   int // hour of the day, exclusive
	// Saturday is false for check-ins and for staff.
	Saturday bool
}

// NudgeHours are the hours of nudges, StaffHours those of the team.
func NudgeHours(zone *time.Location) Hours {
	return Hours{Zone: zone, From: 9, To: 19, Saturday: true}
}

// StaffHours are Monday to Friday, 9 to 18 h.
func StaffHours(zone *time.Location) Hours {
	return Hours{Zone: zone, From: 9, To: 18}
}

// MaySpeak reports whether t is within the hours.
func (h Hours) MaySpeak(t time.Time) bool {
	l := t.In(h.Zone)
	return h.openDay(l) && l.Hour() >= h.From && l.Hour() < h.To
}

// Next is the first moment from t on that is within the hours: t itself, or
// the opening of the next open day.
func (h Hours) Next(t time.Time) time.Time {
	if h.MaySpeak(t) {
		return t
	}
	l := t.In(h.Zone)
	if l.Hour() >= h.From || !h.openDay(l) {
		l = l.AddDate(0, 0, 1)
	}
	for range 14 {
		if h.openDay(l) {
			break
		}
		l = l.AddDate(0, 0, 1)
	}
	return time.Date(l.Year(), l.Month(), l.Day(), h.From, 0, 0, 0, h.Zone)
}

func (h Hours) openDay(l time.Time) bool {
	if l.Weekday() == time.Sunday || (l.Weekday() == time.Saturday && !h.Saturday) {
		return false
	}
	return !Holiday(l)
}

// Holiday reports whether the local day of t is a public holiday in
// metropolitan France.
func Holiday(t time.Time) bool {
	for _, h := range fr.Holidays {
		day, _ := h.Calc(t.Year())
		if day.Month() == t.Month() && day.Day() == t.Day() {
			return true
		}
	}
	return false
}

// LocalDay is the date of t in the zone, as "2026-12-01".
func LocalDay(t time.Time, zone *time.Location) string { return t.In(zone).Format("2006-01-02") }
