// Package control lets an operator's command run inside the process that holds
// the store. The process listens on a Unix socket in the data directory, which
// only its owner can open; a command such as relais export asks it, and opens
// the store itself when nobody answers.
//
// # The protocol
//
// One connection carries one command, in frames: a byte that names the kind, a
// length of four bytes (big endian), the payload.
//
//	to the server    'c' the command as JSON, then its standard input as 'i'
//	                 frames, and 'z' at its end
//	to the client    its standard output as 'o' frames, then 'e' with the exit
//	                 code and the error text as JSON
//
// Output without an 'e' is output cut off, and the client says so. The error
// text may be long (a list of bad rows), which is why this is not HTTP: the
// trailers of net/http end at 4 KiB. Either end may close at any time; the
// server then cancels the command.
package control

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
)

// Name is the socket's name in the data directory.
const Name = "relais.sock"

// version of the protocol; both ends are normally the same program.
const version = 1

// maxFrame is the largest payload in bytes.
const maxFrame = 1 << 20

// Exit codes that this package decides by itself (sysexits.h).
const (
	codeBug   = 70
	codeLater = 75
)

// Command is one command with its streams.
type Command struct {
	Name string
	Args url.Values
	In   io.Reader // nil: empty
	Out  io.Writer
}

// Run carries a command out. The code is the exit code of the client; an error
// with code 0 is a remark. In need not be read to its end. Run must return soon
// after ctx is cancelled.
type Run func(ctx context.Context, c Command) (code int, err error)

// Failure is how a command ended that did not simply succeed.
type Failure struct {
	Code int    `json:"code"` // exit code; 0: the command succeeded, Text is a remark
	Text string `json:"text"`
}

func (f *Failure) Error() string { return f.Text }

// ErrRunning says that a server listens already.
var ErrRunning = errors.New("another process answers on the socket of the data directory")

// request is the payload of a 'c' frame.
type request struct {
	Version int        `json:"version"`
	Name    string     `json:"name"`
	Args    url.Values `json:"args"`
}

// writeFrame writes one frame in one call.
func writeFrame(w io.Writer, kind byte, payload []byte) error {
	b := make([]byte, 5, 5+len(payload))
	b[0] = kind
	binary.BigEndian.PutUint32(b[1:], uint32(len(payload)))
	_, err := w.Write(append(b, payload...))
	return err
}

func writeJSON(w io.Writer, kind byte, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if len(b) > maxFrame {
		b, err = json.Marshal(Failure{Code: codeBug, Text: "the answer is too long"})
		if err != nil {
			return err
		}
	}
	return writeFrame(w, kind, b)
}

// readFrame reads one frame. The end of the stream is io.EOF only between
// frames.
func readFrame(r io.Reader) (kind byte, payload []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n > maxFrame {
		return 0, nil, fmt.Errorf("control: a frame of %d bytes", n)
	}
	payload = make([]byte, n)
	if _, err := io.ReadFull(r, payload); err != nil {
		return 0, nil, io.ErrUnexpectedEOF
	}
	return head[0], payload, nil
}

// frames writes what it is given as frames of one kind.
type frames struct {
	w    io.Writer
	kind byte
}

func (f frames) Write(p []byte) (n int, err error) {
	for n < len(p) {
		part := p[n:min(len(p), n+maxFrame)]
		if err := writeFrame(f.w, f.kind, part); err != nil {
			return n, err
		}
		n += len(part)
	}
	return n, nil
}
