package storage

import (
	"context"
	"errors"
	"strings"

	"github.com/coopconnexion/relais/storage/badger"
	"github.com/coopconnexion/relais/storage/engine"
)

// eraseAgain takes out whoever the ledger names, before the store can be
// opened: their keys now, and opening then finishes the erasure. They are
// looked for in the rows too, because a person may have been erased between
// the reading of the rows and of the keyring.
func (x *restore) eraseAgain(ctx context.Context, master key) error {
	ring, err := openKeyring(x.opt.path("keyring"), master)
	if err != nil {
		return err
	}
	defer ring.close()
	eng, err := badger.Open(badger.Options{Dir: x.opt.path("db"), Mark: x.opt.path("mark"), Logger: x.opt.Logger})
	if err != nil {
		return err
	}
	s := &Store{opt: x.opt, eng: eng, keys: ring}
	err = errors.Join(x.markErased(ctx, s), eng.Close())
	return errors.Join(err, x.writeLedger())
}

func (x *restore) markErased(ctx context.Context, s *Store) error {
	named := map[string]bool{}
	for _, line := range x.erased {
		named[hashOf(line)] = true
	}
	persons, err := s.pids(ctx, "i/", "g/")
	if err != nil {
		return err
	}
	var gone []pid
	for p := range persons {
		var how []byte
		err = errors.Join(err, s.eng.Update(ctx, func(tx engine.Tx) error {
			k, ok, err := s.live(tx, p)
			switch {
			case named[ledgerHash(p)]:
				how = eraseByDropping
			case err != nil:
				return err
			case ok && named[keyHash(k)]:
				how = eraseLost
				x.lost++
			}
			if how != nil {
				s.startErasure(tx, p, how)
			}
			return nil
		}))
		if how != nil {
			gone = append(gone, p)
		}
	}
	if err != nil || len(gone) == 0 {
		return err
	}
	return s.keys.erase(gone...)
}

// writeLedger keeps the lines of both ledgers, each once.
func (x *restore) writeLedger() error {
	seen := map[string]bool{}
	var b strings.Builder
	for _, line := range x.erased {
		if !seen[line] {
			seen[line] = true
			b.WriteString(line + "\n")
		}
	}
	if b.Len() == 0 {
		return nil
	}
	return replaceFile(x.opt.path("erased"), []byte(b.String()))
}
