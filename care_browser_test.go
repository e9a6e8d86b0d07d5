//go:build browser

package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/coopconnexion/relais/bot/web/webtest"
)

// TestPrivatePageInTheBrowser answers the long scales on the private page, at
// the width of a phone, and looks at the curve, on the real program.
func TestPrivatePageInTheBrowser(t *testing.T) {
	d, api := openWhole(t, demoOptions{Data: t.TempDir(), Date: "2026-12-01T09:00", Log: quiet(), Out: io.Discard})
	b := webtest.Start(t)
	phone := webtest.Size{Width: 360, Height: 740}
	p := b.Open(t, api.url, phone)
	p.Wait(`document.documentElement.dataset.ready`)
	says := func(text string) {
		p.Wait(`[...document.querySelectorAll("#log")].some((e) => e.textContent.includes(` + strconv.Quote(text) + `))`)
	}
	// link is the address behind the newest link of the chat.
	link := func() (url string) {
		p.Wait(`document.querySelector("#log a[href*='/prive/']")`)
		p.Eval(`[...document.querySelectorAll("#log a[href*='/prive/']")].at(-1).href`, &url)
		return url
	}
	look := func(q *webtest.Page, name string) {
		q.Axe()
		q.Wait(`document.documentElement.scrollWidth <= innerWidth`)
		q.Shot(name)
	}
	p.Click(`#who label:has(input[value="member1"])`)
	p.Click("#text")
	p.Type("/comment-je-vais")
	p.Press("Enter")
	says("18 ans")
	p.ClickText("Oui, j'ai 18 ans ou plus")
	says("votre énergie")
	p.ClickText("Moyenne")
	says("C'est noté pour vous")
	api.say("member1", "/comment-je-vais")
	says("Questions plus longues")
	p.ClickText("Questions plus longues")
	says("3 minutes")
	p.ClickText("Sur une page privée")
	says("Ouvrir ma page privée")
	address := link()

	q := b.Open(t, address, phone)
	look(q, "20-door")
	q.Press("Tab")
	q.Press("Enter") // «Ouvrir ma page», without a mouse
	q.Wait(`document.querySelectorAll("fieldset").length === 21`)
	look(q, "21-scales")
	q.Prefer("prefers-color-scheme", "dark")
	look(q, "22-scales-dark")
	q.Prefer("prefers-color-scheme", "light")
	q.Press("Tab")
	q.Press("Space")
	q.Press("ArrowDown") // the first question by the keyboard: «Souvent»
	q.Wait(`document.querySelector("#q1-1").checked`)
	for i := 2; i <= 21; i++ {
		q.Click(fmt.Sprintf(`label[for="q%d-1"]`, i))
	}
	q.Wait(`document.querySelectorAll(":checked").length === 21`)
	look(q, "23-answered")
	q.ClickText("Envoyer mes réponses")
	q.Wait(`document.querySelector("h1").textContent === "C'est envoyé"`)
	look(q, "24-sent")
	says("Vos réponses m'alertent")
	p.Shot("25-chat")
	q.Go(address)
	q.Wait(`document.querySelector("h1").textContent === "Cette page est fermée"`)
	look(q, "26-closed")
	if faults := strings.Join(q.Faults(), "\n"); strings.Count(faults, "\n") > 0 || !strings.Contains(faults, "410") {
		t.Errorf("the console shows more than the closed link: %s", faults)
	}
	if c := careOf(t, d, "member1"); len(c.Results) != 2 || !c.Results[0].Result.Scored {
		t.Errorf("kept: %+v", c.Results)
	}

	for i, answer := range []string{"Bonne", "Bonne", "Moyenne", "Très bonne", "Moyenne", "Basse"} {
		if i == 0 {
			api.post("/api/clock", map[string]any{"advance": "168h"})
		} else {
			api.post("/api/clock", map[string]any{"advance": "336h"})
		}
		api.say("member1", "/comment-je-vais")
		api.tap("member1", "Répondre maintenant")
		api.tap("member1", answer)
	}
	api.say("member1", "/comment-je-vais")
	api.tap("member1", "Ma courbe")
	p.Wait(`[...document.querySelectorAll("#log a[href*='/prive/']")].at(-1).href !== ` + strconv.Quote(address))
	q.Go(link())
	q.ClickText("Ouvrir ma page")
	q.Wait(`document.querySelectorAll("svg .dot").length === 7`)
	look(q, "27-curve")
	q.Prefer("prefers-color-scheme", "dark")
	look(q, "28-curve-dark")
	q.Resize(webtest.Size{Width: 1024, Height: 768})
	look(q, "29-curve-wide")
}
