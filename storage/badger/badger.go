// Package badger is the embedded engine: Badger v4 with every commit synced to
// disk, many updates merged into one commit, and guards against the ways in
// which a damaged Badger directory opens without a word.
//
// Guards, in the order in which they act:
//
//  1. the mark, a small file outside the directory, says how far we
//     acknowledged and what the MANIFEST began with ([Mark]);
//  2. before Badger opens anything, MANIFEST and tables are compared with the
//     mark: what Badger would delete or silently ignore is refused;
//  3. a snapshot of the directory is taken, the last two are kept;
//  4. after opening, the commit sequence must not be behind the mark, and the
//     last commits must be there without a gap (see ring.go).
package badger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"

	db "github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"

	"github.com/coopconnexion/relais/storage/engine"
)

// MaxValue is the largest value in bytes: beyond it Badger would use its value
// log, whose sync errors it swallows and whose old values it does not erase.
const MaxValue = 512 << 10

// memTable is the size of Badger's write buffer in bytes. Small keeps memory,
// reopening and DropPrefix cheap.
const memTable = 4 << 20

// Options say where the engine lives.
type Options struct {
	Dir       string // Badger's own directory
	Mark      string // the mark's file, outside Dir
	Snapshots string // where copies of Dir are kept before each opening
	// Create makes a new database; it refuses a directory with anything in it.
	// Without it, an absent database is damage, never a reason to make one.
	Create bool
	Logger *slog.Logger
	// BeforeCommit runs before each commit that writes; its failure breaks the
	// engine. The store syncs the keys of new persons in it.
	BeforeCommit func() error
}

// Engine is an open database. It implements engine.Engine.
type Engine struct {
	opt      Options
	db       *db.DB
	mark     *Mark
	queue    chan *job
	stop     chan struct{} // closed by Close
	done     chan struct{} // closed when the combiner has ended
	once     sync.Once
	broken   chan struct{}
	breaking sync.Once
	views    views
	state    // written by the combiner only
}

// settings are Badger's options: tuned for tens of megabytes of memory, with
// no compression (sealed values do not compress) and no conflict detection
// (updates are serial).
func settings(dir string, l *slog.Logger) db.Options {
	return db.DefaultOptions(dir).
		WithSyncWrites(true).
		WithMemTableSize(memTable).
		WithBaseTableSize(1 << 20).
		WithBaseLevelSize(8 << 20).
		WithNumMemtables(2).
		WithNumLevelZeroTables(2).
		WithNumLevelZeroTablesStall(6).
		WithValueThreshold(MaxValue).
		WithValueLogFileSize(16 << 20).
		WithBlockCacheSize(0).
		WithIndexCacheSize(4 << 20).
		WithNumCompactors(2).
		WithCompression(options.None).
		WithDetectConflicts(false).
		WithMetricsEnabled(false).
		WithLogger(quiet{l})
}

// Open checks, snapshots and opens the database. Errors wrap ErrDamaged or
// ErrBusy and are one line an operator can act on.
func Open(opt Options) (*Engine, error) {
	return open(opt, settings(opt.Dir, opt.Logger))
}

func open(opt Options, set db.Options) (*Engine, error) {
	if !set.SyncWrites {
		return nil, errors.New("badger: SyncWrites is off: an acknowledged input could be lost in a power cut")
	}
	mark, err := prepare(opt)
	if err != nil {
		return nil, err
	}
	d, err := openOnce(set)
	if err != nil {
		_ = mark.Close()
		return nil, err
	}
	e := &Engine{opt: opt, db: d, mark: mark, queue: make(chan *job, 1024),
		stop: make(chan struct{}), done: make(chan struct{}), broken: make(chan struct{})}
	if err := e.verifyOpened(); err != nil {
		_ = d.Close()
		_ = mark.Close()
		return nil, err
	}
	e.mark.Watch(filepath.Join(opt.Dir, db.ManifestFilename))
	go e.run()
	return e, nil
}

// prepare does everything that must happen before Badger touches its files.
func prepare(opt Options) (*Mark, error) {
	if opt.Create {
		if names, _ := os.ReadDir(opt.Dir); len(names) > 0 {
			return nil, fmt.Errorf("badger: %s is not empty: a new store is never made over an old one", opt.Dir)
		}
		if err := os.MkdirAll(opt.Dir, 0o700); err != nil {
			return nil, err
		}
		return createMark(opt.Mark)
	}
	mark, err := openMark(opt.Mark)
	if err != nil {
		return nil, err
	}
	if err := checkFiles(opt.Dir, mark.Last()); err != nil {
		_ = mark.Close()
		return nil, err
	}
	if err := snapshot(opt.Dir, opt.Snapshots); err != nil {
		_ = mark.Close()
		return nil, fmt.Errorf("badger: snapshot before opening: %w", err)
	}
	if err := dropEmpty(opt.Dir, opt.Logger); err != nil {
		_ = mark.Close()
		return nil, err
	}
	return mark, nil
}

// openOnce opens the database.
func openOnce(set db.Options) (*db.DB, error) {
	d, err := db.Open(set)
	switch {
	case err == nil:
	case strings.Contains(err.Error(), "Cannot acquire directory lock"):
		return nil, fmt.Errorf("%w: %s", engine.ErrBusy, set.Dir)
	default:
		return nil, fmt.Errorf("%w: badger cannot open %s: %s; restore the last backup or a copy from the snapshots",
			engine.ErrDamaged, set.Dir, oneLine(err))
	}
	if !d.Opts().SyncWrites {
		_ = d.Close()
		return nil, errors.New("badger: SyncWrites is off in the opened database")
	}
	return d, nil
}

// View runs fn on a snapshot.
func (e *Engine) View(ctx context.Context, fn func(engine.Reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-e.broken:
		return engine.ErrBroken
	default:
	}
	if !e.views.begin() {
		return engine.ErrClosed
	}
	defer e.views.end()
	txn := e.db.NewTransaction(false)
	defer txn.Discard()
	return fn(reader{txn})
}

// Broken is closed at the first disk error.
func (e *Engine) Broken() <-chan struct{} { return e.broken }

// Break implements engine.Engine.
func (e *Engine) Break(err error) { e.fail(err) }

// fail breaks the engine: after a disk error nobody knows what is stored, so
// the program must stop, and read again what is there.
func (e *Engine) fail(err error) {
	e.breaking.Do(func() {
		e.opt.Logger.Error("store: disk error, no further write", "error", oneLine(err))
		close(e.broken)
	})
}

// Size is the number of bytes of the tables and write buffers on disk.
func (e *Engine) Size() int64 {
	var n int64
	names, err := os.ReadDir(e.opt.Dir)
	if err != nil {
		return 0
	}
	for _, f := range names {
		if strings.HasSuffix(f.Name(), ".sst") {
			if i, err := f.Info(); err == nil {
				n += i.Size()
			}
		}
	}
	return n
}

// Close waits for the updates under way, closes Badger and settles the mark.
func (e *Engine) Close() error {
	e.once.Do(func() { close(e.stop) })
	<-e.done
	if !e.views.close() {
		return nil
	}
	err := e.db.Close()
	select {
	case <-e.broken: // the mark keeps what it had
	default:
		err = errors.Join(err, e.mark.Settle(filepath.Join(e.opt.Dir, db.ManifestFilename)))
	}
	return errors.Join(err, e.mark.Close())
}

// views counts the readers, so that Close can wait for them. (Not an RWMutex:
// a reader may start another while Close waits.)
type views struct {
	mu     sync.Mutex
	n      int
	closed bool
	none   chan struct{} // made by close, closed by the last reader
}

func (v *views) begin() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return false
	}
	v.n++
	return true
}

func (v *views) end() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.n--; v.n == 0 && v.closed {
		close(v.none)
	}
}

// close refuses new readers and waits for the others. It is false the second
// time.
func (v *views) close() bool {
	v.mu.Lock()
	if v.closed {
		v.mu.Unlock()
		return false
	}
	v.closed, v.none = true, make(chan struct{})
	if v.n == 0 {
		close(v.none)
	}
	v.mu.Unlock()
	<-v.none
	return true
}

// quiet passes Badger's warnings and errors on, and keeps its chatter.
type quiet struct{ l *slog.Logger }

func (q quiet) Errorf(f string, a ...any) {
	q.l.Error("badger: " + strings.TrimSpace(fmt.Sprintf(f, a...)))
}
func (q quiet) Warningf(f string, a ...any) {
	q.l.Warn("badger: " + strings.TrimSpace(fmt.Sprintf(f, a...)))
}
func (q quiet) Infof(string, ...any)  {}
func (q quiet) Debugf(string, ...any) {}
