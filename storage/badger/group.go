package badger

import db "github.com/dgraph-io/badger/v4"

// group is one Badger transaction under construction.
type group struct {
	txn    *db.Txn
	jobs   []*job // succeeded, waiting for the commit
	after  []func()
	size   int64
	count  int
	writes bool
}

// full reports that writes would not fit into one Badger transaction, with
// room for the engine's own.
func (e *Engine) full(size int64, count int) bool {
	return size > e.db.MaxBatchSize()*9/10 || int64(count) > e.db.MaxBatchCount()*9/10
}

// add copies the writes of a succeeded update into the transaction.
func (g *group) add(t *tx) error {
	for k, w := range t.writes {
		e := db.NewEntry([]byte(k), w.value)
		if w.ttl > 0 {
			e = e.WithTTL(w.ttl)
		}
		var err error
		if w.value == nil {
			err = g.txn.Delete([]byte(k))
		} else {
			err = g.txn.SetEntry(e)
		}
		if err != nil {
			return err
		}
		g.writes = true
	}
	g.size += t.size
	g.count += len(t.writes)
	return nil
}
