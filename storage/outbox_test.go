package storage

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/coopconnexion/relais/flows"
)

// send carries a letter through Begin and Finish.
func send(t testing.TB, s *Store, id uint64, message string) flows.Letter {
	t.Helper()
	l, ok, err := s.Begin(context.Background(), id)
	if err != nil || !ok {
		t.Fatalf("begin %d: %v %v", id, ok, err)
	}
	if err := s.Finish(context.Background(), id, flows.Delivery{State: flows.Sent, MessageID: message}); err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLetterLife(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	take(t, s, said(1, "7", "ask q1"))
	take(t, s, said(2, "7", "edit q1"))
	l, ok, err := s.Begin(t.Context(), 1)
	if err != nil || !ok || l.State != flows.Sending || l.Attempts != 1 || l.Ambiguous || l.To != tg("7") || l.Send.Text.String() != "question q1" {
		t.Fatalf("begin: %+v %v %v", l, ok, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir) // as after a crash between the attempt and its result
	if got := texts(t, s); got[0] != "1 send question sending" {
		t.Errorf("outbox: %v", got)
	}
	l, _, _ = s.Begin(t.Context(), 1)
	if !l.Ambiguous || l.Attempts != 2 {
		t.Errorf("second attempt: %+v", l)
	}
	later := day.Add(time.Minute)
	if err := s.Finish(t.Context(), 1, flows.Delivery{State: flows.Pending, NotBefore: later, Reason: "429"}); err != nil {
		t.Fatal(err)
	}
	heads, _ := s.Waiting(t.Context())
	if heads[0].State != flows.Pending || !heads[0].NotBefore.Equal(later) {
		t.Errorf("head: %+v", heads[0])
	}
	if l := send(t, s, 1, "m77"); !l.Ambiguous || l.Attempts != 3 {
		t.Errorf("third attempt: %+v", l)
	}
	if l := send(t, s, 2, ""); l.Target != "m77" {
		t.Errorf("target of the edit: %q", l.Target)
	}
	if _, ok, err := s.Begin(t.Context(), 1); ok || err != nil {
		t.Errorf("a finished letter begins: %v %v", ok, err)
	}
	if err := s.Finish(t.Context(), 1, flows.Delivery{State: flows.Sent}); err != nil {
		t.Errorf("the same result twice: %v", err)
	}
	if got := texts(t, s); len(got) != 0 {
		t.Errorf("outbox: %v", got)
	}
}

func TestDeskLettersAndReplies(t *testing.T) {
	s := open(t, t.TempDir())
	id := take(t, s, said(1, "7", "post contact/1")).Person
	take(t, s, said(2, "7", "line contact/1"))
	send(t, s, 1, "C1:17.5")
	if l := send(t, s, 2, "C1:18.0"); l.Target != "C1:17.5" {
		t.Errorf("the line's thread: %q", l.Target)
	}
	for n, msg := range []string{"C1:17.5", "C1:18.0"} {
		out := take(t, s, flows.Input{ID: fmt.Sprint("slack", n), At: day, Role: flows.RoleStaff, Kind: flows.KindSay,
			From: flows.Account{Channel: flows.DeskChannel, ID: "U1"}, By: "U1", ReplyTo: msg, Text: "silent"})
		if out.Person != id {
			t.Errorf("reply to %s is about %s", msg, out.Person)
		}
	}
	if p := person(t, s, id); p.Inputs != 4 || !p.Seen.Equal(day.Add(2*time.Second)) {
		t.Errorf("staff inputs: %d, seen %v", p.Inputs, p.Seen)
	}
}

func TestCancelAndReplace(t *testing.T) {
	s := open(t, t.TempDir())
	take(t, s, said(1, "7", "ask q"))   // 1: cancelled by reask
	take(t, s, said(2, "7", "nudge a")) // 2: attempted, stays
	take(t, s, said(3, "7", "nudge b")) // 3: cancelled
	take(t, s, said(4, "8", "nudge c")) // 4: another person's
	if _, _, err := s.Begin(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	take(t, s, said(5, "7", "reask q")) // 5
	take(t, s, said(6, "7", "cancel"))
	want := []string{"2 send nudge sending", "4 send nudge pending", "5 send question pending"}
	if got := texts(t, s); !slices.Equal(got, want) {
		t.Errorf("outbox %v, want %v", got, want)
	}
	if _, ok, _ := s.Begin(t.Context(), 3); ok {
		t.Error("a cancelled letter begins")
	}
}

func TestLettersAreAnnouncedInOrder(t *testing.T) {
	var mu sync.Mutex
	var heard []uint64
	s := open(t, t.TempDir(), func(o *Options) {
		o.OnLetters = func(hs []flows.Head) {
			mu.Lock()
			defer mu.Unlock()
			for _, h := range hs {
				heard = append(heard, h.ID)
			}
		}
	})
	var wg sync.WaitGroup
	for g := range 20 {
		wg.Go(func() {
			for n := range 10 {
				take(t, s, said(g*100+n, fmt.Sprint(g), "hello"))
			}
		})
	}
	wg.Wait()
	if len(heard) != 200 || !slices.IsSorted(heard) {
		t.Errorf("%d letters announced, in order: %v", len(heard), slices.IsSorted(heard))
	}
}

func TestReminders(t *testing.T) {
	s := open(t, t.TempDir())
	id := take(t, s, said(1, "7", "remind a 10s")).Person
	take(t, s, said(2, "7", "remind crisis 5s"))
	take(t, s, said(3, "7", "remind b 1h"))
	if ins, err := s.Due(t.Context(), day.Add(4*time.Second), 10); err != nil || len(ins) != 0 {
		t.Errorf("due too early: %v %v", ins, err)
	}
	ins, err := s.Due(t.Context(), day.Add(10*time.Second), 10)
	if err != nil || len(ins) != 2 {
		t.Fatalf("due: %v %v", ins, err)
	}
	w := ins[0]
	if w.Name != "crisis" || w.Fields["anytime"] != "1" || w.Role != flows.RoleClock || w.About != id ||
		w.ID != fmt.Sprintf("wake/%s/crisis/%d", id, day.Add(5*time.Second).Unix()) {
		t.Errorf("wake: %+v", w)
	}
	if one, _ := s.Due(t.Context(), day.Add(2*time.Hour), 1); len(one) != 1 {
		t.Errorf("limit: %d", len(one))
	}
	if out := take(t, s, ins[1]); out.Duplicate {
		t.Error("a due wake did nothing")
	}
	if out := take(t, s, ins[1]); !out.Duplicate {
		t.Error("a wake twice")
	}
	take(t, s, said(4, "7", "remind crisis 20s")) // moved: the old wake must do nothing
	before := person(t, s, id).Inputs
	if out := take(t, s, ins[0]); !out.Duplicate || person(t, s, id).Inputs != before {
		t.Error("a moved reminder fired")
	}
	take(t, s, said(5, "7", "unremind b"))
	left, _ := s.Due(t.Context(), day.Add(24*time.Hour), 10)
	if len(left) != 1 || left[0].Name != "crisis" {
		t.Errorf("left: %v", left)
	}
	if at, ok := s.NextDue(t.Context()); !ok || !at.Equal(day.Add(20*time.Second)) {
		t.Errorf("next %v %v", at, ok)
	}
}

// A step may set the same reminder for the very second of the wake it handles.
func TestWakeSetAgainForTheSameSecondEnds(t *testing.T) {
	s := open(t, t.TempDir(), func(o *Options) {
		o.Step = func(v flows.View, in flows.Input) flows.Decision {
			return flows.Decision{Person: v.Person, Effects: []flows.Effect{flows.Remind{Name: "r", At: day}}}
		}
	})
	take(t, s, said(1, "7", ""))
	for range 3 {
		ins, _ := s.Due(t.Context(), day, 10)
		for _, in := range ins {
			take(t, s, in)
		}
	}
	if ins, _ := s.Due(t.Context(), day, 10); len(ins) != 0 {
		t.Errorf("still due: %v", ins)
	}
}
