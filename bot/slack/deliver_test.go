package slack

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/bot/slack/slacktest"
	"github.com/coopconnexion/relais/flows"
)

func idle(t *testing.T) *world { return start(t, setup{idle: true}) }

func TestCardAndThread(t *testing.T) {
	w := idle(t)
	id := w.post()
	m := w.srv.Messages("CSTAFF")[0]
	if m.ID() != id || m.Blocks[0].Type != "header" || m.Blocks[0].Text.Text != "Pré-test : Léa & <Tom>" {
		t.Fatalf("card %+v", m)
	}
	if want := "*Profil* : prête\nDit : &lt;!channel&gt; &amp; `" + gap + "code`" + gap; m.Blocks[1].Text.Text != want || !m.Blocks[1].Text.Verbatim {
		t.Errorf("body %q", m.Blocks[1].Text.Text)
	}
	if !strings.Contains(m.Text, "Pré-test : Léa &amp; &lt;Tom&gt;") {
		t.Errorf("fallback %q", m.Text)
	}
	if b, ok := m.Button("take"); !ok || b.Style != "primary" || b.Label() != "Prendre en charge" {
		t.Errorf("button %+v", b)
	}
	line := letter(&flows.Post{Key: "l1", Thread: "pretest", Text: flows.T("Bonjour <!here>\nmerci"), FromPerson: true})
	line.Target = id
	got := w.deliver(line)
	lines := w.srv.Messages("CSTAFF")
	if lines[1].ID() != got || lines[1].Thread != m.TS || lines[1].Text != "&gt; Bonjour &lt;!here&gt;\n&gt; merci" {
		t.Errorf("line %+v", lines[1])
	}
	// Without a known card, the line is still shown.
	lost := letter(&flows.Post{Key: "l2", Thread: "gone", Text: flows.T("seul")})
	w.deliver(lost)
	if last := w.srv.Messages("CSTAFF")[2]; last.Thread != "" {
		t.Errorf("line without a card %+v", last)
	}
	react := flows.Letter{Op: flows.OpReact, To: flows.DeskStaff, React: &flows.React{Message: got, Emoji: "👀"}}
	w.deliver(react)
	w.deliver(react) // already there: no error
	if r := w.srv.Messages("CSTAFF")[1].Reactions; !slices.Equal(r, []string{"eyes"}) {
		t.Errorf("reactions %v", r)
	}
	w.flawless()
}

func TestUpdate(t *testing.T) {
	w := idle(t)
	id := w.post()
	k := card()
	k.Actions, k.Version = nil, 4
	up := letter(&flows.Post{Key: "pretest", Update: true, Card: k})
	up.Target = id
	if got := w.deliver(up); got != "" {
		t.Errorf("an update made a message: %q", got)
	}
	m := w.srv.Messages("CSTAFF")
	if len(m) != 1 || m[0].Edits != 1 {
		t.Fatalf("messages %+v", m)
	}
	if _, ok := m[0].Button("take"); ok {
		t.Error("the buttons stayed")
	}
	// Somebody deleted the card, or nobody knows it: it is shown anew.
	w.srv.Vanish(id)
	again := w.deliver(up)
	if again == "" || again == id {
		t.Errorf("posted anew as %q", again)
	}
	up.Target = ""
	if w.deliver(up) == again {
		t.Error("an unknown target must be posted anew")
	}
	// A thread that is no more does not swallow a line.
	line := letter(&flows.Post{Key: "l", Thread: "pretest", Text: flows.T("encore")})
	line.Target = id
	w.deliver(line)
	w.flawless()
}

func TestRooms(t *testing.T) {
	w := idle(t)
	l := letter(&flows.Post{Key: "contact/1", Card: card()})
	l.To = flows.DeskCare
	if id := w.deliver(l); !strings.HasPrefix(id, "CCARE:") {
		t.Errorf("care went to %q", id)
	}
	w.ch.opt.CareChannel = ""
	if id := w.deliver(l); !strings.HasPrefix(id, "CSTAFF:") {
		t.Errorf("without a care channel it went to %q", id)
	}
	var rejected *bot.RejectedError
	for _, bad := range []flows.Letter{
		{Op: flows.OpPost, To: flows.Account{Channel: "desk", ID: "cellar"}, Post: &flows.Post{Text: flows.T("x")}},
		{Op: flows.OpPost, To: flows.DeskStaff, Post: &flows.Post{}},
		{Op: flows.OpPost, To: flows.DeskStaff, Post: &flows.Post{Card: &flows.Card{}}},
		{Op: flows.OpFetch, To: flows.DeskStaff, Fetch: &flows.Fetch{}},
		{Op: flows.OpReact, React: &flows.React{Message: "nonsense"}},
	} {
		if _, err := w.ch.Deliver(t.Context(), bad); !errors.As(err, &rejected) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	send := flows.Letter{Op: flows.OpSend, To: flows.DeskStaff, Send: &flows.Send{Text: flows.T("Bilan")}}
	id := w.deliver(send)
	edit := flows.Letter{Op: flows.OpEdit, To: flows.DeskStaff, Edit: &flows.Edit{Text: flows.T("Bilan 2")}, Target: id}
	w.deliver(edit)
	edit.Target = ""
	w.deliver(edit)
	w.flawless()
}

func TestErrors(t *testing.T) {
	retry := func(all bool, after time.Duration) func(error) bool {
		return func(err error) bool {
			var r *bot.RetryError
			return errors.As(err, &r) && r.All == all && r.After == after
		}
	}
	rejected := func(err error) bool { var r *bot.RejectedError; return errors.As(err, &r) }
	stop := func(err error) bool { return errors.Is(err, bot.ErrStop) }
	ambiguous := func(err error) bool {
		var r *bot.RetryError
		return err != nil && !errors.As(err, &r) && !rejected(err) && !stop(err)
	}
	for name, c := range map[string]struct {
		fault slacktest.Fault
		ok    func(error) bool
	}{
		"429":             {slacktest.Fault{Status: 429, RetryAfter: 7}, retry(true, 7*time.Second)},
		"429 without":     {slacktest.Fault{Status: 429}, retry(true, 30*time.Second)},
		"ratelimited":     {slacktest.Fault{Error: "ratelimited"}, retry(true, 30*time.Second)},
		"not in channel":  {slacktest.Fault{Error: "not_in_channel"}, retry(false, time.Minute)},
		"wrong address":   {slacktest.Fault{Status: 404}, retry(true, time.Minute)},
		"500":             {slacktest.Fault{Status: 500}, ambiguous},
		"502":             {slacktest.Fault{Status: 502}, ambiguous},
		"fatal_error":     {slacktest.Fault{Error: "fatal_error"}, ambiguous},
		"dropped":         {slacktest.Fault{Drop: true}, ambiguous},
		"truncated":       {slacktest.Fault{Truncate: true}, ambiguous},
		"hangs":           {slacktest.Fault{Hang: true}, ambiguous},
		"invalid_auth":    {slacktest.Fault{Error: "invalid_auth"}, stop},
		"inactive":        {slacktest.Fault{Error: "account_inactive"}, stop},
		"revoked":         {slacktest.Fault{Error: "token_revoked"}, stop},
		"missing_scope":   {slacktest.Fault{Error: "missing_scope"}, stop},
		"401":             {slacktest.Fault{Status: 401}, stop},
		"no channel":      {slacktest.Fault{Error: "channel_not_found"}, rejected},
		"archived":        {slacktest.Fault{Error: "is_archived"}, rejected},
		"invalid_blocks":  {slacktest.Fault{Error: "invalid_blocks"}, rejected},
		"msg_too_long":    {slacktest.Fault{Error: "msg_too_long"}, rejected},
		"something other": {slacktest.Fault{Error: "restricted_action"}, rejected},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, setup{idle: true, timing: func(t *timing) { t.call = 300 * time.Millisecond }})
			w.srv.Fail("chat.postMessage", c.fault)
			_, err := w.ch.Deliver(t.Context(), letter(&flows.Post{Key: "k", Text: flows.T("mot secret")}))
			if !c.ok(err) {
				t.Errorf("%T %v", err, err)
			}
			if err != nil && (strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "xoxb") || strings.Contains(err.Error(), "127.0.0.1")) {
				t.Errorf("the error tells too much: %v", err)
			}
		})
	}
}

func TestNotConnected(t *testing.T) {
	w := idle(t)
	l := letter(&flows.Post{Key: "k", Text: flows.T("x")})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var retry *bot.RetryError
	if _, err := w.ch.Deliver(ctx, l); !errors.As(err, &retry) {
		t.Errorf("a call that never left: %v", err)
	}
	w.srv.Close()
	retry = nil
	if _, err := w.ch.Deliver(t.Context(), l); !errors.As(err, &retry) || !retry.All {
		t.Errorf("refused: %v", err)
	}
	// A transport that tells nothing leaves the outcome unknown.
	w.ch.opt.HTTPClient.Transport = mute{}
	var r *bot.RetryError
	if _, err := w.ch.Deliver(t.Context(), l); err == nil || errors.As(err, &r) {
		t.Errorf("a mute transport: %v", err)
	}
}

type mute struct{}

func (mute) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("who knows") }

func TestFindBeforeResend(t *testing.T) {
	w := start(t, setup{idle: true, timing: func(t *timing) { t.call = 300 * time.Millisecond }})
	id := w.post()
	thread := letter(&flows.Post{Key: "l", Thread: "pretest", Text: flows.T("bonjour")})
	thread.Target = id
	file := letter(&flows.Post{Key: "f", Thread: "pretest", Text: flows.T("pièce"), Blob: "b1", FileName: "facture.pdf"})
	file.Target = id
	top := letter(&flows.Post{Key: "pretest2", Card: card()})
	lost := letter(&flows.Post{Key: "pretest3", Update: true, Card: card()})
	for name, c := range map[string]struct {
		l      flows.Letter
		method string
	}{
		"card": {top, "chat.postMessage"}, "line": {thread, "chat.postMessage"},
		"file": {file, "files.completeUploadExternal"}, "card that was lost": {lost, "chat.postMessage"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, found, err := w.ch.Find(t.Context(), c.l); err != nil || found {
				t.Fatalf("found before it was sent: %v", err)
			}
			w.srv.Fail(c.method, slacktest.Fault{Drop: true})
			before := len(w.srv.Messages("CSTAFF"))
			if _, err := w.ch.Deliver(t.Context(), c.l); err == nil {
				t.Fatal("a lost answer is no success")
			}
			got, found, err := w.ch.Find(t.Context(), c.l)
			all := w.srv.Messages("CSTAFF")
			if err != nil || !found || len(all) != before+1 || got != all[len(all)-1].ID() {
				t.Errorf("found %v %q %v among %d", found, got, err, len(all))
			}
			// The attempt that never arrived is not found.
			w.srv.Fail(c.method, slacktest.Fault{Status: 500})
			c.l.ID += 1000
			if _, err := w.ch.Deliver(t.Context(), c.l); err == nil {
				t.Fatal("a 500 is no success")
			}
			if _, found, err := w.ch.Find(t.Context(), c.l); err != nil || found {
				t.Errorf("found what never arrived: %v", err)
			}
		})
	}
	up := letter(&flows.Post{Key: "pretest", Update: true, Card: card()})
	up.Target = id
	for _, l := range []flows.Letter{up, {Op: flows.OpReact, React: &flows.React{Message: id}}, {Op: flows.OpPost}} {
		if _, found, err := w.ch.Find(t.Context(), l); found || err != nil {
			t.Errorf("edits may be repeated: %v", err)
		}
	}
	w.srv.Fail("conversations.history", slacktest.Fault{Status: 502})
	if _, _, err := w.ch.Find(t.Context(), top); err == nil {
		t.Error("a look-up that failed found nothing, which proves nothing")
	}
	w.flawless()
}

// TestFindAmongMany reads several pages, and a store whose clock is ahead.
func TestFindAmongMany(t *testing.T) {
	w := idle(t)
	l := letter(&flows.Post{Key: "k", Card: card()})
	l.Created = time.Now().AddDate(1, 0, 0)
	id := w.deliver(l)
	for range 220 {
		w.deliver(letter(&flows.Post{Key: "x", Text: flows.T("autre")}))
	}
	if got, found, err := w.ch.Find(t.Context(), l); !found || got != id || err != nil {
		t.Errorf("%q %v %v", got, found, err)
	}
	other := l
	other.Created = l.Created.Add(time.Second) // the same number in another store
	if _, found, _ := w.ch.Find(t.Context(), other); found {
		t.Error("another store's letter was taken for ours")
	}
}

// TestLongLetter splits what one message cannot hold, and resends only what
// is missing.
func TestLongLetter(t *testing.T) {
	w := idle(t)
	l := letter(&flows.Post{Key: "k", Card: card()})
	l.Post.Card.Body = flows.T(strings.Repeat("Une phrase assez longue. ", 1000))
	w.srv.Fail("chat.postMessage", slacktest.Fault{}, slacktest.Fault{Status: 500})
	if _, err := w.ch.Deliver(t.Context(), l); err == nil {
		t.Fatal("the second part failed")
	}
	if _, found, _ := w.ch.Find(t.Context(), l); found {
		t.Error("half a letter is not found")
	}
	l.Attempts, l.Ambiguous = 2, true
	id := w.deliver(l)
	m := w.srv.Messages("CSTAFF")
	if len(m) != 3 || m[0].ID() != id || m[1].Thread != m[0].TS || m[2].Thread != m[0].TS {
		t.Fatalf("%d messages", len(m))
	}
	var all strings.Builder
	for _, part := range m {
		for _, b := range part.Blocks {
			if b.Type == "section" {
				all.WriteString(b.Text.Text)
			}
		}
	}
	if n := strings.Count(all.String(), "Une phrase assez longue."); n != 1000 {
		t.Errorf("%d sentences of 1000", n)
	}
	if got, found, err := w.ch.Find(t.Context(), l); !found || got != id || err != nil {
		t.Errorf("find %q %v %v", got, found, err)
	}
	w.flawless()
}

func TestFiles(t *testing.T) {
	w := idle(t)
	id := w.post()
	l := letter(&flows.Post{Key: "f", Thread: "pretest", Text: flows.T("Ma <facture>"), FromPerson: true, Blob: "b1", FileName: "../ma facture.pdf"})
	l.Target = id
	got := w.deliver(l)
	m := w.srv.Messages("CSTAFF")[1]
	if got != m.ID() || m.Thread == "" || m.Text != "&gt; Ma &lt;facture&gt;" || string(m.Files[0].Data) != "PDF" || m.Files[0].Title != "..-ma facture.pdf" {
		t.Errorf("%q %+v", got, m)
	}
	if n := m.Files[0].Name; !strings.HasSuffix(n, ".pdf") || strings.Contains(n, "/") {
		t.Errorf("name %q", n)
	}
	// The file may still be on its way; later, the text goes alone.
	l = letter(&flows.Post{Key: "g", Thread: "pretest", Text: flows.T("La suite"), Blob: "b2", FileName: "x.pdf"})
	l.Target = id
	var retry *bot.RetryError
	if _, err := w.ch.Deliver(t.Context(), l); !errors.As(err, &retry) || retry.All {
		t.Errorf("a file on its way: %v", err)
	}
	l.Attempts = blobTries
	w.deliver(l)
	if last := w.srv.Messages("CSTAFF")[2]; !strings.Contains(last.Text, "La suite") || len(last.Files) != 0 {
		t.Errorf("text without its file: %+v", last)
	}
	// A step that shows nothing may be repeated.
	l = letter(&flows.Post{Key: "h", Thread: "pretest", Blob: "b1", FileName: ""})
	l.Target = id
	w.srv.Fail("files.getUploadURLExternal", slacktest.Fault{Drop: true})
	if _, err := w.ch.Deliver(t.Context(), l); !errors.As(err, &retry) {
		t.Errorf("an interrupted upload: %v", err)
	}
	w.deliver(l)
	w.flawless()
}
