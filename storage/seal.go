package storage

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/coopconnexion/relais/flows"
)

// schema is the version of the stored form. It is part of what is
// authenticated with each value, and of the identity file: an older program
// refuses a newer store.
const schema = 1

// key is a symmetric key: 32 bytes, AES-256.
type key [32]byte

func newKey() key {
	var k key
	_, _ = rand.Read(k[:]) // never fails (crypto/rand)
	return k
}

// aead is AES-256-GCM with random nonces, put before the ciphertext. Key
// schedules are made when needed: they cost less than keeping thousands.
func (k key) aead() cipher.AEAD {
	block, err := aes.NewCipher(k[:])
	if err != nil {
		panic(err) // the key's length is fixed
	}
	a, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // AES has the right block size
	}
	return a
}

// bound is what a value is authenticated with: the schema and its place, so
// that a value moved to another key or person does not open.
func bound(place []byte) []byte { return append([]byte{schema}, place...) }

func (k key) seal(place, plain []byte) []byte {
	return k.aead().Seal(nil, nil, plain, bound(place))
}

var errSeal = errors.New("storage: a sealed value does not open: damaged, moved, or the wrong key")

func (k key) open(place, sealed []byte) ([]byte, error) {
	plain, err := k.aead().Open(nil, nil, sealed, bound(place))
	if err != nil {
		return nil, errSeal
	}
	return plain, nil
}

// sealJSON seals v as JSON for the place where it is stored.
func (k key) sealJSON(place []byte, v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("storage: %T cannot be stored: %w", v, err)
	}
	return k.seal(place, b), nil
}

func (k key) openJSON(place, sealed []byte, v any) error {
	b, err := k.open(place, sealed)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("storage: a stored %T cannot be read (%T)", v, err)
	}
	return nil
}

// derive makes a key for one purpose (HKDF-SHA-256, RFC 5869).
func (k key) derive(purpose string) key {
	b, err := hkdf.Key(sha256.New, k[:], nil, "relais "+purpose, len(k))
	if err != nil {
		panic(err) // 32 bytes are always within HKDF's limit
	}
	return key(b)
}

// hasher makes the keyed hashes of the key space.
type hasher struct{ k key }

func (h hasher) sum(kind byte, parts ...string) []byte {
	m := hmac.New(sha256.New, h.k[:])
	m.Write([]byte{kind})
	for _, p := range parts {
		m.Write(number(uint64(len(p))))
		m.Write([]byte(p))
	}
	return m.Sum(nil)[:16]
}

func (h hasher) account(a flows.Account) []byte { return h.sum('a', a.Channel, a.ID) }
func (h hasher) code(c string) []byte           { return h.sum('k', c) }
func (h hasher) desk(message string) []byte     { return h.sum('t', message) }
func (h hasher) seen(input string) []byte       { return h.sum('s', input) }

// inside hashes a name within a person: 8 bytes are enough there.
func (h hasher) inside(kind string, p pid, name string) []byte {
	return h.sum('p', kind, string(p[:]), name)[:8]
}
