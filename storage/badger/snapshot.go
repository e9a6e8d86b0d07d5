package badger

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// keepSnapshots is how many copies of the directory stay.
const keepSnapshots = 2

// maxCopied is the total size of tables up to which they are copied. Beyond it
// they are linked: that protects them from what opening may delete, but not
// later, because Badger empties a table's file before removing it.
const maxCopied = 256 << 20

// snapshot keeps a copy of dir, before Badger opens it, as the next numbered
// folder of to. It is what an operator restores from when opening has gone
// wrong; values in it are sealed, and the keys are elsewhere.
func snapshot(dir, to string) error {
	if to == "" {
		return nil
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	old, next, err := snapshots(to)
	if err != nil {
		return err
	}
	for len(old) >= keepSnapshots {
		if err := os.RemoveAll(filepath.Join(to, old[0])); err != nil {
			return err
		}
		old = old[1:]
	}
	part := filepath.Join(to, next+".part")
	if err := os.RemoveAll(part); err != nil {
		return err
	}
	if err := copyDir(dir, part); err != nil {
		return err
	}
	return os.Rename(part, filepath.Join(to, next))
}

// snapshots lists the finished ones, oldest first, and names the next.
func snapshots(to string) ([]string, string, error) {
	entries, err := os.ReadDir(to)
	if err != nil {
		return nil, "", err
	}
	var out []string
	last := 0
	for _, e := range entries {
		var n int
		if _, err := fmt.Sscanf(e.Name(), "%06d", &n); err != nil || strings.HasSuffix(e.Name(), ".part") {
			continue
		}
		out = append(out, e.Name())
		last = max(last, n)
	}
	sort.Strings(out)
	return out, fmt.Sprintf("%06d", last+1), nil
}

func copyDir(dir, to string) error {
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	tables, err := tablesIn(dir)
	if err != nil {
		return err
	}
	var total int64
	for _, n := range tables {
		total += n
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := e.Name()
		if !e.Type().IsRegular() || name == "LOCK" {
			continue
		}
		from, dst := filepath.Join(dir, name), filepath.Join(to, name)
		if strings.HasSuffix(name, ".sst") && total > maxCopied {
			if err := os.Link(from, dst); err == nil {
				continue
			}
		}
		if err := copySparse(from, dst); err != nil {
			return err
		}
	}
	return nil
}

// copySparse copies a file and leaves its empty blocks out: Badger's write
// buffers and value logs are mostly holes.
func copySparse(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	buf := make([]byte, 64<<10)
	zero := make([]byte, 64<<10)
	var at int64
	for {
		n, err := io.ReadFull(in, buf)
		if n > 0 && string(buf[:n]) != string(zero[:n]) {
			if _, err := out.WriteAt(buf[:n], at); err != nil {
				return err
			}
		}
		at += int64(n)
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return out.Truncate(at)
		}
		if err != nil {
			return err
		}
	}
}
