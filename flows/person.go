package flows

import "time"

// Person is everything that is known about one person, in one document: it is
// read before each step, and written back, sealed with the person's own key,
// in the same transaction as the step's letters. Fields are only ever added,
// never renamed: a document written by an older release must load.
type Person struct {
	ID PersonID `json:"id"`
	// Secret is random, made by the store with the person. Buttons, link codes
	// and message keys are derived from it, so that nobody can forge them.
	Secret string `json:"secret"`
	// Accounts is where the person can be reached, the current one last.
	Accounts []Account `json:"accounts,omitempty"`
	// Ended is when a questionnaire was last finished: a second tap just after
	// is the thumb, not the person.
	Ended time.Time `json:"ended,omitzero"`
	// Created is when the person was first heard of.
	Created time.Time `json:"created"`
	// Seen is the time of the person's last input.
	Seen time.Time `json:"seen,omitzero"`
	// Inputs counts the inputs applied; derived ids use it.
	Inputs int `json:"inputs"`
	// Turns counts the questions asked, so that the buttons of an earlier one
	// are recognised as stale, whatever the questionnaire.
	Turns int `json:"turns,omitempty"`

	Profile  Profile   `json:"profile"`
	Consents []Consent `json:"consents,omitempty"`
	// Session is the conversation under way; Parked are questionnaires left
	// for later, which the person can take up again.
	Session Session   `json:"session"`
	Parked  []Session `json:"parked,omitempty"`

	PreTests     []PreTest            `json:"pretests,omitempty"`
	Declarations []Declaration        `json:"declarations,omitempty"`
	Tickets      []Ticket             `json:"tickets,omitempty"`
	Cards        map[string]CardState `json:"cards,omitempty"`
	Files        []FileRef            `json:"files,omitempty"`
	Nudges       Nudges               `json:"nudges"`
	Flood        Flood                `json:"flood"`
	// Case is an estimate under way; its facts are kept no longer than it.
	Case *EstimateCase `json:"case,omitempty"`
	// LastQuestion is the question answered last, in case the answer was not the
	// right one.
	LastQuestion string `json:"last_question,omitempty"`
	// Gone is when the person blocked us; zero while reachable.
	Gone time.Time `json:"gone,omitzero"`
	// Crisis is when a crisis text was last answered; everything else is
	// suspended while it is open.
	Crisis Crisis `json:"crisis"`
	// Modules keeps the state of further modules (care, rights), each under its
	// own name and in its own format.
	Modules map[string][]byte `json:"modules,omitempty"`
}

// Status is a person's place in the co-operative.
type Status string

// The statuses. A candidate has none of the contracts yet.
const (
	Candidate Status = "candidate"
	CAPE      Status = "cape"
	CESA      Status = "cesa"
	Associate Status = "associate"
)

// StatusHouse marks the house's own document.
const StatusHouse Status = "house"

// Member reports whether the status is one of a member.
func (s Status) Member() bool { return s == CAPE || s == CESA || s == Associate }

// AgeBand is asked first; a birth date never is.
type AgeBand string

// The age bands: alone from 15 for data (loi Informatique et Libertés, art. 45),
// no contract alone before 18.
const (
	AgeUnknown AgeBand = ""
	AgeMinor   AgeBand = "16-17"
	AgeAdult   AgeBand = "18+"
)

// Profile is who the person is for the co-operative.
type Profile struct {
	// Name is how the person is shown to staff and greeted.
	Name   string  `json:"name,omitempty"`
	Status Status  `json:"status,omitempty"`
	Age    AgeBand `json:"age,omitempty"`
	Email  string  `json:"email,omitempty"`
	Phone  string  `json:"phone,omitempty"`
	// Referent is the Slack id of the staff member who follows the person.
	Referent string `json:"referent,omitempty"`
	Cohort   string `json:"cohort,omitempty"`
	// Situation is the allowance: rsa, are, ass, aah, none, or "" (unknown).
	Situation string `json:"situation,omitempty"`
	// RSAMonth is a month (1-12) of the quarterly RSA declaration; 0 unknown.
	RSAMonth int    `json:"rsa_month,omitempty"`
	Activity string `json:"activity,omitempty"`
	// FewerReminders keeps only the last reminder of each kind.
	FewerReminders bool `json:"fewer_reminders,omitempty"`
	// Member since: the first month (2026-10) that can be declared.
	Since string `json:"since,omitempty"`
}

// Consent records what was agreed to, with its version and date.
type Consent struct {
	Name    string    `json:"name"` // "data", "safety", "care"
	Version int       `json:"version"`
	Yes     bool      `json:"yes"`
	At      time.Time `json:"at"`
}

// Consented reports whether the latest word on this consent was yes.
func (p *Person) Consented(name string) bool {
	for i := len(p.Consents) - 1; i >= 0; i-- {
		if p.Consents[i].Name == name {
			return p.Consents[i].Yes
		}
	}
	return false
}

// Session is a conversation under way. Answers are by question key, the
// version of the questionnaire is pinned: a person in the middle of one
// survives an edit of it.
type Session struct {
	Flow    string            `json:"flow,omitempty"` // questionnaire name; empty: the menu
	Version int               `json:"version,omitempty"`
	State   string            `json:"state,omitempty"` // question key, or a state of the engine ("summary")
	Answers map[string]Answer `json:"answers,omitempty"`
	// Former are the answers of an earlier sending, offered again one by one.
	Former map[string]Answer `json:"former,omitempty"`
	// Order is the questions answered, in order, for "back".
	Order []string `json:"order,omitempty"`
	// Args are what the questionnaire was started with (the month).
	Args map[string]string `json:"args,omitempty"`
	// Turn distinguishes each asking: buttons of an earlier one are stale.
	Turn int `json:"turn,omitempty"`
	// Picked holds the options ticked so far of a multiple choice.
	Picked []string `json:"picked,omitempty"`
	// Pending is a reading ("1 234,56 €") that waits for a yes.
	Pending *Answer `json:"pending,omitempty"`
	// Misses counts answers in a row that could not be read.
	Misses int `json:"misses,omitempty"`
	// Correcting is true while one answer is being corrected from the summary.
	Correcting bool `json:"correcting,omitempty"`
	// Key is the message of the question shown last; Previous is the question
	// before, whose edited answer may still be a correction.
	Key     string    `json:"key,omitempty"`
	Started time.Time `json:"started,omitzero"`
	Asked   time.Time `json:"asked,omitzero"`
	// Millis are the thinking times of the answers, for the quality flags.
	Millis []int64 `json:"millis,omitempty"`
	// Changed is set when a newer version of the questionnaire changed the
	// question under way.
	Changed bool `json:"changed,omitempty"`
}

// Answer is one answer, as data, with what the person sees of it.
type Answer struct {
	Value   string   `json:"v,omitempty"`       // option value, text, cents, month, ISO date, E.164 phone
	Values  []string `json:"values,omitempty"`  // multiple choice, document blobs
	Shown   string   `json:"shown,omitempty"`   // "1 234,56 €"
	Skipped string   `json:"skipped,omitempty"` // "skip" or "unclear" when there is no value
	Message string   `json:"message,omitempty"` // the channel's id of the message it was typed in
	Hash    string   `json:"hash,omitempty"`    // of the question asked, to notice that it changed
}

// Given reports whether there is a value.
func (a Answer) Given() bool { return a.Skipped == "" && (a.Value != "" || len(a.Values) > 0) }

// The states of a declaration.
const (
	DeclSubmitted  = "submitted"
	DeclValidated  = "validated"
	DeclCorrection = "correction"
)

// Latest is the version that counts.
func (d *Declaration) Latest() DeclarationVersion {
	if len(d.Versions) == 0 {
		return DeclarationVersion{}
	}
	return d.Versions[len(d.Versions)-1]
}

// Nudges remembers what was said unasked, so that it is said once.
type Nudges struct {
	// Last is the local day (2026-12-01) of the last unsolicited message.
	Last string `json:"last,omitempty"`
	// Next is when the plan is drawn up again.
	Next time.Time `json:"next,omitzero"`
	// Done are the nudges sent, as name/period/step.
	Done map[string]time.Time `json:"done,omitempty"`
	// Settled are periods the person said are done ("actualisation/2026-11").
	Settled map[string]time.Time `json:"settled,omitempty"`
}

// Flood counts inputs within a minute.
type Flood struct {
	Minute int64 `json:"minute,omitempty"` // Unix minute
	Count  int   `json:"count,omitempty"`
	// Told is set when the guard has spoken.
	Told bool `json:"told,omitempty"`
	// Kept are inputs over the limit, answered together a little later.
	Kept []Input `json:"kept,omitempty"`
}

// Crisis is the state of the safety net.
type Crisis struct {
	At     time.Time `json:"at,omitzero"`
	Open   bool      `json:"open,omitempty"`
	Asked  bool      `json:"asked,omitempty"` // the direct question waits for an answer
	Paged  bool      `json:"paged,omitempty"`
	Kind   string    `json:"kind,omitempty"`
	Relay  bool      `json:"relay,omitempty"`  // the person was told that the team reads
	Follow int       `json:"follow,omitempty"` // follow-ups sent
}

// Current is the account to answer on, or a zero account.
func (p *Person) Current() Account {
	if len(p.Accounts) == 0 {
		return Account{}
	}
	return p.Accounts[len(p.Accounts)-1]
}

// Reachable reports whether the person has an account and has not blocked us.
func (p *Person) Reachable() bool { return len(p.Accounts) > 0 && p.Gone.IsZero() }

// Held is the ticket that a human holds, or nil.
func (p *Person) Held() *Ticket {
	for i := range p.Tickets {
		if t := &p.Tickets[i]; t.Held != "" && t.Closed.IsZero() {
			return t
		}
	}
	return nil
}

// OpenTicket is the latest ticket not closed, or nil.
func (p *Person) OpenTicket() *Ticket {
	for i := len(p.Tickets) - 1; i >= 0; i-- {
		if p.Tickets[i].Closed.IsZero() {
			return &p.Tickets[i]
		}
	}
	return nil
}

// CardID is the co-operative-wide name of one of the person's cards.
func (p *Person) CardID(key string) string { return string(p.ID) + ":" + key }
