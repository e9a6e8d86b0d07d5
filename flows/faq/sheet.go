package faq

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// SheetsDir is the folder of the content that holds the sheets, one file each.
const SheetsDir = "sheets"

// Confidence values of a sheet.
const (
	Sure     = "sure"     // checked against its source
	Doubtful = "doubtful" // never answered flatly: a person is offered
)

// Source names where a fact comes from.
type Source struct {
	Label string `yaml:"label"`
	Ref   string `yaml:"ref"` // an https address or a legal article
}

// Sheet is one question with its checked answer, as written in a content file.
// Dates are calendar days in Europe/Paris, written 2026-11-22. Amounts inside
// texts are references such as {amount:rsa_base}, resolved by whoever shows them.
type Sheet struct {
	ID         string   `yaml:"id"`
	Title      string   `yaml:"title"`
	Ask        []string `yaml:"ask"` // other ways people ask it
	Answer     string   `yaml:"answer"`
	Conditions []string `yaml:"conditions"`
	Exceptions []string `yaml:"exceptions"`
	Example    string   `yaml:"example"`
	Sources    []Source `yaml:"sources"`
	Verified   Day      `yaml:"verified"`   // last checked against the sources
	Review     Day      `yaml:"review"`     // staff are reminded after this day
	Confidence string   `yaml:"confidence"` // [Sure] or [Doubtful]
	Doubt      string   `yaml:"doubt"`      // what is not sure; required when doubtful
	Contact    string   `yaml:"contact"`    // who to ask
	Related    []string `yaml:"related"`    // ids of other sheets
	Situations []string `yaml:"situations"` // see [Context]
	Estimate   string   `yaml:"estimate"`   // the kind of estimate it leads to, or ""
}

// Day is a calendar day, at 0 h UTC.
type Day struct{ time.Time }

// UnmarshalYAML reads a day written 2006-01-02.
func (d *Day) UnmarshalYAML(b []byte) error {
	s := strings.Trim(strings.TrimSpace(string(b)), `"'`)
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return fmt.Errorf("a date must be written like 2026-11-22, not %q", s)
	}
	d.Time = t
	return nil
}

var (
	sheetID       = regexp.MustCompile(`^[A-Z][A-Z0-9]*-[0-9]{2,}$`)
	estimateKinds = []string{"rsa", "prime_activite", "complement_are", "ass", "are_ouverture"}
)

// Load reads every sheets/*.yaml of fsys, sorted by id. All problems of all
// files come back in one error, each naming its file and field; the sheets
// without a problem are returned even then. A missing folder is no sheet.
func Load(fsys fs.FS) ([]Sheet, error) {
	names, err := fs.Glob(fsys, path.Join(SheetsDir, "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", SheetsDir, err)
	}
	var sheets []Sheet
	var problems []error
	for _, name := range names {
		sheet, errs := loadSheet(fsys, name)
		problems = append(problems, errs...)
		if len(errs) == 0 {
			sheets = append(sheets, sheet)
		}
	}
	slices.SortFunc(sheets, func(a, b Sheet) int { return strings.Compare(a.ID, b.ID) })
	problems = append(problems, checkRelated(sheets, problems)...)
	return sheets, errors.Join(problems...)
}

func loadSheet(fsys fs.FS, name string) (Sheet, []error) {
	var s Sheet
	raw, err := fs.ReadFile(fsys, name)
	if err != nil {
		return s, []error{fmt.Errorf("%s: %w", name, err)}
	}
	dec := yaml.NewDecoder(bytes.NewReader(raw), yaml.Strict())
	if err := dec.Decode(&s); err != nil {
		return s, []error{fmt.Errorf("%s: %s", name, strings.TrimSpace(yaml.FormatError(err, false, false)))}
	}
	var errs []error
	for _, problem := range s.problems(strings.TrimSuffix(path.Base(name), ".yaml")) {
		errs = append(errs, fmt.Errorf("%s: %s", name, problem))
	}
	return s, errs
}

// problems lists what is wrong with a sheet; base is its file name without .yaml.
func (s Sheet) problems(base string) []string {
	var p []string
	need := func(ok bool, problem string) {
		if !ok {
			p = append(p, problem)
		}
	}
	need(sheetID.MatchString(s.ID), fmt.Sprintf("id: %q is not of the form RSA-10", s.ID))
	need(s.ID == base, fmt.Sprintf("id: %q must be the file's name %q", s.ID, base))
	need(strings.TrimSpace(s.Title) != "", "title: missing")
	need(len(s.Ask) > 0, "ask: give at least one way people ask it")
	need(!slices.Contains(s.Ask, ""), "ask: an empty phrasing")
	need(strings.TrimSpace(s.Answer) != "", "answer: missing")
	need(len(s.Sources) > 0, "sources: give at least one")
	for i, src := range s.Sources {
		need(src.Label != "" && src.Ref != "", fmt.Sprintf("sources[%d]: give a label and a ref", i))
	}
	need(!s.Verified.IsZero(), "verified: missing date")
	need(!s.Review.IsZero(), "review: missing date")
	need(s.Review.IsZero() || s.Review.After(s.Verified.Time), "review: must be after verified")
	need(s.Confidence == Sure || s.Confidence == Doubtful, fmt.Sprintf("confidence: %q is neither sure nor doubtful", s.Confidence))
	need(s.Confidence != Doubtful || s.Doubt != "", "doubt: required when confidence is doubtful")
	need(s.Estimate == "" || slices.Contains(estimateKinds, s.Estimate),
		fmt.Sprintf("estimate: %q is none of %s", s.Estimate, strings.Join(estimateKinds, ", ")))
	return p
}

// checkRelated reports related ids that no sheet has, and duplicate ids. It is
// silent when other files already failed, since their ids are unknown then.
func checkRelated(sheets []Sheet, earlier []error) []error {
	if len(earlier) > 0 {
		return nil
	}
	known := map[string]bool{}
	for _, s := range sheets {
		known[s.ID] = true
	}
	var errs []error
	for _, s := range sheets {
		for _, id := range s.Related {
			if !known[id] || id == s.ID {
				errs = append(errs, fmt.Errorf("%s/%s.yaml: related: no other sheet %q", SheetsDir, s.ID, id))
			}
		}
	}
	return errs
}

// Entry returns what the index needs of the sheet. Amount references are left
// out of the text: nobody searches for them.
func (s Sheet) Entry() Entry {
	parts := append([]string{s.Answer}, s.Conditions...)
	parts = append(append(parts, s.Exceptions...), s.Example, s.Doubt)
	text := amountRef.ReplaceAllString(strings.Join(parts, "\n"), " ")
	return Entry{ID: s.ID, Title: s.Title, Alt: s.Ask, Text: text, Situations: s.Situations}
}

var amountRef = regexp.MustCompile(`\{amount:[^}]*\}`)

// Entries returns the entries of all sheets.
func Entries(sheets []Sheet) []Entry {
	out := make([]Entry, len(sheets))
	for i, s := range sheets {
		out[i] = s.Entry()
	}
	return out
}
