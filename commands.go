package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"runtime/debug"
	"sort"
	"strings"

	"github.com/coopconnexion/relais/config"
	"github.com/coopconnexion/relais/flows/faq"
	"github.com/coopconnexion/relais/flows/rights"
	"github.com/coopconnexion/relais/flows/safety"
)

// settings is embedded by the commands that read the configuration.
type settings struct {
	Config string `help:"Settings file (default: relais.yaml if it exists)." type:"path" placeholder:"relais.yaml"`
}

// load reads the configuration; problems end the command with exit code 78.
func (c settings) load(s streams) (config.Config, error) {
	cfg, problems := config.Load(c.Config, s.environ, config.Disk{})
	for _, p := range problems {
		if p.Warning {
			fmt.Fprintln(s.err, "relais: warning:", p)
		}
	}
	if config.Blocking(problems) {
		return cfg, withCode(exitConfig, joinProblems(problems))
	}
	return cfg, nil
}

func joinProblems(problems []config.Problem) error {
	var lines []string
	for _, p := range problems {
		if !p.Warning {
			lines = append(lines, p.String())
		}
	}
	return errors.New("the settings have problems:\n  " + strings.Join(lines, "\n  "))
}

type demoCmd struct {
	Addr string `help:"Address of the page." default:"127.0.0.1:8080"`
	Data string `help:"Directory of the demo's store (default: a new one, removed at the end)." type:"path"`
	Date string `help:"Date and time at which the demo starts, such as 2026-12-01T09:00 (default: now)."`
}

func (c *demoCmd) Run(ctx context.Context, s streams) error {
	return runDemo(ctx, demoOptions{Addr: c.Addr, Data: c.Data, Date: c.Date, ContentDir: contentFromEnv(s), Log: s.logger(slog.LevelWarn), Out: s.out})
}

// contentFromEnv is RELAIS_CONTENT_DIR alone: the demo needs no other setting.
func contentFromEnv(s streams) string {
	for _, kv := range s.environ {
		if v, ok := strings.CutPrefix(kv, "RELAIS_CONTENT_DIR="); ok {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// contentFS is the content that these commands read.
func contentFS(s streams) (fs.FS, error) { return contentIn(contentFromEnv(s)) }

type chatCmd struct {
	As string `help:"Who you are." enum:"candidate,member" default:"candidate"`
}

func (c *chatCmd) Run(ctx context.Context, s streams) error {
	return runChat(ctx, c.As, contentFromEnv(s), s.in, s.out, s.logger(slog.LevelWarn))
}

type serveCmd struct {
	settings
}

func (c *serveCmd) Run(ctx context.Context, s streams) error {
	cfg, err := c.load(s)
	if err != nil {
		return err
	}
	if missing := cfg.RequireServe(); len(missing) > 0 {
		return withCode(exitConfig, joinProblems(missing))
	}
	return runServe(ctx, cfg, s.logger(cfg.LogLevel))
}

type checkCmd struct {
	settings
	Content string `help:"Check this directory of content instead of RELAIS_CONTENT_DIR." type:"path"`
}

func (c *checkCmd) Run(s streams) error {
	cfg, problems := config.Load(c.Config, s.environ, config.Disk{})
	var lines []string
	for _, p := range problems {
		lines = append(lines, p.String())
	}
	blocking := config.Blocking(problems)
	dir := cfg.ContentDir
	if c.Content != "" {
		dir = c.Content
	}
	_, errs := readContent(dir, coop(cfg))
	for _, err := range errs {
		lines = append(lines, err.Error())
	}
	if len(lines) > 0 {
		fmt.Fprintln(s.out, strings.Join(lines, "\n"))
	}
	if blocking || len(errs) > 0 {
		return withCode(exitInput, fmt.Errorf("%d problems", len(lines)))
	}
	fmt.Fprintln(s.out, "The settings and the content are in order.")
	return nil
}

type flowsListCmd struct{}

func (flowsListCmd) Run(s streams) error {
	k, err := embeddedContent(s)
	if err != nil {
		return err
	}
	var names []string
	for name := range k.book.Questionnaires() {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		q := k.book.Questionnaires()[name]
		fmt.Fprintf(s.out, "%-14s version %d, %2d questions  %s\n", name, q.Version, len(q.Questions), q.Title)
	}
	return nil
}

type flowsGraphCmd struct {
	Name string `arg:"" help:"Name of the questionnaire."`
}

func (c flowsGraphCmd) Run(s streams) error {
	k, err := embeddedContent(s)
	if err != nil {
		return err
	}
	q := k.book.Questionnaires()[c.Name]
	if q == nil {
		return withCode(exitUsage, fmt.Errorf("no questionnaire %q; see relais flows list", c.Name))
	}
	_, err = io.WriteString(s.out, q.Mermaid())
	return err
}

// embeddedContent reads the content with neutral settings, for the commands
// that need no configuration.
func embeddedContent(s streams) (knowledge, error) {
	cfg, _ := config.Load("", nil, config.Disk{})
	k, problems := readContent(contentFromEnv(s), coop(cfg))
	return k, errors.Join(problems...)
}

type faqCmd struct {
	Ask       faqAskCmd       `cmd:"" help:"Find the sheet for a question."`
	Additions faqAdditionsCmd `cmd:"" help:"Write what staff added (wordings, sheets) as content files."`
	Eval      faqEvalCmd      `cmd:"" help:"Measure on a file of questions: question<TAB>sheet id or none."`
}

// corpusFlag chooses another corpus than the sheets.
type corpusFlag struct {
	Corpus string `help:"Answer from this corpus (JSON lines: id, title, alt, text) instead of the sheets." type:"existingfile"`
}

func (c corpusFlag) index(s streams) (*faq.Index, error) {
	if c.Corpus == "" {
		k, err := embeddedContent(s)
		if err != nil {
			return nil, err
		}
		return k.library.Index(), nil
	}
	f, err := os.Open(c.Corpus)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries, err := faq.ReadCorpus(f)
	if err != nil {
		return nil, err
	}
	fsys, err := contentFS(s)
	if err != nil {
		return nil, err
	}
	res, err := faq.LoadResources(fsys)
	if err != nil {
		return nil, err
	}
	return faq.New(entries, res, faq.Options{Model: faq.ModelCorpus})
}

type faqAskCmd struct {
	corpusFlag
	JSON     bool     `help:"One JSON line per question." name:"json"`
	Question []string `arg:"" optional:"" help:"The question; without it, one per line on standard input."`
}

func (c faqAskCmd) Run(s streams) error {
	x, err := c.index(s)
	if err != nil {
		return err
	}
	in := s.in
	if len(c.Question) > 0 {
		in = strings.NewReader(strings.Join(c.Question, " ") + "\n")
	}
	return faq.AskLines(x, in, s.out, c.JSON)
}

type faqEvalCmd struct {
	corpusFlag
	File string `arg:"" type:"existingfile" help:"question<TAB>sheet id, several with |, or none."`
}

func (c faqEvalCmd) Run(s streams) error {
	x, err := c.index(s)
	if err != nil {
		return err
	}
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	return faq.WriteEval(x, f, s.out)
}

type estimateCmd struct {
	JSON bool `help:"JSON lines (the only format)." name:"json" default:"true"`
}

func (estimateCmd) Run(s streams) error {
	fsys, err := contentFS(s)
	if err != nil {
		return err
	}
	amounts, err := rights.LoadAmounts(fsys)
	if err != nil {
		return err
	}
	return rights.EstimateLines(amounts, s.in, s.out)
}

type safetyCmd struct {
	JSON bool `help:"One JSON line per text." name:"json"`
}

func (c safetyCmd) Run(s streams) error {
	fsys, err := contentFS(s)
	if err != nil {
		return err
	}
	r, err := safety.New(fsys)
	if err != nil {
		return err
	}
	return safety.Lines(r, s.in, s.out, c.JSON)
}

type versionCmd struct{}

func (versionCmd) Run(s streams) error {
	version := "development"
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" && info.Main.Version != "(devel)" {
			version = info.Main.Version
		}
		for _, kv := range info.Settings {
			if kv.Key == "vcs.revision" {
				version += " " + kv.Value
			}
		}
		fmt.Fprintln(s.out, "relais", version, info.GoVersion)
		return nil
	}
	fmt.Fprintln(s.out, "relais", version)
	return nil
}
