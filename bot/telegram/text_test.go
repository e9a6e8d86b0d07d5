package telegram

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/bot/telegram/telegramtest"
	"github.com/coopconnexion/relais/flows"
)

// FuzzEscape: whatever people wrote, the markup that comes out is exactly ours,
// and the text that Telegram shows is exactly theirs.
func FuzzEscape(f *testing.F) {
	for _, s := range []string{"<b>", "&lt;", `<a href="tg://user?id=1">x</a>`, `"`, "a&b", "\x00", "\xff", "</b>", "é👩‍👧"} {
		f.Add(s, "https://exemple.fr/?a=1&b=2")
	}
	f.Add("x", `https://x.fr/"><b>`)
	f.Add("x", "tel:3114")
	f.Fuzz(func(t *testing.T, s, url string) {
		r := flatten(flows.Rich{{Text: s}, {Text: s, Style: flows.Bold}, {Text: s, Style: flows.Italic}, {Text: s, URL: url}})
		text, entities, err := telegramtest.ParseHTML(html(r))
		if err != nil {
			t.Fatalf("%q: %v", html(r), err)
		}
		if text != plain(r) {
			t.Errorf("shown %q, meant %q", text, plain(r))
		}
		want := 0
		for _, span := range r {
			if span.Style != flows.Plain || span.URL != "" {
				want++
			}
		}
		if len(entities) != want {
			t.Errorf("%d entities for %d styled spans: %q", len(entities), want, html(r))
		}
		for _, e := range entities {
			if e.Type == "text_link" && e.URL != url {
				t.Errorf("link to %q instead of %q", e.URL, url)
			}
		}
	})
}

// FuzzSplit: the parts joined are the text, none is too long, none is empty,
// and no character is divided.
func FuzzSplit(f *testing.F) {
	f.Add("un mot puis un autre\n\net un paragraphe", 10, 3)
	f.Add(strings.Repeat("é\u0301", 50), 7, 1)
	f.Add(strings.Repeat("👩‍👩‍👧‍👦", 10), 24, 2)
	f.Add(strings.Repeat("🇫🇷", 20), 9, 2)
	f.Fuzz(func(t *testing.T, s string, limit, pieces int) {
		if limit < 4 || limit > 5000 || pieces < 1 || pieces > 20 || len(s) > 20_000 {
			return
		}
		var r flows.Rich
		s = validText(s)
		for i := 0; i < pieces; i++ {
			at := len(s) / (pieces - i)
			for at < len(s) && !utf8.RuneStart(s[at]) {
				at++
			}
			r = append(r, flows.Span{Text: s[:at], Style: []flows.Style{flows.Plain, flows.Bold}[i%2]})
			s = s[at:]
		}
		parts := split(r, limit)
		joined := ""
		for i, p := range parts {
			if p.Len() > limit || (p.Len() == 0 && len(parts) > 1) {
				t.Fatalf("part of %d units, limit %d", p.Len(), limit)
			}
			if i > 0 && limit > 200 && endsInside(joined, plain(p)) {
				t.Errorf("a character is divided between %q and %q", joined, plain(p))
			}
			joined += plain(p)
		}
		if joined != plain(r) {
			t.Errorf("%q became %q", plain(r), joined)
		}
	})
}

// endsInside reports a cut before a combining mark, unless the character is
// longer than any limit.
func endsInside(before, after string) bool {
	first, _ := utf8.DecodeRuneInString(after)
	last, _ := utf8.DecodeLastRuneInString(before)
	return joined(last, first) && graphemeCut(before, len(before)) > 0 && !longCluster(before)
}

func longCluster(s string) bool {
	n := 0
	for s != "" && n < 60 {
		r, size := utf8.DecodeLastRuneInString(s)
		before, _ := utf8.DecodeLastRuneInString(s[:len(s)-size])
		if !joined(before, r) {
			return false
		}
		n++
		s = s[:len(s)-size]
	}
	return true
}

func TestSplitPrefersParagraphsThenWords(t *testing.T) {
	long := strings.Repeat("mot ", 500) + "\n\n" + strings.Repeat("autre ", 500)
	parts := split(flows.T(long), maxText)
	if len(parts) != 2 || !strings.HasSuffix(plain(parts[0]), "\n\n") {
		t.Errorf("%d parts, the first ends with %q", len(parts), plain(parts[0])[parts[0].Len()-10:])
	}
	emoji := strings.Repeat("👍", 3000) // 6000 units
	parts = split(flows.T(emoji), maxText)
	if len(parts) != 2 || parts[0].Len() != 4096 {
		t.Errorf("emoji: %d parts, %d units", len(parts), parts[0].Len())
	}
	bold := split(flows.B(strings.Repeat("mot ", 2000)), maxText)
	for _, p := range bold {
		if _, e, err := telegramtest.ParseHTML(html(p)); err != nil || len(e) != 1 {
			t.Errorf("bold part: %v %v", e, err)
		}
	}
}

func TestKeyboards(t *testing.T) {
	many := make([]flows.Button, 10)
	for i := range many {
		many[i] = flows.Button{Label: "x", Data: "d"}
	}
	for _, tc := range []struct {
		name string
		rows [][]flows.Button
		want string
	}{
		{"none", nil, ""},
		{"good", [][]flows.Button{{{Label: "Oui", Data: strings.Repeat("x", 64)}}}, ""},
		{"long row", [][]flows.Button{many}, ""},
		{"data too long", [][]flows.Button{{{Label: "Oui", Data: strings.Repeat("x", 65)}}}, "button_data_too_long"},
		{"accents count in bytes", [][]flows.Button{{{Label: "Oui", Data: strings.Repeat("é", 33)}}}, "button_data_too_long"},
		{"no label", [][]flows.Button{{{Label: " ", Data: "x"}}}, "button_without_label"},
		{"no data", [][]flows.Button{{{Label: "Oui"}}}, "button_without_data"},
		{"wrong address", [][]flows.Button{{{Label: "Oui", URL: "javascript:alert(1)"}}}, "button_url"},
		{"address", [][]flows.Button{{{Label: "Oui", URL: "https://www.caf.fr"}}}, ""},
	} {
		k, err := keyboard(tc.rows)
		var rejected *bot.RejectedError
		if (tc.want == "") != (err == nil) || (err != nil && (!errors.As(err, &rejected) || rejected.Cause != tc.want)) {
			t.Errorf("%s: %v", tc.name, err)
		}
		if k != nil {
			for _, row := range k.InlineKeyboard {
				if len(row) > maxRow {
					t.Errorf("%s: %d buttons in a row", tc.name, len(row))
				}
			}
		}
	}
}
