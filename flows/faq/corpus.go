package faq

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxCorpusLine bounds one line of a corpus, in bytes.
const maxCorpusLine = 4 << 20

// ReadCorpus reads entries written one JSON object a line, with the keys id,
// title, alt and text. Blank lines are skipped. All bad lines are
// listed in one error.
func ReadCorpus(r io.Reader) ([]Entry, error) {
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 64<<10), maxCorpusLine)
	var entries []Entry
	var problems []error
	seen := map[string]int{}
	for line := 1; sc.Scan(); line++ {
		if strings.TrimSpace(sc.Text()) == "" {
			continue
		}
		var e Entry
		if err := json.Unmarshal(sc.Bytes(), &e); err != nil {
			problems = append(problems, fmt.Errorf("line %d: not a JSON object with id, title, alt, text: %w", line, err))
			continue
		}
		switch first, dup := seen[e.ID]; {
		case e.ID == "":
			problems = append(problems, fmt.Errorf("line %d: id: missing", line))
		case dup:
			problems = append(problems, fmt.Errorf("line %d: id: already used on line %d", line, first))
		case strings.TrimSpace(e.Title+e.Text) == "" && len(e.Alt) == 0:
			problems = append(problems, fmt.Errorf("line %d: give a title, an alt or a text", line))
		default:
			seen[e.ID] = line
			entries = append(entries, e)
		}
	}
	if err := sc.Err(); err != nil {
		problems = append(problems, fmt.Errorf("read corpus: %w", err))
	}
	if len(entries) == 0 && len(problems) == 0 {
		problems = append(problems, errors.New("the corpus is empty"))
	}
	return entries, errors.Join(problems...)
}
