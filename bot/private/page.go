package private

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page and its style
	"encoding/base64"
	"html/template"
	"net/http"
	"strconv"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/flows/french"
)

//go:embed page/page.html
var pageText string

//go:embed page/page.css
var styleText string

//go:embed page/icon.svg
var iconText string

// styleHash lets the page's policy know its one style by its content.
var styleHash = func() string {
	sum := sha256.Sum256([]byte(styleText))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}()

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// screen is one page as people see it.
type screen struct {
	Name   string // of the part of the template
	Title  string
	Style  template.CSS
	Icon   string // its address
	Action string // where the form goes
	Closes string // the hour when the page closes
	Scales []scale
	Count  int // questions
	Curve  *picture
}

// The screens that say the same to everybody.
var (
	closed = screen{Name: "closed", Title: "Cette page est fermée"}
	unsent = screen{Name: "unsent", Title: "Cette page est fermée"}
	again  = screen{Name: "again", Title: "Cela n'a pas marché"}
	sent   = screen{Name: "sent", Title: "C'est envoyé"}
)

// scale is one scale with its questions numbered.
type scale struct {
	flows.PageScale
	Questions []question
}

// question is one question; ID is for its radio buttons' labels.
type question struct {
	flows.PageItem
	ID    string
	N, Of int
}

// render writes a screen whole, or nothing of it.
func (p *Pages) render(w http.ResponseWriter, status int, s screen) {
	s.Style, s.Icon = template.CSS(styleText), p.prefix+"/prive/icon.svg"
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, s); err != nil {
		p.opts.Logger.Error("private page: not written", "page", s.Name)
		http.Error(w, "Relais n'a pas pu répondre. Réessayez.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the reader has gone: nobody to tell
}

func icon(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "image/svg+xml")
	_, _ = w.Write([]byte(iconText))
}

func (p *Pages) closes(v visit) string { return french.Clock(v.page.Expires.In(p.opts.Zone)) }

// door is what a link shows first, to a person and to the preview of a link.
func (p *Pages) door(v visit) screen {
	return screen{Name: "door", Title: "Votre page privée", Action: p.place(v.token) + "/ouvrir", Closes: p.closes(v)}
}

func (p *Pages) scales(v visit) screen {
	s := screen{Name: "scales", Title: "Vos questions", Action: p.place(v.token) + "/envoyer", Closes: p.closes(v)}
	for _, ps := range v.page.Scales {
		out := scale{PageScale: ps}
		for i, item := range ps.Items {
			s.Count++
			out.Questions = append(out.Questions, question{PageItem: item, ID: "q" + strconv.Itoa(s.Count), N: i + 1, Of: len(ps.Items)})
		}
		s.Scales = append(s.Scales, out)
	}
	return s
}

func (p *Pages) curve(v visit) screen {
	return screen{Name: "curve", Title: "Votre courbe", Closes: p.closes(v), Curve: p.draw(v.page.Curve)}
}
