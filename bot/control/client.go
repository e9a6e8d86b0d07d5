package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"syscall"
)

// Ask has the process that listens at path carry the command out. answered is
// false when nobody listens; nothing has been read or written then. A command
// that failed there, or has a remark, is a *Failure.
func Ask(ctx context.Context, path string, c Command) (answered bool, err error) {
	conn, err := dial(ctx, path)
	if nobody(err) {
		return false, nil
	}
	if err != nil {
		return true, &Failure{Code: codeLater, Text: "the running process cannot be asked: " + cause(err)}
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	if err := writeJSON(conn, 'c', request{version, c.Name, c.Args}); err != nil {
		return true, cutOff(ctx)
	}
	broken := make(chan error, 1)
	go sendInput(conn, c.In, broken)
	err = readReply(conn, c.Out)
	if errors.Is(err, errCutOff) {
		select {
		case err = <-broken:
		default:
			err = cutOff(ctx)
		}
	}
	return true, err
}

// errCutOff says that the connection ended before the command did.
var errCutOff = errors.New("control: cut off")

// nobody reports an error of dial that means that no process listens: there is
// no socket, or it was left by a dead one.
func nobody(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENOTSOCK)
}

// cause is an error without the path of the socket.
func cause(err error) string {
	if errors.Is(err, fs.ErrPermission) {
		return "permission denied; run the command as the user of the service"
	}
	var e *net.OpError
	if errors.As(err, &e) {
		err = e.Err
	}
	return err.Error()
}

func cutOff(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &Failure{Code: codeLater, Text: "the running process stopped before the command was done; try again"}
}

// sendInput copies the standard input. Without the 'z' frame at the end the
// server takes it as cut off. A failure to read is reported to broken.
func sendInput(conn net.Conn, in io.Reader, broken chan<- error) {
	buf := make([]byte, buffer)
	for in != nil {
		n, err := in.Read(buf)
		if n > 0 && writeFrame(conn, 'i', buf[:n]) != nil {
			return // the command is done, and did not want the rest
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			broken <- fmt.Errorf("the input cannot be read: %w", err)
			_ = conn.Close() // half a file must not be taken for a whole one
			return
		}
	}
	_ = writeFrame(conn, 'z', nil)
}

// readReply copies the standard output until the end.
func readReply(conn net.Conn, out io.Writer) error {
	r := bufio.NewReaderSize(conn, 64<<10)
	for {
		kind, payload, err := readFrame(r)
		if err != nil {
			return errCutOff
		}
		switch kind {
		case 'o':
			if _, err := out.Write(payload); err != nil {
				return err
			}
		case 'e':
			var end Failure
			if err := json.Unmarshal(payload, &end); err != nil {
				return fmt.Errorf("control: the answer cannot be read: %w", err)
			}
			if end == (Failure{}) {
				return nil
			}
			return &end
		}
	}
}
