// Package webtest drives a headless Chromium for tests, over the pipe of its
// DevTools protocol, with the standard library only: real mouse and keyboard
// events, a phone's width, axe-core, screenshots.
//
// It needs Debian's chromium package (or a program named by RELAIS_CHROMIUM),
// and, for [Page.Axe], the folder of the npm package axe-core in RELAIS_AXE.
// Screenshots are written to the folder RELAIS_SHOTS when it is set.
package webtest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// patience is how long anything may take; the machine may be busy.
const patience = 40 * time.Second

// flags keep Chromium from looking for anything outside, and let it run as root.
var flags = []string{
	"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
	"--disable-background-networking", "--disable-component-update", "--disable-sync",
	"--disable-dev-shm-usage", "--hide-scrollbars", "--force-color-profile=srgb",
	"--font-render-hinting=none", "--lang=fr-FR", "--remote-debugging-pipe",
}

// Browser is a running Chromium. It ends with its test.
type Browser struct {
	cmd  *exec.Cmd
	pipe io.WriteCloser

	mu       sync.Mutex
	last     int64
	waiting  map[int64]chan reply
	sessions map[string]*Page
	dead     error
}

// reply is a message of the DevTools protocol: an answer or an event.
type reply struct {
	ID        int64           `json:"id"`
	SessionID string          `json:"sessionId"`
	Method    string          `json:"method"`
	Params    json.RawMessage `json:"params"`
	Result    json.RawMessage `json:"result"`
	Error     *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// Start runs Chromium until the test ends. A machine without Chromium fails the
// test and says what to install.
func Start(t testing.TB) *Browser {
	t.Helper()
	path, err := find()
	if err != nil {
		t.Fatal(err)
	}
	b, err := launch(path, t.TempDir())
	if err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	t.Cleanup(b.stop)
	return b
}

func find() (string, error) {
	if p := os.Getenv("RELAIS_CHROMIUM"); p != "" {
		return p, nil
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			return p, nil
		}
	}
	return "", errors.New("no Chromium found: install the package chromium, or set RELAIS_CHROMIUM to its path")
}

// launch starts the program. Its file 3 is where it reads commands and its file
// 4 is where it writes answers.
func launch(path, profile string) (*Browser, error) {
	theirIn, ourOut, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	ourIn, theirOut, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path, append(flags, "--user-data-dir="+profile, "about:blank")...)
	cmd.ExtraFiles = []*os.File{theirIn, theirOut}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	if err := errors.Join(theirIn.Close(), theirOut.Close()); err != nil {
		return nil, err
	}
	b := &Browser{cmd: cmd, pipe: ourOut, waiting: map[int64]chan reply{}, sessions: map[string]*Page{}}
	go b.listen(ourIn)
	return b, nil
}

// stop closes the browser and waits until it is gone.
func (b *Browser) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if _, err := b.call(ctx, "", "Browser.close", nil); err != nil {
		_ = b.cmd.Process.Kill() // it had ended by itself
	}
	_ = b.pipe.Close()
	_ = b.cmd.Wait() // how it ended is of no interest
}

// listen hands answers to those who wait and events to their pages.
func (b *Browser) listen(r io.ReadCloser) {
	in := bufio.NewReaderSize(r, 1<<20)
	for {
		line, err := in.ReadBytes(0)
		if err != nil {
			b.end(err)
			_ = r.Close()
			return
		}
		var m reply
		if json.Unmarshal(line[:len(line)-1], &m) != nil {
			continue
		}
		b.mu.Lock()
		to, page := b.waiting[m.ID], b.sessions[m.SessionID]
		delete(b.waiting, m.ID)
		b.mu.Unlock()
		if m.ID != 0 && to != nil {
			to <- m
		} else if page != nil {
			page.heard(m)
		}
	}
}

// end tells all who wait that the browser is gone.
func (b *Browser) end(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dead = fmt.Errorf("the browser ended: %w", err)
	for id, to := range b.waiting {
		close(to)
		delete(b.waiting, id)
	}
}

// call sends a command and waits for its answer.
func (b *Browser) call(ctx context.Context, session, method string, params any) (json.RawMessage, error) {
	to := make(chan reply, 1)
	b.mu.Lock()
	if b.dead != nil {
		defer b.mu.Unlock()
		return nil, b.dead
	}
	b.last++
	id := b.last
	b.waiting[id] = to
	m := map[string]any{"id": id, "method": method}
	if params != nil {
		m["params"] = params
	}
	if session != "" {
		m["sessionId"] = session
	}
	line, err := json.Marshal(m)
	if err == nil {
		_, err = b.pipe.Write(append(line, 0))
	}
	b.mu.Unlock()
	if err != nil {
		return nil, err
	}
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("%s: %w", method, ctx.Err())
	case r, ok := <-to:
		if !ok {
			return nil, fmt.Errorf("%s: the browser ended", method)
		}
		if r.Error != nil {
			return nil, fmt.Errorf("%s: %s", method, r.Error.Message)
		}
		return r.Result, nil
	}
}
