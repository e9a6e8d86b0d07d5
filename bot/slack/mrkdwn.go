package slack

import (
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/coopconnexion/relais/flows"
)

// escaper is the only way of text into a message: with these three characters
// escaped, Slack reads no mention, no link and no broadcast in it
// (https://docs.slack.dev/messaging/formatting-message-text#escaping).
var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// escape makes any text harmless in a message.
func escape(s string) string { return escaper.Replace(s) }

// gap is a zero-width space. Slack has no escape for its emphasis characters;
// one that is followed by a gap no longer opens or closes anything.
const gap = "\u200b"

// clean drops what no reader needs: control characters, directional overrides
// that could disguise a text, broken UTF-8.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\u2028' || r == '\u2029':
			return '\n'
		case unicode.IsControl(r), r == utf8.RuneError,
			r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
			return -1
		}
		return r
	}, strings.ToValidUTF8(strings.ReplaceAll(s, "\r\n", "\n"), ""))
}

// size counts as Slack does at worst: in UTF-16 units.
func size(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// markers finds the emphasis characters that could pair up in the text.
func markers(r flows.Rich) map[rune]bool {
	count := map[rune]int{}
	for _, s := range r {
		switch s.Style {
		case flows.Bold:
			count['*']++
		case flows.Italic:
			count['_']++
		}
		for _, c := range s.Text {
			if strings.ContainsRune("*_~`", c) {
				count[c]++
			}
		}
	}
	hot := map[rune]bool{}
	for c, n := range count {
		hot[c] = n > 1
	}
	return hot
}

// defuse puts a gap after emphasis characters, except inside words, where
// Slack does not read them and an address must stay fit to copy.
func defuse(s string, hot map[rune]bool) string {
	if !strings.ContainsAny(s, "*_~`") {
		return s
	}
	var b strings.Builder
	rs := []rune(s)
	for i, c := range rs {
		b.WriteRune(c)
		if !hot[c] {
			continue
		}
		if c == '_' && i > 0 && i+1 < len(rs) && word(rs[i-1]) && word(rs[i+1]) {
			continue
		}
		b.WriteString(gap)
	}
	return b.String()
}

func word(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// pieceSize bounds a piece in runes; escaping lengthens a rune at most
// fivefold, so a piece always fits in a section.
const pieceSize = 250

// pieces renders text as runs that may not be cut, each in well-formed mrkdwn.
// A line break is always a piece of its own.
func pieces(r flows.Rich) []string {
	hot := markers(r)
	var out []string
	for i, s := range r {
		text := clean(s.Text)
		if s.URL != "" && linkable(s.URL) {
			out = append(out, link(defuse(text, hot), s.URL))
			continue
		}
		if s.URL != "" && s.URL != s.Text {
			text += " (" + clean(s.URL) + ")"
		}
		text = defuse(text, hot)
		mark := map[flows.Style]string{flows.Bold: "*", flows.Italic: "_"}[s.Style]
		for n, line := range strings.Split(text, "\n") {
			if n > 0 {
				out = append(out, "\n")
			}
			out = appendLine(out, line, mark)
		}
		if mark != "" && i+1 < len(r) && startsWord(r[i+1].Text) {
			out = append(out, gap)
		}
	}
	return out
}

func startsWord(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return word(r)
}

// appendLine cuts one line into pieces and puts the mark around the inner text
// of each: Slack reads no emphasis next to a space.
func appendLine(out []string, line, mark string) []string {
	for _, p := range cut(line, pieceSize) {
		inner := strings.TrimSpace(p)
		if mark == "" || inner == "" {
			out = append(out, escape(p))
			continue
		}
		i := strings.Index(p, inner)
		out = append(out, p[:i]+mark+escape(inner)+mark+p[i+len(inner):])
	}
	return out
}

// cut splits s into parts of at most n runes, after a space where there is one.
func cut(s string, n int) []string {
	var out []string
	rs := []rune(s)
	for len(rs) > n {
		at := n
		for at > n/2 && rs[at-1] != ' ' {
			at--
		}
		if rs[at-1] != ' ' {
			at = n
		}
		out = append(out, string(rs[:at]))
		rs = rs[at:]
	}
	if len(rs) > 0 {
		out = append(out, string(rs))
	}
	return out
}

// linkable accepts the addresses that a section can carry.
func linkable(url string) bool {
	if len(escape(url)) > 1000 || url != clean(url) || strings.ContainsFunc(url, unicode.IsSpace) {
		return false
	}
	for _, p := range []string{"https://", "http://", "mailto:", "tel:"} {
		if strings.HasPrefix(url, p) && len(url) > len(p) {
			return true
		}
	}
	return false
}

func link(label, url string) string {
	label = strings.Join(strings.Fields(label), " ")
	if rs := []rune(label); len(rs) > pieceSize {
		label = string(rs[:pieceSize-1]) + "…"
	}
	url = strings.ReplaceAll(escape(url), "|", "%7C")
	if label == "" {
		return "<" + url + ">"
	}
	return "<" + url + "|" + strings.ReplaceAll(escape(label), "|", "¦") + ">"
}

// chunks fills texts of at most limit UTF-16 units, cutting at a line break
// where one is near. With quote, every line is shown as a quotation.
func chunks(r flows.Rich, limit int, quote bool) []string {
	f := filler{limit: limit}
	if quote {
		f.prefix = escape("> ")
	}
	for _, p := range pieces(r) {
		f.add(p)
	}
	return f.done()
}

type filler struct {
	limit  int
	prefix string
	lines  []string // complete lines of the chunk under way
	line   string
	used   int // size of lines with their breaks, and of line
	out    []string
}

func (f *filler) add(p string) {
	if p == "\n" {
		f.start()
		f.lines = append(f.lines, f.line)
		f.line = ""
		f.used++
		return
	}
	if f.used+size(f.prefix)+size(p) > f.limit {
		f.flush()
	}
	f.start()
	f.line += p
	f.used += size(p)
}

// start puts the prefix of a quotation at the beginning of a line.
func (f *filler) start() {
	if f.line == "" && f.prefix != "" {
		f.line = f.prefix
		f.used += size(f.prefix)
	}
}

// flush ends the chunk; the line under way moves to the next one when it is
// short and there is something before it.
func (f *filler) flush() {
	keep := ""
	if len(f.lines) > 0 && size(f.line) < f.limit/4 {
		keep, f.line = f.line, ""
	}
	if f.line != "" {
		f.lines = append(f.lines, f.line)
	}
	if text := strings.Trim(strings.Join(f.lines, "\n"), "\n"); text != "" {
		f.out = append(f.out, text)
	}
	f.lines, f.line, f.used = nil, keep, size(keep)
}

func (f *filler) done() []string {
	if f.line != "" {
		f.lines = append(f.lines, f.line)
		f.line = ""
	}
	f.flush()
	return f.out
}
