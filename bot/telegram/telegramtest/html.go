package telegramtest

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Entity is a styled part of a text. Offsets are in UTF-16 units.
type Entity struct {
	Type           string // bold, italic, text_link…
	Offset, Length int
	URL            string
}

// tags are those of Telegram's HTML, with the entity they make.
var tags = map[string]string{
	"b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
	"s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "code": "code", "pre": "pre",
	"a": "text_link", "blockquote": "blockquote", "tg-spoiler": "spoiler",
}

// parser reads Telegram's HTML, strictly: what the real server would let pass
// by luck (a bare "&" or ">") is refused too.
type parser struct {
	in    string
	out   strings.Builder
	units int
	open  []Entity
	names []string
	found []Entity
}

// ParseHTML returns the text that people see and its entities.
func ParseHTML(s string) (string, []Entity, error) {
	p := &parser{in: s}
	for p.in != "" {
		if err := p.step(len(s) - len(p.in)); err != nil {
			return "", nil, err
		}
	}
	if len(p.names) > 0 {
		return "", nil, fmt.Errorf("can't find end tag corresponding to start tag %q", p.names[len(p.names)-1])
	}
	return p.out.String(), p.found, nil
}

func (p *parser) step(at int) error {
	switch p.in[0] {
	case '<':
		end := strings.IndexByte(p.in, '>')
		if end < 0 {
			return fmt.Errorf("unclosed start tag at byte offset %d", at)
		}
		tag := p.in[1:end]
		p.in = p.in[end+1:]
		if name, ok := strings.CutPrefix(tag, "/"); ok {
			return p.closeTag(name, at)
		}
		return p.openTag(tag, at)
	case '>':
		return fmt.Errorf("character '>' is not escaped at byte offset %d", at)
	case '&':
		return p.reference(at)
	}
	n := strings.IndexAny(p.in, "<>&")
	if n < 0 {
		n = len(p.in)
	}
	p.text(p.in[:n])
	p.in = p.in[n:]
	return nil
}

func (p *parser) text(s string) {
	p.out.WriteString(s)
	p.units += units(s)
}

func (p *parser) openTag(tag string, at int) error {
	name, attributes, _ := strings.Cut(tag, " ")
	kind, ok := tags[name]
	if !ok {
		return fmt.Errorf("unsupported start tag %q at byte offset %d", name, at)
	}
	e := Entity{Type: kind, Offset: p.units}
	if attributes != "" {
		value, found := strings.CutPrefix(attributes, `href="`)
		if name != "a" || !found || !strings.HasSuffix(value, `"`) || strings.Count(value, `"`) != 1 {
			return fmt.Errorf("wrong attributes of tag %q at byte offset %d", name, at)
		}
		url, _, err := ParseHTML(strings.TrimSuffix(value, `"`))
		if err != nil {
			return err
		}
		e.URL = url
	}
	p.open = append(p.open, e)
	p.names = append(p.names, name)
	return nil
}

func (p *parser) closeTag(name string, at int) error {
	last := len(p.names) - 1
	if last < 0 || p.names[last] != name {
		return fmt.Errorf("unexpected end tag %q at byte offset %d", name, at)
	}
	e := p.open[last]
	p.open, p.names = p.open[:last], p.names[:last]
	e.Length = p.units - e.Offset
	if e.Length > 0 {
		p.found = append(p.found, e)
	}
	return nil
}

var references = map[string]string{"lt": "<", "gt": ">", "amp": "&", "quot": `"`}

func (p *parser) reference(at int) error {
	end := strings.IndexByte(p.in, ';')
	if end < 0 || end > 10 {
		return fmt.Errorf("character '&' is not escaped at byte offset %d", at)
	}
	name := p.in[1:end]
	text, ok := references[name]
	if number, isNumber := strings.CutPrefix(name, "#"); isNumber {
		n, err := strconv.ParseInt(number, 10, 32)
		if err == nil && n > 0 {
			text, ok = string(rune(n)), true
		}
	}
	if !ok {
		return fmt.Errorf("character '&' is not escaped at byte offset %d", at)
	}
	p.text(text)
	p.in = p.in[end+1:]
	return nil
}

// units is the length in UTF-16 units.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}
