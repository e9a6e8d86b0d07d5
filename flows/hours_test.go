package flows

import (
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"
)

func paris(t testing.TB) *time.Location {
	l, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestHolidays(t *testing.T) {
	// Eleven legal holidays of 2026 and the movable ones of 2027 and 2028.
	for _, day := range []string{"2026-01-01", "2026-04-06", "2026-05-01", "2026-05-08", "2026-05-14", "2026-05-25", "2026-07-14", "2026-08-15", "2026-11-01", "2026-11-11", "2026-12-25", "2027-03-29", "2027-05-06", "2027-05-17", "2028-04-17"} {
		d, _ := time.ParseInLocation("2006-01-02", day, paris(t))
		if !Holiday(d) {
			t.Errorf("%s is a holiday", day)
		}
	}
	for _, day := range []string{"2026-04-05", "2026-12-26", "2026-11-02", "2026-07-15"} {
		d, _ := time.ParseInLocation("2006-01-02", day, paris(t))
		if Holiday(d) {
			t.Errorf("%s is not a holiday", day)
		}
	}
}

func TestHours(t *testing.T) {
	zone := paris(t)
	h := NudgeHours(zone)
	for at, open := range map[string]bool{
		"2026-12-01 08:59": false, "2026-12-01 09:00": true, "2026-12-01 18:59": true, "2026-12-01 19:00": false,
		"2026-12-05 12:00": true, "2026-12-06 12:00": false, "2026-12-25 12:00": false, "2026-12-01 03:00": false,
	} {
		l, _ := time.ParseInLocation("2006-01-02 15:04", at, zone)
		if h.MaySpeak(l) != open || h.MaySpeak(l.UTC()) != open {
			t.Errorf("%s: open is %v", at, !open)
		}
	}
}

func TestNextIsOpenAndSoonest(t *testing.T) {
	zone := paris(t)
	h := NudgeHours(zone)
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, zone)
	rapid.Check(t, func(t *rapid.T) {
		at := start.Add(time.Duration(rapid.Int64Range(0, 4*365*24*60).Draw(t, "minute")) * time.Minute)
		next := h.Next(at)
		if !h.MaySpeak(next) || next.Before(at) {
			t.Fatalf("next of %s is %s", at, next)
		}
		for m := at; m.Before(next); m = m.Add(30 * time.Minute) {
			if h.MaySpeak(m) {
				t.Fatalf("%s was open already, before %s", m, next)
			}
		}
	})
}
