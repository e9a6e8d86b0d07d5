package slack

import (
	"encoding/json"
	"strings"
	"unicode/utf16"

	goslack "github.com/slack-go/slack"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/flows"
)

// The limits of Block Kit (https://docs.slack.dev/reference/block-kit/blocks)
// and of the composition objects, in characters.
const (
	maxSection  = 3000
	maxHeader   = 150
	maxButton   = 75
	maxActionID = 255
	maxValue    = 2000
	maxActions  = 25 // elements of one actions block
	maxMetadata = 3000
	maxAsk      = 1000 // our own: the question travels in the button's value
	// maxSections and maxText bound one message below Slack's 50 blocks and
	// its limit on all blocks together; what is longer goes on in the thread.
	maxSections = 40
	maxText     = 11000
	maxFallback = 3000
)

// part is one message of a letter; nearly every letter has one.
type part struct {
	text   string // what notifications and screen readers say
	blocks []goslack.Block
}

// press is what a button carries, so that a click needs no memory of ours.
type press struct {
	Card     string `json:"c"` // PERSON:KEY
	Action   string `json:"a"`
	Version  int    `json:"v"`
	Ask      string `json:"q,omitempty"`
	Required bool   `json:"r,omitempty"`
}

// cardParts renders a card.
func cardParts(card *flows.Card) ([]part, error) {
	body := card.Body
	var head []goslack.Block
	title := clean(strings.Join(strings.Fields(card.Title), " "))
	if title != "" {
		head = append(head, goslack.NewHeaderBlock(plainText(title, maxHeader)))
		if size(title) > maxHeader {
			body = flows.B(title).Para(body)
		}
	}
	buttons, err := actionBlocks(card)
	if err != nil {
		return nil, err
	}
	parts := textParts(body, false)
	if len(parts) == 0 {
		parts = []part{{}}
	}
	first := &parts[0]
	first.text = fallback(flows.T(title).Line(body))
	first.blocks = append(append(head, first.blocks...), buttons...)
	if len(first.blocks) == 0 {
		return nil, &bot.RejectedError{Cause: "empty_card"}
	}
	return parts, nil
}

// textParts renders text as as many messages as needed, none for no text.
func textParts(r flows.Rich, quote bool) []part {
	var parts []part
	used := 0
	for _, text := range chunks(r, maxSection, quote) {
		n := size(text)
		if k := len(parts); k == 0 || used+n > maxText || len(parts[k-1].blocks) == maxSections {
			parts = append(parts, part{text: text})
			used = 0
		}
		last := &parts[len(parts)-1]
		last.blocks = append(last.blocks, section(text))
		used += n
	}
	return parts
}

func section(text string) goslack.Block {
	// verbatim: Slack links no address and no channel name by itself.
	return goslack.NewSectionBlock(goslack.NewTextBlockObject(goslack.MarkdownType, text, false, true), nil, nil)
}

// fallback is the text of a message that has blocks: escaped all the same.
func fallback(r flows.Rich) string {
	c := chunks(r, maxFallback, false)
	if len(c) == 0 {
		return "Message"
	}
	return c[0]
}

// actionBlocks renders the buttons of a card.
func actionBlocks(card *flows.Card) ([]goslack.Block, error) {
	var out []goslack.Block
	var row []goslack.BlockElement
	seen := map[string]bool{}
	for _, a := range card.Actions {
		if a.ID == "" || size(a.ID) > maxActionID || seen[a.ID] {
			return nil, &bot.RejectedError{Cause: "bad_action_id"}
		}
		seen[a.ID] = true
		value, err := pressValue(card, a)
		if err != nil {
			return nil, err
		}
		b := goslack.NewButtonBlockElement(a.ID, value, plainText(a.Label, maxButton))
		if a.Style == "primary" {
			b = b.WithStyle(goslack.StylePrimary)
		}
		if row = append(row, b); len(row) == maxActions {
			out = append(out, goslack.NewActionBlock("", row...))
			row = nil
		}
	}
	if len(row) > 0 {
		out = append(out, goslack.NewActionBlock("", row...))
	}
	return out, nil
}

// pressValue writes what a button carries. A question that does not fit is
// shortened: better a short question than none.
func pressValue(card *flows.Card, a flows.Action) (string, error) {
	p := press{Card: card.ID, Action: a.ID, Version: card.Version, Required: a.Required}
	for n := maxAsk; n > 0; n /= 2 {
		p.Ask = ellipsis(clean(a.Ask), n)
		var b strings.Builder
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(p); err == nil && size(b.String()) <= maxValue {
			return strings.TrimSpace(b.String()), nil
		}
	}
	return "", &bot.RejectedError{Cause: "button_value_too_long"}
}

// plainText makes a text object that reads no markup, within n characters.
func plainText(s string, n int) *goslack.TextBlockObject {
	s = ellipsis(strings.Join(strings.Fields(clean(s)), " "), n)
	if s == "" {
		s = "…"
	}
	return goslack.NewTextBlockObject(goslack.PlainTextType, s, true, false)
}

// ellipsis shortens s to at most n UTF-16 units.
func ellipsis(s string, n int) string {
	if size(s) <= n {
		return s
	}
	used := 0
	for i, r := range s {
		if used += utf16.RuneLen(r); used > n-1 {
			return strings.TrimRight(s[:i], " ") + "…"
		}
	}
	return s
}
