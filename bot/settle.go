package bot

import (
	"context"
	"time"

	"github.com/coopconnexion/relais/flows"
)

// Settle returns when nothing deliverable remains: letters that wait for
// speaking hours, for a channel that is missing, stopped or paused, or for the
// time of a retry do not count; those that wait for their pace do. Run must be
// under way.
func (d *Delivery) Settle(ctx context.Context) error {
	done := make(chan struct{})
	d.mu.Lock()
	d.quiet = append(d.quiet, done)
	d.mu.Unlock()
	d.Wake()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// settle releases the callers of Settle once all is quiet.
func (d *Delivery) settle(now time.Time) {
	if len(d.quiet) == 0 || !d.loaded || d.jobs > 0 {
		return
	}
	for _, q := range d.order {
		if q.open(now) && !q.stopped && q.waiting() {
			return
		}
	}
	for _, m := range d.timers {
		if !m.stale() && m.lane.wait == waitToken && m.lane.queue.open(now) && !m.lane.queue.stopped {
			return
		}
	}
	for _, done := range d.quiet {
		close(done)
	}
	d.quiet = nil
}

// Stats is what waits, for metrics and readiness.
type Stats struct {
	Waiting int            // letters not finished
	Channel map[string]int // of them, by channel
	Hours   int            // addresses that wait for speaking hours
	Stopped []string       // channels that refused us
}

// Stats counts what waits.
func (d *Delivery) Stats() Stats {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := Stats{Waiting: len(d.known), Channel: map[string]int{}}
	for _, l := range d.lanes {
		s.Channel[l.key.to.Channel] += len(l.letters)
		if l.wait == waitHours {
			s.Hours++
		}
	}
	for _, q := range d.order {
		if q.stopped {
			s.Stopped = append(s.Stopped, q.name)
		}
	}
	return s
}

// end takes note of the result of an attempt.
func (d *Delivery) end(l *lane, e *entry, r result) {
	now := d.opt.Now()
	d.mu.Lock()
	q := l.queue
	l.busy = false
	q.busy--
	d.jobs--
	if l.paid && r.left.IsZero() { // cancelled meanwhile: others need the time
		l.room.give()
		q.give(e.rank)
	}
	l.room.late(r.left)
	d.judge(q, r, now)
	if r.done {
		l.remove(e)
		delete(d.known, e.ID)
		if e.Op == flows.OpFetch {
			d.fetched(e, now)
		}
	} else {
		e.State, e.NotBefore, e.drop = flows.Pending, r.notBefore, r.drop
		e.tries, e.unknown, e.answered = r.tries, r.unknown, r.answered
	}
	if r.gone {
		for _, other := range l.letters {
			if other.Class.Unsolicited() {
				other.drop = "gone"
			}
		}
	}
	d.place(l, now)
	d.sweep(now)
	d.mu.Unlock()
	d.Wake()
}

// failsInARow is how many failures without a success in between make the whole
// channel rest.
const failsInARow = 3

// judge draws conclusions about the whole channel.
func (d *Delivery) judge(q *queue, r result, now time.Time) {
	switch {
	case r.stop:
		q.stopped = true
		q.pause(now, probeAfter)
	case r.pause > 0:
		q.pause(now, r.pause)
	case r.down && r.paused == q.paused:
		// One failure is the letter's own affair; several in a row are the channel's.
		if q.fails++; q.fails >= failsInARow {
			q.pause(now, backoff(q.fails-failsInARow+1, chance()))
		}
	case r.reached:
		q.fails, q.stopped = 0, false
	}
}

// sweepEvery is how many ended attempts lie between two clean-ups.
const sweepEvery = 1024

// sweep forgets addresses with nothing to say whose pace has recovered.
func (d *Delivery) sweep(now time.Time) {
	if d.ended++; d.ended < sweepEvery {
		return
	}
	d.ended = 0
	for k, l := range d.lanes {
		if !l.busy && len(l.letters) == 0 && l.room.full(now) {
			delete(d.lanes, k)
		}
	}
}
