package bot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/coopconnexion/relais/bot/fault"
	"github.com/coopconnexion/relais/flows"
)

// job is one attempt at one letter. It runs without the lock of Delivery.
type job struct {
	delivery *Delivery
	entry    entry // a copy
	channel  Channel
	paused   int // the queue's pauses when it began
}

// result is what an attempt means for the letter, its lane and its channel.
type result struct {
	done                     bool
	notBefore                time.Time
	drop                     string
	tries, unknown, answered int

	gone    bool          // the person blocked us
	stop    bool          // the channel refused us
	pause   time.Duration // asked for by the platform, for the whole channel
	down    bool          // the platform could not be reached or fails
	reached bool          // the platform answered properly
	paused  int
	left    time.Time // when the attempt left, after it was recorded; zero: it did not
}

// again is the result "to be tried later".
func (j *job) again(after time.Duration) result {
	e := &j.entry
	return result{
		notBefore: j.delivery.opt.Now().Add(after), paused: j.paused,
		tries: e.tries, unknown: e.unknown, answered: e.answered,
	}
}

func done() result { return result{done: true} }

// run carries the attempt out.
func (j *job) run(ctx context.Context) result {
	e := &j.entry
	if e.drop != "" {
		return j.finish(ctx, flows.Letter{}, flows.Delivery{State: flows.Cancelled, Reason: e.drop})
	}
	if e.State == flows.Sending {
		if r, over := j.orphan(ctx); over {
			return r
		}
	}
	l, ok, err := j.delivery.opt.Outbox.Begin(ctx, e.ID)
	if err != nil {
		j.delivery.opt.Logger.Error("attempt not recorded", "letter", e.ID, "error", err)
		e.tries++
		return j.again(backoff(e.tries, chance()))
	}
	if !ok {
		return done()
	}
	if l.Class == flows.ClassDecor && j.delivery.opt.Now().Sub(l.Created) > decorAge {
		return j.finish(ctx, l, flows.Delivery{State: flows.Cancelled, Reason: "late"})
	}
	if l.Ambiguous && verdictOf(l.Op, l.Class) == lookUp {
		if r, over := j.lookUp(ctx, l); over {
			return r
		}
	}
	if l.Ambiguous {
		l = markAgain(l)
	}
	return j.send(ctx, l)
}

// orphan handles a letter found under way at start: the process died between
// the attempt and its result.
func (j *job) orphan(ctx context.Context) (result, bool) {
	e := &j.entry
	bare := flows.Letter{ID: e.ID, Person: e.Person, To: e.To, Op: e.Op, Class: e.Class}
	d := flows.Delivery{State: flows.Pending, Ambiguous: true, Reason: "interrupted"}
	switch verdictOf(e.Op, e.Class) {
	case repeat:
		d.Ambiguous = false
	case giveUp:
		d.State = flows.Cancelled
		return j.finish(ctx, bare, d), true
	case leaveIt:
		// The report needs the letter's key, which only Begin gives.
		l, ok, err := j.delivery.opt.Outbox.Begin(ctx, e.ID)
		if err != nil {
			e.tries++
			return j.again(backoff(e.tries, chance())), true
		}
		if !ok {
			return done(), true
		}
		d.State = flows.Failed
		return j.fail(ctx, l, d), true
	}
	if err := j.record(ctx, d); err != nil {
		e.tries++
		return j.again(backoff(e.tries, chance())), true
	}
	e.State = flows.Pending
	return result{}, false
}

// lookUp asks a channel that can tell whether the letter arrived.
func (j *job) lookUp(ctx context.Context, l flows.Letter) (result, bool) {
	f, ok := j.channel.(Finder)
	if !ok {
		return result{}, false
	}
	id, found, err := f.Find(ctx, l)
	switch {
	case err != nil:
		return j.failed(ctx, l, asNotSent(err), 0), true
	case found:
		return j.finish(ctx, l, flows.Delivery{State: flows.Sent, MessageID: id, Ambiguous: true}), true
	}
	return result{}, false
}

// asNotSent turns an unknown outcome of a mere question into "not sent".
func asNotSent(err error) error {
	var retry *RetryError
	if errors.As(err, &retry) || errors.Is(err, ErrStop) {
		return err
	}
	return &RetryError{All: true, Cause: "lookup"}
}

// send makes the attempt and says what came of it.
func (j *job) send(ctx context.Context, l flows.Letter) result {
	d := j.delivery
	timeout := d.opt.SendTimeout
	if l.Op == flows.OpFetch || (l.Send != nil && l.Send.Blob != "") || (l.Post != nil && l.Post.Blob != "") {
		timeout *= 5
	}
	sendCtx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	began := d.opt.Now()
	fault.Point("send-before")
	id, err := j.deliver(sendCtx, l)
	fault.Point("send-after")
	took := d.opt.Now().Sub(began)
	var r result
	if err != nil {
		r = j.failed(ctx, l, err, took)
	} else {
		j.observe(l, flows.Sent, l.Ambiguous, "", took)
		r = j.finish(ctx, l, flows.Delivery{State: flows.Sent, MessageID: id, Ambiguous: l.Ambiguous})
		r.reached = true
	}
	r.left = began
	return r
}

// deliver calls the channel; a panic in it is a rejection, so that one letter
// never ends the process.
func (j *job) deliver(ctx context.Context, l flows.Letter) (id string, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &RejectedError{Cause: fmt.Sprintf("panic of type %T", r)}
		}
	}()
	if l.Op == flows.OpFetch {
		return "", j.fetch(ctx, l)
	}
	return j.channel.Deliver(ctx, l)
}

// finish records the end of a letter. Until that is on disk the letter is
// neither forgotten nor tried again: a process that dies meanwhile finds it
// under way, hence ambiguous.
func (j *job) finish(ctx context.Context, l flows.Letter, d flows.Delivery) result {
	if d.State != flows.Sent {
		j.observe(l, d.State, d.Ambiguous, d.Reason, 0)
	}
	if err := j.record(ctx, d); err != nil {
		j.delivery.opt.Logger.Error("result not recorded", "letter", j.entry.ID, "error", err)
	}
	return done()
}

// record writes a result, again and again until it is on disk or ctx ends.
func (j *job) record(ctx context.Context, d flows.Delivery) error {
	for n := 1; ; n++ {
		err := j.delivery.opt.Outbox.Finish(ctx, j.entry.ID, d)
		if err == nil || !rest(ctx, backoff(n, chance())/4) {
			return err
		}
	}
}

// rest waits, and reports false when ctx ended first.
func rest(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (j *job) observe(l flows.Letter, s flows.LetterState, ambiguous bool, reason string, took time.Duration) {
	if j.delivery.opt.Observe == nil {
		return
	}
	e := Event{
		Channel: j.entry.To.Channel, Class: j.entry.Class, Op: j.entry.Op,
		State: s, Ambiguous: ambiguous, Reason: reason, Took: took,
	}
	if !l.Created.IsZero() {
		e.Age = j.delivery.opt.Now().Sub(l.Created)
	}
	j.delivery.opt.Observe(e)
}
