package storage

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/coopconnexion/relais/flows"
)

// The key space. Nothing personal is in a key: persons are random ids, and
// accounts, codes, message ids, names and input ids appear only as keyed
// hashes (HMAC-SHA-256 cut to 16 bytes, or 8 inside a person). "pid" is the 16
// raw bytes of a PersonID; numbers are big-endian.
//
//	m/id                    the store's identity, to match the identity file
//	m/letter                the last letter number given
//	n/SERIES                counters of flows.Allocate
//	i/pid                   the person exists
//	g/pid                   the person is forgotten once the last letter is finished
//	e/pid                   the person is being erased (value: how)
//	s/hash(input id)        seen, for 8 days
//	a/hash(account)         -> pid
//	k/hash(code)            -> pid
//	t/hash(desk message)    -> pid, for replies in a thread
//	o/number                -> pid: a letter to deliver
//	d/unix,pid,hash(name)   a reminder that comes due
//
// Values below p/ are sealed with the person's own key:
//
//	p/pid/d                 the person's document
//	p/pid/l,number          a letter to deliver
//	p/pid/h,number          what became of a letter that was not plainly sent (90 days)
//	p/pid/m,hash(key)       the channel's id of a message sent under a logical key
//	p/pid/q,hash(input id)  an input whose step failed, quarantined (30 days)
//	p/pid/r,hash(name)      a reminder
//	p/pid/b,hash(name)      the key of a stored file, and the source of its name on disk
//	p/pid/z                 an empty row during an erasure
//	p/pid/x,KIND,…          an entry of a/, k/, t/ or d/ that leads here (no value), for erasure
//
// The engine's own keys start with "!".
var (
	keyIdentity   = []byte("m/id")
	keyLastLetter = []byte("m/letter")
)

// pid is a PersonID in raw bytes.
type pid [16]byte

func parsePID(id flows.PersonID) (pid, bool) {
	var p pid
	if len(id) != 32 {
		return p, false
	}
	_, err := hex.Decode(p[:], []byte(id))
	return p, err == nil
}

func pidOf(b []byte) (pid, error) {
	var p pid
	if len(b) != len(p) {
		return p, fmt.Errorf("storage: a person id of %d bytes", len(b))
	}
	copy(p[:], b)
	return p, nil
}

func (p pid) ID() flows.PersonID { return flows.PersonID(hex.EncodeToString(p[:])) }

// person is the prefix of everything a person has.
func (p pid) person() []byte { return append(append([]byte("p/"), p[:]...), '/') }

func (p pid) key(kind byte, rest ...[]byte) []byte {
	k := append(p.person(), kind)
	for _, r := range rest {
		k = append(k, r...)
	}
	return k
}

func (p pid) doc() []byte                { return p.key('d') }
func (p pid) letter(id uint64) []byte    { return p.key('l', number(id)) }
func (p pid) trail(id uint64) []byte     { return p.key('h', number(id)) }
func (p pid) message(hash []byte) []byte { return p.key('m', hash) }
func (p pid) kept(hash []byte) []byte    { return p.key('q', hash) }
func (p pid) file(hash []byte) []byte    { return p.key('b', hash) }
func (p pid) remind(hash []byte) []byte  { return p.key('r', hash) }
func (p pid) back(kind byte, hash []byte) []byte {
	return p.key('x', []byte{kind}, hash)
}

func keyPerson(p pid) []byte           { return append([]byte("i/"), p[:]...) }
func keyErasing(p pid) []byte          { return append([]byte("e/"), p[:]...) }
func keyForgotten(p pid) []byte        { return append([]byte("g/"), p[:]...) }
func keyCounter(s string) []byte       { return []byte("n/" + s) }
func keyOutbox(id uint64) []byte       { return append([]byte("o/"), number(id)...) }
func keyOf(kind byte, h []byte) []byte { return append([]byte{kind, '/'}, h...) }

func keyDue(at time.Time, p pid, hash []byte) []byte {
	k := append([]byte("d/"), number(uint64(max(at.Unix(), 0)))...)
	return append(append(k, p[:]...), hash...)
}

// backDue leads from the person to a due key.
func backDue(at time.Time, p pid, hash []byte) []byte {
	return p.back('d', append(number(uint64(max(at.Unix(), 0))), hash...))
}

// dueOfBack is the due key that such a row, after its kind, leads to.
func dueOfBack(p pid, rest []byte) []byte {
	return keyDue(time.Unix(int64(numberOf(rest[:min(8, len(rest))])), 0), p, rest[min(8, len(rest)):])
}

// parseDue takes a due key apart.
func parseDue(k []byte) (at time.Time, p pid, hash []byte, err error) {
	if len(k) != 2+8+16+8 {
		return at, p, nil, fmt.Errorf("storage: a due key of %d bytes", len(k))
	}
	at = time.Unix(int64(binary.BigEndian.Uint64(k[2:])), 0)
	copy(p[:], k[10:26])
	return at, p, k[26:], nil
}

func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func numberOf(b []byte) uint64 {
	if len(b) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}
