package flows_test

import (
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/flows/content"
)

// withWHO5 is the content with a stand-in wording of WHO-5 installed, as a
// co-operative with the licence would.
func withWHO5(t *testing.T) fs.FS {
	raw, err := fs.ReadFile(content.FS(), "care/who5.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s := strings.Replace(string(raw), `intro: ""`, `intro: "Phrase d'essai."`, 1)
	s = regexp.MustCompile(`label: "", value: (\d)`).ReplaceAllString(s, `label: "Note $1", value: $1`)
	s = regexp.MustCompile(`id: (o\d), text: ""`).ReplaceAllString(s, `id: $1, text: "Phrase $1"`)
	return content.Overlay(content.FS(), fstest.MapFS{"care/who5.yaml": &fstest.MapFile{Data: []byte(s)}})
}

// TestMonthlyIsWHO5WhereInstalled answers the monthly scale at its borders: raw
// 13 is 52, above 50; raw 12 is 48, orange; raw 7 is 28, red and the direct
// question.
func TestMonthlyIsWHO5WhereInstalled(t *testing.T) {
	for _, c := range []struct {
		notes  [5]int
		says   string
		direct bool
	}{
		{[5]int{3, 3, 3, 2, 2}, "Rien à signaler", false},
		{[5]int{3, 3, 2, 2, 2}, "fatigue importante", false},
		{[5]int{2, 2, 1, 1, 1}, "Vos réponses m'alertent", true},
	} {
		t.Run(fmt.Sprint(c.notes), func(t *testing.T) {
			w := newWorld(t)
			book, problems := flows.NewBook(withWHO5(t), testSettings(), testSafety, testSheets{})
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			w.book = book
			w.play("% name=Sophie status=cesa\n> oui\n> /comment-je-vais\n! Oui, j'ai 18\n! Bonne\n@ 700h")
			w.play("! Répondre ici")
			for i, n := range c.notes {
				if got := w.chat[len(w.chat)-1].text; !strings.Contains(got, fmt.Sprintf("Phrase o%d", i+1)) {
					t.Fatalf("asked: %s", got)
				}
				w.tap(fmt.Sprintf("Note %d", n))
			}
			said := ""
			for _, b := range w.chat[len(w.chat)-2:] {
				said += b.text + "\n"
			}
			if !strings.Contains(said, c.says) || strings.Contains(said, "suicide") != c.direct {
				t.Errorf("said: %s", said)
			}
		})
	}
}
