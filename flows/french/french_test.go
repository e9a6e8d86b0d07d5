package french

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestMoneyIsReadOrAskedAgain(t *testing.T) {
	for in, want := range map[string]int64{
		"1 234,56 €": 123456, "1.234,56": 123456, "1234.56": 123456, "1234,56": 123456,
		"1\u202f234,56\u00a0€": 123456, "1\u00a0234,5": 123450, "1'234.50": 123450,
		"0": 0, "rien": 0, "Rien ce mois-ci": 0, "zéro": 0, "800": 80000, "800€": 80000,
		"12€50": 1250, "12 euros 50": 1250, "12,5 euros": 1250, "j'ai encaissé 300 euros": 30000,
		"1 000 000": 100000000, "environ 300 €": 30000, "1,234.56": 123456, "0,01": 1, "300.": 30000,
	} {
		if got, err := Money(in); err != nil || got != want {
			t.Errorf("Money(%q) = %d, %v; want %d", in, got, err, want)
		}
	}
	for in, want := range map[string]error{
		"mille deux cents": ErrWords, "-5": ErrNegative, "− 5": ErrNegative, "moins 5": ErrNegative,
		"1e9": ErrSeveral, "٣": ErrNoAmount, "NaN": ErrNoAmount, "": ErrNoAmount, "bonjour": ErrNoAmount,
		"200 ou 300": ErrSeveral, "entre 200 et 300": ErrSeveral, "1.234": ErrAmbiguous, "1,234": ErrAmbiguous,
		"12,345": ErrAmbiguous, "1234,567": ErrAmbiguous, "12 34 56": ErrAmbiguous, "300 $": ErrCurrency, "10 %": ErrCurrency,
		"99999999999999999999": ErrTooLarge, "1 000 001": ErrTooLarge, "3 clients": ErrNoAmount, "2 mille": ErrWords,
	} {
		if got, err := Money(in); !errors.Is(err, want) {
			t.Errorf("Money(%q) = %d, %v; want %v", in, got, err, want)
		}
	}
}

func TestEurosAreReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cents := rapid.Int64Range(0, MaxCents).Draw(t, "cents")
		got, err := Money(Euros(cents))
		if err != nil || got != cents {
			t.Fatalf("%q read as %d, %v", Euros(cents), got, err)
		}
	})
}

func TestMonth(t *testing.T) {
	now := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	for in, want := range map[string]string{
		"octobre": "2026-10", "Octobre 2026": "2026-10", "oct": "2026-10", "10/2026": "2026-10", "2026-10": "2026-10", "10": "2026-10",
		"décembre": "2026-12", "janvier": "2026-01", "le mois dernier": "2026-11", "ce mois-ci": "2026-12", "Août 25": "2025-08",
		"pour le mois de novembre": "2026-11", "d'octobre": "2026-10",
	} {
		if got, err := Month(in, now); err != nil || got != want {
			t.Errorf("Month(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"", "jui", "13", "janvier 2027", "bonjour", "0", "2026-13"} {
		if got, err := Month(in, now); err == nil {
			t.Errorf("Month(%q) = %q, want an error", in, got)
		}
	}
}

func TestDate(t *testing.T) {
	now := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	for in, want := range map[string]string{
		"12/11/2026": "2026-11-12", "2026-11-12": "2026-11-12", "le 12 novembre": "2026-11-12", "1er janvier": "2027-01-01", "lundi 7 décembre 2026": "2026-12-07",
	} {
		if got, err := Date(in, now); err != nil || got != want {
			t.Errorf("Date(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"31/02/2026", "demain", "", "12"} {
		if got, err := Date(in, now); err == nil {
			t.Errorf("Date(%q) = %q, want an error", in, got)
		}
	}
}

func TestPhone(t *testing.T) {
	if e, s, err := Phone("06 12 34 56 78"); err != nil || e != "+33612345678" || s != "06 12 34 56 78" {
		t.Errorf("got %q %q %v", e, s, err)
	}
	for _, in := range []string{"", "12", "bonjour", "99999999999999"} {
		if e, _, err := Phone(in); err == nil {
			t.Errorf("Phone(%q) = %q, want an error", in, e)
		}
	}
}

func FuzzReaders(f *testing.F) {
	for _, s := range []string{"1 234,56 €", "12€50", "octobre", "1er mai", "06 12 34 56 78", "\u202f", "1,2,3,4"} {
		f.Add(s)
	}
	now := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := Money(s); err == nil && (c < 0 || c > MaxCents+99) {
			t.Errorf("Money(%q) = %d", s, c)
		}
		if m, err := Month(s, now); err == nil && (len(m) != 7 || m > "2026-12") {
			t.Errorf("Month(%q) = %q", s, m)
		}
		_, _ = Date(s, now)
		_, _, _ = Phone(s)
		if f := Fold(s); f != strings.TrimSpace(f) {
			t.Errorf("Fold(%q) = %q", s, f)
		}
	})
}
