package faq

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

const goodSheet = `id: RSA-01
title: Combien est le RSA ?
ask: [c koi le montant du rsa, combien on touche au rsa]
answer: |
  Pour une personne seule : {amount:rsa_base} par mois.
sources:
  - {label: service-public, ref: "https://www.service-public.gouv.fr/particuliers/vosdroits/F502"}
verified: 2026-11-22
review: 2027-04-30
confidence: sure
contact: la CAF
situations: [rsa]
estimate: rsa
`

func TestLoadReadsASheet(t *testing.T) {
	sheets, err := Load(fstest.MapFS{"sheets/RSA-01.yaml": {Data: []byte(goodSheet)}})
	if err != nil {
		t.Fatal(err)
	}
	s := sheets[0]
	if s.ID != "RSA-01" || len(s.Ask) != 2 || s.Review.Year() != 2027 || s.Estimate != "rsa" {
		t.Errorf("read %+v", s)
	}
	if text := s.Entry().Text; strings.Contains(text, "amount") {
		t.Errorf("the text to search holds an amount reference: %q", text)
	}
}

func TestLoadListsAllProblems(t *testing.T) {
	_, err := Load(fstest.MapFS{
		"sheets/RSA-01.yaml": {Data: []byte(strings.Replace(goodSheet, "contact:", "kontact:", 1))},
		"sheets/RSA-02.yaml": {Data: []byte(goodSheet)},
		"sheets/RSA-03.yaml": {Data: []byte("id: RSA-03\nconfidence: doubtful\nverified: 22/11/2026\n")},
		"sheets/RSA-04.yaml": {Data: []byte("id: RSA-04\nconfidence: doubtful\n")},
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"RSA-01.yaml", "kontact", `must be the file's name "RSA-02"`, "2026-11-22", "RSA-04.yaml: title: missing", "RSA-04.yaml: doubt: required"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q:\n%v", want, err)
		}
	}
}

func TestLoadChecksRelated(t *testing.T) {
	_, err := Load(fstest.MapFS{"sheets/RSA-01.yaml": {Data: []byte(goodSheet + "related: [RSA-99]\n")}})
	if err == nil || !strings.Contains(err.Error(), "RSA-99") {
		t.Errorf("got %v", err)
	}
}

func resources(t testing.TB) *Resources {
	t.Helper()
	res, err := LoadResources(os.DirFS("../content"))
	if err != nil {
		t.Fatal(err)
	}
	return res
}
