// Package records is what comes in and goes out as tables: the members file
// that a co-operative imports, the links that it hands out, and the exports for
// its accountants and funders. It is pure: it reads persons and writes to an
// io.Writer.
//
// Amounts are integer cents. Times are RFC 3339 in UTC, to the second. Nothing
// here ever holds a score, an answer of a questionnaire or a word of a
// conversation.
package records

import (
	"fmt"
	"iter"
	"regexp"
	"time"

	"github.com/coopconnexion/relais/flows"
)

// Kinds are the names of the exports.
var Kinds = []string{"declarations", "members", "candidates", "indicators"}

// Export makes the table of a kind. period is a month (2026-10) or empty for
// all; only declarations and indicators look at it.
func Export(kind string, people iter.Seq[flows.Person], period string) (Table, error) {
	if period != "" && !Period(period) {
		return Table{}, fmt.Errorf("period must be a month such as 2026-10")
	}
	switch kind {
	case "declarations":
		return table(kind, declarationColumns, Declarations(people, period)), nil
	case "members":
		return table(kind, memberColumns, Members(people)), nil
	case "candidates":
		return table(kind, candidateColumns, Candidates(people)), nil
	case "indicators":
		return table(kind, indicatorColumns, Indicators(people, period)), nil
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
