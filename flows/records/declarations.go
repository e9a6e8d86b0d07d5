package records

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"github.com/coopconnexion/relais/flows"
)

// declarationColumns are fixed by the outward contract.
var declarationColumns = []string{"reference", "person_id", "name", "status", "period", "revenue_cents", "expenses_cents",
	"contribution_cents", "state", "submitted_at", "validated_at", "validated_by", "version"}

// DeclarationRow is the latest version of one declaration. Amounts are cents.
type DeclarationRow struct {
	Reference string
	Person    flows.PersonID
	Name      string
	Status    flows.Status
	Period    string // 2026-10
	Revenue, Expenses,
	Contribution int64
	State       string // submitted, validated, correction
	SubmittedAt time.Time
	// ValidatedAt and ValidatedBy are empty unless the state is validated.
	ValidatedAt time.Time
	ValidatedBy string
	Version     int // from 1
}

// Declarations lists every declaration sent, one row for its latest version,
// by month and reference. An empty period is every month.
func Declarations(people iter.Seq[flows.Person], period string) []DeclarationRow {
	var out []DeclarationRow
	for p := range people {
		for i := range p.Declarations {
			d := &p.Declarations[i]
			if len(d.Versions) > 0 && (period == "" || d.Period == period) {
				out = append(out, declarationRow(&p, d))
			}
		}
	}
	slices.SortFunc(out, func(a, b DeclarationRow) int {
		return cmp.Or(cmp.Compare(a.Period, b.Period), cmp.Compare(len(a.Reference), len(b.Reference)),
			cmp.Compare(a.Reference, b.Reference), cmp.Compare(a.Person, b.Person))
	})
	return out
}

func declarationRow(p *flows.Person, d *flows.Declaration) DeclarationRow {
	v := d.Latest()
	r := DeclarationRow{Reference: d.Reference, Person: p.ID, Name: p.Profile.Name, Status: p.Profile.Status, Period: d.Period,
		Revenue: v.RevenueCents, Expenses: v.ExpensesCents, Contribution: v.ContributionCents,
		State: d.State, SubmittedAt: v.At, Version: len(d.Versions)}
	if d.State == flows.DeclValidated && d.Validated != nil {
		r.ValidatedAt, r.ValidatedBy = d.Validated.At, d.Validated.By
	}
	return r
}

func (r DeclarationRow) cells() []Cell {
	return []Cell{Text(r.Reference), Text(string(r.Person)), Text(r.Name), Text(string(r.Status)), Text(r.Period),
		Number(r.Revenue), Number(r.Expenses), Number(r.Contribution), Text(r.State), stamp(r.SubmittedAt),
		stamp(r.ValidatedAt), Text(r.ValidatedBy), Number(int64(r.Version))}
}
