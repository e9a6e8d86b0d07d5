//go:build powercut && linux

package storage

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
	"unsafe"

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
		var cut sync.Mutex // the cut must be over before the disk is closed
		disk, err := os.Open(mount)
		if err != nil {
			t.Fatal(err)
		}
		crashRunBefore(t, filepath.Join(mount, "data"), time.Duration(5+rand.IntN(300))*time.Millisecond, func() {
			cut.Lock()
			defer cut.Unlock()
			flag := uint32(2)
			if _, _, errno := unix.Syscall(unix.SYS_IOCTL, disk.Fd(), 0x8004587d, uintptr(unsafe.Pointer(&flag))); errno != 0 {
				t.Errorf("shutdown: %v", errno)
			}
		}, pr)
		cut.Lock()
		_ = disk.Close()
		unmount(t, mount)
		run(t, "mount", "-o", "loop", image, mount)
		crashCheck(t, filepath.Join(mount, "data"), pr)
		unmount(t, mount)
		if t.Failed() {
			t.Fatalf("after %d power cuts", i+1)
		}
	}
	t.Logf("%d power cuts, %d letters sent, %d references, %d persons erased", n, len(pr.sent), len(pr.refs), len(pr.erased))
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
