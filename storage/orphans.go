package storage

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/coopconnexion/relais/storage/engine"
	"github.com/coopconnexion/relais/storage/internal/durable"
)

// dropOrphanFiles removes, at the opening, files of nobody, files without a
// key, and unfinished ones.
func (s *Store) dropOrphanFiles(ctx context.Context, persons map[pid]string) error {
	dirs, err := os.ReadDir(s.opt.path("blobs"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	known := make(map[string]pid, len(persons))
	for p := range persons {
		known[filepath.Base(s.blobDir(p))] = p
	}
	for _, d := range dirs {
		if p, ok := known[d.Name()]; ok {
			err = errors.Join(err, s.dropFiles(ctx, p, true))
		} else {
			err = errors.Join(err, os.RemoveAll(filepath.Join(s.opt.path("blobs"), d.Name())))
		}
	}
	return err
}

// dropFiles removes a person's files that have no key; and if asked, those
// that nobody is writing any more.
func (s *Store) dropFiles(ctx context.Context, p pid, parts bool) error {
	s.files.Lock()
	defer s.files.Unlock()
	dir := s.blobDir(p)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	has, err := s.filesWithKey(ctx, p)
	if errors.Is(err, errSeal) {
		return nil // erased meanwhile, or damage that Verify tells: delete nothing
	}
	if err != nil {
		return err
	}
	dropped := false
	for _, e := range entries {
		part := strings.HasSuffix(e.Name(), ".part")
		if part && parts || !part && !has[e.Name()] {
			err = errors.Join(err, os.Remove(filepath.Join(dir, e.Name())))
			dropped = true
		}
	}
	if dropped {
		err = errors.Join(err, durable.SyncDir(dir))
	}
	return err
}

// filesWithKey are the names on disk of the files that a person has keys of.
func (s *Store) filesWithKey(ctx context.Context, p pid) (map[string]bool, error) {
	has := map[string]bool{}
	err := s.view(ctx, func(r engine.Reader) error {
		ks, _ := s.keys.of(p)
		return r.Scan(p.key('b'), nil, func(row engine.Row) error {
			plain, _, err := ks.open(row.Key, row.Value)
			if err == nil {
				has[blobName(key(plain))] = true
			}
			return err
		})
	})
	return has, err
}
