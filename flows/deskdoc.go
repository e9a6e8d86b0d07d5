package flows

import "time"

// PreTest is a finished motivation pre-test.
type PreTest struct {
	At       time.Time         `json:"at"`
	Started  time.Time         `json:"started"`
	Version  int               `json:"version"`
	Short    bool              `json:"short,omitempty"`
	Answers  map[string]Answer `json:"answers"`
	Millis   []int64           `json:"millis,omitempty"`
	Added    []string          `json:"added,omitempty"` // what the person added afterwards
	Decision *Decided          `json:"decision,omitempty"`
	// Different says that the person who decided went against the suggestion.
	Different bool `json:"different,omitempty"`
}

// Decided records a human decision.
type Decided struct {
	Action string    `json:"action"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason,omitempty"`
}

// Ticket is a request to talk to a human. Asking opens it and silences
// nothing; the conversation is held from the moment staff take it.
type Ticket struct {
	Key    string    `json:"key"` // card key "contact/1"
	Opened time.Time `json:"opened"`
	Why    string    `json:"why,omitempty"` // "asked", "crisis", "misses", "minor"
	Held   string    `json:"held,omitempty"`
	Taken  string    `json:"taken,omitempty"` // who calls the person back; the conversation is not held
	HeldAt time.Time `json:"held_at,omitzero"`
	Closed time.Time `json:"closed,omitzero"`
	// Last is when one of the two wrote last.
	Last time.Time `json:"last,omitzero"`
}

// spoken is when something was last said in a held conversation.
func (k *Ticket) spoken() time.Time {
	if k.Last.After(k.HeldAt) {
		return k.Last
	}
	return k.HeldAt
}

// CardState is a card as it was last shown to staff.
type CardState struct {
	Kind    string    `json:"kind"`
	At      time.Time `json:"at"`
	Version int       `json:"version"`
	Open    bool      `json:"open"`
	Decided *Decided  `json:"decided,omitempty"`
	// Lines counts the thread lines posted under it.
	Lines int `json:"lines,omitempty"`
}
