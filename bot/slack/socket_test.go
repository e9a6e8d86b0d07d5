package slack

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/bot/slack/slacktest"
	"github.com/coopconnexion/relais/flows"
)

// TestAckAfterCommit holds the store and checks that nothing is confirmed
// meanwhile; the repeats then count once.
func TestAckAfterCommit(t *testing.T) {
	w := start(t, setup{server: slacktest.Config{Ack: 100 * time.Millisecond}})
	id := w.post()
	hold := make(chan struct{})
	w.desk.mu.Lock()
	w.desk.hold = hold
	w.desk.mu.Unlock()
	if _, err := w.srv.ThreadSay("U1", id, "bonjour"); err == nil {
		t.Error("confirmed before it was on disk")
	}
	close(hold)
	w.until("late confirmations", func() bool { return w.srv.LateAcks() == 4 })
	if n := len(w.desk.inputs()); n != 1 {
		t.Errorf("%d inputs of one message offered four times", n)
	}
	w.flawless()
}

func TestRedelivery(t *testing.T) {
	w := start(t, setup{server: slacktest.Config{Ack: 200 * time.Millisecond}})
	id := w.post()
	fails := 4 // the first delivery fails in all its tries, the second succeeds
	w.desk.set(func(flows.Input) (flows.Outcome, error) {
		if fails--; fails > 0 {
			return flows.Outcome{}, errors.New("disk full")
		}
		return flows.Outcome{}, nil
	})
	if _, err := w.srv.ThreadSay("U1", id, "bonjour"); err != nil {
		t.Fatal(err)
	}
	if n := w.srv.Offered(); n != 2 {
		t.Errorf("offered %d times, want 2", n)
	}
	if n := len(w.desk.inputs()); n != 1 {
		t.Errorf("%d inputs", n)
	}
	// A click is offered once: staff must be told.
	fails = 100
	if err := w.srv.Click("U1", id, "take"); err == nil {
		t.Error("a click that was not stored was confirmed")
	}
	w.told("U1", "Rien n’a été enregistré")
}

func TestReconnect(t *testing.T) {
	w := start(t, setup{})
	id := w.post()
	n := 0
	for _, cut := range []func(){
		func() { w.srv.Disconnect("refresh_requested") }, func() { w.srv.Disconnect("warning") }, w.srv.Reset,
		func() {
			w.srv.Fail("apps.connections.open", slacktest.Fault{Status: 500}, slacktest.Fault{Error: "internal_error"}, slacktest.Fault{Status: 429, RetryAfter: 1})
			w.srv.Reset()
		},
	} {
		opened := w.srv.Calls("apps.connections.open")
		cut()
		w.until("a new connection", func() bool {
			return w.srv.Calls("apps.connections.open") > opened && w.srv.Connections() == 1 && w.ch.Connected()
		})
		if _, err := w.srv.ThreadSay("U1", id, fmt.Sprint("mot ", n)); err != nil {
			t.Fatal(err)
		}
		n++
	}
	for i, in := range w.desk.inputs() {
		if in.Text != fmt.Sprint("mot ", i) {
			t.Errorf("input %d: %q", i, in.Text)
		}
	}
	if len(w.desk.inputs()) != n {
		t.Errorf("%d inputs of %d", len(w.desk.inputs()), n)
	}
	w.flawless()
}

// TestDeadLink has a Slack that never pings: the link is dead and replaced.
func TestDeadLink(t *testing.T) {
	w := start(t, setup{server: slacktest.Config{Ping: time.Hour}, timing: func(t *timing) { t.ping = 60 * time.Millisecond }})
	w.until("three connections", func() bool { return w.srv.Calls("apps.connections.open") >= 3 })
}

func TestFrames(t *testing.T) {
	w := start(t, setup{})
	id := w.post()
	for _, frame := range []any{
		map[string]any{"type": "from_the_future", "envelope_id": "e1", "payload": map[string]any{"x": 1}},
		map[string]any{"type": "events_api", "envelope_id": "e2", "payload": "not an object"},
		map[string]any{"type": "interactive", "envelope_id": "e3", "payload": []int{1}},
		map[string]any{"type": "slash_commands", "envelope_id": "e4", "payload": 4},
		map[string]any{"hello": 1}, []int{1, 2}, "text",
	} {
		if err := w.srv.Frame(frame); err != nil {
			t.Fatal(err)
		}
	}
	// A block that the library cannot read must not cost us the message.
	channel, ts, _ := splitID(id)
	err := w.srv.Event(map[string]any{"type": "message", "channel": channel, "user": "U1", "ts": "1700000000.000200", "thread_ts": ts,
		"text": "bonjour", "blocks": []any{map[string]any{"type": "section", "text": "odd"}, map[string]any{"type": 7}}})
	if err != nil || len(w.desk.inputs()) != 1 {
		t.Errorf("%v, %d inputs", err, len(w.desk.inputs()))
	}
	w.flawless()
}

func TestStops(t *testing.T) {
	for name, prepare := range map[string]func(*slacktest.Server, *Options){
		"bot token":     func(_ *slacktest.Server, o *Options) { o.BotToken = "xoxb-wrong" },
		"app token":     func(_ *slacktest.Server, o *Options) { o.AppToken = "xapp-wrong" },
		"workspace":     func(_ *slacktest.Server, o *Options) { o.TeamID = "T9" },
		"missing scope": func(s *slacktest.Server, _ *Options) { s.Fail("users.info", slacktest.Fault{Error: "missing_scope"}) },
		"socket scope": func(s *slacktest.Server, _ *Options) {
			s.Fail("apps.connections.open", slacktest.Fault{Error: "missing_scope"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			var srv *slacktest.Server
			w := start(t, setup{idle: true, opt: func(o *Options) {}})
			srv = w.srv
			o := w.ch.opt
			o.HTTPClient = nil
			prepare(srv, &o)
			ch, err := New(o)
			if err != nil {
				t.Fatal(err)
			}
			ch.timing = w.ch.timing
			err = ch.Run(t.Context(), w.desk)
			if !errors.Is(err, bot.ErrStop) {
				t.Fatalf("%v", err)
			}
			if strings.Contains(err.Error(), "wrong") {
				t.Errorf("the error shows a token: %v", err)
			}
		})
	}
}

// TestSlowStart has a Slack that does not answer at first.
func TestSlowStart(t *testing.T) {
	w := start(t, setup{idle: true})
	w.srv.Fail("auth.test", slacktest.Fault{Status: 503}, slacktest.Fault{Drop: true}, slacktest.Fault{Error: "ratelimited"})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.ch.Run(ctx, w.desk) }()
	w.until("connected", w.ch.Connected)
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if w.ch.Connected() {
		t.Error("still connected after the end")
	}
}

// TestLookBack has staff write while nobody listens: the words are taken in
// after the return, once, and nobody is scolded for the past.
func TestLookBack(t *testing.T) {
	w := start(t, setup{idle: true, server: slacktest.Config{Ack: 20 * time.Millisecond, Redeliveries: []time.Duration{}},
		timing: func(t *timing) { t.page, t.behind = time.Millisecond, time.Millisecond }})
	id := w.post()
	other, _ := w.srv.Say("U1", "CSTAFF", "café ?")
	_, _ = w.srv.ThreadSay("U2", other, "oui")
	var want []string
	for i := range 5 {
		text := fmt.Sprint("mot ", i)
		_, _ = w.srv.ThreadSay("U1", id, text)
		want = append(want, text)
	}
	_, _ = w.srv.ThreadSay("U1", id, "// entre nous")
	_, _ = w.srv.ThreadSay("UOUT", id, "moi aussi")
	w.desk.set(func(in flows.Input) (flows.Outcome, error) {
		if in.ReplyTo != id {
			return flows.Outcome{}, errUnknown
		}
		return flows.Outcome{}, nil
	})
	w.srv.Fail("conversations.history", slacktest.Fault{Status: 502}) // the first try is cut short
	for range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- w.ch.Run(ctx, w.desk) }()
		looked := w.srv.Calls("conversations.replies")
		w.until("taken in", func() bool { return len(w.desk.inputs()) >= 5 && w.srv.Calls("conversations.replies") >= looked+2 })
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, in := range w.desk.inputs() {
		got = append(got, in.Text)
	}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("taken in %q", got)
	}
	for _, u := range []string{"U1", "U2"} {
		if n := ephemeral(w, u); n != 0 {
			t.Errorf("%d words to %s about the past", n, u)
		}
	}
}

// TestOrder sends many messages at once: those of one person stay in order.
func TestOrder(t *testing.T) {
	w := start(t, setup{server: slacktest.Config{Ack: 5 * time.Second}})
	id := w.post()
	var all sync.WaitGroup
	for _, u := range []string{"U1", "U2"} {
		all.Go(func() {
			for i := range 100 {
				if _, err := w.srv.ThreadSay(u, id, fmt.Sprint(i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	next := map[string]int{}
	for _, in := range w.desk.inputs() {
		if in.Text != fmt.Sprint(next[in.By]) {
			t.Fatalf("%s: %s, want %d", in.By, in.Text, next[in.By])
		}
		next[in.By]++
	}
	if next["U1"] != 100 || next["U2"] != 100 {
		t.Errorf("%v", next)
	}
	w.flawless()
}
