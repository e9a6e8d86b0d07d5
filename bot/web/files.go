package web

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"unicode"
)

// maxFile is the largest file a phone may send, in bytes: the limit of
// Telegram's Bot API for files that a bot can fetch.
const maxFile = 20 << 20

// errTooLarge says that a file is over maxFile.
var errTooLarge = errors.New("file too large")

// uploads is the folder of the files sent from the phones, by random id.
type uploads string

func openUploads(dir string) (uploads, error) {
	u := filepath.Join(dir, "uploads")
	return uploads(u), os.MkdirAll(u, 0o700)
}

// keep stores what r gives under a new id and returns its size in bytes and
// its type, read from its first bytes.
func (u uploads) keep(r io.Reader) (id string, size int64, kind string, err error) {
	raw := make([]byte, 16)
	_, _ = rand.Read(raw) // crypto/rand.Read never fails since Go 1.24
	id = hex.EncodeToString(raw)
	f, err := os.OpenFile(filepath.Join(string(u), id), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", 0, "", err
	}
	head := &bytes.Buffer{}
	size, err = io.Copy(io.MultiWriter(f, &headWriter{head}), io.LimitReader(r, maxFile+1))
	if err == nil && size > maxFile {
		err = errTooLarge
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", 0, "", errors.Join(err, u.drop(id))
	}
	return id, size, http.DetectContentType(head.Bytes()), nil
}

// headWriter keeps the first 512 bytes, all that sniffing reads.
type headWriter struct{ b *bytes.Buffer }

func (h *headWriter) Write(p []byte) (int, error) {
	h.b.Write(p[:min(len(p), 512-min(512, h.b.Len()))])
	return len(p), nil
}

func (u uploads) drop(id string) error { return os.Remove(filepath.Join(string(u), id)) }

// open gives the content of an upload. Ids that were not made by keep are not
// looked for.
func (u uploads) open(id string) (io.ReadCloser, error) {
	if b, err := hex.DecodeString(id); err != nil || len(b) != 16 {
		return nil, errors.New("no such upload")
	}
	return os.Open(filepath.Join(string(u), id))
}

// cleanName is a file's name without its path and control characters, at most
// 100 characters long, never empty.
func cleanName(name string) string {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, name)
	if r := []rune(name); len(r) > 100 {
		name = string(r[:60]) + "…" + string(r[len(r)-30:])
	}
	if name = strings.TrimSpace(name); name == "" || name == "." || name == ".." {
		return "document"
	}
	return name
}

// inert are the types that a browser may show inside the page; anything else
// is served as bytes to save.
func inert(kind string) bool {
	switch kind {
	case "image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf":
		return true
	}
	return false
}

// serveFile answers with the file of a bubble. It is always offered to be
// saved, never run: a picture can still be shown by the page's own img.
func (a *api) serveFile(w http.ResponseWriter, r *http.Request) {
	b, ok := a.screens.bubble(r.PathValue("id"))
	if !ok || b.File == nil {
		writeError(w, &apiError{status: http.StatusNotFound, text: "file : ce fichier n’existe pas."})
		return
	}
	body, err := a.openFile(r, b)
	if err != nil {
		a.opts.Logger.Warn("demo file not readable", "message", b.ID)
		writeError(w, &apiError{status: http.StatusNotFound, text: "file : ce fichier n’est plus disponible."})
		return
	}
	defer func() { _ = body.Close() }()
	head := make([]byte, 512)
	n, err := io.ReadFull(body, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		writeError(w, &apiError{status: http.StatusBadGateway, text: "file : ce fichier n’a pas pu être lu."})
		return
	}
	kind := http.DetectContentType(head[:n])
	if !inert(kind) {
		kind = "application/octet-stream"
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": b.File.Name}))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cache-Control", "private, max-age=3600")
	_, _ = io.Copy(w, io.MultiReader(bytes.NewReader(head[:n]), body)) // the reader has gone: nobody to tell
}

func (a *api) openFile(r *http.Request, b bubble) (io.ReadCloser, error) {
	if b.File.Upload != "" {
		return a.uploads.open(b.File.Upload)
	}
	if a.opts.Blobs == nil {
		return nil, fmt.Errorf("no stored files")
	}
	return a.opts.Blobs.OpenBlob(r.Context(), b.Person, b.File.Blob)
}
