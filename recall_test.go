package main

import (
	"fmt"
	"testing"
)

func TestRecall(t *testing.T) {
	var r recall[int]
	reads := 0
	ask := func(text string) int {
		return r.of(text, func() int { reads++; return len(text) })
	}
	if first, second := ask("oui"), ask("oui"); first != 3 || second != 3 || reads != 1 {
		t.Errorf("%d reads", reads)
	}
	for i := range 3 * recallSize {
		ask(fmt.Sprint("texte ", i))
	}
	if n := len(r.now) + len(r.before); n > 2*recallSize {
		t.Errorf("%d texts are remembered", n)
	}
	if reads = 0; ask("oui") != 3 || reads != 1 {
		t.Error("an old text is still remembered")
	}
}
