package flows

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/coopconnexion/relais/flows/care"
)

// What the check-ins keep belongs to the member. It lives in the person's
// document under its own module, sealed with the person's key; withdrawing
// deletes it and asks the store for a new key (Decision.Rekey).

const careModule = "care"

// Care is one member's check-ins.
type Care struct {
	Since  time.Time `json:"since"`
	Paused time.Time `json:"paused,omitzero"`
	// Pulses are the answers, oldest first; Base is where the baseline begins.
	Pulses []CarePulse `json:"pulses,omitempty"`
	Base   int         `json:"base,omitempty"`
	Asked  time.Time   `json:"asked,omitzero"` // last pulse asked for
	// Results are the scales, oldest first.
	Results []CareResult `json:"results,omitempty"`
	// Risks are the latest answers about work, by item.
	Risks   care.Answers `json:"risks,omitempty"`
	RisksAt time.Time    `json:"risks_at,omitzero"`
	Levels  []CareLevel  `json:"levels,omitempty"`
	Offered time.Time    `json:"offered,omitzero"` // last time an alarm offered the monthly scale
	Alarms  int          `json:"alarms,omitempty"` // in a row
	// Form is a scale being answered.
	Form *CareForm `json:"form,omitempty"`
	// Pages are the private links given, short-lived.
	Pages []CarePage `json:"pages,omitempty"`
}

// CarePulse is one answer, 1 to 5.
type CarePulse struct {
	At time.Time `json:"at"`
	X  int       `json:"x"`
}

// CareResult is the result of one scale.
type CareResult struct {
	At     time.Time   `json:"at"`
	Scale  string      `json:"scale"`
	Result care.Result `json:"result"`
	Direct bool        `json:"direct,omitempty"` // the direct question followed
}

// CareLevel is a level with its day.
type CareLevel struct {
	At    time.Time  `json:"at"`
	Level care.Level `json:"level"`
	Scale bool       `json:"scale,omitempty"` // from a scale, not from a pulse
}

// CareForm is a scale under way: what is left to ask, what was answered.
type CareForm struct {
	Scales  []string                `json:"scales"` // left to answer, the present one first
	Answers map[string]care.Answers `json:"answers,omitempty"`
	Item    int                     `json:"item"`
	Turn    int                     `json:"turn"`
	Key     string                  `json:"key,omitempty"`
	At      time.Time               `json:"at"`
}

// CarePage is a private link.
type CarePage struct {
	Token   string    `json:"token"`
	For     string    `json:"for"` // "scales" or "curve"
	Expires time.Time `json:"expires"`
	// Opened is set once: the link works for one opening, by Session.
	Opened  time.Time `json:"opened,omitzero"`
	Session string    `json:"session,omitempty"`
}

// CareOf reads a person's check-ins; ok is false without consent.
func CareOf(p *Person) (c Care, ok bool) {
	data := p.Modules[careModule]
	if len(data) == 0 || !p.Consented(careModule) {
		return c, false
	}
	return c, json.Unmarshal(data, &c) == nil
}

func (t *turn) saveCare(c Care) {
	data, err := json.Marshal(c)
	if err != nil {
		panic(fmt.Sprintf("care: %v", err)) // plain data always marshals
	}
	if t.p.Modules == nil {
		t.p.Modules = map[string][]byte{}
	}
	t.p.Modules[careModule] = data
}

// pulses are the answers since the baseline began.
func (c *Care) pulses() []int {
	var out []int
	for _, p := range c.Pulses[min(c.Base, len(c.Pulses)):] {
		out = append(out, p.X)
	}
	return out
}

// scores are the usable scores of a scale, oldest first.
func (c *Care) scores(scale string) []float64 {
	var out []float64
	for _, r := range c.Results {
		if r.Scale == scale && r.Result.Usable() {
			out = append(out, r.Result.Score)
		}
	}
	return out
}

// last is the time of the latest result of a scale.
func (c *Care) last(scale string) time.Time {
	for i := len(c.Results) - 1; i >= 0; i-- {
		if c.Results[i].Scale == scale {
			return c.Results[i].At
		}
	}
	return time.Time{}
}

// trim bounds what is kept: two years of pulses, the last sixty results.
func (c *Care) trim() {
	if n := len(c.Pulses); n > 120 {
		cut := n - 120
		c.Pulses = append([]CarePulse(nil), c.Pulses[cut:]...)
		c.Base = max(0, c.Base-cut)
	}
	if n := len(c.Results); n > 60 {
		c.Results = append([]CareResult(nil), c.Results[n-60:]...)
	}
	if n := len(c.Levels); n > 60 {
		c.Levels = append([]CareLevel(nil), c.Levels[n-60:]...)
	}
}
