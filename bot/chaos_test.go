package bot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/coopconnexion/relais/flows"
)

// life is one process on a memory that outlives it: after its death nothing it
// does has an effect.
type life struct {
	*memory
	mu   sync.Mutex
	dead bool
}

var errDead = errors.New("dead")

func (l *life) gone() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dead
}

func (l *life) die() {
	l.mu.Lock()
	l.dead = true
	l.mu.Unlock()
}

func (l *life) Begin(ctx context.Context, id uint64) (flows.Letter, bool, error) {
	if l.gone() {
		return flows.Letter{}, false, errDead
	}
	return l.memory.Begin(ctx, id)
}

func (l *life) Finish(ctx context.Context, id uint64, d flows.Delivery) error {
	if l.gone() {
		return errDead
	}
	return l.memory.Finish(ctx, id, d)
}

// storm is a platform with bad luck.
type storm struct {
	mu      sync.Mutex
	rnd     *rand.Rand
	arrived map[string][]uint64 // by address
	calm    bool
}

func (s *storm) deliver(l flows.Letter) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	luck := s.rnd.IntN(100)
	if s.calm {
		luck = 99
	}
	switch {
	case luck < 4: // the answer is lost, the message is not
		s.arrived[l.To.ID] = append(s.arrived[l.To.ID], l.ID)
		return &UnknownError{Cause: "lost"}
	case luck < 6:
		return &UnknownError{Cause: "5xx", Answered: true}
	case luck < 8:
		return &RetryError{After: 3 * time.Second, All: true, Cause: "429"}
	case luck < 14:
		return &RetryError{All: true, Cause: "connect"}
	}
	s.arrived[l.To.ID] = append(s.arrived[l.To.ID], l.ID)
	return nil
}

// stormy is the channel of one life.
type stormy struct {
	life  *life
	storm *storm
}

func (s *stormy) Name() string                      { return "telegram" }
func (s *stormy) Run(context.Context, Intake) error { return nil }
func (s *stormy) Deliver(ctx context.Context, l flows.Letter) (string, error) {
	if !rest(ctx, time.Duration(20+len(l.To.ID)*30)*time.Millisecond) || s.life.gone() {
		return "", errDead
	}
	return "m", s.storm.deliver(l)
}
func (s *stormy) Fetch(context.Context, flows.FileRef) (io.ReadCloser, error) { return nil, errDead }

// TestStormsAndDeaths writes letters of every class to a few people while the
// process dies again and again and the platform fails in every way.
func TestStormsAndDeaths(t *testing.T) {
	for seed := range uint64(25) {
		bubble(t, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 1))
			box := newMemory()
			s := &storm{rnd: rand.New(rand.NewPCG(seed, 2)), arrived: map[string][]uint64{}}
			classes := []flows.Class{
				flows.ClassReply, flows.ClassQuestion, flows.ClassReceipt, flows.ClassNudge,
				flows.ClassCampaign, flows.ClassCrisis, flows.ClassSensitive,
			}
			next := uint64(1)
			for range 12 {
				l, d, end := begin(t, box, s)
				for range 10 {
					var heads []flows.Head
					for range 1 + rnd.IntN(3) {
						heads = append(heads, box.put(letter(next, fmt.Sprint(rnd.IntN(4)), classes[rnd.IntN(len(classes))])))
						next++
					}
					d.Add(heads)
					time.Sleep(time.Duration(rnd.IntN(900)) * time.Millisecond)
				}
				l.die()
				end()
			}
			s.mu.Lock()
			s.calm = true
			s.mu.Unlock()
			_, d, end := begin(t, box, s)
			time.Sleep(3 * time.Minute)
			if err := d.Settle(t.Context()); err != nil {
				t.Fatal(err)
			}
			end()
			weigh(t, seed, box, s)
		})
	}
}

func begin(t *testing.T, box *memory, s *storm) (*life, *Delivery, func()) {
	l := &life{memory: box}
	d := New(Options{
		Outbox: l, Channels: []Served{{Channel: &stormy{l, s}, Pace: Pace{PerSecond: 25, Reserve: 10, PerAddress: 1, Burst: 5}}},
		Report: &reports{},
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := d.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	return l, d, func() { cancel(); <-ended }
}

// weigh checks the promises on what arrived.
func weigh(t *testing.T, seed uint64, box *memory, s *storm) {
	copies := map[uint64]int{}
	for _, ids := range s.arrived {
		var replies []uint64
		for _, id := range ids {
			copies[id]++
			if l := box.letter(id); copies[id] == 1 && rankOf(l.Class) == rankReply {
				replies = append(replies, id)
			}
		}
		if !slices.IsSorted(replies) {
			t.Errorf("seed %d: replies out of order: %v", seed, replies)
		}
	}
	for id, l := range box.letters {
		n := copies[id]
		once := l.Class == flows.ClassNudge || l.Class == flows.ClassCampaign || l.Class == flows.ClassSensitive
		switch {
		case l.State == flows.Pending || l.State == flows.Sending:
			t.Errorf("seed %d: letter %d is left %s", seed, id, l.State)
		case n > 1 && (!l.Ambiguous || once):
			t.Errorf("seed %d: letter %d (%s) arrived %d times, ambiguous %t", seed, id, l.Class, n, l.Ambiguous)
		case n == 0 && l.State == flows.Sent:
			t.Errorf("seed %d: letter %d counts as sent and never arrived", seed, id)
		case n == 0 && !once: // in this storm a lost answer means that the message arrived
			t.Errorf("seed %d: letter %d (%s) was skipped: %s", seed, id, l.Class, l.State)
		case n == 0 && !l.Ambiguous:
			t.Errorf("seed %d: letter %d (%s) ended %s without a doubt and without arriving", seed, id, l.Class, l.State)
		}
	}
}
