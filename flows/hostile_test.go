package flows_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"pgregory.net/rapid"

	"github.com/coopconnexion/relais/flows"
)

func TestForgedAndForeignButtons(t *testing.T) {
	w := newWorld(t)
	w.play("> /start\n! 18 ans\n! D'accord\n! 📝\n! Commencer")
	before := w.load().Session
	for _, data := range []string{"", "q.1.full", "q.4.full~AAAAAAAAAA", "c.erase.yes~AAAAAAAAAA", "~", "q.~", strings.Repeat("x", 64), "k.yes~0123456789"} {
		d := w.press(data)
		if d.Toast == "" {
			t.Errorf("%q: no word for the person", data)
		}
		if s := w.load().Session; s.State != before.State || s.Turn != before.Turn {
			t.Errorf("%q changed the session", data)
		}
	}
}

func TestButtonsOfAnotherPersonAreRefused(t *testing.T) {
	a := newWorld(t)
	a.play("> /start\n! 18 ans")
	data := a.find("D'accord")
	b := newWorld(t)
	p := b.load()
	p.Secret = "another"
	b.exists = true
	b.save(p)
	b.play("> /start\n! 18 ans")
	b.press(data)
	if after := b.load(); after.Consented("data") {
		t.Error("a button of somebody else gave consent")
	}
}

// TestBrokenQuestionnaires has one broken file for each rule of the check.
func TestBrokenQuestionnaires(t *testing.T) {
	good := "name: x\nversion: 1\ntitle: T\nsummary: true\nsend: S\nquestions:\n  - {key: a, kind: text, short: A, text: 'T ?', help: h}\n"
	if _, errs := flows.ParseQuestionnaire([]byte(good)); len(errs) > 0 {
		t.Fatalf("the good one: %v", errs)
	}
	for name, c := range map[string][2]string{
		"unknown key":          {"title: T", "title: T\ncolour: red"},
		"no version":           {"version: 1", "version: 0"},
		"no send":              {"send: S", "send: ''"},
		"unknown kind":         {"kind: text", "kind: telepathy"},
		"no text":              {"text: 'T ?'", "text: ''"},
		"no help":              {"help: h", "help: ''"},
		"reserved key":         {"key: a", "key: summary"},
		"bad key":              {"key: a", "key: 'A b'"},
		"no options":           {"kind: text", "kind: choice"},
		"unknown scale":        {"kind: text", "kind: scale, scale: zz"},
		"bad condition":        {"help: h", "help: h, show_if: 'a ~ b'"},
		"later condition":      {"help: h", "help: h, show_if: 'b == 1'"},
		"long option":          {"kind: text", "kind: choice, options: [{value: 0123456789012345678901234, label: L}]"},
		"option without label": {"kind: text", "kind: choice, options: [{value: a, label: ''}]"},
		"same option twice":    {"kind: text", "kind: choice, options: [{value: a, label: L}, {value: a, label: M}]"},
		"too long":             {"text: 'T ?'", "text: '" + strings.Repeat("é", 3001) + "'"},
		"multi without max":    {"kind: text", "kind: multi, options: [{value: a, label: L}]"},
	} {
		broken := strings.Replace(good, c[0], c[1], 1)
		if _, errs := flows.ParseQuestionnaire([]byte(broken)); len(errs) == 0 {
			t.Errorf("%s: not noticed", name)
		}
	}
}

// TestTexts checks that the program and texts.yaml name the same sentences, and
// that each placeholder is one that the program fills.
func TestTexts(t *testing.T) {
	data, err := os.ReadFile("content/texts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	if err := yaml.Unmarshal(data, &texts); err != nil {
		t.Fatal(err)
	}
	var source strings.Builder
	entries, _ := os.ReadDir(".")
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".go") && !strings.HasSuffix(e.Name(), "_test.go") {
			b, _ := os.ReadFile(e.Name())
			source.Write(b)
		}
	}
	src := source.String()
	for _, m := range regexp.MustCompile(`(?:msg|words)\("([a-z0-9.]+)"[,)]`).FindAllStringSubmatch(src, -1) {
		if texts[m[1]] == "" {
			t.Errorf("the program says %q, texts.yaml does not", m[1])
		}
	}
	for key, text := range texts {
		prefix := key[:strings.LastIndexByte("."+key, '.')]
		if !strings.Contains(src, `"`+key+`"`) && !strings.Contains(src, `"`+prefix) {
			t.Errorf("texts.yaml: nothing says %q", key)
		}
		for _, m := range regexp.MustCompile(`\{([^}]*)\}`).FindAllStringSubmatch(text, -1) {
			if !strings.Contains(src, `"`+m[1]+`"`) {
				t.Errorf("texts.yaml: %q: nothing fills {%s}", key, m[1])
			}
		}
	}
}

// TestOnlyOneQuestionSaysIt: other programs recognise the two questions about
// money by one word each.
func TestOnlyOneQuestionSaysIt(t *testing.T) {
	w := newWorld(t)
	w.play("% name=Nadia status=cape situation=are\n> oui\n> /declarer\n! novembre\n! Je ne comprends pas\n> 100\n! Oui\n! Je ne comprends pas\n> 12\n! Oui\n! Plus tard\n! ✏ Corriger\n! ↩ Retour\n! ✅ Envoyer\n> /declarations\n> /mesdonnees\n@ 2000h")
	for _, b := range w.chat {
		collected, costs := strings.Contains(b.text, "encaissé"), strings.Contains(b.text, "frais")
		if collected && costs {
			t.Errorf("both words in: %s", b.text)
		}
		if (collected || costs) && len(b.rows) < 2 {
			t.Errorf("not a question, but says it: %s", b.text)
		}
	}
}

// TestAnybodyAnyhow plays random people: whatever they do, there is a reaction,
// every message has its buttons within the limits, nothing panics, the session
// always has a known state, and money is only ever declared as confirmed.
func TestAnybodyAnyhow(t *testing.T) {
	words := []string{"/start", "/declarer", "/annuler", "/menu", "/aide", "oui", "non", "1 234,56 €", "rien", "12", "bonjour", "c'est quoi le CAPE ?", "retour", "pause", "je passe", "j'en peux plus", "envie de mourir", "novembre", "/pause", "/parler", "/mesdonnees", "2", "merci", "😀", "\u202e", strings.Repeat("long ", 900), "/start CODE", "/effacer"}
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		if rapid.Bool().Draw(rt, "member") {
			w.member(map[string]string{"name": "Karim", "status": "cape", "situation": "are"})
			w.say("oui")
		}
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			said := len(w.chat)
			var d flows.Decision
			pressed := false
			switch rapid.IntRange(0, 9).Draw(rt, "what") {
			case 0, 1, 2:
				d = w.say(rapid.SampledFrom(words).Draw(rt, "text"))
			case 3:
				d = w.photo()
			case 4:
				w.pass(time.Duration(rapid.IntRange(1, 200).Draw(rt, "hours")) * time.Hour)
				continue
			case 5:
				for key, c := range w.desk {
					if len(c.Actions) > 0 {
						w.act(key, c.Actions[0].ID, "parce que")
						break
					}
				}
				continue
			default:
				var data []string
				for _, b := range w.chat {
					for _, r := range b.rows {
						for _, x := range r {
							data = append(data, x.Data)
						}
					}
				}
				if len(data) == 0 {
					continue
				}
				recent := data[max(0, len(data)-15):]
				d, pressed = w.press(rapid.SampledFrom(recent).Draw(rt, "button")), true
			}
			if pressed && d.Toast == "" {
				rt.Fatalf("a tap without words\n%s", strings.Join(w.log[max(0, len(w.log)-30):], "\n"))
			}
			if d.Toast == "" && len(w.chat) == said && !reacted(d) {
				rt.Fatalf("no visible reaction\n%s", strings.Join(w.log[max(0, len(w.log)-30):], "\n"))
			}
			if s := d.Person.Session; s.Flow != "" && !known(w, s) {
				rt.Fatalf("unknown state %s/%s", s.Flow, s.State)
			}
		}
	})
}

func reacted(d flows.Decision) bool {
	for _, e := range d.Effects {
		switch e.(type) {
		case flows.React, flows.Edit, flows.Send:
			return true
		}
	}
	return false
}

func known(w *world, s flows.Session) bool {
	for _, state := range w.book.Questionnaires()[s.Flow].States() {
		if state == s.State {
			return true
		}
	}
	return false
}

// TestWordsAnywhereAreRead: the safety net reads captions and edits too.
func TestWordsAnywhereAreRead(t *testing.T) {
	for kind, in := range map[string]flows.Input{
		"edit":    {Kind: flows.KindEdit, Text: "j'ai envie de mourir", Message: "m1"},
		"photo":   {Kind: flows.KindFile, Text: "j'ai envie de mourir", File: &flows.FileRef{Mime: "image/jpeg", Photo: true}},
		"caption": {Kind: flows.KindUnsupported, Text: "video", Fields: map[string]string{"caption": "j'ai envie de mourir"}},
	} {
		w := newWorld(t)
		in.Role, in.From = flows.RolePerson, w.from
		w.apply(in)
		if len(w.chat) == 0 || !strings.Contains(w.chat[0].text, "3114") {
			t.Errorf("%s: no number was given", kind)
		}
	}
}

// TestACodeOfAPageLinksNobody: the code of a private page leads to its person,
// but opening it as a link gives nobody the person's account.
func TestACodeOfAPageLinksNobody(t *testing.T) {
	w := newWorld(t)
	w.play("% name=Nadia status=cape\n> oui")
	p := w.load()
	d := w.book.Step(flows.View{Person: p, Linked: true}, flows.Input{ID: "x", At: w.now, Role: flows.RolePerson, Kind: flows.KindText,
		Text: "/start page", Code: "page", From: flows.Account{Channel: "web", ID: "thief"}})
	for _, e := range d.Effects {
		switch e := e.(type) {
		case flows.Link:
			t.Errorf("linked: %+v", e)
		case flows.Send:
			if e.To == nil || e.To.ID != "thief" {
				t.Errorf("said to the member: %s", e.Text)
			}
		}
	}
	if len(d.Person.Accounts) != len(p.Accounts) {
		t.Error("the account was taken")
	}
}

// TestAFloodDropsNothing: every answer written in a flood counts, whole, in its
// order, however many there are.
func TestAFloodDropsNothing(t *testing.T) {
	w := newWorld(t)
	w.play("> /start\n! 18 ans\n! D'accord\n> parler à quelqu'un\n& contact/1 take")
	w.step = 10 * time.Millisecond
	long := strings.Repeat("é", 3900)
	for i := range 150 {
		w.say(fmt.Sprintf("message %d %s", i, long))
		if n := len(w.person); n > 250<<10 {
			t.Fatalf("the document holds %d bytes", n)
		}
	}
	w.pass(2 * time.Minute)
	var heard []string
	for _, line := range w.threads {
		if strings.HasPrefix(line, "message ") {
			heard = append(heard, line)
		}
	}
	if len(heard) != 150 {
		t.Fatalf("%d of 150 messages reached the team", len(heard))
	}
	for i, line := range heard {
		if line != fmt.Sprintf("message %d %s", i, long) {
			t.Fatalf("message %d is not the one written", i)
		}
	}
}
