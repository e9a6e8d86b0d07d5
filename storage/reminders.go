package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/storage/engine"
)

// A reminder is kept twice: sealed with the person, and as a key of the due
// index that holds a time and hashes only. Times have a resolution of one
// second.

// reminder is the sealed part.
type reminder struct {
	Name    string    `json:"name"`
	At      time.Time `json:"at"`
	Anytime bool      `json:"anytime,omitempty"`
}

func (t *turn) remind(e flows.Remind) error {
	if e.Name == "" || e.At.IsZero() {
		return poison("a Remind without name or time")
	}
	if err := t.unremind(e.Name); err != nil {
		return err
	}
	h := t.s.hash.inside("reminder", t.p, e.Name)
	b, err := t.k.sealJSON(t.p.remind(h), reminder{Name: e.Name, At: e.At, Anytime: e.Anytime})
	if err != nil {
		return err
	}
	t.tx.Set(t.p.remind(h), b)
	t.tx.Set(keyDue(e.At, t.p, h), nil)
	t.tx.Set(backDue(e.At, t.p, h), nil)
	return nil
}

func (t *turn) unremind(name string) error {
	h := t.s.hash.inside("reminder", t.p, name)
	r, ok, err := t.s.reminder(t.tx, t.p, keysOf{first: t.k}, h)
	if err != nil || !ok {
		return err
	}
	t.tx.Delete(keyDue(r.At, t.p, h))
	t.tx.Delete(backDue(r.At, t.p, h))
	t.tx.Delete(t.p.remind(h))
	return nil
}

func (s *Store) reminder(r engine.Reader, p pid, ks keysOf, h []byte) (reminder, bool, error) {
	var rem reminder
	sealed, ok, err := r.Get(p.remind(h))
	if err != nil || !ok {
		return rem, false, err
	}
	_, err = ks.openJSON(p.remind(h), sealed, &rem)
	return rem, true, err
}

// takeWake removes the reminder that this wake comes from. It is false when
// the reminder was moved or removed meanwhile: then nothing is due.
func (t *turn) takeWake() (bool, error) {
	h := t.s.hash.inside("reminder", t.p, t.in.Name)
	r, ok, err := t.s.reminder(t.tx, t.p, keysOf{first: t.k}, h)
	if err != nil || !ok || r.At.Unix() != t.in.Due.Unix() {
		return false, err
	}
	return true, t.unremind(t.in.Name)
}

// dropSettledWake removes a reminder that was set again for the very second of
// a wake that was already handled: it could never fire, and would stay due.
func (t *turn) dropSettledWake() error {
	if t.in.Kind != flows.KindWake {
		return nil
	}
	if err := t.resolve(); errors.Is(err, ErrUnknown) {
		return nil
	} else if err != nil {
		return err
	}
	_, err := t.takeWake()
	return err
}

// Due lists at most limit reminders that are due at now, as inputs, the oldest
// first. They stay until a Turn with that input has handled them.
func (s *Store) Due(ctx context.Context, now time.Time, limit int) ([]flows.Input, error) {
	var out []flows.Input
	end := keyDue(now.Add(time.Second), pid{}, nil)
	err := s.view(ctx, func(r engine.Reader) error {
		return r.Keys([]byte("d/"), nil, func(k []byte) error {
			if len(out) >= limit || bytes.Compare(k, end) >= 0 {
				return engine.Stop
			}
			in, ok, err := s.wake(r, k, now)
			if ok {
				out = append(out, in)
			}
			return err
		})
	})
	return out, err
}

// wake makes the input of a due key.
func (s *Store) wake(r engine.Reader, due []byte, now time.Time) (flows.Input, bool, error) {
	_, p, h, err := parseDue(due)
	if err != nil {
		return flows.Input{}, false, err
	}
	ks, has := s.keys.of(p)
	if !has {
		return flows.Input{}, false, nil // being erased
	}
	rem, ok, err := s.reminder(r, p, ks, h)
	if err != nil || !ok {
		return flows.Input{}, false, err
	}
	in := flows.Input{ID: fmt.Sprintf("wake/%s/%s/%d", p.ID(), rem.Name, rem.At.Unix()), At: now,
		Role: flows.RoleClock, Kind: flows.KindWake, About: p.ID(), Name: rem.Name, Due: rem.At}
	if rem.Anytime {
		in.Fields = map[string]string{"anytime": "1"}
	}
	return in, true, nil
}

// NextDue is the time of the earliest reminder; ok is false without any.
func (s *Store) NextDue(ctx context.Context) (at time.Time, ok bool) {
	err := s.view(ctx, func(r engine.Reader) error {
		return r.Keys([]byte("d/"), nil, func(k []byte) error {
			var err error
			at, _, _, err = parseDue(k)
			ok = err == nil
			return engine.Stop
		})
	})
	return at, ok && err == nil
}
