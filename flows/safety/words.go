package safety

import "strings"

// expand writes out one word: SMS forms, elisions, and one-letter mistakes in
// the words of danger. An empty result drops the word: the first half of a
// French negation carries nothing and is often left out.
func (l *lexicon) expand(prev, tok, next string) string {
	switch tok {
	case "ne", "n":
		if prev == "etre" || prev == "detre" || prev == "suis" {
			return "nee" // "né" lost its accent
		}
		return ""
	case "c":
		if strings.HasPrefix(next, "est") || strings.HasPrefix(next, "etai") {
			return "ce"
		}
		return "ce est"
	case "s":
		if next == "il" || next == "ils" {
			return "si"
		}
		return "se"
	case "ve":
		if prev == "i" {
			return "have"
		}
		return "veux"
	case "peu", "pe", "peus":
		switch prev {
		case "je", "j", "en", "jen", "y", "on":
			return "peux"
		}
	}
	if w, ok := l.sms[tok]; ok {
		return w
	}
	if rest, ok := afterJ(tok); ok {
		return "je " + l.expand("je", rest, next)
	}
	if rest, ok := afterM(tok); ok {
		return "me " + l.expand("me", rest, next)
	}
	return l.repair(tok)
}

// afterM splits the pronoun written onto its verb (mtuer, mfoutre). Short
// words are abbreviations (mdr, mdph); no other French word starts that way.
func afterM(tok string) (string, bool) {
	if len(tok) < 5 || tok[0] != 'm' || !strings.ContainsRune("bcdfgjkpqrstvxz", rune(tok[1])) || !strings.ContainsAny(tok[2:], "aeiou") {
		return "", false
	}
	return tok[1:], true
}

// afterJ splits the pronoun written onto its verb (jveux, jdors): no French
// word starts with j and a consonant.
func afterJ(tok string) (string, bool) {
	if len(tok) < 3 || tok[0] != 'j' || !strings.ContainsRune("bcdfgklmnpqrstvxz", rune(tok[1])) {
		return "", false
	}
	return tok[1:], true
}

// repair returns the word of danger that tok misspells by one letter, or tok.
func (l *lexicon) repair(tok string) string {
	if strings.ContainsRune(tok, '*') {
		return l.unmask(tok)
	}
	if len(tok) < 6 || l.known[tok] {
		return tok
	}
	for n := len(tok) - 1; n <= len(tok)+1; n++ {
		for _, w := range l.fuzzy[n] {
			if oneEdit(tok, w) {
				return w
			}
		}
	}
	return tok
}

// unmask reads a word whose letters are hidden by stars: s*icide, su***de.
func (l *lexicon) unmask(tok string) string {
	for _, w := range l.fuzzy[len(tok)] {
		if len(w) == len(tok) && fits(tok, w) {
			return w
		}
	}
	return strings.ReplaceAll(tok, "*", "")
}

func fits(masked, word string) bool {
	letters := 0
	for i := range len(masked) {
		if masked[i] == '*' {
			continue
		}
		if masked[i] != word[i] {
			return false
		}
		letters++
	}
	return letters >= 2
}

// oneEdit says whether a becomes b by one insertion, deletion, replacement or
// swap of neighbours. The first letter must agree: people rarely miss it.
func oneEdit(a, b string) bool {
	if a == "" || b == "" || a[0] != b[0] {
		return false
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a)+1 == len(b) {
		return a[i:] == b[i+1:]
	}
	if len(a) != len(b) || i == len(a) {
		return len(a) == len(b)
	}
	if a[i+1:] == b[i+1:] {
		return true
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}
