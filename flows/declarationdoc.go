package flows

import "time"

// Declaration is one month of one member. Amounts are cents.
type Declaration struct {
	Reference string `json:"reference"` // D-2026-10-0042
	Period    string `json:"period"`    // 2026-10
	// Versions are all that was sent, the latest last; none is ever lost.
	Versions []DeclarationVersion `json:"versions"`
	State    string               `json:"state"` // submitted, validated, correction
	// Validated is the decision of staff on the latest version.
	Validated *Decided  `json:"validated,omitempty"`
	History   []Decided `json:"history,omitempty"`
}

// DeclarationVersion is one sending of a declaration.
type DeclarationVersion struct {
	RevenueCents      int64     `json:"revenue_cents"`
	ExpensesCents     int64     `json:"expenses_cents"`
	ContributionCents int64     `json:"contribution_cents"`
	Rate              string    `json:"rate"` // percent as a decimal: "10"
	Documents         []string  `json:"documents,omitempty"`
	Later             bool      `json:"later,omitempty"` // documents to follow
	At                time.Time `json:"at"`
}

// Declaration returns the declaration of a period, or nil.
func (p *Person) Declaration(period string) *Declaration {
	for i := range p.Declarations {
		if p.Declarations[i].Period == period {
			return &p.Declarations[i]
		}
	}
	return nil
}
