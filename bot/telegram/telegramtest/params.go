package telegramtest

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
)

// params is what a call brought, whatever its encoding.
type params struct {
	values map[string]string
	files  map[string]*File
}

// errAborted says that the caller went away in the middle of its request.
var errAborted = errors.New("request aborted")

// maxBody is the largest request (Bot API: uploads of 50 MB).
const maxBody = 52 << 20

// readParams reads a JSON, form or multipart body. An empty one is fine.
func readParams(r *http.Request) (params, error) {
	p := params{values: map[string]string{}, files: map[string]*File{}}
	for k, v := range r.URL.Query() {
		p.values[k] = v[0]
	}
	kind, options, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	body := io.LimitReader(r.Body, maxBody)
	switch kind {
	case "application/json":
		return p, p.readJSON(body)
	case "multipart/form-data":
		return p, p.readMultipart(multipart.NewReader(body, options["boundary"]))
	case "application/x-www-form-urlencoded":
		if err := r.ParseForm(); err != nil {
			return p, err
		}
		for k, v := range r.PostForm {
			p.values[k] = v[0]
		}
		return p, nil
	}
	_, err := io.Copy(io.Discard, body)
	return p, err
}

func (p params) readJSON(body io.Reader) error {
	var fields map[string]json.RawMessage
	if err := json.NewDecoder(body).Decode(&fields); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	for k, raw := range fields {
		var s string
		if json.Unmarshal(raw, &s) == nil {
			p.values[k] = s
			continue
		}
		p.values[k] = string(raw)
	}
	return nil
}

func (p params) readMultipart(m *multipart.Reader) error {
	first := true
	for {
		part, err := m.NextPart()
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return errAborted
		}
		if errors.Is(err, io.EOF) || (first && err != nil) {
			return nil // the end, or a call without parameters
		}
		if err != nil {
			return err
		}
		first = false
		content, err := io.ReadAll(part)
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return errAborted
		}
		if err != nil {
			return err
		}
		if name := part.FileName(); name != "" {
			p.files[part.FormName()] = &File{Name: name, Mime: part.Header.Get("Content-Type"), Data: content}
			continue
		}
		p.values[part.FormName()] = string(content)
	}
}

func (p params) int(name string) int64 {
	n, err := strconv.ParseInt(p.values[name], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func (p params) chat() int64 { return p.int("chat_id") }
