//go:build faults

package storage

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/coopconnexion/relais/flows"
)

// A withdrawal killed at every passage of every point, and killed once more
// while the next opening finishes it, leaves the old state or the new one.
//
//	go test -tags faults -run RekeyFaults ./storage
func TestRekeyFaults(t *testing.T) {
	first := t.TempDir()
	s := open(t, first, caring)
	id := confided(t, s)
	p, _ := parsePID(id)
	before := sealedRows(t, s, p)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	points := []string{"turn-start", "keyring-append", "before-commit", "after-commit", "mark-write",
		"rekey-step", "file-replace", "file-replaced"}
	again := []string{"", "rekey-step:1", "rekey-step:3", "file-replace:1", "file-replaced:1"}
	kills, old := 0, 0
	for _, point := range points {
		for n := 1; ; n++ {
			dir := filepath.Join(t.TempDir(), "data")
			if err := os.CopyFS(dir, os.DirFS(first)); err != nil {
				t.Fatal(err)
			}
			if !withdrawKilled(t, dir, fmt.Sprint(point, ":", n)) {
				break
			}
			kills++
			if a := again[kills%len(again)]; a != "" {
				withdrawKilled(t, dir, a)
			}
			if wholeOrNot(t, dir, id, before) {
				old++
			}
			if t.Failed() {
				t.Fatalf("killed at %s:%d", point, n)
			}
		}
	}
	t.Logf("%d kills, the old state %d times, the new one %d times", kills, old, kills-old)
	if old < 2 || kills-old < 5 {
		t.Error("the kills were not spread over the withdrawal")
	}
}

// withdrawKilled withdraws in a child and reports whether it was killed.
func withdrawKilled(t *testing.T, dir, fault string) bool {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), rekeyEnv+"="+dir, "RELAIS_FAULT="+fault)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signaled() {
		return true
	}
	if err != nil {
		t.Fatalf("%s: %v: %s", fault, err, out)
	}
	return false
}

// wholeOrNot checks that the store is before or after the withdrawal, does it
// if it is before, and checks what is left. It reports what it found.
func wholeOrNot(t *testing.T, dir string, id flows.PersonID, before []sealedRow) (old bool) {
	t.Helper()
	s := open(t, dir, caring)
	keys := ringKeys(t, dir)
	if len(keys) != 2 {
		t.Errorf("%d keys after opening", len(keys))
	}
	_, opened := unsealed(before, keys, "")
	x, err := s.ExportPerson(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	waiting := texts(t, s)
	old = strings.HasPrefix(x.Person.Profile.Activity, secretAnswer)
	wants := slices.Contains(waiting, "5 send question pending") // the letter that a withdrawal cancels
	if old && (opened != len(before) || len(x.Files) != 4 || len(x.Failed) != 1 || len(x.Ended) != 1 || !wants) ||
		!old && (opened != 0 || len(x.Files) != 3 || len(x.Failed) != 0 || wants) {
		t.Errorf("a half: old %v, %d of %d old rows open, %d files, %d quarantined, %d ended, outbox %v",
			old, opened, len(before), len(x.Files), len(x.Failed), len(x.Ended), waiting)
	}
	if out := take(t, s, said(20, "7", "withdraw")); out.Duplicate == old {
		t.Errorf("offered again: duplicate %v", out.Duplicate)
	}
	goesOn(t, s, id)
	p, _ := parsePID(id)
	if files := everyName(s.blobDir(p)); len(files) != 3 {
		t.Errorf("files on disk: %v", files)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	keys = ringKeys(t, dir)
	if _, opened := unsealed(before, keys, ""); opened != 0 || len(keys) != 2 {
		t.Errorf("at the end %d old rows open with %d keys", opened, len(keys))
	}
	if found, _ := unsealed(everyVersion(t, dir), keys, secretAnswer); len(found) > 0 {
		t.Errorf("at the end the secret is in %v", found)
	}
	return old
}
