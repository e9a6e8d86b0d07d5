package bot

import (
	"container/heap"
	"slices"
	"time"

	"github.com/coopconnexion/relais/flows"
)

// decorAge is how old a mere tidying up may get: after that, the person has
// moved on.
const decorAge = time.Minute

// place decides what an idle lane waits for.
func (d *Delivery) place(l *lane, now time.Time) {
	if l.busy {
		return
	}
	l.gen++
	l.wait = waitNothing
	if len(l.letters) == 0 {
		return
	}
	e, q := l.letters[0], l.queue
	here := mark{lane: l, gen: l.gen}
	if q.channel == nil {
		l.wait = waitChannel
		return
	}
	if e.drop = d.pointless(l, e, now); e.drop != "" {
		l.wait = waitReady
		q.drops.push(here)
		return
	}
	switch {
	case e.NotBefore.After(now):
		here.at, l.wait = e.NotBefore, waitRetry
		heap.Push(&d.timers, here)
	case e.Class.Unsolicited() && !d.maySpeak(now):
		l.wait = waitHours
		d.asleep = append(d.asleep, here)
	case d.fileBefore(e, now) != nil:
		here.at, l.wait = d.fileBefore(e, now).added.Add(fileHold), waitFetch
		heap.Push(&d.timers, here)
		d.behind[e.Person] = append(d.behind[e.Person], here)
	case !l.room.has(l.room.need(e.rank), now):
		here.at, l.wait = l.room.when(l.room.need(e.rank), now), waitToken
		heap.Push(&d.timers, here)
	default:
		l.wait = waitReady
		q.ready[e.rank].push(here)
	}
}

// pointless says why a letter need not leave any more; empty when it must.
func (d *Delivery) pointless(l *lane, e *entry, now time.Time) string {
	if e.drop != "" {
		return e.drop
	}
	if !e.Expires.IsZero() && now.After(e.Expires) {
		return "expired"
	}
	if e.Class != flows.ClassDecor {
		return ""
	}
	if now.Sub(e.added) > decorAge {
		return "late"
	}
	// The next letter matters more: it must find a token of its own.
	if len(l.letters) > 1 && l.letters[1].rank == e.rank && !l.room.has(2, now) {
		return "superseded"
	}
	return ""
}

// stillReady checks, just before it leaves, what may have changed since the
// lane was found ready.
func (d *Delivery) stillReady(l *lane, now time.Time) bool {
	e := l.letters[0]
	if e.Class.Unsolicited() && !d.maySpeak(now) {
		return false
	}
	if d.pointless(l, e, now) != "" {
		return false
	}
	return l.room.has(l.room.need(e.rank), now)
}

// fileHold is how long a letter to the desk waits for a file: after that it goes
// without, since a person may be waiting for staff.
const fileHold = time.Minute

// fileBefore is a file of the same person, sent before this letter to the desk,
// that is still to be fetched: the letter may attach it. A crisis never waits.
func (d *Delivery) fileBefore(e *entry, now time.Time) *entry {
	if e.Op != flows.OpPost || e.Class == flows.ClassCrisis {
		return nil
	}
	for _, f := range d.fetches[e.Person] {
		if f.ID < e.ID && now.Sub(f.added) < fileHold {
			return f
		}
	}
	return nil
}

func (d *Delivery) fetched(e *entry, now time.Time) {
	files := slices.DeleteFunc(d.fetches[e.Person], func(f *entry) bool { return f == e })
	if len(files) > 0 {
		d.fetches[e.Person] = files
	} else {
		delete(d.fetches, e.Person)
	}
	behind := d.behind[e.Person]
	delete(d.behind, e.Person)
	for _, m := range behind {
		if !m.stale() {
			d.place(m.lane, now)
		}
	}
}

// hoursMemo remembers the answer of MaySpeak for the current second.
type hoursMemo struct {
	second int64
	may    bool
	known  bool
}

func (d *Delivery) maySpeak(now time.Time) bool {
	second := now.Unix()
	if !d.hours.known || d.hours.second != second {
		d.hours = hoursMemo{second: second, may: d.opt.MaySpeak(now), known: true}
	}
	return d.hours.may
}

// longestRest bounds the rest of the loop, for machines that were suspended and
// clocks that were set.
const longestRest = 5 * time.Minute

// rest is how long nothing can happen, if nobody pokes.
func (d *Delivery) rest(now time.Time) time.Duration {
	wake := now.Add(longestRest)
	sooner := func(t time.Time) {
		if !t.IsZero() && t.Before(wake) {
			wake = t
		}
	}
	for _, q := range d.order {
		sooner(q.next(now))
	}
	if len(d.timers) > 0 {
		sooner(d.timers[0].at)
	}
	if len(d.asleep) > 0 {
		sooner(d.nextHours(now))
	}
	return max(wake.Sub(now), 0)
}

// nextHours looks for the next quarter of an hour in which we may speak.
func (d *Delivery) nextHours(now time.Time) time.Time {
	for t := now.Truncate(15 * time.Minute); t.Before(now.Add(longestRest)); {
		t = t.Add(15 * time.Minute)
		if d.opt.MaySpeak(t) {
			return t
		}
	}
	return now.Add(longestRest)
}

// lateAfter is how long a person may wait for a reply without another sign of
// having been heard.
const lateAfter = 2 * time.Second

// Late reports whether the letters to an address need so long to leave, at the
// pace of the address, that the person should get another sign meanwhile.
func (d *Delivery) Late(to flows.Account) bool {
	now := d.opt.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.lanes[laneKey{to: to}]
	if l == nil || l.room.rate <= 0 || !l.queue.open(now) {
		return false
	}
	l.room.fill(now)
	return float64(len(l.letters))-l.room.tokens > l.room.rate*lateAfter.Seconds()
}
