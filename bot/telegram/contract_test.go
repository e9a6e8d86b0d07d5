package telegram

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/coopconnexion/relais/bot/bottest"
	"github.com/coopconnexion/relais/flows"
)

func TestContract(t *testing.T) {
	bottest.Contract(t, func(t *testing.T) bottest.Bench {
		b := newBench(t, nil)
		b.s.Say(person, "/start")
		b.s.Forget() // as if it had been confirmed long ago
		return bottest.Bench{
			Channel: b.c, Account: flows.Account{Channel: Name, ID: fmt.Sprint(person)}, Edits: true,
			Say: func(text string) { b.s.Say(person, text) },
			Tap: func(message, data string) {
				id, err := strconv.Atoi(message)
				if err != nil {
					t.Fatal(err)
				}
				b.s.Tap(person, id, data)
			},
			Shown: func() []bottest.Shown { return shown(b) },
		}
	})
}

func shown(b *bench) []bottest.Shown {
	var out []bottest.Shown
	for _, m := range b.s.FromBot(person) {
		s := bottest.Shown{ID: fmt.Sprint(m.ID), Text: m.Text}
		for _, k := range slices.Concat(m.Rows...) {
			s.Buttons = append(s.Buttons, flows.Button{Label: k.Label, Data: k.Data, URL: k.URL})
		}
		out = append(out, s)
	}
	return out
}
