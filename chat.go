package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/bot/terminal"
	"github.com/coopconnexion/relais/flows"
)

// runChat holds the same conversation in the terminal, as a candidate or as a
// member, on a store that is thrown away afterwards.
func runChat(ctx context.Context, as, contentDir string, in io.Reader, out io.Writer, log *slog.Logger) error {
	dir, err := os.MkdirTemp("", "relais-chat-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return err
	}
	master, err := demoKey(dir)
	if err != nil {
		return err
	}
	a, err := openApp(ctx, options{Dir: dir, MasterKey: master, ContentDir: contentDir, Settings: demoSettings(zone), Now: time.Now, Log: log, MinFree: 16 << 20})
	if err != nil {
		return err
	}
	defer a.close()
	ch := terminal.New(terminal.Options{In: in, Out: out, Name: "Vous", Settled: func(ctx context.Context) { _ = a.settle(ctx) }})
	a.deliverOn(bot.Served{Channel: ch, Pace: ch.Pace()})
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.delivery.Run(ctx) })
	g.Go(func() error { return a.scheduler.Run(ctx) })
	g.Go(func() error {
		defer stop()
		if err := chatSeed(ctx, a, as, ch.Account()); err != nil {
			return err
		}
		return ch.Run(ctx, a.intake)
	})
	return g.Wait()
}

// chatSeed makes the member who chats, or lets the candidate say hello.
func chatSeed(ctx context.Context, a *app, as string, account flows.Account) error {
	hello := flows.Input{ID: "chat/hello", At: time.Now(), Role: flows.RolePerson, Kind: flows.KindText, From: account, Text: "/start"}
	if as == "member" {
		out, err := a.intake.Take(ctx, flows.Input{ID: "chat/import", At: time.Now(), Role: flows.RoleSystem, Kind: flows.KindImport,
			From: flows.Account{Channel: "import", ID: "chat"}, Fields: map[string]string{"name": "Karim", "status": "cape", "situation": "are"}})
		if err != nil {
			return err
		}
		p, err := a.store.Person(ctx, out.Person)
		if err != nil {
			return err
		}
		hello.Code = flows.LinkCode(&p)
		hello.Text = "/start " + hello.Code
	} else if as != "candidate" {
		return fmt.Errorf("--as: %q is neither candidate nor member", as)
	}
	if _, err := a.intake.Take(ctx, hello); err != nil {
		return err
	}
	return a.settle(ctx)
}
