package rights

import (
	"sort"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// resolveProducts gives a history to the amounts that are a product of others,
// such as the ceiling of ASS (daily amount × 70): one dated value for every
// day on which one of the factors changes, once all of them are known.
func (l *loader) resolveProducts() {
	done := map[string]bool{}
	for _, key := range l.amounts.keys {
		l.resolve(l.amounts.byKey[key], done, nil)
	}
}

func (l *loader) resolve(m *Amount, done map[string]bool, path []string) {
	if len(m.product) == 0 || done[m.Key] {
		return
	}
	done[m.Key] = true
	var factors []*Amount
	for _, name := range m.product {
		f := l.factor(m, name, append(path, m.Key))
		if f == nil {
			return
		}
		l.resolve(f, done, append(path, m.Key))
		factors = append(factors, f)
	}
	m.multiply(factors)
}

// factor finds a factor by key, or makes one from a plain number.
func (l *loader) factor(m *Amount, name string, path []string) *Amount {
	where := l.lines[m.Key]
	if plainDecimal.MatchString(name) {
		return &Amount{History: []Dated{{Value: decimal.RequireFromString(name), Confidence: Sure}}}
	}
	if contains(path, name) {
		l.problem(where, "%s: product refers to itself", m.Key)
		return nil
	}
	f, ok := l.amounts.byKey[name]
	if !ok {
		l.problem(where, "%s: product refers to the unknown key %q", m.Key, name)
		return nil
	}
	return f
}

func (m *Amount) multiply(factors []*Amount) {
	for _, day := range changes(factors) {
		value, from, complete := Dated{Value: decimal.NewFromInt(1), Confidence: Sure}, []string{}, true
		for _, f := range factors {
			d, ok := f.on(day)
			complete = complete && ok
			value.Value = value.Value.Mul(d.Value)
			if d.Confidence == Doubtful {
				value.Confidence, m.Doubt = Doubtful, f.Doubt
			}
			if d.Source != "" {
				from = append(from, d.Source)
			}
		}
		if complete {
			value.Value, value.From, value.Source = value.Value.Round(2), day, strings.Join(from, " ; ")
			m.History = append(m.History, value)
		}
	}
}

func (m *Amount) on(day time.Time) (Dated, bool) {
	i := sort.Search(len(m.History), func(i int) bool { return m.History[i].From.After(day) })
	if i == 0 {
		return Dated{}, false
	}
	return m.History[i-1], true
}

// changes lists, once each and in order, the days on which a factor changes.
func changes(factors []*Amount) []time.Time {
	var days []time.Time
	for _, f := range factors {
		for _, d := range f.History {
			if !d.From.IsZero() {
				days = append(days, d.From)
			}
		}
	}
	sort.Slice(days, func(i, j int) bool { return days[i].Before(days[j]) })
	var once []time.Time
	for _, d := range days {
		if len(once) == 0 || !once[len(once)-1].Equal(d) {
			once = append(once, d)
		}
	}
	return once
}
