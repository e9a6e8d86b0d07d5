package config

import (
	"errors"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"github.com/caarlos0/env/v11"
)

// DefaultFile is read when it exists and no other file is named.
const DefaultFile = "relais.yaml"

// Files is where the settings file and the secrets are read from.
type Files interface {
	ReadFile(name string) ([]byte, error)
	Stat(name string) (fs.FileInfo, error)
}

// Disk is the real file system; names are as the operating system takes them.
type Disk struct{}

// ReadFile reads a whole file.
func (Disk) ReadFile(name string) ([]byte, error) { return os.ReadFile(name) }

// Stat describes a file.
func (Disk) Stat(name string) (fs.FileInfo, error) { return os.Stat(name) }

// given is the text of a setting, and where it stands.
type given struct {
	text   string
	suffix string // "_FILE" when text is the path of a file
	file   string // the settings file; empty: the environment
	line   int
}

// load gathers the settings and the problems on the way.
type load struct {
	all      []setting
	files    Files
	given    map[string]given // by env name
	problems []Problem
}

// Load reads the settings: the defaults, then the file at path, then the
// environment (os.Environ). An empty path means [DefaultFile], which may be
// missing; a file that was named may not. The Config is usable whenever the
// problems do not block: a setting with a problem keeps its default.
func Load(path string, environ []string, files Files) (Config, []Problem) {
	l := &load{all: settings(), files: files, given: map[string]given{}}
	l.readFile(path)
	l.readEnvironment(environ)
	values := map[string]string{}
	for _, s := range l.all {
		v, ok := l.given[s.env]
		if !ok {
			v = given{text: s.def}
		}
		v, ok = l.reveal(s, v)
		if v.text = trim(v.text); !ok || v.text == "" {
			continue
		}
		normal, wrong := s.read(v.text)
		if wrong != "" {
			l.problems = append(l.problems, about(s, v, wrong))
			continue
		}
		values[s.env] = normal
	}
	var c Config
	if err := env.ParseWithOptions(&c, env.Options{Environment: l.defaults(values)}); err != nil {
		// The checks accept only what can be parsed; the error could quote a value.
		l.problems = append(l.problems, Problem{File: "settings", Text: "could not be read; please report this as a bug"})
	}
	l.crossCheck(c)
	return c, l.problems
}

// defaults fills in the normal form of the defaults, where nothing valid was
// given.
func (l *load) defaults(values map[string]string) map[string]string {
	for _, s := range l.all {
		if _, ok := values[s.env]; !ok && s.def != "" {
			values[s.env], _ = s.read(s.def)
		}
	}
	return values
}

// readEnvironment takes the variables that start with RELAIS_. An empty one
// counts as not given, as an unset line of a service file leaves it.
func (l *load) readEnvironment(environ []string) {
	fromFile := l.given
	l.given = map[string]given{}
	for _, pair := range environ {
		name, text, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, prefix) || trim(text) == "" {
			continue
		}
		s, file, ok := named(l.all, keyOf(name))
		if !ok || name != strings.ToUpper(name) {
			l.unknownVariable(name)
			continue
		}
		l.take(s, file, given{text: text})
	}
	for name, v := range fromFile {
		if _, ok := l.given[name]; !ok {
			l.given[name] = v
		}
	}
}

// take keeps a value. The value and its file together are a problem: which of
// the two holds would be a guess.
func (l *load) take(s setting, file bool, v given) {
	if file {
		v.suffix = "_FILE"
	}
	if old, ok := l.given[s.env]; ok && old.suffix != v.suffix {
		l.problems = append(l.problems, about(s, given{file: v.file, line: v.line}, "is given twice, directly and as a file; keep one"))
		return
	}
	l.given[s.env] = v
}

var (
	// notOurs are variables of orchestrators that name a service "relais".
	notOurs = regexp.MustCompile(`^RELAIS_(SERVICE_HOST|SERVICE_PORT.*|PORT|PORT_[0-9]+_.*|NAME|ENV_.*)$`)
	// ofTests are read by the tests of this repository.
	ofTests    = regexp.MustCompile(`^RELAIS_(FAULT|CHROMIUM|AXE|SHOTS)$`)
	plainName  = regexp.MustCompile(`^RELAIS_[A-Za-z0-9_]{1,60}$`)
	plainKey   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]{0,60}$`)
	tokenStart = regexp.MustCompile(`(?i)^(xox|xapp)`)
)

// unknownVariable reports a variable that is no setting: a slip of the pen
// blocks, anything else may be somebody else's and is a warning.
func (l *load) unknownVariable(name string) {
	if notOurs.MatchString(name) || ofTests.MatchString(name) {
		return
	}
	if !plainName.MatchString(name) {
		name = prefix + "…"
	}
	p := Problem{Env: name, Text: "is no setting; remove it", Warning: true}
	if meant, sure := suggest(keyOf(name), names(l.all)); meant != "" {
		p.Text, p.Warning = "is no setting; did you mean "+prefix+strings.ToUpper(meant)+"?", !sure
	}
	l.problems = append(l.problems, p)
}

// reveal reads the file of a secret that was given by its path.
func (l *load) reveal(s setting, v given) (given, bool) {
	if v.suffix == "" {
		return v, true
	}
	path := trim(v.text)
	if home, what := tokenHome(path); home != "" {
		l.problems = append(l.problems, about(s, v, "must be the path of a file; this looks like "+what+" itself"))
		return v, false
	}
	b, err := l.files.ReadFile(path)
	if err != nil {
		l.problems = append(l.problems, about(s, v, "the file cannot be read: "+reason(err)))
		return v, false
	}
	if trim(string(b)) == "" {
		l.problems = append(l.problems, about(s, v, "the file is empty"))
		return v, false
	}
	if info, err := l.files.Stat(path); err == nil && info.Mode().Perm()&0o007 != 0 {
		p := about(s, v, "everybody on this machine may read the file; chmod 600 it")
		p.Warning = true
		l.problems = append(l.problems, p)
	}
	v.text = string(b)
	return v, true
}

// reason says why a file cannot be read, without its name: that could be a
// secret in the wrong place.
func reason(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is none at this path"
	case errors.Is(err, fs.ErrPermission):
		return "permission denied"
	}
	return "it is no ordinary file, or the disk failed"
}
