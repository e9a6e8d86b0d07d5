package slack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/bot/slack/slacktest"
	"github.com/coopconnexion/relais/flows"
)

func ephemeral(w *world, user string) int { return len(w.srv.Ephemerals(user)) }

// quietly checks that an event is confirmed, stores nothing and says nothing.
func quietly(t *testing.T, w *world, what string, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: not confirmed: %v", what, err)
	}
	if n := len(w.desk.inputs()); n != 0 {
		t.Errorf("%s: %d inputs", what, n)
	}
}

func TestIgnored(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		id := w.post()
		channel, ts, _ := splitID(id)
		_, err := w.srv.Say("U1", "CSTAFF", "bonjour à tous")
		quietly(t, w, "a message outside threads", err)
		for what, ev := range map[string]map[string]any{
			"a join":          {"type": "message", "subtype": "channel_join", "channel": channel, "user": "U1", "ts": "9.1", "text": "x"},
			"a bot":           {"type": "message", "subtype": "bot_message", "channel": channel, "bot_id": "B9", "ts": "9.2", "thread_ts": ts, "text": "x"},
			"a bot as a user": {"type": "message", "channel": channel, "user": "U1", "bot_id": "B9", "ts": "9.3", "thread_ts": ts, "text": "x"},
			"ourselves":       {"type": "message", "channel": channel, "user": "UBOT", "ts": "9.4", "thread_ts": ts, "text": "x"},
			"another channel": {"type": "message", "channel": "COTHER", "user": "U1", "ts": "9.5", "thread_ts": ts, "text": "x"},
			"a direct word":   {"type": "message", "channel": "D1", "channel_type": "im", "user": "U1", "ts": "9.6", "text": "x"},
			"a mention":       {"type": "app_mention", "channel": channel, "user": "U1", "ts": "9.7", "text": "x"},
			"a reaction":      {"type": "reaction_added", "user": "U1", "item": map[string]any{"ts": ts}},
			"odd types":       {"type": "message", "channel": 7, "text": []int{1}},
			"a preview": {"type": "message", "subtype": "message_changed", "channel": channel, "ts": "9.8",
				"message":          map[string]any{"user": "U1", "ts": "9.1", "thread_ts": ts, "text": "x"},
				"previous_message": map[string]any{"user": "U1", "ts": "9.1", "thread_ts": ts, "text": "x"}},
			"our own update": {"type": "message", "subtype": "message_changed", "channel": channel, "ts": "9.9",
				"message":          map[string]any{"bot_id": "BBOT", "ts": "9.1", "thread_ts": ts, "text": "y"},
				"previous_message": map[string]any{"bot_id": "BBOT", "ts": "9.1", "thread_ts": ts, "text": "x"}},
			"a change of nothing": {"type": "message", "subtype": "message_changed", "channel": channel, "ts": "9.9"},
		} {
			quietly(t, w, what, w.srv.Event(ev))
		}
		for _, kind := range []string{"shortcut", "view_closed", "block_suggestion"} {
			_, err := w.srv.Interact(map[string]any{"type": kind, "team": map[string]any{"id": "T1"}, "user": map[string]any{"id": "U1"}})
			quietly(t, w, kind, err)
		}
		_, err = w.srv.Interact(map[string]any{"type": "block_actions", "team": map[string]any{"id": "T1"}, "user": map[string]any{"id": "U1"}})
		quietly(t, w, "no action", err)
		// The last event is answered in order, so all before it are done.
		if _, err := w.srv.ThreadSay("U1", id, "fin"); err != nil || len(w.desk.inputs()) != 1 {
			t.Error("the thread no longer works:", err)
		}
		if n := ephemeral(w, "U1"); n != 0 {
			t.Errorf("%d words for things that concern nobody", n)
		}
	})
}

func TestNotesFilesEditsDeletions(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		id := w.post()
		note, err := w.srv.ThreadSay("U1", id, "// il hésite\n&lt;à revoir&gt;")
		quietly(t, w, "a note", err)
		w.until("a lock", func() bool {
			for _, m := range w.srv.Messages("CSTAFF") {
				if m.ID() == note && len(m.Reactions) == 1 && m.Reactions[0] == "lock" {
					return true
				}
			}
			return false
		})
		if err := w.srv.Edit(note, "Bonjour"); err != nil {
			t.Fatal(err)
		}
		w.told("U1", "note interne modifiée")
		_, err = w.srv.ThreadFile("U1", id, "", "plan.pdf")
		quietly(t, w, "a file", err)
		w.told("U1", "Seul le texte est transmis")
		if _, err = w.srv.ThreadFile("U2", id, "Voici le plan", "plan.pdf"); err != nil {
			t.Fatal(err)
		}
		w.told("U2", "Seul le texte est transmis")
		if in := w.desk.inputs(); len(in) != 1 || in[0].Text != "Voici le plan" {
			t.Fatalf("the comment of a file: %+v", in)
		}
		said, err := w.srv.ThreadSay("U2", id, "Rendez-vous lundi")
		if err != nil {
			t.Fatal(err)
		}
		if err := w.srv.Edit(said, "Rendez-vous mardi"); err != nil {
			t.Fatal(err)
		}
		w.told("U2", "déjà parti")
		if err := w.srv.Delete(said); err != nil {
			t.Fatal(err)
		}
		w.told("U2", "l’a déjà reçu")
		if n := len(w.desk.inputs()); n != 2 {
			t.Errorf("%d inputs, want 2: an edit is never executed", n)
		}
	})
}

func TestUnknownThread(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		w.desk.set(func(flows.Input) (flows.Outcome, error) { return flows.Outcome{}, fmt.Errorf("store: %w", errUnknown) })
		root, err := w.srv.Say("U1", "CSTAFF", "On se voit à midi ?")
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if _, err := w.srv.ThreadSay("U2", root, "oui"); err != nil {
				t.Fatal(err)
			}
		}
		w.told("U2", "relié à personne")
		id := w.post()
		if err := w.srv.Click("U2", id, "take"); err != nil {
			t.Fatal(err)
		}
		w.told("U2", "plus reliée à une personne")
		if n := ephemeral(w, "U2"); n != 2 {
			t.Errorf("%d words; once per thread is enough", n)
		}
	})
}

func TestStaffMatrix(t *testing.T) {
	users := []slacktest.User{{ID: "U1", Name: "Awa"}, {ID: "U2", Name: "Bruno"}, {ID: "UOUT", Name: "Dehors"},
		{ID: "UDEL", Deleted: true}, {ID: "UBOTTY", Bot: true}, {ID: "UGUEST", Guest: true}, {ID: "UONE", OneChannel: true},
		{ID: "USTR", Stranger: true}, {ID: "UTEAM", Team: "T2"}}
	for _, http := range []bool{false, true} {
		w := start(t, setup{http: http, server: slacktest.Config{Users: users}, opt: func(o *Options) {
			o.Staff = map[string]string{}
			for _, u := range users {
				if u.ID != "UOUT" {
					o.Staff[u.ID] = "advisor"
				}
			}
			o.Staff["UNOBODY"] = "advisor"
		}})
		id := w.post()
		refused := 0
		for _, u := range append(users[2:], slacktest.User{ID: "UNOBODY"}) {
			for _, button := range []string{"take", "elsewhere"} {
				if err := w.srv.Click(u.ID, id, button); err != nil {
					t.Fatal(u.ID, err)
				}
			}
			if _, err := w.srv.ThreadSay(u.ID, id, "mot de passe ?"); err != nil {
				t.Fatal(u.ID, err)
			}
			refused += 3
			if _, ok := w.srv.Modal(u.ID); ok {
				t.Error(u.ID, "was shown a form")
			}
			if u.ID != "UNOBODY" {
				w.told(u.ID, "Vous n’avez pas accès")
			}
		}
		quietly(t, w, "refused accounts", nil)
		// Another workspace, whatever its user ids.
		p, _ := w.srv.ClickPayload("U1", id, "take")
		p["team"] = map[string]any{"id": "T2"}
		_, err := w.srv.Interact(p)
		quietly(t, w, "another workspace", err)
		p["team"] = nil
		_, err = w.srv.Interact(p)
		quietly(t, w, "no workspace", err)
		err = w.srv.Callback(map[string]any{"type": "event_callback", "team_id": "T2", "event_id": "Ev9",
			"event": map[string]any{"type": "message", "channel": "CSTAFF", "user": "U1", "ts": "8.1", "thread_ts": "7.1", "text": "x"}})
		quietly(t, w, "an event of another workspace", err)
		if got := w.ch.Refused(); got != uint64(refused+3) {
			t.Errorf("%d refusals counted, want %d", got, refused+3)
		}
		if !strings.Contains(w.logs.String(), "audit=true") || strings.Contains(w.logs.String(), "mot de passe") {
			t.Error("the audit lacks a line, or says too much")
		}
		answer, err := w.srv.Command("UOUT", "/relais", "")
		if err != nil || !bytes.Contains(answer, []byte("Vous n’avez pas accès")) {
			t.Errorf("command: %s %v", answer, err)
		}
		answer, err = w.srv.Command("U1", "/relais", "")
		if err != nil || !bytes.Contains(answer, []byte("ephemeral")) || !bytes.Contains(answer, []byte("jamais envoyée")) {
			t.Errorf("command: %s %v", answer, err)
		}
		w.flawless()
	}
}

// TestRemoval checks that users.info is asked again, and that a form opened
// before the removal no longer decides.
func TestRemoval(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		id := w.post()
		if err := w.srv.Click("U1", id, "meet"); err != nil {
			t.Fatal(err)
		}
		w.until("form", func() bool { _, ok := w.srv.Modal("U1"); return ok })
		calls := w.srv.Calls("users.info")
		w.srv.SetUser(slacktest.User{ID: "U1", Name: "Awa", Deleted: true})
		p, _ := w.ch.staff.get("U1")
		p.at = p.at.Add(-11 * time.Minute)
		w.ch.staff.put("U1", p)
		errs, err := w.srv.SubmitModal("U1", "lundi")
		if err != nil || errs[reasonBlock] != sayNoAccess {
			t.Errorf("%v %v", errs, err)
		}
		quietly(t, w, "a form after the removal", nil)
		if n := w.srv.Calls("users.info"); n != calls+1 {
			t.Errorf("users.info asked %d times", n-calls)
		}
		// When Slack cannot say, nobody acts.
		p, _ = w.ch.staff.get("U2")
		p.at = p.at.Add(-11 * time.Minute)
		w.ch.staff.put("U2", p)
		w.srv.Fail("users.info", slacktest.Fault{Status: 500})
		if err := w.srv.Click("U2", id, "take"); err == nil {
			t.Error("a click was confirmed without knowing who it was")
		}
		quietly(t, w, "an unknown state", nil)
	})
}

func TestAlteredForm(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		id := w.post()
		if err := w.srv.Click("U1", id, "elsewhere"); err != nil {
			t.Fatal(err)
		}
		w.until("form", func() bool { _, ok := w.srv.Modal("U1"); return ok })
		v, _ := w.srv.Modal("U1")
		for what, alter := range map[string]func(*slacktest.View) string{
			"another action": func(v *slacktest.View) string {
				v.PrivateMetadata = strings.Replace(v.PrivateMetadata, "elsewhere", "take", 1)
				return "U1"
			},
			"another person": func(v *slacktest.View) string {
				v.PrivateMetadata = strings.Replace(v.PrivateMetadata, "0123", "4567", 1)
				return "U1"
			},
			"not required": func(v *slacktest.View) string {
				v.PrivateMetadata = strings.Replace(v.PrivateMetadata, `"r":true`, `"r":false`, 1)
				return "U1"
			},
			"another user":  func(*slacktest.View) string { return "U2" },
			"no metadata":   func(v *slacktest.View) string { v.PrivateMetadata = ""; return "U1" },
			"another field": func(v *slacktest.View) string { v.Blocks[0].Element.ActionID = "other"; return "U1" },
			"another form":  func(v *slacktest.View) string { v.Callback = "other"; return "U1" },
		} {
			a := v
			a.Blocks = append([]slacktest.Block(nil), v.Blocks...)
			el := *v.Blocks[0].Element
			a.Blocks[0].Element = &el
			errs, err := w.srv.SubmitView(alter(&a), a, "parce que")
			if err != nil || errs[reasonBlock] != sayBadForm {
				t.Errorf("%s: %v %v", what, errs, err)
			}
		}
		quietly(t, w, "altered forms", nil)
		errs, _ := w.srv.SubmitView("U1", v, strings.Repeat("a", 3001))
		if errs[reasonBlock] != sayTooLong {
			t.Error("too long:", errs)
		}
		// The store refuses: the form stays open, and says so; then it works, once.
		w.desk.set(func(flows.Input) (flows.Outcome, error) { return flows.Outcome{}, errors.New("disk full") })
		if errs, err := w.srv.SubmitView("U1", v, "parce que"); err != nil || errs[reasonBlock] != sayLater {
			t.Errorf("refused by the store: %v %v", errs, err)
		}
		w.desk.set(nil)
		for range 2 {
			if errs, err := w.srv.SubmitView("U1", v, "parce que"); err != nil || errs != nil {
				t.Fatalf("%v %v", errs, err)
			}
		}
		if in := w.desk.inputs(); len(in) != 1 || in[0].Text != "parce que" {
			t.Errorf("%+v", in)
		}
	})
}

func TestFormDoesNotOpen(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		id := w.post()
		w.srv.Fail("views.open", slacktest.Fault{Error: "expired_trigger_id"})
		if err := w.srv.Click("U1", id, "meet"); err != nil {
			t.Fatal(err)
		}
		w.told("U1", "Cliquez de nouveau")
		if err := w.srv.Click("U1", id, "meet"); err != nil {
			t.Fatal(err)
		}
		w.until("form", func() bool { _, ok := w.srv.Modal("U1"); return ok })
		// The same click again opens no second form.
		p, _ := w.srv.ClickPayload("U2", id, "meet")
		for range 3 {
			if _, err := w.srv.Interact(p); err != nil {
				t.Fatal(err)
			}
		}
		if n := w.srv.Calls("views.open"); n != 3 {
			t.Errorf("views.open called %d times, want 3", n)
		}
		p["actions"] = []any{map[string]any{"action_id": "take", "value": "not ours", "action_ts": "1.1"}}
		if _, err := w.srv.Interact(p); err != nil {
			t.Fatal(err)
		}
		w.told("U2", "plus valable")
		if errs, err := w.srv.SubmitModal("U1", ""); err != nil || errs != nil {
			t.Errorf("an answer that is not required: %v %v", errs, err)
		}
		if in := w.desk.inputs(); len(in) != 1 || in[0].Text != "" || in[0].Action != "meet" {
			t.Errorf("%+v", in)
		}
	})
}

// TestRace has two staff click the same card, many times over: one wins, the
// other reads who.
func TestRace(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		winner := map[int]string{}
		round := 0
		w.desk.set(func(in flows.Input) (flows.Outcome, error) {
			if by := winner[round]; by != "" {
				return flows.Outcome{Toast: fmt.Sprintf("Déjà pris par %s, tour %d.", by, round)}, nil
			}
			winner[round] = in.Name
			return flows.Outcome{}, nil
		})
		id := w.post()
		for ; round < 25; func() { w.desk.mu.Lock(); round++; w.desk.mu.Unlock() }() {
			var both sync.WaitGroup
			for _, u := range []string{"U1", "U2"} {
				both.Go(func() {
					if err := w.srv.Click(u, id, "take"); err != nil {
						t.Error(err)
					}
				})
			}
			both.Wait()
			loser := "U1"
			if winner[round] == "Awa" {
				loser = "U2"
			}
			w.told(loser, fmt.Sprintf("Déjà pris par %s, tour %d.", winner[round], round))
		}
		if n := len(w.desk.inputs()); n != 50 {
			t.Errorf("%d inputs, want 50", n)
		}
	})
}

// TestRepeats offers the same click and the same message several times, also
// under another event id.
func TestRepeats(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		id := w.post()
		p, _ := w.srv.ClickPayload("U1", id, "take")
		for range 4 {
			if _, err := w.srv.Interact(p); err != nil {
				t.Fatal(err)
			}
		}
		_, ts, _ := splitID(id)
		ev := map[string]any{"type": "message", "channel": "CSTAFF", "user": "U1", "ts": "1700000000.000100", "thread_ts": ts, "text": "bonjour"}
		for range 4 {
			if err := w.srv.Event(ev); err != nil { // each with its own event id
				t.Fatal(err)
			}
		}
		if in := w.desk.inputs(); len(in) != 2 {
			t.Errorf("%d inputs, want 2", len(in))
		}
	})
}

// TestNoPrivateWord looks for what people wrote, and for secrets, in the log.
func TestNoPrivateWord(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		id := w.post()
		w.desk.set(func(flows.Input) (flows.Outcome, error) { return flows.Outcome{}, errors.New("CANARI-STORE") })
		if _, err := w.srv.ThreadSay("U1", id, "CANARI-TEXTE"); err == nil {
			t.Error("a message that was not stored was confirmed")
		}
		_ = w.srv.Click("U1", id, "take")
		_, _ = w.srv.ThreadSay("UOUT", id, "CANARI-DEHORS")
		w.srv.Fail("chat.postMessage", slacktest.Fault{Truncate: true}, slacktest.Fault{Status: 500}, slacktest.Fault{Error: "invalid_blocks"})
		for range 3 {
			_, err := w.ch.Deliver(t.Context(), letter(&flows.Post{Text: flows.T("CANARI-LETTRE")}))
			if err == nil || strings.Contains(err.Error(), "CANARI") {
				t.Error("error:", err)
			}
		}
		log := w.logs.String()
		cfg := w.srv.Config()
		for _, s := range []string{"CANARI", cfg.BotToken, cfg.AppToken, cfg.SigningSecret, person, "Awa", "Pré-test"} {
			if strings.Contains(log, s) {
				t.Errorf("the log holds %q", s)
			}
		}
		if raw, _ := json.Marshal(w.srv.Ephemerals("U1")); bytes.Contains(raw, []byte("CANARI")) {
			t.Error("an error was shown to staff")
		}
	})
}

// TestPermanent: an input that can never be kept is not offered for ever.
func TestPermanent(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		id := w.post()
		w.desk.set(func(flows.Input) (flows.Outcome, error) { return flows.Outcome{}, bot.ErrPermanent })
		if _, err := w.srv.ThreadSay("U1", id, "bonjour"); err != nil {
			t.Fatal(err)
		}
		if err := w.srv.Click("U2", id, "take"); err != nil {
			t.Fatal(err)
		}
		w.told("U1", "n’a pas pu traiter")
		w.told("U2", "n’a pas pu traiter")
		if w.srv.Offered() != 2 {
			t.Errorf("offered %d times", w.srv.Offered())
		}
	})
}

// TestPoorServer has a server that knows neither users.info nor history: the
// list decides alone, and an attempt that cannot be looked up is repeated.
func TestPoorServer(t *testing.T) {
	for _, f := range []slacktest.Fault{{Error: "unknown_method"}, {Status: 404}} {
		w := start(t, setup{idle: true})
		w.srv.Fail("users.info", f, f, f)
		w.srv.Fail("conversations.history", f, f)
		if _, err := w.ch.admit(t.Context(), account{team: "T1", user: "U1"}); err != nil {
			t.Errorf("%+v: %v", f, err)
		}
		if _, err := w.ch.admit(t.Context(), account{team: "T1", user: "UOUT"}); err == nil {
			t.Error("the list no longer decides")
		}
		if _, found, err := w.ch.Find(t.Context(), letter(&flows.Post{Card: card()})); found || err != nil {
			t.Errorf("%+v: %v %v", f, found, err)
		}
	}
}
