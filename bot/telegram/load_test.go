package telegram

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/bot/telegram/telegramtest"
	"github.com/coopconnexion/relais/flows"
)

// outbox is an outbox without a disk that answers every text: the whole way of
// a message, but for the store.
type outbox struct {
	mu      sync.Mutex
	letters map[uint64]*flows.Letter
	seen    map[string]bool
	next    uint64
	wake    func([]flows.Head)
	done    int
	ended   chan struct{}
	total   int
}

func newOutbox(total int) *outbox {
	return &outbox{letters: map[uint64]*flows.Letter{}, seen: map[string]bool{}, ended: make(chan struct{}), total: total}
}

func (o *outbox) Take(_ context.Context, in flows.Input) (flows.Outcome, error) {
	o.mu.Lock()
	if o.seen[in.ID] {
		o.mu.Unlock()
		return flows.Outcome{Duplicate: true}, nil
	}
	o.seen[in.ID] = true
	o.next++
	l := &flows.Letter{
		ID: o.next, Person: flows.PersonID(in.From.ID), To: in.From, Op: flows.OpSend, Class: flows.ClassReply,
		Created: in.At, State: flows.Pending, Send: &flows.Send{Text: flows.T("Reçu : " + in.Text)},
	}
	o.letters[l.ID] = l
	o.mu.Unlock()
	o.wake([]flows.Head{{ID: l.ID, Person: l.Person, To: l.To, Op: l.Op, Class: l.Class, State: l.State}})
	return flows.Outcome{}, nil
}

func (o *outbox) Waiting(context.Context) ([]flows.Head, error) { return nil, nil }

func (o *outbox) Begin(_ context.Context, id uint64) (flows.Letter, bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	l := o.letters[id]
	l.State = flows.Sending
	return *l, true, nil
}

func (o *outbox) Finish(_ context.Context, id uint64, d flows.Delivery) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.letters[id].State = d.State
	if d.State == flows.Sent {
		delete(o.letters, id)
		if o.done++; o.done == o.total {
			close(o.ended)
		}
	}
	return nil
}

// TestManyUpdates carries texts of many people in and their answers out,
// through real HTTP.
func TestManyUpdates(t *testing.T) { carry(t, newBench(t, fast), 500, 4) }

// BenchmarkTenThousandUpdates is the same with 10,000 texts of 2,000 people. Run
// it with -benchtime 1x.
func BenchmarkTenThousandUpdates(b *testing.B) {
	for b.Loop() {
		in, out := carry(b, newBench(b, fast), 2000, 5)
		b.ReportMetric(in, "taken/s")
		b.ReportMetric(out, "answered/s")
	}
}

func fast(_ *telegramtest.Options, o *Options) { o.Rate, o.ChatRate = 50_000, 50_000 }

func carry(t testing.TB, b *bench, people, each int) (in, out float64) {
	box := newOutbox(people * each)
	d := bot.New(bot.Options{Outbox: box, Channels: []bot.Served{{Channel: b.c, Pace: b.c.Pace()}}, Report: box})
	box.wake = d.Add
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := d.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	for n := range each {
		for p := range people {
			b.s.Say(int64(p+1), fmt.Sprint(n))
		}
	}
	began := time.Now()
	stop := b.run(box)
	b.until("every update", func() bool { return b.s.Pending() == 0 })
	taken := time.Since(began)
	select {
	case <-box.ended:
	case <-time.After(2 * time.Minute):
		t.Fatal("not everybody was answered")
	}
	answered := time.Since(began)
	for p := range people {
		got := b.s.FromBot(int64(p + 1))
		for n := range each {
			if len(got) != each || got[n].Text != fmt.Sprintf("Reçu : %d", n) {
				t.Fatalf("chat %d: %+v", p+1, got)
			}
		}
	}
	cancel()
	_ = stop()
	wg.Wait()
	all := float64(people * each)
	return all / taken.Seconds(), all / answered.Seconds()
}
