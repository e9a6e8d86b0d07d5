package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
)

// maxPath is the longest path that every Unix accepts for a socket, in bytes
// (104 with the final zero on BSD and macOS, 108 on Linux).
const maxPath = 103

// listen makes the socket. It is made under another name in a directory that
// only we can enter, and moved to its place once its mode is 0600: nobody can
// reach it before, and a socket that a dead process left is replaced at once.
func listen(path string) (net.Listener, func(), error) {
	if err := free(path); err != nil {
		return nil, nil, err
	}
	private, err := os.MkdirTemp(filepath.Dir(path), ".sock-")
	if err != nil {
		return nil, nil, fmt.Errorf("the socket of the data directory cannot be made: %w", err)
	}
	defer os.RemoveAll(private)
	made := filepath.Join(private, "s")
	ln, err := listenShort(made)
	if err != nil {
		return nil, nil, fmt.Errorf("the socket of the data directory cannot be made: %w", err)
	}
	if err := errors.Join(os.Chmod(made, 0o600), os.Rename(made, path)); err != nil {
		return nil, nil, errors.Join(err, ln.Close())
	}
	ours, err := os.Lstat(path)
	if err != nil {
		return nil, nil, errors.Join(err, ln.Close())
	}
	return ln, func() { removeOurs(path, ours) }, nil
}

// free makes sure that nobody answers at path, and that what lies there may be
// replaced.
func free(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%s is no socket; remove it", path)
	}
	conn, err := dial(context.Background(), path)
	if err == nil {
		_ = conn.Close()
		return ErrRunning
	}
	if !nobody(err) {
		return fmt.Errorf("the socket of the data directory belongs to somebody else: %s", cause(err))
	}
	return nil
}

// removeOurs removes the socket, unless another process has put its own there.
func removeOurs(path string, ours fs.FileInfo) {
	if now, err := os.Lstat(path); err == nil && os.SameFile(now, ours) {
		_ = os.Remove(path)
	}
}

func listenShort(path string) (net.Listener, error) {
	short, done, err := shorten(path)
	if err != nil {
		return nil, err
	}
	defer done()
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: short, Net: "unix"})
	if err != nil {
		return nil, err
	}
	ln.SetUnlinkOnClose(false) // its name is another by then
	return ln, nil
}

func dial(ctx context.Context, path string) (net.Conn, error) {
	if _, err := os.Lstat(path); err != nil {
		return nil, err
	}
	short, done, err := shorten(path)
	if err != nil {
		return nil, err
	}
	defer done()
	return (&net.Dialer{}).DialContext(ctx, "unix", short)
}

// shorten gives a path that a socket address can hold. A long one is reached
// through a symbolic link to its directory, which is needed only while the
// socket is bound or dialled.
func shorten(path string) (string, func(), error) {
	if len(path) <= maxPath {
		return path, func() {}, nil
	}
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return "", nil, err
	}
	for _, temp := range []string{os.TempDir(), "/tmp"} {
		private, err := os.MkdirTemp(temp, "relais-")
		if err != nil {
			continue
		}
		short := filepath.Join(private, "d", filepath.Base(path))
		if len(short) <= maxPath && os.Symlink(dir, filepath.Join(private, "d")) == nil {
			return short, func() { _ = os.RemoveAll(private) }, nil
		}
		_ = os.RemoveAll(private)
	}
	return "", nil, fmt.Errorf("the path of the data directory is too long for a socket (%d bytes), and %s takes no link to it", len(path), os.TempDir())
}
