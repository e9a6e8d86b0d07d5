package care

import (
	"math"
	"slices"
)

// Changes that count. WHO-5 moves in steps of 4 (five of them are 20), CBI
// personal in steps of 25/6, CBI work in steps of 25/7. Each border is the
// first whole step at or near the reliable change of Jacobson and Truax.
const (
	who5ReliableFall = 20
	who5WatchFall    = 10
	personalRise     = 4 * 25.0 / 6 // 16.67
	workRise         = 5 * 25.0 / 7 // 17.86
)

// Normal quantiles for a two-sided and a one-sided 95 % reliable change.
const (
	TwoSided = 1.96
	OneSided = 1.645
)

// ReliableChange is the least change that the error of a scale does not
// explain: z·SD·√2·√(1-α) (Jacobson and Truax 1991).
func ReliableChange(z, sd, alpha float64) float64 {
	return z * sd * math.Sqrt2 * math.Sqrt(1-alpha)
}

// Usual is the median of the latest three of a person's earlier scores (oldest
// first), the value a new one is compared with. It is false without any.
func Usual(earlier []float64) (float64, bool) {
	if len(earlier) == 0 {
		return 0, false
	}
	last := slices.Clone(earlier[max(0, len(earlier)-3):])
	slices.Sort(last)
	if len(last) == 2 {
		return (last[0] + last[1]) / 2, true
	}
	return last[len(last)/2], true
}

// rise is how far a score went above what is usual; 0 without earlier scores.
func rise(earlier []float64, now float64) float64 {
	usual, ok := Usual(earlier)
	if !ok {
		return 0
	}
	return now - usual
}
