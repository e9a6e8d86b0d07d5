package storage

import (
	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/storage/engine"
)

// forget keeps nothing of the person but the letters of this decision: they
// are still delivered, and the key goes with the last of them. Whoever writes
// from the same account meanwhile is somebody new.
func (t *turn) forget(first uint64) error {
	err := t.eachLetter(first, func(l flows.Letter) error {
		t.tx.Delete(keyOutbox(l.ID))
		return nil
	})
	if err != nil {
		return err
	}
	t.tx.Set(keyForgotten(t.p), nil)
	if err := dropRows(t.tx, t.p, func(k []byte) bool {
		kind, rest := k[19], k[20:]
		return kind == 'l' && numberOf(rest) > first
	}); err != nil {
		return err
	}
	t.erased, err = t.s.lastOfForgotten(t.tx, t.p)
	return err
}

// dropRows deletes a person's rows, and the rows elsewhere that lead to them,
// except those to keep.
func dropRows(tx engine.Tx, p pid, keep func(key []byte) bool) error {
	tx.Delete(keyPerson(p))
	return tx.Keys(p.person(), nil, func(k []byte) error {
		if keep != nil && keep(k) {
			return nil
		}
		tx.Delete(k)
		if k[19] != 'x' || len(k) < 21 {
			return nil
		}
		if k[20] == 'd' {
			tx.Delete(dueOfBack(p, k[21:]))
			return nil
		}
		return dropMine(tx, p, keyOf(k[20], k[21:]))
	})
}

// dropMine deletes a map entry if it still leads to p.
func dropMine(tx engine.Tx, p pid, key []byte) error {
	v, ok, err := tx.Get(key)
	if err == nil && ok && string(v) == string(p[:]) {
		tx.Delete(key)
	}
	return err
}

// lastOfForgotten reports that p was to be forgotten and has no letter left;
// then the last rows go too.
func (s *Store) lastOfForgotten(tx engine.Tx, p pid) (bool, error) {
	if _, ok, err := tx.Get(keyForgotten(p)); err != nil || !ok {
		return false, err
	}
	left := false
	err := tx.Keys(p.key('l'), nil, func([]byte) error {
		left = true
		return engine.Stop
	})
	if err != nil || left {
		return false, err
	}
	tx.Delete(keyForgotten(p))
	return true, dropRows(tx, p, nil)
}
