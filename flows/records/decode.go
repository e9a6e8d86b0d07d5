package records

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// maxFile is the largest members file, in bytes: a hundred thousand rows.
const maxFile = 16 << 20

// text is a decoded file.
type text struct {
	body      string
	separator rune
	skipped   int // lines taken off the start
}

// decode reads a file as a spreadsheet may have saved it: UTF-8, UTF-16 with
// its mark, or else Windows-1252; and finds the separator in its first line.
func decode(r io.Reader) (text, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return text{}, fmt.Errorf("the file cannot be read: %w", err)
	}
	switch {
	case len(b) > maxFile:
		return text{}, errors.New("the file is larger than 16 MB; cut it in two")
	case bytes.HasPrefix(b, []byte("PK\x03\x04")), bytes.HasPrefix(b, []byte("\xd0\xcf\x11\xe0")):
		return text{}, errors.New("this is a spreadsheet, not a CSV file; save it as CSV (UTF-8)")
	}
	s, err := decodeText(b)
	if err != nil || strings.ContainsRune(s, 0) {
		return text{}, errors.New("this is not a text file; save it as CSV (UTF-8)")
	}
	s = strings.TrimPrefix(s, "\ufeff")
	if !strings.Contains(s, "\n") {
		s = strings.ReplaceAll(s, "\r", "\n")
	}
	t := text{body: s}
	first, rest, _ := strings.Cut(s, "\n")
	if mark := strings.TrimSpace(first); len(mark) == 5 && strings.HasPrefix(strings.ToLower(mark), "sep=") {
		t.body, t.skipped = rest, 1
		first, _, _ = strings.Cut(rest, "\n")
	}
	t.separator = separator(first)
	return t, nil
}

func decodeText(b []byte) (string, error) {
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xfe")), bytes.HasPrefix(b, []byte("\xfe\xff")):
		out, err := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Bytes(b)
		return string(out), err
	case utf8.Valid(b):
		return string(b), nil
	}
	out, err := charmap.Windows1252.NewDecoder().Bytes(b)
	return string(out), err
}

// separator is the one that stands most often in the first line, outside
// quotes.
func separator(line string) rune {
	best, most := ',', 0
	for _, sep := range []rune{',', ';', '\t'} {
		n, quoted := 0, false
		for _, r := range line {
			switch {
			case r == '"':
				quoted = !quoted
			case r == sep && !quoted:
				n++
			}
		}
		if n > most {
			best, most = sep, n
		}
	}
	return best
}
