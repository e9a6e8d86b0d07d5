package slack

import (
	"strings"
	"testing"

	"github.com/coopconnexion/relais/flows"
)

func BenchmarkRenderLine(b *testing.B) {
	text := flows.T(strings.Repeat("J’ai déclaré <1 234,56 €> & *c’est* fini. ", 100))
	for b.Loop() {
		textParts(text, true)
	}
}
