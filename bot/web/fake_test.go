package web

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/flows"
)

// program stands for the whole product behind the page: it takes inputs, lets a
// script answer them with letters, and delivers those in order.
type program struct {
	t      testing.TB
	demo   *Demo
	script func(p *program, in flows.Input) string // returns the toast

	mu      sync.Mutex
	now     time.Time
	taken   []flows.Input
	refuse  error
	queue   []flows.Letter
	last    uint64
	sent    map[string]string // message ids by person and key
	wakes   []wake
	settled int
}

// wake is something the script wants to say later.
type wake struct {
	at  time.Time
	say func(p *program)
}

var start = time.Date(2026, 12, 1, 9, 0, 0, 0, time.FixedZone("CET", 3600))

func account(id string) flows.Account { return flows.Account{Channel: ChannelName, ID: id} }

var cast = []Person{
	{ID: "candidate", Name: "Camille Roche", Role: "candidate", About: "Camille découvre la coopérative", Account: account("candidate")},
	{ID: "member1", Name: "Nadia Benali", Role: "cape", About: "Nadia est en CAPE et touche le RSA", Account: account("member1")},
	{ID: "member2", Name: "Julien Morel", Role: "cape", About: "Julien est en CAPE et touche l’ARE", Account: account("member2")},
	{ID: "member3", Name: "Sophie Lambert", Role: "cesa", About: "Sophie est en CESA", Account: account("member3")},
}

// newProgram opens the demo in dir with a script.
func newProgram(t testing.TB, dir string, script func(*program, flows.Input) string) *program {
	t.Helper()
	p := &program{t: t, script: script, now: start, sent: map[string]string{}}
	demo, err := New(Options{Dir: dir, People: cast, Clock: p, Settle: p.settle, Blobs: p})
	if err != nil {
		t.Fatal(err)
	}
	p.demo = demo
	t.Cleanup(func() { _ = demo.Close() })
	return p
}

// personOf is the person behind an account, in this fake.
func personOf(a flows.Account) flows.PersonID { return flows.PersonID("p-" + a.ID) }

func (p *program) Take(_ context.Context, in flows.Input) (flows.Outcome, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuse != nil {
		return flows.Outcome{}, p.refuse
	}
	if in.About == "" {
		in.About = personOf(in.From)
	}
	p.taken = append(p.taken, in)
	out := flows.Outcome{Person: in.About}
	if p.script != nil {
		out.Toast = p.script(p, in)
	}
	return out, nil
}

// add queues a letter; the caller holds p.mu (scripts do).
func (p *program) add(who flows.PersonID, to flows.Account, l flows.Letter) {
	p.last++
	l.ID, l.Person, l.To, l.Attempts = p.last, who, to, 1
	p.queue = append(p.queue, l)
}

func (p *program) send(who flows.PersonID, s flows.Send) {
	p.add(who, account(strings.TrimPrefix(string(who), "p-")), flows.Letter{Op: flows.OpSend, Send: &s})
}

func (p *program) edit(who flows.PersonID, e flows.Edit) {
	p.add(who, account(strings.TrimPrefix(string(who), "p-")), flows.Letter{Op: flows.OpEdit, Edit: &e})
}

func (p *program) react(who flows.PersonID, message, emoji string) {
	p.add(who, account(strings.TrimPrefix(string(who), "p-")), flows.Letter{
		Op: flows.OpReact, React: &flows.React{Message: message, Emoji: emoji},
	})
}

func (p *program) post(who flows.PersonID, post flows.Post) {
	post.Room = flows.DeskStaff
	p.add(who, flows.DeskStaff, flows.Letter{Op: flows.OpPost, Post: &post})
}

func (p *program) settle(ctx context.Context) error {
	for {
		p.mu.Lock()
		if len(p.queue) == 0 {
			p.settled++
			p.mu.Unlock()
			return nil
		}
		l := p.queue[0]
		p.queue = p.queue[1:]
		if l.Edit != nil {
			l.Target = p.sent[string(l.Person)+l.Edit.Key]
		}
		p.mu.Unlock()
		ch := p.demo.Phones()
		if l.To.Channel == flows.DeskChannel {
			ch = p.demo.Desk()
		}
		id, err := ch.Deliver(ctx, l)
		if err != nil {
			return err
		}
		if l.Send != nil {
			p.mu.Lock()
			p.sent[string(l.Person)+l.Send.Key] = id
			p.mu.Unlock()
		}
	}
}

// inputs are those taken so far.
func (p *program) inputs() []flows.Input {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]flows.Input(nil), p.taken...)
}

func (p *program) Now() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

func (p *program) Advance(ctx context.Context, d time.Duration) error {
	return p.To(ctx, p.Now().Add(d))
}

func (p *program) To(_ context.Context, t time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = t
	for len(p.wakes) > 0 && !p.wakes[0].at.After(t) {
		w := p.wakes[0]
		p.wakes = p.wakes[1:]
		w.say(p)
	}
	return nil
}

func (p *program) Next(ctx context.Context) (bool, error) {
	p.mu.Lock()
	if len(p.wakes) == 0 {
		p.mu.Unlock()
		return false, nil
	}
	at := p.wakes[0].at
	p.mu.Unlock()
	return true, p.To(ctx, at)
}

// OpenBlob knows one stored file.
func (p *program) OpenBlob(_ context.Context, who flows.PersonID, key string) (io.ReadCloser, error) {
	if who != "p-member1" || key != "recu" {
		return nil, errors.New("no such blob")
	}
	return io.NopCloser(strings.NewReader("%PDF-1.7 recu")), nil
}

func (p *program) PutBlob(context.Context, flows.PersonID, string, io.Reader) error {
	return errors.New("not here")
}

var (
	_ bot.Intake  = (*program)(nil)
	_ bot.Blobs   = (*program)(nil)
	_ Clock       = (*program)(nil)
	_ bot.Channel = (*phones)(nil)
	_ bot.Fetcher = (*phones)(nil)
	_ bot.Finder  = (*phones)(nil)
	_ bot.Channel = (*desk)(nil)
	_ bot.Finder  = (*desk)(nil)
)
