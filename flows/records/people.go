package records

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/flows/french"
)

// memberColumns begin with those of the members file, so that an export can be
// corrected and imported again.
var memberColumns = []string{"person_id", "name", "status", "email", "phone", "referent", "cohort", "situation", "rsa_month",
	"activity", "since", "channel", "consented_at", "seen_at"}

// MemberExport is what the co-operative knows of one member.
type MemberExport struct {
	Person  flows.PersonID
	Profile flows.Profile
	// Channel is where the member is reached; empty before the link was used
	// and after they blocked us.
	Channel             string
	ConsentedAt, SeenAt time.Time
}

// Members lists the members, by name.
func Members(people iter.Seq[flows.Person]) []MemberExport {
	var out []MemberExport
	for p := range people {
		if !p.Profile.Status.Member() {
			continue
		}
		m := MemberExport{Person: p.ID, Profile: p.Profile, ConsentedAt: consentedAt(&p), SeenAt: p.Seen}
		if c := p.Current().Channel; p.Reachable() && c != importChannel {
			m.Channel = c
		}
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b MemberExport) int {
		return cmp.Or(cmp.Compare(french.Fold(a.Profile.Name), french.Fold(b.Profile.Name)), cmp.Compare(a.Person, b.Person))
	})
	return out
}

func (m MemberExport) cells() []Cell {
	p := m.Profile
	rsa := None()
	if p.RSAMonth > 0 {
		rsa = Number(int64(p.RSAMonth))
	}
	return []Cell{Text(string(m.Person)), Text(p.Name), Text(string(p.Status)), Text(p.Email), Text(p.Phone), Text(p.Referent),
		Text(p.Cohort), Text(p.Situation), rsa, Text(p.Activity), Text(p.Since), Text(m.Channel), stamp(m.ConsentedAt), stamp(m.SeenAt)}
}

var candidateColumns = []string{"person_id", "name", "age_band", "status", "consented_at", "pretest_at", "decision", "decided_by",
	"decided_at", "reason", "different"}

// CandidateRow is where one candidate stands: the decision of a human, never a
// score or an answer.
type CandidateRow struct {
	Person      flows.PersonID
	Name        string
	Age         flows.AgeBand
	Status      flows.Status // a candidate may have become a member since
	ConsentedAt time.Time
	PreTestAt   time.Time // zero: not finished yet
	Decision    flows.Decided
	// Different says that the decision went against the suggestion.
	Different bool
}

// Candidates lists who agreed and is no member yet, and every member who once
// took the pre-test; by the time of the latest pre-test.
func Candidates(people iter.Seq[flows.Person]) []CandidateRow {
	var out []CandidateRow
	for p := range people {
		if len(p.PreTests) == 0 && (p.Profile.Status.Member() || !p.Consented("data")) {
			continue
		}
		out = append(out, candidateRow(&p))
	}
	slices.SortFunc(out, func(a, b CandidateRow) int {
		return cmp.Or(a.PreTestAt.Compare(b.PreTestAt), a.ConsentedAt.Compare(b.ConsentedAt), cmp.Compare(a.Person, b.Person))
	})
	return out
}

func candidateRow(p *flows.Person) CandidateRow {
	r := CandidateRow{Person: p.ID, Name: p.Profile.Name, Age: p.Profile.Age, Status: cmp.Or(p.Profile.Status, flows.Candidate),
		ConsentedAt: consentedAt(p)}
	if n := len(p.PreTests); n > 0 {
		t := p.PreTests[n-1]
		r.PreTestAt, r.Different = t.At, t.Different
		if t.Decision != nil {
			r.Decision = *t.Decision
		}
	}
	return r
}

func (r CandidateRow) cells() []Cell {
	different := None()
	if r.Decision.Action != "" {
		different = Flag(r.Different)
	}
	return []Cell{Text(string(r.Person)), Text(r.Name), Text(string(r.Age)), Text(string(r.Status)), stamp(r.ConsentedAt),
		stamp(r.PreTestAt), Text(r.Decision.Action), Text(r.Decision.By), stamp(r.Decision.At), Text(r.Decision.Reason), different}
}

// consentedAt is when the consent that holds was given; zero without one.
func consentedAt(p *flows.Person) time.Time {
	if !p.Consented("data") {
		return time.Time{}
	}
	for i := len(p.Consents) - 1; i >= 0; i-- {
		if p.Consents[i].Name == "data" {
			return p.Consents[i].At
		}
	}
	return time.Time{}
}
