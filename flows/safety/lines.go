package safety

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// line is one answer of the safety JSON.
type line struct {
	Text   string `json:"text"`
	Level  string `json:"level"`
	Reason string `json:"reason"`
}

// Lines reads one text per line from in and writes one answer per line to out:
// JSON objects {"text","level","reason"}, or "level<TAB>reason<TAB>text" when
// asJSON is false. Empty lines are answered too, so that lines stay aligned.
// The error is the first one of in or out.
func Lines(r *Reader, in io.Reader, out io.Writer, asJSON bool) error {
	scan := bufio.NewScanner(in)
	scan.Buffer(make([]byte, 64<<10), 16<<20)
	w := bufio.NewWriter(out)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for scan.Scan() {
		text := strings.TrimSuffix(scan.Text(), "\r")
		f := r.Read(text)
		var err error
		if asJSON {
			err = enc.Encode(line{Text: text, Level: f.Level.String(), Reason: f.Reason})
		} else {
			_, err = fmt.Fprintf(w, "%s\t%s\t%s\n", f.Level, f.Reason, text)
		}
		if err != nil {
			return fmt.Errorf("safety: writing: %w", err)
		}
	}
	if err := scan.Err(); err != nil {
		return fmt.Errorf("safety: reading a text a line: %w", err)
	}
	return w.Flush()
}
