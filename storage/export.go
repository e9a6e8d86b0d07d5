package storage

import (
	"context"
	"errors"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/storage/engine"
)

// Export is everything that the store has about one person (RGPD art. 15 and
// 20), in plain.
type Export struct {
	Person    flows.Person     `json:"person"`
	Reminders []ExportReminder `json:"reminders,omitempty"`
	Letters   []flows.Letter   `json:"letters,omitempty"` // waiting to be delivered
	Ended     []Ended          `json:"ended,omitempty"`   // not plainly sent, last 90 days
	Failed    []flows.Input    `json:"failed,omitempty"`  // quarantined, last 30 days
	Files     []Blob           `json:"files,omitempty"`
}

// ExportReminder is a reminder that is set.
type ExportReminder = reminder

// ExportPerson reads everything about one person, without the secret that
// their buttons are derived from. ErrUnknown when there is nobody.
func (s *Store) ExportPerson(ctx context.Context, id flows.PersonID) (Export, error) {
	var x Export
	p, ok := parsePID(id)
	if !ok {
		return x, ErrUnknown
	}
	err := s.view(ctx, func(r engine.Reader) error {
		var k key
		var err error
		if x.Person, k, err = s.read(r, p); err != nil {
			return err
		}
		return errors.Join(
			collect(r, k, p.key('r'), &x.Reminders), collect(r, k, p.key('l'), &x.Letters),
			collect(r, k, p.key('h'), &x.Ended), collect(r, k, p.key('q'), &x.Failed))
	})
	if err != nil {
		return Export{}, err
	}
	x.Person.Secret = ""
	x.Files, err = s.ListBlobs(ctx, id)
	return x, err
}

// collect opens all values under a prefix.
func collect[T any](r engine.Reader, k key, prefix []byte, into *[]T) error {
	return r.Scan(prefix, nil, func(row engine.Row) error {
		var v T
		if err := k.openJSON(row.Key, row.Value, &v); err != nil {
			return err
		}
		*into = append(*into, v)
		return nil
	})
}
