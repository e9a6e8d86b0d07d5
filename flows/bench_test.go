package flows_test

import (
	"testing"

	"github.com/coopconnexion/relais/flows"
)

// BenchmarkStep is one decision, as the store asks for it: an answer to a
// question, and a first word of somebody unknown.
func BenchmarkStep(b *testing.B) {
	for _, c := range []struct {
		name string
		play string
		text string
	}{
		{"unknown", "", "bonjour"},
		{"question", "> /start\n! 18 ans\n! D'accord\n! 📝\n! Commencer\n! 20 questions\n! Je passe", "4"},
		{"declaration", "% name=Karim status=cape situation=are\n> oui\n> /declarer\n! novembre", "1 234,56 €"},
	} {
		b.Run(c.name, func(b *testing.B) {
			w := newWorld(b)
			w.play(c.play)
			v := flows.View{Person: w.load(), Next: func(string) int { return 1 }}
			in := flows.Input{ID: "bench", At: w.now, Role: flows.RolePerson, Kind: flows.KindText, Text: c.text, From: w.from, Message: "m"}
			b.ReportAllocs()
			for b.Loop() {
				if d := w.book.Step(v, in); len(d.Effects) == 0 {
					b.Fatal("nothing was said")
				}
			}
		})
	}
}
