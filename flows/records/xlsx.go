package records

import (
	"io"

	"github.com/xuri/excelize/v2"
)

// maxCell is the longest text that a spreadsheet keeps, in UTF-16 units.
const maxCell = 32767

// writeXLSX writes a workbook of one sheet: a bold header that stays in sight,
// numbers as numbers, texts as texts whatever they begin with.
func (t Table) writeXLSX(w io.Writer) (err error) {
	f := excelize.NewFile()
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	if err := f.SetSheetName("Sheet1", t.Name); err != nil {
		return err
	}
	bold, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return err
	}
	for i, c := range t.Columns {
		if err := t.set(f, i, 0, c); err != nil {
			return err
		}
	}
	for j, r := range t.Rows {
		for i, c := range r {
			if err := t.set(f, i, j+1, c.plain()); err != nil {
				return err
			}
		}
	}
	if err := f.SetRowStyle(t.Name, 1, 1, bold); err != nil {
		return err
	}
	if err := f.SetPanes(t.Name, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	last, err := excelize.ColumnNumberToName(len(t.Columns))
	if err != nil {
		return err
	}
	if err := f.SetColWidth(t.Name, "A", last, 18); err != nil {
		return err
	}
	_, err = f.WriteTo(w)
	return err
}

// set writes one cell; column and line count from 0.
func (t Table) set(f *excelize.File, column, line int, v any) error {
	at, err := excelize.CoordinatesToCellName(column+1, line+1)
	if err != nil || v == nil {
		return err
	}
	if s, ok := v.(string); ok {
		return f.SetCellStr(t.Name, at, shorten(s, maxCell))
	}
	return f.SetCellValue(t.Name, at, v)
}

// shorten keeps at most n UTF-16 units.
func shorten(s string, n int) string {
	units := 0
	for i, r := range s {
		units++
		if r > 0xffff {
			units++
		}
		if units > n {
			return s[:i]
		}
	}
	return s
}
