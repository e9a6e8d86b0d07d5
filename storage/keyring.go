package storage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/coopconnexion/relais/storage/internal/durable"
	"github.com/coopconnexion/relais/storage/internal/fault"
)

// keyring keeps the persons' keys in one small file outside the database,
// because a key deleted in the database would stay in its files. The file is
// appended to (and synced) before the first commit that uses a key, and
// rewritten whole when a key is erased.
//
// File: the magic, the sealed house key, then one record per person: the pid,
// the sealed key, a CRC-32. Everything is sealed by the master key, which is
// not in the data directory. A person whose rows are being sealed anew has one
// record more, until the older key is destroyed (rekey.go).
type keyring struct {
	mu      sync.RWMutex
	path    string
	master  key
	house   key
	keys    map[pid]key
	spare   map[pid][]key // newer keys, while rows are being sealed anew
	f       *os.File      // open for appending
	pending []byte        // records not yet written
	reads   reads
}

const (
	ringMagic  = "relais-keyring-1\n"
	sealedKey  = 12 + 32 + 16 // nonce, key, tag
	ringRecord = 16 + sealedKey + 4
)

var ringHead = len(ringMagic) + sealedKey

// createKeyring makes a new file with a new house key.
func createKeyring(path string, master key) (*keyring, error) {
	r := &keyring{path: path, master: master, house: newKey(), keys: map[pid]key{}, spare: map[pid][]key{}}
	if _, err := os.Lstat(path); err == nil {
		return nil, fmt.Errorf("storage: %s exists already", path)
	}
	return r, r.rewrite()
}

// openKeyring reads the file. A record cut off at the end was never used; any
// other damage is refused.
func openKeyring(path string, master key) (*keyring, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w: the keyring cannot be read: %v; restore it from the last backup", ErrDamaged, err)
	}
	r, whole, err := parseKeyring(b, master)
	if err != nil {
		return nil, err
	}
	r.path = path
	if whole < len(b) {
		if err := os.Truncate(path, int64(whole)); err != nil {
			return nil, err
		}
	}
	if r.f, err = os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
		return nil, err
	}
	return r, nil
}

// parseKeyring reads a keyring's bytes and says how many make whole records.
func parseKeyring(b []byte, master key) (*keyring, int, error) {
	if len(b) < ringHead || !bytes.HasPrefix(b, []byte(ringMagic)) {
		return nil, 0, fmt.Errorf("%w: the keyring is not one; restore it from the last backup", ErrDamaged)
	}
	r := &keyring{master: master, keys: map[pid]key{}, spare: map[pid][]key{}}
	house, err := master.open([]byte(ringMagic), b[len(ringMagic):ringHead])
	if err != nil {
		return nil, 0, ErrWrongKey
	}
	r.house = key(house)
	at := ringHead
	for ; at+ringRecord <= len(b); at += ringRecord {
		rec := b[at : at+ringRecord]
		sum := binary.BigEndian.Uint32(rec[ringRecord-4:])
		p, k, err := openRecord(rec, master)
		if err != nil || crc32.ChecksumIEEE(rec[:ringRecord-4]) != sum {
			if at+ringRecord == len(b) {
				break // torn by a power cut in the middle of the last append
			}
			return nil, 0, fmt.Errorf("%w: record %d of the keyring is damaged; restore it from the last backup", ErrDamaged, (at-ringHead)/ringRecord)
		}
		if _, has := r.keys[p]; has {
			r.spare[p] = append(r.spare[p], k)
			continue
		}
		r.keys[p] = k
	}
	return r, at, nil
}

func openRecord(rec []byte, master key) (pid, key, error) {
	p := pid(rec[:16])
	k, err := master.open(p[:], rec[16:16+sealedKey])
	if err != nil {
		return p, key{}, err
	}
	return p, key(k), nil
}

func (r *keyring) record(p pid, k key) []byte {
	rec := append(p[:len(p):len(p)], r.master.seal(p[:], k[:])...)
	return binary.BigEndian.AppendUint32(rec, crc32.ChecksumIEEE(rec))
}

// get returns a person's key.
func (r *keyring) get(p pid) (key, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	k, ok := r.keys[p]
	return k, ok
}

// add makes a key for a new person; flush puts it on disk.
func (r *keyring) add(p pid, k key) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.keys[p]; ok {
		return
	}
	r.keys[p] = k
	r.pending = append(r.pending, r.record(p, k)...)
}

// flush appends the new keys and syncs; the engine calls it before a commit.
func (r *keyring) flush() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.pending) == 0 {
		return nil
	}
	if _, err := r.f.Write(r.pending); err != nil {
		return fmt.Errorf("storage: keyring: %w", err)
	}
	fault.Point("keyring-append")
	if err := r.f.Sync(); err != nil {
		return fmt.Errorf("storage: keyring: %w", err)
	}
	r.pending = nil
	return nil
}

// erase removes keys for ever: the file is replaced before it returns.
func (r *keyring) erase(ps ...pid) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range ps {
		delete(r.keys, p)
		delete(r.spare, p)
	}
	return r.rewrite()
}

// all lists the persons that have a key.
func (r *keyring) all() []pid {
	r.mu.RLock()
	defer r.mu.RUnlock()
	out := make([]pid, 0, len(r.keys))
	for p := range r.keys {
		out = append(out, p)
	}
	return out
}

// bytes is the whole file, sealed again.
func (r *keyring) bytes() []byte {
	b := append([]byte(ringMagic), r.master.seal([]byte(ringMagic), r.house[:])...)
	for p, k := range r.keys {
		b = append(b, r.record(p, k)...)
		for _, newer := range r.spare[p] {
			b = append(b, r.record(p, newer)...)
		}
	}
	return b
}

// rewrite replaces the file; the caller holds the lock.
func (r *keyring) rewrite() error {
	if err := replaceFile(r.path, r.bytes()); err != nil {
		return fmt.Errorf("storage: keyring: %w", err)
	}
	f, err := os.OpenFile(r.path, os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("storage: keyring: %w", err)
	}
	if r.f != nil {
		_ = r.f.Close()
	}
	r.f, r.pending = f, nil
	return nil
}

func (r *keyring) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.f.Close()
}

// replaceFile writes a file so that after a crash there is the old one or the
// new one, whole.
func replaceFile(path string, b []byte) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, bytes.NewReader(b))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	fault.Point("file-replace")
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	fault.Point("file-replaced")
	return durable.SyncDir(filepath.Dir(path))
}
