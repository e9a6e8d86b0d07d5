package flows_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/coopconnexion/relais/flows"
)

func TestSmoke(t *testing.T) {
	w := newWorld(t)
	w.say("/start")
	w.tap("18 ans")
	w.tap("D'accord")
	w.tap("📝 Parler")
	w.tap("Commencer")
	w.tap("20 questions")
	w.tap("☐ Être libre")
	w.tap("✔ C'est bon")
	for range 18 {
		p := w.load()
		switch p.Session.State {
		default:
			w.say("2")
		}
	}
	w.tap("☐ Clients")
	w.tap("✔ C'est bon")
	w.say("Je répare des vélos.")
	w.tap("Non, j'ai")
	w.say("Léa")
	w.say("06 12 34 56 78")
	w.tap("Oui")
	w.tap("Je passe")
	w.tap("✅ Envoyer")
	w.act("pretest", "rdv", "mardi 10 h")
	os.WriteFile("/tmp/story1.txt", []byte(strings.Join(w.log, "\n")), 0o600)

	w = newWorld(t)
	w.member(map[string]string{"name": "Karim", "status": "cape", "situation": "are", "since": "2026-08"})
	w.say("/declarer")
	w.tap("D'accord")
	w.tap("novembre 2026")
	w.say("1 234,56 €")
	w.say("oui")
	w.tap("Aucuns frais")
	w.photo()
	w.tap("✔ J'ai tout")
	w.tap("✅ Envoyer")
	w.act("declaration/2026-11", "validate", "")
	w.pass(5 * 30 * 24 * time.Hour)
	os.WriteFile("/tmp/story2.txt", []byte(strings.Join(w.log, "\n")), 0o600)
	var p flows.Person
	json.Unmarshal(w.person, &p)
	if d := p.Declaration("2026-11"); d == nil || d.Latest().ContributionCents != 12346 || d.State != flows.DeclValidated {
		t.Errorf("%+v", p.Declarations)
	}
}
