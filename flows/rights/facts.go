package rights

import (
	"errors"
	"fmt"
	"strings"
)

// FactKind is how a fact is asked: an amount of euros, a number, one of a few
// options, yes or no.
type FactKind string

// The kinds of facts.
const (
	Money  FactKind = "money"
	Number FactKind = "number"
	Choice FactKind = "choice"
	YesNo  FactKind = "yesno"
)

// Option is one answer of a choice: Value is kept, Label is shown.
type Option struct{ Value, Label string }

// Fact is one thing asked of a person to make an estimate. Question and Help
// are French texts. An optional fact may be answered "je ne sais pas", kept as
// "". A fact with OnlyIf is asked when the answer to that key is in Among.
// Least and Most
// bound a number or an amount of euros (Most 0: 20 000 € for an amount).
type Fact struct {
	Key      string
	Kind     FactKind
	Question string
	Help     string
	Options  []Option
	Optional bool
	OnlyIf   string
	Among    []string
	Least    int
	Most     int
}

// Answers holds the answers by key, as [Fact.Read] returns them. They are the
// caller's: this package keeps none.
type Answers map[string]string

// Yes and No are the kept answers of a yes or no question.
const (
	Yes = "oui"
	No  = "non"
)

// NextFact returns the first fact still needed, and false when the estimate
// can be made: facts that no longer matter are not asked.
func NextFact(t Type, a Answers) (Fact, bool) {
	for _, f := range Facts(t) {
		if _, answered := a[f.Key]; !answered && f.asked(a) {
			return f, true
		}
	}
	return Fact{}, false
}

func (f Fact) asked(a Answers) bool {
	return f.OnlyIf == "" || contains(f.Among, a[f.OnlyIf])
}

// Read checks what a person typed or tapped and returns the answer to keep.
// The error is a French sentence that says what to write.
func (f Fact) Read(typed string) (string, error) {
	t := fold(typed)
	if f.Optional && (t == "" || strings.Contains(t, "sais_pas")) {
		return "", nil
	}
	switch f.Kind {
	case YesNo:
		return readYesNo(t)
	case Choice:
		return f.readChoice(t)
	case Number:
		return f.readNumber(typed)
	}
	return f.readMoney(typed)
}

func readYesNo(t string) (string, error) {
	switch t {
	case "oui", "o", "ouais", "yes":
		return Yes, nil
	case "non", "n", "no":
		return No, nil
	}
	return "", errors.New("Répondez par oui ou par non.")
}

func (f Fact) readChoice(t string) (string, error) {
	for _, o := range f.Options {
		if t == fold(o.Value) || t == fold(o.Label) {
			return o.Value, nil
		}
	}
	return "", errors.New("Choisissez une des réponses proposées.")
}

func (f Fact) readNumber(typed string) (string, error) {
	d, ok := parseDecimal(strings.TrimRight(strings.ToLower(typed), "abcdefghijklmnopqrstuvwxyz. "))
	if !ok || d.IsNegative() || d.LessThan(num(f.Least)) || d.GreaterThan(num(f.Most)) {
		return "", fmt.Errorf("Écrivez un nombre entre %d et %d.", f.Least, f.Most)
	}
	if !d.IsInteger() {
		return "", errors.New("Écrivez un nombre entier, sans virgule.")
	}
	return d.String(), nil
}

func (f Fact) readMoney(typed string) (string, error) {
	t := strings.ToLower(strings.TrimSpace(typed))
	for _, word := range []string{"euros", "euro", "eur"} {
		t = strings.TrimSuffix(t, word)
	}
	most := f.Most
	if most == 0 {
		most = 20_000
	}
	d, ok := parseDecimal(t)
	switch {
	case !ok:
		return "", errors.New("Écrivez seulement un montant, par exemple 350 ou 350,50.")
	case d.IsNegative():
		return "", errors.New("Le montant ne peut pas être négatif.")
	case d.LessThan(num(f.Least)):
		return "", fmt.Errorf("Le montant doit être d'au moins %d €.", f.Least)
	case d.GreaterThan(num(most)):
		return "", fmt.Errorf("Ce montant est trop grand, le maximum est %d €. Vérifiez ce qui est demandé.", most)
	}
	return d.String(), nil
}
