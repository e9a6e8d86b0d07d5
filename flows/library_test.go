package flows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/flows/content"
)

func TestLibrary(t *testing.T) {
	l, problems := flows.NewLibrary(content.FS())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	at := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	p := &flows.Person{Profile: flows.Profile{Situation: "rsa", Status: flows.CAPE}}
	f := l.Ask("si je gagne 300 euros je perds mon rsa ?", p)
	if f.Outcome != "answer" || !strings.HasPrefix(f.ID, "RSA") {
		t.Fatalf("%+v", f)
	}
	text, ok := l.Answer(f.ID, at)
	if !ok || strings.Contains(text.String(), "{amount:") || !strings.Contains(text.String(), "Vérifié le") {
		t.Errorf("%s", text)
	}
	if late, _ := l.Answer(f.ID, at.AddDate(2, 0, 0)); !strings.Contains(late.String(), "devait être relue") {
		t.Error("a sheet past its review date does not say so")
	}
	if got := l.Ask("qui a gagné la coupe du monde en 1998 ?", p); got.Outcome == "answer" {
		t.Errorf("answered: %+v", got)
	}
	if err := l.Learn(flows.House{Wordings: map[string][]string{"CAPE-01": {"qui a gagné la coupe du monde en 1998 ?"}},
		Sheets: []flows.HouseSheet{{ID: "MAISON-01", Title: "La clé du local", Ask: []string{"où est la clé du local ?"}, Answer: "Chez Luc.", At: at}}}); err != nil {
		t.Fatal(err)
	}
	if got := l.Ask("qui a gagné la coupe du monde en 1998 ?", p); got.ID != "CAPE-01" {
		t.Errorf("not learnt: %+v", got)
	}
	if got := l.Ask("ou est la cle du local", p); got.ID != "MAISON-01" {
		t.Errorf("not learnt: %+v", got)
	}
	for id := range map[string]bool{"RSA-01": true, "CAPE-01": true, "ARE-01": true} {
		if src, ok := l.Source(id, at); !ok || !strings.Contains(src.String(), "Vérifié le") {
			t.Errorf("%s has no source", id)
		}
	}
	if _, err := l.Estimate("rsa", at, map[string]string{}); err == nil {
		t.Error("an estimate from nothing")
	}
}
