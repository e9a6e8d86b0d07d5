package rights

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxLine is the longest JSON line read, in bytes.
const maxLine = 1 << 20

// EstimateLines reads one JSON case per line and writes one JSON result per
// line, in the same order. A bad case gives {"id","erreur"} and the next ones
// go on; the error is only one of reading or writing.
func EstimateLines(amounts *Amounts, in io.Reader, out io.Writer) error {
	reader, writer := bufio.NewReaderSize(in, 64<<10), bufio.NewWriter(out)
	for n := 1; ; n++ {
		line, tooLong, err := readLine(reader)
		if err != nil && err != io.EOF {
			return errors.Join(err, writer.Flush())
		}
		if text := bytes.TrimSpace(line); len(text) > 0 || tooLong {
			if werr := writeResult(writer, estimateLine(amounts, text, tooLong, n)); werr != nil {
				return werr
			}
		}
		if err == io.EOF {
			return writer.Flush()
		}
	}
}

func estimateLine(amounts *Amounts, text []byte, tooLong bool, n int) Result {
	if tooLong {
		return Result{Error: fmt.Sprintf("ligne %d : elle est trop longue.", n)}
	}
	c, err := ParseCase(text)
	if err != nil {
		return Result{ID: c.ID, Error: fmt.Sprintf("ligne %d : %s.", n, strings.ReplaceAll(err.Error(), "\n", " ; "))}
	}
	return Estimate(amounts, c)
}

func writeResult(w *bufio.Writer, r Result) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		return err
	}
	return w.Flush()
}

// readLine returns one line without a limit on its length, but keeps only
// maxLine bytes of it.
func readLine(r *bufio.Reader) (line []byte, tooLong bool, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(part) > maxLine {
			tooLong, line = true, nil
		} else if !tooLong {
			line = append(line, part...)
		}
		if err != bufio.ErrBufferFull {
			return line, tooLong, err
		}
	}
}
