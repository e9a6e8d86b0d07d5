package flows_test

import (
	"encoding/json"
	"strconv"
	"testing"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/flows/content"
)

// BenchmarkStep measures one decision in the middle of a declaration: an amount
// is typed, read, and echoed for confirmation. "with JSON" adds what a store
// does around it: the person read from JSON and written again.
func BenchmarkStep(b *testing.B) {
	book, problems := flows.NewBook(content.FS(), testSettings(), testSafety, nil)
	if len(problems) > 0 {
		b.Fatal(problems)
	}
	w := newWorld(b)
	w.member(map[string]string{"name": "Karim", "status": "cape", "situation": "are"})
	for _, act := range []string{"D'accord", "", "octobre 2026"} {
		if act == "" {
			w.say("/declarer")
			continue
		}
		w.tap(act)
	}
	person := w.load()
	if person.Session.State != "revenue" {
		b.Fatalf("in state %q", person.Session.State)
	}
	in := flows.Input{At: w.now, Role: flows.RolePerson, Kind: flows.KindText, Text: "1 234,56 €", From: w.from, Name: "Léa"}
	view := func(p flows.Person) flows.View {
		return flows.View{Person: p, Next: func(string) int { return 1 }}
	}
	b.Run("text", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			in.ID = strconv.Itoa(i)
			if d := book.Step(view(person), in); len(d.Effects) == 0 {
				b.Fatal("no effect")
			}
		}
	})
	b.Run("text with JSON", func(b *testing.B) {
		b.ReportAllocs()
		stored, err := json.Marshal(person)
		if err != nil {
			b.Fatal(err)
		}
		for i := 0; b.Loop(); i++ {
			in.ID = strconv.Itoa(i)
			var p flows.Person
			if err := json.Unmarshal(stored, &p); err != nil {
				b.Fatal(err)
			}
			if _, err := json.Marshal(book.Step(view(p), in).Person); err != nil {
				b.Fatal(err)
			}
		}
	})
}
