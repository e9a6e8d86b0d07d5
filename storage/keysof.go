package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/coopconnexion/relais/storage/engine"
)

// keysOf are the keys that may open a person's rows. Nearly always there is
// one. There are more while the rows are sealed under a new key, and for reads
// that began before that (rekey.go): each row opens with exactly one of them,
// and who is about to write seals with the one that opened the document or the
// letter in the same transaction.
type keysOf struct {
	first key
	more  []key
}

// of returns the keys of a person; ok is false when there is none. To be sure
// that the right one is among them, ask from within the read or the update.
func (r *keyring) of(p pid) (ks keysOf, ok bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	ks.first, ok = r.keys[p]
	if len(r.spare) > 0 {
		ks.more = slices.Clone(r.spare[p])
	}
	for _, old := range r.reads.retired {
		if old.p == p {
			ks.more = append(ks.more, old.k)
		}
	}
	return ks, ok
}

// open also returns the key that did it.
func (ks keysOf) open(place, sealed []byte) ([]byte, key, error) {
	plain, err := ks.first.open(place, sealed)
	if err == nil {
		return plain, ks.first, nil
	}
	for _, k := range ks.more {
		if plain, err := k.open(place, sealed); err == nil {
			return plain, k, nil
		}
	}
	return nil, key{}, err
}

func (ks keysOf) openJSON(place, sealed []byte, v any) (key, error) {
	b, k, err := ks.open(place, sealed)
	if err != nil {
		return k, err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return k, fmt.Errorf("storage: a stored %T cannot be read (%T)", v, err)
	}
	return k, nil
}

// live finds the key under which a person's rows are in this snapshot: the one
// that opens the document or, of somebody forgotten, a letter. ok is false
// when neither is there.
func (s *Store) live(r engine.Reader, p pid) (k key, ok bool, err error) {
	ks, has := s.keys.of(p)
	if !has {
		return k, false, nil
	}
	sealed, ok, err := r.Get(p.doc())
	if err != nil {
		return k, false, err
	}
	if ok {
		_, k, err = ks.open(p.doc(), sealed)
		return k, err == nil, err
	}
	err = r.Scan(p.key('l'), nil, func(row engine.Row) error {
		_, found, err := ks.open(row.Key, row.Value)
		if err != nil {
			return err
		}
		k, ok = found, true
		return engine.Stop
	})
	return k, ok, err
}

// view reads a snapshot. The keys that its rows are sealed with stay at hand
// until it ends, even if they are destroyed on disk meanwhile.
func (s *Store) view(ctx context.Context, fn func(engine.Reader) error) error {
	g := s.keys.beginRead()
	defer s.keys.endRead(g)
	return s.eng.View(ctx, fn)
}

// reads counts the snapshots being read, by generation: each destruction of a
// key begins a new one. A destroyed key is kept in memory, and only there, for
// the reads that began before.
type reads struct {
	now     uint64
	active  map[uint64]int
	retired []retiredKey
}

type retiredKey struct {
	p     pid
	k     key
	until uint64 // the last generation that may meet its rows
}

func (r *keyring) beginRead() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.reads.active == nil {
		r.reads.active = map[uint64]int{}
	}
	r.reads.active[r.reads.now]++
	return r.reads.now
}

func (r *keyring) endRead(g uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.reads.active[g]--; r.reads.active[g] > 0 {
		return
	}
	delete(r.reads.active, g)
	r.reads.purge()
}

// purge forgets the keys that no read needs any more.
func (r *reads) purge() {
	oldest := r.now
	for g := range r.active {
		oldest = min(oldest, g)
	}
	r.retired = slices.DeleteFunc(r.retired, func(old retiredKey) bool { return old.until < oldest })
}

// succeed gives a person one key more, which flush puts on disk before the
// commit that uses it.
func (r *keyring) succeed(p pid, k key) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spare[p] = append(r.spare[p], k)
	r.pending = append(r.pending, r.record(p, k)...)
}

// retire destroys one of a person's keys: the file is replaced before it
// returns. The last key is never retired (erase does that).
func (r *keyring) retire(p pid, old key) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	spare := r.spare[p]
	at := slices.Index(spare, old)
	switch {
	case at >= 0:
	case len(spare) > 0 && r.keys[p] == old:
		at = len(spare) - 1
		r.keys[p] = spare[at]
	default:
		return nil
	}
	if spare = slices.Delete(spare, at, at+1); len(spare) == 0 {
		delete(r.spare, p)
	} else {
		r.spare[p] = spare
	}
	r.reads.retired = append(r.reads.retired, retiredKey{p, old, r.reads.now})
	r.reads.now++
	r.reads.purge()
	return r.rewrite()
}

// changing lists the persons that have more than one key.
func (r *keyring) changing() []pid {
	r.mu.RLock()
	defer r.mu.RUnlock()
	out := make([]pid, 0, len(r.spare))
	for p := range r.spare {
		out = append(out, p)
	}
	return out
}
