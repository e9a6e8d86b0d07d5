package storage

import (
	"testing"
)

func TestHolder(t *testing.T) {
	s := open(t, t.TempDir())
	one := take(t, s, said(1, "1", "issue alpha"))
	two := take(t, s, said(2, "2", "issue beta"))
	for code, want := range map[string]string{"alpha": string(one.Person), "beta": string(two.Person), "gamma": "", "": ""} {
		p, ok, err := s.Holder(t.Context(), code)
		if err != nil || ok != (want != "") || string(p.ID) != want {
			t.Errorf("Holder(%q) = %q, %v, %v; want %q", code, p.ID, ok, err, want)
		}
	}
	if err := s.Erase(t.Context(), one.Person); err != nil {
		t.Fatal(err)
	}
	if p, ok, err := s.Holder(t.Context(), "alpha"); ok || err != nil || p.Secret != "" {
		t.Errorf("a code of an erased person leads to %q, %v, %v", p.ID, ok, err)
	}
}
