package slack

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
)

// plain turns what staff wrote into the text that the person reads: no ids, no
// markup, emoji as characters. names gives the displayed name of a staff
// member, or "".
func plain(text string, emoji map[string]string, names func(user string) string) string {
	var b strings.Builder
	for text != "" {
		i := strings.IndexByte(text, '<')
		if i < 0 {
			break
		}
		j := strings.IndexByte(text[i:], '>')
		if j < 0 {
			break
		}
		b.WriteString(text[:i])
		b.WriteString(token(text[i+1:i+j], names))
		text = text[i+j+1:]
	}
	b.WriteString(text)
	s := unescape.Replace(emphasis(b.String()))
	return strings.TrimSpace(clean(withEmoji(s, emoji)))
}

var unescape = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

// token reads what stands between < and >, as in
// https://docs.slack.dev/messaging/formatting-message-text#retrieving-messages.
func token(t string, names func(string) string) string {
	body, label, labelled := strings.Cut(t, "|")
	switch {
	case strings.HasPrefix(body, "@"):
		if name := names(body[1:]); name != "" {
			return "@" + name
		}
		if labelled && label != "" {
			return "@" + strings.TrimPrefix(label, "@")
		}
		return "@l’équipe"
	case strings.HasPrefix(body, "#"):
		if labelled && label != "" {
			return "#" + label
		}
		return "#salon"
	case strings.HasPrefix(body, "!"):
		if labelled && label != "" {
			return label
		}
		return "@" + strings.SplitN(body[1:], "^", 2)[0]
	}
	address := strings.TrimPrefix(strings.TrimPrefix(body, "mailto:"), "tel:")
	if !labelled || label == body || label == address || "http://"+label == body || "https://"+label == body {
		return address
	}
	return label + " (" + address + ")"
}

var emphases = []*regexp.Regexp{
	regexp.MustCompile(`(^|[\s(«“"'.,;:!?-])\*([^\s*](?:[^*\n]*[^\s*])?)\*($|[\s)»”"'.,;:!?-])`),
	regexp.MustCompile(`(^|[\s(«“"'.,;:!?-])_([^\s_](?:[^_\n]*[^\s_])?)_($|[\s)»”"'.,;:!?-])`),
	regexp.MustCompile(`(^|[\s(«“"'.,;:!?-])~([^\s~](?:[^~\n]*[^\s~])?)~($|[\s)»”"'.,;:!?-])`),
}

// emphasis removes paired marks of emphasis and leaves "5*3*2" alone.
func emphasis(s string) string {
	for _, re := range emphases {
		for {
			t := re.ReplaceAllString(s, "$1$2$3")
			if t == s {
				break
			}
			s = t
		}
	}
	return s
}

var shortcode = regexp.MustCompile(`:([a-z0-9_+'-]+):(?::skin-tone-[2-6]:)?`)

// withEmoji replaces the short names that Slack puts in texts; only those that
// the message itself explains, so that "10:30:15" stays.
func withEmoji(s string, emoji map[string]string) string {
	if len(emoji) == 0 {
		return s
	}
	return shortcode.ReplaceAllStringFunc(s, func(m string) string {
		name := strings.Trim(strings.SplitN(m, "::", 2)[0], ":")
		if e, ok := emoji[name]; ok {
			return e
		}
		return m
	})
}

// emojiOf reads the emoji of a message from its rich text, where Slack gives
// the code points ("1f642" or "1f468-200d-1f4bb").
func emojiOf(blocks json.RawMessage) map[string]string {
	if len(blocks) == 0 {
		return nil
	}
	var tree any
	if json.Unmarshal(blocks, &tree) != nil {
		return nil
	}
	out := map[string]string{}
	walk(tree, out)
	return out
}

func walk(node any, out map[string]string) {
	switch n := node.(type) {
	case []any:
		for _, v := range n {
			walk(v, out)
		}
	case map[string]any:
		name, _ := n["name"].(string)
		points, _ := n["unicode"].(string)
		if n["type"] == "emoji" && name != "" && points != "" {
			out[name] = characters(points)
		}
		for _, v := range n {
			walk(v, out)
		}
	}
}

func characters(points string) string {
	var b strings.Builder
	for p := range strings.SplitSeq(points, "-") {
		if v, err := strconv.ParseUint(p, 16, 21); err == nil {
			b.WriteRune(rune(v))
		}
	}
	return b.String()
}

// outgoing keeps what may be sent to the person. note is true when the message,
// or some of its lines, was an internal note.
func outgoing(text string) (send string, note bool) {
	var keep []string
	for i, line := range strings.Split(text, "\n") {
		if !internal(line) {
			keep = append(keep, line)
			continue
		}
		if i == 0 {
			return "", true
		}
		note = true
	}
	return strings.TrimSpace(strings.Join(keep, "\n")), note
}

// internal recognises a line that staff keep to themselves.
func internal(line string) bool {
	line = strings.TrimSpace(line)
	return strings.HasPrefix(line, "//") || strings.HasPrefix(line, "!")
}
