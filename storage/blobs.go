package storage

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/storage/engine"
	"github.com/coopconnexion/relais/storage/internal/durable"
)

// MaxBlob is the largest file that is kept, in bytes; Telegram gives bots no
// more than 20 MB.
const MaxBlob = 25 << 20

// ErrBlobTooBig says that a file is larger than MaxBlob.
var ErrBlobTooBig = errors.New("file larger than 25 MB")

// Blob describes a stored file.
type Blob struct {
	Key  string    `json:"key"`
	Size int64     `json:"size"` // bytes
	At   time.Time `json:"at"`
}

// A file on disk is blobs/PERSON/NAME, both keyed hashes: a magic, the length
// of the sealed header, the header (a Blob without its size), and the sealed
// content (see sealWriter). Each file has a key of its own, kept in a row b
// under the person's key: a file without that row is noise. The row comes
// before the file, so that a file is never without it; and NAME comes from the
// key, so that a file of the same name kept later is another one on disk.
const blobMagic = "relais-blob-2\n"

func (s *Store) blobDir(p pid) string {
	return filepath.Join(s.opt.path("blobs"), hex.EncodeToString(s.hash.inside("blobs", p, "")))
}

func (s *Store) fileHash(p pid, name string) []byte { return s.hash.inside("blob", p, name) }

func blobName(k key) string { return hex.EncodeToString(hasher{k}.sum('b')[:8]) }

func (s *Store) blobPath(p pid, k key) string { return filepath.Join(s.blobDir(p), blobName(k)) }

// PutBlob keeps a file of a person, sealed and synced, under a key chosen by
// the flow. A file of the same key is replaced. ErrUnknown when there is
// nobody, or when the person was erased or withdrew the file meanwhile.
func (s *Store) PutBlob(ctx context.Context, person flows.PersonID, name string, r io.Reader) error {
	p, ok := parsePID(person)
	if !ok {
		return ErrUnknown
	}
	if err := s.free.check(); err != nil {
		return err
	}
	k, err := s.makeFileKey(ctx, p, name)
	if err != nil {
		return err
	}
	dir := s.blobDir(p)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("storage: file: %w", err)
	}
	tmp, err := os.CreateTemp(dir, "*.part")
	if err != nil {
		return fmt.Errorf("storage: file: %w", err)
	}
	defer os.Remove(tmp.Name()) // after the renaming there is none
	err = s.writeBlob(ctx, tmp, k, p, name, r)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := s.nameBlob(ctx, tmp.Name(), k, p, name); err != nil {
		return err
	}
	return errors.Join(durable.SyncDir(dir), durable.SyncDir(s.opt.path("blobs")), durable.SyncDir(s.opt.Dir))
}

// makeFileKey finds the key of a file, or makes one.
func (s *Store) makeFileKey(ctx context.Context, p pid, name string) (k key, err error) {
	place := p.file(s.fileHash(p, name))
	err = s.eng.Update(ctx, func(tx engine.Tx) error {
		_, own, err := s.read(tx, p)
		if err != nil {
			return err
		}
		var ok bool
		if k, ok, err = s.fileKey(tx, p, place); err != nil || ok {
			return err
		}
		k = newKey()
		tx.Set(place, own.seal(place, k[:]))
		return nil
	})
	return k, err
}

// fileKey reads the key of a file from its row.
func (s *Store) fileKey(r engine.Reader, p pid, place []byte) (k key, ok bool, err error) {
	sealed, ok, err := r.Get(place)
	if err != nil || !ok {
		return k, false, err
	}
	ks, ok := s.keys.of(p)
	if !ok {
		return k, false, ErrUnknown
	}
	plain, _, err := ks.open(place, sealed)
	if err != nil {
		return k, false, err
	}
	return key(plain), true, nil
}

// nameBlob gives a finished file its name, unless its key is gone by now.
func (s *Store) nameBlob(ctx context.Context, part string, k key, p pid, name string) error {
	s.files.Lock()
	defer s.files.Unlock()
	err := s.view(ctx, func(r engine.Reader) error {
		if _, ok, err := r.Get(p.doc()); err != nil || !ok {
			return errors.Join(err, ErrUnknown)
		}
		now, ok, err := s.fileKey(r, p, p.file(s.fileHash(p, name)))
		if err == nil && (!ok || now != k) {
			err = ErrUnknown
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := os.Rename(part, s.blobPath(p, k)); err != nil {
		return fmt.Errorf("storage: file: %w", err)
	}
	return nil
}

// blobPlace binds a file to its person and key.
func blobPlace(p pid, path string) []byte {
	return append(p.key('b'), filepath.Base(path)...)
}

func (s *Store) writeBlob(ctx context.Context, w io.Writer, k key, p pid, name string, r io.Reader) error {
	place := blobPlace(p, blobName(k))
	head, err := k.sealJSON(place, Blob{Key: name, At: s.opt.Now()})
	if err != nil {
		return err
	}
	pre := binary.BigEndian.AppendUint16([]byte(blobMagic), uint16(len(head)))
	if _, err := w.Write(append(pre, head...)); err != nil {
		return fmt.Errorf("storage: file: %w", err)
	}
	sw := newSealWriter(w, k.derive("blob"), place)
	n, err := io.Copy(sw, io.LimitReader(contextReader{ctx, r}, MaxBlob+1))
	if err != nil {
		return fmt.Errorf("storage: file: %w", err)
	}
	if n > MaxBlob {
		return ErrBlobTooBig
	}
	return sw.Close()
}

// contextReader stops when the context ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(b)
}

// OpenBlob opens a stored file; fs.ErrNotExist when there is none. Reading
// fails when the file was changed or cut.
func (s *Store) OpenBlob(ctx context.Context, person flows.PersonID, name string) (io.ReadCloser, error) {
	p, ok := parsePID(person)
	if !ok {
		return nil, ErrUnknown
	}
	if _, ok := s.keys.of(p); !ok {
		return nil, ErrUnknown
	}
	var k key
	err := s.view(ctx, func(r engine.Reader) (err error) {
		if k, ok, err = s.fileKey(r, p, p.file(s.fileHash(p, name))); err == nil && !ok {
			err = fs.ErrNotExist
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	f, err := os.Open(s.blobPath(p, k))
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fs.ErrNotExist // without the path
		}
		return nil, fmt.Errorf("storage: file: %w", err)
	}
	if _, err := readBlobHead(f, k, p); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &blobReader{Reader: newOpenReader(f, k.derive("blob"), blobPlace(p, f.Name())), f: f}, nil
}

type blobReader struct {
	io.Reader
	f *os.File
}

func (b *blobReader) Close() error { return b.f.Close() }

// readBlobHead reads the header and fills in the size of the content.
func readBlobHead(f *os.File, k key, p pid) (Blob, error) {
	var b Blob
	pre := make([]byte, len(blobMagic)+2)
	if _, err := io.ReadFull(f, pre); err != nil || !strings.HasPrefix(string(pre), blobMagic) {
		return b, fmt.Errorf("%w: a file is not one of ours", ErrDamaged)
	}
	head := make([]byte, binary.BigEndian.Uint16(pre[len(blobMagic):]))
	if _, err := io.ReadFull(f, head); err != nil {
		return b, fmt.Errorf("%w: a file is cut off", ErrDamaged)
	}
	if err := k.openJSON(blobPlace(p, f.Name()), head, &b); err != nil {
		return b, err
	}
	info, err := f.Stat()
	if err != nil {
		return b, err
	}
	b.Size = openSize(info.Size() - int64(len(pre)+len(head)))
	return b, nil
}

// ListBlobs lists the files of a person.
func (s *Store) ListBlobs(ctx context.Context, person flows.PersonID) ([]Blob, error) {
	p, ok := parsePID(person)
	if !ok {
		return nil, ErrUnknown
	}
	var out []Blob
	err := s.view(ctx, func(r engine.Reader) error {
		ks, ok := s.keys.of(p)
		if !ok {
			return ErrUnknown
		}
		return r.Scan(p.key('b'), nil, func(row engine.Row) error {
			b, ok, err := s.describeBlob(ks, p, row)
			if ok {
				out = append(out, b)
			}
			return err
		})
	})
	return out, err
}

// describeBlob reads the header of the file that a row has the key of. ok is
// false when there is none: it was not finished, or is gone by now.
func (s *Store) describeBlob(ks keysOf, p pid, row engine.Row) (Blob, bool, error) {
	plain, _, err := ks.open(row.Key, row.Value)
	if err != nil {
		return Blob{}, false, err
	}
	f, err := os.Open(s.blobPath(p, key(plain)))
	if errors.Is(err, fs.ErrNotExist) {
		return Blob{}, false, nil
	}
	if err != nil {
		return Blob{}, false, fmt.Errorf("storage: file: %w", err)
	}
	b, err := readBlobHead(f, key(plain), p)
	return b, err == nil, errors.Join(err, f.Close())
}
