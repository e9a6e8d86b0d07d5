package storage

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/coopconnexion/relais/storage/engine"
)

// identity says which store a directory holds. It exists from the end of Init:
// from then on an absent database is damage.
type identity struct {
	ID      string    `json:"id"`
	Schema  int       `json:"schema"`
	Created time.Time `json:"created"`
}

func newIdentity(now time.Time) identity {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return identity{ID: hex.EncodeToString(b), Schema: schema, Created: now.UTC()}
}

func (id identity) write(path string) error {
	b, err := json.MarshalIndent(id, "", "  ")
	if err != nil {
		return err
	}
	return replaceFile(path, append(b, '\n'))
}

func readIdentity(path string) (identity, error) {
	var id identity
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return id, fmt.Errorf("%w: %s has no identity.json", ErrNoStore, filepath.Dir(path))
	}
	if err != nil {
		return id, err
	}
	if err := json.Unmarshal(b, &id); err != nil || id.ID == "" {
		return id, fmt.Errorf("%w: identity.json is not readable; restore it from the last backup", ErrDamaged)
	}
	if id.Schema > schema {
		return id, fmt.Errorf("%w (store %d, program %d): use that release, or restore an older backup", ErrNewer, id.Schema, schema)
	}
	return id, nil
}

// settle compares the parts with each other after opening: the database is the
// one of the identity file, and every person has a key. Then it finishes what
// a crash interrupted.
func (s *Store) settle(ctx context.Context) error {
	err := s.view(ctx, func(r engine.Reader) error {
		v, _, err := r.Get(keyIdentity)
		if err == nil && string(v) != s.id.ID {
			err = fmt.Errorf("%w: the database is not the one of identity.json", ErrDamaged)
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.resume(ctx)
}
