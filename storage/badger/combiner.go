package badger

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coopconnexion/relais/storage/engine"
	"github.com/coopconnexion/relais/storage/internal/fault"
)

// Badger syncs once per transaction and does not merge transactions. The
// combiner does: one goroutine runs the waiting updates one after the other in
// one Badger transaction, commits it with one sync, and then answers them all.

// maxGroup bounds the updates of one commit, and so how long the first waits.
const maxGroup = 512

// stuckAfter is how long a commit may take. Badger retries a failing flush of
// its tables for ever and lets commits wait: better to stop and start again.
const stuckAfter = time.Minute

// state is what the combiner carries from one commit to the next.
type state struct {
	seq atomic.Uint64 // commits so far
}

// job is one update waiting for its turn.
type job struct {
	fn     func(engine.Tx) error
	drop   []byte // a prefix to drop, instead of fn
	taken  atomic.Bool
	answer chan error
}

// Update implements engine.Engine.
func (e *Engine) Update(ctx context.Context, fn func(engine.Tx) error) error {
	return e.submit(ctx, &job{fn: fn, answer: make(chan error, 1)})
}

// DropPrefix implements engine.Engine.
func (e *Engine) DropPrefix(ctx context.Context, prefix []byte) error {
	return e.submit(ctx, &job{drop: prefix, answer: make(chan error, 1)})
}

// submit waits for the job's answer. A caller that gives up while its job
// still waits takes it back; once it runs, the caller hears how it ended.
func (e *Engine) submit(ctx context.Context, j *job) error {
	select {
	case <-e.broken:
		return engine.ErrBroken
	case <-e.stop:
		return engine.ErrClosed
	default:
	}
	select {
	case e.queue <- j:
	case <-ctx.Done():
		return ctx.Err()
	case <-e.stop:
		return engine.ErrClosed
	}
	select {
	case err := <-j.answer:
		return err
	case <-ctx.Done():
		if j.taken.CompareAndSwap(false, true) {
			return ctx.Err()
		}
		return <-j.answer
	case <-e.broken: // perhaps done, perhaps not: nobody knows
		select {
		case err := <-j.answer:
			return err
		default:
			return engine.ErrBroken
		}
	case <-e.done: // the combiner ended; it has answered, or never saw the job
		select {
		case err := <-j.answer:
			return err
		default:
			return engine.ErrClosed
		}
	}
}

// Seq implements engine.Engine.
func (e *Engine) Seq() uint64 { return e.seq.Load() }

func (e *Engine) run() {
	defer close(e.done)
	for {
		select {
		case j := <-e.queue:
			e.serve(j)
		case <-e.stop:
			for { // what was accepted is still done
				select {
				case j := <-e.queue:
					e.serve(j)
				default:
					return
				}
			}
		}
	}
}

// serve runs j and whatever waits behind it, in as few commits as possible.
func (e *Engine) serve(j *job) {
	g := &group{txn: e.db.NewTransaction(true)}
	for n := 1; ; n++ {
		g = e.perform(g, j)
		if n >= maxGroup {
			break
		}
		if j = e.next(); j == nil {
			break
		}
	}
	e.commit(g)
}

// next takes a waiting job, giving those who were just answered the chance to
// come back with their next one.
func (e *Engine) next() *job {
	select {
	case j := <-e.queue:
		return j
	default:
	}
	runtime.Gosched()
	select {
	case j := <-e.queue:
		return j
	default:
		return nil
	}
}

// perform runs one job into the group; it returns the group to go on with.
func (e *Engine) perform(g *group, j *job) *group {
	if !j.taken.CompareAndSwap(false, true) {
		return g
	}
	if j.drop != nil {
		e.commit(g)
		j.answer <- e.dropNow(j.drop)
		return &group{txn: e.db.NewTransaction(true)}
	}
	t := &tx{reader: reader{g.txn}}
	if err := protect(j.fn, t); err != nil {
		j.answer <- err
		return g
	}
	if e.full(t.size, len(t.writes)) {
		j.answer <- fmt.Errorf("%w: %d bytes in %d writes", engine.ErrTooBig, t.size, len(t.writes))
		return g
	}
	if e.full(g.size+t.size, g.count+len(t.writes)) {
		e.commit(g) // nothing ran in between: what j read still holds
		g = &group{txn: e.db.NewTransaction(true)}
	}
	if err := g.add(t); err != nil {
		j.answer <- err
		e.fail(err)
		return g
	}
	g.jobs = append(g.jobs, j)
	g.after = append(g.after, t.after...)
	return g
}

// protect turns a panic of an update into its error.
func protect(fn func(engine.Tx) error, t *tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("update panicked (%T)", p)
		}
	}()
	return fn(t)
}

// commit puts the group on disk, moves the mark, and only then answers.
func (e *Engine) commit(g *group) {
	defer g.txn.Discard()
	err := e.commitWrites(g)
	if err != nil {
		e.fail(err)
	} else {
		for _, fn := range g.after {
			fn()
		}
	}
	for _, j := range g.jobs {
		if err != nil {
			j.answer <- fmt.Errorf("%w: %s", engine.ErrBroken, oneLine(err))
			continue
		}
		j.answer <- nil
	}
}

func (e *Engine) commitWrites(g *group) error {
	if !g.writes {
		return nil
	}
	select {
	case <-e.broken:
		return engine.ErrBroken
	default:
	}
	if e.opt.BeforeCommit != nil {
		if err := e.opt.BeforeCommit(); err != nil {
			return err
		}
	}
	seq := e.seq.Load() + 1
	if err := writeSeq(g.txn, seq); err != nil {
		return err
	}
	fault.Point("before-commit")
	stuck := time.AfterFunc(stuckAfter, func() { e.fail(errors.New("a commit hangs: the disk or a full table flush does not answer")) })
	err := g.txn.Commit()
	stuck.Stop()
	if err != nil {
		return err
	}
	fault.Point("after-commit")
	e.seq.Store(seq)
	return e.mark.Advance(seq)
}

// dropNow drops a prefix between two groups.
func (e *Engine) dropNow(prefix []byte) error {
	select {
	case <-e.broken:
		return engine.ErrBroken
	default:
	}
	if err := e.db.DropPrefix(prefix); err != nil {
		e.fail(err)
		return fmt.Errorf("%w: %s", engine.ErrBroken, oneLine(err))
	}
	return nil
}

// oneLine is the error without Badger's line breaks.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
