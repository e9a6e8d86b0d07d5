package rights

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/shopspring/decimal"
)

// loader reads amount files and gathers every problem instead of stopping at
// the first, so that a content editor sees them all at once.
type loader struct {
	amounts  *Amounts
	lines    map[string]string // key -> file:line where it was first given
	problems []error
}

var (
	plainDecimal = regexp.MustCompile(`^-?[0-9]{1,12}(\.[0-9]{1,10})?$`)
	plainKey     = regexp.MustCompile(`^[a-z0-9]+([._][a-z0-9]+)*$`)
)

func (l *loader) err() error { return errors.Join(l.problems...) }

func (l *loader) problem(where, format string, args ...any) {
	l.problems = append(l.problems, fmt.Errorf("%s: %s", where, fmt.Sprintf(format, args...)))
}

func (l *loader) readFile(fsys fs.FS, name string, required bool) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		if required || !errors.Is(err, fs.ErrNotExist) {
			l.problem(name, "cannot be read: %v", err)
		}
		return
	}
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		l.problem(name, "is not valid YAML: %s", first)
		return
	}
	for _, doc := range file.Docs {
		l.readList(name, doc.Body)
	}
}

func (l *loader) readList(name string, body ast.Node) {
	if body == nil || body.Type() == ast.NullType || body.Type() == ast.CommentType {
		return
	}
	list, ok := body.(*ast.SequenceNode)
	if !ok {
		l.problem(name, "must be a list of amounts, each starting with '- key:'")
		return
	}
	for _, item := range list.Values {
		l.readAmount(name, item)
	}
}

// readAmount reads one entry. Its key names it in every later message.
func (l *loader) readAmount(file string, node ast.Node) {
	where := at(file, node)
	fields, ok := l.mapping(where, node, "key", "label", "unit", "values", "product", "checked", "doubt")
	if !ok {
		return
	}
	m := &Amount{Key: scalar(fields["key"]), Label: scalar(fields["label"]),
		Unit: scalar(fields["unit"]), Doubt: scalar(fields["doubt"])}
	l.checkNames(where, m)
	if n := fields["checked"]; n != nil {
		m.Checked = l.date(at(file, n), m.Key+": checked", scalar(n))
	}
	switch {
	case fields["values"] != nil && fields["product"] != nil:
		l.problem(where, "%s: give either values or product, not both", m.Key)
	case fields["values"] != nil:
		l.readHistory(file, m, fields["values"])
	case fields["product"] != nil:
		l.readProduct(where, m, fields["product"])
	default:
		l.problem(where, "%s: values are missing", m.Key)
	}
	l.keep(where, m)
}

func (l *loader) checkNames(where string, m *Amount) {
	if !plainKey.MatchString(m.Key) {
		l.problem(where, "key %q must be lower-case words joined by dots or underscores", m.Key)
	}
	if m.Label == "" {
		l.problem(where, "%s: label is missing", m.Key)
	}
	switch m.Unit {
	case "eur", "eur/month", "eur/day", "eur/hour", "eur/year", "ratio", "factor", "days", "hours", "months", "years":
	case "":
		l.problem(where, "%s: unit is missing", m.Key)
	default:
		l.problem(where, "%s: unit %q is unknown", m.Key, m.Unit)
	}
}

func (l *loader) keep(where string, m *Amount) {
	if first, twice := l.lines[m.Key]; twice {
		l.problem(where, "key %s is given twice (first at %s)", m.Key, first)
		return
	}
	l.lines[m.Key] = where
	l.amounts.byKey[m.Key] = m
	l.amounts.keys = append(l.amounts.keys, m.Key)
}

func (l *loader) readHistory(file string, m *Amount, node ast.Node) {
	list, ok := node.(*ast.SequenceNode)
	if !ok || len(list.Values) == 0 {
		l.problem(at(file, node), "%s: values must be a list with at least one value", m.Key)
		return
	}
	for _, item := range list.Values {
		where := at(file, item)
		fields, ok := l.mapping(where, item, "from", "value", "source", "confidence")
		if !ok {
			continue
		}
		d := l.readDated(where, m.Key, fields)
		if n := len(m.History); n > 0 && !d.From.After(m.History[n-1].From) {
			l.problem(where, "%s: dates must go from oldest to newest, each one once", m.Key)
		}
		m.History = append(m.History, d)
	}
}

func (l *loader) readDated(where, key string, fields map[string]ast.Node) Dated {
	d := Dated{Source: scalar(fields["source"]), Confidence: Confidence(scalar(fields["confidence"]))}
	d.From = l.date(where, key+": from", scalar(fields["from"]))
	if text := scalar(fields["value"]); plainDecimal.MatchString(text) {
		d.Value = decimal.RequireFromString(text)
	} else {
		l.problem(where, "%s: value %q is not a decimal such as 646.52", key, text)
	}
	if d.Source == "" {
		l.problem(where, "%s: source is missing", key)
	}
	if d.Confidence != Sure && d.Confidence != Doubtful {
		l.problem(where, "%s: confidence must be sure or doubtful", key)
	}
	return d
}

func (l *loader) readProduct(where string, m *Amount, node ast.Node) {
	list, ok := node.(*ast.SequenceNode)
	if !ok || len(list.Values) < 2 {
		l.problem(where, "%s: product must list at least two keys or numbers", m.Key)
		return
	}
	for _, n := range list.Values {
		m.product = append(m.product, scalar(n))
	}
}

func (l *loader) date(where, what, text string) time.Time {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		l.problem(where, "%s %q is not a date such as 2026-04-01", what, text)
	}
	return t
}

// mapping lists the fields of a node and reports unknown and repeated ones.
func (l *loader) mapping(where string, node ast.Node, known ...string) (map[string]ast.Node, bool) {
	m, ok := node.(ast.MapNode)
	if !ok {
		l.problem(where, "must be a set of fields: %s", strings.Join(known, ", "))
		return nil, false
	}
	fields := map[string]ast.Node{}
	for it := m.MapRange(); it.Next(); {
		name := scalar(it.Key())
		if !contains(known, name) {
			l.problem(where, "field %q is unknown; use %s", name, strings.Join(known, ", "))
		}
		fields[name] = it.Value()
	}
	return fields, true
}

// scalar is the text of a plain node, "" for any other.
func scalar(n ast.Node) string {
	if n == nil {
		return ""
	}
	if s, ok := n.(*ast.StringNode); ok {
		return strings.TrimSpace(s.Value)
	}
	if _, ok := n.(ast.ScalarNode); ok && n.Type() != ast.NullType {
		return strings.TrimSpace(n.GetToken().Value)
	}
	return ""
}

func at(file string, n ast.Node) string {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return file
	}
	return fmt.Sprintf("%s:%d", file, n.GetToken().Position.Line)
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
