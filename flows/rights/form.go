package rights

import (
	"fmt"
	"sort"
	"strings"

	"github.com/shopspring/decimal"
)

// form reads the facts of a case and gathers what is impossible in them, in
// French and by the name of the field. A field that is absent or null is not
// a problem by itself: the estimator asks for what it needs with [form.need].
type form struct {
	fields   Fields
	prefix   string
	problems []string
}

// limit is the largest amount believed, in euros a month.
var limit = decimal.NewFromInt(10_000_000)

func (f *form) impossible(name, format string, args ...any) {
	f.problems = append(f.problems, fmt.Sprintf("Champ « %s%s » : %s", f.prefix, name, fmt.Sprintf(format, args...)))
}

// need reports a field that the estimate cannot do without.
func (f *form) need(given bool, name, what string) {
	if !given {
		f.impossible(name, "il manque. Indiquez %s.", what)
	}
}

func (f *form) given(name string) bool { return f.fields[name] != nil }

// amount reads an amount of euros (or any number) that cannot be negative.
func (f *form) amount(name string) (decimal.Decimal, bool) {
	v := f.fields[name]
	if v == nil {
		return decimal.Decimal{}, false
	}
	return f.positive(name, v)
}

func (f *form) positive(name string, v Value) (decimal.Decimal, bool) {
	d, ok := number(v)
	switch {
	case !ok:
		f.impossible(name, "il faut un nombre, par exemple 646.52.")
	case d.IsNegative():
		f.impossible(name, "la valeur %s est impossible, elle ne peut pas être négative.", FormatDecimal(d))
	case d.GreaterThan(limit):
		f.impossible(name, "la valeur est trop grande.")
	default:
		return d, true
	}
	return decimal.Decimal{}, false
}

// whole reads a whole number between two bounds.
func (f *form) whole(name string, from, to int64) (int, bool) {
	d, ok := f.amount(name)
	if !ok {
		return 0, false
	}
	if !d.IsInteger() || d.LessThan(decimal.NewFromInt(from)) || d.GreaterThan(decimal.NewFromInt(to)) {
		f.impossible(name, "la valeur %s est impossible. Il faut un nombre entier entre %d et %d.", FormatDecimal(d), from, to)
		return 0, false
	}
	return int(d.IntPart()), true
}

// flag reads a yes or no.
func (f *form) flag(name string) (value, ok bool) {
	switch v := f.fields[name].(type) {
	case nil:
		return false, false
	case bool:
		return v, true
	case string:
		switch fold(v) {
		case "oui", "true", "vrai":
			return true, true
		case "non", "false", "faux":
			return false, true
		}
	case decimal.Decimal:
		if v.IsZero() || v.Equal(decimal.NewFromInt(1)) {
			return !v.IsZero(), true
		}
	}
	f.impossible(name, "il faut true ou false.")
	return false, false
}

// word reads one of a list of words; accents, case and spaces do not matter.
func (f *form) word(name string, allowed ...string) (string, bool) {
	v := f.fields[name]
	if v == nil {
		return "", false
	}
	if s, ok := v.(string); ok && contains(allowed, fold(s)) {
		return fold(s), true
	}
	f.impossible(name, "cette valeur est inconnue. Utilisez : %s.", strings.Join(allowed, ", "))
	return "", false
}

// amounts reads a list of amounts; a single amount is a list of one.
func (f *form) amounts(name string) ([]decimal.Decimal, bool) {
	v := f.fields[name]
	if v == nil {
		return nil, false
	}
	list, isList := v.([]Value)
	if !isList {
		list = []Value{v}
	}
	out := make([]decimal.Decimal, 0, len(list))
	for i, e := range list {
		entry := name
		if isList {
			entry = fmt.Sprintf("%s[%d]", name, i+1)
		}
		d, ok := f.positive(entry, e)
		if !ok {
			return nil, false
		}
		out = append(out, d)
	}
	if len(out) == 0 || len(out) > 60 {
		f.impossible(name, "il faut une liste de 1 à 60 montants.")
		return nil, false
	}
	return out, true
}

// unknown lists, in order, the fields that the estimate does not know.
func (f *form) unknown(known []string) []string {
	var names []string
	for name := range f.fields {
		if !contains(known, name) {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names
}

func number(v Value) (decimal.Decimal, bool) {
	switch x := v.(type) {
	case decimal.Decimal:
		return x, true
	case string:
		return parseDecimal(x)
	}
	return decimal.Decimal{}, false
}

var accents = strings.NewReplacer("é", "e", "è", "e", "ê", "e", "à", "a", "â", "a", "ç", "c", "î", "i", "ô", "o",
	"É", "e", "È", "e", " ", "_", "-", "_", "'", "_", "’", "_")

// fold writes a word in the way of the contract: lower case, no accent,
// underscores between words.
func fold(s string) string { return strings.ToLower(accents.Replace(strings.TrimSpace(s))) }
