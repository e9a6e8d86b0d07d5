package badger

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	db "github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"
	"github.com/dgraph-io/badger/v4/table"
	"github.com/dgraph-io/ristretto/v2/z"

	"github.com/coopconnexion/relais/storage/engine"
)

// checkFiles refuses, before Badger opens anything, a directory in which
// opening would destroy data or hide a loss. Badger makes an empty database
// when MANIFEST is absent, deletes every table that MANIFEST does not name,
// and forgets what a shortened MANIFEST no longer says.
func checkFiles(dir string, mark MarkState) error {
	f, err := os.Open(filepath.Join(dir, db.ManifestFilename))
	if err != nil {
		return fmt.Errorf("%w: MANIFEST cannot be read in %s, opening would erase the tables; restore the last backup", engine.ErrDamaged, dir)
	}
	defer f.Close()
	size, hash, err := hashPrefix(f, int64(mark.ManifestSize))
	if err != nil {
		return err
	}
	if _, err := f.Seek(0, 0); err != nil {
		return err
	}
	man, end, err := db.ReplayManifestFile(f, 0, db.DefaultOptions(dir))
	if err != nil {
		return fmt.Errorf("%w: MANIFEST is not readable in %s (%v); restore the last backup", engine.ErrDamaged, dir, err)
	}
	tables, err := tablesIn(dir)
	if err != nil {
		return err
	}
	if err := checkTables(dir, man, tables); err != nil {
		return err
	}
	if mark.ManifestSize == 0 || size == mark.ManifestSize && hash == mark.ManifestHash {
		return nil // it begins as we left it
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if end < info.Size() {
		return fmt.Errorf("%w: MANIFEST is cut off in %s; restore the last backup", engine.ErrDamaged, dir)
	}
	return checkRewritten(dir, man, tables)
}

// dropEmpty removes write buffers and value logs without a single byte. A kill
// leaves one when it falls between the creation of the file and its first byte,
// or between its emptying and its removal. Badger refuses to open them
// (dgraph-io/badger issue 2207), and a second try would meet what the first one
// left running. That nothing acknowledged was in it is checked after opening.
func dropEmpty(dir string, l *slog.Logger) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if ext := filepath.Ext(e.Name()); err != nil || info.Size() > 0 || ext != ".mem" && ext != ".vlog" {
			continue
		}
		l.Warn("store: an empty file was left by a kill, removed", "file", e.Name())
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// checkRewritten looks at a MANIFEST that does not begin as we left it. Badger
// rewrites it once in many thousand tables: a rewritten one names every table,
// a damaged one does not.
func checkRewritten(dir string, man db.Manifest, tables map[uint64]int64) error {
	for id := range tables {
		if _, ok := man.Tables[id]; !ok {
			return fmt.Errorf("%w: MANIFEST has changed and no longer names table %06d.sst in %s; restore the last backup", engine.ErrDamaged, id, dir)
		}
	}
	return nil
}

// maxVerified is the total size of tables up to which every block is checked
// before opening (about a second); beyond it only their ends are, which finds
// cut files, and the rest is left to Verify.
const maxVerified = 1 << 30

// checkTables opens every table here, where a panic can be caught: a damaged
// one makes Badger end the process from a goroutine of its own.
func checkTables(dir string, man db.Manifest, tables map[uint64]int64) error {
	var total int64
	for _, size := range tables {
		total += size
	}
	mode := options.NoVerification
	if total <= maxVerified {
		mode = options.OnTableRead
	}
	for id := range man.Tables {
		if _, ok := tables[id]; !ok {
			return fmt.Errorf("%w: table %06d.sst is missing in %s; restore the last backup", engine.ErrDamaged, id, dir)
		}
		if err := checkTable(table.NewFilename(id, dir), mode); err != nil {
			return fmt.Errorf("%w: table %06d.sst is not readable in %s (%v); restore the last backup", engine.ErrDamaged, id, dir, err)
		}
	}
	return nil
}

func checkTable(path string, mode options.ChecksumVerificationMode) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("its index is broken")
		}
	}()
	f, err := z.OpenMmapFile(path, os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	t, err := table.OpenTable(f, table.Options{ReadOnly: true, ChkMode: mode})
	if err != nil {
		return err
	}
	return t.Close(-1) // -1: leave its length alone
}

// tablesIn lists the table files by number.
func tablesIn(dir string) (map[uint64]int64, error) {
	names, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	out := map[uint64]int64{}
	for _, n := range names {
		base, ok := strings.CutSuffix(n.Name(), ".sst")
		if !ok {
			continue
		}
		id, err := strconv.ParseUint(base, 10, 64)
		if err != nil {
			continue
		}
		info, err := n.Info()
		if err != nil {
			return nil, err
		}
		out[id] = info.Size()
	}
	return out, nil
}
