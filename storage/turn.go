package storage

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/storage/engine"
	"github.com/coopconnexion/relais/storage/internal/fault"
)

// How long things are kept (Telegram: update ids may
// start again at random after a week of silence).
const (
	seenFor       = 8 * 24 * time.Hour
	quarantineFor = 30 * 24 * time.Hour
	trailFor      = 90 * 24 * time.Hour
)

// Limits of one person's values in bytes, well below the engine's.
const (
	maxDoc    = 256 << 10
	maxLetter = 64 << 10
)

// turn is one input on its way through a transaction.
type turn struct {
	s  *Store
	tx engine.Tx
	in flows.Input
	// fresh are the id and the key of the person to make, if one is needed:
	// chosen before the transaction, so that quarantine meets the same person.
	fresh    pid
	freshKey key

	p      pid
	k      key
	view   flows.View
	heads  []flows.Head
	erased bool // nothing of the person is left after this turn

	rekeyed bool // old is to be destroyed after this turn
	old     key
}

// Turn handles one input, once: it finds the person, lets the step decide and
// commits the state, the letters, the reminders and the input's id together.
// When it returns without error, all of it is on disk. An error means that
// nothing was kept; ErrUnknown says that the input is about nobody, which no
// repetition will change.
//
// A step that panics, or decides something that cannot be stored, changes
// nothing: the input is quarantined, counted as seen, and the person gets the
// apology.
func (s *Store) Turn(ctx context.Context, in flows.Input) (flows.Outcome, error) {
	if in.ID == "" {
		return flows.Outcome{}, errors.New("storage: an input without ID")
	}
	if err := s.free.check(); err != nil {
		return flows.Outcome{}, err
	}
	t := &turn{s: s, in: in, freshKey: newKey()}
	k := newKey()
	copy(t.fresh[:], k[:])
	fault.Point("turn-start")
	out, err := t.run(ctx, t.decide)
	if cause, bad := poisoned(err); bad {
		s.opt.Logger.Error("step failed, input quarantined", "kind", in.Kind, "role", in.Role, "cause", cause)
		out, err = t.run(ctx, t.quarantine)
	}
	if err == nil && t.erased {
		err = s.finishErasure(ctx, t.p, eraseByDeleting)
	} else if err == nil && t.rekeyed {
		err = s.finishRekey(ctx, t.p, t.old)
	}
	return out, err
}

// run does one try of the turn in a transaction.
func (t *turn) run(ctx context.Context, act func() (flows.Outcome, error)) (flows.Outcome, error) {
	var out flows.Outcome
	err := t.s.eng.Update(ctx, func(tx engine.Tx) error {
		t.tx, t.heads, t.view, t.erased, t.rekeyed = tx, nil, flows.View{}, false, false
		var err error
		out, err = t.once(act)
		return err
	})
	if err != nil {
		return flows.Outcome{}, err
	}
	if out.Duplicate {
		t.s.stats.duplicates.Add(1)
	} else {
		t.s.stats.turns.Add(1)
	}
	return out, nil
}

// once checks that the input is new, finds the person, and acts.
func (t *turn) once(act func() (flows.Outcome, error)) (flows.Outcome, error) {
	seen := keyOf('s', t.s.hash.seen(t.in.ID))
	if _, ok, err := t.tx.Get(seen); err != nil {
		return flows.Outcome{}, err
	} else if ok {
		return flows.Outcome{Duplicate: true}, t.dropSettledWake()
	}
	if err := t.resolve(); err != nil {
		return flows.Outcome{}, err
	}
	if t.in.Kind == flows.KindWake {
		if due, err := t.takeWake(); err != nil || !due {
			return flows.Outcome{Person: t.p.ID(), Duplicate: true}, err
		}
	}
	t.tx.SetTTL(seen, nil, seenFor)
	out, err := act()
	if err == nil {
		t.announce()
	}
	return out, err
}

// announce tells delivery of the new letters once they are on disk.
func (t *turn) announce() {
	if len(t.heads) == 0 || t.s.opt.OnLetters == nil {
		return
	}
	heads := t.heads
	t.tx.Committed(func() { t.s.opt.OnLetters(heads) })
}

// decide runs the step and applies what it decided.
func (t *turn) decide() (flows.Outcome, error) {
	d, err := t.step()
	if err != nil {
		return flows.Outcome{}, err
	}
	if err := t.apply(d); err != nil {
		return flows.Outcome{}, err
	}
	return flows.Outcome{Person: t.p.ID(), Toast: d.Toast}, nil
}

// poisonError says that the step failed on this input, and would again. Its
// cause names places in the program, never words of the input.
type poisonError struct{ cause string }

func (e *poisonError) Error() string { return "storage: step failed: " + e.cause }

func poison(format string, a ...any) error { return &poisonError{fmt.Sprintf(format, a...)} }

// poisoned reports that an error would come again with this input.
func poisoned(err error) (cause string, bad bool) {
	var p *poisonError
	switch {
	case errors.As(err, &p):
		return p.cause, true
	case errors.Is(err, engine.ErrTooBig):
		return err.Error(), true
	}
	return "", false
}

// step calls the step and turns a panic into a poisonError.
func (t *turn) step() (d flows.Decision, err error) {
	if t.s.opt.Step == nil {
		return d, errors.New("storage: opened without a step, no turn is possible")
	}
	var failed error
	t.view.Next = func(series string) int {
		n, err := t.counter(series)
		failed = errors.Join(failed, err)
		return n + 1
	}
	defer func() {
		if p := recover(); p != nil {
			err = poison("panic of %T at %s", p, panicPlace())
		}
	}()
	d = t.s.opt.Step(t.view, t.in)
	if d.Person.ID != t.view.Person.ID && !d.Forget {
		return d, poison("the decision is about another person")
	}
	return d, failed
}

// panicPlace names the function and line that panicked.
func panicPlace() string {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	for {
		f, more := frames.Next()
		if !strings.HasPrefix(f.Function, "runtime.") || !more {
			return fmt.Sprintf("%s:%d", f.Function, f.Line)
		}
	}
}

// quarantine keeps the input sealed, apologises to whoever wrote it, and
// changes nothing else.
func (t *turn) quarantine() (flows.Outcome, error) {
	t.s.stats.quarantined.Add(1)
	place := t.p.kept(t.s.hash.seen(t.in.ID)[:8])
	b, err := t.k.sealJSON(place, t.in)
	if len(b) > maxDoc { // perhaps what the step failed on: keep what it was
		b, err = t.k.sealJSON(place, flows.Input{ID: t.in.ID, At: t.in.At, Role: t.in.Role, Kind: t.in.Kind})
	}
	if err != nil {
		return flows.Outcome{}, err
	}
	t.tx.SetTTL(place, b, quarantineFor)
	if t.view.New {
		if err := t.putPerson(t.view.Person); err != nil {
			return flows.Outcome{}, err
		}
	}
	if t.in.Role == flows.RolePerson && len(t.s.opt.Apology) > 0 {
		to := t.in.From
		err = t.post(flows.Letter{Op: flows.OpSend, Class: flows.ClassReply, To: to,
			Send: &flows.Send{Class: flows.ClassReply, Text: t.s.opt.Apology}})
	}
	return flows.Outcome{Person: t.p.ID()}, err
}
