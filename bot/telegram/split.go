package telegram

import (
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/coopconnexion/relais/flows"
)

// The longest texts, in UTF-16 units after entities (Bot API).
const (
	maxText    = 4096
	maxCaption = 1024
)

// split cuts rich text into parts of at most limit units: after a paragraph,
// else after a line, else after a word, else between two characters as a reader
// counts them. Nothing is lost: the parts joined are the text. A style or a
// link that is cut goes on in the next part.
func split(r flows.Rich, limit int) []flows.Rich {
	var parts []flows.Rich
	for r.Len() > limit {
		at := cutAt(plain(r), limit)
		head, tail := divide(r, at)
		parts = append(parts, head)
		r = tail
	}
	return append(parts, r)
}

// plain is the text of all spans, without addresses.
func plain(r flows.Rich) string {
	var b strings.Builder
	for _, s := range r {
		b.WriteString(s.Text)
	}
	return b.String()
}

// cutAt is the byte offset of the best cut in s, which is longer than limit.
func cutAt(s string, limit int) int {
	end := prefix(s, limit)
	window := s[:end]
	// A cut in the first quarter would make a useless short part.
	least := prefix(s, limit/4)
	for _, sep := range []string{"\n\n", "\n", " "} {
		if i := strings.LastIndex(window, sep); i+len(sep) > least {
			return i + len(sep)
		}
	}
	if i := strings.LastIndexFunc(window, unicode.IsSpace); i > least {
		_, n := utf8.DecodeRuneInString(window[i:])
		return i + n
	}
	if at := graphemeCut(s, end); at > 0 {
		return at
	}
	return end
}

// prefix is the byte length of the longest prefix of at most n units.
func prefix(s string, n int) int {
	for i, r := range s {
		if n -= utf16.RuneLen(r); n < 0 {
			return i
		}
	}
	return len(s)
}

// graphemeCut moves a cut back to where no character, as a reader sees it, is
// divided; 0 when there is no such place.
func graphemeCut(s string, end int) int {
	for at := end; at > 0; {
		r, _ := utf8.DecodeRuneInString(s[at:])
		before, n := utf8.DecodeLastRuneInString(s[:at])
		if !joined(before, r) && !splitsFlag(s[:at], r) {
			return at
		}
		at -= n
	}
	return 0
}

// joined reports whether b goes on the character that a began. It is a short
// form of the rules of Unicode UAX 29, enough for accents, emoji sequences and
// Hangul.
func joined(a, b rune) bool {
	const zwj = 0x200D
	switch {
	case a == '\r' && b == '\n':
		return true
	case a == zwj || b == zwj || b == 0x200C:
		return true
	case unicode.In(b, unicode.Mn, unicode.Me, unicode.Mc):
		return true
	case b >= 0x1F3FB && b <= 0x1F3FF: // skin tones
		return true
	case b >= 0xE0020 && b <= 0xE007F: // tags of regional flags
		return true
	case b >= 0x1160 && b <= 0x11FF: // Hangul vowels and finals
		return true
	}
	return false
}

// splitsFlag reports whether a cut before r would divide a pair of regional
// indicators.
func splitsFlag(before string, r rune) bool {
	if !regional(r) {
		return false
	}
	n := 0
	for before != "" {
		last, size := utf8.DecodeLastRuneInString(before)
		if !regional(last) {
			break
		}
		n++
		before = before[:len(before)-size]
	}
	return n%2 == 1
}

func regional(r rune) bool { return r >= 0x1F1E6 && r <= 0x1F1FF }

// divide cuts rich text at a byte offset of its plain text.
func divide(r flows.Rich, at int) (head, tail flows.Rich) {
	for i, s := range r {
		if at >= len(s.Text) {
			head = append(head, s)
			at -= len(s.Text)
			continue
		}
		if at > 0 {
			first := s
			first.Text = s.Text[:at]
			head = append(head, first)
			s.Text = s.Text[at:]
		}
		tail = append(append(tail, s), r[i+1:]...)
		break
	}
	return head, tail
}
