package storage

import (
	"context"

	"github.com/coopconnexion/relais/storage/engine"
)

// Stats are numbers for the health page; none of them is about one person.
type Stats struct {
	Persons   int    // known now
	Letters   int    // waiting
	Reminders int    // set
	Commits   uint64 // since the store was made
	Bytes     int64  // of the database's tables
	Free      int64  // bytes of the disk
	// Since the start of the program:
	Turns, Duplicates, Quarantined uint64
	Sent, Failed, Cancelled        uint64
}

// Stats counts. It reads keys only.
func (s *Store) Stats(ctx context.Context) Stats {
	st := Stats{Commits: s.eng.Seq(), Bytes: s.eng.Size(),
		Turns: s.stats.turns.Load(), Duplicates: s.stats.duplicates.Load(), Quarantined: s.stats.quarantined.Load(),
		Sent: s.stats.sent.Load(), Failed: s.stats.failed.Load(), Cancelled: s.stats.cancelled.Load()}
	st.Free, _, _ = s.Free()
	_ = s.view(ctx, func(r engine.Reader) error {
		for prefix, n := range map[string]*int{"i/": &st.Persons, "o/": &st.Letters, "d/": &st.Reminders} {
			if err := r.Keys([]byte(prefix), nil, func([]byte) error { *n++; return nil }); err != nil {
				return err
			}
		}
		return nil
	})
	return st
}
