package rights

import (
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// FormatEuros writes an amount of euros in French: "1 200 €", "646,52 €".
// It rounds to the cent and drops the cents of a whole amount.
func FormatEuros(d decimal.Decimal) string { return formatNumber(d) + " €" }

// FormatDecimal writes a decimal in French without rounding: "30,42".
func FormatDecimal(d decimal.Decimal) string { return group(d.String()) }

// FormatPercent writes a ratio as a French percentage: 0.5985 gives "59,85 %".
func FormatPercent(ratio decimal.Decimal) string {
	return FormatDecimal(ratio.Shift(2)) + " %"
}

// FormatDate writes a day in French figures: "01/04/2026".
func FormatDate(t time.Time) string { return t.Format("02/01/2006") }

// formatNumber rounds to the cent and keeps two decimals unless both are zero.
func formatNumber(d decimal.Decimal) string {
	r := d.Round(2)
	if r.IsInteger() {
		return group(r.StringFixed(0))
	}
	return group(r.StringFixed(2))
}

// group turns "1234.5" into "1 234,5".
func group(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "−", s[1:]
	}
	whole, part, found := strings.Cut(s, ".")
	var b strings.Builder
	b.WriteString(sign)
	for i, c := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(c)
	}
	if found {
		b.WriteString("," + part)
	}
	return b.String()
}

// formatUnit writes a value in the way of its unit.
func formatUnit(d decimal.Decimal, unit string) string {
	switch unit {
	case "eur", "eur/month", "eur/day", "eur/hour", "eur/year":
		return FormatEuros(d)
	case "ratio":
		return FormatPercent(d)
	case "days":
		return FormatDecimal(d) + " jours"
	case "hours":
		return FormatDecimal(d) + " heures"
	case "months":
		return FormatDecimal(d) + " mois"
	case "years":
		return FormatDecimal(d) + " ans"
	}
	return FormatDecimal(d)
}
