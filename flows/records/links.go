package records

import (
	"io"

	"github.com/coopconnexion/relais/flows"
)

// linkColumns are fixed by the outward contract.
var linkColumns = []string{"person_id", "name", "status", "link"}

// LinkRow is what one imported member is given.
type LinkRow struct {
	Person flows.PersonID
	Name   string
	Status flows.Status
	Link   string
}

// Link is the way in for the code of a person (see flows.LinkCode): a link that
// opens the bot, or the words to type while the bot's name is unknown.
func Link(bot, code string) string {
	if bot == "" {
		return "/start " + code
	}
	return "https://t.me/" + bot + "?start=" + code
}

// LinkFor is the row of a person.
func LinkFor(p *flows.Person, bot string) LinkRow {
	return LinkRow{Person: p.ID, Name: p.Profile.Name, Status: p.Profile.Status, Link: Link(bot, flows.LinkCode(p))}
}

func (r LinkRow) cells() []Cell {
	return []Cell{Text(string(r.Person)), Text(r.Name), Text(string(r.Status)), Text(r.Link)}
}

// WriteLinks writes the links as CSV, in the order given.
func WriteLinks(w io.Writer, rows []LinkRow) error {
	return table("links", linkColumns, rows).writeCSV(w)
}
