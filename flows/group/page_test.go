package group

import (
	"bytes"
	"compress/zlib"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"
	"unicode/utf16"

	"github.com/coopconnexion/relais/flows"
	"github.com/coopconnexion/relais/flows/care"
	"github.com/coopconnexion/relais/flows/content"
)

var update = flag.Bool("update", false, "rewrite the golden files, and keep the pages beside them in the directory named by PAGES")

func paris(t testing.TB) *time.Location {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func scales(t testing.TB) care.Scales {
	s, err := care.LoadScales(content.FS())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func about(t testing.TB) About { return About{"CoopConnexion", paris(t), scales(t)} }

var streams = regexp.MustCompile(`(?s)stream\n(.*?)\nendstream`)

// shown matches what a page shows: texts in UTF-16, one for each line.
var shown = regexp.MustCompile(`(?s)\(((?:\\.|[^\\)])*)\) ?Tj`)

var escapes = strings.NewReplacer(`\\`, `\`, `\(`, `(`, `\)`, `)`, `\r`, "\r", `\n`, "\n")

// drawing is what draws a page.
func drawing(t testing.TB, pdf []byte) []byte {
	t.Helper()
	for _, m := range streams.FindAllSubmatch(pdf, -1) {
		r, err := zlib.NewReader(bytes.NewReader(m[1]))
		if err != nil {
			continue
		}
		data, err := io.ReadAll(r)
		if err == nil && bytes.Contains(data, []byte("Tj")) {
			return data
		}
	}
	t.Fatal("nothing is drawn")
	return nil
}

// pageText reads the texts of a page, in the order in which they were written.
func pageText(t testing.TB, pdf []byte) string {
	t.Helper()
	var out []string
	for _, s := range shown.FindAllSubmatch(drawing(t, pdf), -1) {
		raw := escapes.Replace(string(s[1]))
		var units []uint16
		for i := 0; i+1 < len(raw); i += 2 {
			units = append(units, uint16(raw[i])<<8|uint16(raw[i+1]))
		}
		out = append(out, strings.TrimSpace(string(utf16.Decode(units))))
	}
	return strings.Join(out, "\n") + "\n"
}

// filled matches a bar: left, bottom, width and height in points.
var filled = regexp.MustCompile(`([0-9.]+) [0-9.]+ ([0-9.]+) -[0-9.]+ re f`)

// TestBars measures the bars: each begins at 0 and is as long as its share.
func TestBars(t *testing.T) {
	r := sample(t, "2027-T1", 4)
	var b bytes.Buffer
	if err := WriteQuarter(&b, r, nil, about(t)); err != nil {
		t.Fatal(err)
	}
	var want []int
	for _, l := range levelNames {
		want = append(want, r.Total.Levels[l.level.String()].Percent)
	}
	want = append(want, r.Total.Alert.Percent)
	for _, a := range r.Axes {
		want = append(want, a.Share.Percent)
	}
	want = append(want, r.Organisation.Percent, r.Personal.Percent, r.Total.Alert.Percent)
	const point = 72 / 25.4
	var got []int
	for _, m := range filled.FindAllSubmatch(drawing(t, b.Bytes()), -1) {
		x, _ := strconv.ParseFloat(string(m[1]), 64)
		w, _ := strconv.ParseFloat(string(m[2]), 64)
		if math.Abs(x-(left+labelWidth)*point) > 0.1 {
			t.Errorf("a bar begins at %.1f points", x)
		}
		got = append(got, int(math.Round(100*w/(barWidth*point))))
	}
	if !slices.Equal(got, want) {
		t.Errorf("the bars are %v %%, not %v", got, want)
	}
}

// sample is a quarter of 24 answers, 20 of them also about work.
func sample(t testing.TB, quarter string, orange int) care.Release {
	risks := scales(t).Risks
	var all []care.Respondent
	for i := range 24 {
		r := care.Respondent{Level: care.Green}
		switch {
		case i < orange:
			r.Level = care.Orange
		case i < orange+3:
			r.Level = care.Yellow
		case i == 23:
			r.Level = care.Red
		}
		if i < 20 {
			a := care.Answers{}
			for k, item := range risks.Items {
				a[item.ID] = []int{0, 25, 50, 75, 100}[min(4, (i*(k+2)+k)%7)]
			}
			scored, err := risks.ScoreRisks(a)
			if err != nil {
				t.Fatal(err)
			}
			r.Risks = &scored
		}
		all = append(all, r)
	}
	return care.Publish(quarter, all, risks, false, nil)
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got:\n%s", path, got)
	}
}

// TestPages compares the words of each page, and what people read on a card,
// with the golden ones; the same figures make the same file.
func TestPages(t *testing.T) {
	published := []care.Release{sample(t, "2026-T2", 5), {Quarter: "2026-T3"}, sample(t, "2026-T4", 9), sample(t, "2027-T1", 4)}
	for name, write := range map[string]func(io.Writer) error{
		"quarter": func(w io.Writer) error { return WriteQuarter(w, published[3], published[:3], about(t)) },
		"none":    func(w io.Writer) error { return WriteQuarter(w, published[1], published, about(t)) },
		"workshop": func(w io.Writer) error {
			return WriteWorkshop(w, flows.Workshop{Cohort: "LENS-3", Day: "2027-01-20", AtLeast: 10, Before: care.Share{Percent: 40}, After: care.Share{Percent: 10, OrLess: true}}, true, about(t))
		},
		"workshop-none": func(w io.Writer) error {
			return WriteWorkshop(w, flows.Workshop{Cohort: "LENS-3", Day: "2027-01-20"}, false, about(t))
		},
	} {
		var one, two bytes.Buffer
		if err := write(&one); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := write(&two); err != nil || !bytes.Equal(one.Bytes(), two.Bytes()) {
			t.Errorf("%s: the page differs when written again: %v", name, err)
		}
		if !bytes.Contains(one.Bytes(), []byte("/Count 1\n")) {
			t.Errorf("%s: not one page", name)
		}
		golden(t, name+".txt", pageText(t, one.Bytes()))
		if dir := os.Getenv("PAGES"); *update && dir != "" {
			if err := os.WriteFile(filepath.Join(dir, name+".pdf"), one.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestPageWithWHO5 fits with the credits of a co-operative that installed it.
func TestPageWithWHO5(t *testing.T) {
	with := about(t)
	for i := range with.Scales.WHO5.Items {
		with.Scales.WHO5.Items[i].Text = "Une phrase"
	}
	with.Scales.Work.Credit += " Une autre traduction."
	var b bytes.Buffer
	if err := WriteQuarter(&b, sample(t, "2027-T1", 4), nil, with); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(strings.Fields(pageText(t, b.Bytes())), " "); !bytes.Contains(b.Bytes(), []byte("/Count 1\n")) ||
		!strings.Contains(got, with.Scales.WHO5.Credit) || !strings.Contains(got, with.Scales.Personal.Credit) || !strings.Contains(got, with.Scales.Work.Credit) {
		t.Errorf("not one page, or not every credit: %s", got)
	}
}

// TestWords compares what the card of each sample quarter says.
func TestWords(t *testing.T) {
	published := []care.Release{sample(t, "2026-T2", 5), {Quarter: "2026-T3"}, sample(t, "2026-T4", 9), sample(t, "2027-T1", 4)}
	var b strings.Builder
	for _, r := range published {
		b.WriteString(r.Quarter + "\n" + strings.Join(flows.IndicatorWords(r, published), "\n") + "\n\n")
	}
	golden(t, "words.txt", b.String())
}
