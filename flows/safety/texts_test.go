package safety

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/coopconnexion/relais/flows/content"
)

// overlaid is the embedded content with one file replaced.
func overlaid(t *testing.T, name, text string) fs.FS {
	t.Helper()
	return content.Overlay(content.FS(), fstest.MapFS{name: &fstest.MapFile{Data: []byte(text)}})
}

// TestNumbers pins the digits: a misprint here sends a person nowhere. Sources:
// 3114.fr, the 114 and 119 services, and for APESA its own site; 0805 655 080
// was another line.
func TestNumbers(t *testing.T) {
	texts := loadTexts(t)
	want := map[string]string{
		"suicide": "3114", "samu": "15", "europe": "112", "sms": "114", "police": "17",
		"women": "3919", "child": "119", "cyber": "3018", "apesa": "0 805 65 505 0",
		"fil_sante": "0 800 235 236", "sos_amitie": "09 72 39 40 50",
	}
	for name, n := range want {
		if texts.Numbers[name] != n {
			t.Errorf("number %s is %q, want %q", name, texts.Numbers[name], n)
		}
	}
	if strings.ReplaceAll(texts.Numbers["apesa"], " ", "") != "0805655050" {
		t.Error("APESA is 0805655050")
	}
	allowed := map[string]bool{"24": true, "7": true, "8": true, "20": true, "9": true, "23": true, "18": true}
	for _, n := range want {
		allowed[strings.ReplaceAll(n, " ", "")] = true
	}
	digits := regexp.MustCompile(`\d[\d ]*\d|\d`)
	for _, e := range texts.entries() {
		for _, n := range digits.FindAllString(e.text, -1) {
			if !allowed[strings.ReplaceAll(n, " ", "")] {
				t.Errorf("%s gives the unknown number %q", e.key, n)
			}
		}
	}
}

func loadTexts(t *testing.T) Texts {
	t.Helper()
	texts, err := LoadTexts(content.FS())
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

func TestCrisisTextWordForWord(t *testing.T) {
	want := `Merci de l'avoir écrit. Je m'inquiète pour vous. Je suis un robot, je ne peux pas vous soigner. Des personnes peuvent vous aider maintenant :
📞 3114 — gratuit, 24 h/24, 7 j/7. Des soignants vous écoutent.
🚑 Danger tout de suite (blessure, médicaments pris, passage à l'acte) : 15 ou 112.
💬 Vous ne pouvez pas téléphoner : 114, par SMS ou l'appli Urgence 114.
Si possible, restez avec quelqu'un. Éloignez ce qui pourrait vous blesser.`
	texts := loadTexts(t)
	if texts.Crisis != want {
		t.Errorf("crisis text changed:\n%s", texts.Crisis)
	}
	if texts.DirectQuestion != "Je préfère demander clairement : pensez-vous à mourir, ou au suicide ?" {
		t.Errorf("direct question changed: %s", texts.DirectQuestion)
	}
	if texts.InDanger != "Êtes-vous en danger maintenant ?" {
		t.Errorf("danger question changed: %s", texts.InDanger)
	}
}

func TestReply(t *testing.T) {
	x := loadTexts(t)
	for _, c := range []struct {
		kind  Kind
		minor bool
		want  string
	}{
		{KindSuicide, false, x.Crisis},
		{KindSuicide, true, x.CrisisMinor},
		{KindNone, false, x.Crisis},
		{"something new", false, x.Crisis},
		{KindViolence, false, x.Violence},
		{KindViolence, true, x.ViolenceMinor},
		{KindThreat, false, x.ViolenceThreat},
		{KindThreat, true, x.ViolenceMinor},
		{KindMinor, false, x.Child},
		{KindMinor, true, x.ViolenceMinor},
		{KindThirdParty, false, x.ThirdParty},
		{KindThirdParty, true, x.ThirdParty},
		{KindSuffering, false, x.Distress},
		{KindSuffering, true, x.DistressMinor},
	} {
		if got := x.Reply(c.kind, c.minor); got != c.want {
			t.Errorf("reply to %q, minor %v:\n%s", c.kind, c.minor, got)
		}
	}
	if got := WithDuty(x.Paged, "Sophie"); got != "Je préviens Sophie." {
		t.Errorf("got %q", got)
	}
}

func TestTextsNeverReassureNorPromise(t *testing.T) {
	for _, e := range loadTexts(t).entries() {
		for _, bad := range []string{"ce n'est rien", "tout va bien", "ça va passer", "promettez", "diagnostic", "burn"} {
			if strings.Contains(strings.ToLower(e.text), bad) {
				t.Errorf("%s says %q", e.key, bad)
			}
		}
	}
}

func TestTextsRefused(t *testing.T) {
	raw, err := content.FS().Open(textsFile)
	if err != nil {
		t.Fatal(err)
	}
	raw.Close()
	for name, yaml := range map[string]string{
		"nothing":     "checked: \"2026-11-22\"\n",
		"unknown key": "hello: a\n",
		"bad date":    "checked: hier\n",
	} {
		if _, err := LoadTexts(overlaid(t, textsFile, yaml)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	long := Texts{Crisis: strings.Repeat("a", maxText+1)}
	if err := long.check(); err == nil || !strings.Contains(err.Error(), "a message holds") {
		t.Errorf("a text over the limit: %v", err)
	}
	if gives("Appelez le 1155", "15") || gives("le 0 800 15 22", "15") || !gives("le 15.", "15") || !gives("15 ou 112", "112") {
		t.Error("a number inside a longer one counts")
	}
}
