package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

const (
	// firstFrame is how long a client may take to say what it wants.
	firstFrame = 10 * time.Second
	// lastWords is how long a client may take to read the end when the process
	// stops.
	lastWords = 2 * time.Second
	// buffer gathers small writes of a command into one frame.
	buffer = 32 << 10
)

// Serve answers commands on the socket at path until ctx is done, and waits for
// those under way, which are cancelled. It takes the place of a socket that a
// dead process left; ErrRunning when a live one answers.
func Serve(ctx context.Context, path string, run Run) error {
	ln, remove, err := listen(path)
	if err != nil {
		return err
	}
	defer remove()
	stop := context.AfterFunc(ctx, func() { _ = ln.Close() })
	defer stop()
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		conn, err := ln.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				_ = conn.Close()
			}
			return nil
		case err != nil && isTemporary(err):
			if !pause(ctx, 100*time.Millisecond) {
				return nil
			}
			continue
		case err != nil:
			_ = ln.Close()
			return err
		}
		wg.Go(func() { serveConn(ctx, conn, run) })
	}
}

// isTemporary reports an error of accept that passes, such as no free file
// descriptor.
func isTemporary(err error) bool {
	var e *net.OpError
	return errors.As(err, &e) && !errors.Is(err, net.ErrClosed) && errors.As(e.Err, new(*os.SyscallError))
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// serveConn carries out the one command of a connection.
func serveConn(ctx context.Context, conn net.Conn, run Run) {
	defer conn.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	_ = conn.SetReadDeadline(time.Now().Add(firstFrame))
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now().Add(lastWords)) })
	defer stop()
	in := bufio.NewReader(conn)
	req, err := readRequest(in)
	if err != nil {
		_ = writeJSON(conn, 'e', Failure{Code: codeBug, Text: err.Error()})
		return
	}
	if ctx.Err() == nil {
		_ = conn.SetReadDeadline(time.Time{})
	}
	stdin, feed := io.Pipe()
	gone := make(chan struct{})
	go func() { defer close(gone); feedInput(in, feed, cancel) }()
	context.AfterFunc(ctx, func() { _ = feed.CloseWithError(context.Cause(ctx)) })
	out := bufio.NewWriterSize(frames{conn, 'o'}, buffer)
	end := carryOut(ctx, run, Command{Name: req.Name, Args: req.Args, In: stdin, Out: out})
	_ = stdin.Close() // whatever the command did not read is thrown away
	if out.Flush() == nil && writeJSON(conn, 'e', end) == nil {
		_ = conn.SetReadDeadline(time.Now().Add(lastWords))
		<-gone // the client closes once it has read the end
	}
}

func readRequest(r io.Reader) (request, error) {
	var req request
	kind, payload, err := readFrame(r)
	if err != nil || kind != 'c' || json.Unmarshal(payload, &req) != nil {
		return req, errors.New("this is not a command of relais")
	}
	if req.Version != version {
		return req, errors.New("the running process is another release of relais; use the same program")
	}
	return req, nil
}

// feedInput gives the client's input to the command. It goes on reading after
// the end of the input, to notice that the client is gone.
func feedInput(r io.Reader, to *io.PipeWriter, gone func()) {
	defer gone()
	for {
		kind, payload, err := readFrame(r)
		switch {
		case err != nil:
			_ = to.CloseWithError(io.ErrUnexpectedEOF)
			return
		case kind == 'i':
			_, _ = to.Write(payload) // refused once the command is done: thrown away
		case kind == 'z':
			_ = to.Close()
		}
	}
}

// carryOut runs the command. A panic is this command's end, not the process's;
// its value is not shown, it could quote a person.
func carryOut(ctx context.Context, run Run, c Command) (end Failure) {
	defer func() {
		if recover() != nil {
			end = Failure{Code: codeBug, Text: "a defect of the program stopped the command"}
		}
	}()
	code, err := run(ctx, c)
	switch {
	case err == nil:
		return Failure{}
	case ctx.Err() != nil:
		return Failure{Code: codeLater, Text: "the process stopped before the command was done; try again"}
	}
	return Failure{Code: code, Text: err.Error()}
}
