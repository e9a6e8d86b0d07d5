package french

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
)

// MaxCents is the largest amount that is read without doubt: one million
// euros. More is asked again, as a slip of the finger.
const MaxCents = 100_000_000

// The reasons why an amount is asked again.
var (
	ErrNoAmount  = errors.New("no amount")
	ErrWords     = errors.New("amount in words")
	ErrNegative  = errors.New("negative amount")
	ErrSeveral   = errors.New("several amounts")
	ErrAmbiguous = errors.New("ambiguous separators")
	ErrTooLarge  = errors.New("amount too large")
	ErrCurrency  = errors.New("not euros")
)

var (
	nothing  = set("rien", "zero", "aucun", "aucune", "neant", "rien du tout", "rien ce mois ci", "rien ce mois", "0 euro", "pas de revenu", "pas de revenus", "aucun revenu", "nada", "que dalle", "pas un euro", "zero euro", "zero euros", "je n ai rien", "j ai rien", "rien gagne", "je n ai rien gagne", "aucun frais", "pas de frais", "pas de depense", "pas de depenses", "aucune depense")
	number   = regexp.MustCompile(`[0-9](?:[0-9 .,'’]*[0-9])?`)
	numerals = set("un", "une", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze", "treize", "quatorze", "quinze", "seize", "vingt", "trente", "quarante", "cinquante", "soixante", "septante", "octante", "nonante", "cent", "cents", "mille", "million", "millions", "milliard", "demi")
	currency = set("€", "e", "eur", "euro", "euros", "eu", "balles", "roros")
	filler   = set("j", "ai", "je", "jai", "c", "est", "cest", "environ", "fait", "gagne", "encaisse", "touche", "recu", "vendu", "pour", "ce", "mois", "ci", "en", "tout", "au", "total", "de", "d", "du", "le", "la", "les", "montant", "revenu", "revenus", "frais", "depense", "depenses", "somme", "facture", "client", "ca", "ttc", "ht", "net", "brut", "juste", "seulement", "et", "merci", "bonjour", "mon", "ma", "mes", "chiffre", "affaires", "a", "paye", "alors", "donc", "voila", "oui", "non", "plutot", "exactement", "presque", "soit", "il", "y", "eu")
	spaces   = strings.NewReplacer("\u00a0", " ", "\u202f", " ", "\u2009", " ", "\u2007", " ", "\t", " ", "\n", " ", "’", "'")
)

// Money reads an amount in euros and returns cents. It accepts "1 234,56 €",
// "1.234,56", "1234.56", "12€50", no-break spaces, and plain words for nothing
// ("rien", "zéro"). Everything doubtful is an error that says why: words,
// several numbers, a sign, separators that may mean two things ("1.234"), more
// than two decimals, other currencies.
func Money(s string) (int64, error) {
	if nothing[Fold(s)] {
		return 0, nil
	}
	s = spaces.Replace(strings.ToLower(strings.TrimSpace(s)))
	s = euroInside.ReplaceAllString(s, "$1,$2")
	found := number.FindAllStringIndex(s, -1)
	if len(found) == 0 {
		if hasNumeral(s) {
			return 0, ErrWords
		}
		return 0, ErrNoAmount
	}
	if len(found) > 1 {
		return 0, ErrSeveral
	}
	before, after := s[:found[0][0]], s[found[0][1]:]
	if err := surroundings(before, after); err != nil {
		return 0, err
	}
	return digits(s[found[0][0]:found[0][1]])
}

// euroInside is "12€50" and "12 euros 50".
var euroInside = regexp.MustCompile(`([0-9])\s*(?:€|euros?|eur)\s*([0-9]{2})\b`)

func hasNumeral(s string) bool {
	for _, w := range strings.Fields(Fold(s)) {
		if numerals[w] {
			return true
		}
	}
	return false
}

// surroundings refuses signs, other currencies and units, and words that could
// change the amount.
func surroundings(before, after string) error {
	b := strings.TrimSpace(before)
	if strings.HasSuffix(b, "-") || strings.HasSuffix(b, "−") || strings.HasSuffix(b, "–") || strings.HasSuffix(Fold(b), "moins") {
		return ErrNegative
	}
	if strings.ContainsAny(before+after, "$£%¥/*×^=") || strings.Contains(before, "+") {
		return ErrCurrency
	}
	rest := Fold(strings.ReplaceAll(before, "€", " ") + " | " + strings.ReplaceAll(after, "€", " "))
	for _, w := range strings.Fields(rest) {
		if numerals[w] {
			return ErrWords
		}
		if !currency[w] && !filler[w] {
			return ErrNoAmount
		}
	}
	return nil
}

// digits reads the number itself.
func digits(n string) (int64, error) {
	whole, cents := n, ""
	last := strings.LastIndexAny(n, ".,")
	if last >= 0 {
		tail := n[last+1:]
		switch {
		case len(tail) == 3 && strings.Count(n, n[last:last+1]) == 1 && !strings.ContainsAny(n[:last], " '.,"):
			return 0, ErrAmbiguous // 1.234 or 1,234
		case len(tail) <= 2 && !strings.ContainsAny(tail, " '"):
			whole, cents = n[:last], tail
		case len(tail) > 3:
			return 0, ErrAmbiguous
		}
	}
	w, err := grouped(whole)
	if err != nil {
		return 0, err
	}
	for len(cents) < 2 {
		cents += "0"
	}
	c, err := strconv.ParseInt(cents, 10, 64)
	if err != nil {
		return 0, ErrAmbiguous
	}
	if w > MaxCents/100 {
		return 0, ErrTooLarge
	}
	return w*100 + c, nil
}

// grouped reads "1234", "1 234", "1.234.567": groups of exactly three digits,
// one kind of separator.
func grouped(s string) (int64, error) {
	sep := strings.IndexAny(s, " .,'")
	if sep >= 0 {
		parts := strings.Split(s, s[sep:sep+1])
		for i, p := range parts {
			if strings.ContainsAny(p, " .,'") || len(p) == 0 || len(p) > 3 || (i > 0 && len(p) != 3) {
				return 0, ErrAmbiguous
			}
		}
		s = strings.Join(parts, "")
	}
	if len(s) > 12 {
		return 0, ErrTooLarge
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, ErrAmbiguous
	}
	return n, nil
}

// Euros writes cents the French way: "1 234,56 €", with no-break spaces.
func Euros(cents int64) string {
	sign := ""
	if cents < 0 {
		sign, cents = "−", -cents
	}
	whole := strconv.FormatInt(cents/100, 10)
	var b strings.Builder
	for i, r := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteRune('\u202f')
		}
		b.WriteRune(r)
	}
	frac := strconv.FormatInt(cents%100+100, 10)[1:]
	return sign + b.String() + "," + frac + "\u00a0€"
}
