package content_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/goccy/go-yaml"
	"github.com/shopspring/decimal"
	"golang.org/x/text/unicode/norm"

	"github.com/coopconnexion/relais/flows/content"
	"github.com/coopconnexion/relais/flows/rights"
)

// families is the number of sheets of each family of questions.
var families = map[string]int{
	"CAPE": 13, "CESA": 8, "ARE": 16, "ASS": 2, "ARCE": 2, "ACRE": 2, "RSA": 18, "PA": 4,
	"SANTE": 4, "MAT": 2, "AAH": 2, "RET": 3, "FORM": 3, "COOP": 12, "AIDE": 1,
}

// Limits of plain language: what a person with little schooling reads at once.
const (
	minAsk           = 10
	maxAnswerRunes   = 900
	maxAnswerPhrases = 5
	maxWords         = 25
)

type sheetFile struct {
	ID, Title  string
	Ask        []string
	Answer     string
	Conditions []string
	Exceptions []string
	Example    string
	Sources    []struct{ Label, Ref string }
	Verified   string
	Review     string
	Confidence string
	Doubt      string
	Contact    string
	Related    []string
	Situations []string
	Estimate   string
}

// shown lists every French text of the sheet that a person reads.
func (s sheetFile) shown() []string {
	texts := append([]string{s.Title, s.Answer, s.Example, s.Doubt, s.Contact}, s.Conditions...)
	return append(texts, s.Exceptions...)
}

func readSheets(t *testing.T) map[string]sheetFile {
	t.Helper()
	names, err := fs.Glob(content.FS(), "sheets/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	sheets := map[string]sheetFile{}
	for _, name := range names {
		raw, err := fs.ReadFile(content.FS(), name)
		if err != nil {
			t.Fatal(err)
		}
		var s sheetFile
		if err := yaml.NewDecoder(bytes.NewReader(raw), yaml.Strict()).Decode(&s); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if base := strings.TrimSuffix(path.Base(name), ".yaml"); s.ID != base {
			t.Errorf("%s: id %q must be the file's name", name, s.ID)
		}
		sheets[s.ID] = s
	}
	return sheets
}

func readAmounts(t *testing.T) *rights.Amounts {
	t.Helper()
	amounts, err := rights.LoadAmounts(content.FS())
	if err != nil {
		t.Fatal(err)
	}
	return amounts
}

func TestSheetsAreAllThere(t *testing.T) {
	got := map[string]int{}
	sheets := readSheets(t)
	for id := range sheets {
		family, _, _ := strings.Cut(id, "-")
		got[family]++
	}
	for family, want := range families {
		for n := 1; n <= want; n++ {
			if id := fmt.Sprintf("%s-%02d", family, n); sheets[id].ID == "" {
				t.Errorf("sheet %s is missing", id)
			}
		}
		if got[family] < want {
			t.Errorf("family %s has %d sheets, want at least %d", family, got[family], want)
		}
	}
}

func TestSheetFields(t *testing.T) {
	sheets := readSheets(t)
	kinds := []string{"", "rsa", "prime_activite", "complement_are", "ass", "are_ouverture"}
	situations := []string{"rsa", "are", "ass", "aah", "none", "cape", "cesa", "associate"}
	for id, s := range sheets {
		need := func(ok bool, format string, args ...any) {
			if !ok {
				t.Errorf("%s: %s", id, fmt.Sprintf(format, args...))
			}
		}
		need(s.Title != "" && s.Contact != "", "title and contact are required")
		need(len(s.Conditions) > 0, "conditions are required")
		need(len(s.Ask) >= minAsk, "ask has %d wordings, want %d", len(s.Ask), minAsk)
		need(len(s.Sources) > 0, "a source is required")
		for _, src := range s.Sources {
			need(src.Label != "" && src.Ref != "", "a source needs a label and a ref")
			need(!strings.HasPrefix(src.Ref, "http://"), "source %q must use https", src.Ref)
		}
		need(s.Confidence == "sure" || s.Confidence == "doubtful", "confidence %q", s.Confidence)
		need((s.Confidence == "doubtful") == (s.Doubt != ""), "doubtful and a doubt go together")
		need(s.Doubt == "" || strings.HasPrefix(s.Doubt, "Ce qui est sûr : ") && strings.Contains(s.Doubt, "Ce qui n'est pas sûr : "),
			"a doubt says « Ce qui est sûr : … Ce qui n'est pas sûr : … », then who to ask")
		verified, errV := time.Parse(time.DateOnly, s.Verified)
		review, errR := time.Parse(time.DateOnly, s.Review)
		need(errV == nil && errR == nil && review.After(verified), "review %q must follow verified %q", s.Review, s.Verified)
		need(slices.Contains(kinds, s.Estimate), "estimate %q", s.Estimate)
		for _, situation := range s.Situations {
			need(slices.Contains(situations, situation), "situation %q", situation)
		}
		need(len(s.Related) > 0, "related is required")
		for _, other := range s.Related {
			need(other != id && sheets[other].ID != "", "related: no other sheet %q", other)
		}
	}
}

// A wording that belongs to two sheets cannot be matched to either.
func TestWordingsBelongToOneSheet(t *testing.T) {
	owner := map[string]string{}
	for id, s := range readSheets(t) {
		for _, wording := range append([]string{s.Title}, s.Ask...) {
			key := fold(wording)
			if key == "" {
				t.Errorf("%s: empty wording", id)
			}
			if other, taken := owner[key]; taken {
				t.Errorf("%q is used by %s and %s", wording, other, id)
			}
			owner[key] = id
		}
	}
}

var (
	amountRef  = regexp.MustCompile(`\{amount:([^}]*)\}`)
	bareAmount = regexp.MustCompile(`[0-9][0-9\s\x{a0}\x{202f},.]*(€|euros?\b)`)
	familiar   = regexp.MustCompile(`(?i)(^|[^\pL])(tu|ton|ta|tes|toi|t['’])($|[^\pL])`)
	phraseEnd  = regexp.MustCompile(`[.!?…](\s+|$)|\n`)
	word       = regexp.MustCompile(`[\pL\pN][\pL\pN,’'.%-]*`)
)

func TestAmountsOfSheetsAreKnownAndDated(t *testing.T) {
	amounts := readAmounts(t)
	for id, s := range readSheets(t) {
		for _, text := range s.shown() {
			for _, ref := range amountRef.FindAllStringSubmatch(text, -1) {
				if _, ok := amounts.DatedAt(ref[1], time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)); !ok {
					t.Errorf("%s: no amount %q", id, ref[1])
				}
			}
		}
		for _, bare := range bareAmount.FindAllString(s.Answer, -1) {
			if bare != "0 €" {
				t.Errorf("%s: the answer says %q; write {amount:key}", id, bare)
			}
		}
	}
	for _, key := range amounts.Keys() {
		a, _ := amounts.Amount(key)
		for _, d := range a.History {
			if d.From.IsZero() || d.Source == "" {
				t.Errorf("amount %s: a value has no date or no source", key)
			}
		}
	}
}

// The income where the RSA of a person alone ends is base - flat-rate housing
// deduction - smallest payment: it must follow each yearly rise of the RSA.
func TestRSAExitFollowsTheBase(t *testing.T) {
	amounts := readAmounts(t)
	exit, _ := amounts.Amount("rsa.sortie_seul_apl")
	base, _ := amounts.Amount("rsa.base")
	if newest := base.History[len(base.History)-1].From; !exit.History[len(exit.History)-1].From.Equal(newest) {
		t.Errorf("rsa.sortie_seul_apl has no value from %s", newest.Format(time.DateOnly))
	}
	for _, d := range exit.History {
		want := decimal.Zero
		for key, sign := range map[string]int64{"rsa.base": 1, "rsa.forfait_1": -1, "rsa.seuil_versement": -1} {
			v, _ := amounts.At(key, d.From)
			want = want.Add(v.Mul(decimal.NewFromInt(sign)))
		}
		if !d.Value.Equal(want) {
			t.Errorf("rsa.sortie_seul_apl from %s is %s, want %s", d.From.Format(time.DateOnly), d.Value, want)
		}
	}
}

func TestSheetsArePlainFrench(t *testing.T) {
	for id, s := range readSheets(t) {
		if n := len([]rune(s.Answer)); n > maxAnswerRunes {
			t.Errorf("%s: the answer has %d characters, want at most %d", id, n, maxAnswerRunes)
		}
		if n := len(phrases(s.Answer)); n < 2 || n > maxAnswerPhrases {
			t.Errorf("%s: the answer has %d sentences, want 2 to %d", id, n, maxAnswerPhrases)
		}
		for _, text := range s.shown() {
			if found := familiar.FindString(text); found != "" {
				t.Errorf("%s: say vous, not %q", id, strings.TrimSpace(found))
			}
			for _, p := range phrases(text) {
				if n := len(word.FindAllString(p, -1)); n > maxWords {
					t.Errorf("%s: a sentence of %d words, want at most %d: %s", id, n, maxWords, p)
				}
			}
		}
	}
}

// phrases cuts a text at the end of its sentences and lines.
func phrases(text string) []string {
	var all []string
	for _, p := range phraseEnd.Split(text, -1) {
		if p = strings.TrimSpace(p); p != "" {
			all = append(all, p)
		}
	}
	return all
}

// fold keeps the letters and figures of a wording, in lower case, without accents.
func fold(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(s)) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
		default:
			b.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
