package bot

import (
	"github.com/coopconnexion/relais/flows"
)

// verdict is what to do with a letter when nobody knows whether it arrived.
type verdict int

const (
	resend    verdict = iota // send it again
	lookUp                   // ask the channel whether it arrived, then resend
	repeat                   // do it again: twice is the same as once
	giveUp                   // cancel it: a later letter covers it
	leaveIt                  // it fails, and staff are told
	exhausted                // as leaveIt, after too many attempts
)

// verdictOf is the policy by class. Edits, reactions and fetches
// may be done twice without harm whatever their class.
func verdictOf(op flows.Op, c flows.Class) verdict {
	switch op {
	case flows.OpEdit, flows.OpReact, flows.OpFetch:
		if c == flows.ClassDecor {
			return giveUp
		}
		return repeat
	}
	switch c {
	case flows.ClassNudge, flows.ClassCampaign, flows.ClassDecor:
		return giveUp
	case flows.ClassSensitive:
		return leaveIt
	case flows.ClassDesk:
		return lookUp
	}
	return resend
}

// The numbers of attempts whose outcome is unknown after which a letter is
// declared failed. An answer lost on the way back most likely means that the
// message arrived: a reply is sent once more, a receipt (which carries its
// mark) a few times, a crisis text until it surely arrived. A failure that the
// platform itself answered most likely means that it did not.
const (
	mostUnknown        = 2
	mostUnknownReceipt = 4
	mostUnknownCrisis  = 10
	mostAnswered       = 25
	mostRepeated       = 10
)

// afterUnknown is the verdict once an attempt of e ended without anyone knowing.
func afterUnknown(e *entry) verdict {
	v := verdictOf(e.Op, e.Class)
	if v == giveUp || v == leaveIt {
		return v
	}
	most := mostUnknown
	switch {
	case v == repeat || v == lookUp:
		most = mostRepeated
	case e.Class == flows.ClassReceipt:
		most = mostUnknownReceipt
	case e.Class == flows.ClassCrisis:
		most = mostUnknownCrisis
	}
	if e.unknown >= most || e.answered >= mostAnswered {
		return exhausted
	}
	return v
}

// markAgain adds to a receipt that may already have arrived the words that say
// so, so that nobody believes in two declarations.
func markAgain(l flows.Letter) flows.Letter {
	if l.Class != flows.ClassReceipt || l.Send == nil || l.Send.Ref == "" {
		return l
	}
	again := *l.Send
	again.Text = again.Text.Para(flows.T("Réf. " + again.Ref + " — si vous l'avez déjà reçu, c'est le même."))
	l.Send = &again
	return l
}

// keyOfLetter is the key that a report of failure names: a file's own for a
// fetch.
func keyOfLetter(l flows.Letter) string {
	if l.Fetch != nil {
		return l.Fetch.File.Blob
	}
	return l.Key()
}

// worthTelling reports whether the flows must hear that a letter failed. What
// only tidies up is not; nor is the desk, whose failures would make further
// letters to the desk: those go to the log and the alarm.
func worthTelling(l flows.Letter) bool {
	if l.To.Channel == flows.DeskChannel || l.Class == flows.ClassDecor {
		return false
	}
	return l.Op != flows.OpReact
}
