package storage

import (
	"context"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/storage/engine"
)

// Person reads one person; ErrUnknown when there is none.
func (s *Store) Person(ctx context.Context, id flows.PersonID) (flows.Person, error) {
	p, ok := parsePID(id)
	if !ok {
		return flows.Person{}, ErrUnknown
	}
	var person flows.Person
	err := s.view(ctx, func(r engine.Reader) error {
		var err error
		person, _, err = s.read(r, p)
		return err
	})
	return person, err
}

// Each gives every person of one snapshot to fn, until it returns an error.
func (s *Store) Each(ctx context.Context, fn func(flows.Person) error) error {
	return s.view(ctx, func(r engine.Reader) error {
		return r.Keys([]byte("i/"), nil, func(k []byte) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			p, err := pidOf(k[2:])
			if err != nil {
				return err
			}
			if _, has := s.keys.get(p); !has {
				return nil // being erased
			}
			person, _, err := s.read(r, p)
			if err != nil {
				return err
			}
			return fn(person)
		})
	})
}

// Owner finds the person whom an account belongs to.
func (s *Store) Owner(ctx context.Context, a flows.Account) (id flows.PersonID, ok bool, err error) {
	err = s.view(ctx, func(r engine.Reader) error {
		p, found, err := lookup(r, 'a', s.hash.account(a))
		id, ok = p.ID(), found
		return err
	})
	if err != nil || !ok {
		return "", false, err
	}
	return id, true, nil
}
