package badger

import (
	"encoding/binary"
	"fmt"

	db "github.com/dgraph-io/badger/v4"

	"github.com/coopconnexion/relais/storage/engine"
)

// Each commit writes its number twice: under one key (the sequence), and into
// a slot of a ring of the last commits. The sequence is in the newest write
// buffer; a hole further back (an older buffer damaged, a table lost) does not
// show in it, but leaves a stale number in the ring.

// ringSize is more commits than the write buffers and the youngest tables hold.
const ringSize = 1 << 14

// Keys of the engine start with "!"; those of the store never do.
var seqKey = []byte("!seq")

func ringKey(seq uint64) []byte {
	return binary.BigEndian.AppendUint16([]byte("!r"), uint16(seq%ringSize))
}

func writeSeq(txn *db.Txn, seq uint64) error {
	v := binary.BigEndian.AppendUint64(nil, seq)
	if err := txn.Set(seqKey, v); err != nil {
		return err
	}
	return txn.Set(ringKey(seq), v)
}

// verifyOpened compares the opened database with the mark and looks for holes.
func (e *Engine) verifyOpened() error {
	txn := e.db.NewTransaction(false)
	defer txn.Discard()
	r := reader{txn}
	v, ok, err := r.Get(seqKey)
	if err != nil {
		return fmt.Errorf("%w: %v", engine.ErrDamaged, err)
	}
	var seq uint64
	if ok && len(v) == 8 {
		seq = binary.BigEndian.Uint64(v)
	}
	if want := e.mark.Last().Seq; seq < want {
		return fmt.Errorf("%w: the store is at commit %d, we acknowledged %d; restore the last backup or a copy from the snapshots",
			engine.ErrDamaged, seq, want)
	}
	if err := checkRing(r, seq); err != nil {
		return err
	}
	e.seq.Store(seq)
	return e.mark.Advance(seq)
}

func checkRing(r reader, seq uint64) error {
	first := uint64(1)
	if seq > ringSize {
		first = seq - ringSize + 1
	}
	there := make(map[uint64]bool, seq-first+1)
	err := r.Scan([]byte("!r"), nil, func(row engine.Row) error {
		if len(row.Value) == 8 {
			there[binary.BigEndian.Uint64(row.Value)] = true
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%w: %v", engine.ErrDamaged, err)
	}
	for n := first; n <= seq; n++ {
		if !there[n] {
			return fmt.Errorf("%w: commit %d of %d is missing; restore the last backup or a copy from the snapshots",
				engine.ErrDamaged, n, seq)
		}
	}
	return nil
}
