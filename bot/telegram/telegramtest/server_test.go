package telegramtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// answerOf is what the API says.
type answerOf struct {
	OK         bool              `json:"ok"`
	Code       int               `json:"error_code"`
	Text       string            `json:"description"`
	Result     json.RawMessage   `json:"result"`
	Parameters map[string]int    `json:"parameters"`
	updates    []json.RawMessage // of getUpdates
}

func call(t *testing.T, s *Server, method, body string) answerOf {
	t.Helper()
	resp, err := http.Post(s.URL+"/bot"+s.Token+"/"+method, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var a answerOf
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		t.Fatal(err)
	}
	_ = json.Unmarshal(a.Result, &a.updates) // only an array is one
	return a
}

func start(t *testing.T, o Options) *Server {
	t.Helper()
	s := New(o)
	t.Cleanup(s.Close)
	return s
}

func TestMarkupThatTelegramRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                        "plain",
		"<b>a</b> &amp; &lt;b&gt;":     "a & <b>",
		"<b><i>a</i></b>":              "a",
		`<a href="https://x.fr">a</a>`: "a",
		"&quot;&#233;":                 `"é`,
	} {
		if got, _, err := ParseHTML(in); err != nil || got != want {
			t.Errorf("%q: %q %v", in, got, err)
		}
	}
	for _, in := range []string{
		"a < b", "a > b", "a & b", "&nbsp;", "<p>x</p>", "<b>x", "x</b>", "<b><i>x</b></i>", "<b", `<a href='x'>x</a>`,
		`<b class="x">y</b>`, "<script>", `<a href="x" onclick="y">x</a>`,
	} {
		if got, _, err := ParseHTML(in); err == nil {
			t.Errorf("%q is taken for %q", in, got)
		}
	}
}

func TestLimits(t *testing.T) {
	s := start(t, Options{Rate: -1, ChatRate: -1})
	s.Say(1, "x")
	send := func(fields map[string]any) answerOf {
		fields["chat_id"] = 1
		b, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		return call(t, s, "sendMessage", string(b))
	}
	keyboard := func(data string) map[string]any {
		return map[string]any{"inline_keyboard": [][]map[string]any{{{"text": "x", "callback_data": data, "copy_text": map[string]any{"text": ""}}}}}
	}
	good := []map[string]any{
		{"text": strings.Repeat("x", 4096)},
		{"text": "<b>" + strings.Repeat("x", 4096) + "</b>", "parse_mode": "HTML"},
		{"text": "x", "reply_markup": keyboard(strings.Repeat("x", 64))},
	}
	for i, f := range good {
		if a := send(f); !a.OK {
			t.Errorf("good %d: %s", i, a.Text)
		}
	}
	if v := s.Violations(); len(v) > 0 {
		t.Errorf("violations %v", v)
	}
	bad := []map[string]any{
		{"text": strings.Repeat("x", 4097)}, {"text": strings.Repeat("👍", 2049)}, {"text": ""}, {"text": " \n"},
		{"text": "<x>", "parse_mode": "HTML"}, {"text": "x", "parse_mode": "Markdown"},
		{"text": "x", "reply_markup": keyboard(strings.Repeat("x", 65))}, {"text": "x", "reply_markup": keyboard("")},
	}
	for i, f := range bad {
		if a := send(f); a.OK || a.Code != 400 {
			t.Errorf("bad %d: %+v", i, a)
		}
	}
	if a := call(t, s, "sendMessage", `{"chat_id":99,"text":"x"}`); a.Code != 400 {
		t.Errorf("unknown chat: %+v", a)
	}
	if a := call(t, s, "sendMesage", `{}`); a.Code != 404 {
		t.Errorf("unknown method: %+v", a)
	}
	if v := s.Violations(); len(v) != len(bad)+2 {
		t.Errorf("%d violations of %d: %v", len(v), len(bad)+2, v)
	}
}

func TestEdits(t *testing.T) {
	s := start(t, Options{})
	mine := s.Say(1, "x").Message
	call(t, s, "sendMessage", `{"chat_id":1,"text":"a"}`)
	id := s.FromBot(1)[0].ID
	for _, c := range []struct {
		id   int
		text string
		want string
	}{
		{id, "b", ""}, {id, "b", "not modified"}, {9999, "b", "message to edit not found"}, {mine, "b", "can't be edited"},
	} {
		a := call(t, s, "editMessageText", fmt.Sprintf(`{"chat_id":1,"message_id":%d,"text":%q}`, c.id, c.text))
		if a.OK != (c.want == "") || !strings.Contains(a.Text, c.want) {
			t.Errorf("%d %q: %+v", c.id, c.text, a)
		}
	}
}

func TestOffsetsConfirmAndTheRestComesAgain(t *testing.T) {
	s := start(t, Options{MaxPoll: time.Millisecond})
	var ids []int64
	for range 3 {
		ids = append(ids, s.Say(1, "x").Update)
	}
	poll := func(offset int64) int {
		return len(call(t, s, "getUpdates", fmt.Sprintf(`{"offset":%d}`, offset)).updates)
	}
	for i, c := range []struct {
		offset int64
		want   int
	}{{0, 3}, {0, 3}, {ids[0] + 1, 2}, {0, 2}, {-1, 1}, {ids[2] + 1, 0}, {0, 0}} {
		if got := poll(c.offset); got != c.want {
			t.Errorf("poll %d: %d updates, want %d", i, got, c.want)
		}
	}
	s.Redeliver(ids[0])
	if got := poll(ids[2] + 1); got != 1 {
		t.Errorf("delivered again: %d", got)
	}
	if got := poll(ids[2] + 1); got != 0 || s.Pending() != 0 {
		t.Errorf("confirmed again: %d", got)
	}
}

func TestSecondPollerEvictsTheFirst(t *testing.T) {
	s := start(t, Options{})
	first := make(chan answerOf, 1)
	go func() { first <- call(t, s, "getUpdates", `{"timeout":30}`) }()
	if err := s.Wait(t.Context(), func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.poller != nil }); err != nil {
		t.Fatal(err)
	}
	s.Say(2, "x") // ends the second poll at once, if the first does not take it
	second := call(t, s, "getUpdates", `{"timeout":0}`)
	if a := <-first; a.Code != 409 && len(a.updates) == 0 {
		t.Errorf("first poller: %+v", a)
	}
	if !second.OK {
		t.Errorf("second poller: %+v", second)
	}
}

func TestUpdatesExpire(t *testing.T) {
	var offset atomic.Int64
	s := start(t, Options{MaxPoll: time.Millisecond, Now: func() time.Time { return time.Unix(1_800_000_000, 0).Add(time.Duration(offset.Load())) }})
	m := s.Say(1, "x").Message
	tap := s.Tap(1, m, "d")
	offset.Store(int64(149 * time.Second))
	if s.Pending() != 2 {
		t.Errorf("%d updates after 149 s", s.Pending())
	}
	offset.Store(int64(151 * time.Second))
	if s.Pending() != 1 {
		t.Errorf("%d updates after 151 s: the tap must be gone", s.Pending())
	}
	if a := call(t, s, "answerCallbackQuery", fmt.Sprintf(`{"callback_query_id":%q}`, tap.ID)); a.OK || !strings.Contains(a.Text, "too old") {
		t.Errorf("answer to an old tap: %+v", a)
	}
	offset.Store(int64(25 * time.Hour))
	if s.Pending() != 0 {
		t.Error("a message is older than a day")
	}
}

func TestRates(t *testing.T) {
	var offset atomic.Int64
	s := start(t, Options{Now: func() time.Time { return time.Unix(1_800_000_000, 0).Add(time.Duration(offset.Load())) }})
	for c := range int64(40) {
		s.Say(c+1, "x")
	}
	send := func(chat int) answerOf {
		return call(t, s, "sendMessage", fmt.Sprintf(`{"chat_id":%d,"text":"x"}`, chat))
	}
	for range 10 {
		if a := send(1); !a.OK {
			t.Fatalf("within the burst: %+v", a)
		}
	}
	if a := send(1); a.Code != 429 || a.Parameters["retry_after"] < 1 {
		t.Errorf("eleventh to one chat: %+v", a)
	}
	offset.Store(int64(10 * time.Second))
	n := 0
	for c := range 40 {
		if send(c + 1).OK {
			n++
		}
	}
	if n != 30 {
		t.Errorf("%d of 40 at once", n)
	}
	if s.Limited() != 11 || len(s.Violations()) != 0 {
		t.Errorf("limited %d, violations %v", s.Limited(), s.Violations())
	}
}

func TestWebhookDelivers(t *testing.T) {
	s := start(t, Options{})
	var n atomic.Int64
	got := make(chan string, 10)
	hook := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable) // tried again at once
			return
		}
		got <- r.Header.Get("X-Telegram-Bot-Api-Secret-Token")
	})}
	l := listen(t)
	go func() { _ = hook.Serve(l) }()
	t.Cleanup(func() { _ = hook.Close() })
	call(t, s, "setWebhook", fmt.Sprintf(`{"url":"http://%s/","secret_token":"s3cret","allowed_updates":["message"]}`, l.Addr()))
	s.Say(1, "x")
	s.Tap(1, 1, "not asked for")
	if secret := <-got; secret != "s3cret" {
		t.Errorf("secret %q", secret)
	}
	if err := s.Wait(t.Context(), func() bool { return s.Pending() == 0 }); err != nil {
		t.Error(err)
	}
	if a := call(t, s, "getUpdates", `{}`); a.Code != 409 {
		t.Errorf("polling beside a webhook: %+v", a)
	}
	call(t, s, "deleteWebhook", `{}`)
	if a := call(t, s, "getUpdates", `{}`); !a.OK {
		t.Errorf("polling after the webhook: %+v", a)
	}
}

func TestPeople(t *testing.T) {
	s := start(t, Options{})
	s.Say(1, "x")
	call(t, s, "sendMessage", `{"chat_id":1,"text":"?","reply_markup":"{\"inline_keyboard\":[[{\"text\":\"Oui\",\"callback_data\":\"o\"}]]}"}`)
	tap, err := s.Press(1, "Oui")
	if err != nil || tap.Data != "o" {
		t.Fatal(err)
	}
	if _, err := s.Press(1, "Non"); err == nil {
		t.Error("a button that is not there was pressed")
	}
	call(t, s, "answerCallbackQuery", fmt.Sprintf(`{"callback_query_id":%q,"text":"Noté"}`, tap.ID))
	if got := s.Taps(1); len(got) != 1 || got[0].Toast != "Noté" {
		t.Errorf("%+v", got)
	}
	s.Block(1)
	if a := call(t, s, "sendMessage", `{"chat_id":1,"text":"x"}`); a.Code != 403 {
		t.Errorf("blocked: %+v", a)
	}
	call(t, s, "leaveChat", `{"chat_id":-3}`)
	if !slices.Contains(s.Left(), -3) {
		t.Error("not left")
	}
}
