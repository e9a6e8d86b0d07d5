//go:build faults

package storage

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
)

// Run with: go test -tags faults -run Faults ./storage
func TestKilledAtFaults(t *testing.T) {
	points := []string{"turn-start", "before-commit", "after-commit", "begin-before", "begin-after", "finish-before",
		"finish-after", "keyring-append", "mark-write", "erase-step", "rekey-step", "file-replace", "file-replaced"}
	dir := filepath.Join(t.TempDir(), "data")
	pr := newPromises()
	n := kills(3 * len(points))
	for i := range n {
		fault := fmt.Sprintf("%s:%d", points[i%len(points)], 1+rand.IntN(12))
		crashRun(t, dir, 0, pr, "RELAIS_FAULT="+fault)
		if i%5 == 4 || i == n-1 {
			crashCheck(t, dir, pr)
		}
		if t.Failed() {
			t.Fatalf("after %d kills, the last at %s", i+1, fault)
		}
	}
	t.Logf("%d kills, %d letters sent, %d references, %d persons erased, %d keys changed", n, len(pr.sent), len(pr.refs), len(pr.erased), pr.rekeyed)
}
