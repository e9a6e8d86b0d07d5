package rights

import (
	"io/fs"
	"sort"
	"time"

	"github.com/shopspring/decimal"
)

// Confidence tells how far a dated value can be trusted.
type Confidence string

// The two levels of confidence of a value.
const (
	Sure     Confidence = "sure"
	Doubtful Confidence = "doubtful"
)

// Dated is one value of an amount with the day it took effect (Europe/Paris,
// midnight UTC is used as a plain date), the text that sets it and whether it
// was confirmed.
type Dated struct {
	Value      decimal.Decimal
	From       time.Time
	Source     string
	Confidence Confidence
}

// Amount is one named amount or rate with its history, oldest first. Unit is
// one of the units listed at the top of amounts.yaml. Doubt is a French
// sentence said with any estimate that uses a doubtful value of it. Checked is
// the last day somebody found the newest value still in force (zero: never).
type Amount struct {
	Key     string
	Label   string
	Unit    string
	Doubt   string
	Checked time.Time
	History []Dated

	product []string
}

// Amounts is the set of dated amounts. It is read-only after [LoadAmounts] and
// safe for use by several goroutines.
type Amounts struct {
	byKey map[string]*Amount
	keys  []string
}

// amountFiles are the content files that hold amounts. Only the first must exist.
var amountFiles = [...]string{"amounts.yaml", "amounts_sheets.yaml"}

// LoadAmounts reads amounts.yaml and, when present, amounts_sheets.yaml from
// the root of fsys. The error joins every problem found (a date or source
// missing, a key given twice, a bad decimal, an unknown unit…), each with its
// file and line; no amounts are returned then.
func LoadAmounts(fsys fs.FS) (*Amounts, error) {
	l := loader{amounts: &Amounts{byKey: map[string]*Amount{}}, lines: map[string]string{}}
	for i, name := range amountFiles {
		l.readFile(fsys, name, i == 0)
	}
	l.resolveProducts()
	if err := l.err(); err != nil {
		return nil, err
	}
	sort.Strings(l.amounts.keys)
	return l.amounts, nil
}

// Keys lists the keys in alphabetical order.
func (a *Amounts) Keys() []string { return append([]string(nil), a.keys...) }

// Amount returns the amount of a key with its whole history.
func (a *Amounts) Amount(key string) (Amount, bool) {
	m, ok := a.byKey[key]
	if !ok {
		return Amount{}, false
	}
	c := *m
	c.History = append([]Dated(nil), m.History...)
	return c, true
}

// At returns the value of key in force on a day. It is false for an unknown
// key and for a day before the first known value.
func (a *Amounts) At(key string, on time.Time) (decimal.Decimal, bool) {
	d, ok := a.DatedAt(key, on)
	return d.Value, ok
}

// DatedAt is [Amounts.At] with the date, source and confidence of the value.
func (a *Amounts) DatedAt(key string, on time.Time) (Dated, bool) {
	m, ok := a.byKey[key]
	if !ok {
		return Dated{}, false
	}
	i := sort.Search(len(m.History), func(i int) bool { return m.History[i].From.After(plainDay(on)) })
	if i == 0 {
		return Dated{}, false
	}
	return m.History[i-1], true
}

// Nearest returns the value in force on a day or, for an older day, the first
// known value; exact is false then. It is not ok for an unknown key only.
func (a *Amounts) Nearest(key string, on time.Time) (d Dated, exact, ok bool) {
	if d, ok := a.DatedAt(key, on); ok {
		return d, true, true
	}
	m, ok := a.byKey[key]
	if !ok || len(m.History) == 0 {
		return Dated{}, false, false
	}
	return m.History[0], false, true
}

// Format writes the value of key on a day in French, according to its unit:
// "651,69 €", "59,85 %", "182 jours".
func (a *Amounts) Format(key string, on time.Time) (string, bool) {
	d, ok := a.DatedAt(key, on)
	if !ok {
		return "", false
	}
	return formatUnit(d.Value, a.byKey[key].Unit), true
}

// plainDay keeps the calendar day only, so that a time of any zone compares
// with the dates of the content.
func plainDay(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}
