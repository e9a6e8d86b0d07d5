// Package web is the demo page: the phones of a candidate and of a few members,
// and the desk of the staff, in one browser window, with a clock to move.
//
// It is two channels like any other. The first, "web", carries messages to the
// phones; the second, [flows.DeskChannel], carries cards and threads to the
// desk. What a phone or the desk shows is kept by [Demo] in its own folder, the
// way a messaging app keeps its own copy: it is no part of the product's store.
package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/flows"
)

// ChannelName is the channel of the demo's phones.
const ChannelName = "web"

// Clock is the demo's clock. Its moves return once everything that came due on
// the way has been handled.
type Clock interface {
	Now() time.Time
	// Advance moves the clock forward by d.
	Advance(ctx context.Context, d time.Duration) error
	// To moves the clock forward to t.
	To(ctx context.Context, t time.Time) error
	// Next moves the clock to the next reminder; false when there is none.
	Next(ctx context.Context) (bool, error)
}

// Person is one of the phones that the page offers.
type Person struct {
	ID   string `json:"id"`   // "candidate", "member1"…
	Name string `json:"name"` // as shown and greeted
	Role string `json:"role"` // "candidate", "cape", "cesa"…
	// About is one line of French that says who this is ("En CAPE, avec le RSA").
	About   string        `json:"about,omitempty"`
	Account flows.Account `json:"-"`
}

// Staff is someone who may act at the desk.
type Staff struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Options says what the demo is made of.
type Options struct {
	// Dir keeps what the phones and the desk show, and the files sent. It is
	// made with mode 0700 when missing.
	Dir    string
	People []Person
	// Staff defaults to admin and advisor.
	Staff []Staff
	Clock Clock
	// Settle returns once every effect of what was taken has been delivered.
	Settle func(ctx context.Context) error
	// Blobs opens the stored files that letters attach.
	Blobs  bot.Blobs
	Logger *slog.Logger
	// Hosts are host names, besides localhost and IP addresses, under which the
	// page may be asked for.
	Hosts []string
}

// Demo holds the phones, the desk and the page.
type Demo struct {
	opts    Options
	screens *screens
	uploads uploads
	hub     *hub
	locks   locks
	clockMu sync.Mutex // one move of the clock at a time
}

// New opens the demo and reads again what its phones and desk showed. It fails
// when an option is missing or the folder cannot be used.
func New(o Options) (*Demo, error) {
	if o.Dir == "" || o.Clock == nil || o.Settle == nil || len(o.People) == 0 {
		return nil, errors.New("web: Dir, People, Clock and Settle must be set")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if len(o.Staff) == 0 {
		o.Staff = []Staff{{ID: "admin", Name: "Administration"}, {ID: "advisor", Name: "Accompagnement"}}
	}
	up, err := openUploads(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	scr, err := openScreens(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	return &Demo{opts: o, screens: scr, uploads: up, hub: newHub()}, nil
}

// EndStreams ends the pages' event streams, which would otherwise hold up a
// server that shuts down. It suits [http.Server.RegisterOnShutdown].
func (d *Demo) EndStreams() { d.hub.close() }

// Close ends the streams and releases the folder. Delivery must have ended.
func (d *Demo) Close() error {
	d.hub.close()
	return d.screens.close()
}

// Know tells the demo that an account belongs to a person. It also learns this
// by itself from the inputs and letters that pass.
func (d *Demo) Know(p flows.PersonID, a flows.Account) error {
	return d.screens.learn(p, a.ID, true)
}

// Phones is the channel of the members' and candidates' phones. It is a
// [bot.Fetcher] and a [bot.Finder] too.
func (d *Demo) Phones() bot.Channel { return &phones{d} }

// Desk is the channel of the staff desk. It is a [bot.Finder] too.
func (d *Demo) Desk() bot.Channel { return &desk{d} }

// Handler serves the page and its API. What people and staff do is given to in.
func (d *Demo) Handler(in bot.Intake) http.Handler {
	a := &api{Demo: d, in: in}
	return d.guard(a.routes())
}

// person finds a phone by its id in the API.
func (d *Demo) person(id string) (Person, error) {
	for _, p := range d.opts.People {
		if p.ID == id {
			return p, nil
		}
	}
	return Person{}, badField("person", "cette personne n’est pas dans la démonstration.")
}

// apiID is how the API names the owner of an account.
func (d *Demo) apiID(account string) string {
	for _, p := range d.opts.People {
		if p.Account.ID == account {
			return p.ID
		}
	}
	return account
}

// apiPerson is how the API names a person: the id of their phone, or, while no
// phone is known, the person's own id.
func (d *Demo) apiPerson(p flows.PersonID) string {
	if account, ok := d.screens.account(p); ok {
		return d.apiID(account)
	}
	return string(p)
}

// staff finds who acts at the desk.
func (d *Demo) staff(id string) (Staff, error) {
	for _, s := range d.opts.Staff {
		if s.ID == id {
			return s, nil
		}
	}
	return Staff{}, badField("staff", "cette personne ne fait pas partie de l’équipe.")
}

// locks gives one lock per name, so that a person's own bubble appears before
// the answer to it.
type locks struct {
	mu  sync.Mutex
	all map[string]*sync.Mutex
}

// lock takes the named lock and returns its release.
func (l *locks) lock(name string) (unlock func()) {
	l.mu.Lock()
	if l.all == nil {
		l.all = map[string]*sync.Mutex{}
	}
	m := l.all[name]
	if m == nil {
		m = &sync.Mutex{}
		l.all[name] = m
	}
	l.mu.Unlock()
	m.Lock()
	return m.Unlock
}
