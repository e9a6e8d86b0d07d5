package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coopconnexion/relais/bot/telegram/telegramtest"
)

// declarant is a member who wants to declare some months, with the patience of
// a person: what gets no reaction is done again.
type declarant struct {
	w        *world
	chat     int64
	name     string
	code     string   // of the link
	months   []*month // to declare, in the order in which they are offered
	patience time.Duration
	receipts int // receipts seen, copies included
	acts     int

	mu      sync.Mutex
	updates []int64 // of what the person did, to deliver again
}

// did notes an update.
func (d *declarant) did(update int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.updates = append(d.updates, update)
}

// month is what is to be declared for one month, in cents.
type month struct {
	revenue, expenses int64           // expenses 0: taps «Aucuns frais»
	typed             string          // how the revenue is typed
	refs              map[string]bool // references seen
}

// declare goes from the link to the last receipt.
func (d *declarant) declare(ctx context.Context) error {
	known := map[string]bool{}
	for at := 0; ; {
		latest, ok := d.latest()
		if ref := reference.FindString(latest.Text); ok && strings.Contains(latest.Text, "Référence") && !known[ref] {
			known[ref] = true
			if at++; at == len(d.months) {
				return d.read()
			}
		}
		before := d.seen()
		if err := d.act(latest, ok, at); err != nil {
			return err
		}
		if err := d.wait(ctx, before); err != nil {
			return fmt.Errorf("%s (chat %d) is stuck before %q: %w", d.name, d.chat, latest.Text, err)
		}
	}
}

// latest is the newest message of the assistant.
func (d *declarant) latest() (telegramtest.Message, bool) {
	all := d.w.telegram.FromBot(d.chat)
	if len(all) == 0 {
		return telegramtest.Message{}, false
	}
	return all[len(all)-1], true
}

// act does what the newest message asks for.
func (d *declarant) act(m telegramtest.Message, any bool, at int) error {
	d.acts++
	want := d.months[at]
	tg, has := d.w.telegram, func(s string) bool { return strings.Contains(m.Text, s) }
	switch {
	case !any:
		d.did(tg.Say(d.chat, "/start "+d.code).Update)
	case has("C'est bien ça"):
		if n := centsIn(m.Text); n != want.revenue && n != want.expenses {
			return fmt.Errorf("%s: read back as %q", d.name, m.Text)
		}
		d.press(m, "Oui, c'est ça")
	case has("Quel mois"):
		d.did(tg.Tap(d.chat, m.ID, m.Rows[at][0].Data).Update)
	case has("encaissé"):
		d.did(tg.Say(d.chat, want.typed).Update)
	case has("Avez-vous eu des frais") && want.expenses > 0:
		d.did(tg.Say(d.chat, euros(want.expenses)).Update)
	case has("Avez-vous eu des frais"):
		d.press(m, "Aucuns frais")
	case has("Envoyez vos documents"):
		d.press(m, "Plus tard")
	case has("Voici vos réponses"):
		if line(m.Text, "Recettes") != want.revenue || line(m.Text, "Dépenses") != want.expenses {
			return fmt.Errorf("%s: the summary says %q", d.name, m.Text)
		}
		d.press(m, "✅ Envoyer")
	case has("Êtes-vous d'accord"):
		d.press(m, "D'accord")
	case len(m.Rows) > 0, has("Référence"):
		d.did(tg.Say(d.chat, "/declarer").Update)
	}
	return nil
}

// press taps the button with this label, if the message (still) has it.
func (d *declarant) press(m telegramtest.Message, label string) {
	for _, b := range slices.Concat(m.Rows...) {
		if b.Label == label {
			d.did(d.w.telegram.Tap(d.chat, m.ID, b.Data).Update)
			return
		}
	}
}

// read notes the receipts of the chat: each is of the month with its amounts.
func (d *declarant) read() error {
	for _, m := range d.w.telegram.FromBot(d.chat) {
		if !strings.Contains(m.Text, "Référence") {
			continue
		}
		d.receipts++
		ref := reference.FindString(m.Text)
		i := slices.IndexFunc(d.months, func(x *month) bool {
			return line(m.Text, "Recettes") == x.revenue && line(m.Text, "Dépenses") == x.expenses
		})
		if i < 0 || ref == "" {
			return fmt.Errorf("%s: the receipt says %q", d.name, m.Text)
		}
		if d.months[i].refs[ref] && !strings.Contains(m.Text, "déjà reçu") {
			return fmt.Errorf("%s: a second receipt without a mark: %q", d.name, m.Text)
		}
		d.months[i].refs[ref] = true
	}
	return nil
}

var reference = regexp.MustCompile(`D-\d{4}-\d{2}-\d{4,}`)

// seen is what the person can see of the chat, in short.
func (d *declarant) seen() string { return chatState(d.w.telegram, d.chat) }

// wait waits for a new message or a changed one, or until patience ends. A
// toast is a reaction, but what it announces is still to come.
func (d *declarant) wait(ctx context.Context, before string) error {
	patient, cancel := context.WithTimeout(ctx, d.patience)
	defer cancel()
	err := d.w.telegram.Wait(patient, func() bool { return d.seen() != before })
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return nil // once more
	}
	return err
}

// chatState sums up a chat: how many messages the assistant wrote, how many
// changes it made.
func chatState(s *telegramtest.Server, chat int64) string {
	n, edits := 0, 0
	for _, m := range s.FromBot(chat) {
		n++
		edits += m.Edits
	}
	return fmt.Sprint(n, "/", edits)
}

// centsIn reads the amount that a text names: «J'ai lu 1 234,56 €».
func centsIn(text string) int64 {
	m := amount.FindStringSubmatch(text)
	if m == nil {
		return -1
	}
	var n int64
	for _, r := range m[1] + m[2] {
		if r >= '0' && r <= '9' {
			n = n*10 + int64(r-'0')
		}
	}
	return n
}

var amount = regexp.MustCompile(`(\d[\d\s\x{00a0}\x{202f}]*),(\d\d)[\s\x{00a0}\x{202f}]*€`)

// line reads the amount of the line that begins so.
func line(text, label string) int64 {
	for l := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(l, label+" : ") {
			return centsIn(l)
		}
	}
	return -1
}

// euros writes cents as people type them.
func euros(cents int64) string { return fmt.Sprintf("%d,%02d", cents/100, cents%100) }
