package storage

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/storage/engine"
)

// raw looks for the needles in every byte of a directory.
func raw(t testing.TB, dir string, needles ...string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		for _, n := range needles {
			if bytes.Contains(b, []byte(n)) || strings.Contains(path, n) {
				found = append(found, n+" in "+path)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

const canary = "Zebulon-confidentiel"

func TestErase(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	gone := take(t, s, said(1, "4242424242", "ask "+canary)).Person
	kept := take(t, s, said(2, "5353535353", "hello")).Person
	take(t, s, said(3, "4242424242", "issue CODE-"+canary))
	take(t, s, said(4, "4242424242", "remind "+canary+" 1h"))
	take(t, s, said(5, "4242424242", "post card-"+canary))
	send(t, s, 3, "C9:"+canary)
	take(t, s, said(6, "4242424242", "panic "+canary))
	for _, id := range []flows.PersonID{gone, kept} {
		if err := s.PutBlob(t.Context(), id, "doc/"+canary, strings.NewReader("scan "+canary)); err != nil {
			t.Fatal(err)
		}
	}
	if found := raw(t, dir, canary, "4242424242"); len(found) > 0 {
		t.Errorf("readable before erasure: %v", found)
	}
	if err := s.Erase(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	if err := s.Erase(t.Context(), gone); !errors.Is(err, ErrUnknown) {
		t.Errorf("erased twice: %v", err)
	}
	if _, err := s.Person(t.Context(), gone); !errors.Is(err, ErrUnknown) {
		t.Errorf("still there: %v", err)
	}
	if _, err := s.OpenBlob(t.Context(), gone, "doc/"+canary); !errors.Is(err, ErrUnknown) {
		t.Errorf("file: %v", err)
	}
	if got := texts(t, s); len(got) != 1 {
		t.Errorf("outbox: %v", got)
	}
	if st := s.Stats(t.Context()); st.Persons != 1 || st.Reminders != 0 {
		t.Errorf("stats: %+v", st)
	}
	if again := take(t, s, said(7, "4242424242", "hello")).Person; again == gone {
		t.Error("the account still leads to the erased person")
	}
	if person(t, s, kept).Inputs != 1 {
		t.Error("the other person changed")
	}
	p, _ := parsePID(gone)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	found := raw(t, dir, canary, "4242424242", string(p.person()), hex.EncodeToString(p[:]))
	if len(found) > 0 {
		t.Errorf("readable after erasure: %v", found)
	}
	s = open(t, dir)
	if rep, err := s.Verify(t.Context()); err != nil || len(rep.Problems) > 0 {
		t.Errorf("verify: %v %v", rep.Problems, err)
	}
}

// An erasure interrupted after its first commit is finished at the next start.
func TestEraseResumes(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	id := take(t, s, said(1, "7", "ask q")).Person
	take(t, s, said(2, "7", "remind r 1h"))
	p, _ := parsePID(id)
	if err := s.eng.Update(t.Context(), func(tx engine.Tx) error { s.startErasure(tx, p, eraseByDropping); return nil }); err != nil {
		t.Fatal(err)
	}
	if in := said(3, "7", "hello"); take(t, s, in).Person == id {
		t.Error("a message during the erasure went to the erased person")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	if _, ok := s.keys.get(p); ok {
		t.Error("the key is still there")
	}
	if st := s.Stats(t.Context()); st.Persons != 1 || st.Reminders != 0 || st.Letters != 1 {
		t.Errorf("stats: %+v", st)
	}
	if lines, err := readLedger(filepath.Join(dir, "erased")); err != nil || len(lines) != 1 {
		t.Errorf("ledger: %v %v", lines, err)
	}
	if again := take(t, s, said(4, "7", "hello")).Person; again == id {
		t.Error("the newcomer lost the account")
	}
}

func TestForget(t *testing.T) {
	s := open(t, t.TempDir())
	id := take(t, s, said(1, "7", "ask q1")).Person
	take(t, s, said(2, "7", "remind r 1h"))
	take(t, s, said(3, "7", "forget"))
	p, _ := parsePID(id)
	if got := texts(t, s); len(got) != 1 || got[0] != "2 send reply pending" {
		t.Errorf("outbox: %v", got)
	}
	if _, err := s.Person(t.Context(), id); !errors.Is(err, ErrUnknown) {
		t.Errorf("person: %v", err)
	}
	if _, ok := s.NextDue(t.Context()); ok {
		t.Error("a reminder is left")
	}
	if rep, err := s.Verify(t.Context()); err != nil || len(rep.Problems) > 0 {
		t.Errorf("verify: %v %v", rep.Problems, err)
	}
	if take(t, s, said(4, "7", "silent")).Person == id {
		t.Error("the account still leads to the forgotten person")
	}
	l, ok, err := s.Begin(t.Context(), 2)
	if err != nil || !ok || l.To != tg("7") || l.Send.Text.String() != "adieu" {
		t.Fatalf("the last letter: %+v %v %v", l, ok, err)
	}
	if _, ok := s.keys.get(p); !ok {
		t.Error("the key went before the last letter")
	}
	if err := s.Finish(t.Context(), 2, flows.Delivery{State: flows.Failed, Reason: "gone"}); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.keys.get(p); ok {
		t.Error("the key is left")
	}
	rows := 0
	_ = s.eng.View(t.Context(), func(r engine.Reader) error {
		return r.Keys(p.person(), nil, func([]byte) error { rows++; return nil })
	})
	if rows != 0 {
		t.Errorf("%d rows left", rows)
	}
	if !take(t, s, said(3, "7", "forget")).Duplicate {
		t.Error("the seen id is lost")
	}
	quiet := take(t, s, said(5, "9", "vanish")).Person // without any letter
	q, _ := parsePID(quiet)
	if _, ok := s.keys.get(q); ok {
		t.Error("the key of somebody who vanished is left")
	}
}

func TestBlobs(t *testing.T) {
	s := open(t, t.TempDir())
	id := take(t, s, said(1, "7", "silent")).Person
	for _, size := range []int{0, 1, pieceSize - 1, pieceSize, pieceSize + 1, 3 * pieceSize} {
		want := bytes.Repeat([]byte("x"), size)
		if err := s.PutBlob(t.Context(), id, "k", bytes.NewReader(want)); err != nil {
			t.Fatal(err)
		}
		r, err := s.OpenBlob(t.Context(), id, "k")
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil || !bytes.Equal(got, want) {
			t.Errorf("size %d: read %d, %v", size, len(got), err)
		}
		if list, err := s.ListBlobs(t.Context(), id); err != nil || len(list) != 1 || list[0].Size != int64(size) || list[0].Key != "k" {
			t.Errorf("size %d: list %v %v", size, list, err)
		}
	}
	if _, err := s.OpenBlob(t.Context(), id, "other"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if err := s.PutBlob(t.Context(), id, "big", io.LimitReader(zeros{}, MaxBlob+1)); !errors.Is(err, ErrBlobTooBig) {
		t.Errorf("too big: %v", err)
	}
	if err := s.PutBlob(t.Context(), "00112233445566778899aabbccddeeff", "k", zeros{}); !errors.Is(err, ErrUnknown) {
		t.Errorf("nobody's file: %v", err)
	}
	p, _ := parsePID(id)
	damage := map[string]func([]byte) []byte{
		"a byte flipped": func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		"cut at a piece": func(b []byte) []byte { return b[:len(b)-pieceSize-pieceTag] },
		"cut":            func(b []byte) []byte { return b[:len(b)-1] },
	}
	whole, _ := os.ReadFile(onDisk(t, s, p, "k"))
	for name, change := range damage {
		if err := os.WriteFile(onDisk(t, s, p, "k"), change(bytes.Clone(whole)), 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := s.OpenBlob(t.Context(), id, "k")
		if err == nil {
			_, err = io.Copy(io.Discard, r)
			_ = r.Close()
		}
		if err == nil {
			t.Errorf("%s: read without an error", name)
		}
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func TestSeenExpires(t *testing.T) {
	if seenFor < 8*24*time.Hour {
		t.Error("Telegram may repeat an update for longer")
	}
}
