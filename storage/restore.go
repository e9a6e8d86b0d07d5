package storage

import (
	"archive/tar"
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"filippo.io/age"

	"github.com/coopconnexion/relais/storage/badger"
	"github.com/coopconnexion/relais/storage/engine"
)

// Restore makes a store in opt.Dir from a backup. The directory must hold
// nothing of a store; a file "erased" put there by the operator (the ledger of
// the store that was lost) is obeyed: whoever was erased after the backup was
// taken is erased again before anything is served. On an error the directory
// is left without identity.json, so that nothing opens it.
//
// A person whose key was destroyed after the backup was taken, because they
// withdrew something (flows.Decision.Rekey), comes back only if that ledger
// does not name the key. If it does, what the backup has of them is what must
// stay unreadable, and nothing tells the withdrawn part from the rest: they are
// not restored at all, and counted in Report.Lost. Only a backup taken since
// brings them back, so one should be taken every day.
func Restore(ctx context.Context, opt Options, r io.Reader, identities ...age.Identity) (Report, error) {
	opt, master, err := opt.complete()
	if err != nil {
		return Report{}, err
	}
	if err := os.MkdirAll(opt.Dir, 0o700); err != nil {
		return Report{}, err
	}
	if found := opt.remains(); found != "" {
		return Report{}, fmt.Errorf("storage: %s holds %s already: restore into an empty directory", opt.Dir, found)
	}
	plain, err := age.Decrypt(r, identities...)
	if err != nil {
		return Report{}, fmt.Errorf("storage: the backup does not open with this key or passphrase: %w", err)
	}
	x := &restore{opt: opt, sums: map[string]string{}, now: opt.Now()}
	if err := x.run(ctx, plain, master); err != nil {
		return Report{}, fmt.Errorf("storage: restore: %w", err)
	}
	return x.finish(ctx)
}

type restore struct {
	opt      Options
	eng      *badger.Engine
	man      manifest
	sums     map[string]string
	identity []byte
	erased   []string // ledger lines, of the backup and of the operator
	rows     int
	lost     int
	now      time.Time
}

// blobPattern is the only kind of path that a backup may write below blobs/.
var blobPattern = regexp.MustCompile(`^blobs/[0-9a-f]{16}/[0-9a-f]{16}$`)

func (x *restore) run(ctx context.Context, plain io.Reader, master key) (err error) {
	x.erased, err = readLedger(x.opt.path("erased"))
	if err != nil {
		return err
	}
	x.eng, err = badger.Open(badger.Options{Dir: x.opt.path("db"), Mark: x.opt.path("mark"), Create: true, Logger: x.opt.Logger})
	if err != nil {
		return err
	}
	err = x.entries(ctx, tar.NewReader(plain))
	if err == nil { // to the end, where age notices a cut
		_, err = io.Copy(io.Discard, plain)
	}
	if err = errors.Join(err, x.eng.Close()); err != nil {
		return err
	}
	if err := x.compare(); err != nil {
		return err
	}
	return x.eraseAgain(ctx, master)
}

func (x *restore) entries(ctx context.Context, tr *tar.Reader) error {
	for {
		h, err := tr.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the backup is damaged or cut off: %w", err)
		}
		in := summed{tr, sha256.New()}
		if err := x.entry(ctx, h.Name, in); err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
		x.sums[h.Name] = hex.EncodeToString(in.h.Sum(nil))
	}
}

func (x *restore) entry(ctx context.Context, name string, r io.Reader) error {
	switch {
	case strings.HasPrefix(name, "rows/"):
		return x.readRows(ctx, bufio.NewReader(r))
	case blobPattern.MatchString(name):
		return x.writeFile(x.opt.path(filepath.FromSlash(name)), r)
	case name == "keyring":
		return x.writeFile(x.opt.path("keyring"), r)
	case name == "identity.json":
		b, err := io.ReadAll(r)
		x.identity = b // written last
		return err
	case name == "erased":
		lines, err := ledgerLines(r)
		x.erased = append(x.erased, lines...)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, r)
		return err
	case name == "manifest.json":
		return json.NewDecoder(r).Decode(&x.man)
	}
	return errors.New("not a part of a backup")
}

func (x *restore) writeFile(path string, r io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Sync(), f.Close())
}

// readRows puts the rows of one piece into the database, some at a time.
func (x *restore) readRows(ctx context.Context, r io.Reader) error {
	for end := false; !end; {
		err := x.eng.Update(ctx, func(tx engine.Tx) error {
			for size := 0; size < 256<<10; {
				n, err := x.readRow(tx, r)
				if err == io.EOF {
					end = true
					return nil
				}
				if err != nil {
					return err
				}
				size += n
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (x *restore) readRow(tx engine.Tx, r io.Reader) (int, error) {
	var head [16]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, err
	}
	kn, vn := binary.BigEndian.Uint32(head[0:]), binary.BigEndian.Uint32(head[4:])
	if kn > 1<<16 || vn > badger.MaxValue {
		return 0, errors.New("a row too large")
	}
	b := make([]byte, kn+vn)
	if _, err := io.ReadFull(r, b); err != nil {
		return 0, fmt.Errorf("a row cut off: %w", io.ErrUnexpectedEOF)
	}
	x.rows++
	expires := int64(binary.BigEndian.Uint64(head[8:]))
	if expires == 0 {
		tx.Set(b[:kn:kn], b[kn:])
	} else if ttl := time.Until(time.Unix(expires, 0)); ttl > 0 {
		tx.SetTTL(b[:kn:kn], b[kn:], ttl)
	}
	return len(b) + 16, nil
}

// compare checks that everything announced by the manifest has come.
func (x *restore) compare() error {
	if x.man.Store == "" {
		return errors.New("the backup is not whole: its manifest is missing")
	}
	if x.man.Schema > schema {
		return ErrNewer
	}
	if x.rows != x.man.Rows {
		return fmt.Errorf("%d rows instead of %d", x.rows, x.man.Rows)
	}
	for name, sum := range x.man.Sums {
		if x.sums[name] != sum {
			return fmt.Errorf("%s is missing or differs", name)
		}
	}
	if x.identity == nil {
		return errors.New("identity.json is missing")
	}
	return nil
}

// finish writes the identity, opens the store once and verifies all of it.
func (x *restore) finish(ctx context.Context) (Report, error) {
	if err := replaceFile(x.opt.path("identity.json"), x.identity); err != nil {
		return Report{}, err
	}
	rep, err := Check(ctx, x.opt)
	rep.Lost = x.lost
	if err == nil && len(rep.Problems) > 0 {
		err = fmt.Errorf("storage: restored, but %d problems were found, the first: %s", len(rep.Problems), rep.Problems[0])
	}
	return rep, err
}
