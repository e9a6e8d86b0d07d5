package storage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"

	"github.com/coopconnexion/relais/flows"
)

// lived is a store with everything in it.
func lived(t *testing.T, dir string) (*Store, flows.PersonID) {
	s := open(t, dir)
	id := take(t, s, said(1, "7", "ask q1")).Person
	send(t, s, 1, "m1")
	take(t, s, said(2, "7", "remind r 1h"))
	take(t, s, said(3, "7", "post contact/1"))
	send(t, s, 2, "C1:1")
	take(t, s, said(4, "7", "issue K7"))
	take(t, s, said(5, "7", "panic"))
	take(t, s, said(6, "7", "declare 2026-10"))
	if err := s.PutBlob(t.Context(), id, "doc/1", strings.NewReader(strings.Repeat("facture ", 20000))); err != nil {
		t.Fatal(err)
	}
	for n := range 30 {
		take(t, s, said(100+n, fmt.Sprint("other", n), "hello"))
	}
	return s, id
}

// key of the backups in tests.
func keyPair(t *testing.T) *age.X25519Identity {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestBackupAndRestore(t *testing.T) {
	s, id := lived(t, t.TempDir())
	pair := keyPair(t)
	var file bytes.Buffer
	if err := s.Backup(t.Context(), &file, pair.Recipient()); err != nil {
		t.Fatal(err)
	}
	want := dump(t, s)
	dir := t.TempDir()
	opt := s.opt
	opt.Dir = dir
	rep, err := Restore(t.Context(), opt, bytes.NewReader(file.Bytes()), pair)
	if err != nil || len(rep.Problems) > 0 || rep.Persons != 31 || rep.Files != 1 {
		t.Fatalf("restore: %+v %v", rep, err)
	}
	r := open(t, dir)
	if diff := cmp.Diff(want, dump(t, r)); diff != "" {
		t.Errorf("restored differs: %s", diff)
	}
	if !take(t, r, said(1, "7", "ask q1")).Duplicate {
		t.Error("the seen ids are lost")
	}
	if out := take(t, r, said(900, "7", "declare 2026-10")); out.Toast != "D-0002" || out.Person != id {
		t.Errorf("after the restore: %+v", out)
	}
	b, err := r.OpenBlob(t.Context(), id, "doc/1")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if content, err := io.ReadAll(b); err != nil || len(content) != 160000 {
		t.Errorf("file: %d bytes, %v", len(content), err)
	}
	if _, err := Restore(t.Context(), opt, bytes.NewReader(file.Bytes()), pair); err == nil {
		t.Error("restored over a store")
	}
}

// dump is all that a store says, by person.
func dump(t *testing.T, s *Store) map[string]string {
	t.Helper()
	out := map[string]string{}
	var ids []flows.PersonID
	if err := s.Each(t.Context(), func(p flows.Person) error { ids = append(ids, p.ID); return nil }); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		x, err := s.ExportPerson(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := json.Marshal(x)
		out[string(id)] = string(b)
	}
	out["outbox"] = strings.Join(texts(t, s), "\n")
	at, ok := s.NextDue(t.Context())
	out["due"] = fmt.Sprint(at, ok)
	return out
}

func TestADamagedBackupIsRefused(t *testing.T) {
	s, _ := lived(t, t.TempDir())
	pair := keyPair(t)
	var file bytes.Buffer
	if err := s.Backup(t.Context(), &file, pair.Recipient()); err != nil {
		t.Fatal(err)
	}
	whole := file.Bytes()
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 1
	last := bytes.Clone(whole)
	last[len(last)-1] ^= 1
	for name, b := range map[string][]byte{"cut": whole[:len(whole)-1], "half": whole[:len(whole)/2], "flipped": flipped, "last byte": last} {
		opt := s.opt
		opt.Dir = t.TempDir()
		if _, err := Restore(t.Context(), opt, bytes.NewReader(b), pair); err == nil {
			t.Errorf("%s: restored", name)
		}
		if _, err := Open(t.Context(), Options{Dir: opt.Dir, MasterKey: master, MinFree: -1}); err == nil {
			t.Errorf("%s: a store half restored opens", name)
		}
	}
	opt := s.opt
	opt.Dir = t.TempDir()
	if _, err := Restore(t.Context(), opt, bytes.NewReader(whole), keyPair(t)); err == nil {
		t.Error("another key opens the backup")
	}
	opt.Dir, opt.MasterKey = t.TempDir(), bytes.Repeat([]byte("x"), 32)
	if _, err := Restore(t.Context(), opt, bytes.NewReader(whole), pair); !errors.Is(err, ErrWrongKey) {
		t.Errorf("another master key: %v", err)
	}
}

// A person erased after the backup stays erased when it is restored.
func TestRestoreObeysTheLedger(t *testing.T) {
	dir := t.TempDir()
	s, id := lived(t, dir)
	pair := keyPair(t)
	var file bytes.Buffer
	if err := s.Backup(t.Context(), &file, pair.Recipient()); err != nil {
		t.Fatal(err)
	}
	if err := s.Erase(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	ledger, err := os.ReadFile(filepath.Join(dir, "erased"))
	if err != nil {
		t.Fatal(err)
	}
	opt := s.opt
	opt.Dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(opt.Dir, "erased"), ledger, 0o600); err != nil {
		t.Fatal(err)
	}
	rep, err := Restore(t.Context(), opt, bytes.NewReader(file.Bytes()), pair)
	if err != nil || rep.Persons != 30 || rep.Files != 0 {
		t.Errorf("restore: %+v %v", rep, err)
	}
	r := open(t, opt.Dir)
	if _, err := r.Person(t.Context(), id); !errors.Is(err, ErrUnknown) {
		t.Errorf("the erased person is back: %v", err)
	}
	p, _ := parsePID(id)
	if found := raw(t, filepath.Join(opt.Dir, "db"), string(p.person())); len(found) > 0 {
		t.Errorf("rows of the erased person: %v", found)
	}
	if lines, _ := readLedger(r.opt.path("erased")); len(lines) != 1 {
		t.Errorf("ledger: %v", lines)
	}
}

// Backups run while inputs come and people are erased; each must restore.
func TestBackupUnderLoad(t *testing.T) {
	s := open(t, t.TempDir())
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				in := said(g*100000+n, fmt.Sprint(g, "/", n%50), "hello")
				if n%17 == 3 {
					in.Text = "vanish"
				}
				if n%29 == 5 {
					if id, ok, _ := s.Owner(context.Background(), in.From); ok {
						_ = s.Erase(context.Background(), id)
					}
				}
				if _, err := s.Turn(context.Background(), in); err != nil {
					t.Error(err)
				}
			}
		})
	}
	pair := keyPair(t)
	for range 5 {
		var file bytes.Buffer
		if err := s.Backup(t.Context(), &file, pair.Recipient()); err != nil {
			t.Fatal(err)
		}
		opt := s.opt
		opt.Dir = t.TempDir()
		if rep, err := Restore(t.Context(), opt, &file, pair); err != nil {
			t.Errorf("restore: %+v %v", rep, err)
		}
	}
	stop()
	wg.Wait()
	if rep, err := s.Verify(t.Context()); err != nil || len(rep.Problems) > 0 {
		t.Errorf("verify: %v %v", rep.Problems, err)
	}
}

func TestExportPerson(t *testing.T) {
	s, id := lived(t, t.TempDir())
	x, err := s.ExportPerson(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if x.Person.ID != id || x.Person.Secret != "" || len(x.Reminders) != 1 || x.Reminders[0].Name != "r" ||
		len(x.Letters) != 2 || len(x.Failed) != 1 || len(x.Files) != 1 {
		t.Errorf("export: %+v", x)
	}
	if _, err := s.ExportPerson(t.Context(), "00112233445566778899aabbccddeeff"); !errors.Is(err, ErrUnknown) {
		t.Errorf("nobody: %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	s, _ := lived(t, dir)
	opt := s.opt
	opt.Create = true
	if _, err := Open(t.Context(), opt); !errors.Is(err, ErrBusy) {
		t.Errorf("second instance: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wrong := opt
	wrong.MasterKey = bytes.Repeat([]byte("k"), 32)
	if _, err := Open(t.Context(), wrong); !errors.Is(err, ErrWrongKey) {
		t.Errorf("wrong key: %v", err)
	}
	wrong.MasterKey = []byte("short")
	if _, err := Open(t.Context(), wrong); err == nil || !strings.Contains(err.Error(), "32") {
		t.Errorf("short key: %v", err)
	}
	empty := opt
	empty.Dir, empty.Create = t.TempDir(), false
	if _, err := Open(t.Context(), empty); !errors.Is(err, ErrNoStore) {
		t.Errorf("no store: %v", err)
	}
	if err := Init(t.Context(), opt); err == nil {
		t.Error("made over an old store")
	}
	for name, says := range map[string]string{"db": "MANIFEST", "mark": "mark", "keyring": "keyring", "identity.json": "no store"} {
		moved := opt.path(name) + ".away"
		if err := os.Rename(opt.path(name), moved); err != nil {
			t.Fatal(err)
		}
		if r, err := Open(t.Context(), opt); err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("without %s: %v", name, err)
			if err == nil {
				_ = r.Close()
			}
		}
		if err := os.Rename(moved, opt.path(name)); err != nil {
			t.Fatal(err)
		}
	}
	open(t, dir)
}

func TestKeyringDamage(t *testing.T) {
	dir := t.TempDir()
	s, id := lived(t, dir)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	opt := s.opt
	path := opt.path("keyring")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	try := func(b []byte) error {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := Open(t.Context(), opt)
		if err == nil {
			return r.Close()
		}
		return err
	}
	flipped := bytes.Clone(whole)
	flipped[ringHead+40] ^= 1
	if err := try(flipped); !errors.Is(err, ErrDamaged) {
		t.Errorf("flipped: %v", err)
	}
	if err := try(whole[:len(whole)-ringRecord]); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "1 persons have no key") {
		t.Errorf("an older keyring: %v", err)
	}
	if err := try(append(bytes.Clone(whole), whole[ringHead:ringHead+50]...)); err != nil {
		t.Errorf("a record cut off by a crash: %v", err)
	}
	r := open(t, dir)
	if p := person(t, r, id); p.Inputs != 5 {
		t.Errorf("inputs %d", p.Inputs)
	}
}

func TestDiskGuard(t *testing.T) {
	s := open(t, t.TempDir(), func(o *Options) { o.MinFree = 1 << 60 })
	if _, err := s.Turn(t.Context(), said(1, "7", "hello")); !errors.Is(err, ErrDiskFull) {
		t.Errorf("turn: %v", err)
	}
	if free, need, err := s.Free(); err != nil || free <= 0 || need != 1<<60 {
		t.Errorf("free %d of %d, %v", free, need, err)
	}
	f := freeSpace{}
	for total, want := range map[int64]int64{1 << 30: minFreeFloor, 20 << 30: 1 << 30, 1 << 40: minFreeRoof} {
		if got := f.need(total); got != want {
			t.Errorf("a disk of %d needs %d, want %d", total, got, want)
		}
	}
}

func TestTurnAfterCancel(t *testing.T) {
	s := open(t, t.TempDir())
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	_, err := s.Turn(ctx, said(1, "7", "hello"))
	out, again := s.Turn(t.Context(), said(1, "7", "hello"))
	if again != nil || out.Duplicate == (err != nil) {
		t.Errorf("given up with %v, then duplicate %v, %v", err, out.Duplicate, again)
	}
}
