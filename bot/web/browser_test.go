//go:build browser

package web

import (
	"errors"
	"image"
	"image/color"
	"image/png"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/coopconnexion/relais/bot/web/webtest"
	"github.com/coopconnexion/relais/flows"
)

var (
	desktop = webtest.Size{Width: 1440, Height: 900}
	laptop  = webtest.Size{Width: 1024, Height: 768}
	narrow  = webtest.Size{Width: 360, Height: 740}
)

// openPage serves a scripted demo and opens its page.
func openPage(t *testing.T, s webtest.Size) (*webtest.Page, *program) {
	t.Helper()
	p := newProgram(t, t.TempDir(), scripted)
	p.wakes = nudges()
	server := httptest.NewServer(p.demo.Handler(p))
	t.Cleanup(func() {
		_ = p.demo.Close() // ends the event streams, which the server waits for
		server.Close()
	})
	b := webtest.Start(t)
	page := b.Open(t, server.URL, s)
	page.Wait(`document.documentElement.dataset.ready`)
	return page, p
}

// says waits for a text somewhere in an element.
func says(p *webtest.Page, selector, text string) {
	p.Wait(`[...document.querySelectorAll(` + jsString(selector) + `)].some((e) => e.textContent.includes(` + jsString(text) + `))`)
}

func jsString(s string) string { return strconv.Quote(s) }

func TestMainPath(t *testing.T) {
	p, prog := openPage(t, desktop)
	p.Shot("01-empty")
	p.Axe()
	p.ClickText("Démarrer")
	says(p, "#log", "Je suis Relais")
	p.ClickText("Commencer le pré-test")
	says(p, "#log", "j’en ai vraiment envie")
	p.Shot("02-question")
	p.Axe()
	p.ClickText("Plutôt d’accord")
	says(p, "#log", "Votre réponse : 4 sur 5")
	p.ClickText("Les prix")
	says(p, "#log", "✓ Les prix")
	p.ClickText("J’ai fini")
	says(p, "#cards", "Pré-test de motivation")
	p.Wait(`document.querySelector("#count-open").textContent === "1"`)
	p.Shot("03-card")
	p.Axe()

	p.ClickText("Orienter ailleurs")
	p.Wait(`document.querySelector("#ask").open && document.activeElement.id === "ask-text"`)
	p.Press("Tab")
	p.Press("Tab")
	p.Press("Enter") // confirm without a reason
	says(p, "#ask-error", "Dites pourquoi")
	p.Shot("04-dialog")
	p.Axe()
	p.Type("La Mission locale peut vous aider plus vite.")
	p.ClickText("Confirmer")
	p.Wait(`!document.querySelector("#ask").open && document.querySelector("#count-done").textContent === "1"`)
	says(p, "#log .from-staff", "La Mission locale")
	p.ClickText("Traitées 1")
	says(p, "#cards", "Décision : orienter ailleurs")

	p.Click(`#who input[value="member1"] ~ .avatar`)
	p.Wait(`document.querySelector("#log .welcome")`)
	p.Click("#text")
	p.Type("/declarer")
	p.Press("Enter")
	says(p, "#log", "Combien avez-vous encaissé")
	p.Type("1 234,56 €")
	p.Press("Enter")
	says(p, "#log", "J’ai lu : 1 234,56 €")
	p.ClickText("Oui")
	says(p, "#log", "Ajoutez vos justificatifs")
	p.SetFile("#file", photo(t))
	p.Wait(`document.querySelector("#log .from-person img.photo")?.naturalWidth > 0`)
	says(p, "#log", "Document bien reçu")
	p.ClickText("C’est tout")
	says(p, "#log", "D-2026-11-0001")
	p.ClickText("À traiter 1")
	p.Shot("05-declaration")
	p.Axe()
	p.ClickText("Valider")
	says(p, "#log", "est validée")

	p.Click("#text")
	p.Type("Je voudrais parler à un humain, c’est pour ma facture.")
	p.Press("Enter")
	says(p, "#log .reaction", "👀")
	says(p, "#threads", "c’est pour ma facture")
	p.Click(`.thread[data-person="member1"] textarea`)
	p.Type("Bonjour Nadia, je regarde votre facture tout de suite.")
	p.Click(`.thread[data-person="member1"] .answer button`)
	says(p, "#log .from-staff", "je regarde votre facture")
	says(p, `.thread[data-person="member1"] .lines`, "je regarde votre facture")
	p.Shot("06-thread")
	p.Axe()

	p.ClickText("+1 jour")
	says(p, "#now", "mercredi 2 décembre 2026")
	p.Click(`[data-move="next"]`)
	says(p, "#now", "jeudi 3 décembre 2026")
	p.Wait(`document.querySelector("#who input[value=member2]").closest("label").querySelector(".unread")`)
	p.Shot("07-reminder")
	p.Click(`#who input[value="member2"] ~ .avatar`)
	says(p, "#log", "actualisation France Travail")
	p.ClickText("C’est quoi ?")
	p.Wait(`document.querySelector("#about").open`)
	p.Shot("08-about")
	p.Axe()
	p.Press("Escape")
	p.Wait(`!document.querySelector("#about").open && document.activeElement.id === "about-open"`)
	if n := len(prog.inputs()); n != 14 {
		t.Errorf("%d inputs taken, want 14", n)
	}
}

// photo is a small picture to send.
func photo(t *testing.T) string {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 220, 140)) // a sheet with lines
	for y := range 140 {
		for x := range 220 {
			ink := x > 20 && x < 200-(y*37)%90 && y > 20 && y < 125 && y%14 < 4
			m.SetGray(x, y, color.Gray{Y: map[bool]uint8{true: 110, false: 244}[ink]})
		}
	}
	path := filepath.Join(t.TempDir(), "facture.png")
	f, err := os.Create(path)
	if err == nil {
		err = errors.Join(png.Encode(f, m), f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// The whole path without a mouse: each step is reached by Tab and the keys that
// native controls know.
func TestKeyboardOnly(t *testing.T) {
	p, _ := openPage(t, desktop)
	p.Press("Tab")
	p.Wait(`document.activeElement.className === "skip"`)
	p.TabTo(`e.textContent === "Démarrer"`)
	p.Press("Enter")
	says(p, "#log", "Je suis Relais")
	p.Wait(`document.activeElement.id === "text"`)
	p.Press("Shift+Tab")
	p.Press("Shift+Tab")
	p.Press("Shift+Tab")
	p.Press("Shift+Tab")
	p.Wait(`document.activeElement.textContent === "Commencer le pré-test"`)
	p.Press("Space")
	// After a tap the new question has the focus, and Tab leads to its answers.
	p.Wait(`document.activeElement.textContent.includes("j’en ai vraiment envie")`)
	p.Press("Tab")
	p.Wait(`document.activeElement.textContent === "Pas du tout d’accord"`)
	p.Press("Tab")
	p.Press("Enter")
	p.Wait(`document.activeElement.textContent.includes("De quoi avez-vous besoin")`)
	p.Press("Tab")
	p.Press("Tab")
	p.Press("Space")
	// A choice that only ticks its box keeps the focus where it was.
	p.Wait(`document.activeElement.textContent === "✓ Les prix"`)
	p.Press("Tab")
	p.Press("Tab")
	p.Wait(`document.activeElement.textContent === "J’ai fini"`)
	p.Press("Enter")
	p.Wait(`document.activeElement.textContent.includes("ne décide rien")`)
	p.TabTo(`e.dataset.action === "refer"`)
	p.Shot("20-keyboard")
	p.Press("Enter")
	p.Wait(`document.activeElement.id === "ask-text"`)
	p.Press("Escape")
	p.Wait(`document.activeElement.dataset.action === "refer"`)
	p.Press("Enter")
	p.Wait(`document.activeElement.id === "ask-text"`)
	p.Type("Un autre lieu vous aidera mieux.")
	p.Press("Tab")
	p.Press("Tab")
	p.Press("Enter")
	// The card has left the list: the focus is on the list's title, not lost.
	p.Wait(`document.activeElement.id === "cards-title"`)
	p.TabTo(`e.matches(".thread summary")`)
	p.TabTo(`e.matches(".thread textarea")`)
	p.Type("À bientôt.")
	p.Press("Tab")
	p.Press("Enter")
	says(p, "#log .from-staff", "À bientôt.")
	p.Wait(`document.activeElement.textContent === "Répondre"`)
	p.Press("Tab")
	p.Press("Tab")
	p.TabTo(`e.name === "who"`)
	p.Press("ArrowRight")
	p.Wait(`document.activeElement.value === "member1" && document.querySelector("#log .welcome")`)
	p.TabTo(`e.id === "file"`)
	p.Press("Tab")
	p.Press("Tab")
	p.Press("Tab")
	p.TabTo(`e.dataset.move === "1h"`)
	p.Press("Enter")
	says(p, "#now", "10 h 00")
}

func TestNarrow(t *testing.T) {
	p, _ := openPage(t, narrow)
	fits := func(name string) {
		t.Helper()
		var wide []string
		p.Eval(`[...document.querySelectorAll("body *")].filter((e) => e.checkVisibility() && !e.closest(".vh, svg, .snippet") &&
			(e.getBoundingClientRect().right > innerWidth + 1 || e.getBoundingClientRect().left < -1)).map((e) => e.outerHTML.slice(0, 90))`, &wide)
		for _, w := range wide {
			t.Errorf("%s: wider than the window: %s", name, w)
		}
		var small []string
		p.Eval(`[...document.querySelectorAll("button, select, textarea, summary, .one, label.round, a.choice")].filter((e) => e.checkVisibility() && !e.matches(".vh") &&
			(e.getBoundingClientRect().height < 43.5 || e.getBoundingClientRect().width < 43.5)).map((e) => e.outerHTML.slice(0, 90))`, &small)
		for _, s := range small {
			t.Errorf("%s: too small to touch: %s", name, s)
		}
	}
	p.Shot("30-narrow-empty")
	fits("empty")
	p.ClickText("Démarrer")
	p.ClickText("Commencer le pré-test")
	says(p, "#log", "j’en ai vraiment envie")
	p.Shot("31-narrow-question")
	fits("question")
	p.Axe()
	p.ClickText("Plutôt d’accord")
	p.ClickText("Les prix")
	says(p, "#log", "✓ Les prix")
	p.ClickText("J’ai fini")
	p.Wait(`document.querySelector("#tab-count").textContent === "1"`)
	p.Click("#tab-desk")
	says(p, "#cards", "Pré-test de motivation")
	p.Wait(`document.querySelector("#cards").checkVisibility() && !document.querySelector("#log").checkVisibility()`)
	p.Shot("32-narrow-desk")
	fits("desk")
	p.Axe()
	p.ClickText("Orienter ailleurs")
	p.Wait(`document.querySelector("#ask").open`)
	p.Shot("33-narrow-dialog")
	fits("dialog")
	p.Type("Un autre lieu vous aidera mieux.")
	p.ClickText("Confirmer")
	p.Click("#tab-phone")
	says(p, "#log .from-staff", "Un autre lieu")
	// 400 % zoom of a small laptop: the page scrolls instead of squeezing.
	p.Resize(webtest.Size{Width: 320, Height: 256})
	p.Wait(`document.documentElement.scrollHeight > innerHeight`)
	fits("zoomed")
	p.Shot("34-zoomed")
}

func TestDarkAndLaptop(t *testing.T) {
	p, _ := openPage(t, laptop)
	p.ClickText("Démarrer")
	p.ClickText("Commencer le pré-test")
	p.ClickText("Plutôt d’accord")
	p.ClickText("Les prix")
	says(p, "#log", "✓ Les prix")
	p.ClickText("J’ai fini")
	says(p, "#cards", "Pré-test de motivation")
	p.Shot("40-laptop")
	p.Axe()
	p.Prefer("prefers-color-scheme", "dark")
	p.Shot("41-dark")
	p.Axe()
}

// What people write is shown as they wrote it and can never become part of the
// page; two pages open at once show the same thing.
func TestForeignTextAndTwoPages(t *testing.T) {
	p, prog := openPage(t, desktop)
	evil := `<img src=x onerror=alert(1)><script>alert(2)</script> "&amp;`
	p.Click("#text")
	p.Type(evil)
	p.Press("Enter")
	p.Wait(`document.querySelector("#log .from-person .words").textContent === ` + "`" + evil + "`")
	prog.mu.Lock()
	prog.send("p-candidate", flows.Send{Text: flows.A("un lien", "javascript:alert(3)")})
	prog.mu.Unlock()
	if err := prog.settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	says(p, "#log", "un lien")
	var bad int
	p.Eval(`document.querySelectorAll("#log img, #log script, a[href^='javascript']").length`, &bad)
	if bad != 0 {
		t.Errorf("%d elements came out of a text", bad)
	}
	var other string
	p.Eval(`location.href`, &other)
	q := webtest.Start(t).Open(t, other, narrow)
	says(q, "#log .from-person", "onerror")
	q.Click("#text")
	q.Type("Depuis l’autre page")
	q.Press("Enter")
	says(p, "#log .from-person", "Depuis l’autre page")
}
