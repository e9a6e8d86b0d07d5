package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sort"

	"github.com/goccy/go-yaml"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/flows/faq"
)

const opAdditions = "faq-additions"

// additions are the content files that hold what staff added in the desk: the
// sheets that got wordings, and the sheets that staff opened, by file name.
func (a *app) additions(ctx context.Context) (map[string]string, error) {
	id, ok, err := a.store.Owner(ctx, flows.HouseAccount)
	if err != nil || !ok {
		return nil, err
	}
	p, err := a.store.Person(ctx, id)
	if err != nil {
		return nil, err
	}
	h, err := flows.HouseOf(p)
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for sheet, words := range h.Wordings {
		name := "sheets/" + sheet + ".yaml"
		if files[name], err = withWordings(a.shelf.fsys, name, words); err != nil {
			return nil, err
		}
	}
	for _, s := range h.Sheets {
		if files["sheets/"+s.ID+".yaml"], err = newSheet(s, h.Wordings[s.ID]); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// withWordings is a sheet's file with more wordings, its keys in their order.
func withWordings(fsys fs.FS, name string, words []string) (string, error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return "", nil // a sheet that staff opened: written whole by newSheet
	}
	var doc yaml.MapSlice
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	for i := range doc {
		if list, ok := doc[i].Value.([]any); ok && doc[i].Key == "ask" {
			for _, w := range words {
				list = append(list, w)
			}
			doc[i].Value = list
		}
	}
	out, err := yaml.MarshalWithOptions(doc, yaml.IndentSequence(true))
	return string(out), err
}

// newSheet is the file of a sheet that staff opened; its source is to be
// completed by a person.
func newSheet(s flows.HouseSheet, words []string) (string, error) {
	day := s.At.Format("2006-01-02")
	out, err := yaml.MarshalWithOptions(yaml.MapSlice{
		{Key: "id", Value: s.ID}, {Key: "title", Value: s.Title}, {Key: "ask", Value: append(append([]string(nil), s.Ask...), words...)},
		{Key: "answer", Value: s.Answer}, {Key: "sources", Value: []map[string]string{{"label": "Réponse de l'équipe", "ref": day}}},
		{Key: "verified", Value: day}, {Key: "review", Value: s.At.AddDate(0, 6, 0).Format("2006-01-02")}, {Key: "confidence", Value: faq.Sure},
		{Key: "contact", Value: "l'équipe de la coopérative"},
	}, yaml.IndentSequence(true))
	return string(out), err
}

// writeAdditions sends the files as JSON, by name.
func (a *app) writeAdditions(ctx context.Context, out io.Writer) error {
	files, err := a.additions(ctx)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(files)
}

type faqAdditionsCmd struct {
	settings
	Dir string `arg:"" help:"Content directory to write into (see RELAIS_CONTENT_DIR)." type:"path"`
}

// Run writes what staff added as content files, to be reviewed and kept.
func (c *faqAdditionsCmd) Run(ctx context.Context, s streams) error {
	var got bytes.Buffer
	if err := c.perform(ctx, s, operation{opAdditions, url.Values{}, nil, &got}); err != nil {
		return err
	}
	files := map[string]string{}
	if err := json.Unmarshal(got.Bytes(), &files); err != nil {
		return err
	}
	var names []string
	for name, text := range files {
		if text != "" {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	for _, name := range names {
		path := filepath.Join(c.Dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(files[name]), 0o644); err != nil {
			return err
		}
		fmt.Fprintln(s.out, path)
	}
	return nil
}
