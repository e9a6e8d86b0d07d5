// Package care is the arithmetic of the check-ins: the pulse and its alarm, the
// scales and their scores, the levels, and what may be told of a group.
//
// It is fixed arithmetic written by people: nothing learns, nothing guesses.
// It never says that a person is ill. Results belong to the member: this
// package returns them to its caller and keeps, sends and logs nothing.
//
// Sources. Copenhagen Burnout Inventory: Kristensen, Borritz, Villadsen and
// Christensen 2005, Work & Stress 19:192-207, free to use and adapt. WHO-5:
// World Health Organization, WHO-UCN-MSD-MHE-2024.01, CC BY-NC-SA 3.0 IGO, whose
// wording is not part of this program. Axes of psychosocial risk: Gollac and
// Bodier 2011. Reliable change: Jacobson and Truax 1991. Thresholds are
// provisional: there are no norms for members of French cooperatives.
package care

// Level is what a set of answers amounts to. Levels are ordered.
type Level int

// The four levels of answers. A message of danger is not a level of answers:
// see package safety.
const (
	Green Level = iota
	Yellow
	Orange
	Red
)

// String returns "vert", "jaune", "orange" or "rouge".
func (l Level) String() string {
	switch l {
	case Yellow:
		return "jaune"
	case Orange:
		return "orange"
	case Red:
		return "rouge"
	default:
		return "vert"
	}
}

// tolerance absorbs the rounding of binary fractions at an exact border.
const tolerance = 1e-9
