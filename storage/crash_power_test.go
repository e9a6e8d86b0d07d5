//go:build powercut && linux

package storage

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
	"unsafe"

	db "github.com/dgraph-io/badger/v4"
	"golang.org/x/sys/unix"
)

// TestPowerCut cuts the power of a small file system: the shutdown ioctl of
// ext4 and xfs (flag 2, no log flush) drops whatever was not synced. It needs
// root, mkfs and loop devices:
//
//	go test -tags powercut -run PowerCut ./storage
func TestPowerCut(t *testing.T) {
	image, mount := filepath.Join(t.TempDir(), "disk"), t.TempDir()
	run(t, "truncate", "-s", "512M", image)
	run(t, "mkfs.ext4", "-q", image)
	t.Cleanup(func() { _ = exec.Command("umount", mount).Run() })
	pr := newPromises()
	n := kills(40)
	for i := range n {
		run(t, "mount", "-o", "loop", image, mount)
		var cut sync.Mutex // the cut must be over before the disk is unmounted
		crashRunBefore(t, filepath.Join(mount, "data"), time.Duration(5+rand.IntN(300))*time.Millisecond, func() {
			cut.Lock()
			defer cut.Unlock()
			cutPower(t, mount)
		}, pr)
		cut.Lock() // held for ever: there is one cut
		unmount(t, mount)
		run(t, "mount", "-o", "loop", image, mount)
		crashCheck(t, filepath.Join(mount, "data"), pr)
		unmount(t, mount)
		if t.Failed() {
			t.Fatalf("after %d power cuts", i+1)
		}
	}
	t.Logf("%d power cuts, %d letters sent, %d references, %d persons erased, %d keys changed", n, len(pr.sent), len(pr.refs), len(pr.erased), pr.rekeyed)
}

// TestPowerCutControl shows that the cut takes what was not synced, so that the
// test above proves something: the same database on the same disk loses what
// it acknowledged when its writes are not synced, and nothing when they are.
func TestPowerCutControl(t *testing.T) {
	if dir := os.Getenv(controlEnv); dir != "" {
		t.Fatal(controlChild(dir, os.Getenv("RELAIS_STORAGE_SYNCED") == "true"))
	}
	image, mount := filepath.Join(t.TempDir(), "disk"), t.TempDir()
	run(t, "truncate", "-s", "512M", image)
	run(t, "mkfs.ext4", "-q", image)
	t.Cleanup(func() { _ = exec.Command("umount", mount).Run() })
	n := max(kills(20)/2, 1)
	for _, synced := range []bool{true, false} {
		cuts, told, lost := 0, 0, 0
		for i := range n {
			dir := filepath.Join(mount, fmt.Sprint(synced, i))
			run(t, "mount", "-o", "loop", image, mount)
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			run(t, "sync", "-f", mount)
			acked := cutWriter(t, mount, dir, synced)
			unmount(t, mount)
			run(t, "mount", "-o", "loop", image, mount)
			missing := acked - written(t, dir, acked)
			unmount(t, mount)
			told, lost = told+acked, lost+missing
			if missing > 0 {
				cuts++
			}
		}
		t.Logf("synced %v: %d of %d cuts lost something, %d of %d acknowledged writes", synced, cuts, n, lost, told)
		if synced && lost > 0 || !synced && cuts < (n+1)/2 {
			t.Errorf("synced %v: %d of %d cuts lost something", synced, cuts, n)
		}
	}
}

// controlEnv makes the control a child that writes until it is stopped.
const controlEnv = "RELAIS_STORAGE_CONTROL_DIR"

func control(dir string, synced bool) db.Options {
	return db.DefaultOptions(dir).WithLogger(nil).WithSyncWrites(synced).WithMemTableSize(4 << 20).WithValueThreshold(256 << 10)
}

func controlChild(dir string, synced bool) error {
	d, err := db.Open(control(dir, synced))
	for n := 0; err == nil; n++ {
		err = d.Update(func(txn *db.Txn) error { return txn.Set(fmt.Append(nil, n), make([]byte, 200)) })
		if err == nil {
			fmt.Println(n)
		}
	}
	return err
}

// cutWriter lets a child write, cuts the power, and says how many writes were
// acknowledged before.
func cutWriter(t *testing.T, mount, dir string, synced bool) (acked int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestPowerCutControl$")
	cmd.Env = append(os.Environ(), controlEnv+"="+dir, fmt.Sprint("RELAIS_STORAGE_SYNCED=", synced))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	upTo := 100 + rand.IntN(400)
	for sc := bufio.NewScanner(out); acked < upTo && sc.Scan(); {
		if sc.Text() != fmt.Sprint(acked) {
			t.Fatalf("child: %s", sc.Text())
		}
		acked++
	}
	cutPower(t, mount)
	_ = cmd.Process.Kill()
	_, _ = io.Copy(io.Discard, out)
	_ = cmd.Wait()
	return acked
}

// written counts the acknowledged writes that are there.
func written(t *testing.T, dir string, acked int) (n int) {
	t.Helper()
	d, err := db.Open(control(dir, true))
	if err != nil {
		d, err = db.Open(control(dir, true)) // an empty write buffer is repaired by the first opening
	}
	if err != nil {
		t.Logf("the database does not open: %v", err)
		return 0
	}
	defer d.Close()
	err = d.View(func(txn *db.Txn) error {
		for i := range acked {
			if _, err := txn.Get(fmt.Append(nil, i)); err == nil {
				n++
			} else if !errors.Is(err, db.ErrKeyNotFound) {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// cutPower drops what the file system has not synced, and stops it.
func cutPower(t *testing.T, mount string) {
	t.Helper()
	disk, err := os.Open(mount)
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	flag := uint32(2)
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, disk.Fd(), 0x8004587d, uintptr(unsafe.Pointer(&flag))); errno != 0 {
		t.Errorf("shutdown: %v", errno)
	}
}

// unmount waits for the kernel to let go of a killed process's maps.
func unmount(t *testing.T, mount string) {
	t.Helper()
	for range 100 {
		if exec.Command("umount", mount).Run() == nil {
			return
		}
		run(t, "sleep", "0.05")
	}
	t.Fatal("the file system stays busy")
}

func run(t *testing.T, name string, arg ...string) {
	t.Helper()
	if out, err := exec.Command(name, arg...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
}
