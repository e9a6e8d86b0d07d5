package bot

import (
	"math"
	"time"
)

// Served is a channel with its pace.
type Served struct {
	Channel Channel
	Pace    Pace
}

// crisisWorkers is how many letters of a crisis may be on their way on top of
// the workers, so that hanging attempts never hold them up.
const crisisWorkers = 4

// probeAfter is how long a stopped channel rests before one more attempt: a
// token refused by mistake heals without a restart.
const probeAfter = 5 * time.Minute

// queue is one channel's share of the work: who is ready, and how fast it may go.
type queue struct {
	name    string
	channel Channel // nil: not configured, its letters stay
	pace    Pace
	all     bucket // every letter
	bulk    bucket // nudges and campaigns
	workers int
	busy    int
	ready   [ranks]fifo
	drops   fifo // letters to cancel: neither pace nor pause holds them up
	// until is the end of a pause that the platform asked for, or that a
	// failing connection imposes. paused counts pauses: an attempt begun before
	// the current one does not lengthen it.
	until   time.Time
	paused  int
	fails   int
	stopped bool
	held    map[string]*bucket // paces of addresses, for the desk's rooms
}

func newQueue(name string, c Channel, p Pace, workers int) *queue {
	q := &queue{name: name, channel: c, pace: p, workers: workers, held: map[string]*bucket{}}
	// A burst of a fifth of a second's letters keeps any second below
	// PerSecond × 1.2: at 25/s, Telegram's 30.
	burst := math.Max(1, p.PerSecond/5)
	q.all = newBucket(p.PerSecond, burst)
	if p.PerSecond > 0 {
		q.bulk = newBucket(math.Max(p.PerSecond-p.Reserve, p.PerSecond/10), burst)
	}
	return q
}

// room is the pace of an address.
func (q *queue) room(k laneKey) *bucket {
	if k.aside != "" {
		return &bucket{}
	}
	if k.person == "" {
		b := newBucket(q.pace.PerAddress, float64(q.pace.Burst))
		return &b
	}
	b := q.held[k.to.ID]
	if b == nil {
		nb := newBucket(q.pace.PerAddress, float64(q.pace.Burst))
		b = &nb
		q.held[k.to.ID] = b
	}
	return b
}

// open reports whether the channel may be spoken to now.
func (q *queue) open(now time.Time) bool {
	return q.channel != nil && !now.Before(q.until)
}

// pick takes the next lane that may go now; ok is false when there is none.
func (q *queue) pick(now time.Time) (l *lane, drop, ok bool) {
	if m, ok := q.drops.pop(); ok {
		return m.lane, true, true
	}
	if !q.open(now) || (q.stopped && q.busy > 0) {
		return nil, false, false
	}
	for r := range q.ready {
		if !q.may(rank(r), now) {
			break
		}
		if m, ok := q.ready[r].pop(); ok {
			return m.lane, false, true
		}
	}
	return nil, false, false
}

// may reports whether a letter of this rank may leave now. Ranks are asked in
// order, and what holds one up holds up those behind it.
func (q *queue) may(r rank, now time.Time) bool {
	switch {
	case r == rankCrisis:
		return q.busy < q.workers+crisisWorkers
	case q.busy >= q.workers || !q.all.ready(now):
		return false
	case r >= rankNudge:
		return q.bulk.ready(now)
	}
	return true
}

// take pays for a letter of this rank.
func (q *queue) take(r rank, now time.Time) {
	q.all.take(now)
	if r >= rankNudge {
		q.bulk.take(now)
	}
}

// give takes back what a letter of this rank paid: it did not leave.
func (q *queue) give(r rank) {
	q.all.give()
	if r >= rankNudge {
		q.bulk.give()
	}
}

// next is when the channel's own pace or pause may let something go; zero when
// nothing waits for it.
func (q *queue) next(now time.Time) time.Time {
	if q.channel == nil || !q.waiting() {
		return time.Time{}
	}
	if now.Before(q.until) {
		return q.until
	}
	if q.busy >= q.workers || (q.stopped && q.busy > 0) {
		return time.Time{} // the end of an attempt wakes the loop
	}
	if !q.ready[rankReply].empty() {
		return q.all.next(now)
	}
	at := q.all.next(now)
	if b := q.bulk.next(now); b.After(at) {
		return b
	}
	return at
}

func (q *queue) waiting() bool {
	for r := range q.ready {
		if !q.ready[r].empty() {
			return true
		}
	}
	return false
}

// pause stops the channel for a while. An attempt that began before the current
// pause does not lengthen it when it fails for the same reason.
func (q *queue) pause(now time.Time, d time.Duration) {
	q.paused++
	if until := now.Add(d); until.After(q.until) {
		q.until = until
	}
}
