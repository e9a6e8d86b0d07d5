package care

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// Content files.
const (
	scalesFile = "care/scales.yaml"
	who5File   = "care/who5.yaml"
)

const (
	who5Items           = 5
	dependsOrganisation = "organisation"
	dependsPerson       = "person"
)

// Scale is one set of questions.
type Scale struct {
	ID      string              `yaml:"id"`
	Title   string              `yaml:"title"`
	Credit  string              `yaml:"credit"` // shown with the questions
	Intro   string              `yaml:"intro"`
	Least   int                 `yaml:"least"` // answers needed for a score
	Answers map[string][]Choice `yaml:"answers"`
	Items   []Item              `yaml:"items"`
}

// Choice is one answer a person can tap.
type Choice struct {
	Label string `yaml:"label"`
	Value int    `yaml:"value"`
}

// Item is one question.
type Item struct {
	ID       string `yaml:"id"`
	Text     string `yaml:"text"`
	Answers  string `yaml:"answers"` // which set of choices
	Reversed bool   `yaml:"reversed"`
	// For the questions about work only.
	Short   string `yaml:"short"`   // what weighs, in a few words
	Axis    string `yaml:"axis"`    // axis of psychosocial risk
	Depends string `yaml:"depends"` // "organisation" or "person"
}

// Scales are all the questions of the check-ins.
type Scales struct {
	Pulse    Scale `yaml:"pulse"`
	Personal Scale `yaml:"cbi_personal"`
	Work     Scale `yaml:"cbi_work"`
	Risks    Scale `yaml:"risks"`
	// WHO5 has no wording until the cooperative installs it.
	WHO5 Scale `yaml:"-"`
}

// Installed says whether a scale has its wording and can be asked.
func (s Scale) Installed() bool { return len(s.Items) > 0 && s.Items[0].Text != "" }

// Monthly is the scale asked every month: WHO-5 where its wording is
// installed, otherwise CBI personal.
func (s Scales) Monthly() Scale {
	if s.WHO5.Installed() {
		return s.WHO5
	}
	return s.Personal
}

// LoadScales reads care/scales.yaml and care/who5.yaml strictly. The error
// lists every wrong key, value or missing wording of both files.
func LoadScales(content fs.FS) (Scales, error) {
	var s Scales
	if err := load(content, scalesFile, &s); err != nil {
		return Scales{}, err
	}
	if err := load(content, who5File, &s.WHO5); err != nil {
		return Scales{}, err
	}
	steps := []int{100, 75, 50, 25, 0}
	err := errors.Join(
		s.Pulse.check(scalesFile, []string{"energy"}, []int{5, 4, 3, 2, 1}, true),
		s.Personal.check(scalesFile, []string{"p1", "p2", "p3", "p4", "p5", "p6"}, steps, true),
		s.Work.check(scalesFile, []string{"w1", "w2", "w3", "w4", "w5", "w6", "w7"}, steps, true),
		s.Risks.check(scalesFile, []string{"r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8"}, steps, true),
		s.fixed(),
		s.WHO5.check(who5File, []string{"o1", "o2", "o3", "o4", "o5"}, []int{5, 4, 3, 2, 1, 0}, s.WHO5.anyWording()),
	)
	if err != nil {
		return Scales{}, err
	}
	return s, nil
}

func load(content fs.FS, name string, into any) error {
	raw, err := fs.ReadFile(content, name)
	if err != nil {
		return fmt.Errorf("care: %s: %w", name, err)
	}
	if err := yaml.UnmarshalWithOptions(raw, into, yaml.Strict()); err != nil {
		return fmt.Errorf("care: %s: %w", name, err)
	}
	return nil
}

// check compares a scale with what the arithmetic is written for.
func (s Scale) check(file string, ids []string, values []int, worded bool) error {
	var errs []error
	fail := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("care: %s: %s: "+format, append([]any{file, s.ID}, args...)...))
	}
	var got []string
	for _, item := range s.Items {
		got = append(got, item.ID)
		if _, ok := s.Answers[item.Answers]; !ok {
			fail("item %s: unknown answers %q", item.ID, item.Answers)
		}
		if blank(item.Text) == worded {
			fail("item %s: fill in all the wording or none of it", item.ID)
		}
	}
	if !slices.Equal(got, ids) {
		fail("items must be %v, in this order", ids)
	}
	for name, set := range s.Answers {
		if !slices.EqualFunc(set, values, func(c Choice, v int) bool { return c.Value == v }) {
			fail("answers %s must have the values %v, in this order", name, values)
		}
		for _, c := range set {
			if blank(c.Label) == worded {
				fail("answers %s: the label of %d: fill in all the wording or none of it", name, c.Value)
			}
		}
	}
	if blank(s.Credit) || blank(s.Title) {
		fail("title and credit must be given")
	}
	return errors.Join(errs...)
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

// anyWording says whether a scale has at least one sentence or label.
func (s Scale) anyWording() bool {
	for _, item := range s.Items {
		if !blank(item.Text) {
			return true
		}
	}
	for _, set := range s.Answers {
		for _, c := range set {
			if !blank(c.Label) {
				return true
			}
		}
	}
	return false
}

// fixed checks what scoring relies on: reversed items, halves, least answers.
func (s Scales) fixed() error {
	var errs []error
	reversed := map[string]bool{"w7": true, "r3": true, "r4": true, "r8": true}
	for _, scale := range []Scale{s.Personal, s.Work, s.Risks} {
		for _, item := range scale.Items {
			if item.Reversed != reversed[item.ID] {
				errs = append(errs, fmt.Errorf("care: %s: item %s: reversed must be %v", scalesFile, item.ID, reversed[item.ID]))
			}
		}
	}
	for _, item := range s.Risks.Items {
		if item.Depends != dependsOrganisation && item.Depends != dependsPerson || blank(item.Short) || blank(item.Axis) {
			errs = append(errs, fmt.Errorf("care: %s: item %s needs short, axis, and depends (organisation or person)", scalesFile, item.ID))
		}
	}
	if s.Personal.Least != leastPersonal || s.Work.Least != leastWork {
		errs = append(errs, fmt.Errorf("care: %s: least must be %d for cbi_personal and %d for cbi_work", scalesFile, leastPersonal, leastWork))
	}
	return errors.Join(errs...)
}
