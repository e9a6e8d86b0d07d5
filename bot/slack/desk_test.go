package slack

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coopconnexion/relais/bot/slack/slacktest"
	"github.com/coopconnexion/relais/flows"
)

// both runs a test over Socket Mode and over signed HTTP.
func both(t *testing.T, f func(*testing.T, *world)) {
	t.Helper()
	for name, http := range map[string]bool{"socket": false, "http": true} {
		t.Run(name, func(t *testing.T) {
			w := start(t, setup{http: http, server: slacktest.Config{Ack: time.Second, Redeliveries: []time.Duration{0}}})
			f(t, w)
			w.flawless()
		})
	}
}

func TestClick(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		w.desk.set(func(flows.Input) (flows.Outcome, error) { return flows.Outcome{Toast: "Noté & <fini>"}, nil })
		id := w.post()
		if err := w.srv.Click("U1", id, "take"); err != nil {
			t.Fatal(err)
		}
		in := w.desk.inputs()
		if len(in) != 1 {
			t.Fatalf("%d inputs", len(in))
		}
		g := in[0]
		if g.Role != flows.RoleStaff || g.Kind != flows.KindAct || g.About != person || g.Card != "pretest" ||
			g.Action != "take" || g.Version != 3 || g.By != "U1" || g.Name != "Awa" || g.Message != id {
			t.Errorf("input %+v", g)
		}
		if !strings.HasPrefix(g.ID, "slack:act:T1:") || !strings.HasSuffix(g.ID, ":U1:take") {
			t.Errorf("id %q", g.ID)
		}
		w.told("U1", "Noté &amp; &lt;fini&gt;")
	})
}

func TestModal(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		id := w.post()
		if err := w.srv.Click("U1", id, "elsewhere"); err != nil {
			t.Fatal(err)
		}
		w.until("form", func() bool { _, ok := w.srv.Modal("U1"); return ok })
		if n := len(w.desk.inputs()); n != 0 {
			t.Fatalf("opening a form stored %d inputs", n)
		}
		errs, err := w.srv.SubmitModal("U1", "  \n ")
		if err != nil || errs[reasonBlock] != sayReason {
			t.Fatalf("empty reason: %v %v", errs, err)
		}
		errs, err = w.srv.SubmitModal("U1", " Projet <trop> loin ")
		if err != nil || len(errs) != 0 {
			t.Fatalf("submit: %v %v", errs, err)
		}
		in := w.desk.inputs()
		if len(in) != 1 || in[0].Text != "Projet <trop> loin" || in[0].Action != "elsewhere" || in[0].Version != 3 || in[0].Message != id {
			t.Fatalf("inputs %+v", in)
		}
	})
}

func TestThread(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		id := w.post()
		msg, err := w.srv.ThreadSay("U2", id, "Bonjour &amp; *bienvenue* &lt;3 <@U1> <https://a.fr|a.fr>")
		if err != nil {
			t.Fatal(err)
		}
		in := w.desk.inputs()
		if len(in) != 1 {
			t.Fatalf("%d inputs", len(in))
		}
		g := in[0]
		if g.Kind != flows.KindSay || g.ReplyTo != id || g.By != "U2" || g.Name != "Bruno" || g.Message != msg ||
			g.Text != "Bonjour & bienvenue <3 @Awa https://a.fr" {
			t.Errorf("input %+v", g)
		}
		w.until("a sign that it was passed on", func() bool {
			m := w.srv.Messages("CSTAFF")
			return len(m) == 2 && slices.Equal(m[1].Reactions, []string{"outbox_tray"})
		})
	})
}
