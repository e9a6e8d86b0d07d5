package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
)

// server is one under test, on a real socket.
type server struct {
	path string
	stop func() // stops it and waits for its end
}

// serve starts a server and returns once it listens. Each of its sockets has
// its own directory.
func serve(t *testing.T, path string, run Run) server {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, path, run) }()
	for { // ask until somebody answers: Serve has no other sign of life
		if answered, _ := Ask(ctx, path, Command{Name: "ping", Out: io.Discard}); answered {
			break
		}
		select {
		case err := <-ended:
			t.Fatalf("the server ended: %v", err)
		default:
		}
	}
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	t.Cleanup(stop)
	return server{path, stop}
}

func socket(t *testing.T) string { return filepath.Join(t.TempDir(), Name) }

// echo repeats its input after its name and arguments.
func echo(_ context.Context, c Command) (int, error) {
	fmt.Fprintf(c.Out, "%s %s\n", c.Name, c.Args.Encode())
	_, err := io.Copy(c.Out, c.In)
	return 1, err
}

func TestACommandRunsInTheServer(t *testing.T) {
	s := serve(t, socket(t), echo)
	var out bytes.Buffer
	answered, err := Ask(t.Context(), s.path, Command{Name: "export", Args: url.Values{"kind": {"members"}, "x": {"é &"}}, In: strings.NewReader("line 1\nline 2"), Out: &out})
	if !answered || err != nil || out.String() != "export kind=members&x=%C3%A9+%26\nline 1\nline 2" {
		t.Errorf("%v %v %q", answered, err, out.String())
	}
	info, err := os.Stat(s.path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	s.stop()
	entries, err := os.ReadDir(filepath.Dir(s.path))
	if err != nil || len(entries) != 0 {
		t.Errorf("left behind: %v %v", entries, err)
	}
	if answered, err := Ask(t.Context(), s.path, Command{Name: "x"}); answered || err != nil {
		t.Errorf("%v %v", answered, err)
	}
}

func TestLargeStreamsBothWays(t *testing.T) {
	s := serve(t, socket(t), echo)
	in := bytes.Repeat([]byte("0123456789abcde\n"), 512<<10) // 8 MiB
	var out bytes.Buffer
	if _, err := Ask(t.Context(), s.path, Command{Name: "n", In: bytes.NewReader(in), Out: &out}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), append([]byte("n \n"), in...)) {
		t.Errorf("%d bytes came back", out.Len())
	}
}

func TestOneWriteMayBeLargerThanAFrame(t *testing.T) {
	big := bytes.Repeat([]byte("x"), 3*maxFrame+7)
	s := serve(t, socket(t), func(_ context.Context, c Command) (int, error) {
		_, err := c.Out.Write(big)
		return 1, err
	})
	var out bytes.Buffer
	if _, err := Ask(t.Context(), s.path, Command{Name: "n", Out: &out}); err != nil || !bytes.Equal(out.Bytes(), big) {
		t.Errorf("%v, %d bytes", err, out.Len())
	}
}

func TestFailuresAndRemarksComeBack(t *testing.T) {
	long := strings.Repeat("line 12, phone: is no telephone number\n", 10000)
	s := serve(t, socket(t), func(_ context.Context, c Command) (int, error) {
		_, _ = io.WriteString(c.Out, "some output")
		switch c.Name {
		case "bad":
			return 78, errors.New("ligne 1\nligne 2 é")
		case "long":
			return 1, errors.New(long)
		case "remark":
			return 0, errors.New("column x was left out")
		case "huge":
			return 1, errors.New(strings.Repeat("x", 2*maxFrame))
		case "panic":
			panic("a private word")
		}
		return 0, nil
	})
	for name, want := range map[string]Failure{
		"bad": {78, "ligne 1\nligne 2 é"}, "long": {1, long}, "remark": {0, "column x was left out"},
		"huge": {70, "the answer is too long"}, "panic": {70, "a defect of the program stopped the command"},
	} {
		var out bytes.Buffer
		answered, err := Ask(t.Context(), s.path, Command{Name: name, Out: &out})
		var got *Failure
		if !answered || !errors.As(err, &got) || *got != want || out.String() != "some output" {
			t.Errorf("%s: %v %.200v %q", name, answered, err, out.String())
		}
	}
	if _, err := Ask(t.Context(), s.path, Command{Name: "fine", Out: io.Discard}); err != nil {
		t.Error("after the panic: ", err)
	}
}

func TestInputThatNobodyReadsIsThrownAway(t *testing.T) {
	s := serve(t, socket(t), func(context.Context, Command) (int, error) { return 1, errors.New("no") })
	var f *Failure
	if _, err := Ask(t.Context(), s.path, Command{Name: "x", In: bytes.NewReader(make([]byte, 16<<20)), Out: io.Discard}); !errors.As(err, &f) || f.Text != "no" {
		t.Error(err)
	}
}

func TestHalfAnInputIsAnError(t *testing.T) {
	seen := make(chan error, 2)
	s := serve(t, socket(t), func(_ context.Context, c Command) (int, error) {
		_, err := io.ReadAll(c.In)
		if c.Name != "ping" {
			seen <- err
		}
		return 1, err
	})
	in := io.MultiReader(strings.NewReader("name\nA"), iotest.ErrReader(errors.New("disk failed")))
	if _, err := Ask(t.Context(), s.path, Command{Name: "import", In: in, Out: io.Discard}); err == nil || !strings.Contains(err.Error(), "disk failed") {
		t.Error(err)
	}
	if err := <-seen; err == nil {
		t.Error("the command took half a file for a whole one")
	}
}

func TestWhenNobodyListens(t *testing.T) {
	none := socket(t)
	stale := socket(t)
	ln, err := net.Listen("unix", stale)
	if err != nil {
		t.Fatal(err)
	}
	ln.(*net.UnixListener).SetUnlinkOnClose(false)
	_ = ln.Close()
	plain := socket(t)
	if err := os.WriteFile(plain, []byte("words"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"none": none, "stale": stale, "plain file": plain, "no directory": filepath.Join(none, "x", Name)} {
		if answered, err := Ask(t.Context(), path, Command{Name: "x"}); answered || err != nil {
			t.Errorf("%s: %v %v", name, answered, err)
		}
	}
	serve(t, stale, echo) // a socket of a dead process is replaced
	if err := Serve(t.Context(), plain, echo); err == nil || !strings.Contains(err.Error(), "is no socket") {
		t.Error(err)
	}
	if b, err := os.ReadFile(plain); string(b) != "words" || err != nil {
		t.Error("the file was touched", err)
	}
}

func TestASecondServerIsRefused(t *testing.T) {
	s := serve(t, socket(t), echo)
	if err := Serve(t.Context(), s.path, echo); !errors.Is(err, ErrRunning) {
		t.Error(err)
	}
	if answered, err := Ask(t.Context(), s.path, Command{Name: "x", Out: io.Discard}); !answered || err != nil {
		t.Error("the first one is gone: ", err)
	}
}

func TestTheSocketOfASuccessorIsLeft(t *testing.T) {
	s := serve(t, socket(t), echo)
	if err := os.Remove(s.path); err != nil {
		t.Fatal(err)
	}
	next := serve(t, s.path, echo)
	s.stop()
	if answered, err := Ask(t.Context(), next.path, Command{Name: "x", Out: io.Discard}); !answered || err != nil {
		t.Error(answered, err)
	}
}

func TestALongPath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("a-long-name/", 20))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, Name)
	if answered, err := Ask(t.Context(), path, Command{Name: "x"}); answered || err != nil {
		t.Errorf("%v %v", answered, err)
	}
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	s := serve(t, path, echo)
	var out bytes.Buffer
	if answered, err := Ask(t.Context(), path, Command{Name: "x", In: strings.NewReader("y"), Out: &out}); !answered || err != nil || out.String() != "x \ny" {
		t.Errorf("%v %v %q", answered, err, out.String())
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(err)
	}
	s.stop()
	for _, d := range []string{temp, dir} {
		if left, err := os.ReadDir(d); err != nil || len(left) > 0 {
			t.Errorf("left in %s: %v %v", d, left, err)
		}
	}
}

func TestAClientThatLeavesCancelsTheCommand(t *testing.T) {
	began, ended := make(chan struct{}), make(chan struct{})
	s := serve(t, socket(t), func(ctx context.Context, c Command) (int, error) {
		if c.Name == "ping" {
			return 0, nil
		}
		close(began)
		<-ctx.Done()
		close(ended)
		return 1, ctx.Err()
	})
	ctx, cancel := context.WithCancel(t.Context())
	asked := make(chan error, 1)
	go func() { _, err := Ask(ctx, s.path, Command{Name: "backup", Out: io.Discard}); asked <- err }()
	<-began
	cancel()
	<-ended
	if err := <-asked; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestAServerThatStopsSaysSo(t *testing.T) {
	began := make(chan struct{})
	s := serve(t, socket(t), func(ctx context.Context, c Command) (int, error) {
		if c.Name == "ping" {
			return 0, nil
		}
		close(began)
		<-ctx.Done()
		return 1, ctx.Err()
	})
	asked := make(chan error, 1)
	go func() {
		_, err := Ask(t.Context(), s.path, Command{Name: "backup", Out: io.Discard})
		asked <- err
	}()
	<-began
	s.stop()
	var f *Failure
	if err := <-asked; !errors.As(err, &f) || f.Code != codeLater || !strings.Contains(f.Text, "try again") {
		t.Error(err)
	}
}

func TestAServerThatDiesIsNoticed(t *testing.T) {
	path := socket(t)
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		if conn, err := ln.Accept(); err == nil {
			_, _, _ = readFrame(conn)
			_ = writeFrame(conn, 'o', []byte("half a bac"))
			_ = conn.Close()
		}
	}()
	var out bytes.Buffer
	var f *Failure
	if answered, err := Ask(t.Context(), path, Command{Name: "backup", Out: &out}); !answered || !errors.As(err, &f) || f.Code != codeLater {
		t.Error(answered, err)
	}
}

func TestAnOutputThatFailsEndsTheCommand(t *testing.T) {
	s := serve(t, socket(t), func(ctx context.Context, c Command) (int, error) {
		for c.Name != "ping" {
			if _, err := c.Out.Write(make([]byte, buffer)); err != nil {
				return 1, err
			}
		}
		return 0, nil
	})
	r, w := io.Pipe()
	_ = r.CloseWithError(errors.New("no space left"))
	if _, err := Ask(t.Context(), s.path, Command{Name: "backup", Out: w}); err == nil || err.Error() != "no space left" {
		t.Error(err)
	}
}

func TestManyAtOnce(t *testing.T) {
	s := serve(t, socket(t), echo)
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			var out bytes.Buffer
			in := strings.Repeat(fmt.Sprint(i), 10000)
			if _, err := Ask(t.Context(), s.path, Command{Name: "n", In: strings.NewReader(in), Out: &out}); err != nil || out.String() != "n \n"+in {
				t.Errorf("%d: %v", i, err)
			}
		})
	}
	wg.Wait()
}

func TestAnotherReleaseIsRefused(t *testing.T) {
	s := serve(t, socket(t), echo)
	for _, first := range []func(io.Writer) error{
		func(w io.Writer) error { return writeJSON(w, 'c', request{Version: 99, Name: "x"}) },
		func(w io.Writer) error { _, err := io.WriteString(w, "GET / HTTP/1.1\r\n\r\n"); return err },
		func(w io.Writer) error { return writeFrame(w, 'c', []byte("{")) },
		func(w io.Writer) error { return writeFrame(w, 'o', nil) },
	} {
		conn, err := net.Dial("unix", s.path)
		if err != nil {
			t.Fatal(err)
		}
		if err := first(conn); err != nil {
			t.Fatal(err)
		}
		kind, payload, err := readFrame(conn)
		var f Failure
		if err != nil || kind != 'e' || json.Unmarshal(payload, &f) != nil || f.Code != codeBug {
			t.Errorf("%c %q %v", kind, payload, err)
		}
		_ = conn.Close()
	}
}

// FuzzServer gives a connection any bytes: it must end, and never run a command
// that was not asked for.
func FuzzServer(f *testing.F) {
	var good bytes.Buffer
	_ = writeJSON(&good, 'c', request{version, "n", url.Values{"a": {"b"}}})
	_ = writeFrame(&good, 'i', []byte("input"))
	_ = writeFrame(&good, 'z', nil)
	f.Add(good.Bytes())
	f.Add(good.Bytes()[:good.Len()-6])
	f.Add([]byte("c\x00\x00\x00\x02{}"))
	f.Add([]byte{'c', 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		client, end := net.Pipe()
		done := make(chan struct{})
		go func() {
			defer close(done)
			serveConn(t.Context(), end, echo)
		}()
		go func() { _, _ = client.Write(b); _ = client.Close() }()
		<-done
	})
}
