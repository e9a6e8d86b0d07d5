package storage

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Files are sealed in pieces, so that they need not fit into memory: each
// piece of 64 KiB is AES-256-GCM with the nonce prefix(7) | number(4) | last(1)
// (the STREAM construction: pieces cannot be reordered, repeated or cut off).
const (
	pieceSize  = 64 << 10
	pieceTag   = 16
	prefixSize = 7
)

func pieceAEAD(k key) cipher.AEAD {
	block, err := aes.NewCipher(k[:])
	if err != nil {
		panic(err) // the key's length is fixed
	}
	a, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // AES has the right block size
	}
	return a
}

func pieceNonce(prefix []byte, n uint32, last bool) []byte {
	nonce := binary.BigEndian.AppendUint32(append([]byte(nil), prefix...), n)
	if last {
		return append(nonce, 1)
	}
	return append(nonce, 0)
}

// sealWriter seals what is written; Close writes the last piece.
type sealWriter struct {
	w      io.Writer
	a      cipher.AEAD
	prefix []byte
	place  []byte
	buf    []byte
	n      uint32
	begun  bool
}

func newSealWriter(w io.Writer, k key, place []byte) *sealWriter {
	s := &sealWriter{w: w, a: pieceAEAD(k), prefix: make([]byte, prefixSize), place: bound(place)}
	_, _ = rand.Read(s.prefix) // never fails (crypto/rand)
	return s
}

func (s *sealWriter) Write(b []byte) (int, error) {
	total := len(b)
	for len(b) > 0 {
		if len(s.buf) == pieceSize { // more follows, so this is not the last
			if err := s.piece(false); err != nil {
				return 0, err
			}
		}
		n := min(len(b), pieceSize-len(s.buf))
		s.buf, b = append(s.buf, b[:n]...), b[n:]
	}
	return total, nil
}

func (s *sealWriter) piece(last bool) error {
	if !s.begun {
		s.begun = true
		if _, err := s.w.Write(s.prefix); err != nil {
			return err
		}
	}
	_, err := s.w.Write(s.a.Seal(nil, pieceNonce(s.prefix, s.n, last), s.buf, s.place))
	s.buf, s.n = s.buf[:0], s.n+1
	return err
}

func (s *sealWriter) Close() error {
	if err := s.piece(true); err != nil {
		return fmt.Errorf("storage: file: %w", err)
	}
	return nil
}

// openSize is the size of the content of a sealed stream of this size.
func openSize(sealed int64) int64 {
	sealed -= prefixSize
	pieces := (sealed + pieceSize + pieceTag - 1) / (pieceSize + pieceTag)
	return max(sealed-pieces*pieceTag, 0)
}

// openReader reads back what a sealWriter wrote.
type openReader struct {
	r      io.Reader
	a      cipher.AEAD
	place  []byte
	prefix []byte
	sealed []byte // the next piece, read ahead to know whether it is the last
	plain  []byte
	n      uint32
	last   bool
	err    error
}

func newOpenReader(r io.Reader, k key, place []byte) io.Reader {
	return &openReader{r: r, a: pieceAEAD(k), place: bound(place)}
}

var errStream = errors.New("storage: a sealed file does not open: damaged, moved, or cut off")

func (o *openReader) Read(b []byte) (int, error) {
	for len(o.plain) == 0 && o.err == nil {
		o.err = o.next()
	}
	if len(o.plain) == 0 {
		return 0, o.err
	}
	n := copy(b, o.plain)
	o.plain = o.plain[n:]
	return n, nil
}

// next opens one piece.
func (o *openReader) next() error {
	if o.last {
		return io.EOF
	}
	if o.prefix == nil {
		o.prefix = make([]byte, prefixSize)
		if _, err := io.ReadFull(o.r, o.prefix); err != nil {
			return errStream
		}
		if err := o.ahead(); err != nil {
			return err
		}
	}
	now := o.sealed
	o.sealed = nil
	if len(now) == pieceSize+pieceTag {
		if err := o.ahead(); err != nil {
			return err
		}
	}
	o.last = len(o.sealed) == 0
	plain, err := o.a.Open(nil, pieceNonce(o.prefix, o.n, o.last), now, o.place)
	if err != nil {
		return errStream
	}
	o.plain, o.n = plain, o.n+1
	return nil
}

func (o *openReader) ahead() error {
	buf := make([]byte, pieceSize+pieceTag)
	n, err := io.ReadFull(o.r, buf)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	o.sealed = buf[:n]
	return nil
}
