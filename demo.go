package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
	"golang.org/x/sync/errgroup"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/bot/web"
	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/scheduler"
)

// demoMember is one seeded member of the demo.
type demoMember struct {
	id, name, about string
	fields          map[string]string
}

func demoMembers(start time.Time) []demoMember {
	since := start.AddDate(0, -5, 0).Format("2006-01")
	return []demoMember{
		{"member1", "Nadia", "En CAPE, avec le RSA", map[string]string{"name": "Nadia", "status": "cape", "situation": "rsa", "rsa_month": strconv.Itoa(int(start.Month())), "activity": "couture", "since": since}},
		{"member2", "Karim", "En CAPE, avec l'ARE", map[string]string{"name": "Karim", "status": "cape", "situation": "are", "activity": "réparation de vélos", "since": since}},
		{"member3", "Sophie", "En CESA, salariée de sa propre activité", map[string]string{"name": "Sophie", "status": "cesa", "situation": "none", "activity": "graphisme", "since": since}},
	}
}

// demoStaff are the people who may act at the demo's desk.
var demoStaff = []web.Staff{{ID: "admin", Name: "Amina"}, {ID: "advisor", Name: "Luc"}, {ID: "referent", Name: "Inès"}}

// demoSettings are those of an imaginary co-operative.
func demoSettings(zone *time.Location) flows.Settings {
	names := map[string]string{}
	for _, s := range demoStaff {
		names[s.ID] = s.Name
	}
	return flows.Settings{Coop: "CoopConnexion", Contact: "l'accueil, 03 21 00 00 00 (numéro d'exemple)", Contribution: decimal.NewFromInt(10), DueDay: 5,
		Zone: zone, PersonRate: 0, Duty: true, Staff: names}
}

// demoOptions come from the command line.
type demoOptions struct {
	Addr, Data, Date, ContentDir string
	// PageURL is where the demo's own page is reached; empty: no private page.
	PageURL string
	Log     *slog.Logger
	Out     io.Writer
}

// runDemo serves the whole product on one page until ctx ends.
func runDemo(ctx context.Context, o demoOptions) error {
	ln, err := net.Listen("tcp", o.Addr)
	if err != nil {
		return fmt.Errorf("--addr: %w", err)
	}
	defer ln.Close()
	o.PageURL = "http://" + ln.Addr().String()
	d, err := openDemo(ctx, o)
	if err != nil {
		return err
	}
	defer d.close()
	handler, err := d.handler()
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	srv.RegisterOnShutdown(d.page.EndStreams)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return d.run(ctx) })
	g.Go(func() error {
		if err := d.seed(ctx); err != nil {
			return err
		}
		fmt.Fprintf(o.Out, "Relais, la démonstration : http://%s\n(Ctrl-C pour arrêter)\n", ln.Addr())
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
	g.Go(func() error { return serveControl(ctx, d.app, d.dir) })
	return g.Wait()
}

// demo is the program with its page and its movable clock.
type demo struct {
	app   *app
	page  *web.Demo
	clock *scheduler.Clock
	dir   string
	start time.Time
	temp  bool
}

// openDemo opens (or makes) the demo's store and wires the page to it.
func openDemo(ctx context.Context, o demoOptions) (*demo, error) {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return nil, err
	}
	start, err := demoStart(o.Date, zone)
	if err != nil {
		return nil, err
	}
	d := &demo{dir: o.Data, start: start, clock: scheduler.NewClock(start, zone)}
	if d.dir == "" {
		if d.dir, err = os.MkdirTemp("", "relais-demo-"); err != nil {
			return nil, err
		}
		d.temp = true
	}
	master, err := demoKey(d.dir)
	if err != nil {
		return nil, err
	}
	set := demoSettings(zone)
	set.PageURL = o.PageURL
	d.app, err = openApp(ctx, options{Dir: d.dir, MasterKey: master, ContentDir: o.ContentDir, Settings: set, Now: d.clock.Now, Log: o.Log, MinFree: 16 << 20})
	if err != nil {
		return nil, err
	}
	people := []web.Person{{ID: "candidate", Name: "Camille", Role: "candidate", About: "Vient d'arriver, ne connaît pas la coopérative", Account: flows.Account{Channel: "web", ID: "candidate"}}}
	for _, m := range demoMembers(start) {
		people = append(people, web.Person{ID: m.id, Name: m.name, Role: m.fields["status"], About: m.about, Account: flows.Account{Channel: "web", ID: m.id}})
	}
	d.page, err = web.New(web.Options{Dir: filepath.Join(d.dir, "phones"), People: people, Staff: demoStaff, Clock: d.clock, Settle: d.app.settle, Blobs: d.app.store, Logger: o.Log})
	if err != nil {
		return nil, errors.Join(err, d.app.close())
	}
	d.app.deliverOn(bot.Served{Channel: d.page.Phones()}, bot.Served{Channel: d.page.Desk()})
	d.clock.Drive(d.app.scheduler, d.app.settle, d.app.letters.Load)
	return d, nil
}

// handler serves the demo's page, and members' private pages beside it.
func (d *demo) handler() (http.Handler, error) {
	mux := http.NewServeMux()
	mux.Handle("/", d.page.Handler(d.app.intake))
	return mux, d.app.servePrivate(mux)
}

// run delivers and beats until ctx ends.
func (d *demo) run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return d.app.delivery.Run(ctx) })
	g.Go(func() error { return d.app.scheduler.Run(ctx) })
	g.Go(func() error {
		select {
		case <-ctx.Done():
			return nil
		case <-d.app.store.Broken():
			return errors.New("the store is broken: stop, check the disk, start again")
		}
	})
	return g.Wait()
}

func (d *demo) close() error {
	err := errors.Join(d.page.Close(), d.app.close())
	if d.temp {
		err = errors.Join(err, os.RemoveAll(d.dir))
	}
	return err
}

// seed brings the three members in by the path that real members take: the
// import, the link, the consent.
func (d *demo) seed(ctx context.Context) error {
	for i, m := range demoMembers(d.start) {
		account := flows.Account{Channel: "web", ID: m.id}
		if owner, ok, err := d.app.store.Owner(ctx, account); err != nil {
			return err
		} else if ok {
			if err := d.page.Know(owner, account); err != nil {
				return err
			}
			continue
		}
		if err := d.seedMember(ctx, i, m, account); err != nil {
			return err
		}
	}
	return d.app.settle(ctx)
}

func (d *demo) seedMember(ctx context.Context, i int, m demoMember, account flows.Account) error {
	take := func(step string, in flows.Input) (flows.Outcome, error) {
		in.ID, in.At = fmt.Sprintf("seed/%d/%s", i, step), d.clock.Now()
		return d.app.intake.Take(ctx, in)
	}
	out, err := take("import", flows.Input{Role: flows.RoleSystem, Kind: flows.KindImport, From: flows.Account{Channel: "import", ID: "demo:" + m.id}, Fields: m.fields})
	if err != nil {
		return err
	}
	p, err := d.app.store.Person(ctx, out.Person)
	if err != nil {
		return err
	}
	if err := d.page.Know(out.Person, account); err != nil {
		return err
	}
	for _, in := range []flows.Input{{Text: "/start " + flows.LinkCode(&p), Code: flows.LinkCode(&p)}, {Text: "D'accord"}} {
		in.Role, in.Kind, in.From, in.Name = flows.RolePerson, flows.KindText, account, m.name
		if _, err := take(in.Text[:2], in); err != nil {
			return err
		}
	}
	return nil
}

// demoStart reads --date; without it the demo starts now.
func demoStart(date string, zone *time.Location) (time.Time, error) {
	if date == "" {
		return time.Now().In(zone), nil
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, date, zone); err == nil {
			return t, nil
		}
	}
	if t, err := time.Parse(time.RFC3339, date); err == nil {
		return t.In(zone), nil
	}
	return time.Time{}, fmt.Errorf("--date: cannot read %q; write 2026-12-01T09:00", date)
}

// demoKey makes the demo's own master key, beside its store.
func demoKey(dir string) ([]byte, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("--data: %w", err)
	}
	return keyFile(filepath.Join(dir, "master.key"), true)
}

// keyFile reads 32 bytes in base64; create makes the file when it is missing.
func keyFile(path string, create bool) ([]byte, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) && create {
		key := make([]byte, 32)
		if _, err := rand.Read(key); err != nil {
			return nil, err
		}
		text := base64.StdEncoding.EncodeToString(key) + "\n"
		return key, os.WriteFile(path, []byte(text), 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("RELAIS_MASTER_KEY_FILE: %w", err)
	}
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("RELAIS_MASTER_KEY_FILE: %s can be read by others; run chmod 600 on it", path)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(data)))
	if err != nil || len(key) != 32 {
		return nil, fmt.Errorf("RELAIS_MASTER_KEY_FILE: %s must hold 32 random bytes in base64 (openssl rand -base64 32)", path)
	}
	return key, nil
}
