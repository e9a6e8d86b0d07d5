package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/coopconnexion/relais"

// rooms are the folders and files that the top level may hold, beside Go files
// of package main and the customary files of a repository.
var rooms = []string{"bot", "flows", "storage", "scheduler", "config", ".ci"}

var customary = []string{"go.mod", "go.sum", "README.md", "LICENSE", "SECURITY.md", "CHANGELOG.md", ".gitignore", ".gitattributes", ".editorconfig"}

// impure are the packages that flows may not use: a clock is a value there, a
// file is embedded content, and there is nothing to log.
var impure = []string{"os", "net", "net/http", "log", "log/slog", "math/rand", "crypto/rand", "os/exec", "syscall", "runtime", "time/tzdata", "io/ioutil", "database/sql"}

// TestHouse keeps the diagram of imports of the README true: imports point one
// way, and bot, storage, scheduler and config do not know each other.
func TestHouse(t *testing.T) {
	fset := token.NewFileSet()
	walk(t, func(path string) {
		file, err := parser.ParseFile(fset, path, nil, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if exempt(path) {
			return
		}
		from := room(filepath.Dir(path))
		for _, imp := range file.Imports {
			name, _ := strconv.Unquote(imp.Path.Value)
			if why := forbidden(from, filepath.Dir(path), name, strings.HasSuffix(path, "_test.go")); why != "" {
				t.Errorf("%s imports %s: %s", path, name, why)
			}
		}
	})
}

// exempt are programs that make content files, run by hand.
func exempt(path string) bool {
	data, err := os.ReadFile(path)
	return err == nil && strings.Contains(string(data), "//go:build ignore")
}

func room(dir string) string {
	if dir == "." {
		return "main"
	}
	return strings.Split(filepath.ToSlash(dir), "/")[0]
}

func forbidden(from, dir, imported string, test bool) string {
	local, ours := strings.CutPrefix(imported, module+"/")
	if from == "flows" && !test {
		if slices.Contains(impure, imported) {
			return "flows is pure"
		}
	}
	if !ours {
		return ""
	}
	to := room(local)
	switch {
	case from == "main" || from == to:
		return ""
	case to == "flows":
		return ""
	case test && strings.HasSuffix(local, "test"):
		return ""
	}
	return "only main may know both " + from + " and " + to
}

// TestClock makes sure that flows never read the clock.
func TestClock(t *testing.T) {
	walk(t, func(path string) {
		if room(filepath.Dir(path)) != "flows" || strings.HasSuffix(path, "_test.go") || exempt(path) {
			return
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, call := range []string{"time.Now(", "time.Since(", "time.Until(", "time.After(", "time.Sleep(", "time.NewTimer("} {
			if strings.Contains(string(data), call) {
				t.Errorf("%s calls %s…): flows read the time of their input", path, call)
			}
		}
	})
}

func TestTopLevel(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name := e.Name()
		switch {
		case name == ".git", e.IsDir() && slices.Contains(rooms, name):
		case !e.IsDir() && (slices.Contains(customary, name) || strings.HasSuffix(name, ".go")):
		case name == "data", name == "relais": // made by running it here; ignored by git
		default:
			t.Errorf("%s has no place on the top level", name)
		}
	}
}

func walk(t *testing.T, visit func(path string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == "testdata" || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".go") {
			visit(path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
