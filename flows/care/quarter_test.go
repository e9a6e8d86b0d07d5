package care

import (
	"slices"
	"testing"
	"time"
	_ "time/tzdata"
)

func TestQuarters(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ at, want, words string }{
		{"2026-12-31T22:59:59Z", "2026-T4", "4e trimestre 2026 (octobre à décembre)"},
		{"2026-12-31T23:00:00Z", "2027-T1", "1er trimestre 2027 (janvier à mars)"},
		{"2027-03-31T21:59:59Z", "2027-T1", "1er trimestre 2027 (janvier à mars)"},
		{"2027-03-31T22:00:00Z", "2027-T2", "2e trimestre 2027 (avril à juin)"},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		q := QuarterOf(at.In(paris))
		if q.String() != c.want || q.Words() != c.words || at.Before(q.Start(paris)) || !at.Before(q.End(paris)) {
			t.Errorf("%s: %s, %s, from %s to %s", c.at, q, q.Words(), q.Start(paris), q.End(paris))
		}
		if back, err := ParseQuarter(c.want); err != nil || back != q || q.Next().Previous() != q || q.Previous().Next() != q {
			t.Errorf("%s: %v %v", c.want, back, err)
		}
	}
	if got := (Quarter{2026, 4}).Months(); !slices.Equal(got, []string{"2026-10", "2026-11", "2026-12"}) {
		t.Error(got)
	}
	for _, s := range []string{"", "2026", "2026-T0", "2026-T5", "2026-10", "T4-2026", "2026-T4 "} {
		if _, err := ParseQuarter(s); err == nil {
			t.Errorf("%q is read", s)
		}
	}
}
