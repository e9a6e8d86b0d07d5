package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/bot/slack"
	"github.com/coopconnexion/relais/bot/telegram"
	"github.com/coopconnexion/relais/config"
	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/storage"
)

// coop turns the configuration into what the flows speak of.
func coop(c config.Config) flows.Settings {
	return flows.Settings{Coop: c.CoopName, Contact: c.CoopContact, Contribution: c.Contribution, DueDay: c.DueDay,
		Zone: c.Zone, PersonRate: c.PersonRate, Staff: c.StaffNames, Duty: c.Duty, PageURL: c.PublicURL}
}

// server is relais serve under way.
type server struct {
	app      *app
	cfg      config.Config
	telegram *telegram.Channel
	slack    *slack.Channel
	ready    atomic.Bool // the bot's token was accepted
	mux      *http.ServeMux
}

// runServe serves Telegram and Slack until ctx ends.
func runServe(ctx context.Context, cfg config.Config, log *slog.Logger) error {
	s, err := openServer(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer func() {
		if err := s.app.close(); err != nil {
			log.Error("store not closed", "cause", err.Error())
		}
	}()
	ln, err := net.Listen("tcp", cfg.HTTPAddr)
	if err != nil {
		return fmt.Errorf("RELAIS_HTTP_ADDR: %w", err)
	}
	return s.run(ctx, ln)
}

// openServer opens the store and makes the channels.
func openServer(ctx context.Context, cfg config.Config, log *slog.Logger) (*server, error) {
	master, err := masterKey(cfg, log)
	if err != nil {
		return nil, err
	}
	a, err := openApp(ctx, options{Dir: cfg.DataDir, MasterKey: master, ContentDir: cfg.ContentDir, Settings: coop(cfg), Now: time.Now, Log: log})
	if err != nil {
		return nil, err
	}
	s := &server{app: a, cfg: cfg, mux: http.NewServeMux()}
	channels, err := s.channels()
	if err != nil {
		return nil, errors.Join(err, a.close())
	}
	a.deliverOn(channels...)
	if err := s.routes(); err != nil {
		return nil, errors.Join(err, a.close())
	}
	return s, nil
}

func (s *server) channels() ([]bot.Served, error) {
	var out []bot.Served
	if c := s.cfg; c.Telegram() {
		ch, err := telegram.New(telegram.Options{Token: c.TelegramToken.Reveal(), APIURL: c.TelegramAPIURL, Rate: c.TelegramRate, ChatRate: c.TelegramChatRate,
			WebhookURL: c.TelegramWebhookURL, WebhookSecret: c.TelegramWebhookSecret.Reveal(), Blobs: s.app.store, Logger: s.app.log,
			Alarm: func(code string) { s.app.alarm("telegram", code) },
			Late:  func(a flows.Account) bool { return s.app.delivery.Late(a) }})
		if err != nil {
			return nil, err
		}
		s.telegram = ch
		out = append(out, bot.Served{Channel: ch, Pace: ch.Pace()})
	}
	if c := s.cfg; c.Slack() {
		ch, err := slack.New(slack.Options{BotToken: c.SlackBotToken.Reveal(), AppToken: c.SlackAppToken.Reveal(), APIURL: c.SlackAPIURL,
			SigningSecret: c.SlackSigningSecret.Reveal(), StaffChannel: c.SlackStaffChannel, CareChannel: c.SlackCareChannel, TeamID: c.SlackTeamID,
			Staff: c.SlackStaff, Blobs: s.app.store, Logger: s.app.log, Unknown: func(err error) bool { return errors.Is(err, storage.ErrUnknown) }})
		if err != nil {
			return nil, err
		}
		s.slack = ch
		out = append(out, bot.Served{Channel: ch, Pace: ch.Pace()})
	}
	return out, nil
}

// routes are health, metrics, webhooks and the private page.
func (s *server) routes() error {
	s.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	s.mux.HandleFunc("GET /readyz", s.readyz)
	s.mux.Handle("GET /metrics", s.app.metrics.handler())
	if s.telegram != nil {
		s.mux.Handle("/telegram/webhook", s.telegram.Webhook())
	}
	if s.slack != nil && s.cfg.SlackSigningSecret.IsSet() {
		s.mux.Handle("/slack/", s.slack.Handler())
	}
	return s.app.servePrivate(s.mux)
}

// readyz says whether the store is open and the channels are connected.
func (s *server) readyz(w http.ResponseWriter, _ *http.Request) {
	var wait []string
	select {
	case <-s.app.store.Broken():
		wait = append(wait, "store broken")
	default:
	}
	if s.telegram != nil && !s.ready.Load() {
		wait = append(wait, "telegram not connected")
	}
	if s.slack != nil && !s.cfg.SlackSigningSecret.IsSet() && !s.slack.Connected() {
		wait = append(wait, "slack not connected")
	}
	for _, name := range s.app.delivery.Stats().Stopped {
		wait = append(wait, name+" refused us")
	}
	if len(wait) > 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, strings.Join(wait, "\n"))
		return
	}
	fmt.Fprintln(w, "ready")
}

// run starts everything and stops it in order: channels first, then delivery,
// which finishes what is on its way.
func (s *server) run(ctx context.Context, ln net.Listener) error {
	g, ctx := errgroup.WithContext(ctx)
	srv := &http.Server{Handler: s.mux, ReadHeaderTimeout: 10 * time.Second}
	g.Go(func() error { return s.app.delivery.Run(ctx) })
	g.Go(func() error { return s.app.scheduler.Run(ctx) })
	g.Go(func() error { return serveControl(ctx, s.app, s.cfg.DataDir) })
	if s.telegram != nil {
		g.Go(func() error { s.meet(ctx); return nil })
		g.Go(func() error { return s.supervise(ctx, s.telegram) })
	}
	if s.slack != nil {
		g.Go(func() error { return s.supervise(ctx, s.slack) })
	}
	g.Go(func() error {
		if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		return srv.Shutdown(stop)
	})
	g.Go(func() error {
		select {
		case <-ctx.Done():
			return nil
		case <-s.app.store.Broken():
			return storage.ErrBroken
		}
	})
	s.app.log.Info("serving", "telegram", s.telegram != nil, "slack", s.slack != nil, "http", ln.Addr().String())
	return g.Wait()
}

// supervise runs a channel. One that refuses us (a revoked token, a second
// instance) stops alone: the other goes on, what is owed stays in the store.
func (s *server) supervise(ctx context.Context, c bot.Channel) error {
	err := c.Run(ctx, s.app.intake)
	if err != nil && ctx.Err() == nil {
		s.app.alarm(c.Name(), "stopped")
		s.app.log.Error("channel stopped; mend its settings and start again", "channel", c.Name(), "cause", err.Error())
		if s.telegram == nil || s.slack == nil {
			return fmt.Errorf("%s: %w", c.Name(), err)
		}
	}
	return nil
}

// meet learns the bot's name, for the links of members, and keeps it for the
// commands that run alone.
func (s *server) meet(ctx context.Context) {
	for wait := time.Second; ; wait = min(2*wait, time.Minute) {
		name, err := s.telegram.Me(ctx)
		if err == nil {
			s.ready.Store(true)
			if err := os.WriteFile(botNameFile(s.cfg.DataDir), []byte(name+"\n"), 0o600); err != nil {
				s.app.log.Error("bot name not kept", "cause", err.Error())
			}
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

func botNameFile(dir string) string { return filepath.Join(dir, "bot.name") }

// botName is the bot's name if a serve has learnt it.
func botName(dir string) string {
	data, err := os.ReadFile(botNameFile(dir))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

// masterKey reads the master key. Without a setting it lies in the data
// directory, made at the first start: good for a trial, not for a disk that is
// lost together with its key.
func masterKey(cfg config.Config, log *slog.Logger) ([]byte, error) {
	if cfg.MasterKeyFile != "" {
		return keyFile(cfg.MasterKeyFile, false)
	}
	path := filepath.Join(cfg.DataDir, "master.key")
	_, missing := os.Stat(path)
	if _, err := os.Stat(filepath.Join(cfg.DataDir, "identity.json")); err == nil && missing != nil {
		return nil, fmt.Errorf("RELAIS_MASTER_KEY_FILE: the store in %s was made with a key that is not given", cfg.DataDir)
	}
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("RELAIS_DATA_DIR: %w", err)
	}
	if missing != nil {
		log.Warn("made a master key beside the store; move it elsewhere, set RELAIS_MASTER_KEY_FILE and keep a copy", "file", path)
	}
	return keyFile(path, true)
}
