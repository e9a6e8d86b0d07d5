package records

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// Table is rows under named columns.
type Table struct {
	Name    string
	Columns []string
	Rows    [][]Cell
}

// Cell is one value: a text, a whole number, yes or no, or nothing.
type Cell struct {
	kind byte // 't', 'n', 'b'; 0 is nothing
	text string
	num  int64
}

// Text is a cell of words; an empty text is nothing. Controls other than tab
// and line feed are taken out: no format can carry them all.
func Text(s string) Cell {
	if s = clean(s); s == "" {
		return Cell{}
	}
	return Cell{kind: 't', text: s}
}

// Number is a cell that stays a number in every format.
func Number(n int64) Cell { return Cell{kind: 'n', num: n} }

// Flag is yes or no.
func Flag(b bool) Cell {
	c := Cell{kind: 'b'}
	if b {
		c.num = 1
	}
	return c
}

// None is an absent value.
func None() Cell { return Cell{} }

// String is the value as plain text, without any protection.
func (c Cell) String() string {
	switch c.kind {
	case 't':
		return c.text
	case 'n':
		return strconv.FormatInt(c.num, 10)
	case 'b':
		return strconv.FormatBool(c.num == 1)
	}
	return ""
}

// row is what a table is made of.
type row interface{ cells() []Cell }

func table[R row](name string, columns []string, rows []R) Table {
	t := Table{Name: name, Columns: columns, Rows: make([][]Cell, len(rows))}
	for i, r := range rows {
		t.Rows[i] = r.cells()
	}
	return t
}

// Write writes the table as "csv", "json" or "xlsx".
func (t Table) Write(w io.Writer, format string) error {
	switch format {
	case "csv", "":
		return t.writeCSV(w)
	case "json":
		return t.writeJSON(w)
	case "xlsx":
		return t.writeXLSX(w)
	}
	return fmt.Errorf("unknown format; there are csv, json and xlsx")
}

// writeCSV writes UTF-8 with commas and a header, quoted as in RFC 4180, but
// with line feeds alone at the ends of lines: command-line tools would take a
// carriage return as part of the last column, and spreadsheets accept both.
func (t Table) writeCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write(t.Columns); err != nil {
		return err
	}
	record := make([]string, len(t.Columns))
	for _, r := range t.Rows {
		for i, c := range r {
			record[i] = c.String()
			if c.kind == 't' {
				record[i] = Escape(record[i])
			}
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// writeJSON writes an array of objects, one a line, keys in the order of the
// columns. An absent value is null.
func (t Table) writeJSON(w io.Writer) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	value := func(v any) error {
		if err := enc.Encode(v); err != nil {
			return err
		}
		b.Truncate(b.Len() - 1) // the encoder ends with a line feed
		return nil
	}
	b.WriteByte('[')
	for i, r := range t.Rows {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n{")
		for j, c := range r {
			if j > 0 {
				b.WriteByte(',')
			}
			if err := value(t.Columns[j]); err != nil {
				return err
			}
			b.WriteByte(':')
			if err := value(c.plain()); err != nil {
				return err
			}
		}
		b.WriteByte('}')
	}
	b.WriteString("\n]\n")
	_, err := w.Write(b.Bytes())
	return err
}

// plain is the value as Go's own type.
func (c Cell) plain() any {
	switch c.kind {
	case 't':
		return c.text
	case 'n':
		return c.num
	case 'b':
		return c.num == 1
	}
	return nil
}

// formula finds where a spreadsheet could begin a formula: at the start of the
// cell, and after what a spreadsheet set to other separators takes as the end
// of a cell. Source of the list: OWASP, "CSV Injection"; the full-width forms
// are read as formulas by spreadsheets set to East Asian languages.
var formula = regexp.MustCompile(`(^|[;\t\n])([ \x{a0}]*)([=+\-@＝＋－＠\t])`)

// escaped finds the apostrophes that Escape put.
var escaped = regexp.MustCompile(`(^|[;\t\n])([ \x{a0}]*)'([=+\-@＝＋－＠\t])`)

// Escape makes a text safe in a CSV file that a spreadsheet opens: an
// apostrophe goes before each place where a formula could begin.
func Escape(s string) string {
	return twice(formula, s, "$1$2'$3")
}

// Unescape takes the apostrophes of [Escape] away.
func Unescape(s string) string {
	return twice(escaped, s, "$1$2$3")
}

// twice replaces in two passes: a tab that ends one match may begin the next,
// which the first pass then misses.
func twice(what *regexp.Regexp, s, by string) string {
	return what.ReplaceAllString(what.ReplaceAllString(s, by), by)
}

// clean makes line ends one sort and takes out what is no text.
func clean(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r', r == '\u2028', r == '\u2029', r == '\u0085':
			return '\n'
		case r == '\n', r == '\t':
			return r
		case unicode.IsControl(r), r == '\ufeff', r == '\ufffe', r == '\uffff':
			return -1
		}
		return r
	}, s)
}
