package rights

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/shopspring/decimal"
)

// Figure is one named value of a result: an amount in euros, a number of days,
// a yes or no, or a list of amounts for several months.
type Figure struct {
	Key  string
	Yes  *bool
	One  decimal.Decimal
	Many []decimal.Decimal
}

// Result is the outcome of an estimate. Error is a French sentence that names
// the field at fault; the other fields are empty then. Since is the latest day
// on which an amount used took effect (zero when the case gave them all).
type Result struct {
	ID       string
	Type     Type
	Error    string
	Figures  []Figure
	Steps    []string
	Sources  []string
	Warnings []string
	Since    time.Time
}

// Amount returns the amount or number named key, rounded as in the JSON.
func (r Result) Amount(key string) (decimal.Decimal, bool) {
	for _, f := range r.Figures {
		if f.Key == key && f.Yes == nil && f.Many == nil {
			return f.One, true
		}
	}
	return decimal.Decimal{}, false
}

// Amounts returns the list named key, one value a month.
func (r Result) Amounts(key string) ([]decimal.Decimal, bool) {
	for _, f := range r.Figures {
		if f.Key == key && f.Many != nil {
			return append([]decimal.Decimal(nil), f.Many...), true
		}
	}
	return nil, false
}

// Ineligible tells whether the result says that the person has no right at all.
func (r Result) Ineligible() bool {
	for _, f := range r.Figures {
		if f.Key == "eligible" && f.Yes != nil {
			return !*f.Yes
		}
	}
	return false
}

// MarshalJSON writes the result in the outward contract: {"id","resultat",
// "etapes","sources","avertissements"} or {"id","erreur"}.
func (r Result) MarshalJSON() ([]byte, error) {
	if r.Error != "" {
		return json.Marshal(struct {
			ID    string `json:"id"`
			Error string `json:"erreur"`
		}{r.ID, r.Error})
	}
	return json.Marshal(struct {
		ID       string   `json:"id"`
		Figures  figures  `json:"resultat"`
		Steps    []string `json:"etapes"`
		Sources  []string `json:"sources"`
		Warnings []string `json:"avertissements"`
	}{r.ID, r.Figures, list(r.Steps), list(r.Sources), list(r.Warnings)})
}

// list makes an absent list an empty one.
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// figures are written as a JSON object in their own order.
type figures []Figure

func (fs figures) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, f := range fs {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(f.Key)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		f.write(&b)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func (f Figure) write(b *bytes.Buffer) {
	switch {
	case f.Yes != nil && *f.Yes:
		b.WriteString("true")
	case f.Yes != nil:
		b.WriteString("false")
	case f.Many != nil:
		b.WriteByte('[')
		for i, d := range f.Many {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(d.String())
		}
		b.WriteByte(']')
	default:
		b.WriteString(f.One.String())
	}
}
