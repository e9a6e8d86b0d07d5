package storage

import (
	"fmt"
	"sync/atomic"
	"time"
)

// Badger writes through mapped files: on a full disk the kernel kills the
// process (SIGBUS). So intake stops while there is still room for what is
// under way; the platforms keep what we have not confirmed.

const (
	minFreeFloor = 512 << 20
	minFreeRoof  = 2 << 30
	lookEvery    = 100 * time.Millisecond
)

// freeSpace remembers for a moment how much room there is.
type freeSpace struct {
	dir    string
	min    int64 // Options.MinFree
	looked atomic.Int64
	full   atomic.Bool
}

// Free is the free space of the disk that holds the store, and the least that
// Turn needs, in bytes.
func (s *Store) Free() (free, need int64, err error) {
	free, total, err := diskSpace(s.free.dir)
	if err != nil {
		return 0, 0, fmt.Errorf("storage: free space: %w", err)
	}
	return free, s.free.need(total), nil
}

func (f *freeSpace) need(total int64) int64 {
	if f.min != 0 {
		return max(f.min, 0)
	}
	return min(max(total/20, minFreeFloor), minFreeRoof)
}

// check refuses when the disk is nearly full; it looks ten times a second at
// most. The border reads the real clock: a demo's clock says nothing of disks.
func (f *freeSpace) check() error {
	now := time.Now().UnixNano()
	if last := f.looked.Load(); now-last > int64(lookEvery) && f.looked.CompareAndSwap(last, now) {
		free, total, err := diskSpace(f.dir)
		f.full.Store(err == nil && free < f.need(total))
	}
	if f.full.Load() {
		return ErrDiskFull
	}
	return nil
}
