package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	db "github.com/dgraph-io/badger/v4"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/storage/engine"
)

// secretAnswer is what the person withdraws.
const secretAnswer = "Pelargonium-retire"

// carer is toy, and a step that notes answers and withdraws them.
func carer(v flows.View, in flows.Input) flows.Decision {
	verb, arg, _ := strings.Cut(in.Text, " ")
	d := flows.Decision{Person: v.Person, Toast: "ok"}
	switch verb {
	case "answer":
		d.Person.Profile.Activity = arg
		d.Person.Modules = map[string][]byte{"care": []byte(`{"file":"care/scan"}`), "rights": []byte(`[{"file":"proof"}]`)}
	case "file":
		d.Person.Files = append(d.Person.Files, flows.FileRef{Name: arg, Blob: arg})
		d.Effects = append(d.Effects, flows.Fetch{File: flows.FileRef{Blob: "fetched", ID: "x", Channel: "telegram"}})
	case "withdraw":
		d.Person.Profile.Activity = ""
		d.Person.Modules = map[string][]byte{"rights": d.Person.Modules["rights"]}
		d.Rekey = true
		if arg == "quietly" {
			return d
		}
		d.Effects = append(d.Effects, flows.Cancel{Key: "quote", Reason: "withdrawn"},
			flows.Send{Class: flows.ClassReply, Text: flows.T("withdrawn")})
		if arg == "badly" {
			d.Effects = append(d.Effects, flows.Remind{})
		}
		if arg == "leave" {
			d.Forget = true
		}
	default:
		return toy(v, in)
	}
	return d
}

// rekeyEnv makes the test binary a child that withdraws in this directory.
const rekeyEnv = "RELAIS_STORAGE_REKEY_DIR"

func withdrawChild(dir string) error {
	s, err := Open(context.Background(), Options{Dir: dir, MasterKey: master, Step: carer, MinFree: -1})
	if err != nil {
		return err
	}
	_, err = s.Turn(context.Background(), said(20, "7", "withdraw"))
	return errors.Join(err, s.Close())
}

func caring(o *Options) { o.Step = carer }

// confided fills a store with everything that a person can have, with the
// secret in each kind of row. Letters 3, 4 and 6 wait.
func confided(t *testing.T, s *Store) flows.PersonID {
	t.Helper()
	id := take(t, s, said(1, "7", "ask q1")).Person
	send(t, s, 1, "m1")
	take(t, s, said(2, "7", "answer "+secretAnswer))
	take(t, s, said(3, "7", "remind r 1h"))
	take(t, s, said(4, "7", "panic "+secretAnswer)) // quarantined, and the apology is letter 2
	if err := s.Finish(t.Context(), 2, flows.Delivery{State: flows.Failed, Reason: secretAnswer}); err != nil {
		t.Fatal(err)
	}
	take(t, s, said(5, "7", "file kept")) // letter 3 fetches "fetched"
	take(t, s, said(6, "7", "edit q1"))   // letter 4
	take(t, s, said(7, "7", "ask quote")) // letter 5, which the withdrawal cancels
	take(t, s, said(8, "7", "ask q3"))    // letter 6
	for _, name := range []string{"kept", "fetched", "proof", "care/scan"} {
		if err := s.PutBlob(t.Context(), id, name, strings.NewReader(name+" "+secretAnswer)); err != nil {
			t.Fatal(err)
		}
	}
	return id
}

// sealedRow is a sealed value and where it was.
type sealedRow struct{ place, value []byte }

// sealedRows are all sealed rows of a person now.
func sealedRows(t *testing.T, s *Store, p pid) (rows []sealedRow) {
	t.Helper()
	err := s.eng.View(t.Context(), func(r engine.Reader) error {
		return r.Scan(p.person(), nil, func(row engine.Row) error {
			if len(row.Value) > 0 {
				rows = append(rows, sealedRow{row.Key, row.Value})
			}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// ringKeys are all keys in the keyring's file.
func ringKeys(t *testing.T, dir string) (keys []key) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "keyring"))
	if err != nil {
		t.Fatal(err)
	}
	ring, _, err := parseKeyring(b, key(master).derive("keyring"))
	if err != nil {
		t.Fatal(err)
	}
	keys = append(keys, ring.house)
	for p, k := range ring.keys {
		keys = append(append(keys, k), ring.spare[p]...)
	}
	return keys
}

// everyVersion reads all that Badger's files in copies of db/ and of each
// snapshot still hold, older versions and deleted rows included.
func everyVersion(t *testing.T, dir string) (rows []sealedRow) {
	t.Helper()
	dbs, err := filepath.Glob(filepath.Join(dir, "snapshots", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, from := range append(dbs, filepath.Join(dir, "db")) {
		to := filepath.Join(t.TempDir(), "db")
		if err := os.CopyFS(to, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
		raw := db.DefaultOptions(to).WithLogger(nil).WithValueThreshold(256 << 10).WithMemTableSize(4 << 20).WithNumVersionsToKeep(1 << 30)
		d, err := db.Open(raw)
		if err != nil {
			d, err = db.Open(raw) // an empty write buffer left by a kill is repaired by the first opening
		}
		if err != nil {
			t.Fatal(err)
		}
		err = d.View(func(txn *db.Txn) error {
			opt := db.DefaultIteratorOptions
			opt.AllVersions = true
			it := txn.NewIterator(opt)
			defer it.Close()
			for it.Rewind(); it.Valid(); it.Next() {
				v, err := it.Item().ValueCopy(nil)
				if err != nil {
					return err
				}
				rows = append(rows, sealedRow{it.Item().KeyCopy(nil), v})
			}
			return nil
		})
		if err = errors.Join(err, d.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return rows
}

// unsealed says which values open with one of the keys and hold the needle.
func unsealed(rows []sealedRow, keys []key, needle string) (found []string, opened int) {
	for _, r := range rows {
		for _, k := range keys {
			if plain, err := k.open(r.place, r.value); err == nil {
				opened++
				if needle == "" || bytes.Contains(plain, []byte(needle)) {
					found = append(found, fmt.Sprintf("%q", r.place[19:]))
				}
			}
		}
	}
	return found, opened
}

// stillThere counts the old values of which the bytes are in files.
func stillThere(t *testing.T, dir string, rows []sealedRow) (n int) {
	t.Helper()
	var all [][]byte
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		all = append(all, b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if slices.ContainsFunc(all, func(b []byte) bool { return bytes.Contains(b, r.value) }) {
			n++
		}
	}
	return n
}

func TestRekeyMakesThePastUnreadable(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, caring)
	id := confided(t, s)
	p, _ := parsePID(id)
	withdrawn := onDisk(t, s, p, "care/scan")
	if err := s.Close(); err != nil { // so that there are tables and a snapshot
		t.Fatal(err)
	}
	s = open(t, dir, caring)
	before, files := sealedRows(t, s, p), everyFile(t, s.blobDir(p))
	if found, opened := unsealed(before, ringKeys(t, dir), secretAnswer); len(found) < 3 || opened != len(before) {
		t.Fatalf("before: the secret is in %d rows, %d of %d open", len(found), opened, len(before))
	}
	out := take(t, s, said(20, "7", "withdraw"))
	if out.Person != id || out.Toast != "ok" {
		t.Errorf("outcome: %+v", out)
	}
	check := func(when string) {
		t.Helper()
		keys := ringKeys(t, dir)
		if len(keys) != 2 {
			t.Errorf("%s: %d keys, want the house's and the person's", when, len(keys))
		}
		if found := raw(t, dir, secretAnswer); len(found) > 0 {
			t.Errorf("%s: in plain: %v", when, found)
		}
		if n := stillThere(t, dir, before); n == 0 {
			t.Errorf("%s: no old bytes are left in any file, the test shows nothing", when)
		}
		if _, opened := unsealed(before, keys, ""); opened != 0 {
			t.Errorf("%s: %d old values open", when, opened)
		}
		for path, b := range files {
			kept := path != withdrawn
			if _, err := os.Stat(path); (err == nil) != kept {
				t.Errorf("%s: a file to keep %v: %v", when, kept, err)
			}
			if opens := opensWith(t, b, path, p, keys, sealedRows(t, s, p)); opens != kept {
				t.Errorf("%s: a file opens %v, want %v", when, opens, kept)
			}
		}
	}
	check("at once")
	goesOn(t, s, id)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	versions, keys := everyVersion(t, dir), ringKeys(t, dir)
	found, opened := unsealed(versions, keys, secretAnswer)
	if opened == 0 || len(found) > 0 {
		t.Errorf("of %d values of any version that open, these hold the secret: %v", opened, found)
	}
	t.Logf("%d values of any version, %d open, %d of %d old ones are still in files", len(versions), opened, stillThere(t, dir, before), len(before))
	s = open(t, dir, caring)
	check("after reopening")
}

// onDisk is where a stored file is.
func onDisk(t *testing.T, s *Store, p pid, name string) string {
	t.Helper()
	var k key
	var ok bool
	err := s.view(t.Context(), func(r engine.Reader) (err error) {
		k, ok, err = s.fileKey(r, p, p.file(s.fileHash(p, name)))
		return err
	})
	if err != nil || !ok {
		t.Fatalf("file %s: %v %v", name, ok, err)
	}
	return s.blobPath(p, k)
}

func everyFile(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	list, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, path := range list {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		out[path] = b
	}
	if len(out) != 4 {
		t.Fatalf("%d files", len(out))
	}
	return out
}

// opensWith tries to read a copy of a stored file with the keys, and with
// those that any row gives with them.
func opensWith(t *testing.T, b []byte, path string, p pid, keys []key, rows []sealedRow) bool {
	t.Helper()
	all := slices.Clone(keys)
	for _, r := range rows {
		for _, k := range keys {
			if plain, err := k.open(r.place, r.value); err == nil && len(plain) == 32 {
				all = append(all, key(plain))
			}
		}
	}
	copied := filepath.Join(t.TempDir(), filepath.Base(path))
	if err := os.WriteFile(copied, b, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, k := range all {
		f, err := os.Open(copied)
		if err != nil {
			t.Fatal(err)
		}
		_, err = readBlobHead(f, k, p)
		if err == nil {
			_, err = io.Copy(io.Discard, newOpenReader(f, k.derive("blob"), blobPlace(p, copied)))
		}
		_ = f.Close()
		if err == nil {
			return true
		}
	}
	return false
}

// goesOn checks what a person has after the withdrawal of confided.
func goesOn(t *testing.T, s *Store, id flows.PersonID) {
	t.Helper()
	if rep, err := s.Verify(t.Context()); err != nil || len(rep.Problems) > 0 || rep.Files != 3 {
		t.Errorf("verify: %+v %v", rep, err)
	}
	x, err := s.ExportPerson(t.Context(), id)
	if err != nil || len(x.Failed) != 0 || len(x.Files) != 3 || len(x.Reminders) != 1 || len(x.Person.Modules) != 1 {
		t.Errorf("export: %+v %v", x, err)
	}
	want := []string{"3 fetch reply pending", "4 edit decor pending", "6 send question pending", "7 send reply pending"}
	if got := texts(t, s); !slices.Equal(got, want) {
		t.Errorf("outbox %v, want %v", got, want)
	}
	if l, ok, err := s.Begin(t.Context(), 4); err != nil || !ok || l.Target != "m1" {
		t.Errorf("an edit of a message sent before: %+v %v %v", l, ok, err)
	}
	if l, ok, err := s.Begin(t.Context(), 6); err != nil || !ok || l.Send.Text.String() != "question q3" {
		t.Errorf("a letter from before: %+v %v %v", l, ok, err)
	}
	for _, n := range []uint64{3, 4, 6, 7} {
		if err := s.Finish(t.Context(), n, flows.Delivery{State: flows.Sent, MessageID: fmt.Sprint("n", n)}); err != nil {
			t.Error(err)
		}
	}
	r, err := s.OpenBlob(t.Context(), id, "kept")
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(r); err != nil || string(b) != "kept "+secretAnswer {
		t.Errorf("a file kept: %q %v", b, err)
	}
	_ = r.Close()
	if _, err := s.OpenBlob(t.Context(), id, "care/scan"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file withdrawn: %v", err)
	}
	ins, err := s.Due(t.Context(), day.Add(2*time.Hour), 10)
	if err != nil || len(ins) != 1 {
		t.Fatalf("due: %v %v", ins, err)
	}
	if out := take(t, s, ins[0]); out.Duplicate || out.Person != id {
		t.Errorf("a reminder from before: %+v", out)
	}
	if out := take(t, s, said(30, "7", "ask q9")); out.Person != id {
		t.Errorf("the next message: %+v", out)
	}
	if err := s.PutBlob(t.Context(), id, "care/scan", strings.NewReader("new")); err != nil {
		t.Error(err)
	}
	p, _ := parsePID(id)
	if err := os.Remove(onDisk(t, s, p, "care/scan")); err != nil { // for those who look again
		t.Error(err)
	}
}

// Whoever has more sent messages than one commit can seal anew keeps them all.
func TestRekeyOfManyMessages(t *testing.T) {
	s := open(t, t.TempDir(), caring)
	id := take(t, s, said(0, "7", "ask q0")).Person
	send(t, s, 1, "m0")
	p, _ := parsePID(id)
	const n = 3000
	long := strings.Repeat("x", 100)
	for at := 1; at < n; at += 500 {
		err := s.eng.Update(t.Context(), func(tx engine.Tx) error {
			_, k, err := s.read(tx, p)
			for i := at; i < at+500; i++ {
				l := flows.Letter{Op: flows.OpSend, To: tg("7"), Send: &flows.Send{Key: fmt.Sprint("k", i)}}
				err = errors.Join(err, s.remember(tx, p, k, l, fmt.Sprint(long, i)))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	before := sealedRows(t, s, p)
	take(t, s, said(2, "7", "withdraw"))
	keys := ringKeys(t, s.opt.Dir)
	after := sealedRows(t, s, p)
	if _, opened := unsealed(before, keys, ""); opened != 0 || len(keys) != 2 {
		t.Errorf("%d old values open with %d keys", opened, len(keys))
	}
	if _, opened := unsealed(after, keys, ""); opened != len(after) || opened != len(before)+1 {
		t.Errorf("%d of %d rows open, there were %d and a letter came", opened, len(after), len(before))
	}
	take(t, s, said(3, "7", "edit k2999"))
	if l, ok, err := s.Begin(t.Context(), 3); err != nil || !ok || l.Target != fmt.Sprint(long, 2999) {
		t.Errorf("the last message: %+v %v %v", l, ok, err)
	}
	err := s.eng.View(t.Context(), func(r engine.Reader) error {
		return r.Scan(p.key('m'), nil, func(row engine.Row) error {
			if left := time.Until(row.Expires); left < messageFor-time.Minute || left > messageFor+time.Second {
				return fmt.Errorf("a message is kept for %v", left)
			}
			return nil
		})
	})
	if err != nil {
		t.Error(err)
	}
}

// A withdrawal that cannot be stored leaves everything as it was.
func TestRekeyThatFails(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, caring)
	id := confided(t, s)
	p, _ := parsePID(id)
	before := sealedRows(t, s, p)
	take(t, s, said(20, "7", "withdraw badly")) // quarantined
	if a := person(t, s, id).Profile.Activity; !strings.HasPrefix(a, secretAnswer) {
		t.Errorf("the person changed: %q", a)
	}
	take(t, s, said(21, "7", "hello"))
	if rep, err := s.Verify(t.Context()); err != nil || len(rep.Problems) > 0 || rep.Files != 4 {
		t.Errorf("verify: %+v %v", rep, err)
	}
	take(t, s, said(22, "7", "withdraw"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, caring)
	if keys := ringKeys(t, dir); len(keys) != 2 {
		t.Errorf("%d keys", len(keys))
	} else if _, opened := unsealed(before, keys, ""); opened != 0 {
		t.Errorf("%d old values open", opened)
	}
	if rep, err := s.Verify(t.Context()); err != nil || len(rep.Problems) > 0 {
		t.Errorf("verify: %+v %v", rep, err)
	}
}

// Withdrawing and leaving at once: the last letter is still delivered.
func TestRekeyAndForget(t *testing.T) {
	s := open(t, t.TempDir(), caring)
	id := confided(t, s)
	p, _ := parsePID(id)
	before := sealedRows(t, s, p)
	take(t, s, said(20, "7", "withdraw leave"))
	keys := ringKeys(t, s.opt.Dir)
	if _, opened := unsealed(before, keys, ""); opened != 0 || len(keys) != 2 {
		t.Errorf("%d old values open with %d keys", opened, len(keys))
	}
	if files := everyName(s.blobDir(p)); len(files) != 0 {
		t.Errorf("files: %v", files)
	}
	if l := send(t, s, 7, "x"); l.Send.Text.String() != "withdrawn" {
		t.Errorf("the last letter: %+v", l)
	}
	if keys := ringKeys(t, s.opt.Dir); len(keys) != 1 {
		t.Errorf("%d keys are left", len(keys))
	}
	if err := s.Erase(t.Context(), id); !errors.Is(err, ErrUnknown) {
		t.Errorf("erase: %v", err)
	}
}

func everyName(dir string) []string {
	list, _ := filepath.Glob(filepath.Join(dir, "*"))
	return list
}

func TestRekeyThenErase(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, caring)
	id := confided(t, s)
	take(t, s, said(20, "7", "withdraw"))
	take(t, s, said(21, "7", "withdraw"))
	if err := s.Erase(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if keys := ringKeys(t, dir); len(keys) != 1 {
		t.Errorf("%d keys are left", len(keys))
	}
	if lines, err := readLedger(filepath.Join(dir, "erased")); err != nil || len(lines) != 3 {
		t.Errorf("ledger: %v %v", lines, err)
	}
	if found := raw(t, dir, secretAnswer); len(found) > 0 {
		t.Errorf("in plain: %v", found)
	}
}

// A read that began before sees the past until it ends, and only in memory.
func TestRekeyDuringReads(t *testing.T) {
	s := open(t, t.TempDir(), caring)
	id := confided(t, s)
	p, _ := parsePID(id)
	for n := range 2 {
		err := s.view(t.Context(), func(r engine.Reader) error {
			take(t, s, said(20+n, "7", "withdraw"))
			if keys := ringKeys(t, s.opt.Dir); len(keys) != 2 {
				t.Errorf("%d keys on disk", len(keys))
			}
			before, _, err := s.read(r, p)
			if err == nil && before.ID != id {
				err = errors.New("somebody else")
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if n := len(s.keys.reads.retired); n != 0 {
		t.Errorf("%d destroyed keys are still in memory", n)
	}
	if a := person(t, s, id).Profile.Activity; a != "" {
		t.Errorf("afterwards: %q", a)
	}
}

// Withdrawals, messages, deliveries, exports and checks at the same time.
func TestRekeyUnderLoad(t *testing.T) {
	s := open(t, t.TempDir(), caring)
	pair := keyPair(t)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for n := range 60 {
				text := fmt.Sprint("ask k", n)
				if n%4 == 3 {
					text = "withdraw"
				}
				take(t, s, said(g*1000+n, fmt.Sprint(g%2), text))
			}
		})
	}
	wg.Go(func() {
		for range 40 {
			heads, err := s.Waiting(t.Context())
			if err != nil {
				t.Error(err)
			}
			for _, h := range heads {
				send(t, s, h.ID, fmt.Sprint("m", h.ID))
			}
		}
	})
	wg.Go(func() {
		for range 40 {
			if rep, err := s.Verify(t.Context()); err != nil || len(rep.Problems) > 0 {
				t.Errorf("verify: %v %v", rep.Problems, err)
			}
			for _, from := range []string{"0", "1"} {
				if id, ok, _ := s.Owner(t.Context(), tg(from)); ok {
					if _, err := s.ExportPerson(t.Context(), id); err != nil {
						t.Errorf("export: %v", err)
					}
					if err := s.PutBlob(t.Context(), id, "f", strings.NewReader("x")); err != nil && !errors.Is(err, ErrUnknown) {
						t.Errorf("file: %v", err)
					}
				}
			}
		}
	})
	wg.Go(func() {
		for range 4 {
			var file bytes.Buffer
			if err := s.Backup(t.Context(), &file, pair.Recipient()); err != nil {
				t.Error(err)
			}
			opt := s.opt
			opt.Dir = t.TempDir()
			if rep, err := Restore(t.Context(), opt, &file, pair); err != nil || rep.Lost != 0 {
				t.Errorf("restore: %+v %v", rep, err)
			}
		}
	})
	wg.Wait()
	if keys := ringKeys(t, s.opt.Dir); len(keys) != 3 {
		t.Errorf("%d keys", len(keys))
	}
}

// A backup from before the withdrawal brings the person back only without the
// ledger; one from after brings back what was kept.
func TestRestoreAfterRekey(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, caring)
	id := confided(t, s)
	other := take(t, s, said(10, "8", "silent")).Person
	pair := keyPair(t)
	var old, fresh bytes.Buffer
	if err := s.Backup(t.Context(), &old, pair.Recipient()); err != nil {
		t.Fatal(err)
	}
	take(t, s, said(20, "7", "withdraw"))
	if err := s.Backup(t.Context(), &fresh, pair.Recipient()); err != nil {
		t.Fatal(err)
	}
	ledger, err := os.ReadFile(filepath.Join(dir, "erased"))
	if err != nil {
		t.Fatal(err)
	}
	restored := func(file *bytes.Buffer, ledger []byte) (*Store, Report) {
		t.Helper()
		opt := s.opt
		opt.Dir = t.TempDir()
		if ledger != nil {
			if err := os.WriteFile(filepath.Join(opt.Dir, "erased"), ledger, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		rep, err := Restore(t.Context(), opt, bytes.NewReader(file.Bytes()), pair)
		if err != nil {
			t.Fatal(err)
		}
		return open(t, opt.Dir, caring), rep
	}
	r, rep := restored(&fresh, ledger)
	if rep.Lost != 0 || rep.Persons != 2 || rep.Files != 3 {
		t.Errorf("a backup from after: %+v", rep)
	}
	goesOn(t, r, id)
	r, rep = restored(&old, ledger)
	if rep.Lost != 1 || rep.Persons != 1 || rep.Files != 0 {
		t.Errorf("a backup from before, with the ledger: %+v", rep)
	}
	if _, err := r.Person(t.Context(), id); !errors.Is(err, ErrUnknown) {
		t.Errorf("the person: %v", err)
	}
	if _, err := r.Person(t.Context(), other); err != nil {
		t.Errorf("the other person: %v", err)
	}
	if lines, _ := readLedger(r.opt.path("erased")); len(lines) != 1 {
		t.Errorf("ledger: %v", lines)
	}
	if again := take(t, r, said(40, "7", "hello")).Person; again == id {
		t.Error("the account still leads to the lost person")
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if found, opened := unsealed(everyVersion(t, r.opt.Dir), ringKeys(t, r.opt.Dir), secretAnswer); len(found) > 0 || opened == 0 {
		t.Errorf("the secret is back in %v (%d open)", found, opened)
	}
	if _, rep := restored(&old, nil); rep.Lost != 0 || rep.Persons != 2 || rep.Files != 4 {
		t.Errorf("a backup from before, alone: %+v", rep)
	}
}
