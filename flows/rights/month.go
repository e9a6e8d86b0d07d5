package rights

import (
	"regexp"
	"strconv"
	"time"
)

// month is a calendar month.
type month struct {
	year int
	m    time.Month
}

func (m month) first() time.Time    { return time.Date(m.year, m.m, 1, 0, 0, 0, 0, time.UTC) }
func (m month) add(n int) month     { return monthOf(m.first().AddDate(0, n, 0)) }
func (m month) days() int           { return m.first().AddDate(0, 1, -1).Day() }
func (m month) before(o month) bool { return m.first().Before(o.first()) }

func monthOf(t time.Time) month { return month{t.Year(), t.Month()} }

// workingDays counts the days from Monday to Friday, public holidays included,
// as the affiliation of ARE does.
func (m month) workingDays() int {
	n := 0
	for d := m.first(); monthOf(d) == m; d = d.AddDate(0, 0, 1) {
		if wd := d.Weekday(); wd != time.Saturday && wd != time.Sunday {
			n++
		}
	}
	return n
}

var (
	periodPattern = regexp.MustCompile(`^(\d{4})-(\d{2})(?:-\d{2})?(?:\.\.(?:(\d{4})-)?(\d{2}))?$`)
	maxMonths     = 36
)

// parsePeriod reads "2026-10", "2026-10-15", "2022-02..04" or
// "2022-11..2023-01" as the list of its months, in order.
func parsePeriod(s string) ([]month, bool) {
	p := periodPattern.FindStringSubmatch(s)
	if p == nil {
		return nil, false
	}
	from, ok := newMonth(p[1], p[2])
	if !ok {
		return nil, false
	}
	to := from
	if p[4] != "" {
		year := p[3]
		if year == "" {
			year = p[1]
		}
		if to, ok = newMonth(year, p[4]); !ok || to.before(from) {
			return nil, false
		}
	}
	var list []month
	for m := from; !to.before(m); m = m.add(1) {
		if list = append(list, m); len(list) > maxMonths {
			return nil, false
		}
	}
	return list, true
}

func newMonth(year, m string) (month, bool) {
	y, _ := strconv.Atoi(year)
	n, _ := strconv.Atoi(m)
	return month{y, time.Month(n)}, y >= 1990 && y <= 2100 && n >= 1 && n <= 12
}
