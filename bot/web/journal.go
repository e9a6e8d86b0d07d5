package web

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// journalName is the file, in the demo's folder, that holds one JSON record a
// line. A record replaces the earlier one of the same object.
const journalName = "screens.jsonl"

// record is one line of the journal; exactly one field is set.
type record struct {
	Bubble *bubble   `json:"bubble,omitempty"`
	Card   *deskCard `json:"card,omitempty"`
	Who    *who      `json:"who,omitempty"`
}

// journal appends records to a file. It is not fsynced: a phone that loses its
// last second loses nothing that the product owes anyone.
type journal struct{ f *os.File }

// openJournal reads the records of dir in order and opens the file for more. A
// last line cut short by a crash is dropped.
func openJournal(dir string, each func(record)) (*journal, error) {
	path := filepath.Join(dir, journalName)
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	whole := data[:bytes.LastIndexByte(data, '\n')+1]
	lines := bufio.NewScanner(bytes.NewReader(whole))
	lines.Buffer(nil, len(whole)+1)
	for n := 1; lines.Scan(); n++ {
		var r record
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return nil, fmt.Errorf("%s, line %d is not a record of the demo: move the file away to start afresh", path, n)
		}
		each(r)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Truncate(int64(len(whole))); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if _, err := f.Seek(int64(len(whole)), 0); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &journal{f}, nil
}

// append writes one record.
func (j *journal) append(r record) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = j.f.Write(append(b, '\n'))
	return err
}

func (j *journal) close() error { return j.f.Close() }
