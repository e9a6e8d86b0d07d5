// Package french reads and writes the small values that people type: amounts
// of money, months, dates, phone numbers, yes and no. A reading is never
// guessed in silence: when two readings are possible the functions say so, and
// the conversation asks again.
package french

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold lower-cases s, takes accents away, writes œ and æ in full, and turns
// everything that is neither letter nor digit into single spaces.
func Fold(s string) string {
	var b strings.Builder
	space := true
	for _, r := range norm.NFD.String(strings.ToLower(s)) {
		switch {
		case unicode.Is(unicode.Mn, r):
			continue
		case r == 'œ':
			b.WriteString("oe")
		case r == 'æ':
			b.WriteString("ae")
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
		default:
			if !space {
				b.WriteByte(' ')
			}
			space = true
			continue
		}
		space = false
	}
	return strings.TrimSpace(b.String())
}

var yes = set("oui", "ouais", "ui", "oue", "oui oui", "ok", "okay", "d accord", "dac", "exact", "exactement", "c est ca", "c est bon", "cest bon", "cest ca", "bien sur", "yes", "c est bien ca", "parfait", "correct", "vrai", "c est juste", "o", "je confirme", "accord", "volontiers")

var no = set("non", "nan", "nn", "no", "non merci", "pas d accord", "faux", "pas ca", "c est pas ca", "ce n est pas ca", "jamais", "n", "pas du tout", "surtout pas")

// Yes reports whether the text is a plain yes.
func Yes(s string) bool { return yes[Fold(s)] }

// No reports whether the text is a plain no.
func No(s string) bool { return no[Fold(s)] }

func set(words ...string) map[string]bool {
	m := map[string]bool{}
	for _, w := range words {
		m[w] = true
	}
	return m
}
