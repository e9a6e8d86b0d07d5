package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coopconnexion/relais/bot/slack/slacktest"
	"github.com/coopconnexion/relais/bot/telegram/telegramtest"
)

// The tests of the whole program (files e2e_*_test.go) build it, run it as a
// child, and are its Telegram, its Slack and the people behind them.

// built is the program, built once for all tests of this package.
var built = struct {
	sync.Mutex
	path string
	err  error
}{}

func TestMain(m *testing.M) {
	code := m.Run()
	if built.path != "" {
		_ = os.RemoveAll(filepath.Dir(built.path)) // nothing to do about it
	}
	os.Exit(code)
}

// program is the path of the built program.
func program(t testing.TB) string {
	t.Helper()
	built.Lock()
	defer built.Unlock()
	if built.path == "" && built.err == nil {
		built.path, built.err = buildProgram()
	}
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.path
}

func buildProgram() (string, error) {
	dir, err := os.MkdirTemp("", "relais-e2e-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "relais")
	out, err := exec.Command("go", "build", "-tags", buildTags, "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
}

// world is one installation: its directory, its settings, its Telegram and its
// Slack, and the program when it runs.
type world struct {
	t        testing.TB
	telegram *telegramtest.Server
	slack    *slacktest.Server // nil: Telegram alone
	dir      string            // of the store
	env      map[string]string
	log      *lines // standard error of every process of this world
	proc     *process
	members  int // imported so far
}

// newWorld makes an installation. Settings given override the usual ones.
func newWorld(t testing.TB, tg telegramtest.Options, settings map[string]string) *world {
	t.Helper()
	w := &world{t: t, telegram: telegramtest.New(tg), dir: filepath.Join(t.TempDir(), "data"), log: &lines{}}
	t.Cleanup(w.telegram.Close)
	w.env = map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": t.TempDir(),
		"RELAIS_DATA_DIR": w.dir, "RELAIS_MASTER_KEY_FILE": newMasterKey(t),
		"RELAIS_TELEGRAM_TOKEN": w.telegram.Token, "RELAIS_TELEGRAM_API_URL": w.telegram.URL,
		"RELAIS_HTTP_ADDR": "127.0.0.1:0", "RELAIS_COOP_NAME": "CoopTest",
	}
	maps.Copy(w.env, settings)
	t.Cleanup(func() {
		if w.proc != nil {
			w.proc.kill()
		}
		if t.Failed() {
			t.Logf("last lines of the log:\n%s", w.log.tail(40))
		}
	})
	return w
}

// withSlack adds a workspace.
func (w *world) withSlack(c slacktest.Config) *world {
	w.slack = slacktest.New(c)
	w.t.Cleanup(w.slack.Close)
	cfg := w.slack.Config()
	maps.Copy(w.env, map[string]string{
		"RELAIS_SLACK_BOT_TOKEN": cfg.BotToken, "RELAIS_SLACK_APP_TOKEN": cfg.AppToken, "RELAIS_SLACK_API_URL": w.slack.APIURL(),
		"RELAIS_SLACK_TEAM_ID": cfg.TeamID, "RELAIS_SLACK_STAFF_CHANNEL": cfg.Channels[0], "RELAIS_SLACK_CARE_CHANNEL": cfg.Channels[1],
		"RELAIS_SLACK_STAFF": "U1=admin,U2=advisor",
	})
	return w
}

func newMasterKey(t testing.TB) string {
	t.Helper()
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	path := filepath.Join(t.TempDir(), "master.key")
	if err := os.WriteFile(path, []byte(base64.StdEncoding.EncodeToString(key)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// command prepares the program with this world's settings.
func (w *world) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program(w.t), args...)
	for k, v := range w.env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	cmd.Dir = filepath.Dir(w.dir)
	return cmd
}

// try runs a command of the program to its end.
func (w *world) try(args ...string) (out, errs string, code int) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	cmd := w.command(ctx, args...)
	var o, e bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, io.MultiWriter(&e, w.log)
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.t.Fatalf("relais %s: %v", strings.Join(args, " "), err)
	}
	return o.String(), e.String(), cmd.ProcessState.ExitCode()
}

// run is try for a command that must succeed.
func (w *world) run(args ...string) string {
	w.t.Helper()
	out, errs, code := w.try(args...)
	if code != 0 {
		w.t.Fatalf("relais %s: exit code %d\n%s%s", strings.Join(args, " "), code, out, errs)
	}
	return out
}

// table runs a command that prints CSV.
func (w *world) table(args ...string) []map[string]string {
	w.t.Helper()
	return parseTable(w.t, w.run(args...))
}

func parseTable(t testing.TB, text string) []map[string]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff"))).ReadAll()
	if err != nil || len(rows) == 0 {
		t.Fatalf("not a table (%v):\n%s", err, text)
	}
	var out []map[string]string
	for _, r := range rows[1:] {
		row := map[string]string{}
		for i, name := range rows[0] {
			row[name] = r[i]
		}
		out = append(out, row)
	}
	return out
}

// importMembers imports members of these names and returns the start code of
// each.
func (w *world) importMembers(names []string) map[string]string {
	w.t.Helper()
	var b strings.Builder
	b.WriteString("name,status,situation\n")
	for i, n := range names {
		fmt.Fprintf(&b, "%s,%s,%s\n", n, []string{"cape", "cesa"}[i%2], []string{"rsa", "are", "none"}[i%3])
	}
	file := filepath.Join(w.t.TempDir(), "members.csv")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		w.t.Fatal(err)
	}
	codes := map[string]string{}
	for _, row := range w.table("members", "import", file) {
		code := strings.TrimPrefix(row["link"], "/start ")
		if i := strings.LastIndex(row["link"], "?start="); i >= 0 {
			code = row["link"][i+len("?start="):]
		}
		codes[row["name"]] = code
	}
	if len(codes) != len(names) {
		w.t.Fatalf("%d members imported, want %d", len(codes), len(names))
	}
	return codes
}

// process is relais serve under way.
type process struct {
	cmd    *exec.Cmd
	served chan string   // the HTTP address, once it serves
	ended  chan struct{} // closed at the end
	err    error         // of Wait, after the end
}

// spawn starts relais serve without waiting for anything.
func (w *world) spawn(env ...string) *process {
	w.t.Helper()
	p := &process{cmd: w.command(context.Background(), "serve"), served: make(chan string, 1), ended: make(chan struct{})}
	p.cmd.Env = append(p.cmd.Env, env...)
	p.cmd.Stderr = io.MultiWriter(w.log, &announcement{to: p.served})
	if err := p.cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	w.proc = p
	return p
}

// serve starts relais serve and waits until it serves; it returns the address
// of its HTTP server.
func (w *world) serve(env ...string) string {
	w.t.Helper()
	p := w.spawn(env...)
	select {
	case addr := <-p.served:
		return addr
	case <-p.ended:
		w.t.Fatalf("serve ended: %v\n%s", p.err, w.log.tail(20))
	case <-time.After(30 * time.Second):
		w.t.Fatalf("serve did not begin\n%s", w.log.tail(20))
	}
	return ""
}

// kill ends the process as a power cut would, and waits for its end.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.ended
}

// stop asks the process to end and returns its exit code and how long it took.
func (p *process) stop(t testing.TB, limit time.Duration) (code int, took time.Duration) {
	t.Helper()
	began := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.ended:
	case <-time.After(limit):
		_ = p.cmd.Process.Signal(syscall.SIGQUIT) // its stacks go to the log
		<-p.ended
		t.Errorf("not stopped after %s", limit)
	}
	return p.cmd.ProcessState.ExitCode(), time.Since(began)
}

// announcement finds the line that says where the program serves.
type announcement struct {
	to   chan string
	rest []byte
	done bool
}

func (a *announcement) Write(b []byte) (int, error) {
	if a.done {
		return len(b), nil
	}
	a.rest = append(a.rest, b...)
	for {
		i := bytes.IndexByte(a.rest, '\n')
		if i < 0 {
			return len(b), nil
		}
		var line struct{ Msg, HTTP string }
		if json.Unmarshal(a.rest[:i], &line) == nil && line.Msg == "serving" {
			a.to <- line.HTTP
			a.done, a.rest = true, nil
			return len(b), nil
		}
		a.rest = a.rest[i+1:]
	}
}

// lines keeps everything that was written to it.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *lines) tail(n int) string {
	all := strings.Split(strings.TrimSpace(l.String()), "\n")
	return strings.Join(all[max(0, len(all)-n):], "\n")
}

// noneOf checks that the log names nothing of this.
func (l *lines) noneOf(t testing.TB, private []string) {
	t.Helper()
	text := l.String()
	for _, p := range private {
		if i := strings.Index(text, p); i >= 0 {
			from := strings.LastIndexByte(text[:i], '\n') + 1
			line, _, _ := strings.Cut(text[from:], "\n")
			t.Errorf("the log names %q: %s", p, line)
		}
	}
}

// well checks what holds after every test: no malformed call, a store that
// reads back.
func (w *world) well() {
	w.t.Helper()
	for _, v := range w.telegram.Violations() {
		w.t.Errorf("malformed call to Telegram: %s", v)
	}
	if w.slack != nil {
		for _, v := range w.slack.Violations() {
			w.t.Errorf("malformed call to Slack: %s", v)
		}
		if n := w.slack.LateAcks(); n > 0 {
			w.t.Errorf("%d late confirmations to Slack", n)
		}
	}
	w.run("verify")
}
