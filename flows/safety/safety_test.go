package safety

import (
	"bufio"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/coopconnexion/relais/flows/content"
)

func newReader(t testing.TB) *Reader {
	t.Helper()
	r, err := New(content.FS())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

type sample struct{ label, subtype, text string }

func samples(t testing.TB, name string) []sample {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []sample
	scan := bufio.NewScanner(f)
	for scan.Scan() {
		c := strings.Split(scan.Text(), "\t")
		if len(c) != 3 {
			t.Fatalf("%s: %d columns, want label, subtype, text", name, len(c))
		}
		if c[0] != "label" {
			out = append(out, sample{c[0], c[1], c[2]})
		}
	}
	return out
}

// tally counts what the texts of each label were read as.
type tally struct{ none, distress, crisis, all int }

func measure(r *Reader, all []sample) map[string]tally {
	out := map[string]tally{}
	for _, s := range all {
		sc := out[s.label]
		sc.all++
		switch r.Read(s.text).Level {
		case Crisis:
			sc.crisis++
		case Distress:
			sc.distress++
		default:
			sc.none++
		}
		out[s.label] = sc
	}
	return out
}

func share(n, all int) float64 { return 100 * float64(n) / float64(all) }

// floors are the least an edit of the patterns or of the examples may leave,
// in percent of the texts of a label.
type floors struct {
	crisisSafe, crisisSeen, distressSeen, falseCrisis, falseDistress float64
}

func (f floors) hold(t *testing.T, name string, m map[string]tally) {
	t.Helper()
	c, d, n := m["crisis"], m["distress"], m["none"]
	t.Logf("%s: crisis %+v, distress %+v, none %+v", name, c, d, n)
	if c.all > 0 {
		if got := share(c.crisis+c.distress, c.all); got < f.crisisSafe {
			t.Errorf("%s: %.1f %% of crisis texts get a safety reply, want %.1f", name, got, f.crisisSafe)
		}
		if got := share(c.crisis, c.all); got < f.crisisSeen {
			t.Errorf("%s: %.1f %% of crisis texts recognised, want %.1f", name, got, f.crisisSeen)
		}
		if got := share(d.crisis+d.distress, d.all); got < f.distressSeen {
			t.Errorf("%s: %.1f %% of distress noticed, want %.1f", name, got, f.distressSeen)
		}
	}
	if got := share(n.crisis, n.all); got > f.falseCrisis {
		t.Errorf("%s: %.1f %% false crises, want at most %.1f", name, got, f.falseCrisis)
	}
	if got := share(n.distress, n.all); got > f.falseDistress {
		t.Errorf("%s: %.1f %% harmless texts taken for distress, want at most %.1f", name, got, f.falseDistress)
	}
}

func TestEvaluation(t *testing.T) {
	r := newReader(t)
	for name, f := range map[string]floors{
		// Seen while the patterns were written and the weights trained.
		"dev.tsv": {crisisSafe: 99.5, crisisSeen: 96, distressSeen: 98, falseCrisis: 0, falseDistress: 5},
		// Never trained on. Written in other sittings; measured once before any
		// of their errors was looked at: heldout, an early version of the
		// patterns alone, 44 % of crises recognised; heldout2 93 % (98 % with a
		// safety reply, one false crisis); heldout3 83 % (98 %, one false crisis).
		"heldout.tsv":  {crisisSafe: 95, crisisSeen: 90, distressSeen: 85, falseCrisis: 0, falseDistress: 12},
		"heldout2.tsv": {crisisSafe: 97, crisisSeen: 92, distressSeen: 95, falseCrisis: 0, falseDistress: 10},
		"heldout3.tsv": {crisisSafe: 97, crisisSeen: 85, distressSeen: 93, falseCrisis: 0, falseDistress: 12},
		// A thousand wordings of questions about rights.
		"questions.tsv": {falseCrisis: 0, falseDistress: 0.5},
	} {
		f.hold(t, name, measure(r, samples(t, "testdata/"+name)))
	}
}

// TestSheetsAreHarmless reads the wordings of every sheet of the library: what
// people ask about their rights is no crisis.
func TestSheetsAreHarmless(t *testing.T) {
	r := newReader(t)
	names, err := fs.Glob(content.FS(), "sheets/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	all, distress := 0, 0
	for _, name := range names {
		raw, err := fs.ReadFile(content.FS(), name)
		if err != nil {
			t.Fatal(err)
		}
		var sheet struct {
			Ask []string `yaml:"ask"`
		}
		if err := yaml.Unmarshal(raw, &sheet); err != nil {
			t.Fatal(err)
		}
		for _, text := range sheet.Ask {
			all++
			switch f := r.Read(text); f.Level {
			case Crisis:
				t.Errorf("%s: %q is read as a crisis (%s)", name, text, f.Reason)
			case Distress:
				distress++
			}
		}
	}
	t.Logf("%d wordings, %d taken for distress", all, distress)
	if share(distress, all) > 1.5 {
		t.Errorf("%d of %d wordings of sheets are taken for distress", distress, all)
	}
}

// TestTypedAnswers are words people type where they could tap.
func TestTypedAnswers(t *testing.T) {
	r := newReader(t)
	for _, text := range []string{
		"À plat", "Basse", "Toujours", "Jamais ou presque", "Énormément", "/start", "Oui", "Non",
		"Je ne sais pas", "PAUSE", "EFFACER", "stop", "240", "450,50", "Vivre 6 mois", "annuler",
		"parler à quelqu'un", "on me coupe le rsa si je rejoins la coop ?", "on veut me supprimer mon rsa",
	} {
		if f := r.Read(text); f.Level != None {
			t.Errorf("%q is %v (%s)", text, f.Level, f.Reason)
		}
	}
}

func TestSecondReaderOnlyRaises(t *testing.T) {
	both := newReader(t)
	first, err := newPatternReader(content.FS())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range samples(t, "testdata/dev.tsv") {
		if a, b := first.Read(s.text).Level, both.Read(s.text).Level; b < a {
			t.Errorf("%q: %v with patterns, lowered to %v", s.text, a, b)
		}
	}
}

func TestSpellings(t *testing.T) {
	r := newReader(t)
	for _, text := range []string{
		"je veux mourir", "JE VEUX MOURIR", "jveu mourir", "jvx mourrir", "je v e u x m o u r i r",
		"j e v e u x m o u r i r", "jeveuxmourir", "je veux m0urir", "je veux mour!r",
		"je veux mourrrrir", "Je  veux…\tmourir", "je veux mourir 🙂", "je\u00a0veux mourir",
		"je pense au su1cide", "je pense au s*icide", "je pense au suicde",
	} {
		if f := r.Read(text); f.Level != Crisis {
			t.Errorf("%q is %v (%s), want crisis", text, f.Level, f.Reason)
		}
	}
}

func TestKinds(t *testing.T) {
	r := newReader(t)
	for text, kind := range map[string]Kind{
		"je veux mourir":                        KindSuicide,
		"mon mari me frappe":                    KindViolence,
		"je vais tuer mon ex":                   KindThreat,
		"jai 15 ans mon beau pere me touche":    KindMinor,
		"mon fils de 19 ans parle de se tuer":   KindThirdParty,
		"je suis au bout du rouleau":            KindSuffering,
		"je ne veux pas mourir, je suis crevée": KindSuffering,
		"bonjour":                               KindNone,
	} {
		if f := r.Read(text); f.Kind != kind {
			t.Errorf("%q is about %q (%s), want %q", text, f.Kind, f.Reason, kind)
		}
	}
}

func TestReasonIsNeverTheText(t *testing.T) {
	r := newReader(t)
	known := map[string]bool{"": true, "second-reader-crisis": true, "second-reader-distress": true}
	for _, p := range r.patterns {
		known[p.id] = true
	}
	for _, s := range samples(t, "testdata/dev.tsv") {
		if f := r.Read(s.text); !known[f.Reason] {
			t.Fatalf("reason %q is no pattern id", f.Reason)
		}
	}
}

func TestLines(t *testing.T) {
	r := newReader(t)
	var out strings.Builder
	if err := Lines(r, strings.NewReader("je veux mourir\r\n\nbonjour <b>\n"), &out, true); err != nil {
		t.Fatal(err)
	}
	want := `{"text":"je veux mourir","level":"crisis","reason":"wish-to-die"}
{"text":"","level":"none","reason":""}
{"text":"bonjour <b>","level":"none","reason":""}
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestBrokenContent(t *testing.T) {
	for name, yaml := range map[string]string{
		"no patterns":   "raise: {crisis: 0.9, agree: 0.6, distress: 0.6, short: 0.8}\n",
		"unknown key":   "colour: red\n",
		"bad regexp":    "patterns: [{id: a, level: crisis, kind: suicide, any: ['(']}]\n",
		"unknown macro": "patterns: [{id: a, level: crisis, kind: suicide, any: ['<nope>']}]\n",
		"dropped":       "patterns: [{id: a, level: crisis, kind: suicide, any: [a], drop: [b]}]\n",
	} {
		if _, err := newPatternReader(overlaid(t, patternsFile, yaml)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := New(overlaid(t, modelFile, "nonsense")); err == nil {
		t.Error("a broken weight file is accepted")
	}
}

func FuzzRead(f *testing.F) {
	r := newReader(f)
	for _, s := range []string{"je veux mourir", "\xff\xfe", "a.b.c.d.e.f", "…", "💊💊", "su***de", strings.Repeat("je ", 5000)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, b := r.Read(text), r.Read(text)
		if a != b {
			t.Errorf("read twice, %+v then %+v", a, b)
		}
		if (a.Level == None) != (a.Reason == "") || (a.Level == None) != (a.Kind == KindNone) {
			t.Errorf("level %v with reason %q and kind %q", a.Level, a.Reason, a.Kind)
		}
	})
}

// BenchmarkRead reads all development texts; ns/op is for one text.
func BenchmarkRead(b *testing.B) {
	r := newReader(b)
	all := samples(b, "testdata/dev.tsv")
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		r.Read(all[i%len(all)].text)
		i++
	}
}
