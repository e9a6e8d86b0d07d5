package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/storage"
)

// houseChannel carries what one person's turn says to the house (a question
// without an answer), and what the house says to a person: each letter becomes
// one input, known by the letter's number, so that a resent one counts once.
type houseChannel struct{ app *app }

func (houseChannel) Name() string { return flows.HouseChannel }

// Run has nothing to receive.
func (houseChannel) Run(ctx context.Context, _ bot.Intake) error {
	<-ctx.Done()
	return nil
}

// Deliver turns the letter into an input.
func (h houseChannel) Deliver(ctx context.Context, l flows.Letter) (string, error) {
	fields := map[string]string{}
	if l.Post == nil || json.Unmarshal([]byte(l.Post.Text.String()), &fields) != nil {
		return "", &bot.RejectedError{Cause: "not a letter to the house"}
	}
	if fields["op"] == flows.OpComputeIndicators {
		figures, err := h.app.figures(ctx, fields["quarter"])
		if err != nil {
			return "", err
		}
		fields = figures
	}
	in := flows.Input{ID: fmt.Sprintf("house/%d", l.ID), At: h.app.now(), Role: flows.RoleSystem, Kind: flows.KindImport, Fields: fields}
	if fields["op"] == "tell" {
		in.About = flows.PersonID(fields["to"])
	} else {
		in.From = flows.HouseAccount
	}
	_, err := h.app.intake.Take(ctx, in)
	if errors.Is(err, storage.ErrUnknown) {
		return "", &bot.RejectedError{Cause: "the person is no longer known"}
	}
	return "", err
}

// openHouse makes the house's document at the first start, and learns what
// staff added before.
func (a *app) openHouse(ctx context.Context) error {
	out, err := a.store.Turn(ctx, flows.Input{ID: "house/open/" + a.now().Format("2006-01-02T15:04:05.000000000"), At: a.now(), Role: flows.RoleSystem,
		Kind: flows.KindImport, From: flows.HouseAccount, Fields: map[string]string{"op": "open"}})
	if err != nil {
		return err
	}
	a.house.Store(out.Person)
	return a.learn(ctx, out.Person)
}

// learn puts what staff added to use at once.
func (a *app) learn(ctx context.Context, id flows.PersonID) error {
	p, err := a.store.Person(ctx, id)
	if err != nil {
		return err
	}
	h, err := flows.HouseOf(p)
	if err != nil {
		return err
	}
	return a.shelf.learn(h)
}
