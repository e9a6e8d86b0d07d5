// Package engine is what the store asks of a database: ordered keys, snapshots,
// and updates that happen one after the other, each whole or not at all. It
// says nothing of people; the store above it seals what it writes.
package engine

import (
	"context"
	"errors"
	"time"
)

// Engine is a database. Its methods may be called from several goroutines.
type Engine interface {
	// View runs fn on a snapshot.
	View(ctx context.Context, fn func(Reader) error) error
	// Update runs fn alone (no other update runs at the same time) and returns
	// once its writes are on disk. An error or a panic of fn undoes only its own
	// writes, and is returned. When the disk fails, every later Update returns
	// an error wrapping ErrBroken: nobody knows what is on disk.
	Update(ctx context.Context, fn func(Tx) error) error
	// DropPrefix removes all keys that start with prefix from the live files,
	// not only by marking them deleted. It waits for its turn like an Update.
	DropPrefix(ctx context.Context, prefix []byte) error
	// Broken is closed at the first disk error, also one that only shows as a
	// commit that hangs: then Close would wait for ever.
	Broken() <-chan struct{}
	// Break makes the engine broken because of a disk error beside it.
	Break(err error)
	// Seq counts the commits since the store was created.
	Seq() uint64
	// Size is the number of bytes on disk, roughly.
	Size() int64
	// Close waits for the updates under way.
	Close() error
}

// Row is a key with its value.
type Row struct {
	Key, Value []byte
	// Expires is the moment after which the row is gone; zero means never. It is
	// not told of rows that the same update wrote.
	Expires time.Time
}

// Reader reads a snapshot. What it returns may be kept and changed.
type Reader interface {
	// Get returns the value of key; ok is false when there is none.
	Get(key []byte) (value []byte, ok bool, err error)
	// Scan gives the rows whose key starts with prefix and is at or after from,
	// in order of keys, until fn returns an error. Stop ends it without one.
	Scan(prefix, from []byte, fn func(Row) error) error
	// Keys is Scan without the values.
	Keys(prefix, from []byte, fn func(key []byte) error) error
}

// Tx reads and writes. It sees its own writes.
type Tx interface {
	Reader
	Set(key, value []byte)
	// SetTTL makes the row disappear after ttl (a resolution of one second).
	SetTTL(key, value []byte, ttl time.Duration)
	Delete(key []byte)
	// Committed registers a call made once the update is on disk, before Update
	// returns, in the order of the commits. It must return quickly.
	Committed(fn func())
}

// Errors of engines.
var (
	// Stop ends a Scan early, without an error.
	Stop = errors.New("stop")
	// ErrBroken says that the disk failed: the program must stop and start again.
	ErrBroken = errors.New("store broken by a disk error")
	// ErrTooBig says that one update writes more than the engine can commit at once.
	ErrTooBig = errors.New("update too big")
	// ErrClosed says that the store is closed.
	ErrClosed = errors.New("store closed")
	// ErrBusy says that another process has the store open.
	ErrBusy = errors.New("store in use by another process")
	// ErrDamaged says that the store is not what we acknowledged.
	ErrDamaged = errors.New("store damaged")
)
