package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"regexp"
	"sort"
	"strings"
	"testing"

	"github.com/coopconnexion/relais/config"
	"github.com/coopconnexion/relais/flows"
)

var update = flag.Bool("update", false, "rewrite the generated parts of the README")

// part replaces what stands between two markers of the README.
func part(readme, name, text string) string {
	re := regexp.MustCompile(`(?s)<!-- ` + name + ` -->\n.*?<!-- /` + name + ` -->`)
	return re.ReplaceAllLiteralString(readme, "<!-- "+name+" -->\n"+strings.TrimSpace(text)+"\n<!-- /"+name+" -->")
}

// TestReadme keeps the generated parts of the README true.
func TestReadme(t *testing.T) {
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	k, problems := readContent("", coop(config.Config{DueDay: 5, Zone: mustParis(t)}))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var diagrams strings.Builder
	var names []string
	for name := range k.book.Questionnaires() {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		q := k.book.Questionnaires()[name]
		fmt.Fprintf(&diagrams, "<details><summary>%s: %s</summary>\n\n```mermaid\n%s```\n\n</details>\n\n", name, q.Title, q.Mermaid())
	}
	want := part(part(string(data), "settings", config.Table()), "diagrams", diagrams.String())
	if *update {
		if err := os.WriteFile("README.md", []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(data) {
		t.Error("README.md: the settings or the diagrams are not those of the program; run go test -run TestReadme -update .")
	}
}

// TestReadmeExamples tries what the README shows.
func TestReadmeExamples(t *testing.T) {
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile("(?s)<!-- example -->\n```yaml\n(.*?)```").FindSubmatch(data)
	if example == nil {
		t.Fatal("no example of a questionnaire")
	}
	if _, errs := flows.ParseQuestionnaire(example[1]); len(errs) > 0 {
		t.Errorf("the questionnaire of the README: %v", errs)
	}
	for _, m := range regexp.MustCompile(`\]\(([a-zA-Z][^):]*)\)`).FindAllSubmatch(data, -1) {
		if _, err := os.Stat(string(m[1])); err != nil {
			t.Errorf("README.md links to %s: %v", m[1], err)
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^(?:go run \.|\./relais) ([a-z]+)`).FindAllSubmatch(data, -1) {
		var out bytes.Buffer
		if code := run(t.Context(), []string{string(m[1]), "--help"}, streams{in: strings.NewReader(""), out: &out, err: &out}); code != exitOK {
			t.Errorf("relais %s --help: exit %d\n%s", m[1], code, out.String())
		}
	}
}
