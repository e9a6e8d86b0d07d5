package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/storage/engine"
	"github.com/coopconnexion/relais/storage/internal/fault"
)

// Making a person's past unreadable (flows.Decision.Rekey), in an order in
// which a crash at any point leaves the old state or the new one:
//
//  1. the turn seals all rows of the person under a new key, in its one commit;
//     the engine has the new key appended to the keyring and synced before
//  2. the ledger has a line with the hash of the old key, see restore.go
//  3. sent messages of somebody with very many, which did not fit into the
//     commit, are sealed anew
//  4. the old key leaves the keyring: what it sealed is noise, in the tables,
//     the log, the snapshots, and in files on disk
//  5. files that the decision no longer names are deleted
//
// In between both keys are known, and each row opens with one of them. A
// person with two keys is how the next opening knows that steps are left: the
// key that opens the document stays, the other goes.
//
// A stored file has a key of its own, in a row: it is not written again, and
// is unreadable once that row is gone.

// maxResealed is how many bytes of sent messages (rows m) one commit seals
// anew; with the largest document and its letters it fits into a transaction.
const maxResealed = 128 << 10

// rekey seals all rows under a new key, before the decision is applied. The
// document is left out: the decision's replaces it. Quarantined inputs and the
// trail of letters are dropped: they tell of the past only.
func (t *turn) rekey() error {
	if t.view.New {
		return nil
	}
	ks, _ := t.s.keys.of(t.p)
	next, size := newKey(), 0
	err := t.tx.Scan(t.p.person(), nil, func(row engine.Row) error {
		switch row.Key[19] {
		case 'q', 'h':
			t.tx.Delete(row.Key)
		case 'm':
			if size += len(row.Key) + len(row.Value); size > maxResealed {
				return nil
			}
			return reseal(t.tx, ks, next, row)
		case 'b', 'l', 'r':
			return reseal(t.tx, ks, next, row)
		}
		return nil
	})
	if err != nil {
		return err
	}
	t.s.keys.succeed(t.p, next)
	t.old, t.k, t.rekeyed = t.k, next, true
	return nil
}

// reseal seals one row under another key. It keeps the moment of its end.
func reseal(tx engine.Tx, ks keysOf, next key, row engine.Row) error {
	plain, _, err := ks.open(row.Key, row.Value)
	if err != nil {
		return err
	}
	sealed := next.seal(row.Key, plain)
	if row.Expires.IsZero() {
		tx.Set(row.Key, sealed)
	} else if ttl := time.Until(row.Expires); ttl > 0 {
		tx.SetTTL(row.Key, sealed, ttl)
	}
	return nil
}

// finishRekey does steps 2 to 5. A caller that gives up does not stop it.
func (s *Store) finishRekey(ctx context.Context, p pid, old key) error {
	ctx = context.WithoutCancel(ctx)
	s.erasing.Lock()
	defer s.erasing.Unlock()
	fault.Point("rekey-step")
	if err := s.ledger(keyHash(old), rekeyed); err != nil {
		return s.broken(err)
	}
	fault.Point("rekey-step")
	for more := true; more; {
		err := s.eng.Update(ctx, func(tx engine.Tx) (err error) {
			more, err = s.resealRest(tx, p)
			return err
		})
		if err != nil {
			return err
		}
		fault.Point("rekey-step")
	}
	if err := s.keys.retire(p, old); err != nil {
		return s.broken(err)
	}
	fault.Point("rekey-step")
	if err := s.dropFiles(ctx, p, false); err != nil {
		return s.broken(err)
	}
	fault.Point("rekey-step")
	return nil
}

// broken breaks the engine because of a disk error beside it.
func (s *Store) broken(err error) error {
	s.eng.Break(err)
	return fmt.Errorf("%w: %v", ErrBroken, err)
}

// resealRest seals some of the sent messages that are not yet under the live
// key, and says whether more may be left.
func (s *Store) resealRest(tx engine.Tx, p pid) (more bool, err error) {
	live, ok, err := s.live(tx, p)
	if err != nil || !ok { // erased meanwhile
		return false, err
	}
	ks, _ := s.keys.of(p)
	size := 0
	err = tx.Scan(p.key('m'), nil, func(row engine.Row) error {
		if _, err := live.open(row.Key, row.Value); err == nil {
			return nil
		}
		if size += len(row.Key) + len(row.Value); size > maxResealed {
			more = true
			return engine.Stop
		}
		return reseal(tx, ks, live, row)
	})
	return more, err
}

// finishRekeys is for the opening: whoever has two keys keeps the one that
// opens the document. If that is the older one, the turn never happened.
func (s *Store) finishRekeys(ctx context.Context) error {
	for _, p := range s.keys.changing() {
		var live key
		var ok bool
		err := s.view(ctx, func(r engine.Reader) (err error) {
			live, ok, err = s.live(r, p)
			return err
		})
		if err != nil {
			return fmt.Errorf("%w: a person's document does not open with any key of the keyring (%v); restore the last backup", ErrDamaged, err)
		}
		if !ok {
			continue // nobody by now: the key is an orphan
		}
		ks, _ := s.keys.of(p)
		for _, k := range append([]key{ks.first}, ks.more...) {
			if k == live {
				continue
			}
			if err := s.finishRekey(ctx, p, k); err != nil {
				return err
			}
		}
	}
	return nil
}

// dropFiles takes the keys of stored files that neither the new state nor a
// letter names.
func (t *turn) dropFiles(person flows.Person) error {
	n := names{t: t, found: map[string]bool{}}
	return t.tx.Keys(t.p.key('b'), nil, func(k []byte) error {
		if !n.read {
			if err := n.collect(person); err != nil {
				return err
			}
		}
		if !n.found[string(k[20:])] {
			t.tx.Delete(k)
		}
		return nil
	})
}

// names are the hashes, as names of files, of all words in a person's state
// and letters. A word that happens to be a file's name keeps that file: losing
// a document that is still wanted would be worse.
type names struct {
	t     *turn
	found map[string]bool
	read  bool
}

func (n *names) collect(person flows.Person) error {
	n.read = true
	if err := n.add(person); err != nil {
		return err
	}
	for _, module := range person.Modules { // in their own format, JSON where they name files
		var v any
		if json.Unmarshal(module, &v) == nil {
			n.walk(v)
		}
	}
	return n.t.eachLetter(math.MaxUint64, func(l flows.Letter) error { return n.add(l) })
}

func (n *names) add(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return poison("%T cannot be written", v)
	}
	var x any
	if err := json.Unmarshal(b, &x); err != nil {
		return err
	}
	n.walk(x)
	return nil
}

func (n *names) walk(v any) {
	switch v := v.(type) {
	case string:
		n.found[string(n.t.s.fileHash(n.t.p, v))] = true
	case []any:
		for _, x := range v {
			n.walk(x)
		}
	case map[string]any:
		for k, x := range v {
			n.walk(k)
			n.walk(x)
		}
	}
}
