package storage

import (
	"context"
	"errors"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/storage/engine"
)

// Holder finds the person whom a code leads to (see flows.Issue): ok is false
// when it leads to nobody, or to somebody who is being erased.
func (s *Store) Holder(ctx context.Context, code string) (person flows.Person, ok bool, err error) {
	err = s.view(ctx, func(r engine.Reader) error {
		p, found, err := lookup(r, 'k', s.hash.code(code))
		if err != nil || !found {
			return err
		}
		person, _, err = s.read(r, p)
		if errors.Is(err, ErrUnknown) {
			return nil
		}
		ok = err == nil
		return err
	})
	if err != nil || !ok {
		return flows.Person{}, false, err
	}
	return person, true, nil
}
