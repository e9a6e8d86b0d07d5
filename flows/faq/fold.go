package faq

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// fold lower-cases s, strips accents and unifies apostrophes, ligatures and
// the euro sign. The result holds only a-z, 0-9, apostrophes and spaces.
func fold(s string) string {
	b := make([]byte, 0, len(s)+8)
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			b = append(b, foldASCII(c))
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		b = foldRune(b, r)
		i += size
	}
	return string(b)
}

func foldASCII(c byte) byte {
	switch {
	case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '\'':
		return c
	case 'A' <= c && c <= 'Z':
		return c + 'a' - 'A'
	case c == '`':
		return '\''
	}
	return ' '
}

func foldRune(b []byte, r rune) []byte {
	switch r {
	case 'é', 'è', 'ê', 'ë', 'É', 'È', 'Ê', 'Ë':
		return append(b, 'e')
	case 'à', 'â', 'ä', 'À', 'Â', 'Ä':
		return append(b, 'a')
	case 'î', 'ï', 'Î', 'Ï':
		return append(b, 'i')
	case 'ô', 'ö', 'Ô', 'Ö':
		return append(b, 'o')
	case 'ù', 'û', 'ü', 'Ù', 'Û', 'Ü':
		return append(b, 'u')
	case 'ç', 'Ç':
		return append(b, 'c')
	case 'œ', 'Œ':
		return append(b, "oe"...)
	case 'æ', 'Æ':
		return append(b, "ae"...)
	case '’', '‘', 'ʼ', '´':
		return append(b, '\'')
	case '€':
		return append(b, " euros "...)
	}
	if unicode.Is(unicode.Mn, r) {
		return b
	}
	for _, d := range norm.NFKD.String(string(r)) {
		if d < utf8.RuneSelf {
			b = append(b, foldASCII(byte(d)))
		} else if !unicode.Is(unicode.Mn, d) {
			b = append(b, ' ')
		}
	}
	return b
}

// split cuts folded text into words: runs of letters, runs of digits, and
// ordinals such as "13eme". An apostrophe ends a word and is dropped, so that
// "l'aide" gives "l" and "aide".
func split(folded string) []string {
	fields := strings.FieldsFunc(folded, func(r rune) bool { return r == ' ' || r == '\'' })
	out := fields[:0:0]
	for _, f := range fields {
		out = appendWord(out, f)
	}
	return out
}

// appendWord separates a number glued to a word ("300e", "2mois") unless it is
// an ordinal.
func appendWord(out []string, f string) []string {
	n := 0
	for n < len(f) && '0' <= f[n] && f[n] <= '9' {
		n++
	}
	switch rest := f[n:]; {
	case n == 0 || rest == "":
		return append(out, f)
	case rest == "e" && n >= 3:
		return append(out, f[:n], "euros")
	case rest == "eme" || rest == "er" || rest == "e" || rest == "ere" || rest == "ieme":
		return append(out, f[:n])
	default:
		return append(out, f[:n], rest)
	}
}

func isNumber(w string) bool { return w != "" && '0' <= w[0] && w[0] <= '9' }
