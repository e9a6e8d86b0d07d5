package bot

import (
	"slices"
	"time"

	"github.com/coopconnexion/relais/flows"
)

// rank orders letters of one address: a smaller one goes first.
type rank int

const (
	rankCrisis rank = iota
	rankReply
	rankNudge
	rankCampaign
	ranks
)

func rankOf(c flows.Class) rank {
	switch c {
	case flows.ClassCrisis:
		return rankCrisis
	case flows.ClassNudge, flows.ClassSensitive:
		return rankNudge
	case flows.ClassCampaign:
		return rankCampaign
	}
	return rankReply
}

// entry is a letter as delivery keeps it: the head, and what happened to it in
// this process.
type entry struct {
	flows.Head
	rank  rank
	added time.Time
	// tries counts attempts that surely did not arrive; unknown those whose
	// answer was lost; answered those that ended in a failure of the platform.
	tries, unknown, answered int
	// drop is why the letter is to be cancelled unsent; empty: it is not.
	drop string
}

// laneKey is what order is kept within: an address; on the desk, one person's
// affairs in one room, so that a card that cannot be posted holds up nobody
// else; for files to fetch, the person. Reactions go beside the messages of
// their address: they say «seen» while an answer waits for its turn.
type laneKey struct {
	to     flows.Account
	person flows.PersonID
	aside  flows.Op // OpFetch or OpReact: not in the order of messages
}

func keyOf(h flows.Head) laneKey {
	switch {
	case h.Op == flows.OpFetch:
		return laneKey{to: flows.Account{Channel: h.To.Channel}, person: h.Person, aside: h.Op}
	case h.Op == flows.OpReact:
		return laneKey{to: h.To, aside: h.Op}
	case h.To.Channel == flows.DeskChannel:
		return laneKey{to: h.To, person: h.Person}
	}
	return laneKey{to: h.To}
}

// wait says what a lane is waiting for.
type wait int

const (
	waitNothing wait = iota // empty, or busy
	waitReady               // a worker and the channel's pace
	waitToken               // the address's pace
	waitRetry               // the time of the next attempt
	waitHours               // the hours in which we may speak
	waitFetch               // a file of the same person, still on its way
	waitChannel             // a channel that is not configured
)

// lane is the letters of one address, in order of rank, then of commit.
type lane struct {
	key     laneKey
	queue   *queue
	room    *bucket // the address's pace, shared by the lanes of one desk room
	letters []*entry
	busy    bool
	paid    bool // the attempt under way took its share of the paces
	wait    wait
	// gen changes whenever the lane is placed anew: marks left in a queue or a
	// timer under an older gen mean nothing.
	gen uint64
}

func (l *lane) insert(e *entry) {
	i := len(l.letters)
	for i > 0 && less(e, l.letters[i-1]) {
		i--
	}
	l.letters = slices.Insert(l.letters, i, e)
}

func less(a, b *entry) bool {
	if a.rank != b.rank {
		return a.rank < b.rank
	}
	return a.ID < b.ID
}

func (l *lane) remove(e *entry) {
	if i := slices.Index(l.letters, e); i >= 0 {
		l.letters = slices.Delete(l.letters, i, i+1)
	}
}

// mark is a lane's place in a queue or among the timers.
type mark struct {
	lane *lane
	gen  uint64
	at   time.Time
}

func (m mark) stale() bool { return m.gen != m.lane.gen }

// marks is a heap of times.
type marks []mark

func (m marks) Len() int           { return len(m) }
func (m marks) Less(i, j int) bool { return m[i].at.Before(m[j].at) }
func (m marks) Swap(i, j int)      { m[i], m[j] = m[j], m[i] }
func (m *marks) Push(x any)        { *m = append(*m, x.(mark)) }
func (m *marks) Pop() any {
	old := *m
	x := old[len(old)-1]
	old[len(old)-1] = mark{}
	*m = old[:len(old)-1]
	return x
}

// fifo is a first-in first-out list of marks that gives its memory back.
type fifo struct {
	items []mark
	head  int
}

func (f *fifo) push(m mark) { f.items = append(f.items, m) }

func (f *fifo) pop() (mark, bool) {
	for f.head < len(f.items) {
		m := f.items[f.head]
		f.items[f.head] = mark{}
		f.head++
		if f.head > 64 && f.head*2 > len(f.items) {
			f.items = append([]mark(nil), f.items[f.head:]...)
			f.head = 0
		}
		if !m.stale() {
			return m, true
		}
	}
	f.items, f.head = f.items[:0], 0
	return mark{}, false
}

// empty reports whether nothing valid waits, forgetting stale marks on the way.
func (f *fifo) empty() bool {
	for f.head < len(f.items) {
		if !f.items[f.head].stale() {
			return false
		}
		f.items[f.head] = mark{}
		f.head++
	}
	f.items, f.head = f.items[:0], 0
	return true
}
