// Package enginetest is what every engine of the store must do, as one test:
// random updates, failures, panics, scans and drops, compared with a plain map.
package enginetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/coopconnexion/relais/storage/engine"
)

// Run checks an engine; it must be empty, and is left with rows in it.
func Run(t *testing.T, e engine.Engine) {
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++ // each run has its own prefix, and so begins empty
		m := &model{e: e, rows: map[string]string{}, prefix: fmt.Sprintf("run%d/", round)}
		rt.Repeat(map[string]func(*rapid.T){
			"update": m.update,
			"drop":   m.drop,
			"":       m.compare,
		})
	})
}

type model struct {
	e      engine.Engine
	rows   map[string]string
	prefix string
}

func (m *model) key(t *rapid.T) string {
	return m.prefix + rapid.StringMatching(`[ab]{1,2}/[a-c]{0,2}`).Draw(t, "key")
}

var errRefused = errors.New("refused")

// update runs several operations as one, and lets some fail at the end.
func (m *model) update(t *rapid.T) {
	next := maps.Clone(m.rows)
	end := rapid.SampledFrom([]string{"ok", "ok", "ok", "error", "panic"}).Draw(t, "end")
	committed := false
	err := m.e.Update(context.Background(), func(tx engine.Tx) error {
		tx.Committed(func() { committed = true })
		for range rapid.IntRange(0, 8).Draw(t, "n") {
			m.operate(t, tx, next)
		}
		switch end {
		case "error":
			return errRefused
		case "panic":
			panic("refused")
		}
		return nil
	})
	if (err != nil) != (end != "ok") || committed != (end == "ok") || end == "error" && !errors.Is(err, errRefused) {
		t.Fatalf("%s: error %v, committed %v", end, err, committed)
	}
	if err == nil {
		m.rows = next
	}
}

func (m *model) operate(t *rapid.T, tx engine.Tx, next map[string]string) {
	k := m.key(t)
	switch rapid.SampledFrom([]string{"set", "set", "delete", "get", "scan"}).Draw(t, "op") {
	case "set":
		v := rapid.StringN(0, 4, -1).Draw(t, "value")
		tx.Set([]byte(k), []byte(v))
		next[k] = v
	case "delete":
		tx.Delete([]byte(k))
		delete(next, k)
	case "get":
		v, ok, err := tx.Get([]byte(k))
		if want, there := next[k]; err != nil || ok != there || string(v) != want {
			t.Fatalf("get %s: %q %v %v, want %q %v", k, v, ok, err, want, there)
		}
	case "scan":
		m.scan(t, tx, next)
	}
}

// scan reads a range and compares it with the map.
func (m *model) scan(t *rapid.T, r engine.Reader, rows map[string]string) {
	prefix := m.prefix + rapid.SampledFrom([]string{"", "a", "a/", "b", "bb/", "c"}).Draw(t, "prefix")
	from := m.key(t)
	limit := rapid.IntRange(1, 20).Draw(t, "limit")
	var want, got, keys []string
	for _, k := range slices.Sorted(maps.Keys(rows)) {
		if strings.HasPrefix(k, prefix) && k >= from && len(want) < limit {
			want = append(want, k+"="+rows[k])
		}
	}
	stop := func(n int) error {
		if n >= limit {
			return engine.Stop
		}
		return nil
	}
	err := r.Scan([]byte(prefix), []byte(from), func(row engine.Row) error {
		got = append(got, string(row.Key)+"="+string(row.Value))
		return stop(len(got))
	})
	err = errors.Join(err, r.Keys([]byte(prefix), []byte(from), func(k []byte) error {
		keys = append(keys, string(k)+"="+rows[string(k)])
		return stop(len(keys))
	}))
	if err != nil || !slices.Equal(got, want) || !slices.Equal(keys, want) {
		t.Fatalf("scan %s from %s: %v, keys %v, want %v, %v", prefix, from, got, keys, want, err)
	}
}

// drop removes everything under a prefix.
func (m *model) drop(t *rapid.T) {
	if rapid.IntRange(0, 9).Draw(t, "rarely") > 0 {
		return
	}
	prefix := m.prefix + rapid.SampledFrom([]string{"a/", "b", "bb/", "c"}).Draw(t, "prefix")
	if err := m.e.DropPrefix(context.Background(), []byte(prefix)); err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(m.rows, func(k, _ string) bool { return strings.HasPrefix(k, prefix) })
}

// compare reads everything.
func (m *model) compare(t *rapid.T) {
	err := m.e.View(context.Background(), func(r engine.Reader) error {
		n := 0
		err := r.Scan([]byte(m.prefix), nil, func(row engine.Row) error {
			n++
			if want, ok := m.rows[string(row.Key)]; !ok || !bytes.Equal(row.Value, []byte(want)) {
				return fmt.Errorf("row %s=%q, want %q %v", row.Key, row.Value, want, ok)
			}
			return nil
		})
		if err == nil && n != len(m.rows) {
			err = fmt.Errorf("%d rows, want %d", n, len(m.rows))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
