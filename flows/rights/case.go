package rights

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/shopspring/decimal"
)

// Type names an estimate, in the words of the JSON contract.
type Type string

// The estimates.
const (
	RSA           Type = "rsa"
	PrimeActivite Type = "prime_activite"
	ComplementARE Type = "complement_are"
	ASS           Type = "ass"
	AREOuverture  Type = "are_ouverture"
)

// Types lists every estimate.
func Types() []Type { return []Type{RSA, PrimeActivite, ComplementARE, ASS, AREOuverture} }

// Value is nil, a bool, a string, a [decimal.Decimal], a []Value or [Fields].
// Amounts are euros; a numeric string is read as a number where one is due.
type Value = any

// Fields holds named values in the French vocabulary of the JSON contract.
type Fields map[string]Value

// Case is one situation to estimate. Period is the month ("2026-10") or, for
// several months in a row, a range ("2026-10..2026-12" or "2026-10..12").
// Params override the dated amounts, by their short name or by their key in
// amounts.yaml. Inputs are the facts of the person.
type Case struct {
	ID     string
	Type   Type
	Period string
	Params Fields
	Inputs Fields
}

// ParseCase reads one JSON case: {"id","type","periode","parametres","entrees"}.
// The error is a French sentence that names the field at fault; the id is
// returned with it whenever it could be read.
func ParseCase(data []byte) (Case, error) {
	top, err := decodeObject(data)
	if err != nil {
		return Case{}, err
	}
	c := Case{ID: text(top["id"]), Type: Type(text(top["type"])), Period: text(top["periode"])}
	var problems []error
	c.Params, err = fieldsOf(top, "parametres")
	problems = append(problems, err)
	c.Inputs, err = fieldsOf(top, "entrees")
	problems = append(problems, err)
	return c, errors.Join(problems...)
}

func decodeObject(data []byte) (Fields, error) {
	dec := json.NewDecoder(strings.NewReader(string(data)))
	dec.UseNumber()
	var raw any
	if err := dec.Decode(&raw); err != nil {
		return nil, errors.New("cette ligne n'est pas du JSON : il faut un cas complet par ligne")
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("cette ligne contient autre chose après le cas : il faut un seul cas par ligne")
	}
	object, ok := convert(raw).(Fields)
	if !ok {
		return nil, errors.New("cette ligne doit être un objet JSON avec « type », « periode » et « entrees »")
	}
	return object, nil
}

// convert turns decoded JSON into Values. A number that cannot be kept
// exactly stays as text, and the field that needs a number then refuses it.
func convert(v any) Value {
	switch x := v.(type) {
	case json.Number:
		if d, ok := parseDecimal(x.String()); ok {
			return d
		}
		return x.String()
	case map[string]any:
		f := make(Fields, len(x))
		for k, e := range x {
			f[k] = convert(e)
		}
		return f
	case []any:
		l := make([]Value, len(x))
		for i, e := range x {
			l[i] = convert(e)
		}
		return l
	}
	return v
}

func fieldsOf(top Fields, name string) (Fields, error) {
	switch v := top[name].(type) {
	case nil:
		return Fields{}, nil
	case Fields:
		return v, nil
	}
	return Fields{}, fmt.Errorf("le champ « %s » doit être un objet JSON", name)
}

// text reads an id, a type or a period, given as text or as a number.
func text(v Value) string {
	switch x := v.(type) {
	case string:
		return strings.TrimSpace(x)
	case decimal.Decimal:
		return x.String()
	}
	return ""
}

// parseDecimal reads "1200.50", "1 200,50" or "12e2". Numbers too long or too
// large to be an amount are refused, so that no input can make computing slow.
func parseDecimal(s string) (decimal.Decimal, bool) {
	s = strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", "€", "").Replace(strings.TrimSpace(s))
	if strings.Count(s, ",") == 1 && !strings.Contains(s, ".") {
		s = strings.Replace(s, ",", ".", 1)
	}
	if len(s) > 40 {
		return decimal.Decimal{}, false
	}
	d, err := decimal.NewFromString(s)
	if err != nil || d.Exponent() > 12 || d.Exponent() < -30 {
		return decimal.Decimal{}, false
	}
	return d, true
}
