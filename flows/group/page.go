package group

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/flows/care"
	"github.com/coopconnexion/relais/flows/french"
)

// Measures of the page, in millimetres; sizes of letters, in points.
const (
	left, right, top = 18.0, 192.0, 15.0
	lineHeight       = 4.3
	textSize         = 9.0
	smallSize        = 7.5
)

// family is the name of the embedded letters: the Go fonts (Bigelow & Holmes,
// BSD licence), which hold all French characters.
const family = "Go"

// page is one page being written, from top to bottom.
type page struct {
	pdf *fpdf.Fpdf
	y   float64
}

// newPage opens an A4 page. Its dates are fixed, so that the same figures make
// the same file.
func newPage(title, coop string, at time.Time) *page {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.AddUTF8FontFromBytes(family, "", goregular.TTF)
	pdf.AddUTF8FontFromBytes(family, "B", gobold.TTF)
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(at)
	pdf.SetModificationDate(at)
	pdf.SetLang("fr-FR")
	pdf.SetTitle(title, true)
	pdf.SetAuthor(coop, true)
	pdf.SetProducer("Relais", true)
	pdf.SetMargins(left, top, 210-right)
	pdf.SetAutoPageBreak(true, 10) // for credits of a co-operative's own that are very long
	pdf.AddPage()
	p := &page{pdf, top}
	p.ink(60, 60, 60)
	p.put(textSize, "", coop)
	p.ink(0, 0, 0)
	p.put(16, "B", title)
	return p
}

func (p *page) ink(r, g, b int) { p.pdf.SetTextColor(r, g, b) }

// put writes a text over as many lines as it needs.
func (p *page) put(size float64, style, text string) {
	p.pdf.SetFont(family, style, size)
	p.pdf.SetXY(left, p.y)
	p.pdf.MultiCell(right-left, lineHeight*size/textSize, text, "", "L", false)
	p.y = p.pdf.GetY()
}

// heading begins a part of the page.
func (p *page) heading(text string) {
	p.y += 2.2
	p.put(10.5, "B", text)
	p.y += 0.6
}

// list writes short sentences, one a line.
func (p *page) list(size float64, lines ...string) {
	for _, l := range lines {
		p.pdf.SetFont(family, "", size)
		p.pdf.SetXY(left, p.y)
		h := lineHeight * size / textSize
		p.pdf.CellFormat(4, h, "•", "", 0, "L", false, 0, "")
		p.pdf.SetXY(left+4, p.y)
		p.pdf.MultiCell(right-left-4, h, l, "", "L", false)
		p.y = p.pdf.GetY()
	}
}

// write ends the page.
func (p *page) write(w io.Writer) error { return p.pdf.Output(w) }

// About is what a page needs besides the figures.
type About struct {
	Coop   string
	Zone   *time.Location
	Scales care.Scales // for their titles and credits
}

// WriteQuarter writes the page of a quarter for the document on occupational
// risks, as PDF. published are all quarters published, for the trend.
func WriteQuarter(w io.Writer, r care.Release, published []care.Release, about About) error {
	q, err := care.ParseQuarter(r.Quarter)
	if err != nil {
		return err
	}
	p := newPage("Indicateurs : comment vont les membres", about.Coop, q.End(about.Zone).UTC())
	p.put(11, "", q.Words())
	p.y++
	p.put(textSize, "", "Page pour le document unique d'évaluation des risques professionnels (DUERP), partie risques psychosociaux.")
	if !r.Enough || r.Total == nil {
		p.heading("Résultats")
		p.put(12, "B", flows.NotEnough)
	} else {
		p.figures(r, q, published)
	}
	p.meaning()
	p.sources(about.Scales)
	return p.write(w)
}

// meaning says what the figures are and are not.
func (p *page) meaning() {
	p.heading("Ce que ces chiffres veulent dire")
	p.list(textSize,
		"Ils disent comment va le groupe des personnes qui ont répondu. Répondre est un choix : les autres membres vont peut-être mieux, ou moins bien.",
		"Ils aident à choisir des actions sur le travail : charge, prix, délais de paiement, isolement, entraide.",
		"Les questions sur le travail sont posées surtout aux personnes fatiguées, ou qui le demandent : ces parts ne sont pas celles de tous les membres.")
	p.heading("Ce qu'ils ne veulent pas dire")
	p.list(textSize,
		"Ce ne sont pas des diagnostics. L'épuisement n'est pas une faute, ni une faiblesse de la personne.",
		"Ils ne disent rien d'une personne : 10 réponses au moins, parts arrondies à 5 %, rien de plus précis sous 10 % ni au-dessus de 90 %.",
		"Un écart entre deux trimestres peut venir du hasard, surtout avec peu de réponses. Il n'existe pas de norme pour les membres de coopératives.")
}

// sources credits the questions and names the rules.
func (p *page) sources(s care.Scales) {
	p.heading("Sources")
	var credits []string
	for _, scale := range []care.Scale{s.Monthly(), s.Personal, s.Work} {
		if !slices.Contains(credits, scale.Credit) {
			credits = append(credits, scale.Credit)
		}
	}
	lines := []string{"Niveaux : " + strings.Join(credits, " ")}
	p.ink(60, 60, 60)
	p.list(smallSize, append(lines, "Ce qui pèse : "+s.Risks.Credit,
		"Code du travail : art. L. 4121-3 et R. 4121-1 (évaluation des risques, document unique) ; art. L. 7332-2 (santé et sécurité des entrepreneurs salariés).",
		"Seuil de 10 réponses : choix de la coopérative. Deux réponses tirées au sort sont remplacées par deux autres : ainsi, comparer deux trimestres ne dit rien de la personne qui arrive ou qui part. Chiffres faits une fois, après le trimestre, et jamais refaits.")...)
	p.ink(0, 0, 0)
}

// WriteWorkshop writes the page of a workshop, as PDF. shown is false when
// there are too few answers: then nothing but that is said.
func WriteWorkshop(w io.Writer, x flows.Workshop, shown bool, about About) error {
	day, err := ParseDay(x.Day, about.Zone)
	if err != nil {
		return err
	}
	p := newPage("Avant et après l'atelier", about.Coop, day.AddDate(0, 0, flows.WorkshopDays+1).UTC())
	p.put(11, "", fmt.Sprintf("Atelier du %s, groupe « %s »", french.Day(day), x.Cohort))
	p.heading("Énergie basse ou à plat")
	if !shown {
		p.put(12, "B", flows.NotEnough)
	} else {
		p.put(textSize, "", fmt.Sprintf("Au moins %d personnes du groupe ont répondu avant et après.", x.AtLeast))
		p.y += 1.5
		p.bars([]bar{{label: "Avant l'atelier", share: x.Before, shade: shadeDark}, {label: "Après l'atelier", share: x.After, shade: shadeDark}})
	}
	p.heading("Ce que ces chiffres veulent dire")
	p.list(textSize,
		fmt.Sprintf("Question : « Ces 7 derniers jours, votre énergie pour votre activité ? » La dernière réponse des %d jours avant, et des %d jours après.", flows.WorkshopDays, flows.WorkshopDays),
		"Un petit groupe change aussi par hasard : cet écart ne prouve pas un effet de l'atelier.",
		"Ce n'est pas un diagnostic. Les parts sont arrondies à 5 %, et rien de plus précis n'est dit sous 10 % ni au-dessus de 90 %.",
		"Chiffres faits une fois, et jamais refaits.")
	return p.write(w)
}
