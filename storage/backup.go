package storage

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"filippo.io/age"

	"github.com/coopconnexion/relais/storage/engine"
)

// A backup is one stream encrypted with age, which also makes any change of it
// noticed. Inside is a tar of
//
//	identity.json, keyring, erased     as in the data directory
//	rows/000001 …                      the database, in pieces of about 1 MiB
//	blobs/PERSON/NAME                  as in the data directory
//	manifest.json                      counts and the SHA-256 of all the above
//
// The keyring stays sealed by the master key, and rows and files by the
// persons' keys: who has the backup and its passphrase still needs the master
// key. Rows are written engine-neutral: key, value, expiry.

// manifest ends a backup; without it a backup is not whole.
type manifest struct {
	Schema  int               `json:"schema"`
	Store   string            `json:"store"`
	Taken   time.Time         `json:"taken"`
	Commits uint64            `json:"commits"`
	Rows    int               `json:"rows"`
	Sums    map[string]string `json:"sums"` // SHA-256 by name
}

const rowsPiece = 1 << 20

// Backup writes a backup of one snapshot to w, for the given recipients (an
// age.ScryptRecipient for a passphrase). It may run while the store serves.
func (s *Store) Backup(ctx context.Context, w io.Writer, recipients ...age.Recipient) error {
	enc, err := age.Encrypt(w, recipients...)
	if err != nil {
		return fmt.Errorf("storage: backup: %w", err)
	}
	b := &backup{tar: tar.NewWriter(enc), man: manifest{Schema: schema, Store: s.id.ID,
		Taken: s.opt.Now().UTC(), Commits: s.eng.Seq(), Sums: map[string]string{}}}
	if err := b.write(ctx, s); err != nil {
		return fmt.Errorf("storage: backup: %w", err)
	}
	return errors.Join(b.tar.Close(), enc.Close())
}

type backup struct {
	tar *tar.Writer
	man manifest
	buf bytes.Buffer
	n   int
}

func (b *backup) write(ctx context.Context, s *Store) error {
	ring, before, err := b.snapshot(ctx, s)
	if err != nil {
		return err
	}
	if err := b.file(s.opt.path("identity.json"), "identity.json"); err != nil {
		return err
	}
	if err := b.entry("keyring", ring); err != nil {
		return err
	}
	if err := b.ledger(s.opt.path("erased"), before); err != nil {
		return err
	}
	if err := b.blobs(ctx, s); err != nil {
		return err
	}
	man, err := json.Marshal(b.man)
	if err != nil {
		return err
	}
	return b.entry("manifest.json", man)
}

// snapshot writes the rows, and returns the keyring and the ledger of the same
// moment: no key is destroyed between the snapshot and their reading. Files
// come later: those of the snapshot are all there, but for persons who were
// erased or files that were withdrawn meanwhile.
func (b *backup) snapshot(ctx context.Context, s *Store) (ring []byte, before []string, err error) {
	s.erasing.Lock()
	unlock := sync.OnceFunc(s.erasing.Unlock)
	defer unlock()
	err = s.view(ctx, func(r engine.Reader) (err error) {
		if ring, err = os.ReadFile(s.opt.path("keyring")); err != nil {
			return err
		}
		if before, err = readLedger(s.opt.path("erased")); err != nil {
			return err
		}
		unlock()
		return r.Scan(nil, nil, func(row engine.Row) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return b.row(row)
		})
	})
	return ring, before, errors.Join(err, b.flush())
}

// row appends one row to the piece under way. The engine's own rows stay out.
func (b *backup) row(r engine.Row) error {
	if bytes.HasPrefix(r.Key, []byte("!")) {
		return nil
	}
	b.man.Rows++
	var expires int64
	if !r.Expires.IsZero() {
		expires = r.Expires.Unix()
	}
	var head [20]byte
	binary.BigEndian.PutUint32(head[0:], uint32(len(r.Key)))
	binary.BigEndian.PutUint32(head[4:], uint32(len(r.Value)))
	binary.BigEndian.PutUint64(head[8:], uint64(expires))
	b.buf.Write(head[:16])
	b.buf.Write(r.Key)
	b.buf.Write(r.Value)
	if b.buf.Len() >= rowsPiece {
		return b.flush()
	}
	return nil
}

func (b *backup) flush() error {
	if b.buf.Len() == 0 {
		return nil
	}
	b.n++
	err := b.entry(fmt.Sprintf("rows/%06d", b.n), b.buf.Bytes())
	b.buf.Reset()
	return err
}

// entry writes one file of the archive and notes its sum.
func (b *backup) entry(name string, content []byte) error {
	return b.stream(name, int64(len(content)), bytes.NewReader(content))
}

func (b *backup) stream(name string, size int64, r io.Reader) error {
	if err := b.tar.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: size}); err != nil {
		return err
	}
	h := sha256.New()
	if _, err := io.Copy(io.MultiWriter(b.tar, h), r); err != nil {
		return err
	}
	b.man.Sums[name] = hex.EncodeToString(h.Sum(nil))
	return nil
}

// file adds a file as it is now.
func (b *backup) file(path, name string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return b.entry(name, content)
}

// ledger adds the erasures until now, which a restore is to obey, but only the
// destroyed keys of before the snapshot: it has the rows of the others.
func (b *backup) ledger(path string, before []string) error {
	now, err := readLedger(path)
	if err != nil {
		return err
	}
	var out strings.Builder
	for _, line := range now {
		if !strings.HasSuffix(line, rekeyed) || slices.Contains(before, line) {
			out.WriteString(line + "\n")
		}
	}
	return b.entry("erased", []byte(out.String()))
}

// blobs adds the stored files. One erased meanwhile is left out.
func (b *backup) blobs(ctx context.Context, s *Store) error {
	root := s.opt.path("blobs")
	list, err := filepath.Glob(filepath.Join(root, "*", "*"))
	if err != nil {
		return err
	}
	sort.Strings(list)
	for _, path := range list {
		if err := ctx.Err(); err != nil {
			return err
		}
		if strings.HasSuffix(path, ".part") {
			continue
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if err := b.blob(path, "blobs/"+filepath.ToSlash(rel)); err != nil {
			return err
		}
	}
	return nil
}

func (b *backup) blob(path, name string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return b.stream(name, info.Size(), f)
}

// summed copies while it hashes.
type summed struct {
	r io.Reader
	h hash.Hash
}

func (s summed) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	s.h.Write(b[:n])
	return n, err
}
