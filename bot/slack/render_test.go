package slack

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	goslack "github.com/slack-go/slack"

	"github.com/coopconnexion/relais/flows"
)

func TestMrkdwn(t *testing.T) {
	for name, c := range map[string]struct {
		in   flows.Rich
		want string
	}{
		"escaped":      {flows.T("<!channel> & <@U1> <http://x|y>"), "&lt;!channel&gt; &amp; &lt;@U1&gt; &lt;http://x|y&gt;"},
		"bold":         {flows.B("Oui").Add(flows.T(", merci")), "*Oui*, merci"},
		"bold lines":   {flows.B("un\n deux "), "*un*\n *deux* "},
		"bold in word": {flows.B("Re").Add(flows.T("lais")), "*Re*" + gap + "lais"},
		"italic":       {flows.Rich{{Text: "a", Style: flows.Italic}}, "_a_"},
		"link":         {flows.A("le site & co", "https://a.fr/?a=1&b=2|3"), "<https://a.fr/?a=1&amp;b=2%7C3|le site &amp; co>"},
		"no script":    {flows.A("clic", "javascript:alert(1)"), "clic (javascript:alert(1))"},
		"backticks":    {flows.T("du `code` ici"), "du `" + gap + "code`" + gap + " ici"},
		"one star":     {flows.T("5 * 3"), "5 * 3"},
		"stars":        {flows.T("*gras*"), "*" + gap + "gras*" + gap},
		"address":      {flows.T("jean_paul_x@a.fr"), "jean_paul_x@a.fr"},
		"controls":     {flows.T("a\x00b\u202ec\r\nd\u2028e"), "abc\nd\ne"},
	} {
		if got := strings.Join(chunks(c.in, maxSection, false), "¶"); got != strings.TrimRight(c.want, "\n") {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if got := chunks(flows.T("un\n<!here>\n\ntrois"), maxSection, true); len(got) != 1 || got[0] != "&gt; un\n&gt; &lt;!here&gt;\n&gt; \n&gt; trois" {
		t.Errorf("quote: %q", got)
	}
}

var (
	liveToken = regexp.MustCompile(`<(https?://|mailto:|tel:)[^<>|]+(\|[^<>|]*)?>`)
	entities  = regexp.MustCompile(`&(amp|lt|gt);`)
)

// harmless reports what Slack could still read in a rendered text.
func harmless(s string) string {
	rest := liveToken.ReplaceAllString(s, "")
	switch {
	case !utf8.ValidString(s):
		return "broken UTF-8"
	case strings.ContainsAny(rest, "<>"):
		return "a live < or >"
	case strings.Contains(entities.ReplaceAllString(rest, ""), "&"):
		return "a live &"
	case size(s) > maxSection:
		return fmt.Sprintf("%d characters", size(s))
	case s == "":
		return "an empty section"
	}
	return ""
}

// literal is what a reader sees of rendered text.
func literal(s string) string { return strings.ReplaceAll(unescape.Replace(s), gap, "") }

func FuzzText(f *testing.F) {
	for _, s := range []string{"<!channel> <@U123> <#C1|x>", "`a` ```b``` *c* _d_ ~e~", "<http://x|label>", "&lt;!here&gt;",
		strings.Repeat("&", 4000), strings.Repeat("mot ", 3000), "\n\n\n", "\u202e\x00", "0\xf20", "😀" + strings.Repeat("é*", 2000)} {
		f.Add(s, true)
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, s string, quote bool) {
		for _, r := range []flows.Rich{flows.T(s), flows.B(s), flows.T("Dit : ").Add(flows.T(s)), flows.A(s, "https://a.fr/"+s)} {
			for _, c := range chunks(r, maxSection, quote) {
				if bad := harmless(c); bad != "" {
					t.Fatalf("%s in %q", bad, c)
				}
			}
		}
		// Nothing of what was written is lost or added, but space at the seams.
		got := literal(strings.Join(chunks(flows.T(s), maxSection, false), ""))
		strip := func(s string) string { return strings.Join(strings.Fields(strings.ReplaceAll(s, gap, "")), "") }
		if want := strip(literal(escape(clean(s)))); strip(got) != want {
			t.Fatalf("read %q, want %q", strip(got), want)
		}
	})
}

// TestCardsFit delivers cards of every size to the strict fake.
func TestCardsFit(t *testing.T) {
	w := start(t, setup{idle: true})
	r := rand.New(rand.NewPCG(1, 2))
	alphabet := []rune("abc é&<>*_`~😀\n |@!#")
	text := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteRune(alphabet[r.IntN(len(alphabet))])
		}
		return b.String()
	}
	for i := range 60 {
		k := &flows.Card{ID: person + ":k", Person: person, Title: text(r.IntN(400)), Version: i}
		for range r.IntN(30) {
			span := flows.Span{Text: text(r.IntN(1 + r.IntN(3000))), Style: []flows.Style{"", flows.Bold, flows.Italic}[r.IntN(3)]}
			if r.IntN(5) == 0 {
				span.URL = "https://a.fr/" + text(r.IntN(80))
			}
			k.Body = append(k.Body, span)
		}
		for j := range r.IntN(60) {
			k.Actions = append(k.Actions, flows.Action{ID: fmt.Sprint("a", j), Label: text(r.IntN(120)), Ask: text(r.IntN(3000)), Style: "primary"})
		}
		if k.Title == "" && len(k.Body) == 0 && len(k.Actions) == 0 {
			continue
		}
		if _, err := w.ch.Deliver(t.Context(), letter(&flows.Post{Key: "k", Card: k})); err != nil && strings.TrimSpace(k.Title+k.Body.String()) != "" {
			t.Fatalf("card %d: %v", i, err)
		}
		line := letter(&flows.Post{Key: fmt.Sprint("l", i), Text: flows.T(text(r.IntN(20000)) + "x"), FromPerson: i%2 == 0})
		w.deliver(line)
	}
	w.flawless()
}

func TestCardRefused(t *testing.T) {
	for name, a := range map[string][]flows.Action{
		"no id":  {{Label: "x"}},
		"long":   {{ID: strings.Repeat("x", 256), Label: "x"}},
		"double": {{ID: "x", Label: "x"}, {ID: "x", Label: "y"}},
	} {
		k := card()
		k.Actions = a
		if _, err := cardParts(k); err == nil {
			t.Error(name, "was accepted")
		}
	}
}

func TestAskSurvivesTheButton(t *testing.T) {
	for _, ask := range []string{"Pourquoi ?", strings.Repeat("é\"\\<", 900), strings.Repeat("\n", 5000), strings.Repeat("😀", 3000)} {
		k := card()
		k.Actions = []flows.Action{{ID: strings.Repeat("i", 255), Label: "x", Ask: ask, Required: true}}
		parts, err := cardParts(k)
		if err != nil {
			t.Fatal(err)
		}
		last := parts[0].blocks[len(parts[0].blocks)-1].(*goslack.ActionBlock)
		b := last.Elements.ElementSet[0].(*goslack.ButtonBlockElement)
		var p press
		if err := json.Unmarshal([]byte(b.Value), &p); err != nil || p.Ask == "" || !p.Required || size(b.Value) > maxValue {
			t.Errorf("%.20q became %.80q: %v", ask, b.Value, err)
		}
	}
	k := card()
	k.ID = strings.Repeat("x", maxValue)
	if _, err := cardParts(k); err == nil {
		t.Error("an id that does not fit must be refused")
	}
}

func TestPlain(t *testing.T) {
	emoji := map[string]string{"wave": "👋"}
	names := func(id string) string { return map[string]string{"U1": "Awa"}[id] }
	for in, want := range map[string]string{
		"Bonjour &lt;Léa&gt; &amp; co":                  "Bonjour <Léa> & co",
		"<@U1> <@U9> <@U9|bob>":                         "@Awa @l’équipe @bob",
		"<#C1|général> <#C2>":                           "#général #salon",
		"<!here> <!subteam^S1|@équipe>":                 "@here @équipe",
		"<!subteam^S1>":                                 "@subteam",
		"<https://a.fr/x?y=1&amp;z=2>":                  "https://a.fr/x?y=1&z=2",
		"<https://a.fr|a.fr> <https://b.fr|ici>":        "https://a.fr ici (https://b.fr)",
		"<mailto:a@b.fr|a@b.fr>":                        "a@b.fr",
		"<tel:+33102030405|01 02 03 04 05>":             "01 02 03 04 05 (+33102030405)",
		"*gras* et _italique_, ~barré~ 5*3*2":           "gras et italique, barré 5*3*2",
		"a_b_c":                                         "a_b_c",
		":wave: :wave::skin-tone-3: 10:30:15 :inconnu:": "👋 👋 10:30:15 :inconnu:",
		"&amp;lt;":    "&lt;",
		"3 < 4":       "3 < 4",
		"  \x00bord ": "bord",
	} {
		if got := plain(in, emoji, names); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestEmojiOf(t *testing.T) {
	got := emojiOf([]byte(`[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[
		{"type":"emoji","name":"wave","unicode":"1f44b"},{"type":"emoji","name":"man-technologist","unicode":"1f468-200d-1f4bb"},
		{"type":"emoji","name":"coop"}]}]}]`))
	if got["wave"] != "👋" || got["man-technologist"] != "👨‍💻" || len(got) != 2 {
		t.Errorf("%q", got)
	}
	if emojiOf([]byte("{")) != nil || emojiOf(nil) != nil {
		t.Error("no blocks, no emoji")
	}
}

func TestOutgoing(t *testing.T) {
	for in, want := range map[string]struct {
		send string
		note bool
	}{
		"Bonjour":                     {"Bonjour", false},
		"// entre nous":               {"", true},
		"  ! entre nous\nla suite":    {"", true},
		"Bonjour\n// note\nÀ demain":  {"Bonjour\nÀ demain", true},
		"https://a.fr // commentaire": {"https://a.fr // commentaire", false},
		"Bravo !":                     {"Bravo !", false},
	} {
		if send, note := outgoing(in); send != want.send || note != want.note {
			t.Errorf("%q: %q %v", in, send, note)
		}
	}
}

func FuzzPlain(f *testing.F) {
	f.Add("<@U1> &amp; <http://a|b> *x* :wave:")
	f.Add("<<<>>>|&&;*_~`")
	f.Fuzz(func(t *testing.T, s string) {
		got := plain(s, map[string]string{"wave": "👋"}, func(string) string { return "" })
		if !utf8.ValidString(got) || strings.ContainsRune(got, 0) {
			t.Fatalf("%q", got)
		}
	})
}
