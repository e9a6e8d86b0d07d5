package flows

import (
	"encoding/json"
	"time"
)

// Effect is something that the store commits together with the state. The set
// is closed: Send, Edit, React, Post, Cancel, Fetch, Remind, Unremind,
// Allocate, Issue, Link.
type Effect interface{ effect() }

// Class tells delivery how urgent a letter is and what to do when nobody knows
// whether an attempt arrived.
type Class string

// The classes of letters. Ambiguous outcome in brackets.
const (
	ClassReply     Class = "reply"     // an answer to what the person just did [resend once]
	ClassQuestion  Class = "question"  // a question with buttons [resend once]
	ClassReceipt   Class = "receipt"   // proof of a declaration [resend with the same visible reference and a mark]
	ClassDecor     Class = "decor"     // an edit that only tidies up [drop]
	ClassNudge     Class = "nudge"     // unsolicited [never resend]; only in speaking hours
	ClassCampaign  Class = "campaign"  // unsolicited, to many [never resend]; only in speaking hours
	ClassSensitive Class = "sensitive" // outreach about care [never resend, leave it to a human]
	ClassCrisis    Class = "crisis"    // crisis text and pages [resend], before everything, at any hour
	ClassDesk      Class = "desk"      // to staff [look it up first, then resend]
)

// Unsolicited reports whether a letter of this class must respect the hours in
// which we may speak.
func (c Class) Unsolicited() bool {
	return c == ClassNudge || c == ClassCampaign || c == ClassSensitive
}

// Button is one choice below a message. Data is at most 64 bytes and opaque to
// channels. URL makes it a link instead.
type Button struct {
	Label string `json:"label"`
	Data  string `json:"data,omitempty"`
	URL   string `json:"url,omitempty"`
}

// Send writes a new message to the person.
type Send struct {
	// Key is the logical name of the message within the person, for later
	// edits. Unique for ever; empty means that nobody will refer to it.
	Key   string
	Class Class
	Text  Rich
	Rows  [][]Button
	// Blob attaches a stored file, named FileName.
	Blob, FileName string
	// Ref is the visible reference of a receipt (D-2026-10-0042).
	Ref string
	// By is the displayed name of the staff member whose words these are; empty
	// when the assistant speaks. The text already says who writes.
	By string
	// Replaces is the key of an earlier question that this one makes useless:
	// if that letter has not been attempted yet, it is cancelled.
	Replaces string
	// Expires is the moment after which the letter is pointless (zero: never).
	Expires time.Time
	// To overrides the person's own account; used to answer an account that is
	// not (or no longer) linked to the person.
	To *Account
}

// Edit changes a message sent before, by its logical key. Unknown or deleted
// targets are not an error.
type Edit struct {
	Key   string
	Class Class
	Text  Rich
	Rows  [][]Button
}

// React puts an emoji on a message that the person wrote (channel message id).
type React struct {
	Message string
	Emoji   string
}

// Post shows a card to staff, or changes it when the card's key was posted
// before (Update), or writes a line in its thread.
type Post struct {
	Room Account // DeskStaff or DeskCare
	// Key is the card's key within the person ("pretest", "declaration/2026-10"),
	// or the unique key of a thread line.
	Key string
	// Update edits the message already posted under Key.
	Update bool
	// Thread is the key of the card under which a line is written; empty for a
	// card.
	Thread string
	Card   *Card // a card
	Text   Rich  // a thread line
	// FromPerson marks a thread line that repeats the person's own words.
	FromPerson bool
	// By is the staff member whose words or act this line repeats, if any.
	By string
	// Blob attaches a stored file to a thread line.
	Blob, FileName string
	Class          Class
	Message        string // the channel id of the person's message this line repeats, for reactions
}

// Cancel withdraws letters not yet attempted: the one with this Key, and, with
// Class set, all of that class.
type Cancel struct {
	Key    string
	Class  Class
	Reason string
}

// Fetch copies a file from its channel into the person's sealed blobs.
type Fetch struct {
	File FileRef // Blob names the copy
}

// Remind wakes the person's flow at a time. It replaces an earlier reminder of
// the same name.
type Remind struct {
	Name string
	At   time.Time
	// Anytime lets the wake come outside speaking hours (follow-up of a crisis,
	// internal clean-up that sends nothing).
	Anytime bool
}

// Unremind removes a reminder by name.
type Unremind struct{ Name string }

// Allocate takes the number that View.Next gave for this series.
type Allocate struct{ Series string }

// Issue makes Code lead to this person ("/start CODE").
type Issue struct{ Code string }

// Link makes an account belong to this person, taking it from whoever had it.
type Link struct{ Account Account }

func (Send) effect()     {}
func (Edit) effect()     {}
func (React) effect()    {}
func (Post) effect()     {}
func (Cancel) effect()   {}
func (Fetch) effect()    {}
func (Remind) effect()   {}
func (Unremind) effect() {}
func (Allocate) effect() {}
func (Issue) effect()    {}
func (Link) effect()     {}

// Card is what staff decide on. Its text never holds health answers.
type Card struct {
	// ID is "PERSON:KEY", unique in the co-operative.
	ID      string    `json:"id"`
	Person  PersonID  `json:"person"`
	Kind    string    `json:"kind"` // pretest, declaration, contact, question, crisis…
	Title   string    `json:"title"`
	Body    Rich      `json:"body"`
	At      time.Time `json:"at"`
	Actions []Action  `json:"actions,omitempty"`
	// Version changes with each decision; a click on an older version is
	// answered with who decided.
	Version int `json:"version"`
}

// Action is one button of a card.
type Action struct {
	ID    string `json:"id"`
	Label string `json:"label"`
	// Ask is the question whose answer must come with the action ("Pourquoi ?");
	// empty when a click is enough. Required makes an empty answer refused.
	Ask      string `json:"ask,omitempty"`
	Required bool   `json:"required,omitempty"`
	Style    string `json:"style,omitempty"` // "primary" or ""
}

// Op is what a letter asks of its channel.
type Op string

// The operations of letters.
const (
	OpSend  Op = "send"
	OpEdit  Op = "edit"
	OpReact Op = "react"
	OpPost  Op = "post"
	OpFetch Op = "fetch"
)

// LetterState is where a letter stands.
type LetterState string

// States of a letter. Sending found at start means that the process died
// between the attempt and its result: ambiguous.
const (
	Pending   LetterState = "pending"
	Sending   LetterState = "sending"
	Sent      LetterState = "sent"
	Failed    LetterState = "failed"
	Cancelled LetterState = "cancelled"
)

// Letter is an effect on its way to a channel. The store gives it its ID, in
// the order of commits; the body is one of Send, Edit, React, Post, Fetch.
type Letter struct {
	ID     uint64   `json:"id"`
	Person PersonID `json:"person"`
	To     Account  `json:"to"`
	Op     Op       `json:"op"`
	Class  Class    `json:"class"`
	Send   *Send    `json:"send,omitempty"`
	Edit   *Edit    `json:"edit,omitempty"`
	React  *React   `json:"react,omitempty"`
	Post   *Post    `json:"post,omitempty"`
	Fetch  *Fetch   `json:"fetch,omitempty"`

	Created  time.Time   `json:"created"`
	State    LetterState `json:"state"`
	Attempts int         `json:"attempts"`
	// Ambiguous is true once an attempt ended without anyone knowing whether
	// the message arrived.
	Ambiguous bool      `json:"ambiguous,omitempty"`
	NotBefore time.Time `json:"not_before,omitzero"`
	Reason    string    `json:"reason,omitempty"` // why failed or cancelled; a code, never words of a person

	// Target is the channel's id of the message that Edit.Key, or of the card
	// that Post.Key (Update) or Post.Thread, was sent as. The store fills it
	// when the letter is taken for sending; empty means unknown.
	Target string `json:"-"`
}

// Key is the logical key that the letter was written under; empty for a
// reaction and a fetch.
func (l Letter) Key() string {
	switch {
	case l.Send != nil:
		return l.Send.Key
	case l.Edit != nil:
		return l.Edit.Key
	case l.Post != nil:
		return l.Post.Key
	}
	return ""
}

// Head is the part of a letter that delivery keeps in memory.
type Head struct {
	ID        uint64
	Person    PersonID
	To        Account
	Op        Op
	Class     Class
	State     LetterState
	NotBefore time.Time
	Expires   time.Time
}

// Delivery is the result of one attempt.
type Delivery struct {
	State LetterState // Sent, Failed, Cancelled, or Pending to try again
	// MessageID is the channel's id of the new message, when there is one.
	MessageID string
	Ambiguous bool
	NotBefore time.Time
	Reason    string
}

// MarshalJSON keeps a nil Rich an empty list, so that readers need no check.
func (r Rich) MarshalJSON() ([]byte, error) {
	if r == nil {
		return []byte("[]"), nil
	}
	return json.Marshal([]Span(r))
}
