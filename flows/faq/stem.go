package faq

import (
	"strings"

	"github.com/kljensen/snowball/french"
)

// stem reduces a folded word to its French Snowball stem. The algorithm is
// made for accented text; on folded text its verb endings in "é" are missed, so
// the final mute letters are cut afterwards, which brings "paye", "payé",
// "payés" and "payer" together. Numbers and short words are their own stem.
func stem(w string) string {
	if len(w) < 4 || isNumber(w) {
		return w
	}
	s := french.Stem(w, true)
	s = strings.TrimRight(s, "e")
	if n := len(s); n > 3 && s[n-1] == s[n-2] {
		s = s[:n-1]
	}
	if len(s) < 3 {
		return w
	}
	return s
}
