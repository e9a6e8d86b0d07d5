package bot

import (
	"container/heap"
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/coopconnexion/relais/flows"
)

// Options is what delivery is made of. Outbox and Channels are required.
type Options struct {
	Outbox   Outbox
	Blobs    Blobs // where fetched files go; nil: letters to fetch wait
	Channels []Served
	// Now is the clock (default time.Now). After it was moved by hand, call
	// [Delivery.Wake].
	Now func() time.Time
	// MaySpeak says whether unsolicited letters may leave at a time (default:
	// always). It is asked again just before each of them leaves.
	MaySpeak func(time.Time) bool
	// Report takes the inputs that delivery makes: KindGone and KindFailed.
	Report Intake
	Logger *slog.Logger
	// Observe is told of each end of a letter and of each attempt. May be nil.
	Observe func(Event)
	// Alarm is told, with a fixed code, what a person should look at: a channel
	// that stopped, an absurd pause, a text refused as markup. May be nil.
	Alarm func(channel, code string)
	// Workers is how many letters of one channel may be on their way at the
	// same time (default 16).
	Workers int
	// SendTimeout bounds one attempt whatever the channel does (default 60 s;
	// files have five times as long).
	SendTimeout time.Duration
}

// Event is the result of one attempt, for metrics.
type Event struct {
	Channel   string
	Class     flows.Class
	Op        flows.Op
	State     flows.LetterState // Pending: to be tried again
	Ambiguous bool
	Reason    string
	Took      time.Duration // of the attempt; 0 when nothing left
	Age       time.Duration // since the letter was written
}

// Delivery carries the outbox out: per address in order, addresses in turn,
// each channel at its pace, each attempt on disk before it leaves. It keeps
// only the heads of letters in memory.
type Delivery struct {
	opt  Options
	poke chan struct{}

	mu      sync.Mutex
	loaded  bool
	lanes   map[laneKey]*lane
	queues  map[string]*queue
	order   []*queue // the queues, for taking turns
	turn    int
	known   map[uint64]bool
	timers  marks
	asleep  []mark // lanes that wait for speaking hours
	fetches map[flows.PersonID][]*entry
	behind  map[flows.PersonID][]mark // lanes that wait for a file
	hours   hoursMemo
	quiet   []chan struct{} // callers of Settle
	jobs    int             // attempts under way
	ended   int
}

// New makes a delivery; nothing moves before Run.
func New(o Options) *Delivery {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.MaySpeak == nil {
		o.MaySpeak = func(time.Time) bool { return true }
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Workers <= 0 {
		o.Workers = 16
	}
	if o.SendTimeout <= 0 {
		o.SendTimeout = time.Minute
	}
	d := &Delivery{
		opt: o, poke: make(chan struct{}, 1),
		lanes: map[laneKey]*lane{}, queues: map[string]*queue{}, known: map[uint64]bool{},
		fetches: map[flows.PersonID][]*entry{}, behind: map[flows.PersonID][]mark{},
	}
	for _, s := range o.Channels {
		name := s.Channel.Name()
		d.addQueue(newQueue(name, s.Channel, s.Pace, o.Workers))
		if _, ok := s.Channel.(Fetcher); ok && o.Blobs != nil {
			d.addQueue(newQueue(fetchQueue(name), s.Channel, Pace{}, max(1, o.Workers/4)))
		}
	}
	return d
}

// fetchQueue names the queue of a channel's files: they share neither the pace
// nor the workers of its messages.
func fetchQueue(channel string) string { return channel + " files" }

func (d *Delivery) addQueue(q *queue) *queue {
	d.queues[q.name] = q
	d.order = append(d.order, q)
	return q
}

// Add takes the heads of letters that were just committed. A letter known
// already is left as it is.
func (d *Delivery) Add(heads []flows.Head) {
	if len(heads) == 0 {
		return
	}
	now := d.opt.Now()
	d.mu.Lock()
	for _, h := range heads {
		d.add(h, now)
	}
	d.mu.Unlock()
	d.Wake()
}

func (d *Delivery) add(h flows.Head, now time.Time) {
	if d.known[h.ID] || (h.State != flows.Pending && h.State != flows.Sending && h.State != "") {
		return
	}
	d.known[h.ID] = true
	k := keyOf(h)
	l := d.lanes[k]
	if l == nil {
		q := d.queueFor(k)
		l = &lane{key: k, queue: q, room: q.room(k)}
		d.lanes[k] = l
	}
	// A retry never waits longer than the longest pause, whatever the clock did.
	if h.NotBefore.After(now.Add(maxPause)) {
		h.NotBefore = now.Add(maxPause)
	}
	e := &entry{Head: h, rank: rankOf(h.Class), added: now}
	l.insert(e)
	if h.Op == flows.OpFetch && l.queue.channel != nil {
		d.fetches[h.Person] = append(d.fetches[h.Person], e)
	}
	d.place(l, now)
}

func (d *Delivery) queueFor(k laneKey) *queue {
	name := k.to.Channel
	if k.aside == flows.OpFetch {
		name = fetchQueue(name)
	}
	if q := d.queues[name]; q != nil {
		return q
	}
	return d.addQueue(newQueue(name, nil, Pace{}, 0))
}

// Wake makes delivery look again, after the clock was moved or the hours changed.
func (d *Delivery) Wake() {
	select {
	case d.poke <- struct{}{}:
	default:
	}
}

// Run loads what waits on disk and delivers until ctx ends; then it lets the
// attempts under way finish for at most ten seconds, and returns.
func (d *Delivery) Run(ctx context.Context) error {
	heads, err := d.opt.Outbox.Waiting(ctx)
	if err != nil {
		return err
	}
	d.Add(heads)
	d.mu.Lock()
	d.loaded = true
	d.mu.Unlock()

	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var jobs sync.WaitGroup
	for ctx.Err() == nil {
		pause := d.round(work, &jobs)
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-d.poke:
		case <-timer.C:
		}
		timer.Stop()
	}
	d.drain(&jobs, cancel)
	return nil
}

// drainTime is how long attempts under way may take at the end.
const drainTime = 10 * time.Second

func (d *Delivery) drain(jobs *sync.WaitGroup, cancel context.CancelFunc) {
	done := make(chan struct{})
	go func() { jobs.Wait(); close(done) }()
	timer := time.NewTimer(drainTime)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		d.opt.Logger.Warn("delivery stopped with attempts under way: they will be marked ambiguous")
		cancel()
		<-done
	}
}

// round starts everything that may go now and says how long to rest.
func (d *Delivery) round(work context.Context, jobs *sync.WaitGroup) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.opt.Now()
	d.ripen(now)
	for {
		l, drop, ok := d.pick(now)
		if !ok {
			break
		}
		d.start(work, jobs, l, drop, now)
	}
	d.settle(now)
	return d.rest(now)
}

// pick asks the queues in turn.
func (d *Delivery) pick(now time.Time) (*lane, bool, bool) {
	for range d.order {
		d.turn = (d.turn + 1) % len(d.order)
		q := d.order[d.turn]
		for {
			l, drop, ok := q.pick(now)
			if !ok {
				break
			}
			if drop || d.stillReady(l, now) {
				return l, drop, true
			}
			d.place(l, now)
		}
	}
	return nil, false, false
}

// start hands the first letter of a lane to a worker.
func (d *Delivery) start(work context.Context, jobs *sync.WaitGroup, l *lane, drop bool, now time.Time) {
	e, q := l.letters[0], l.queue
	if l.paid = !drop; l.paid {
		q.take(e.rank, now)
		l.room.take(now)
	}
	l.busy, l.wait = true, waitNothing
	l.gen++
	q.busy++
	d.jobs++
	j := job{delivery: d, entry: *e, channel: q.channel, paused: q.paused}
	jobs.Go(func() {
		r := j.run(work)
		d.end(l, e, r)
	})
}

// ripen moves the lanes whose time has come.
func (d *Delivery) ripen(now time.Time) {
	for len(d.timers) > 0 && (d.timers[0].stale() || !d.timers[0].at.After(now)) {
		m := heap.Pop(&d.timers).(mark)
		if !m.stale() {
			d.place(m.lane, now)
		}
	}
	if len(d.asleep) == 0 || !d.maySpeak(now) {
		return
	}
	asleep := d.asleep
	d.asleep = nil
	for _, m := range asleep {
		if !m.stale() {
			d.place(m.lane, now)
		}
	}
}

// chance spreads retries.
func chance() float64 { return rand.Float64() }
