// Relais is the assistant of a French business and employment cooperative
// (coopérative d'activités et d'emploi). See README.md; this file is the
// process: the command line, signals and exit codes.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	_ "time/tzdata" // the calendar must not depend on the machine

	"github.com/alecthomas/kong"

	"github.com/coopconnexion/relais/storage"
)

// Exit codes (sysexits.h).
const (
	exitOK     = 0
	exitInput  = 1  // a problem in the input or the content
	exitUsage  = 2  // wrong usage
	exitBug    = 70 // a defect of the program
	exitLater  = 75 // try later: the store is in use, the disk is full
	exitConfig = 78 // the configuration
)

// memoryLimit is where the garbage collector begins to work harder, in bytes: a
// small machine must do. GOMEMLIMIT overrides it.
const memoryLimit = 100 << 20

// exitError is an error that knows the exit code it deserves.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

func withCode(code int, err error) error {
	if err == nil {
		return nil
	}
	return &exitError{code, err}
}

// cli is the command line; its tags are the help text.
type cli struct {
	Demo  demoCmd  `cmd:"" help:"The whole product on one web page: phones, the staff desk, a clock to move. No account."`
	Chat  chatCmd  `cmd:"" help:"The same conversation in the terminal."`
	Serve serveCmd `cmd:"" help:"Serve Telegram and Slack, with reminders."`
	Check checkCmd `cmd:"" help:"List all problems of the settings and of the content at once."`
	Flows struct {
		List  flowsListCmd  `cmd:"" help:"List the questionnaires."`
		Graph flowsGraphCmd `cmd:"" help:"Print the Mermaid diagram of a questionnaire."`
	} `cmd:"" help:"Questionnaires and their diagrams."`
	Members struct {
		Import membersImportCmd `cmd:"" help:"Import members from a CSV file and print their links."`
	} `cmd:"" help:"Members."`
	Export exportCmd `cmd:"" help:"Export declarations, members, candidates or indicators."`
	Person struct {
		Export personExportCmd `cmd:"" help:"Export all that is kept about a person."`
		Erase  personEraseCmd  `cmd:"" help:"Erase a person."`
	} `cmd:"" help:"One person's data."`
	Backup   backupCmd   `cmd:"" help:"Write an encrypted backup, also while serving."`
	Restore  restoreCmd  `cmd:"" help:"Restore a backup into an empty data directory."`
	Verify   verifyCmd   `cmd:"" help:"Read and check everything in the store."`
	Faq      faqCmd      `cmd:"" help:"Answers about rights."`
	Estimate estimateCmd `cmd:"" help:"Estimate RSA, prime d'activité, ARE, ASS: one JSON case per line on standard input."`
	Safety   safetyCmd   `cmd:"" help:"Read texts for danger: one per line on standard input."`
	Version  versionCmd  `cmd:"" help:"Print the version."`
}

// streams are the standard streams and the environment, so that tests can run
// the whole program in their own process.
type streams struct {
	in       io.Reader
	out, err io.Writer
	environ  []string
}

// logger writes what operators need to standard error, as JSON lines in UTC.
func (s streams) logger(level slog.Leveler) *slog.Logger {
	return slog.New(slog.NewJSONHandler(s.err, &slog.HandlerOptions{Level: level}))
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr, os.Environ()})
	stop()
	os.Exit(code)
}

// run is the program. It returns the exit code.
func run(ctx context.Context, args []string, s streams) (code int) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintf(s.err, "relais: a defect of the program (%T)\n%s", r, debug.Stack())
			code = exitBug
		}
	}()
	var c cli
	exited := -1
	parser, err := kong.New(&c, kong.Name("relais"), kong.Description("The assistant of a coopérative d'activités et d'emploi."),
		kong.Writers(s.out, s.err), kong.Exit(func(n int) { exited = n }), kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(s), kong.UsageOnError())
	if err != nil {
		fmt.Fprintln(s.err, "relais:", err)
		return exitBug
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	kctx, err := parser.Parse(args)
	if exited >= 0 { // --help
		return exited
	}
	if err != nil {
		fmt.Fprintln(s.err, "relais:", err)
		return exitUsage
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	if err := kctx.Run(); err != nil {
		fmt.Fprintln(s.err, "relais:", err)
		return codeOf(err)
	}
	return exitOK
}

// codeOf is the exit code that an error deserves.
func codeOf(err error) int {
	var e *exitError
	switch {
	case errors.As(err, &e):
		return e.code
	case errors.Is(err, storage.ErrBusy), errors.Is(err, storage.ErrDiskFull), errors.Is(err, storage.ErrBroken):
		return exitLater
	case errors.Is(err, storage.ErrWrongKey), errors.Is(err, storage.ErrDamaged), errors.Is(err, storage.ErrNewer):
		return exitConfig
	}
	return exitInput
}
