package flows

import (
	"strings"
	"unicode/utf16"
)

// Style is the look of a span.
type Style string

// The styles that every channel can show, or leave out without loss.
const (
	Plain  Style = ""
	Bold   Style = "b"
	Italic Style = "i"
)

// Span is a run of text in one style, or a link.
type Span struct {
	Text  string `json:"t"`
	Style Style  `json:"s,omitempty"`
	URL   string `json:"u,omitempty"`
}

// Rich is text whose markup is data. What a person wrote can therefore never
// become markup: each channel escapes every span as its last step.
type Rich []Span

// T is plain text.
func T(s string) Rich { return Rich{{Text: s}} }

// B is bold text.
func B(s string) Rich { return Rich{{Text: s, Style: Bold}} }

// A is a link.
func A(text, url string) Rich { return Rich{{Text: text, URL: url}} }

// Add returns r followed by the others.
func (r Rich) Add(others ...Rich) Rich {
	out := append(Rich(nil), r...)
	for _, o := range others {
		out = append(out, o...)
	}
	return out
}

// Line returns r, a line break, and the others.
func (r Rich) Line(others ...Rich) Rich {
	if len(r) == 0 {
		return r.Add(others...)
	}
	return r.Add(T("\n")).Add(others...)
}

// Para returns r, an empty line, and the others.
func (r Rich) Para(others ...Rich) Rich {
	if len(r) == 0 {
		return r.Add(others...)
	}
	return r.Add(T("\n\n")).Add(others...)
}

// String is the text without its styles; a link shows its address after it.
func (r Rich) String() string {
	var b strings.Builder
	for _, s := range r {
		b.WriteString(s.Text)
		if s.URL != "" && s.URL != s.Text {
			b.WriteString(" (" + s.URL + ")")
		}
	}
	return b.String()
}

// Len is the length in UTF-16 units, the unit of Telegram's limits.
func (r Rich) Len() int {
	n := 0
	for _, s := range r {
		for _, c := range s.Text {
			n += utf16.RuneLen(c)
		}
	}
	return n
}

// Mark reads the light markup of content files: **bold**, _italic_ at word
// borders is not supported on purpose (underscores occur in addresses), and
// [text](https://…) links. Placeholders {name} are filled from vars after the
// markup is read, so a value can never add markup. An unknown placeholder is
// left as it is; the content check reports it.
func Mark(s string, vars map[string]string) Rich {
	var out Rich
	for s != "" {
		i := strings.IndexAny(s, "*[")
		if i < 0 {
			break
		}
		span, n, ok := markAt(s[i:])
		if !ok {
			out = appendText(out, s[:i+1], vars)
			s = s[i+1:]
			continue
		}
		out = appendText(out, s[:i], vars)
		span.Text = Fill(span.Text, vars)
		span.URL = Fill(span.URL, vars)
		out = append(out, span)
		s = s[i+n:]
	}
	return appendText(out, s, vars)
}

func appendText(r Rich, s string, vars map[string]string) Rich {
	if s == "" {
		return r
	}
	s = Fill(s, vars)
	if n := len(r); n > 0 && r[n-1].Style == Plain && r[n-1].URL == "" {
		r[n-1].Text += s
		return r
	}
	return append(r, Span{Text: s})
}

// markAt reads a bold run or a link at the start of s and returns its length.
func markAt(s string) (Span, int, bool) {
	if strings.HasPrefix(s, "**") {
		if end := strings.Index(s[2:], "**"); end > 0 {
			return Span{Text: s[2 : 2+end], Style: Bold}, end + 4, true
		}
		return Span{}, 0, false
	}
	if !strings.HasPrefix(s, "[") {
		return Span{}, 0, false
	}
	mid := strings.Index(s, "](")
	if mid < 0 {
		return Span{}, 0, false
	}
	end := strings.Index(s[mid:], ")")
	if end < 0 || strings.Contains(s[:mid], "\n") {
		return Span{}, 0, false
	}
	url := s[mid+2 : mid+end]
	if !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "{") {
		return Span{}, 0, false
	}
	return Span{Text: s[1:mid], URL: url}, mid + end + 1, true
}

// Fill replaces {name} by vars["name"]; unknown names stay.
func Fill(s string, vars map[string]string) string {
	if !strings.Contains(s, "{") {
		return s
	}
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '{')
		if i < 0 {
			break
		}
		j := strings.IndexByte(s[i:], '}')
		if j < 0 {
			break
		}
		v, ok := vars[s[i+1:i+j]]
		if !ok {
			v = s[i : i+j+1]
		}
		b.WriteString(s[:i] + v)
		s = s[i+j+1:]
	}
	b.WriteString(s)
	return b.String()
}
