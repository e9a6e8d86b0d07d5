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
// content (see sealWriter).
const blobMagic = "relais-blob-1\n"

func (s *Store) blobDir(p pid) string {
	return filepath.Join(s.opt.path("blobs"), hex.EncodeToString(s.hash.inside("blobs", p, "")))
}

func (s *Store) blobPath(p pid, name string) string {
	return filepath.Join(s.blobDir(p), hex.EncodeToString(s.hash.inside("blob", p, name)))
}

// PutBlob keeps a file of a person, sealed and synced, under a key chosen by
// the flow. A file of the same key is replaced.
func (s *Store) PutBlob(ctx context.Context, person flows.PersonID, name string, r io.Reader) error {
	p, k, err := s.keyFor(person)
	if err != nil {
		return err
	}
	if err := s.free.check(); err != nil {
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
	path := s.blobPath(p, name)
	if err := os.Rename(tmp.Name(), path); err != nil {
		return fmt.Errorf("storage: file: %w", err)
	}
	if _, ok := s.keys.get(p); !ok { // erased meanwhile
		return errors.Join(ErrUnknown, os.RemoveAll(dir))
	}
	return errors.Join(durable.SyncDir(dir), durable.SyncDir(s.opt.path("blobs")), durable.SyncDir(s.opt.Dir))
}

// keyFor finds the key of a person.
func (s *Store) keyFor(person flows.PersonID) (pid, key, error) {
	p, ok := parsePID(person)
	k, has := s.keys.get(p)
	if !ok || !has {
		return p, k, ErrUnknown
	}
	return p, k, nil
}

// blobPlace binds a file to its person and key.
func blobPlace(p pid, path string) []byte {
	return append(p.key('b'), filepath.Base(path)...)
}

func (s *Store) writeBlob(ctx context.Context, w io.Writer, k key, p pid, name string, r io.Reader) error {
	place := blobPlace(p, s.blobPath(p, name))
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
func (s *Store) OpenBlob(_ context.Context, person flows.PersonID, name string) (io.ReadCloser, error) {
	p, k, err := s.keyFor(person)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(s.blobPath(p, name))
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
func (s *Store) ListBlobs(_ context.Context, person flows.PersonID) ([]Blob, error) {
	p, k, err := s.keyFor(person)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(s.blobDir(p))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("storage: files: %w", err)
	}
	var out []Blob
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".part") {
			continue
		}
		f, err := os.Open(filepath.Join(s.blobDir(p), e.Name()))
		if err != nil {
			return nil, fmt.Errorf("storage: file: %w", err)
		}
		b, err := readBlobHead(f, k, p)
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, nil
}

// dropOrphanFiles removes files of nobody and unfinished ones.
func (s *Store) dropOrphanFiles(persons map[pid]string) error {
	dirs, err := os.ReadDir(s.opt.path("blobs"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	known := make(map[string]bool, len(persons))
	for p := range persons {
		known[filepath.Base(s.blobDir(p))] = true
	}
	for _, d := range dirs {
		path := filepath.Join(s.opt.path("blobs"), d.Name())
		if !known[d.Name()] {
			err = errors.Join(err, os.RemoveAll(path))
			continue
		}
		parts, _ := filepath.Glob(filepath.Join(path, "*.part"))
		for _, f := range parts {
			err = errors.Join(err, os.Remove(f))
		}
	}
	return err
}
