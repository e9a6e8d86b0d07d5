package storage

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/coopconnexion/relais/storage/internal/durable"
)

// The ledger remembers which persons were erased, as a hash of their random
// id and a date, so that a backup taken before is erased again when restored;
// and which keys were destroyed without erasing the person, as a hash of the
// key and the word "rekeyed". It is a text file, one line each.

func ledgerHash(p pid) string {
	h := sha256.Sum256(append([]byte("relais erased "), p[:]...))
	return hex.EncodeToString(h[:16])
}

const rekeyed = " rekeyed"

func keyHash(k key) string {
	h := sha256.Sum256(append([]byte("relais rekeyed "), k[:]...))
	return hex.EncodeToString(h[:16])
}

// hashOf is the hash in a line of the ledger.
func hashOf(line string) string {
	_, rest, _ := strings.Cut(line, " ")
	hash, _, _ := strings.Cut(rest, " ")
	return hash
}

// ledger appends a line, once, and syncs it. kind is empty or rekeyed.
func (s *Store) ledger(hash, kind string) error {
	lines, err := readLedger(s.opt.path("erased"))
	if err != nil {
		return fmt.Errorf("storage: ledger of erasures: %w", err)
	}
	for _, l := range lines {
		if hashOf(l) == hash {
			return nil
		}
	}
	f, err := os.OpenFile(s.opt.path("erased"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("storage: ledger of erasures: %w", err)
	}
	_, err = fmt.Fprintf(f, "%s %s%s\n", s.opt.Now().UTC().Format("2006-01-02"), hash, kind)
	if err = errors.Join(err, f.Sync(), f.Close(), durable.SyncDir(s.opt.Dir)); err != nil {
		return fmt.Errorf("storage: ledger of erasures: %w", err)
	}
	return nil
}

// readLedger reads the lines of a ledger; no file is an empty one.
func readLedger(path string) (lines []string, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ledgerLines(f)
}

func ledgerLines(r io.Reader) (lines []string, err error) {
	sc := bufio.NewScanner(r)
	for sc.Scan() {
		if len(hashOf(sc.Text())) == 32 {
			lines = append(lines, sc.Text())
		}
	}
	return lines, sc.Err()
}
