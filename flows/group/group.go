// Package group is what the cooperative may know of how its members are: from
// the members' own documents to figures about ten people or more, as a table,
// in words, and as one page for the document on occupational risks (DUERP).
//
// Who reads every export, card and page, of every quarter and workshop, and
// knows who answered and when, can still not tell what one person answered:
//
//   - One cut for each answer. A quarter is told for the whole cooperative,
//     never by cohort, status or month: a total and its parts can be subtracted.
//   - Quarters do not overlap: each counts only answers given within it.
//   - A workshop is told from the one-tap pulse, which no quarter counts, and
//     its weeks overlap those of no other workshop.
//   - What was published is kept and never made again.
//   - Ten people at least; steps of 5; nothing below 10 % or above 90 % is
//     told apart (package care).
//
// It is pure: the time is given, and no file is read.
package group

import (
	"iter"
	"time"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/flows/care"
)

// Respondents are the members who answered in a quarter (local dates in zone):
// the level of their latest scale of the quarter, and their answers about work
// if given in it. A level that a pulse alone gave does not count: only members
// whose energy falls get one. Who has not agreed, has withdrawn, is not a member or is
// a minor does not count.
func Respondents(people iter.Seq[flows.Person], q care.Quarter, zone *time.Location, risks care.Scale) []care.Respondent {
	var out []care.Respondent
	within := func(at time.Time) bool { return !at.Before(q.Start(zone)) && at.Before(q.End(zone)) }
	for p := range people {
		c, ok := member(&p)
		if !ok {
			continue
		}
		r, answered := care.Respondent{}, false
		for _, l := range c.Levels {
			if l.Scale && within(l.At) {
				r.Level, answered = l.Level, true
			}
		}
		if !answered {
			continue
		}
		if within(c.RisksAt) {
			if scored, err := risks.ScoreRisks(c.Risks); err == nil {
				r.Risks = &scored
			}
		}
		out = append(out, r)
	}
	return out
}

// member are the check-ins of an adult member who agreed to them.
func member(p *flows.Person) (flows.Care, bool) {
	if !p.Profile.Status.Member() || p.Profile.Age == flows.AgeMinor {
		return flows.Care{}, false
	}
	return flows.CareOf(p)
}

// Publish makes the figures of a quarter, or returns those published before.
// The caller keeps them.
func Publish(people iter.Seq[flows.Person], q care.Quarter, zone *time.Location, risks care.Scale, published []care.Release) care.Release {
	return care.Publish(q.String(), Respondents(people, q, zone, risks), risks, false, published)
}
