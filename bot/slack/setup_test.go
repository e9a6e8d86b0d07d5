package slack

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/bot/slack/slacktest"
	"github.com/coopconnexion/relais/flows"
)

var errUnknown = errors.New("nobody")

// desk is a store for tests: it keeps inputs once per id.
type desk struct {
	mu     sync.Mutex
	kept   []flows.Input
	seen   map[string]bool
	takes  int
	answer func(flows.Input) (flows.Outcome, error) // nil: kept without a word
	arrive chan struct{}                            // one token per Take
	hold   chan struct{}                            // when set, Take waits for it
}

func newDesk() *desk { return &desk{seen: map[string]bool{}, arrive: make(chan struct{}, 1000)} }

func (d *desk) Take(ctx context.Context, in flows.Input) (flows.Outcome, error) {
	d.mu.Lock()
	hold := d.hold
	d.takes++
	d.mu.Unlock()
	defer func() { d.arrive <- struct{}{} }()
	if hold != nil {
		<-hold
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.seen[in.ID] {
		return flows.Outcome{Duplicate: true}, nil
	}
	out := flows.Outcome{}
	if d.answer != nil {
		var err error
		if out, err = d.answer(in); err != nil {
			return out, err
		}
	}
	d.seen[in.ID] = true
	d.kept = append(d.kept, in)
	return out, nil
}

func (d *desk) inputs() []flows.Input {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]flows.Input(nil), d.kept...)
}

func (d *desk) set(f func(flows.Input) (flows.Outcome, error)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.answer = f
}

// blobs is a bot.Blobs in memory.
type blobs map[string]string

func (b blobs) OpenBlob(_ context.Context, _ flows.PersonID, key string) (io.ReadCloser, error) {
	if s, ok := b[key]; ok {
		return io.NopCloser(strings.NewReader(s)), nil
	}
	return nil, errors.New("no such blob")
}

func (b blobs) PutBlob(context.Context, flows.PersonID, string, io.Reader) error { return nil }

// world is a fake Slack with our channel running against it.
type world struct {
	t    *testing.T
	srv  *slacktest.Server
	ch   *Channel
	desk *desk
	logs *syncBuffer
	stop context.CancelFunc
	done chan error
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

type setup struct {
	http   bool
	server slacktest.Config
	opt    func(*Options)
	timing func(*timing)
	idle   bool // do not run
}

var colleagues = []slacktest.User{{ID: "U1", Name: "Awa"}, {ID: "U2", Name: "Bruno"}}

func start(t *testing.T, s setup) *world {
	t.Helper()
	if s.server.Users == nil {
		s.server.Users = colleagues
	}
	if s.server.Ack == 0 {
		s.server.Ack = 2 * time.Second
	}
	w := &world{t: t, srv: slacktest.New(s.server), desk: newDesk(), logs: &syncBuffer{}, done: make(chan error, 1)}
	cfg := w.srv.Config()
	o := Options{
		BotToken: cfg.BotToken, AppToken: cfg.AppToken, APIURL: w.srv.APIURL(),
		StaffChannel: "CSTAFF", CareChannel: "CCARE", TeamID: cfg.TeamID,
		Staff: map[string]string{"U1": "admin", "U2": "advisor"},
		Blobs: blobs{"b1": "PDF"}, Unknown: func(err error) bool { return errors.Is(err, errUnknown) },
		Logger: slog.New(slog.NewTextHandler(w.logs, nil)),
	}
	if s.http {
		o.SigningSecret = cfg.SigningSecret
	}
	if s.opt != nil {
		s.opt(&o)
	}
	ch, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	w.ch = ch
	ch.timing.backoff, ch.timing.backoffX, ch.timing.again = 5*time.Millisecond, 50*time.Millisecond, time.Millisecond
	if s.timing != nil {
		s.timing(&ch.timing)
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.stop = cancel
	var front *httptest.Server
	if s.http {
		front = httptest.NewServer(ch.Handler())
		w.srv.SetEventsURL(front.URL)
	}
	if !s.idle {
		go func() { w.done <- ch.Run(ctx, w.desk) }()
		w.until("running", func() bool { return ch.Connected() && (s.http || w.srv.Connections() > 0) })
	}
	t.Cleanup(func() {
		cancel()
		if !s.idle {
			<-w.done
		}
		if front != nil {
			front.Close()
		}
		w.srv.Close()
	})
	return w
}

// until waits for a condition that changes with the fake's state.
func (w *world) until(what string, ok func() bool) {
	w.t.Helper()
	for end := time.Now().Add(10 * time.Second); !w.srv.Wait(20*time.Millisecond, ok); {
		if time.Now().After(end) {
			w.t.Fatalf("never happened: %s", what)
		}
	}
}

// flawless fails the test on anything a strict Slack would mind.
func (w *world) flawless() {
	w.t.Helper()
	for _, v := range w.srv.Violations() {
		w.t.Error("violation:", v)
	}
}

const person = "0123456789abcdef0123456789abcdef"

func card() *flows.Card {
	return &flows.Card{
		ID: person + ":pretest", Person: person, Kind: "pretest", Title: "Pré-test : Léa & <Tom>",
		Body: flows.B("Profil").Add(flows.T(" : prête\nDit : <!channel> & `code`")), Version: 3,
		Actions: []flows.Action{
			{ID: "take", Label: "Prendre en charge", Style: "primary"},
			{ID: "elsewhere", Label: "Orienter ailleurs", Ask: "Pourquoi ?", Required: true},
			{ID: "meet", Label: "Rendez-vous", Ask: "Quand ?"},
		},
	}
}

var serial atomic.Uint64

func letter(p *flows.Post) flows.Letter {
	return flows.Letter{ID: serial.Add(1), Person: person, To: flows.DeskStaff, Op: flows.OpPost, Class: flows.ClassDesk,
		Post: p, Created: time.Now(), Attempts: 1}
}

// deliver posts and fails the test on an error.
func (w *world) deliver(l flows.Letter) string {
	w.t.Helper()
	id, err := w.ch.Deliver(context.Background(), l)
	if err != nil {
		w.t.Fatal("deliver:", err)
	}
	return id
}

// post shows the usual card and returns its message id.
func (w *world) post() string {
	w.t.Helper()
	return w.deliver(letter(&flows.Post{Room: flows.DeskStaff, Key: "pretest", Card: card()}))
}

// told waits for a word to one staff member.
func (w *world) told(user, text string) {
	w.t.Helper()
	w.until("word to "+user+": "+text, func() bool {
		for _, m := range w.srv.Ephemerals(user) {
			if strings.Contains(m.Text, text) {
				return true
			}
		}
		return false
	})
}

var _ bot.Intake = (*desk)(nil)
