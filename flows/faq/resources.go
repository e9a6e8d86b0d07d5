package faq

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"

	"github.com/goccy/go-yaml"
)

// Files of the content folder that the engine reads. They hold general French
// and the field's vocabulary, never anybody's words.
const (
	smsFile      = "faq/sms.yaml"
	synonymsFile = "faq/synonyms.yaml"
	wordsFile    = "faq/words.yaml"
	vectorsFile  = "faq/vectors.bin"
)

// Resources is the language knowledge shared by all indexes: SMS forms, stop
// words, question cues, synonyms, word vectors and learned models. It is
// immutable.
type Resources struct {
	sms     map[string][]string // SMS form -> words
	stop    map[string]bool
	weak    map[string]bool // words that count half
	cues    []cueRule
	groups  [][]string // synonyms, as written
	vectors *vectors   // nil when there is no vector file
	models  map[string]*Model
}

type wordsYAML struct {
	Stop []string            `yaml:"stop"`
	Weak []string            `yaml:"weak"`
	Cues map[string][]string `yaml:"cues"`
}

// LoadResources reads the faq/ folder of the content. sms.yaml, synonyms.yaml
// and words.yaml are required; the vectors and the models are optional (the
// engine then works with hand-set weights). All problems come in one error.
func LoadResources(fsys fs.FS) (*Resources, error) {
	r := &Resources{sms: map[string][]string{}, stop: map[string]bool{}, weak: map[string]bool{}, models: map[string]*Model{}}
	var words wordsYAML
	var sms map[string]string
	var synonyms struct {
		Groups [][]string `yaml:"groups"`
	}
	err := errors.Join(
		readYAML(fsys, smsFile, &sms),
		readYAML(fsys, synonymsFile, &synonyms),
		readYAML(fsys, wordsFile, &words),
		r.readVectors(fsys),
		r.readModels(fsys),
	)
	for form, meaning := range sms {
		r.sms[form] = split(fold(meaning))
	}
	for _, w := range words.Stop {
		r.stop[w] = true
	}
	for _, w := range words.Weak {
		r.weak[w] = true
	}
	r.cues = cueRules(words.Cues)
	r.groups = synonyms.Groups
	return r, err
}

func readYAML(fsys fs.FS, name string, into any) error {
	raw, err := fs.ReadFile(fsys, name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := yaml.NewDecoder(bytes.NewReader(raw), yaml.Strict()).Decode(into); err != nil {
		return fmt.Errorf("%s: %s", name, yaml.FormatError(err, false, false))
	}
	return nil
}

func (r *Resources) readVectors(fsys fs.FS) error {
	raw, err := fs.ReadFile(fsys, vectorsFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", vectorsFile, err)
	}
	if r.vectors, err = parseVectors(raw); err != nil {
		return fmt.Errorf("%s: %w", vectorsFile, err)
	}
	return nil
}

func (r *Resources) readModels(fsys fs.FS) error {
	var problems []error
	for _, name := range []string{ModelSheets, ModelCorpus} {
		file := "faq/" + name + ".json"
		raw, err := fs.ReadFile(fsys, file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			r.models[name], err = ParseModel(raw)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", file, err))
		}
	}
	return errors.Join(problems...)
}
