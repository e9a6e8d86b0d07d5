package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/storage/engine"
	"github.com/coopconnexion/relais/storage/internal/fault"
)

// Erasing a person, in an order in which a crash at any point is resumed:
//
//  1. one commit: the person is unknown from now on, and marked "being erased"
//  2. the ledger of erasures has a line, so that a restored backup stays erased
//  3. the key leaves the keyring: what remains anywhere is noise
//  4. the files are deleted
//  5. what led to the person is deleted
//  6. the database drops the person's rows from its files
//  7. at the next opening it does so again, and the mark goes: while somebody
//     reads, Badger keeps the write buffer that held the rows, and a kill then
//     brings them back (as noise, for the key is gone)
//
// Forgetting (flows.Decision.Forget) is the same, but deletes the rows in step
// 5 and ends there: the key is gone, and that happens too often to rewrite
// files each time.

// erasing is the value of the mark.
var (
	eraseByDeleting = []byte{0}
	eraseByDropping = []byte{1}
	eraseDropped    = []byte{2} // only step 7 is left
	eraseLost       = []byte{3} // like dropping, of somebody a backup cannot bring back: no line in the ledger
)

// chunk is how many rows one commit of an erasure deletes.
const chunk = 500

// Erase removes a person for ever. ErrUnknown when there is none.
func (s *Store) Erase(ctx context.Context, id flows.PersonID) error {
	p, ok := parsePID(id)
	if !ok {
		return ErrUnknown
	}
	err := s.eng.Update(ctx, func(tx engine.Tx) error {
		if _, ok, err := tx.Get(p.doc()); err != nil {
			return err
		} else if !ok {
			return ErrUnknown
		}
		s.startErasure(tx, p, eraseByDropping)
		return nil
	})
	if err != nil {
		return err
	}
	return s.finishErasure(ctx, p, eraseByDropping)
}

// startErasure makes the person unknown.
func (s *Store) startErasure(tx engine.Tx, p pid, how []byte) {
	tx.Set(keyErasing(p), how)
	tx.Delete(keyPerson(p))
	tx.Delete(keyForgotten(p))
	tx.Delete(p.doc())
	// Badger drops a prefix only if it sees a row there, and deleted ones it
	// does not see.
	tx.Set(p.key('z'), nil)
}

// finishErasure does steps 2 to 6. A caller that gives up does not stop it.
func (s *Store) finishErasure(ctx context.Context, p pid, how []byte) error {
	ctx = context.WithoutCancel(ctx)
	s.erasing.Lock()
	defer s.erasing.Unlock()
	if err := s.eraseBeside(p, how); err != nil {
		s.eng.Break(err)
		return fmt.Errorf("%w: %v", ErrBroken, err)
	}
	drop := !bytes.Equal(how, eraseByDeleting)
	for from := p.person(); from != nil; {
		err := s.eng.Update(ctx, func(tx engine.Tx) (err error) {
			from, err = deleteSome(tx, p, from, !drop)
			return err
		})
		if err != nil {
			return err
		}
		fault.Point("erase-step")
	}
	if !drop {
		return s.endErasure(ctx, p)
	}
	if err := s.eng.DropPrefix(ctx, p.person()); err != nil {
		return err
	}
	fault.Point("erase-step")
	return s.eng.Update(ctx, func(tx engine.Tx) error {
		tx.Set(keyErasing(p), eraseDropped)
		return nil
	})
}

// eraseBeside erases what is outside the database.
func (s *Store) eraseBeside(p pid, how []byte) error {
	if !bytes.Equal(how, eraseLost) {
		if err := s.ledger(ledgerHash(p), ""); err != nil {
			return err
		}
	}
	fault.Point("erase-step")
	if err := s.keys.erase(p); err != nil {
		return err
	}
	fault.Point("erase-step")
	s.files.Lock()
	defer s.files.Unlock()
	return os.RemoveAll(s.blobDir(p))
}

// endErasure removes the mark.
func (s *Store) endErasure(ctx context.Context, p pid) error {
	return s.eng.Update(ctx, func(tx engine.Tx) error {
		tx.Delete(keyErasing(p))
		return nil
	})
}

// confirmErasure is step 7, at the opening, when nobody reads yet. Where no
// row is left it costs next to nothing.
func (s *Store) confirmErasure(ctx context.Context, p pid) error {
	if err := s.eng.DropPrefix(ctx, p.person()); err != nil {
		return err
	}
	return s.endErasure(ctx, p)
}

// deleteSome deletes what leads to some rows of a person, and the rows too if
// asked. It returns the key to go on from, nil at the end.
func deleteSome(tx engine.Tx, p pid, from []byte, rows bool) (next []byte, err error) {
	n := 0
	err = tx.Keys(p.person(), from, func(k []byte) error {
		if n++; n > chunk {
			next = k
			return engine.Stop
		}
		if rows {
			tx.Delete(k)
		}
		kind, rest := k[19], k[20:]
		switch {
		case kind == 'l':
			tx.Delete(append([]byte("o/"), rest...))
		case kind == 'x' && len(rest) > 1:
			return deleteLead(tx, p, rest)
		}
		return nil
	})
	return next, err
}

// deleteLead deletes the entry elsewhere that a row x leads back from.
func deleteLead(tx engine.Tx, p pid, back []byte) error {
	if back[0] == 'd' {
		tx.Delete(dueOfBack(p, back[1:]))
		return nil
	}
	k := keyOf(back[0], back[1:])
	v, ok, err := tx.Get(k)
	if err == nil && ok && string(v) == string(p[:]) { // nobody else has it by now
		tx.Delete(k)
	}
	return err
}

// resume finishes what a crash interrupted: erasures under way, changes of
// keys, keys of newcomers whose first commit never happened, files of nobody.
func (s *Store) resume(ctx context.Context) error {
	persons, err := s.pids(ctx, "i/", "g/")
	if err != nil {
		return err
	}
	erasing, err := s.pids(ctx, "e/")
	if err != nil {
		return err
	}
	missing := 0
	for p := range persons {
		if _, ok := s.keys.get(p); !ok {
			missing++
		}
	}
	if missing > 0 {
		return fmt.Errorf("%w: %d persons have no key: the keyring is older than the database; restore it from the last backup", ErrDamaged, missing)
	}
	for p, how := range erasing {
		var err error
		if how != string(eraseDropped) {
			err = s.finishErasure(ctx, p, []byte(how))
		}
		if err == nil && how != string(eraseByDeleting) {
			err = s.confirmErasure(ctx, p)
		}
		if err != nil {
			return err
		}
	}
	if err := s.finishRekeys(ctx); err != nil {
		return err
	}
	return errors.Join(s.dropOrphanKeys(persons), s.dropOrphanFiles(ctx, persons))
}

func (s *Store) dropOrphanKeys(persons map[pid]string) error {
	var orphans []pid
	for _, p := range s.keys.all() {
		if _, ok := persons[p]; !ok {
			orphans = append(orphans, p)
		}
	}
	if len(orphans) == 0 {
		return nil
	}
	return s.keys.erase(orphans...)
}

// pids lists the persons under the given prefixes, with the values there.
func (s *Store) pids(ctx context.Context, prefixes ...string) (map[pid]string, error) {
	out := map[pid]string{}
	err := s.view(ctx, func(r engine.Reader) error {
		for _, prefix := range prefixes {
			err := r.Scan([]byte(prefix), nil, func(row engine.Row) error {
				p, err := pidOf(row.Key[2:])
				out[p] = string(row.Value)
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}
