package telegram

import (
	"net/url"
	"strings"

	"github.com/coopconnexion/relais/flows"
)

// escaper is the only way text gets into a message. Telegram's HTML needs these
// three; quotes matter inside href.
var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

// html renders rich text as Telegram's HTML. Only our own tags come out of it.
func html(r flows.Rich) string {
	var b strings.Builder
	for _, s := range r {
		text := escaper.Replace(validText(s.Text))
		switch {
		case text == "":
		case webAddress(s.URL):
			b.WriteString(`<a href="` + escaper.Replace(s.URL) + `">` + text + `</a>`)
		case s.Style == flows.Bold:
			b.WriteString("<b>" + text + "</b>")
		case s.Style == flows.Italic:
			b.WriteString("<i>" + text + "</i>")
		default:
			b.WriteString(text)
		}
	}
	return b.String()
}

// flatten makes what cannot be a link in Telegram (tel:, mailto:) part of the
// text, so that nothing is lost and lengths are those of what is shown.
func flatten(r flows.Rich) flows.Rich {
	out := make(flows.Rich, 0, len(r))
	for _, s := range r {
		if s.URL != "" && !webAddress(s.URL) {
			address := strings.TrimPrefix(strings.TrimPrefix(s.URL, "tel:"), "mailto:")
			if address != s.Text {
				s.Text += " (" + address + ")"
			}
			s.URL = ""
		}
		s.Text = validText(s.Text)
		if s.Text != "" {
			out = append(out, s)
		}
	}
	return out
}

// webAddress reports whether Telegram makes a link of it.
func webAddress(s string) bool {
	if s == "" || strings.ContainsAny(s, " \n\t") {
		return false
	}
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http" || u.Scheme == "tg") && u.Host != ""
}

// validText is the text as Telegram will accept it: valid UTF-8 without NUL.
func validText(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	return s
}
