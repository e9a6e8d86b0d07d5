package telegram

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/coopconnexion/relais/flows"
)

var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

func quiet(t testing.TB) *Channel {
	t.Helper()
	c, err := New(Options{Token: "42:ABC", APIURL: "http://127.0.0.1:1", Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// asInput reads one update given as JSON.
func asInput(t testing.TB, c *Channel, raw string) (flows.Input, bool) {
	t.Helper()
	u, err := parseUpdate([]byte(raw))
	if err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return c.input(t.Context(), u)
}

func private(content string) string {
	return `{"update_id":7,"message":{"message_id":5,"date":1,"chat":{"id":99,"type":"private"},` +
		`"from":{"id":99,"is_bot":false,"first_name":"Léa"},` + content + `}}`
}

func TestMessagesBecomeInputs(t *testing.T) {
	c := quiet(t)
	for _, tc := range []struct {
		name, content string
		kind          flows.Kind
		text, code    string
	}{
		{"text", `"text":"bonjour"`, flows.KindText, "bonjour", ""},
		{"forwarded text", `"text":"bonjour","forward_origin":{"type":"new_kind_of_origin"}`, flows.KindText, "bonjour", ""},
		{"reply", `"text":"oui","reply_to_message":{"message_id":1}`, flows.KindText, "oui", ""},
		{"NFD becomes NFC", `"text":"e\u0301te\u0301"`, flows.KindText, "été", ""},
		{"lone surrogate", `"text":"a\ud83db"`, flows.KindText, "a\uFFFDb", ""},
		{"NUL and controls", `"text":"a\u0000b\u0007c\r\nd\te"`, flows.KindText, "abc\nd\te", ""},
		{"override", `"text":"\u202egnp.exe\u202c"`, flows.KindText, "gnp.exe", ""},
		{"emoji family", `"text":"👩‍👩‍👧‍👦"`, flows.KindText, "👩‍👩‍👧‍👦", ""},
		{"command", `"text":"/aide"`, flows.KindText, "/aide", ""},
		{"command with name", `"text":"/aide@relais_bot"`, flows.KindText, "/aide", ""},
		{"command with argument", `"text":"/declarer@relais_bot 1 234,56"`, flows.KindText, "/declarer 1 234,56", ""},
		{"start", `"text":"/start"`, flows.KindText, "/start", ""},
		{"start with code", `"text":"/start aBc-12_3"`, flows.KindText, "/start", "aBc-12_3"},
		{"start with name and code", `"text":"/start@relais_bot aBc"`, flows.KindText, "/start", "aBc"},
		{"start with spaces", `"text":"/START   aBc  "`, flows.KindText, "/start", "aBc"},
		{"start with a long code", `"text":"/start ` + strings.Repeat("é", 100) + `"`, flows.KindText, "/start", strings.Repeat("é", 64)},
		{"started is no start", `"text":"/started abc"`, flows.KindText, "/started abc", ""},
		{"slash", `"text":"/"`, flows.KindText, "/", ""},
		{"wrong entity", `"text":"/s","entities":[{"type":"bot_command","offset":0,"length":60}]`, flows.KindText, "/s", ""},
		{"via a robot", `"text":"x","via_bot":{"id":1,"is_bot":true}`, flows.KindUnsupported, "other", ""},
		{"sticker", `"sticker":{"file_id":"s"}`, flows.KindUnsupported, "sticker", ""},
		{"voice", `"voice":{"file_id":"s"}`, flows.KindUnsupported, "voice", ""},
		{"video", `"video":{"file_id":"s"},"caption":"x"`, flows.KindUnsupported, "video", ""},
		{"video note", `"video_note":{"file_id":"s"}`, flows.KindUnsupported, "video", ""},
		{"location", `"location":{"latitude":1}`, flows.KindUnsupported, "location", ""},
		{"venue", `"venue":{"title":"x"},"location":{"latitude":1}`, flows.KindUnsupported, "location", ""},
		{"contact", `"contact":{"phone_number":"1"}`, flows.KindUnsupported, "contact", ""},
		{"audio", `"audio":{"file_id":"s"}`, flows.KindUnsupported, "audio", ""},
		{"animation", `"animation":{"file_id":"s"},"document":{"file_id":"s"}`, flows.KindUnsupported, "animation", ""},
		{"poll", `"poll":{"id":"1"}`, flows.KindUnsupported, "poll", ""},
		{"dice", `"dice":{"value":1}`, flows.KindUnsupported, "other", ""},
		{"a kind of the future", `"hologram":{"x":1}`, flows.KindUnsupported, "other", ""},
	} {
		in, ok := asInput(t, c, private(tc.content))
		if !ok || in.Kind != tc.kind || in.Text != tc.text || in.Code != tc.code {
			t.Errorf("%s: %t %+v", tc.name, ok, in)
		}
		if in.ID != "telegram:42:update:7" || in.From != (flows.Account{Channel: "telegram", ID: "99"}) ||
			in.Role != flows.RolePerson || in.Message != "5" || in.Name != "Léa" || !in.At.Equal(noon) {
			t.Errorf("%s: frame of %+v", tc.name, in)
		}
	}
}

func TestUpdatesThatAreNotForUs(t *testing.T) {
	c := quiet(t)
	for name, raw := range map[string]string{
		"group":           `{"update_id":7,"message":{"message_id":5,"chat":{"id":-1,"type":"group"},"from":{"id":9},"text":"x"}}`,
		"channel":         `{"update_id":7,"message":{"message_id":5,"chat":{"id":-1,"type":"channel"},"text":"x"}}`,
		"robot":           `{"update_id":7,"message":{"message_id":5,"chat":{"id":9,"type":"private"},"from":{"id":9,"is_bot":true},"text":"x"}}`,
		"group edit":      `{"update_id":7,"edited_message":{"message_id":5,"chat":{"id":-1,"type":"group"},"from":{"id":9},"text":"x"}}`,
		"moving location": `{"update_id":7,"edited_message":{"message_id":5,"chat":{"id":9,"type":"private"},"from":{"id":9},"location":{}}}`,
		"group tap":       `{"update_id":7,"callback_query":{"id":"1","from":{"id":9},"message":{"message_id":5,"chat":{"id":-1,"type":"group"}},"data":"x"}}`,
		"group member":    `{"update_id":7,"my_chat_member":{"chat":{"id":-1,"type":"group"},"new_chat_member":{"status":"left"}}}`,
		"unknown kind":    `{"update_id":7,"business_message":{"message_id":5}}`,
		"pinned":          private(`"pinned_message":{"message_id":1}`),
		"auto delete":     private(`"message_auto_delete_timer_changed":{"message_auto_delete_time":1}`),
	} {
		if in, ok := asInput(t, c, raw); ok {
			t.Errorf("%s became %+v", name, in)
		}
	}
}

func TestFilesEditsTapsAndMembers(t *testing.T) {
	c := quiet(t)
	in, _ := asInput(t, c, private(`"caption":"mes frais","photo":[{"file_id":"s","width":90,"height":60,"file_size":10},{"file_id":"l","width":900,"height":600,"file_size":100},{"file_id":"m","width":300,"height":200,"file_size":50}]`))
	if in.Kind != flows.KindFile || in.Text != "mes frais" || in.File == nil ||
		*in.File != (flows.FileRef{Channel: "telegram", ID: "l", Name: "photo.jpg", Mime: "image/jpeg", Size: 100, Photo: true}) {
		t.Errorf("photo: %+v %+v", in, in.File)
	}
	for given, want := range map[string]string{
		"facture.pdf": "facture.pdf", `..\\..\\x.pdf`: "x.pdf", "/etc/passwd": "passwd", "": "document",
		"a\\u202efdp.exe": "afdp.exe", "..": "..", "a\\nb": "a b",
	} {
		in, _ = asInput(t, c, private(`"document":{"file_id":"d","file_name":"`+given+`","mime_type":"application/pdf","file_size":3000000000}`))
		if in.Kind != flows.KindFile || in.File.Name != want || in.File.Size != 3_000_000_000 {
			t.Errorf("document %q: %+v", given, in.File)
		}
	}
	in, ok := asInput(t, c, `{"update_id":8,"edited_message":{"message_id":5,"chat":{"id":9,"type":"private"},"from":{"id":9,"first_name":"A"},"text":"1 300"}}`)
	if !ok || in.Kind != flows.KindEdit || in.Text != "1 300" || in.Message != "5" {
		t.Errorf("edit: %+v", in)
	}
	in, ok = asInput(t, c, `{"update_id":8,"callback_query":{"id":"1","from":{"id":9,"first_name":"A"},"message":{"message_id":5,"chat":{"id":9,"type":"private"}},"data":"q:1"}}`)
	if !ok || in.Kind != flows.KindTap || in.Button != "q:1" || in.Message != "5" || in.From.ID != "9" {
		t.Errorf("tap: %+v", in)
	}
	in, ok = asInput(t, c, `{"update_id":8,"callback_query":{"id":"1","from":{"id":9},"data":"q:1"}}`)
	if !ok || in.Kind != flows.KindTap || in.From.ID != "9" {
		t.Errorf("tap on a message that is no more: %+v", in)
	}
	for status, want := range map[string]flows.Kind{"kicked": flows.KindGone, "member": flows.KindBack} {
		in, ok = asInput(t, c, `{"update_id":8,"my_chat_member":{"chat":{"id":9,"type":"private"},"from":{"id":9},"new_chat_member":{"status":"`+status+`"}}}`)
		if !ok || in.Kind != want || in.From.ID != "9" {
			t.Errorf("%s: %+v", status, in)
		}
	}
}

func TestNames(t *testing.T) {
	for given, want := range map[string]string{
		"  Léa \n Martin ": "Léa Martin", "<b>x</b>": "<b>x</b>", "a\u202eb\u200bc\u0000d": "abcd",
		"e\u0301": "é", strings.Repeat("a", 500): strings.Repeat("a", 64), "\u200e\u200f": "", "محمد": "محمد",
	} {
		if got := cleanName(given); got != want {
			t.Errorf("cleanName(%q) = %q, want %q", given, got, want)
		}
	}
}

func FuzzCleanText(f *testing.F) {
	for _, s := range []string{"", "été", "a\x00b", "\xff\xfe", "e" + strings.Repeat("\u0301", 200), "\u202ex"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := cleanText(s)
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\x00\x07\u202e\u2066") || !norm.NFC.IsNormalString(got) {
			t.Errorf("cleanText(%q) = %q", s, got)
		}
		if name := cleanName(s); utf8.RuneCountInString(name) > maxName || strings.ContainsAny(name, "\n\x00\u202e") {
			t.Errorf("cleanName(%q) = %q", s, name)
		}
	})
}

func FuzzUpdate(f *testing.F) {
	f.Add([]byte(private(`"text":"x"`)))
	f.Add([]byte(`{"update_id":7,"callback_query":{"id":"1","from":{"id":9},"data":"q:1"}}`))
	f.Add([]byte(`{"update_id":1,"message":null}`))
	f.Add([]byte(`[]`))
	c := quiet(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		u, err := parseUpdate(raw)
		if err != nil {
			return
		}
		in, ok := c.input(t.Context(), u)
		if ok && (in.Kind == "" || in.ID == "" || in.From.ID == "") {
			t.Errorf("%s -> %+v", raw, in)
		}
		if _, err := json.Marshal(in); err != nil {
			t.Error(err)
		}
	})
}

func TestWordsBesideAVideoAreKept(t *testing.T) {
	c := quiet(t)
	in, ok := asInput(t, c, private(`"video":{"file_id":"s"},"caption":"je n'en peux plus"`))
	if !ok || in.Text != "video" || in.Fields[CaptionField] != "je n'en peux plus" {
		t.Errorf("%+v", in)
	}
	if in, _ = asInput(t, c, private(`"voice":{"file_id":"s"}`)); in.Fields != nil {
		t.Errorf("%+v", in)
	}
}

func TestOptionsThatCannotWork(t *testing.T) {
	for name, o := range map[string]Options{
		"no token":      {Token: " "},
		"no secret":     {Token: "1:x", WebhookURL: "https://x.fr"},
		"wrong secret":  {Token: "1:x", WebhookURL: "https://x.fr", WebhookSecret: "é"},
		"spaced secret": {Token: "1:x", WebhookURL: "https://x.fr", WebhookSecret: "a b"},
	} {
		if _, err := New(o); err == nil || strings.Contains(err.Error(), "1:x") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUnreadableUpdateStillHasItsID(t *testing.T) {
	u, err := parseUpdate([]byte(`{"update_id":12,"message":{"message_id":"not a number"}}`))
	if err == nil || u.ID != 12 {
		t.Errorf("%+v %v", u, err)
	}
}

func ExampleChannel_Pace() {
	c, _ := New(Options{Token: "42:ABC"})
	fmt.Printf("%+v\n", c.Pace())
	// Output: {PerSecond:25 Reserve:10 PerAddress:1 Burst:5}
}
