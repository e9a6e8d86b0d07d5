package config

import (
	"reflect"
	"strings"
)

// prefix starts the name of every setting in the environment.
const prefix = "RELAIS_"

// setting is what the tags of one field of [Config] say.
type setting struct {
	env, key           string
	def, check, sample string
	group, doc         string
	secret             bool // may be given as a file, and is never shown
	list               bool // a mapping in relais.yaml
}

// settings reads the tags, in the order of the struct.
func settings() []setting {
	t := reflect.TypeFor[Config]()
	out := make([]setting, 0, t.NumField())
	for i := range t.NumField() {
		f := t.Field(i)
		env := f.Tag.Get("env")
		out = append(out, setting{
			env: env, key: keyOf(env),
			def: f.Tag.Get("envDefault"), check: f.Tag.Get("check"), sample: f.Tag.Get("sample"),
			group: f.Tag.Get("group"), doc: f.Tag.Get("doc"),
			secret: f.Type == reflect.TypeFor[Secret](),
			list:   f.Type.Kind() == reflect.Map,
		})
	}
	return out
}

// named finds a setting by its name in relais.yaml. file is true for the name
// of a secret with _file.
func named(all []setting, key string) (s setting, file, ok bool) {
	for _, s := range all {
		switch {
		case s.key == key:
			return s, false, true
		case s.secret && s.key+"_file" == key:
			return s, true, true
		}
	}
	return setting{}, false, false
}

// names lists every name that relais.yaml may hold.
func names(all []setting) []string {
	var out []string
	for _, s := range all {
		out = append(out, s.key)
		if s.secret {
			out = append(out, s.key+"_file")
		}
	}
	return out
}

// suggest finds the name that was probably meant. sure is true when the two
// are so close that the unknown one is surely a slip.
func suggest(key string, known []string) (name string, sure bool) {
	best := -1
	for _, k := range known {
		d := distance(key, k)
		if best < 0 || d < best {
			best, name = d, k
		}
	}
	if best >= 0 && best <= max(1, len(key)/4) {
		return name, true
	}
	words := strings.Split(key, "_")
	for _, k := range known {
		switch {
		case within(words, strings.Split(k, "_")):
			return k, len(words) > 1
		case strings.HasPrefix(key, k+"_"):
			return k, true
		}
	}
	return "", false
}

// within reports whether all words are among those of a name.
func within(words, of []string) bool {
	n := 0
	for _, w := range of {
		if n < len(words) && words[n] == w {
			n++
		}
	}
	return n == len(words)
}

// distance is the number of letters to add, remove or replace (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
