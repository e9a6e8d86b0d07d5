package storage

import (
	"context"
)

// eraseKey removes the key of a person who has no rows left.
func (s *Store) eraseKey(p pid) error { return s.keys.erase(p) }

// resume finishes what a crash interrupted.
func (s *Store) resume(ctx context.Context, known map[pid]bool) error {
	var orphans []pid
	for _, p := range s.keys.all() {
		if !known[p] {
			orphans = append(orphans, p)
		}
	}
	if len(orphans) > 0 {
		return s.keys.erase(orphans...)
	}
	return ctx.Err()
}
