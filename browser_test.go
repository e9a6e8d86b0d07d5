//go:build browser

package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/coopconnexion/relais/bot/web/webtest"
	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/flows/records"
)

// TestDemoInTheBrowser is acceptance by hand, done by a browser: a candidate
// answers the pre-test, staff give an appointment, a member declares, staff
// validate, the clock moves; on the real program.
func TestDemoInTheBrowser(t *testing.T) {
	d, err := openDemo(t.Context(), demoOptions{Data: t.TempDir(), Date: "2026-12-01T09:00", Log: quiet(), Out: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	started := startDemo(t, d)
	server := httptest.NewServer(d.page.Handler(d.app.intake))
	t.Cleanup(func() {
		d.page.EndStreams()
		server.Close()
		started()
	})
	b := webtest.Start(t)
	p := b.Open(t, server.URL, webtest.Size{Width: 1440, Height: 900})
	p.Wait(`document.documentElement.dataset.ready`)
	says := func(selector, text string) {
		p.Wait(`[...document.querySelectorAll(` + strconv.Quote(selector) + `)].some((e) => e.textContent.includes(` + strconv.Quote(text) + `))`)
	}
	still := func() { p.Wait(`document.getAnimations().every((a) => a.playState !== "running")`) }
	say := func(text string) {
		p.Click("#text")
		p.Type(text)
		p.Press("Enter")
	}
	still()
	p.Axe()
	say("/start")
	says("#log", "Quel âge avez-vous")
	p.ClickText("18 ans ou plus")
	says("#log", "Êtes-vous d'accord")
	p.Shot("10-consent")
	p.ClickText("D'accord")
	says("#log", "Je peux vous aider")
	p.ClickText("📝 Parler de mon projet")
	p.ClickText("Commencer")
	says("#log", "Quelle version")
	p.ClickText("12 questions, 4 minutes")
	says("#log", "Pourquoi créer")
	p.ClickText("☐ Être libre")
	says("#log", "☑ Être libre")
	p.Shot("11-multi")
	p.ClickText("✔ C'est bon")
	says("#log", "J'aime vraiment")
	say("si je gagne 300e je perd mon rsa ?")
	says("#log", "Revenons à votre question")
	p.Shot("12-rights")
	for i := 2; i <= 11; i++ {
		say("3")
		says("#log", fmt.Sprintf("%d sur 12", i+1))
	}
	p.ClickText("☐ Clients")
	says("#log", "☑ Clients")
	p.ClickText("✔ C'est bon")
	says("#log", "Racontez votre projet")
	say("Je répare des vélos à domicile.")
	says("#log", "vous a aidé")
	p.ClickText("Non, j'ai répondu seul·e")
	says("#log", "votre prénom")
	say("Camille")
	says("#log", "quel numéro")
	p.ClickText("Je passe")
	says("#log", "disponible")
	p.ClickText("Je passe")
	says("#log", "Voici vos réponses")
	still()
	p.Axe()
	p.ClickText("✅ Envoyer")
	says("#log", "Ce questionnaire ne décide rien")
	says("#cards", "Pré-test : Camille")
	p.Shot("13-card")
	still()
	p.Axe()
	p.ClickText("Rendez-vous")
	p.Wait(`document.querySelector("#ask").open`)
	p.Type("mardi 8 décembre à 10 h")
	p.ClickText("Confirmer")
	says("#log", "mardi 8 décembre")
	p.Click(`#who input[value="member1"] ~ .avatar`)
	p.ClickText("💶 Déclarer mon mois")
	says("#log", "Quel mois")
	p.ClickText("novembre 2026")
	says("#log", "Combien avez-vous encaissé")
	say("1 234,56 €")
	says("#log", "C'est bien ça")
	p.ClickText("Oui, c'est ça")
	says("#log", "Avez-vous eu des frais")
	p.ClickText("Aucuns frais")
	says("#log", "Envoyez vos documents")
	p.ClickText("Plus tard")
	says("#log", "Contribution à la coopérative")
	p.ClickText("✅ Envoyer")
	says("#log", "D-2026-11-0001")
	p.ClickText("Valider")
	says("#log", "a validé votre déclaration")
	p.Shot("14-declared")
	still()
	p.Axe()
	p.Click(`[data-move="next"]`)
	p.Wait(`!document.querySelector("#now").textContent.includes("9 h 00")`)
	p.Click(`#who input[value="member2"] ~ .avatar`)
	says("#log", "déclarer novembre")
	p.Resize(webtest.Size{Width: 360, Height: 740})
	p.Shot("15-phone")
	still()
	p.Axe()
	if out := exported(t, d.app); !strings.Contains(out, ",123456,0,12346,validated,") {
		t.Errorf("export: %s", out)
	}
}

func exported(t *testing.T, a *app) string {
	var people []flows.Person
	if err := a.store.Each(t.Context(), func(p flows.Person) error { people = append(people, p); return nil }); err != nil {
		t.Fatal(err)
	}
	table, err := records.Export("declarations", slices.Values(people), "")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := table.Write(&out, "csv"); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
