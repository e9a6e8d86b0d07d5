package badger

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/coopconnexion/relais/storage/engine"
	"github.com/coopconnexion/relais/storage/internal/durable"
	"github.com/coopconnexion/relais/storage/internal/fault"
)

// Mark is the high-water mark: how far we told the world that we remember. It
// lives outside the database, so that a database that has lost its end is
// noticed. Each commit writes it before it is acknowledged, without a sync of
// its own: a killed process loses nothing of it, and a power cut loses at most
// syncEvery of it, which only makes the check weaker, never wrong. It is never
// ahead of the database.
type Mark struct {
	mu      sync.Mutex
	f       *os.File
	last    MarkState
	slot    int64
	timer   *time.Timer // runs when the last write is not synced yet
	pending bool
	err     error
	// manifest is the file whose beginning is recorded at each sync.
	manifest string
}

// MarkState is the content of the mark.
type MarkState struct {
	Seq uint64 // the last commit acknowledged
	// ManifestSize and ManifestHash describe the beginning of Badger's MANIFEST,
	// to which it only appends: if it differs, something else happened to it.
	ManifestSize uint64
	ManifestHash [16]byte
}

const (
	markMagic = "relais-mark-1\n\x00\x00" // 16 bytes
	markSize  = 16 + 8 + 8 + 16 + 4
	markSlot  = 512 // one sector: a slot is written whole or not at all
	syncEvery = 100 * time.Millisecond
)

func createMark(path string) (*Mark, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("badger: new mark: %w", err)
	}
	m := &Mark{f: f}
	if err := f.Truncate(2 * markSlot); err != nil {
		return nil, err
	}
	if err := m.write(MarkState{}); err != nil {
		return nil, err
	}
	return m, errors.Join(f.Sync(), durable.SyncDir(filepath.Dir(path)))
}

func openMark(path string) (*Mark, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("%w: the mark of what we acknowledged cannot be read (%v); restore the last backup", engine.ErrDamaged, err)
	}
	m := &Mark{f: f, slot: -1}
	for slot := int64(0); slot < 2; slot++ {
		b := make([]byte, markSize)
		if _, err := f.ReadAt(b, slot*markSlot); err != nil && !errors.Is(err, io.EOF) {
			_ = f.Close()
			return nil, err
		}
		if s, ok := decodeMark(b); ok && (m.slot < 0 || s.Seq >= m.last.Seq) {
			m.last, m.slot = s, slot
		}
	}
	if m.slot < 0 {
		_ = f.Close()
		return nil, fmt.Errorf("%w: the mark %s is not readable; restore the last backup", engine.ErrDamaged, path)
	}
	return m, nil
}

func decodeMark(b []byte) (MarkState, bool) {
	var s MarkState
	body := b[:markSize-4]
	if !bytes.HasPrefix(b, []byte(markMagic)) || crc32.ChecksumIEEE(body) != binary.BigEndian.Uint32(b[markSize-4:]) {
		return s, false
	}
	s.Seq = binary.BigEndian.Uint64(b[16:])
	s.ManifestSize = binary.BigEndian.Uint64(b[24:])
	copy(s.ManifestHash[:], b[32:48])
	return s, true
}

// write puts s into the older slot.
func (m *Mark) write(s MarkState) error {
	b := make([]byte, 0, markSize)
	b = append(b, markMagic...)
	b = binary.BigEndian.AppendUint64(b, s.Seq)
	b = binary.BigEndian.AppendUint64(b, s.ManifestSize)
	b = append(b, s.ManifestHash[:]...)
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	slot := (m.slot + 1) % 2
	if _, err := m.f.WriteAt(b, slot*markSlot); err != nil {
		return fmt.Errorf("badger: mark: %w", err)
	}
	m.last, m.slot = s, slot
	return nil
}

// Last is what the mark says.
func (m *Mark) Last() MarkState {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.last
}

// Watch makes later syncs record the beginning of this MANIFEST.
func (m *Mark) Watch(manifest string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.manifest = manifest
	m.schedule()
}

// Advance records that everything up to seq is on disk.
func (m *Mark) Advance(seq uint64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return m.err
	}
	s := m.last
	s.Seq = max(s.Seq, seq)
	if err := m.write(s); err != nil {
		return err
	}
	fault.Point("mark-write")
	m.schedule()
	return nil
}

// schedule syncs a little later; no timer runs while nothing changes.
func (m *Mark) schedule() {
	if m.pending {
		return
	}
	m.pending = true
	m.timer = time.AfterFunc(syncEvery, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.pending {
			m.pending = false
			m.err = errors.Join(m.err, m.sync(m.manifest))
		}
	})
}

// Settle records the state for good, after Badger has closed.
func (m *Mark) Settle(manifest string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sync(manifest)
}

// sync describes the MANIFEST and syncs the mark. The MANIFEST is synced
// first, so that the mark never knows more than the disk.
func (m *Mark) sync(manifest string) error {
	if manifest != "" {
		size, hash, err := hashManifest(manifest, m.last)
		if err != nil {
			return fmt.Errorf("badger: mark: %w", err)
		}
		if size != m.last.ManifestSize || hash != m.last.ManifestHash {
			s := m.last
			s.ManifestSize, s.ManifestHash = size, hash
			if err := m.write(s); err != nil {
				return err
			}
		}
	}
	if err := m.f.Sync(); err != nil {
		return fmt.Errorf("badger: mark: %w", err)
	}
	return nil
}

// hashManifest hashes the whole file, unless it has not grown since last.
func hashManifest(path string, last MarkState) (uint64, [16]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, [16]byte{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, [16]byte{}, err
	}
	if uint64(info.Size()) == last.ManifestSize {
		return last.ManifestSize, last.ManifestHash, nil
	}
	if err := durable.SyncRead(f); err != nil {
		return 0, [16]byte{}, err
	}
	return hashPrefix(f, info.Size())
}

func hashPrefix(r io.Reader, n int64) (uint64, [16]byte, error) {
	h := sha256.New()
	read, err := io.Copy(h, io.LimitReader(r, n))
	var out [16]byte
	copy(out[:], h.Sum(nil))
	return uint64(read), out, err
}

// Close stops the timer and closes the file.
func (m *Mark) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.pending {
		m.timer.Stop()
		m.pending = false
	}
	return m.f.Close()
}
