package french

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var monthNames = [...]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"}

var dayNames = [...]string{"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"}

// The reasons why a month or a date is asked again.
var (
	ErrNoMonth = errors.New("no month")
	ErrFuture  = errors.New("in the future")
	ErrNoDate  = errors.New("no date")
	ErrNoPhone = errors.New("no phone number")
)

// MonthName is the French name of a period "2026-10": "octobre 2026". Anything
// else is returned as it is.
func MonthName(period string) string {
	t, err := time.Parse("2006-01", period)
	if err != nil {
		return period
	}
	return fmt.Sprintf("%s %d", monthNames[t.Month()-1], t.Year())
}

// Day writes a date: "mardi 1er décembre 2026".
func Day(t time.Time) string {
	return fmt.Sprintf("%s %s", dayNames[t.Weekday()], DayMonth(t)+fmt.Sprintf(" %d", t.Year()))
}

// DayMonth writes "1er décembre".
func DayMonth(t time.Time) string {
	d := strconv.Itoa(t.Day())
	if t.Day() == 1 {
		d = "1er"
	}
	return d + " " + monthNames[t.Month()-1]
}

// Clock writes "9 h 05".
func Clock(t time.Time) string {
	if t.Minute() == 0 {
		return fmt.Sprintf("%d h", t.Hour())
	}
	return fmt.Sprintf("%d h %02d", t.Hour(), t.Minute())
}

var (
	isoMonth  = regexp.MustCompile(`^(20[0-9]{2})[-/. ](0?[1-9]|1[0-2])$`)
	numMonth  = regexp.MustCompile(`^(0?[1-9]|1[0-2])(?:[-/. ](20[0-9]{2}|[0-9]{2}))?$`)
	wordMonth = regexp.MustCompile(`^([a-z]+)(?: (20[0-9]{2}|[0-9]{2}))?$`)
)

// Month reads a month and returns its period "2026-10". now is a local time. A
// month without a year is the latest one that is not in the future.
func Month(s string, now time.Time) (string, error) {
	f := strings.TrimSpace(s)
	folded := Fold(f)
	for _, word := range []string{"le mois de ", "mois de ", "pour le mois de ", "pour ", "d ", "en ", "de ", "au mois de "} {
		folded = strings.TrimPrefix(folded, word)
	}
	switch folded {
	case "ce mois", "ce mois ci", "le mois en cours", "mois en cours":
		return now.Format("2006-01"), nil
	case "le mois dernier", "mois dernier", "le mois passe", "mois passe", "dernier mois", "le dernier":
		return FirstOfMonth(now).AddDate(0, -1, 0).Format("2006-01"), nil
	}
	if m := isoMonth.FindStringSubmatch(f); m != nil {
		return period(m[2], m[1], now)
	}
	if m := numMonth.FindStringSubmatch(f); m != nil {
		return period(m[1], m[2], now)
	}
	m := wordMonth.FindStringSubmatch(folded)
	if m == nil {
		return "", ErrNoMonth
	}
	n := monthByWord(m[1])
	if n == 0 {
		return "", ErrNoMonth
	}
	return period(strconv.Itoa(n), m[2], now)
}

func monthByWord(w string) int {
	if len(w) < 3 {
		return 0
	}
	found := 0
	for i, name := range monthNames {
		if strings.HasPrefix(Fold(name), w) {
			if found != 0 {
				return 0 // "jui" may be two months
			}
			found = i + 1
		}
	}
	return found
}

func period(month, year string, now time.Time) (string, error) {
	m, _ := strconv.Atoi(month)
	y := now.Year()
	if year == "" {
		if time.Month(m) > now.Month() {
			y--
		}
	} else {
		y, _ = strconv.Atoi(year)
		if y < 100 {
			y += 2000
		}
	}
	t := time.Date(y, time.Month(m), 1, 0, 0, 0, 0, now.Location())
	if t.After(now) {
		return "", ErrFuture
	}
	return t.Format("2006-01"), nil
}

// FirstOfMonth is midnight of the first day of t's month.
func FirstOfMonth(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, t.Location())
}

var (
	numDate  = regexp.MustCompile(`^([0-9]{1,2})[-/. ]([0-9]{1,2})[-/. ](20[0-9]{2}|[0-9]{2})$`)
	isoDate  = regexp.MustCompile(`^(20[0-9]{2})-([0-9]{1,2})-([0-9]{1,2})$`)
	wordDate = regexp.MustCompile(`^([0-9]{1,2})(?:er)? ([a-z]+)(?: (20[0-9]{2}))?$`)
)

// Date reads a calendar date and returns it as "2026-11-23". A date without a
// year is the nearest one to now.
func Date(s string, now time.Time) (string, error) {
	f := strings.TrimSpace(s)
	if m := isoDate.FindStringSubmatch(f); m != nil {
		return calendar(m[1], m[2], m[3])
	}
	if m := numDate.FindStringSubmatch(f); m != nil {
		return calendar(m[3], m[2], m[1])
	}
	folded := strings.TrimPrefix(Fold(f), "le ")
	for _, d := range dayNames {
		folded = strings.TrimPrefix(folded, d+" ")
	}
	m := wordDate.FindStringSubmatch(folded)
	if m == nil || monthByWord(m[2]) == 0 {
		return "", ErrNoDate
	}
	month := strconv.Itoa(monthByWord(m[2]))
	if m[3] != "" {
		return calendar(m[3], month, m[1])
	}
	best, gap := "", time.Duration(1<<62)
	for y := now.Year() - 1; y <= now.Year()+1; y++ {
		c, err := calendar(strconv.Itoa(y), month, m[1])
		if err != nil {
			continue
		}
		t, _ := time.ParseInLocation("2006-01-02", c, now.Location())
		if d := t.Sub(now).Abs(); d < gap {
			best, gap = c, d
		}
	}
	if best == "" {
		return "", ErrNoDate
	}
	return best, nil
}

func calendar(year, month, day string) (string, error) {
	y, _ := strconv.Atoi(year)
	if y < 100 {
		y += 2000
	}
	m, _ := strconv.Atoi(month)
	d, _ := strconv.Atoi(day)
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if t.Day() != d || int(t.Month()) != m {
		return "", ErrNoDate
	}
	return t.Format("2006-01-02"), nil
}
