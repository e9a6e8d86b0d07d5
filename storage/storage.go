// Package storage keeps what the assistant knows: persons, letters to deliver,
// reminders, and which inputs were seen. One input is one transaction: after
// it, everything that the step decided is on disk, or nothing is.
//
// The store is written against the small interface of package engine; Badger is
// the engine of today (package badger). Whatever is personal is sealed with the
// person's own key, and the keys are in a file outside the database, so that
// erasing a key erases the person.
//
// A data directory holds:
//
//	identity.json  which store this is; made once by Init
//	db/            the database
//	mark           how far we acknowledged, outside the database on purpose
//	snapshots/     copies of db/ from before the last openings
//	keyring        the persons' keys, sealed by the master key
//	erased         the ledger of erasures and destroyed keys, obeyed by a restore
//	blobs/         files that persons sent, sealed
//	lock           held while a process has the store open
package storage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/storage/badger"
	"github.com/coopconnexion/relais/storage/engine"
)

// Options configure a Store.
type Options struct {
	// Dir is the data directory.
	Dir string
	// MasterKey seals the persons' keys: 32 bytes, kept outside Dir.
	MasterKey []byte
	// Now is the clock (the demo's is shifted); nil means time.Now.
	Now func() time.Time
	// Step decides each turn. It may be nil when the store is opened only to
	// read (export, backup, verify).
	Step flows.Step
	// Logger receives what operators need, and never a private word; nil
	// discards.
	Logger *slog.Logger
	// OnLetters hears of new letters once they are on disk, in the order of
	// their numbers, and must return quickly without calling the store.
	OnLetters func([]flows.Head)
	// Apology is what a person reads when a step failed on their message.
	Apology flows.Rich
	// MinFree is the free space in bytes below which Turn refuses. 0 means 5 %
	// of the disk, between 512 MiB and 2 GiB; negative turns the guard off.
	MinFree int64
	// Create makes the store if there is none at all in Dir. It never replaces
	// a store that is damaged or incomplete.
	Create bool
}

// Errors of the store. Damage, busyness and brokenness are the engine's.
var (
	ErrDamaged = engine.ErrDamaged
	ErrBusy    = engine.ErrBusy
	ErrBroken  = engine.ErrBroken
	ErrClosed  = engine.ErrClosed
	// ErrWrongKey says that the master key is not the one of this store.
	ErrWrongKey = errors.New("the master key is not the one of this store (RELAIS_MASTER_KEY_FILE)")
	// ErrNoStore says that there is no store in the directory.
	ErrNoStore = errors.New("no store here")
	// ErrUnknown says that nobody is the target of an input or a request.
	ErrUnknown = errors.New("unknown person")
	// ErrDiskFull says that the disk is nearly full: nothing was kept, offer the
	// input again later.
	ErrDiskFull = errors.New("disk nearly full")
	// ErrNewer says that a newer program wrote this store.
	ErrNewer = errors.New("the store was written by a newer release")
)

// Store is an open store. Its methods may be called from several goroutines.
type Store struct {
	opt  Options
	eng  engine.Engine
	keys *keyring
	hash hasher
	id   identity
	lock *os.File
	free freeSpace
	// erasing is held while keys are destroyed: one erasure at a time.
	erasing sync.Mutex
	// files is held while stored files get or lose their names.
	files sync.Mutex
	stats counters
}

// counters count since the start.
type counters struct {
	turns, duplicates, quarantined atomic.Uint64
	sent, failed, cancelled        atomic.Uint64
}

// Init makes an empty store in opt.Dir. It refuses a directory that holds
// anything of a store.
func Init(_ context.Context, opt Options) error {
	opt, master, err := opt.complete()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(opt.Dir, 0o700); err != nil {
		return err
	}
	lock, err := takeLock(opt.path("lock"))
	if err != nil {
		return err
	}
	defer lock.Close()
	if found := opt.remains(); found != "" {
		return fmt.Errorf("storage: %s holds %s already: a new store is never made over an old one", opt.Dir, found)
	}
	return create(opt, master)
}

// create makes the parts in an order in which an interrupted creation is
// noticed: the identity comes last.
func create(opt Options, master key) error {
	ring, err := createKeyring(opt.path("keyring"), master)
	if err != nil {
		return err
	}
	if err := ring.close(); err != nil {
		return err
	}
	id := newIdentity(opt.Now())
	eng, err := badger.Open(badger.Options{Dir: opt.path("db"), Mark: opt.path("mark"), Create: true, Logger: opt.Logger})
	if err != nil {
		return err
	}
	err = eng.Update(context.Background(), func(tx engine.Tx) error {
		tx.Set(keyIdentity, []byte(id.ID))
		return nil
	})
	if err = errors.Join(err, eng.Close()); err != nil {
		return err
	}
	return id.write(opt.path("identity.json"))
}

// Open opens the store in opt.Dir, after checking that it is the one that we
// left. Its errors are one line an operator can act on.
func Open(ctx context.Context, opt Options) (*Store, error) {
	opt, master, err := opt.complete()
	if err != nil {
		return nil, err
	}
	if opt.Create && opt.remains() == "" {
		if err := Init(ctx, opt); err != nil {
			return nil, err
		}
	}
	id, err := readIdentity(opt.path("identity.json"))
	if err != nil {
		return nil, err
	}
	lock, err := takeLock(opt.path("lock"))
	if err != nil {
		return nil, err
	}
	s := &Store{opt: opt, id: id, lock: lock, free: freeSpace{dir: opt.Dir, min: opt.MinFree}}
	if err := s.open(ctx, master); err != nil {
		return nil, errors.Join(err, s.shut())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, master key) error {
	ring, err := openKeyring(s.opt.path("keyring"), master)
	if err != nil {
		return err
	}
	s.keys = ring
	s.hash = hasher{s.keys.house.derive("index")}
	eng, err := badger.Open(badger.Options{Dir: s.opt.path("db"), Mark: s.opt.path("mark"),
		Snapshots: s.opt.path("snapshots"), Logger: s.opt.Logger, BeforeCommit: s.keys.flush})
	if err != nil {
		return err
	}
	s.eng = eng
	return s.settle(ctx)
}

// complete fills the defaults in.
func (o Options) complete() (Options, key, error) {
	if o.Dir == "" {
		return o, key{}, errors.New("storage: Dir is empty (RELAIS_DATA_DIR)")
	}
	if len(o.MasterKey) != 32 {
		return o, key{}, fmt.Errorf("storage: the master key has %d bytes, 32 are needed (RELAIS_MASTER_KEY_FILE)", len(o.MasterKey))
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o, key(o.MasterKey).derive("keyring"), nil
}

func (o Options) path(name string) string { return filepath.Join(o.Dir, name) }

// remains names a part of a store found in Dir, or is empty.
func (o Options) remains() string {
	for _, name := range []string{"identity.json", "db", "mark", "keyring", "snapshots"} {
		if _, err := os.Lstat(o.path(name)); err == nil {
			return name
		}
	}
	return ""
}

// Broken is closed at the first disk error: the program must end at once,
// without Close, and start again, reading what is really there.
func (s *Store) Broken() <-chan struct{} { return s.eng.Broken() }

// Close waits for the turns under way and closes the store.
func (s *Store) Close() error { return s.shut() }

func (s *Store) shut() error {
	var errs []error
	if s.eng != nil {
		errs = append(errs, s.eng.Close())
	}
	if s.keys != nil {
		errs = append(errs, s.keys.close())
	}
	errs = append(errs, s.lock.Close())
	return errors.Join(errs...)
}
