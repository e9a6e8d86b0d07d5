// Package records is what comes in and goes out as tables: the members file
// that a co-operative imports, the links that it hands out, and the exports for
// its accountants and funders. It is pure: it reads persons and writes to an
// io.Writer.
//
// Amounts are integer cents. Times are RFC 3339 in UTC, to the second. Nothing
// here ever holds a score or an answer of one person, or a word of a
// conversation.
package records

import (
	"fmt"
	"iter"
	"regexp"
	"time"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/flows/care"
)

// Kinds are the names of the exports.
var Kinds = []string{"declarations", "members", "candidates", "indicators"}

// Export makes the table of a kind. period is a month (2026-10) or empty for
// all; only declarations and indicators look at it. For indicators it may be a
// quarter (2026-T4), and published are the quarters to show.
func Export(kind string, people iter.Seq[flows.Person], period string, published ...care.Release) (Table, error) {
	if _, err := care.ParseQuarter(period); period != "" && !Period(period) && (err != nil || kind != "indicators") {
		return Table{}, fmt.Errorf("period must be a month such as 2026-10, or for indicators a quarter such as 2026-T4")
	}
	switch kind {
	case "declarations":
		return table(kind, declarationColumns, Declarations(people, period)), nil
	case "members":
		return table(kind, memberColumns, Members(people)), nil
	case "candidates":
		return table(kind, candidateColumns, Candidates(people)), nil
	case "indicators":
		return table(kind, indicatorColumns, append(Indicators(people, period), CareRows(published)...)), nil
	}
	return Table{}, fmt.Errorf("unknown export; there are declarations, members, candidates and indicators")
}

var month = regexp.MustCompile(`^[0-9]{4}-(0[1-9]|1[0-2])$`)

// Period reports whether s is a month such as 2026-10.
func Period(s string) bool { return month.MatchString(s) }

// stamp is a time as the exports write it; a zero time is absent.
func stamp(t time.Time) Cell {
	if t.IsZero() {
		return None()
	}
	return Text(t.UTC().Format(time.RFC3339))
}
