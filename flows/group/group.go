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
//   - Two answers drawn by a secret are replaced by two others (disguise): who
//     believes that nobody else changed from one quarter to the next learns
//     next to nothing of the one who came or left.
//   - Ten people at least; steps of 5; nothing below 10 % or above 90 % is
//     told apart (package care).
//
// It is pure: the time is given, and no file is read.
package group

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"
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
// The caller keeps them. secret is the cooperative's own, and known to nobody.
func Publish(people iter.Seq[flows.Person], q care.Quarter, zone *time.Location, risks care.Scale, published []care.Release, secret string) care.Release {
	all := Respondents(people, q, zone, risks)
	given := care.Publish(q.String(), all, risks, false, published)
	if i := slices.IndexFunc(published, func(r care.Release) bool { return r.Quarter == given.Quarter }); i >= 0 {
		return given
	}
	out := care.Publish(q.String(), disguise(all, secret, q.String()), risks, false, nil)
	// A copy may answer what the one it replaces did not: only what ten people
	// themselves answered is told.
	out.Axes = slices.DeleteFunc(out.Axes, func(a care.Axis) bool {
		return !slices.ContainsFunc(given.Axes, func(b care.Axis) bool { return a.Item == b.Item })
	})
	if given.Organisation == nil {
		out.Organisation = nil
	}
	if given.Personal == nil {
		out.Personal = nil
	}
	return out
}

// replaced is how many answers are replaced. An attacker who knows how many
// answered and believes that the others stayed as they were comes to be 95 %
// sure of a newcomer's side of the border of alert in 1 to 3 cases of a hundred;
// with none replaced, in nine of ten (10 to 20 answers, three in ten of them in
// alert; TestANewcomerIsNotRevealed). The price is a standard error of 4 points
// at 20 answers, when chance alone makes 10.
const replaced = 2

// disguise replaces levels, and answers about work, drawn by the secret by
// copies of others, so that each may be anybody's. The number of answers
// stays; answers that are all alike stay alike, which the ends of [care.Share]
// cover.
func disguise(all []care.Respondent, secret, quarter string) []care.Respondent {
	out := slices.Clone(all)
	var work []int
	for i, r := range all {
		if r.Risks != nil {
			work = append(work, i)
		}
	}
	for i := range replaced {
		if n := len(all); n > 0 {
			out[draw(secret, quarter, "level to", i, n)].Level = all[draw(secret, quarter, "level from", i, n)].Level
		}
		if n := len(work); n > 0 {
			out[work[draw(secret, quarter, "work to", i, n)]].Risks = all[work[draw(secret, quarter, "work from", i, n)]].Risks
		}
	}
	return out
}

// draw is a number under n that only the secret tells.
func draw(secret, quarter, what string, i, n int) int {
	h := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(h, "%s %s %d", quarter, what, i)
	return int(binary.BigEndian.Uint64(h.Sum(nil)) % uint64(n))
}
