// Package flows holds what the assistant knows and says. It is pure: it reads
// no clock, no network, no file outside its embedded content, and logs nothing.
//
// # The one path
//
// Everything that happens (a text, a tap, a staff click, a reminder that came
// due, a file) is an [Input] about one person. A [Step] takes what is known
// about that person (a [View]) and the input, and returns a [Decision]: the new
// state and the effects, as data. The store commits both in one transaction,
// the bot delivers the letters, the scheduler turns what is due into inputs.
// A Step may be run again on the same view, so it must not have side effects.
package flows

import "time"

// PersonID identifies a person: 128 random bits in lower-case hexadecimal,
// chosen by the store. It says nothing about the person.
type PersonID string

// Account is where a person (or a staff member) was heard: a channel and the
// id that the channel gives. The store keeps only a keyed hash of it, and a
// sealed copy to be able to answer.
type Account struct {
	Channel string `json:"channel"` // "telegram", "web", "terminal", "import"
	ID      string `json:"id"`
}

// DeskChannel is the channel name of everything addressed to staff, whatever
// carries it (Slack, the demo's desk, or nothing yet).
const DeskChannel = "desk"

// The two rooms of the desk.
var (
	DeskStaff = Account{Channel: DeskChannel, ID: "staff"} // cards and threads
	DeskCare  = Account{Channel: DeskChannel, ID: "care"}  // requests for contact
)

// Role says who acts. The channel sets it from the account, never from words.
type Role string

// The roles of an input.
const (
	RolePerson Role = "person"
	RoleStaff  Role = "staff"
	RoleClock  Role = "clock"
	RoleSystem Role = "system" // imports and delivery reports
)

// Kind says what sort of thing happened.
type Kind string

// The kinds of input. Fields that each one uses are named beside it.
const (
	KindText        Kind = "text"        // Text, Message; from a person
	KindTap         Kind = "tap"         // Button, Message
	KindFile        Kind = "file"        // File, Text (caption), Message
	KindEdit        Kind = "edit"        // Text (new), Message (which one)
	KindUnsupported Kind = "unsupported" // Text names the kind: "sticker", "voice", "location"…
	KindWake        Kind = "wake"        // Name of the reminder, Due
	KindAct         Kind = "act"         // Card, Action, Text (reason), By; from staff
	KindSay         Kind = "say"         // Text, By; staff write to the person
	KindGone        Kind = "gone"        // the person blocked us (a 403, or the channel said so)
	KindBack        Kind = "back"        // the person unblocked us
	KindImport      Kind = "import"      // Fields of a member row
	KindPage        Kind = "page"        // what a person did on their private page: Fields "do" (open, send), "token", "session", answers
	KindFailed      Kind = "failed"      // a letter could not be delivered: Name is its key, Text the reason
)

// Input is one thing that happened, about one person.
type Input struct {
	// ID is unique for ever and the same at each delivery of the same event:
	// "telegram:BOT:update:123", "slack:event:Ev1", "wake/PERSON/NAME/UNIX".
	ID   string    `json:"id"`
	At   time.Time `json:"at"`
	Role Role      `json:"role"`
	Kind Kind      `json:"kind"`
	// From is the account that was heard. The store finds About from it.
	From Account `json:"from"`
	// About is set for staff, clock and system inputs; empty means "whoever
	// owns From", or the owner of Code, or of the desk message ReplyTo, or a
	// new person.
	About PersonID `json:"about,omitempty"`
	// By is the staff member's id, for RoleStaff ("U123", or "admin" in the demo).
	By string `json:"by,omitempty"`
	// Code is the argument of "/start CODE", set by the channel.
	Code string `json:"code,omitempty"`
	// ReplyTo is the channel's id of the desk message whose thread was written
	// in, for staff inputs that do not know the person.
	ReplyTo string `json:"reply_to,omitempty"`

	Text    string            `json:"text,omitempty"`
	Button  string            `json:"button,omitempty"`  // data of the tapped button
	Message string            `json:"message,omitempty"` // the channel's id of the message written, tapped on or edited
	File    *FileRef          `json:"file,omitempty"`
	Card    string            `json:"card,omitempty"`    // card key within the person
	Action  string            `json:"action,omitempty"`  // action id of the card
	Version int               `json:"version,omitempty"` // version of the card that was clicked; 0 when unknown
	Name    string            `json:"name,omitempty"`    // displayed name (person), reminder name (wake), letter key (failed)
	Due     time.Time         `json:"due,omitzero"`      // when a wake was due
	Fields  map[string]string `json:"fields,omitempty"`
}

// FileRef names a file at its channel, before it is fetched.
type FileRef struct {
	Channel string `json:"channel"`
	ID      string `json:"id"`   // the channel's file id
	Name    string `json:"name"` // as given, cleaned of paths and controls
	Mime    string `json:"mime"`
	Size    int64  `json:"size"` // bytes, 0 when unknown
	Photo   bool   `json:"photo,omitempty"`
	Blob    string `json:"blob,omitempty"` // key of the stored copy
}

// View is what a Step may read.
type View struct {
	Person Person
	// New is true when the person was made for this input.
	New bool
	// Linked is true when Input.Code named this person.
	Linked bool
	// UnknownCode is true when Input.Code named nobody.
	UnknownCode bool
	// Next returns the number that an [Allocate] of this series would take.
	Next func(series string) int
}

// Decision is what a Step returns.
type Decision struct {
	Person  Person
	Effects []Effect
	// Toast is the short answer to a tap (at most 200 characters). It may be
	// lost: whatever matters is also a letter.
	Toast string
	// Forget asks that nothing be kept of the person once the letters of this
	// decision are delivered: only the hashed input id stays, for 8 days.
	Forget bool
	// Rekey asks that what was kept of the person before this decision become
	// unreadable on disk: everything kept now is sealed anew under a fresh key,
	// and the old key is destroyed.
	Rekey bool
}

// Step decides. It is pure and may be run again.
type Step func(View, Input) Decision

// Outcome is what the store reports after an input is on disk.
type Outcome struct {
	Person PersonID
	Toast  string
	// Duplicate is true when the input had been handled before; nothing
	// happened this time.
	Duplicate bool
}
