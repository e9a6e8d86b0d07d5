package slacktest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// Block is one block of a message or a view, with the fields that are checked.
type Block struct {
	Type     string    `json:"type"`
	BlockID  string    `json:"block_id,omitempty"`
	Text     *Text     `json:"text,omitempty"`
	Fields   []Text    `json:"fields,omitempty"`
	Elements []Element `json:"elements,omitempty"`
	Label    *Text     `json:"label,omitempty"`
	Hint     *Text     `json:"hint,omitempty"`
	Element  *Element  `json:"element,omitempty"`
	Optional bool      `json:"optional,omitempty"`
}

// Text is a text object.
type Text struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Verbatim bool   `json:"verbatim,omitempty"`
}

// Element is a button, an input or a context element. Text is an object in
// buttons and a string in context elements.
type Element struct {
	Type      string          `json:"type"`
	ActionID  string          `json:"action_id,omitempty"`
	Value     string          `json:"value,omitempty"`
	Style     string          `json:"style,omitempty"`
	URL       string          `json:"url,omitempty"`
	Text      json.RawMessage `json:"text,omitempty"`
	MaxLength int             `json:"max_length,omitempty"`
	Multiline bool            `json:"multiline,omitempty"`
}

// Label is the text of a button.
func (e Element) Label() string {
	var t Text
	if json.Unmarshal(e.Text, &t) == nil && t.Text != "" {
		return t.Text
	}
	var s string
	_ = json.Unmarshal(e.Text, &s)
	return s
}

// Button finds a button of a message by its action id.
func (m Message) Button(actionID string) (Element, bool) {
	for _, b := range m.Blocks {
		for _, e := range b.Elements {
			if e.Type == "button" && e.ActionID == actionID {
				return e, true
			}
		}
	}
	return Element{}, false
}

// Shown is the text that a reader sees in the blocks, or else the text of the
// message, as mrkdwn.
func (m Message) Shown() string {
	var parts []string
	for _, b := range m.Blocks {
		if b.Text != nil {
			parts = append(parts, b.Text.Text)
		}
	}
	if len(parts) == 0 {
		return m.Text
	}
	return strings.Join(parts, "\n")
}

// checker collects what is wrong with a list of blocks.
type checker struct {
	where string
	bad   []string
}

func (c *checker) need(ok bool, format string, args ...any) {
	if !ok {
		c.bad = append(c.bad, c.where+": "+fmt.Sprintf(format, args...))
	}
}

// checkBlocks verifies Block Kit's limits. The lock is held.
func (s *Server) checkBlocks(where string, blocks []Block, most int) bool {
	c := checker{where: where}
	c.need(len(blocks) <= most, "%d blocks, at most %d", len(blocks), most)
	ids := map[string]bool{}
	total := 0
	for i, b := range blocks {
		c.where = fmt.Sprintf("%s: block %d (%s)", where, i, b.Type)
		c.need(length(b.BlockID) <= 255, "block_id over 255")
		c.need(b.BlockID == "" || !ids[b.BlockID], "block_id twice")
		ids[b.BlockID] = true
		c.block(b)
		if b.Text != nil {
			total += length(b.Text.Text)
			if b.Text.Type == "mrkdwn" {
				s.checkMrkdwn(c.where, b.Text.Text)
			}
		}
	}
	c.where = where
	c.need(total <= 13200, "%d characters in all blocks, at most 13200", total)
	for _, p := range c.bad {
		s.blame("%s", p)
	}
	return len(c.bad) == 0
}

func (c *checker) block(b Block) {
	switch b.Type {
	case "header":
		c.text(b.Text, 150, "plain_text")
	case "section":
		c.need(b.Text != nil || len(b.Fields) > 0, "neither text nor fields")
		c.need(len(b.Fields) <= 10, "more than 10 fields")
		if b.Text != nil {
			c.text(b.Text, 3000, "mrkdwn", "plain_text")
		}
		for _, f := range b.Fields {
			c.text(&f, 2000, "mrkdwn", "plain_text")
		}
	case "context":
		c.need(len(b.Elements) >= 1 && len(b.Elements) <= 10, "%d elements, 1 to 10", len(b.Elements))
	case "divider":
	case "actions":
		c.need(len(b.Elements) >= 1 && len(b.Elements) <= 25, "%d elements, 1 to 25", len(b.Elements))
		seen := map[string]bool{}
		for _, e := range b.Elements {
			c.need(!seen[e.ActionID], "action_id twice")
			seen[e.ActionID] = true
			c.button(e)
		}
	case "input":
		c.text(b.Label, 2000, "plain_text")
		c.need(b.Element != nil && b.Element.Type == "plain_text_input", "no input element")
		if b.Element != nil {
			c.need(length(b.Element.ActionID) <= 255, "action_id over 255")
			c.need(b.Element.MaxLength <= 3000, "max_length over 3000")
		}
	default:
		c.need(false, "unknown block")
	}
}

func (c *checker) text(t *Text, most int, kinds ...string) {
	if t == nil {
		c.need(false, "no text")
		return
	}
	known := false
	for _, k := range kinds {
		known = known || t.Type == k
	}
	c.need(known, "text of type %q", t.Type)
	c.need(t.Text != "", "empty text")
	c.need(length(t.Text) <= most, "text of %d, at most %d", length(t.Text), most)
}

func (c *checker) button(e Element) {
	c.need(e.Type == "button", "element %q", e.Type)
	var t Text
	c.need(json.Unmarshal(e.Text, &t) == nil, "a button without a text object")
	c.text(&t, 75, "plain_text")
	c.need(e.ActionID != "" && length(e.ActionID) <= 255, "action_id of %d, 1 to 255", length(e.ActionID))
	c.need(length(e.Value) <= 2000, "value of %d, at most 2000", length(e.Value))
	c.need(length(e.URL) <= 3000, "url over 3000")
	c.need(e.Style == "" || e.Style == "primary" || e.Style == "danger", "style %q", e.Style)
}

var angle = regexp.MustCompile(`<[^<>]*>`)
var entity = regexp.MustCompile(`&(amp|lt|gt);`)

// checkMrkdwn looks for live mentions, broadcasts and stray control
// characters. Links are the only tokens that Relais writes.
func (s *Server) checkMrkdwn(where, text string) {
	for _, t := range angle.FindAllString(text, -1) {
		if !strings.HasPrefix(t, "<https://") && !strings.HasPrefix(t, "<http://") &&
			!strings.HasPrefix(t, "<mailto:") && !strings.HasPrefix(t, "<tel:") {
			s.blame("%s: a live token %.20s", where, t)
		}
	}
	rest := angle.ReplaceAllString(text, "")
	if strings.ContainsAny(rest, "<>") {
		s.blame("%s: < or > not escaped", where)
	}
	if strings.Contains(entity.ReplaceAllString(rest, ""), "&") {
		s.blame("%s: & not escaped", where)
	}
	if strings.ContainsRune(text, 0) {
		s.blame("%s: NUL", where)
	}
}
