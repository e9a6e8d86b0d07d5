package care

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 0.005 {
		t.Errorf("%s = %.4f, want %.2f", what, got, want)
	}
}

// The check values of the rule: mean 3.75, SD 0.8, eight answers.
func TestPulseCheckValues(t *testing.T) {
	b := Baseline{Mean: 3.75, SD: 0.8}
	for i, want := range []float64{2.86, 2.77, 2.73, 2.71, 2.70, 2.70} {
		near(t, "limit", b.Limit(i+1), want)
	}
	points := b.smooth([]int{3, 3, 2, 2, 2, 3})
	for i, want := range []float64{3.52, 3.37, 2.96, 2.67, 2.47, 2.63} {
		// 3.525 and 3.3675 are written 3.52 and 3.37 in the check values.
		if got := points[i].Smoothed; math.Abs(got-want) > 0.0051 {
			t.Errorf("answer %d: smoothed %.4f, want %.2f", i+1, got, want)
		}
		if alarm := points[i].Smoothed < points[i].Limit; alarm != (i >= 3) {
			t.Errorf("answer %d: alarm %v", i+1, alarm)
		}
	}
}

func TestBaseline(t *testing.T) {
	b, err := NewBaseline([]int{4, 4, 4, 4, 4, 4, 3, 3})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "mean", b.Mean, 3.75)
	near(t, "sd", b.SD, math.Sqrt((6*0.64+1.5)/13))
	flat, err := NewBaseline([]int{4, 4, 4, 4, 4, 4, 4, 4})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "floor of the sd", flat.SD, 0.6)
	for _, bad := range [][]int{{4}, {4, 4, 4, 4, 4, 4, 4, 0}, {4, 4, 4, 4, 4, 4, 4, 6}} {
		if _, err := NewBaseline(bad); err == nil {
			t.Errorf("%v is accepted", bad)
		}
	}
}

func TestPulseAlarms(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers []int
		want    Alarm
	}{
		{"nothing yet", nil, NoAlarm},
		{"one low", []int{4, 2}, NoAlarm},
		{"two low before the baseline", []int{4, 2, 1}, AlarmLow},
		{"two low, not in a row", []int{2, 4, 2}, NoAlarm},
		{"low usual: two low are ordinary", []int{3, 3, 3, 3, 3, 3, 3, 3, 2, 2}, NoAlarm},
		{"border 3.25: two low count", []int{3, 3, 3, 3, 3, 3, 4, 4, 2, 2}, AlarmLow},
		{"steady", []int{4, 4, 3, 4, 4, 4, 3, 4, 4, 3, 4, 4}, NoAlarm},
		{"slow fall", []int{4, 4, 4, 4, 4, 4, 3, 3, 3, 3, 2, 3, 2, 3, 2}, AlarmFall},
	} {
		p, err := Follow(c.answers)
		if err != nil {
			t.Fatal(err)
		}
		if p.Alarm != c.want {
			t.Errorf("%s: alarm %q, want %q", c.name, p.Alarm, c.want)
		}
	}
	if _, err := Follow([]int{3, 7}); err == nil {
		t.Error("an answer of 7 is accepted")
	}
}

func TestRebase(t *testing.T) {
	year := make([]int, RebaseAnswers)
	for i := range year {
		year[i] = 3 + i%2
	}
	if got := Rebase(year, 52); !slices.Equal(got, year[18:]) {
		t.Errorf("after a year, %d answers kept, want 8", len(got))
	}
	for name, got := range map[string][]int{
		"too early": Rebase(year[:25], 80),
		"WHO-5 50":  Rebase(year, 50),
		"no WHO-5":  Rebase(year, -1),
	} {
		if len(got) < 25 {
			t.Errorf("%s: the baseline moved", name)
		}
	}
}

// The baseline never moves with later answers, whatever they are.
func TestBaselineIsFixed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		answers := rapid.SliceOfN(rapid.IntRange(1, 5), BaselineAnswers, 60).Draw(t, "answers")
		first, err := Follow(answers[:BaselineAnswers])
		if err != nil {
			t.Fatal(err)
		}
		all, err := Follow(answers)
		if err != nil {
			t.Fatal(err)
		}
		if *first.Baseline != *all.Baseline {
			t.Fatalf("baseline moved from %v to %v", *first.Baseline, *all.Baseline)
		}
		for _, p := range all.Points {
			if p.Smoothed < 1 || p.Smoothed > 5 || p.Limit >= all.Baseline.Mean {
				t.Fatalf("impossible point %+v", p)
			}
		}
	})
}
