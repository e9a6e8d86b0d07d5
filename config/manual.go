package config

import (
	"fmt"
	"strings"
)

// Table is the settings as a Markdown table, for the README.
func Table() string {
	var b strings.Builder
	b.WriteString("| Setting | In relais.yaml | Default | Meaning |\n|---|---|---|---|\n")
	for _, s := range settings() {
		def := "–"
		if s.def != "" {
			def = "`" + s.def + "`"
		}
		doc := s.doc
		if s.secret {
			doc += " Secret: may be given as a file (`" + s.env + "_FILE`)."
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", s.env, s.key, def, strings.ReplaceAll(doc, "|", `\|`))
	}
	return b.String()
}

// Example is a relais.yaml in which everything is explained and nothing is set:
// each line is commented out and shows the default, or a sample.
func Example() string {
	var b strings.Builder
	b.WriteString(`# Settings of Relais. Take the # away from a line to set it.
# Each setting may also come from the environment (RELAIS_ and the name in
# capitals), which wins over this file. A secret may be given as the path of a
# file instead, by its name with _file. Check with: relais check
`)
	group := ""
	for _, s := range settings() {
		if s.group != group {
			group = s.group
			fmt.Fprintf(&b, "\n# ---- %s\n", group)
		}
		b.WriteString("\n")
		for _, line := range wrap(s.doc, 76) {
			b.WriteString("# " + line + "\n")
		}
		value := s.def
		if value == "" {
			value = s.sample
		}
		fmt.Fprintf(&b, "#%s: %s\n", s.key, quoted(value))
		if s.secret {
			fmt.Fprintf(&b, "#%s_file: %s\n", s.key, "/run/secrets/"+s.key)
		}
	}
	return b.String()
}

// quoted puts a value in quotes when YAML could misread it.
func quoted(v string) string {
	if strings.ContainsAny(v, ":#'\"%=,… ") {
		return `"` + v + `"`
	}
	return v
}

// wrap breaks a text into lines of at most n characters.
func wrap(text string, n int) []string {
	var lines []string
	line := ""
	for _, w := range strings.Fields(text) {
		if line != "" && len([]rune(line))+1+len([]rune(w)) > n {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += w
	}
	return append(lines, line)
}
