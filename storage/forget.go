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
		t.tx.Delete(t.p.letter(l.ID))
		return nil
	})
	if err != nil {
		return err
	}
	t.tx.Delete(keyPerson(t.p))
	t.tx.Delete(t.p.doc())
	t.tx.Set(keyForgotten(t.p), nil)
	for _, kind := range []byte("akd") { // accounts, codes, reminders
		err := t.tx.Keys(t.p.back(kind, nil), nil, func(k []byte) error {
			t.tx.Delete(k)
			return deleteLead(t.tx, t.p, k[20:])
		})
		if err != nil {
			return err
		}
	}
	for _, kind := range []byte("rhq") { // sealed reminders, trail, quarantine
		if err := t.tx.Keys(t.p.key(kind), nil, func(k []byte) error { t.tx.Delete(k); return nil }); err != nil {
			return err
		}
	}
	t.erased, err = t.s.lastOfForgotten(t.tx, t.p)
	return err
}

// lastOfForgotten reports that p was to be forgotten and has no letter left;
// then the erasure starts.
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
	s.startErasure(tx, p, eraseByDeleting)
	return true, nil
}
