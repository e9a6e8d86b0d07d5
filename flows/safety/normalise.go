package safety

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// normal is a text made comparable: lower case, no accents, one space between
// words, SMS forms written out, " . " between sentences, emoji kept as words.
type normal struct {
	text  string   // starts and ends with a space
	glued []string // spelled-out or run-together words, without spaces
	words int
}

// maxRunes bounds the work on one text: no channel delivers more at once.
const maxRunes = 8192

// lexicon holds the written-out forms of SMS words and the words of danger
// that are also recognised with one wrong letter.
type lexicon struct {
	sms   map[string]string
	fuzzy map[int][]string // by length
	known map[string]bool
}

// normalise rewrites a text into the form the patterns are written for.
func (l *lexicon) normalise(text string) normal {
	raw, disguised := tokenize(text)
	raw, glued := joinSpelled(raw)
	for _, w := range disguised {
		glued = append(glued, spelled+w)
	}
	var b strings.Builder
	b.WriteByte(' ')
	n := normal{glued: glued}
	for i, tok := range raw {
		if len(tok) >= 10 {
			n.glued = append(n.glued, tok)
		}
		prev, next := "", ""
		if i > 0 {
			prev = raw[i-1]
		}
		if i+1 < len(raw) {
			next = raw[i+1]
		}
		if w := l.expand(prev, tok, next); w != "" {
			b.WriteString(w)
			b.WriteByte(' ')
			n.words++
		}
	}
	n.text = b.String()
	return n
}

// tokenize splits a text into lower-case words without accents, "." for the
// end of a sentence, and single emoji. Apostrophes separate words. Disguised
// lists the words with digits in place of letters.
func tokenize(text string) (toks, disguised []string) {
	var word []rune
	flush := func() {
		if len(word) > 0 {
			w, digits := collapse(word)
			if digits {
				disguised = append(disguised, w)
			}
			toks = append(toks, w)
			word = word[:0]
		}
	}
	runes := decompose(text)
	for i, r := range runes {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || unicode.IsLetter(r):
			word = append(word, r)
		case insideWord(runes, i):
			if c, ok := standIn[r]; ok {
				word = append(word, c)
			}
		case r == '\'' || r == '’' || r == '`' || r == 'ʼ':
			flush()
		case strings.ContainsRune(".!?;\n…:", r):
			flush()
			if len(toks) > 0 && toks[len(toks)-1] != "." {
				toks = append(toks, ".")
			}
		case r > 0x2190 && unicode.IsSymbol(r) && (r < 0x1F3FB || r > 0x1F3FF):
			flush()
			toks = append(toks, string(r))
		default:
			flush()
		}
	}
	flush()
	return toks, disguised
}

// standIn gives the letter a sign stands for inside a word. The middle dot of
// inclusive spelling and joiners are dropped.
var standIn = map[rune]rune{'!': 'i', '@': 'a', '$': 's', '€': 'e', '*': '*'}

// insideWord says whether a sign stands between two letters and belongs to
// the word: su!cide, s*icide, fatigué·e.
func insideWord(runes []rune, i int) bool {
	r := runes[i]
	if r == '·' || r == '\u200d' || r == '\u200b' || r == '\u00ad' {
		return true
	}
	if _, ok := standIn[r]; !ok || i == 0 || i+1 >= len(runes) {
		return false
	}
	return unicode.IsLetter(runes[i-1]) && (unicode.IsLetter(runes[i+1]) || runes[i+1] == '*')
}

// decompose lower-cases and strips accents, within the bound of maxRunes.
func decompose(text string) []rune {
	text = strings.ToValidUTF8(text, " ")
	if len(text) > 4*maxRunes {
		text = strings.ToValidUTF8(text[:4*maxRunes], "")
	}
	text = strings.NewReplacer("œ", "oe", "Œ", "oe", "æ", "ae", "ß", "ss").Replace(text)
	out := make([]rune, 0, len(text))
	for _, r := range norm.NFKD.String(text) {
		if unicode.Is(unicode.Mn, r) {
			continue
		}
		if len(out) == maxRunes {
			break
		}
		out = append(out, unicode.ToLower(r))
	}
	return out
}

// collapse shortens letters repeated three times or more to one and reads
// digits as the letters they resemble in a word that is mostly letters
// (su1cide, m0rt, 5uicide). Digits says whether it did.
func collapse(word []rune) (w string, digits bool) {
	letters := 0
	for _, r := range word {
		if unicode.IsLetter(r) {
			letters++
		}
	}
	mostly := letters >= 4 && letters*2 > len(word)
	out := make([]rune, 0, len(word))
	for i, r := range word {
		if i >= 2 && word[i-1] == r && word[i-2] == r && unicode.IsLetter(r) {
			if n := len(out); n >= 2 && out[n-1] == r && out[n-2] == r {
				out = out[:n-1]
			}
			continue
		}
		if c, ok := digitLetter[r]; ok && (mostly || between(word, i)) {
			r, digits = c, true
		}
		out = append(out, r)
	}
	return string(out), digits
}

var digitLetter = map[rune]rune{'0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '7': 't'}

func between(word []rune, i int) bool {
	return i > 0 && i+1 < len(word) && unicode.IsLetter(word[i-1]) && unicode.IsLetter(word[i+1])
}

// joinSpelled joins words written letter by letter ("m o u r i r", "s.u.i").
// Runs under five letters are left alone: they are abbreviations.
func joinSpelled(toks []string) (joined, glued []string) {
	for i := 0; i < len(toks); {
		j, word := i, ""
		for j < len(toks) && (single(toks[j]) || toks[j] == "." && word != "") {
			if toks[j] != "." {
				word += toks[j]
			}
			j++
		}
		if len(word) >= 5 {
			joined = append(joined, word)
			glued = append(glued, word, spelled+word)
			i = j
			continue
		}
		joined = append(joined, toks[i])
		i++
	}
	return joined, glued
}

// spelled marks a word written letter by letter: nobody spells a word of
// danger so without meaning it.
const spelled = "spelled"

func single(tok string) bool {
	return len(tok) == 1 && tok[0] >= 'a' && tok[0] <= 'z'
}
