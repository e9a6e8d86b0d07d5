// Package bot is the border between people and the flows: channels bring
// inputs in, and delivery carries letters out. It knows no storage engine and
// no flow; it meets them in the program's wiring.
package bot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/coopconnexion/relais/flows"
)

// Intake is the one way in. Take returns once the input is on disk (or was
// already): only then may a channel tell its platform that we have it. Inputs
// of one account must be given in their order of arrival; inputs of different
// accounts may be given at the same time. An error means that nothing was
// kept: the channel must not confirm, and must offer the input again.
type Intake interface {
	Take(ctx context.Context, in flows.Input) (flows.Outcome, error)
}

// Channel carries messages between people and us. Its methods may be called
// at the same time from several goroutines.
type Channel interface {
	// Name is the value of flows.Account.Channel that this channel serves.
	Name() string
	// Run receives inputs and gives them to in, until ctx ends. It reconnects
	// by itself; it returns an error only when a person must act (a revoked
	// token, a second instance).
	Run(ctx context.Context, in Intake) error
	// Deliver carries out one letter, once, without retrying: retries belong to
	// [Delivery]. It returns the channel's id of the new message, if there is one.
	// The error says what to do next: nil, ErrGone, *RetryError, *RejectedError,
	// ErrStop; any other error means that nobody knows whether it arrived (an
	// *UnknownError says a little more).
	Deliver(ctx context.Context, l flows.Letter) (messageID string, err error)
}

// Fetcher is a channel that can give the content of a file sent on it.
type Fetcher interface {
	// Fetch opens the file. Errors as in Deliver.
	Fetch(ctx context.Context, f flows.FileRef) (io.ReadCloser, error)
}

// Finder is a channel that can look up whether a letter has arrived, which
// makes an ambiguous attempt decidable (Slack, by message metadata).
type Finder interface {
	// Find returns the message id of the letter if it arrived.
	Find(ctx context.Context, l flows.Letter) (messageID string, found bool, err error)
}

// Blobs opens stored files, for letters that attach one, and keeps fetched ones.
type Blobs interface {
	OpenBlob(ctx context.Context, person flows.PersonID, key string) (io.ReadCloser, error)
	PutBlob(ctx context.Context, person flows.PersonID, key string, r io.Reader) error
}

// Outbox is what delivery needs of the store.
type Outbox interface {
	// Waiting lists the letters not finished, in order of id; those found in
	// state Sending at start are ambiguous.
	Waiting(ctx context.Context) ([]flows.Head, error)
	// Begin records an attempt on disk before it leaves, and returns the whole
	// letter with its target filled. ok is false when the letter is no longer
	// to be sent (cancelled, erased).
	Begin(ctx context.Context, id uint64) (l flows.Letter, ok bool, err error)
	// Finish records the result of the attempt on disk. It is also called
	// without Begin, to cancel a letter or to note that an attempt found in
	// state Sending at start is ambiguous. An id that is gone is no error.
	Finish(ctx context.Context, id uint64, d flows.Delivery) error
}

// ErrGone says that the person has blocked us or that the chat is no more: the
// letter fails, the person is marked unreachable.
var ErrGone = errors.New("person unreachable")

// ErrStop says that the channel must stop altogether: its token is refused, or
// a second instance is running.
var ErrStop = errors.New("channel refused")

// RetryError says that the letter surely did not arrive and may be tried again
// after a while. All is true when the whole channel must wait (a 429 of the
// bot), false when only this address must.
type RetryError struct {
	After time.Duration
	All   bool
	Cause string // a short code, never a body
	// Partial is true when an earlier part of the letter has arrived. The
	// channel remembers which; after a restart nobody does, so the attempt is
	// recorded as ambiguous.
	Partial bool
}

func (e *RetryError) Error() string {
	return fmt.Sprintf("not sent (%s), retry after %s", e.Cause, e.After)
}

// UnknownError says that nobody knows whether the letter arrived.
type UnknownError struct {
	Cause string // a short code, never a body
	// Answered is true when the platform did answer, with a failure of its own
	// (a 5xx): the letter has most likely not arrived, so a further attempt is
	// worth more than after a lost answer.
	Answered bool
}

func (e *UnknownError) Error() string { return "outcome unknown (" + e.Cause + ")" }

// RejectedError says that the platform will never accept this letter.
type RejectedError struct {
	Cause string // the platform's error code, never words of a person
}

func (e *RejectedError) Error() string { return "rejected: " + e.Cause }

// Pace is how fast a channel may be spoken to.
type Pace struct {
	PerSecond float64 // letters a second to all addresses; 0: no limit
	// Reserve is the part of PerSecond kept for replies: nudges and campaigns
	// use at most PerSecond − Reserve.
	Reserve float64
	// PerAddress is letters a second to one address, after Burst letters.
	PerAddress float64
	Burst      int
}
