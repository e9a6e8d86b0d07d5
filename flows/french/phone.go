package french

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Phone reads a French (or international) phone number and returns it in
// E.164 ("+33321691528") and as people write it ("03 21 69 15 28").
func Phone(s string) (e164, shown string, err error) {
	n, err := phonenumbers.Parse(strings.TrimSpace(s), "FR")
	if err != nil || !phonenumbers.IsValidNumber(n) {
		return "", "", ErrNoPhone
	}
	format := phonenumbers.INTERNATIONAL
	if n.GetCountryCode() == 33 {
		format = phonenumbers.NATIONAL
	}
	return phonenumbers.Format(n, phonenumbers.E164), phonenumbers.Format(n, format), nil
}
