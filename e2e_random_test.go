package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coopconnexion/relais/bot/slack/slacktest"
	"github.com/coopconnexion/relais/bot/telegram/telegramtest"
)

// somebody uses Telegram at random.
type somebody struct {
	w      *world
	chat   int64
	rand   *rand.Rand
	calm   bool   // reads for a moment before the next step
	secret string // words that only this person knows, typed now and then
	typed  []telegramtest.Sent
	slow   []slowInput // inputs without a reaction in time
	waits  []time.Duration
}

// slowInput is an input without a visible reaction in time.
type slowInput struct {
	what string
	at   time.Time
}

// story is what the person saw around a slow input, for the one who looks for
// the reason.
func (p *somebody) story(s slowInput) string {
	var b strings.Builder
	fmt.Fprintf(&b, "person %d: %s", p.chat, s.what)
	for _, m := range p.w.telegram.Messages(p.chat) {
		if after := m.At.Sub(s.at).Seconds(); after > -15 && after < 15 {
			fmt.Fprintf(&b, "\n  %+6.1f s bot=%t edits=%d %s %.60q", after, m.FromBot, m.Edits, m.Reaction, m.Text)
		}
	}
	for _, t := range p.w.telegram.Taps(p.chat) {
		if after := t.At.Sub(s.at).Seconds(); after > -15 && after < 15 {
			fmt.Fprintf(&b, "\n  %+6.1f s tap %s answered %d times after %.1f s: %q", after, t.Data, t.Answers, t.AnsweredAt.Sub(t.At).Seconds(), t.Toast)
		}
	}
	return b.String()
}

// reactionTime is how long an input may stay without a visible reaction.
const reactionTime = 5 * time.Second

var randomTexts = []string{
	"/start", "/menu", "/aide", "/declarer", "/annuler", "/pause", "/mesdonnees", "/declarations", "/parler", "/inconnue",
	"oui", "non", "retour", "je passe", "je ne comprends pas", "bonjour", "merci", "2", "3", "1 234,56 €", "1.234", "rien", "-5",
	"octobre", "janvier 2030", "06 12 34 56 78", "c'est quoi le CAPE ?", "si je gagne 300 euros, je perds mon RSA ?",
	"<b>gras</b> & <i>x</i>", "😀", "\u202etexte", "x", "…", "j'en peux plus", "*a* _b_ `c` <!channel> <@U1>",
}

// step does one thing and waits for a visible reaction to it.
func (p *somebody) step(ctx context.Context, n int) {
	tg := p.w.telegram
	before := chatState(tg, p.chat)
	began := time.Now()
	what, reacted := p.act(n)
	limit, cancel := context.WithTimeout(ctx, reactionTime)
	defer cancel()
	err := tg.Wait(limit, func() bool { return reacted() || chatState(tg, p.chat) != before })
	if err != nil && ctx.Err() == nil {
		p.slow = append(p.slow, slowInput{fmt.Sprintf("step %d: %s", n, what), began})
	}
	p.waits = append(p.waits, time.Since(began))
	if p.calm {
		read, done := context.WithTimeout(ctx, time.Duration(p.rand.IntN(500))*time.Millisecond)
		_ = tg.Wait(read, func() bool { return false }) // the time is over
		done()
	}
}

// act does one thing; reacted reports a reaction that is no message: words on
// a tap, an emoji on a message.
func (p *somebody) act(n int) (what string, reacted func() bool) {
	tg := p.w.telegram
	switch r := p.rand.IntN(20); {
	case r < 11 && n > 0:
		if m, b, ok := p.button(); ok {
			return "tap on " + b.Label, p.tap(m, b, r < 3)
		}
	case r == 11:
		return "sticker", p.reaction(tg.Sticker(p.chat))
	case r == 12:
		return "photo", p.reaction(tg.Photo(p.chat, []byte("a photo of "+p.secret), ""))
	case r == 13 && len(p.typed) > 0:
		old := p.typed[p.rand.IntN(len(p.typed))]
		tg.Edit(p.chat, old.Message, randomTexts[p.rand.IntN(len(randomTexts))])
		return "edited text", p.reaction(old)
	case r == 14:
		return "tap on a forged button", p.tap(telegramtest.Message{ID: 1}, telegramtest.Button{Data: "q.1.yes~AAAAAAAAAA"}, false)
	}
	text := randomTexts[p.rand.IntN(len(randomTexts))]
	if p.rand.IntN(4) == 0 {
		text = "Je m'appelle " + p.secret
	}
	sent := tg.Say(p.chat, text)
	p.typed = append(p.typed, sent)
	return "text " + strconv.Quote(text), p.reaction(sent)
}

// button is one of those on the newest messages, or now and then an old one.
func (p *somebody) button() (telegramtest.Message, telegramtest.Button, bool) {
	type choice struct {
		m telegramtest.Message
		b telegramtest.Button
	}
	var all []choice
	for _, m := range p.w.telegram.FromBot(p.chat) {
		for _, b := range slices.Concat(m.Rows...) {
			if b.Data != "" {
				all = append(all, choice{m, b})
			}
		}
	}
	if len(all) == 0 {
		return telegramtest.Message{}, telegramtest.Button{}, false
	}
	if p.rand.IntN(8) > 0 {
		all = all[max(0, len(all)-6):]
	}
	c := all[p.rand.IntN(len(all))]
	return c.m, c.b, true
}

// tap taps once or twice. Each tap has words of its own.
func (p *somebody) tap(m telegramtest.Message, b telegramtest.Button, twice bool) func() bool {
	tg := p.w.telegram
	updates := []int64{tg.Tap(p.chat, m.ID, b.Data).Update}
	if twice {
		updates = append(updates, tg.Tap(p.chat, m.ID, b.Data).Update)
	}
	return func() bool {
		answered := 0
		for _, t := range tg.Taps(p.chat) {
			if slices.Contains(updates, t.Update) && t.Answered && t.Toast != "" {
				answered++
			}
		}
		return answered == len(updates)
	}
}

func (p *somebody) reaction(s telegramtest.Sent) func() bool {
	return func() bool {
		for _, m := range p.w.telegram.Messages(p.chat) {
			if m.ID == s.Message {
				return m.Reaction != ""
			}
		}
		return false
	}
}

// colleagues act on Slack at random until ctx ends: they click what appears
// and write in its thread.
func colleagues(ctx context.Context, w *world, r *rand.Rand, secret string) (acts int) {
	clicked := map[string]int{}
	for ctx.Err() == nil {
		m, action, ok := pickCard(w, r, clicked)
		if !ok {
			wait, cancel := context.WithTimeout(ctx, time.Second)
			_ = w.telegram.Wait(wait, func() bool { _, _, ok := pickCard(w, r, clicked); return ok })
			cancel()
			continue
		}
		clicked[m.ID()]++
		user := []string{"U1", "U2", "U9"}[r.IntN(3)]
		acts++
		if err := w.slack.Click(user, m.ID(), action); err != nil {
			w.t.Errorf("click not confirmed: %v", err)
		}
		if _, open := w.slack.Modal(user); open {
			if _, err := w.slack.SubmitModal(user, "Mardi à 14 h, "+secret); err != nil {
				w.t.Errorf("form not confirmed: %v", err)
			}
		}
		if r.IntN(2) == 0 {
			if _, err := w.slack.ThreadSay(user, m.ID(), "Bonjour, ici l'équipe. "+secret); err != nil {
				w.t.Errorf("thread message not confirmed: %v", err)
			}
		}
	}
	return acts
}

// pickCard chooses a button of a card that was not clicked twice already.
func pickCard(w *world, r *rand.Rand, clicked map[string]int) (m slacktest.Message, action string, ok bool) {
	for _, channel := range w.slack.Config().Channels {
		for _, m := range w.slack.Messages(channel) {
			var actions []string
			for _, b := range m.Blocks {
				for _, e := range b.Elements {
					if e.Type == "button" && e.ActionID != "" && e.URL == "" {
						actions = append(actions, e.ActionID)
					}
				}
			}
			if len(actions) > 0 && clicked[m.ID()] < 2 {
				return m, actions[r.IntN(len(actions))], true
			}
		}
	}
	return m, "", false
}

// TestRandomPeople: whatever people and staff do, each input has a visible
// reaction within seconds, no call is malformed and no private word is logged.
func TestRandomPeople(t *testing.T) {
	t.Parallel()
	seed, steps := time.Now().UnixNano(), 60
	if s, err := strconv.ParseInt(os.Getenv("RELAIS_SEED"), 10, 64); err == nil {
		seed = s
	}
	if n, err := strconv.Atoi(os.Getenv("RELAIS_STEPS")); err == nil {
		steps = n
	}
	t.Logf("again with RELAIS_SEED=%d RELAIS_STEPS=%d", seed, steps)
	w := newWorld(t, telegramtest.Options{}, nil).withSlack(slacktest.Config{Users: []slacktest.User{
		{ID: "U1", Name: "Awa"}, {ID: "U2", Name: "Bruno"}, {ID: "U9", Name: "Inconnue"}}})
	var names []string
	for i := range 4 {
		names = append(names, fmt.Sprintf("Membrecanari%d", i))
	}
	codes := w.importMembers(names)
	w.serve()

	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	var people []*somebody
	var walking, acting sync.WaitGroup
	acts := 0
	staff, home := context.WithCancel(ctx)
	acting.Go(func() {
		acts = colleagues(staff, w, rand.New(rand.NewPCG(uint64(seed), 99)), "canariequipe")
	})
	for i := range 12 {
		p := &somebody{w: w, chat: int64(7_770_000 + i), calm: i%3 == 0, rand: rand.New(rand.NewPCG(uint64(seed), uint64(i))), secret: fmt.Sprintf("canari%dsecret", i)}
		w.telegram.Rename(p.chat, "Prenom"+p.secret)
		people = append(people, p)
		if i < len(names) {
			w.telegram.Say(p.chat, "/start "+codes[names[i]])
		}
		walking.Go(func() {
			for n := range steps {
				p.step(ctx, n)
			}
		})
	}
	walking.Wait()
	home()
	acting.Wait()
	code, _ := w.proc.stop(t, 11*time.Second)
	if code != 0 {
		t.Errorf("exit code %d", code)
	}
	words := append([]string{w.telegram.Token, "canari", w.slack.Config().BotToken, w.slack.Config().AppToken, "Mardi", "CAPE"}, names...)
	var waits []time.Duration
	for _, p := range people {
		words = append(words, fmt.Sprint(p.chat))
		waits = append(waits, p.waits...)
		for _, s := range p.slow {
			t.Errorf("no visible reaction within %s: %s", reactionTime, p.story(s))
		}
	}
	w.log.noneOf(t, words)
	w.well()
	slices.Sort(waits)
	t.Logf("%d people, %d inputs, reaction p50 %s p99 %s longest %s, %d acts of staff, %d refused by the rate of Telegram", len(people), len(waits),
		waits[len(waits)/2].Round(time.Millisecond), waits[len(waits)*99/100].Round(time.Millisecond), waits[len(waits)-1].Round(time.Millisecond), acts, w.telegram.Limited())
}
