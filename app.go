package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/flows/content"
	"github.com/coopconnexion/relais/flows/safety"
	"github.com/coopconnexion/relais/scheduler"
	"github.com/coopconnexion/relais/storage"
)

// app is the program wired together: the one place that knows every part. The
// commands, the tests and the demo all run this same app.
type app struct {
	book      *flows.Book
	shelf     *shelf
	read      func(text string) (level, kind string) // the safety net
	store     *storage.Store
	delivery  *bot.Delivery
	scheduler *scheduler.Scheduler
	intake    bot.Intake
	now       func() time.Time
	set       flows.Settings
	log       *slog.Logger
	house     atomic.Value  // flows.PersonID of the house's document
	letters   atomic.Uint64 // letters written since the start
	metrics   *metrics
	dir       string
	// backupPhrase encrypts backups; it is derived from the master key.
	backupPhrase string
}

// options are what differs between serve, demo, chat and a lone command.
type options struct {
	Dir        string
	MasterKey  []byte
	ContentDir string // replaces embedded content, file by file
	Settings   flows.Settings
	Now        func() time.Time
	Log        *slog.Logger
	MinFree    int64
}

// knowledge is the content, read and checked.
type knowledge struct {
	book    *flows.Book
	library *flows.Library
	shelf   *shelf
	safety  *safety.Reader
	reads   *recall[reading] // of the safety net
	content fs.FS
}

// readContent reads every content file and reports every problem at once.
func readContent(dir string, set flows.Settings) (knowledge, []error) {
	fsys, err := contentIn(dir)
	k := knowledge{content: fsys, reads: &recall[reading]{}}
	if err != nil {
		return k, []error{err}
	}
	var problems []error
	reader, err := safety.New(k.content)
	if err != nil {
		problems = append(problems, err)
	}
	library, errs := flows.NewLibrary(k.content)
	problems = append(problems, errs...)
	k.safety, k.library = reader, library
	book, errs := flows.NewBook(k.content, set, k.read, library)
	k.book = book
	return k, append(problems, errs...)
}

// contentIn is the embedded content, replaced file by file by a directory.
func contentIn(dir string) (fs.FS, error) {
	if dir == "" {
		return content.FS(), nil
	}
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("RELAIS_CONTENT_DIR: %w", err)
	}
	return content.Overlay(content.FS(), os.DirFS(dir)), nil
}

// reading is what the safety net found in a text.
type reading struct{ level, kind string }

// read is the safety net's reading of a text.
func (k knowledge) read(text string) (level, kind string) {
	r := k.reads.of(text, func() reading {
		f := k.safety.Read(text)
		return reading{f.Level.String(), string(f.Kind)}
	})
	return r.level, r.kind
}

// turns lets channels and the scheduler hand inputs to the store.
type turns struct{ app *app }

// Take implements [bot.Intake] and [scheduler.Intake].
func (t turns) Take(ctx context.Context, in flows.Input) (flows.Outcome, error) {
	if in.Role == flows.RolePerson && in.Text != "" {
		t.foresee(in.Text)
	}
	out, err := t.app.store.Turn(ctx, in)
	if errors.Is(err, storage.ErrUnknown) {
		err = fmt.Errorf("%w: %w", bot.ErrPermanent, err)
	}
	if err == nil && out.Person != "" && out.Person == t.app.house.Load() {
		if learnErr := t.app.learn(ctx, out.Person); learnErr != nil {
			t.app.log.Error("what staff added is not used yet", "cause", learnErr.Error()) // the input itself is on disk
		}
	}
	return out, err
}

// foresee reads a text before its turn, beside the others: the store decides
// one input at a time. A reader that fails does so again in the turn, which
// knows what to do.
func (t turns) foresee(text string) {
	defer func() { _ = recover() }()
	t.app.read(text)
}

// apology is what a person reads when a step failed on their message.
const apology = "Pardon, j'ai eu un problème avec ce message. Il est gardé, et l'équipe technique le voit. Écrivez /menu pour continuer."

// openApp opens the store and wires everything but the channels.
func openApp(ctx context.Context, o options) (*app, error) {
	know, problems := openContent(o.ContentDir, o.Settings, o.Log)
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	phrase, err := backupPhrase(o.MasterKey)
	if err != nil {
		return nil, err
	}
	a := &app{book: know.book, shelf: know.shelf, read: know.read, now: o.Now, set: o.Settings, log: o.Log, dir: o.Dir, backupPhrase: phrase}
	store, err := storage.Open(ctx, storage.Options{Dir: o.Dir, MasterKey: o.MasterKey, Now: o.Now, Step: know.book.Step,
		Logger: o.Log, OnLetters: a.onLetters, Apology: flows.T(apology), MinFree: o.MinFree, Create: true})
	if err != nil {
		return nil, err
	}
	a.store = store
	a.metrics = newMetrics(a)
	a.intake = bot.In{Next: turns{a}, Logger: o.Log, Observe: a.metrics.input}
	a.scheduler = &scheduler.Scheduler{Reminders: store, Intake: a.intake, Hours: know.book.Hours(), Now: o.Now, Logger: o.Log}
	return a, a.openHouse(ctx)
}

func (a *app) onLetters(heads []flows.Head) {
	a.letters.Add(uint64(len(heads)))
	if a.delivery != nil {
		a.delivery.Add(heads)
	}
}

// deliverOn connects the channels.
func (a *app) deliverOn(channels ...bot.Served) {
	channels = append(channels, bot.Served{Channel: houseChannel{a}})
	a.delivery = bot.New(bot.Options{Outbox: a.store, Blobs: a.store, Channels: channels, Now: a.now,
		MaySpeak: a.book.Hours().MaySpeak, Report: a.intake, Logger: a.log, Observe: a.metrics.delivery, Alarm: a.alarm})
}

// alarm says what a person should look at, with a fixed code.
func (a *app) alarm(channel, code string) {
	a.log.Error("look at this", "channel", channel, "code", code)
}

// settle waits until nothing more can be delivered now.
func (a *app) settle(ctx context.Context) error {
	a.delivery.Wake()
	return a.delivery.Settle(ctx)
}

// close stops what was opened. A broken store is left as it is: what is really
// on disk is read at the next start.
func (a *app) close() error {
	select {
	case <-a.store.Broken():
		return nil
	default:
		return a.store.Close()
	}
}
