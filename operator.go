package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"

	"github.com/coopconnexion/relais/config"
	"github.com/coopconnexion/relais/storage"
)

// operation is one operator command on its way: to the process that holds the
// store, or to the store itself when nobody does.
type operation struct {
	name string
	args url.Values
	in   io.Reader
	out  io.Writer
}

// perform runs an operation. A notice is printed and does not fail.
func (c settings) perform(ctx context.Context, s streams, op operation) error {
	cfg, err := c.load(s)
	if err != nil {
		return err
	}
	err = performOn(ctx, s, cfg, op)
	var n *notice
	if errors.As(err, &n) {
		fmt.Fprintln(s.err, "relais:", n)
		return nil
	}
	return err
}

func performOn(ctx context.Context, s streams, cfg config.Config, op operation) error {
	if op.in == nil {
		op.in = bytes.NewReader(nil)
	}
	if done, err := askRunning(ctx, cfg.DataDir, op); done {
		return err
	}
	log := s.logger(max(cfg.LogLevel, slog.LevelWarn))
	a, err := openAlone(ctx, cfg, log)
	if err != nil {
		return err
	}
	return errors.Join(a.operate(ctx, op.name, op.args, op.in, op.out), a.close())
}

// openAlone opens the store for one command, without channels.
func openAlone(ctx context.Context, cfg config.Config, log *slog.Logger) (*app, error) {
	master, err := masterKey(cfg, log)
	if err != nil {
		return nil, withCode(exitConfig, err)
	}
	return openApp(ctx, options{Dir: cfg.DataDir, MasterKey: master, ContentDir: cfg.ContentDir, Settings: coop(cfg), Now: time.Now, Log: log})
}

type membersImportCmd struct {
	settings
	Partial bool   `help:"Keep the good rows although others have problems."`
	File    string `arg:"" help:"CSV with a header; columns name, status, email, phone, referent, cohort, situation, rsa_month, activity, since." type:"existingfile"`
}

func (c *membersImportCmd) Run(ctx context.Context, s streams) error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	args := url.Values{}
	if c.Partial {
		args.Set("partial", "1")
	}
	return c.perform(ctx, s, operation{opImport, args, f, s.out})
}

// output is embedded by the commands that can write to a file.
type output struct {
	Output string `short:"o" help:"Write to this file instead of standard output." type:"path"`
}

// write runs fn on the chosen output. A file appears whole or not at all, and
// only its owner can read it.
func (o output) write(s streams, fn func(io.Writer) error) error {
	if o.Output == "" {
		return fn(s.out)
	}
	return writeFile(o.Output, fn)
}

func writeFile(path string, fn func(io.Writer) error) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	if err := errors.Join(fn(tmp), tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

type exportCmd struct {
	settings
	output
	Kind     string `arg:"" enum:"declarations,members,candidates,indicators" help:"declarations, members, candidates or indicators."`
	Period   string `help:"One month only, such as 2026-10; for indicators also a quarter, such as 2026-T4." placeholder:"2026-10"`
	Format   string `help:"csv, xlsx or json; for indicators also pdf, one page." enum:"csv,xlsx,json,pdf" default:"csv"`
	Workshop string `help:"Indicators before and after the workshop of this cohort." placeholder:"COHORT"`
	Date     string `help:"The day of the workshop." placeholder:"2027-01-20"`
}

func (c *exportCmd) Run(ctx context.Context, s streams) error {
	args := url.Values{"kind": {c.Kind}, "period": {c.Period}, "format": {c.Format}, "workshop": {c.Workshop}, "date": {c.Date}}
	return c.write(s, func(w io.Writer) error { return c.perform(ctx, s, operation{opExport, args, nil, w}) })
}

type personExportCmd struct {
	settings
	output
	ID string `arg:"" help:"The person's id (see relais export members)."`
}

func (c *personExportCmd) Run(ctx context.Context, s streams) error {
	return c.write(s, func(w io.Writer) error {
		return c.perform(ctx, s, operation{opPersonExport, url.Values{"id": {c.ID}}, nil, w})
	})
}

type personEraseCmd struct {
	settings
	ID string `arg:"" help:"The person's id (see relais export members)."`
}

func (c *personEraseCmd) Run(ctx context.Context, s streams) error {
	return c.perform(ctx, s, operation{opPersonErase, url.Values{"id": {c.ID}}, nil, s.out})
}

type backupCmd struct {
	settings
	File string `arg:"" help:"File to write; it can be read with the master key only." type:"path"`
}

func (c *backupCmd) Run(ctx context.Context, s streams) error {
	return writeFile(c.File, func(w io.Writer) error { return c.perform(ctx, s, operation{opBackup, url.Values{}, nil, w}) })
}

type restoreCmd struct {
	settings
	File string `arg:"" help:"A backup made by relais backup." type:"existingfile"`
}

// Run restores into the data directory, which must hold no store. The master
// key must be the one under which the backup was made.
func (c *restoreCmd) Run(ctx context.Context, s streams) error {
	cfg, err := c.load(s)
	if err != nil {
		return err
	}
	master, err := masterKey(cfg, s.logger(cfg.LogLevel))
	if err != nil {
		return withCode(exitConfig, err)
	}
	phrase, err := backupPhrase(master)
	if err != nil {
		return err
	}
	identity, err := age.NewScryptIdentity(phrase)
	if err != nil {
		return err
	}
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	r, err := storage.Restore(ctx, storage.Options{Dir: cfg.DataDir, MasterKey: master, Logger: s.logger(cfg.LogLevel)}, f, identity)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "restored: %d persons, %d files\n", r.Persons, r.Files)
	if r.Lost > 0 {
		fmt.Fprintf(s.out, "%d persons erased or withdrew something after this backup; they were not restored\n", r.Lost)
	}
	return nil
}

type verifyCmd struct {
	settings
	Child bool `hidden:"" help:"Run in this process."`
}

// Run checks the store. When nobody holds it, the work is done by a child
// process: a damaged table can end a process inside the engine, and the
// operator deserves a sentence rather than a stack trace.
func (c *verifyCmd) Run(ctx context.Context, s streams) error {
	cfg, err := c.load(s)
	if err != nil {
		return err
	}
	op := operation{opVerify, url.Values{}, bytes.NewReader(nil), s.out}
	if done, err := askRunning(ctx, cfg.DataDir, op); done {
		return err
	}
	if !c.Child {
		return verifyInChild(ctx, c.Config, s)
	}
	return performOn(ctx, s, cfg, op)
}

func verifyInChild(ctx context.Context, configFile string, s streams) error {
	args := []string{"verify", "--child"}
	if configFile != "" {
		args = append(args, "--config", configFile)
	}
	var errs bytes.Buffer
	code, err := again(ctx, args, s.environ, s.out, &errs)
	if err != nil {
		return err
	}
	text := errs.String()
	if strings.Contains(text, "panic:") || strings.Contains(text, "fatal error:") {
		return withCode(exitConfig, errors.New("the store is damaged: the engine could not read a table; restore the last backup with relais restore"))
	}
	_, _ = io.WriteString(s.err, text)
	if code != 0 {
		return withCode(code, errors.New("the store did not pass"))
	}
	return nil
}
