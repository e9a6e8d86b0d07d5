package config

import (
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing to put right, in one line: the setting under both its
// names, and the fix. It never holds a value.
type Problem struct {
	Env     string // RELAIS_DATA_DIR; empty when it is not about one setting
	Key     string // data_dir
	File    string // the settings file, when the value came from there
	Line    int    // in File, from 1; 0 when unknown
	Text    string // what is wrong, and the fix
	Warning bool   // the program can start all the same
}

// String is the line that an operator reads.
func (p Problem) String() string {
	var b strings.Builder
	switch {
	case p.Env != "" && p.File != "":
		fmt.Fprintf(&b, "%s (%s in %s%s)", p.Env, p.Key, p.File, p.line())
	case p.Env != "" && p.Key != "":
		fmt.Fprintf(&b, "%s (%s)", p.Env, p.Key)
	case p.Env != "":
		b.WriteString(p.Env)
	default:
		b.WriteString(p.File + p.line())
	}
	b.WriteString(": " + p.Text)
	if p.Warning {
		return "warning: " + b.String()
	}
	return b.String()
}

func (p Problem) line() string {
	if p.Line == 0 {
		return ""
	}
	return fmt.Sprintf(", line %d", p.Line)
}

// Error makes a Problem an error.
func (p Problem) Error() string { return p.String() }

// Blocking reports whether one of the problems keeps the program from starting.
func Blocking(problems []Problem) bool {
	return slices.ContainsFunc(problems, func(p Problem) bool { return !p.Warning })
}

// about is a problem of a setting that was given as v.
func about(s setting, v given, text string) Problem {
	return Problem{Env: s.env + v.suffix, Key: s.key + strings.ToLower(v.suffix), File: v.file, Line: v.line, Text: text}
}

// missing is a problem of a setting that was not given.
func missing(env, fix string) Problem {
	return Problem{Env: env, Key: keyOf(env), Text: "missing; " + fix}
}

// keyOf is the name of a setting in relais.yaml.
func keyOf(env string) string { return strings.ToLower(strings.TrimPrefix(env, prefix)) }
