package config

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// readFile takes the settings of the YAML file. It is read as a tree rather
// than into the struct, so that every unknown key is reported with its line,
// and each value keeps its own spelling ("10 %", "05").
func (l *load) readFile(path string) {
	name := path
	if name == "" {
		name = DefaultFile
	}
	b, err := l.files.ReadFile(name)
	if err != nil {
		if path != "" || !errors.Is(err, fs.ErrNotExist) {
			l.problems = append(l.problems, Problem{File: name, Text: "the settings cannot be read: " + reason(err)})
		}
		return
	}
	tree, err := parser.ParseBytes([]byte(strings.TrimPrefix(string(b), "\ufeff")), 0, parser.AllowDuplicateMapKey())
	if err != nil {
		l.problems = append(l.problems, syntaxProblem(name, err))
		return
	}
	f := settingsFile{load: l, name: name, lines: map[string]int{}}
	for i, doc := range tree.Docs {
		if i > 0 && doc.Body != nil {
			f.wrong(doc.Body, "a second document (---) begins here; keep one")
			break
		}
		f.top(doc.Body)
	}
	l.fileMode(name)
}

// syntaxProblem tells where the file stops being YAML. The parser's own words
// quote the file, so they are not repeated.
func syntaxProblem(name string, err error) Problem {
	p := Problem{File: name, Text: "is not YAML here; write one «name: value» a line, and quote values that hold : or #"}
	var syntax *yaml.SyntaxError
	if errors.As(err, &syntax) && syntax.Token != nil && syntax.Token.Position != nil {
		p.Line = syntax.Token.Position.Line
	}
	return p
}

// fileMode warns of a settings file with secrets that everybody may read.
func (l *load) fileMode(name string) {
	info, err := l.files.Stat(name)
	if err != nil || info.Mode().Perm()&0o004 == 0 {
		return
	}
	for _, s := range l.all {
		if v, ok := l.given[s.env]; ok && s.secret && v.suffix == "" && !strings.EqualFold(trim(v.text), s.def) {
			l.problems = append(l.problems, Problem{File: name, Warning: true,
				Text: "holds a secret and everybody on this machine may read it; chmod 600 it"})
			return
		}
	}
}

// settingsFile walks over one settings file.
type settingsFile struct {
	load  *load
	name  string
	lines map[string]int // where each key stood
}

func (f *settingsFile) top(n ast.Node) {
	switch n := n.(type) {
	case nil, *ast.NullNode, *ast.CommentGroupNode:
	case ast.MapNode:
		f.mapping("", n)
	default:
		f.wrong(n, "is not a list of settings; write one «name: value» a line")
	}
}

// mapping takes the keys of a mapping. A section ("telegram:" with "token:"
// under it) is the same as the name in one piece ("telegram_token:").
func (f *settingsFile) mapping(section string, m ast.MapNode) {
	for it := m.MapRange(); it.Next(); {
		node, key := it.KeyValue(), keyText(it.Key())
		full := strings.ReplaceAll(section+key, "-", "_")
		s, file, ok := named(f.load.all, full)
		inner, isMap := it.Value().(ast.MapNode)
		switch {
		case ok:
			f.setting(s, file, full, node)
		case isMap && section == "" && f.isSection(full):
			f.mapping(full+"_", inner)
		default:
			f.unknown(section, key, node)
		}
	}
}

// isSection reports whether settings begin with this word.
func (f *settingsFile) isSection(word string) bool {
	for _, s := range f.load.all {
		if strings.HasPrefix(s.key, word+"_") {
			return true
		}
	}
	return false
}

func (f *settingsFile) setting(s setting, file bool, key string, node *ast.MappingValueNode) {
	line := lineOf(node.Key)
	if first, twice := f.lines[key]; twice {
		p := about(s, given{file: f.name, line: line}, "")
		p.Text = "is given a second time (first" + Problem{Line: first}.line() + "); keep one"
		f.load.problems = append(f.load.problems, p)
		return
	}
	f.lines[key] = line
	text, ok := valueText(node.Value, s.list)
	if !ok {
		f.load.problems = append(f.load.problems, about(s, given{file: f.name, line: line}, "must be a plain value on one line, in quotes if need be"))
		return
	}
	if trim(text) != "" {
		f.load.take(s, file, given{text: text, file: f.name, line: line})
	}
}

func (f *settingsFile) unknown(section, key string, node *ast.MappingValueNode) {
	shown := section + key
	if home, _ := tokenHome(key); home != "" || tokenStart.MatchString(key) || !plainKey.MatchString(key) {
		f.wrong(node.Key, "is no setting; write «name: value», with a space after the colon")
		return
	}
	text := "unknown setting " + shown + "; remove it"
	lower := strings.ToLower(strings.ReplaceAll(shown, "-", "_"))
	if meant, _ := suggest(strings.TrimPrefix(lower, "relais_"), names(f.load.all)); meant != "" {
		text = "unknown setting " + shown + "; did you mean " + meant + "?"
	}
	f.wrong(node.Key, text)
}

func (f *settingsFile) wrong(n ast.Node, text string) {
	f.load.problems = append(f.load.problems, Problem{File: f.name, Line: lineOf(n), Text: text})
}

func lineOf(n ast.Node) int {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 0
}

// keyText is the name as it was written.
func keyText(n ast.MapKeyNode) string {
	if t := n.GetToken(); t != nil {
		return trim(t.Value)
	}
	return ""
}

// valueText is the text of a value: a scalar in its own spelling, and for a
// list of pairs also a YAML mapping or sequence.
func valueText(n ast.Node, list bool) (string, bool) {
	switch n := n.(type) {
	case nil, *ast.NullNode:
		return "", true
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	case *ast.SequenceNode:
		return joined(list, len(n.Values), func(i int) (string, bool) { return valueText(n.Values[i], false) })
	case ast.MapNode:
		var items []string
		for it := n.MapRange(); it.Next(); {
			v, ok := valueText(it.Value(), false)
			if !ok {
				return "", false
			}
			items = append(items, keyText(it.Key())+"="+v)
		}
		return strings.Join(items, ","), list
	}
	return "", false
}

func joined(list bool, n int, item func(int) (string, bool)) (string, bool) {
	items := make([]string, n)
	for i := range items {
		var ok bool
		if items[i], ok = item(i); !ok {
			return "", false
		}
	}
	return strings.Join(items, ","), list
}
