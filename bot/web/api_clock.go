package web

import (
	"net/http"
	"time"
)

// maxMove is the longest single move of the clock: a year and a day.
const maxMove = 366 * 24 * time.Hour

func (a *api) clock(*http.Request) (any, error) {
	return map[string]any{"now": a.opts.Clock.Now()}, nil
}

// moveClock moves the demo's time forward, by a while, to a moment, or to the
// next reminder. Moved is false when there was no reminder to go to.
func (a *api) moveClock(r *http.Request) (any, error) {
	q, err := read[struct {
		Advance, To string
		Next        bool
	}](r)
	if err != nil {
		return nil, err
	}
	a.clockMu.Lock()
	defer a.clockMu.Unlock()
	moved := true
	switch {
	case q.Advance != "" && q.To == "" && !q.Next:
		err = a.advance(r, q.Advance)
	case q.To != "" && q.Advance == "" && !q.Next:
		err = a.moveTo(r, q.To)
	case q.Next && q.Advance == "" && q.To == "":
		moved, err = a.opts.Clock.Next(r.Context())
	default:
		err = badField("advance", "donnez une seule chose : « advance », « to » ou « next ».")
	}
	a.hub.publish(topicClock, "")
	if err != nil {
		return nil, err
	}
	if err := a.opts.Settle(r.Context()); err != nil {
		return nil, &apiError{status: http.StatusServiceUnavailable, text: "l’heure a changé, mais des messages tardent."}
	}
	return map[string]any{"now": a.opts.Clock.Now(), "moved": moved}, nil
}

func (a *api) advance(r *http.Request, s string) error {
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 || d > maxMove {
		return badField("advance", "donnez une durée positive, comme « 1h » ou « 24h », d’un an au plus.")
	}
	return a.opts.Clock.Advance(r.Context(), d)
}

func (a *api) moveTo(r *http.Request, s string) error {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return badField("to", "donnez une date comme « 2026-12-01T09:00:00+01:00 ».")
	}
	if ahead := t.Sub(a.opts.Clock.Now()); ahead < 0 || ahead > maxMove {
		return badField("to", "donnez une date à venir, dans un an au plus.")
	}
	return a.opts.Clock.To(r.Context(), t)
}
