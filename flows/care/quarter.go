package care

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Quarter is a quarter of a calendar year, written "2026-T4".
type Quarter struct {
	Year int
	N    int // 1 to 4
}

var quarterForm = regexp.MustCompile(`^([0-9]{4})-[Tt]([1-4])$`)

// ParseQuarter reads "2026-T4".
func ParseQuarter(s string) (Quarter, error) {
	m := quarterForm.FindStringSubmatch(s)
	if m == nil {
		return Quarter{}, fmt.Errorf("care: cannot read the quarter %q; write 2026-T4", s)
	}
	year, err := strconv.Atoi(m[1])
	return Quarter{year, int(m[2][0] - '0')}, err
}

// QuarterOf is the quarter of the date of t, in the zone of t.
func QuarterOf(t time.Time) Quarter { return Quarter{t.Year(), (int(t.Month())-1)/3 + 1} }

// String writes "2026-T4".
func (q Quarter) String() string { return fmt.Sprintf("%04d-T%d", q.Year, q.N) }

// Next is the quarter after.
func (q Quarter) Next() Quarter {
	if q.N == 4 {
		return Quarter{q.Year + 1, 1}
	}
	return Quarter{q.Year, q.N + 1}
}

// Previous is the quarter before.
func (q Quarter) Previous() Quarter {
	if q.N == 1 {
		return Quarter{q.Year - 1, 4}
	}
	return Quarter{q.Year, q.N - 1}
}

// Start is the first moment of the quarter in a zone, End the first one after.
func (q Quarter) Start(zone *time.Location) time.Time {
	return time.Date(q.Year, time.Month(3*q.N-2), 1, 0, 0, 0, 0, zone)
}

// End is the first moment after the quarter in a zone.
func (q Quarter) End(zone *time.Location) time.Time { return q.Next().Start(zone) }

// Months are the three months, as "2026-10".
func (q Quarter) Months() []string {
	var out []string
	for i := range 3 {
		out = append(out, fmt.Sprintf("%04d-%02d", q.Year, 3*q.N-2+i))
	}
	return out
}

// Words is the quarter as people read it: "4e trimestre 2026 (octobre à
// décembre)".
func (q Quarter) Words() string {
	number := strconv.Itoa(q.N) + "e"
	if q.N == 1 {
		number = "1er"
	}
	span := [...]string{"janvier à mars", "avril à juin", "juillet à septembre", "octobre à décembre"}[q.N-1]
	return fmt.Sprintf("%s trimestre %d (%s)", number, q.Year, span)
}
