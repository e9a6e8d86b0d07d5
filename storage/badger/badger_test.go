package badger

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coopconnexion/relais/storage/engine"
)

func at(dir string, create bool) Options {
	return Options{Dir: filepath.Join(dir, "db"), Mark: filepath.Join(dir, "mark"), Snapshots: filepath.Join(dir, "snapshots"),
		Create: create, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}
}

func start(t testing.TB, dir string, create bool) *Engine {
	t.Helper()
	e, err := Open(at(dir, create))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func put(t testing.TB, e *Engine, k, v string) {
	t.Helper()
	if err := e.Update(context.Background(), func(tx engine.Tx) error { tx.Set([]byte(k), []byte(v)); return nil }); err != nil {
		t.Fatal(err)
	}
}

func get(t testing.TB, e *Engine, k string) string {
	t.Helper()
	var out string
	err := e.View(context.Background(), func(r engine.Reader) error {
		v, ok, err := r.Get([]byte(k))
		if out = string(v); !ok {
			out = "<none>"
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAFailingUpdateFailsAlone(t *testing.T) {
	e := start(t, t.TempDir(), true)
	var wg sync.WaitGroup
	sum := make([]error, 300)
	for i := range sum {
		wg.Go(func() {
			sum[i] = e.Update(context.Background(), func(tx engine.Tx) error {
				v, _, err := tx.Get([]byte("n"))
				if err != nil {
					return err
				}
				n := uint64(0)
				if len(v) == 8 {
					n = binary.BigEndian.Uint64(v)
				}
				tx.Set([]byte("n"), binary.BigEndian.AppendUint64(nil, n+1))
				switch i % 3 {
				case 1:
					return errors.New("no")
				case 2:
					panic("boom")
				}
				return nil
			})
		})
	}
	wg.Wait()
	for i, err := range sum {
		if (err != nil) != (i%3 != 0) {
			t.Errorf("update %d: %v", i, err)
		}
	}
	if got := get(t, e, "n"); binary.BigEndian.Uint64([]byte(got)) != 100 {
		t.Errorf("n = %x", got)
	}
	if e.Seq() == 0 || e.Seq() > 100 {
		t.Errorf("%d commits", e.Seq())
	}
}

func TestUpdatesSeeThemselves(t *testing.T) {
	e := start(t, t.TempDir(), true)
	put(t, e, "p/1", "a")
	put(t, e, "p/2", "b")
	put(t, e, "p/4", "d")
	var order []int
	err := e.Update(t.Context(), func(tx engine.Tx) error {
		tx.Committed(func() { order = append(order, 1) })
		tx.Delete([]byte("p/1"))
		tx.Set([]byte("p/2"), []byte("B"))
		tx.Set([]byte("p/3"), nil)
		var got []string
		err := tx.Scan([]byte("p/"), nil, func(r engine.Row) error {
			tx.Set([]byte("q"+string(r.Key)), r.Value) // writing while scanning
			got = append(got, string(r.Key)+"="+string(r.Value))
			return nil
		})
		if want := "p/2=B p/3= p/4=d"; strings.Join(got, " ") != want {
			t.Errorf("scan %v", got)
		}
		if _, ok, _ := tx.Get([]byte("p/1")); ok {
			t.Error("a deleted key is there")
		}
		return err
	})
	if err != nil || len(order) != 1 {
		t.Errorf("%v, hooks %v", err, order)
	}
	var keys []string
	_ = e.View(t.Context(), func(r engine.Reader) error {
		return r.Keys([]byte("p/"), []byte("p/3"), func(k []byte) error { keys = append(keys, string(k)); return engine.Stop })
	})
	if len(keys) != 1 || keys[0] != "p/3" {
		t.Errorf("keys from p/3, stopped at once: %v", keys)
	}
}

func TestGroupsSplitAndRefuseTheTooBig(t *testing.T) {
	e := start(t, t.TempDir(), true)
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() { put(t, e, fmt.Sprint("big", i), strings.Repeat("x", 300<<10)) })
	}
	wg.Wait()
	for i := range 40 {
		if len(get(t, e, fmt.Sprint("big", i))) != 300<<10 {
			t.Errorf("value %d is lost", i)
		}
	}
	err := e.Update(t.Context(), func(tx engine.Tx) error {
		tx.Set([]byte("k"), make([]byte, 900<<10))
		return nil
	})
	if !errors.Is(err, engine.ErrTooBig) {
		t.Errorf("too big: %v", err)
	}
	put(t, e, "after", "1")
}

func TestTTLAndGivingUp(t *testing.T) {
	e := start(t, t.TempDir(), true)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := e.Update(ctx, func(tx engine.Tx) error { tx.Set([]byte("x"), nil); return nil }); err == nil {
		// it may have been taken at once; then it is there
		if get(t, e, "x") != "" {
			t.Error("no error and no effect")
		}
	}
	_ = e.Update(t.Context(), func(tx engine.Tx) error { tx.SetTTL([]byte("ttl"), []byte("v"), time.Hour); return nil })
	_ = e.View(t.Context(), func(r engine.Reader) error {
		return r.Scan([]byte("ttl"), nil, func(row engine.Row) error {
			if left := time.Until(row.Expires); left < 59*time.Minute || left > 61*time.Minute {
				t.Errorf("expires in %v", left)
			}
			return nil
		})
	})
}

// The negative control: without SyncWrites a power cut loses acknowledged
// commits, so the engine must refuse to open.
func TestSyncWritesIsAsserted(t *testing.T) {
	dir := t.TempDir()
	opt := at(dir, true)
	set := settings(opt.Dir, opt.Logger)
	if !set.SyncWrites {
		t.Error("the settings do not sync")
	}
	if e, err := open(opt, set.WithSyncWrites(false)); err == nil {
		_ = e.Close()
		t.Error("opened without SyncWrites")
	}
}

func TestSecondOpenIsRefused(t *testing.T) {
	dir := t.TempDir()
	start(t, dir, true)
	if _, err := Open(at(dir, false)); !errors.Is(err, engine.ErrBusy) {
		t.Errorf("second opening: %v", err)
	}
}

// filled makes a store of tables and a write buffer, and leaves it as a kill
// does: copied while it is open.
func filled(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	e := start(t, dir, true)
	for i := range 40 {
		put(t, e, fmt.Sprintf("k%03d", i), strings.Repeat("x", 250<<10))
	}
	for i := range 200 {
		put(t, e, fmt.Sprintf("s%03d", i), "small")
	}
	if err := e.mark.Settle(filepath.Join(dir, "db", "MANIFEST")); err != nil {
		t.Fatal(err)
	}
	return copied(t, dir)
}

// copied is a copy of a store for one damage.
func copied(t *testing.T, dir string) string {
	t.Helper()
	for range 50 {
		to := t.TempDir()
		before, err := tablesIn(filepath.Join(dir, "db"))
		if err == nil {
			err = copyDir(filepath.Join(dir, "db"), filepath.Join(to, "db"))
		}
		after, afterErr := tablesIn(filepath.Join(dir, "db"))
		if err != nil || afterErr != nil || !maps.Equal(before, after) {
			continue // a compaction went on meanwhile: not the picture of one moment
		}
		if err := copySparse(filepath.Join(dir, "mark"), filepath.Join(to, "mark")); err != nil {
			t.Fatal(err)
		}
		return to
	}
	t.Fatal("the engine never rests")
	return ""
}

func TestACrashedStoreOpens(t *testing.T) {
	dir := filled(t)
	e := start(t, dir, false)
	if get(t, e, "s199") != "small" || len(get(t, e, "k000")) != 250<<10 {
		t.Error("values are lost")
	}
	seq := e.Seq()
	put(t, e, "more", "1")
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	for range 3 { // and snapshots are kept, two of them
		e = start(t, dir, false)
		if e.Seq() != seq+1 {
			t.Errorf("sequence %d, want %d", e.Seq(), seq+1)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if names, _, _ := snapshots(filepath.Join(dir, "snapshots")); len(names) != keepSnapshots {
		t.Errorf("snapshots: %v", names)
	}
}

// change edits a file in place.
func change(t *testing.T, path string, fn func([]byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, fn(b), 0o600); err != nil {
		t.Fatal(err)
	}
}

// one returns the n-th file of an extension; negative counts from the end.
func one(t *testing.T, dir, ext string, n int) string {
	t.Helper()
	list, _ := filepath.Glob(filepath.Join(dir, "db", "*"+ext))
	if len(list) == 0 {
		t.Fatalf("no %s file", ext)
	}
	return list[(n+len(list))%len(list)]
}

// Each damage makes Badger open with losses, or die; we must refuse, in one
// line, and leave the tables alone.
func TestDamageIsRefused(t *testing.T) {
	damages := []struct {
		name string
		do   func(t *testing.T, dir string)
		says string
	}{
		{"MANIFEST deleted", func(t *testing.T, dir string) { _ = os.Remove(filepath.Join(dir, "db", "MANIFEST")) }, "MANIFEST cannot be read"},
		{"MANIFEST cut", func(t *testing.T, dir string) {
			change(t, filepath.Join(dir, "db", "MANIFEST"), func(b []byte) []byte { return b[:len(b)-5] })
		}, "MANIFEST"},
		{"MANIFEST emptied", func(t *testing.T, dir string) {
			change(t, filepath.Join(dir, "db", "MANIFEST"), func(b []byte) []byte { return nil })
		}, "MANIFEST"},
		{"MANIFEST of an earlier day", func(t *testing.T, dir string) {
			change(t, filepath.Join(dir, "db", "MANIFEST"), func(b []byte) []byte { return withoutLastRecord(b) })
		}, "MANIFEST"},
		{"write buffer: a byte flipped in the middle", func(t *testing.T, dir string) {
			change(t, one(t, dir, ".mem", -1), func(b []byte) []byte { b[used(b)/2] ^= 0x40; return b })
		}, "acknowledged"},
		{"write buffer: the end zeroed", func(t *testing.T, dir string) {
			change(t, one(t, dir, ".mem", -1), func(b []byte) []byte { n := used(b); clear(b[n-9 : n]); return b })
		}, "acknowledged"},
		{"write buffer deleted", func(t *testing.T, dir string) { _ = os.Remove(one(t, dir, ".mem", -1)) }, "acknowledged"},
		{"table deleted", func(t *testing.T, dir string) { _ = os.Remove(one(t, dir, ".sst", 0)) }, "missing"},
		{"table cut", func(t *testing.T, dir string) {
			change(t, one(t, dir, ".sst", 0), func(b []byte) []byte { return b[:len(b)/2] })
		}, "not readable"},
		{"table: a byte flipped", func(t *testing.T, dir string) {
			change(t, one(t, dir, ".sst", 0), func(b []byte) []byte { b[len(b)/3] ^= 1; return b })
		}, "not readable"},
		{"mark deleted", func(t *testing.T, dir string) { _ = os.Remove(filepath.Join(dir, "mark")) }, "mark"},
		{"everything deleted but the mark", func(t *testing.T, dir string) { _ = os.RemoveAll(filepath.Join(dir, "db")) }, "MANIFEST cannot be read"},
	}
	whole := filled(t)
	for _, d := range damages {
		t.Run(d.name, func(t *testing.T) {
			dir := copied(t, whole)
			d.do(t, dir)
			before, _ := filepath.Glob(filepath.Join(dir, "db", "*.sst"))
			e, err := Open(at(dir, false))
			if err == nil {
				_ = e.Close()
				t.Fatal("opened")
			}
			if !errors.Is(err, engine.ErrDamaged) || !strings.Contains(err.Error(), d.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error: %v", err)
			}
			after, _ := filepath.Glob(filepath.Join(dir, "db", "*.sst"))
			copies, _ := filepath.Glob(filepath.Join(dir, "snapshots", "*", "*.sst"))
			if len(after) < len(before) && len(copies) < len(before) {
				t.Errorf("tables before %d, after %d, in the snapshots %d", len(before), len(after), len(copies))
			}
		})
	}
}

// used is the length of a write buffer without its empty end.
func used(b []byte) int {
	n := len(b)
	for n > 0 && b[n-1] == 0 {
		n--
	}
	return n
}

// withoutLastRecord cuts a MANIFEST between two records.
func withoutLastRecord(b []byte) []byte {
	at, last := 8, 8
	for at < len(b) {
		last, at = at, at+8+int(binary.BigEndian.Uint32(b[at:]))
	}
	return b[:last]
}

// A kill leaves an empty file when it falls between the creation of a file and
// its first byte, or between its emptying and its removal.
func TestEmptyFilesOfAKillAreNoDamage(t *testing.T) {
	for _, c := range []struct {
		ext, form string
		step      int
	}{{".mem", "%05d.mem", 1}, {".vlog", "%06d.vlog", 1}, {".vlog", "%06d.vlog", -1}} {
		t.Run(fmt.Sprintf("%s %+d", c.ext, c.step), func(t *testing.T) {
			dir := filled(t)
			var last int
			_, _ = fmt.Sscanf(filepath.Base(one(t, dir, c.ext, -1)), c.form, &last)
			if err := os.WriteFile(filepath.Join(dir, "db", fmt.Sprintf(c.form, last+c.step)), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			var log strings.Builder
			opt := at(dir, false)
			opt.Logger = slog.New(slog.NewTextHandler(&log, nil))
			e, err := Open(opt)
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			if get(t, e, "s199") != "small" || !strings.Contains(log.String(), "removed") {
				t.Errorf("values lost, or nothing was said: %s", log.String())
			}
		})
	}
}

// An older write buffer that loses commits leaves the sequence intact, but a
// hole in the ring.
func TestAHoleFurtherBackIsRefused(t *testing.T) {
	dir := t.TempDir()
	e := start(t, dir, true)
	for i := range 20 {
		put(t, e, fmt.Sprint(i), "v")
	}
	err := e.Update(t.Context(), func(tx engine.Tx) error { tx.Set(ringKey(7), make([]byte, 8)); return nil })
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(at(dir, false)); !errors.Is(err, engine.ErrDamaged) || !strings.Contains(err.Error(), "commit 7") {
		t.Errorf("error: %v", err)
	}
}

func TestCreateRefusesAnOldStore(t *testing.T) {
	dir := t.TempDir()
	e := start(t, dir, true)
	put(t, e, "k", "v")
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(at(dir, true)); err == nil {
		t.Error("made over an old store")
	}
	if e = start(t, dir, false); get(t, e, "k") != "v" {
		t.Error("the old store has lost its value")
	}
}

func TestABrokenDiskStopsEverything(t *testing.T) {
	dir := t.TempDir()
	opt := at(dir, true)
	var fail error
	opt.BeforeCommit = func() error { return fail }
	e, err := Open(opt)
	if err != nil {
		t.Fatal(err)
	}
	put(t, e, "k", "v")
	fail = errors.New("input/output error")
	set := func(tx engine.Tx) error { tx.Set([]byte("x"), nil); return nil }
	if err := e.Update(t.Context(), set); !errors.Is(err, engine.ErrBroken) {
		t.Errorf("first: %v", err)
	}
	<-e.Broken()
	fail = nil
	if err := e.Update(t.Context(), set); !errors.Is(err, engine.ErrBroken) {
		t.Errorf("later: %v", err)
	}
	if err := e.View(t.Context(), func(engine.Reader) error { return nil }); !errors.Is(err, engine.ErrBroken) {
		t.Errorf("view: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	if e = start(t, dir, false); get(t, e, "k") != "v" {
		t.Error("lost")
	}
}

func TestClosed(t *testing.T) {
	e := start(t, t.TempDir(), true)
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			err := e.Update(context.Background(), func(tx engine.Tx) error { tx.Set([]byte{byte(i)}, nil); return nil })
			if err != nil && !errors.Is(err, engine.ErrClosed) {
				t.Error(err)
			}
		})
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	if err := e.Update(t.Context(), func(engine.Tx) error { return nil }); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("after closing: %v", err)
	}
}

// Closing waits for a reader, who may even start another one meanwhile.
func TestCloseWaitsForReaders(t *testing.T) {
	e := start(t, t.TempDir(), true)
	put(t, e, "k", "v")
	inside, closed := make(chan struct{}), make(chan error, 1)
	go func() {
		<-inside
		closed <- e.Close()
	}()
	err := e.View(t.Context(), func(r engine.Reader) error {
		close(inside)
		<-e.done // the combiner has ended, Close is on its way
		err := e.View(context.Background(), func(engine.Reader) error { return nil })
		if err != nil && !errors.Is(err, engine.ErrClosed) {
			return err
		}
		select {
		case <-closed:
			return errors.New("closed under a reader")
		default:
		}
		_, ok, err := r.Get([]byte("k"))
		if !ok {
			return errors.New("no value")
		}
		return err
	})
	if err := errors.Join(err, <-closed); err != nil {
		t.Error(err)
	}
}
