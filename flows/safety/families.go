package safety

import (
	"errors"
	"io/fs"
	"sort"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/coopconnexion/relais/flows/safety/ngram"
)

// families maps words to the families they belong to (death, trade, laugh…).
type families struct {
	whole  map[string][]string
	prefix map[string][]string
}

// minPrefix is the shortest stem allowed before a star.
const minPrefix = 3

func loadFamilies(content fs.FS) (families, error) {
	raw, err := fs.ReadFile(content, classesFile)
	if err != nil {
		return families{}, err
	}
	var src map[string][]string
	if err := yaml.UnmarshalWithOptions(raw, &src, yaml.Strict()); err != nil {
		return families{}, err
	}
	f := families{whole: map[string][]string{}, prefix: map[string][]string{}}
	for name, words := range src {
		for _, w := range words {
			stem, open := strings.CutSuffix(w, "*")
			switch {
			case open && len(stem) < minPrefix:
				return families{}, errors.New(name + ": a word before * needs three letters or more")
			case open:
				f.prefix[stem] = append(f.prefix[stem], name)
			default:
				f.whole[w] = append(f.whole[w], name)
			}
		}
	}
	return f, nil
}

// of calls see with each family of a word.
func (f families) of(word string, see func(string)) {
	for _, name := range f.whole[word] {
		see(name)
	}
	for n := minPrefix; n <= len(word); n++ {
		for _, name := range f.prefix[word[:n]] {
			see(name)
		}
	}
}

// features calls see with the bucket of each family in a normalised text and of
// each pair of families.
func (f families) features(text string, see func(uint32)) {
	found := map[string]bool{}
	for word := range strings.FieldsSeq(text) {
		f.of(word, func(name string) { found[name] = true })
	}
	names := make([]string, 0, len(found))
	for name := range found {
		names = append(names, name)
	}
	sort.Strings(names)
	for i, a := range names {
		// Said several times: one family weighs more than one n-gram.
		for _, times := range [...]string{"", "2", "3"} {
			see(ngram.Pair(a, times))
		}
		for _, b := range names[i+1:] {
			see(ngram.Pair(a, b))
		}
	}
}
