package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/coopconnexion/relais/flows"
)

// ErrPermanent marks an error of Take that no further attempt can mend.
var ErrPermanent = errors.New("input cannot be taken")

// Permanent reports whether err says that taking the same input again cannot
// succeed: it wraps [ErrPermanent], or has a method Permanent() that returns
// true (for packages that do not know this one).
func Permanent(err error) bool {
	if errors.Is(err, ErrPermanent) {
		return true
	}
	var p interface{ Permanent() bool }
	return errors.As(err, &p) && p.Permanent()
}

// In stands before the store: it turns a panic into a permanent error, so that
// one input never ends the process, and counts what comes in. Errors of the
// store (a full disk, for one) pass through unchanged.
type In struct {
	Next   Intake
	Logger *slog.Logger
	// Observe is told of each input: its channel, its kind, how long it took,
	// and the error if it was not kept. May be nil.
	Observe func(channel string, kind flows.Kind, took time.Duration, err error)
}

// Take implements [Intake].
func (i In) Take(ctx context.Context, in flows.Input) (out flows.Outcome, err error) {
	began := time.Now()
	defer func() {
		if r := recover(); r != nil {
			// The value of a panic may quote what a person wrote: only its type is said.
			err = fmt.Errorf("%w: panic of type %T", ErrPermanent, r)
			if i.Logger != nil {
				i.Logger.Error("input refused", "kind", in.Kind, "cause", err.Error())
			}
		}
		if i.Observe != nil {
			i.Observe(in.From.Channel, in.Kind, time.Since(began), err)
		}
	}()
	return i.Next.Take(ctx, in)
}
