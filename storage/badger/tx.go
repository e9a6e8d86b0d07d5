package badger

import (
	"bytes"
	"errors"
	"sort"
	"strings"
	"time"

	db "github.com/dgraph-io/badger/v4"

	"github.com/coopconnexion/relais/storage/engine"
)

// reader reads a Badger transaction.
type reader struct{ txn *db.Txn }

func (r reader) Get(key []byte) ([]byte, bool, error) {
	item, err := r.txn.Get(key)
	if errors.Is(err, db.ErrKeyNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	v, err := item.ValueCopy(nil)
	return v, err == nil, err
}

func (r reader) Scan(prefix, from []byte, fn func(engine.Row) error) error {
	return r.iterate(prefix, from, true, fn)
}

func (r reader) Keys(prefix, from []byte, fn func(key []byte) error) error {
	return r.iterate(prefix, from, false, func(row engine.Row) error { return fn(row.Key) })
}

func (r reader) iterate(prefix, from []byte, values bool, fn func(engine.Row) error) error {
	opt := db.DefaultIteratorOptions
	opt.Prefix, opt.PrefetchValues = prefix, false
	it := r.txn.NewIterator(opt)
	defer it.Close()
	if bytes.Compare(from, prefix) < 0 {
		from = prefix
	}
	for it.Seek(from); it.ValidForPrefix(prefix); it.Next() {
		row := engine.Row{Key: it.Item().KeyCopy(nil)}
		if values {
			v, err := it.Item().ValueCopy(nil)
			if err != nil {
				return err
			}
			row.Value = v
			if at := it.Item().ExpiresAt(); at > 0 {
				row.Expires = time.Unix(int64(at), 0)
			}
		}
		if err := fn(row); errors.Is(err, engine.Stop) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return nil
}

// write is one pending change; delete when value is nil.
type write struct {
	value []byte
	ttl   time.Duration
}

// tx is one update inside a group: its writes stay apart until it has
// succeeded, so that its failure undoes nothing of the others.
type tx struct {
	reader
	writes map[string]write
	size   int64
	after  []func()
}

func (t *tx) Set(key, value []byte) { t.SetTTL(key, value, 0) }

func (t *tx) SetTTL(key, value []byte, ttl time.Duration) {
	if value == nil {
		value = []byte{}
	}
	t.put(key, write{value: value, ttl: ttl})
}

func (t *tx) Delete(key []byte) { t.put(key, write{}) }

func (t *tx) put(key []byte, w write) {
	if t.writes == nil {
		t.writes = make(map[string]write, 16)
	}
	if old, ok := t.writes[string(key)]; ok {
		t.size -= entrySize(len(key), len(old.value))
	}
	t.size += entrySize(len(key), len(w.value))
	t.writes[string(key)] = w
}

// entrySize is Badger's own estimate of an entry, with its version and metas.
func entrySize(key, value int) int64 { return int64(key+value) + 12 }

func (t *tx) Committed(fn func()) { t.after = append(t.after, fn) }

func (t *tx) Get(key []byte) ([]byte, bool, error) {
	if w, ok := t.writes[string(key)]; ok {
		return bytes.Clone(w.value), w.value != nil, nil
	}
	return t.reader.Get(key)
}

// Scan collects the rows first: the caller may write while it goes through
// them, and Badger allows one iterator at a time in a writing transaction.
func (t *tx) Scan(prefix, from []byte, fn func(engine.Row) error) error {
	return t.merged(prefix, from, true, fn)
}

func (t *tx) Keys(prefix, from []byte, fn func(key []byte) error) error {
	return t.merged(prefix, from, false, func(r engine.Row) error { return fn(r.Key) })
}

func (t *tx) merged(prefix, from []byte, values bool, fn func(engine.Row) error) error {
	var rows []engine.Row
	err := t.reader.iterate(prefix, from, values, func(r engine.Row) error {
		if _, mine := t.writes[string(r.Key)]; !mine {
			rows = append(rows, r)
		}
		return nil
	})
	if err != nil {
		return err
	}
	under, start := string(prefix), string(from)
	for k, w := range t.writes { // a shared transaction holds many: look at the key first
		if strings.HasPrefix(k, under) && w.value != nil && k >= start {
			rows = append(rows, engine.Row{Key: []byte(k), Value: bytes.Clone(w.value)})
		}
	}
	sort.Slice(rows, func(i, j int) bool { return bytes.Compare(rows[i].Key, rows[j].Key) < 0 })
	for _, r := range rows {
		if err := fn(r); errors.Is(err, engine.Stop) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return nil
}
