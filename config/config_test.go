package config

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/goccy/go-yaml"
)

// files is a file system in memory; the names are those given.
type files fstest.MapFS

func (f files) ReadFile(name string) ([]byte, error) {
	return fstest.MapFS(f).ReadFile(strings.TrimPrefix(name, "/"))
}

func (f files) Stat(name string) (fs.FileInfo, error) {
	return fstest.MapFS(f).Stat(strings.TrimPrefix(name, "/"))
}

func file(text string, mode fs.FileMode) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte(text), Mode: mode}
}

func yamlFile(text string) files { return files{DefaultFile: file(text, 0o600)} }

const (
	telegramSecret = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
	botSecret      = "xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOcHrzqqgy"
	appSecret      = "xapp-1-A0123-4567-verysecret"
)

// blocking joins the problems that keep the program from starting.
func blocking(problems []Problem) string {
	var out []string
	for _, p := range problems {
		if !p.Warning {
			out = append(out, p.String())
		}
	}
	return strings.Join(out, "\n")
}

func all(problems []Problem) string {
	var out []string
	for _, p := range problems {
		out = append(out, p.String())
	}
	return strings.Join(out, "\n")
}

func TestNothingGivenIsTheDefaults(t *testing.T) {
	c, problems := Load("", nil, files{})
	if len(problems) > 0 {
		t.Fatal(all(problems))
	}
	if c.DataDir != "./data" || c.Store.Reveal() != "badger" || c.HTTPAddr != "127.0.0.1:8081" || c.Zone.String() != "Europe/Paris" ||
		c.TelegramAPIURL != "https://api.telegram.org" || c.SlackAPIURL != "https://slack.com/api/" || c.TelegramRate != 25 ||
		c.TelegramChatRate != 1 || c.PersonRate != 60 || c.CoopName != "la coopérative" || c.CoopContact != "l'accueil de la coopérative" ||
		c.Contribution.String() != "10" || c.DueDay != 5 || c.Duty || c.LogLevel != slog.LevelInfo || c.Telegram() || c.Slack() {
		t.Errorf("%+v", c)
	}
}

func TestTheEnvironmentWinsOverTheFile(t *testing.T) {
	y := yamlFile("data_dir: /from/file\ndeclaration_due_day: 7\ncontribution: 12,5 %\ntelegram_token: 1:file\nslack_staff:\n  U1: admin\n  U2: advisor\nduty: oui\n")
	c, problems := Load("", []string{"RELAIS_DATA_DIR=/from/env", "RELAIS_TELEGRAM_TOKEN=  2:env \n", "RELAIS_COOP_NAME=", "PATH=/bin"}, y)
	if len(problems) > 0 {
		t.Fatal(all(problems))
	}
	if c.DataDir != "/from/env" || c.DueDay != 7 || c.Contribution.String() != "12.5" || c.TelegramToken.Reveal() != "2:env" ||
		c.CoopName != "la coopérative" || !c.Duty || !reflect.DeepEqual(c.SlackStaff, map[string]string{"U1": "admin", "U2": "advisor"}) {
		t.Errorf("%+v %q", c, c.TelegramToken.Reveal())
	}
}

func TestSectionsAndSequencesAreReadToo(t *testing.T) {
	y := yamlFile("telegram:\n  token: 1:file\n  chat-rate: 0,5\nslack:\n  staff: [U1=admin, U2=referent]\n  staff_channel: C1\nstaff_names: {U1: Amina B., U2: Luc}\ntimezone: \"Indian/Reunion\"\nlog_level: WARNING\nperson_rate:\n")
	c, problems := Load("", nil, y)
	if len(problems) > 0 {
		t.Fatal(all(problems))
	}
	if c.TelegramToken.Reveal() != "1:file" || c.TelegramChatRate != 0.5 || c.SlackStaff["U2"] != "referent" || c.SlackStaffChannel != "C1" ||
		c.StaffNames["U1"] != "Amina B." || c.Zone.String() != "Indian/Reunion" || c.LogLevel != slog.LevelWarn || c.PersonRate != 60 {
		t.Errorf("%+v", c)
	}
}

func TestAFileThatWasNamedMustExist(t *testing.T) {
	if _, problems := Load("other.yaml", nil, files{}); !strings.Contains(blocking(problems), "other.yaml: the settings cannot be read: there is none") {
		t.Error(all(problems))
	}
	if _, problems := Load("other.yaml", nil, files{"other.yaml": file("", 0o600)}); len(problems) > 0 {
		t.Error("an empty file: ", all(problems))
	}
}

func TestEveryProblemIsReportedAtOnce(t *testing.T) {
	y := yamlFile("data_dirr: x\ndeclaration_due_day: 31\nslack_staff: Amina=admin\nslack_team_id: workspace\n")
	_, problems := Load("", []string{"RELAIS_TIMEZONE=Europe/Lille", "RELAIS_CONTRIBUTION=beaucoup", "RELAIS_SLACK_STAF=U1=admin", "RELAIS_TELEGRAM_RATE=-1",
		"RELAIS_HTTP_ADDR=8081", "RELAIS_PERSON_RATE=many", "RELAIS_TELEGRAM_WEBHOOK_URL=https://x.example/telegram/webhook",
		"RELAIS_SLACK_STAFF_CHANNEL=#equipe", "RELAIS_DUTY=maybe", "RELAIS_LOG_LEVEL=loud", "RELAIS_STORE=sqlite", "RELAIS_CONTENT_DIR=/nowhere",
		"RELAIS_TELEGRAM_API_URL=api.telegram.org", "RELAIS_STAFF_NAMES=Amina", "RELAIS_PUBLIC_URL=http://relais.example.org"}, y)
	got := blocking(problems)
	for _, want := range []string{
		"relais.yaml, line 1: unknown setting data_dirr; did you mean data_dir?",
		"RELAIS_DECLARATION_DUE_DAY (declaration_due_day in relais.yaml, line 2): must be a whole number from 1 to 28",
		"RELAIS_SLACK_STAFF (slack_staff in relais.yaml, line 3): must name people by their Slack user id",
		"RELAIS_SLACK_TEAM_ID (slack_team_id in relais.yaml, line 4): must be the id, not the name: it starts with T or E",
		"RELAIS_TIMEZONE (timezone): is no known time zone",
		"RELAIS_CONTRIBUTION (contribution): must be a percentage",
		"RELAIS_SLACK_STAF: is no setting; did you mean RELAIS_SLACK_STAFF?",
		"RELAIS_TELEGRAM_RATE (telegram_rate): must be a number above 0",
		"RELAIS_HTTP_ADDR (http_addr): must be an address and a port",
		"RELAIS_PERSON_RATE (person_rate): must be a whole number",
		"RELAIS_TELEGRAM_WEBHOOK_SECRET (telegram_webhook_secret): missing",
		"RELAIS_SLACK_STAFF_CHANNEL (slack_staff_channel): must be the id",
		"RELAIS_DUTY (duty): must be true or false",
		"RELAIS_LOG_LEVEL (log_level): must be debug",
		"RELAIS_STORE (store): must be badger, or",
		"RELAIS_CONTENT_DIR (content_dir): the directory cannot be read: there is none",
		"RELAIS_TELEGRAM_API_URL (telegram_api_url): must be an address that starts with https://",
		"RELAIS_STAFF_NAMES (staff_names): must be a list such as",
		"RELAIS_PUBLIC_URL (public_url): must start with https://: what people answer there is private",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("missing: %s", want)
		}
	}
	if n := strings.Count(got, "\n") + 1; n != 19 {
		t.Errorf("%d problems:\n%s", n, got)
	}
}

func TestThePublicAddressIsTheStartOfALink(t *testing.T) {
	for in, want := range map[string]string{"https://relais.example.org/": "https://relais.example.org", "https://coop.example/relais": "https://coop.example/relais", "http://localhost:8081": "http://localhost:8081"} {
		if c, problems := Load("", []string{"RELAIS_PUBLIC_URL=" + in}, files{}); c.PublicURL != want || len(problems) > 0 {
			t.Errorf("%s: %q, %s", in, c.PublicURL, all(problems))
		}
	}
	for _, in := range []string{"relais.example.org", "https://", "https://a.example/?x=1", "https://a.example/#x", "https://me@a.example", "http://a.example"} {
		if c, problems := Load("", []string{"RELAIS_PUBLIC_URL=" + in}, files{}); c.PublicURL != "" || !Blocking(problems) {
			t.Errorf("%s was taken as %q", in, c.PublicURL)
		}
	}
}

func TestPercentages(t *testing.T) {
	for in, want := range map[string]string{"10%": "10", "10 %": "10", "10": "10", "12,5%": "12.5", "12.5": "12.5", "0": "0", "0.5%": "0.5", "100": "100", "10\u00a0%": "10", "7,50 %": "7.5"} {
		if got, wrong := readPercent(in, nil); got != want || wrong != "" {
			t.Errorf("%q: %q %s", in, got, wrong)
		}
	}
	for _, in := range []string{"0,1", "0.10", "-1%", "101", "ten", "%", "1e1", "10%%", "1,2,3"} {
		if got, wrong := readPercent(in, nil); wrong == "" {
			t.Errorf("%q was read as %q", in, got)
		}
	}
}

func TestTokensInTheWrongPlaceAreRecognised(t *testing.T) {
	env := []string{"RELAIS_TELEGRAM_TOKEN=" + botSecret, "RELAIS_SLACK_BOT_TOKEN=" + telegramSecret, "RELAIS_SLACK_APP_TOKEN=" + botSecret,
		"RELAIS_SLACK_SIGNING_SECRET=" + appSecret, "RELAIS_DATA_DIR=" + telegramSecret}
	_, problems := Load("", env, files{})
	got := blocking(problems)
	for _, want := range []string{
		"RELAIS_TELEGRAM_TOKEN (telegram_token): this looks like a Slack bot token; move it to RELAIS_SLACK_BOT_TOKEN",
		"RELAIS_SLACK_BOT_TOKEN (slack_bot_token): this looks like a Telegram token; move it to RELAIS_TELEGRAM_TOKEN",
		"RELAIS_SLACK_APP_TOKEN (slack_app_token): this looks like a Slack bot token",
		"RELAIS_SLACK_SIGNING_SECRET (slack_signing_secret): this looks like a Slack app token",
		"RELAIS_DATA_DIR (data_dir): this looks like a Telegram token",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("missing %q in\n%s", want, got)
		}
	}
}

func TestNoProblemShowsATokenWrittenAsAName(t *testing.T) {
	for _, token := range []string{telegramSecret, botSecret, appSecret} {
		for _, text := range []string{token + ": x", "telegram:\n  " + token + ": x\n"} {
			_, problems := Load("", nil, yamlFile(text))
			if got := all(problems); len(problems) != 1 || strings.Contains(got, token) || !strings.Contains(got, "is no setting; write") {
				t.Errorf("%q: %s", text, got)
			}
		}
	}
}

// TestNoProblemShowsAValue puts a token everywhere, in every spelling, and
// looks for it in what would be printed.
func TestNoProblemShowsAValue(t *testing.T) {
	tokens := []string{telegramSecret, botSecret, appSecret, "a secret word 77", "swordfish\x01", "U1=swordfish", "postgres://u:swordfish@"}
	for _, token := range tokens {
		var env []string
		var y strings.Builder
		for _, s := range settings() {
			env = append(env, s.env+"="+token, s.env+"_FILE="+token)
			fmt.Fprintf(&y, "%s: %q\n", s.key, token)
		}
		env = append(env, "RELAIS_"+token+"=1", "RELAIS_X="+token)
		for _, text := range []string{y.String(), token, "telegram_token " + token, "x:\n - " + token + "\n y", "telegram_token: [" + token} {
			for _, e := range [][]string{nil, env} {
				_, problems := Load("", e, yamlFile(text))
				for _, secret := range []string{token, "swordfish", "AAHdq", "pdFZKV", "verysecret", "word 77"} {
					if strings.Contains(all(problems), secret) {
						t.Fatalf("%q is shown for %q:\n%s", secret, text, all(problems))
					}
				}
			}
		}
	}
}

func TestASecretIsNeverPrinted(t *testing.T) {
	c, _ := Load("", []string{"RELAIS_TELEGRAM_TOKEN=" + telegramSecret}, files{})
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "token", c.TelegramToken, "config", c)
	j, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	y, err := yaml.Marshal(struct{ T Secret }{c.TelegramToken})
	if err != nil {
		t.Fatal(err)
	}
	out := log.String() + string(j) + string(y)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		out += fmt.Sprintf(verb, c.TelegramToken) + fmt.Sprintf(verb, c) + fmt.Sprintf(verb, &c.TelegramToken) + fmt.Sprintf(verb, struct{ t Secret }{c.TelegramToken})
	}
	if strings.Contains(out, "AAHdq") || strings.Contains(out, fmt.Sprintf("%x", "AAHdq")) {
		t.Error(out)
	}
	if c.TelegramToken.Reveal() != telegramSecret || c.SlackAppToken.String() != "[not set]" || !c.TelegramToken.IsSet() {
		t.Error("the value is lost")
	}
}

func TestASecretMayBeAFile(t *testing.T) {
	f := files{"run/token": file("\ufeff "+telegramSecret+"\r\n", 0o600), "run/open": file("word", 0o644), "run/empty": file("\n", 0o600)}
	c, problems := Load("", []string{"RELAIS_TELEGRAM_TOKEN_FILE=/run/token", "RELAIS_SLACK_SIGNING_SECRET_FILE=/run/open"}, f)
	if c.TelegramToken.Reveal() != telegramSecret || c.SlackSigningSecret.Reveal() != "word" || Blocking(problems) {
		t.Error(all(problems))
	}
	if len(problems) != 1 || !strings.HasPrefix(problems[0].String(), "warning: RELAIS_SLACK_SIGNING_SECRET_FILE (slack_signing_secret_file): everybody") {
		t.Error(all(problems))
	}
	_, problems = Load("", []string{"RELAIS_TELEGRAM_TOKEN_FILE=/run/none", "RELAIS_SLACK_BOT_TOKEN_FILE=/run/empty", "RELAIS_SLACK_APP_TOKEN_FILE=" + appSecret,
		"RELAIS_SLACK_SIGNING_SECRET=x", "RELAIS_SLACK_SIGNING_SECRET_FILE=/run/token"}, f)
	for _, want := range []string{"RELAIS_TELEGRAM_TOKEN_FILE (telegram_token_file): the file cannot be read: there is none", "RELAIS_SLACK_BOT_TOKEN_FILE (slack_bot_token_file): the file is empty",
		"RELAIS_SLACK_APP_TOKEN_FILE (slack_app_token_file): must be the path of a file", "given twice, directly and as a file"} {
		if !strings.Contains(blocking(problems), want) {
			t.Errorf("missing %q in\n%s", want, all(problems))
		}
	}
	y := files{DefaultFile: file("telegram_token_file: run/token\n", 0o644), "run/token": f["run/token"]}
	if c, problems = Load("", nil, y); c.TelegramToken.Reveal() != telegramSecret || len(problems) > 0 {
		t.Error(all(problems))
	}
	if c, _ = Load("", []string{"RELAIS_TELEGRAM_TOKEN=3:env"}, y); c.TelegramToken.Reveal() != "3:env" {
		t.Error("a file named in relais.yaml beat the environment")
	}
}

func TestASettingsFileWithSecretsShouldBePrivate(t *testing.T) {
	_, problems := Load("", nil, files{DefaultFile: file("telegram_token: 1:abc\n", 0o644)})
	if len(problems) != 1 || !problems[0].Warning || !strings.Contains(problems[0].String(), "chmod 600") {
		t.Error(all(problems))
	}
	if _, problems = Load("", nil, files{DefaultFile: file("store: badger\ndata_dir: x\n", 0o644)}); len(problems) != 0 {
		t.Error(all(problems))
	}
}

func TestTheMasterKeyFile(t *testing.T) {
	key := strings.Repeat("k", 32)
	good := base64.StdEncoding.EncodeToString([]byte(key))
	for name, c := range map[string]struct {
		file *fstest.MapFile
		want string // part of the only problem
	}{
		"good":           {file(good+"\n", 0o600), ""},
		"read only":      {file(good, 0o400), ""},
		"no padding":     {file(strings.TrimRight(good, "="), 0o600), ""},
		"URL alphabet":   {file(base64.RawURLEncoding.EncodeToString([]byte(key)), 0o600), ""},
		"world-readable": {file(good, 0o644), "chmod 600"},
		"group-readable": {file(good, 0o640), "warning: RELAIS_MASTER_KEY_FILE (master_key_file): the group"},
		"short":          {file(base64.StdEncoding.EncodeToString([]byte("short")), 0o600), "32 bytes in base64"},
		"not base64":     {file("*** "+key, 0o600), "32 bytes in base64"},
		"missing":        {nil, "to make one"},
	} {
		f := files{"etc/key": c.file}
		if c.file == nil {
			delete(f, "etc/key")
		}
		_, problems := Load("", []string{"RELAIS_MASTER_KEY_FILE=/etc/key"}, f)
		if got := all(problems); (c.want == "") != (got == "") || !strings.Contains(got, c.want) || len(problems) > 1 || strings.Contains(got, good) {
			t.Errorf("%s: %s", name, got)
		}
	}
	b, err := MasterKey(files{"etc/key": file(good, 0o600)}, "/etc/key")
	if string(b) != key || err != nil {
		t.Error(err)
	}
	_, problems := Load("", []string{"RELAIS_MASTER_KEY_FILE=/var/relais/key", "RELAIS_DATA_DIR=/var/relais"}, files{"var/relais/key": file(good, 0o600)})
	if len(problems) != 1 || !strings.Contains(all(problems), "lies in the data directory") {
		t.Error(all(problems))
	}
}

func TestUnknownVariables(t *testing.T) {
	for name, want := range map[string]string{
		"RELAIS_TELEGRAM_TOKN":         "RELAIS_TELEGRAM_TOKN: is no setting; did you mean RELAIS_TELEGRAM_TOKEN?",
		"RELAIS_TELEGRAM_BOT_TOKEN":    "RELAIS_TELEGRAM_BOT_TOKEN: is no setting; did you mean RELAIS_TELEGRAM_TOKEN?",
		"RELAIS_MASTER_KEY":            "RELAIS_MASTER_KEY: is no setting; did you mean RELAIS_MASTER_KEY_FILE?",
		"RELAIS_SLACK_TOKEN":           "RELAIS_SLACK_TOKEN: is no setting; did you mean RELAIS_SLACK_BOT_TOKEN?",
		"RELAIS_DATA_DIR_FILE":         "RELAIS_DATA_DIR_FILE: is no setting",
		"RELAIS_data_dir":              "RELAIS_data_dir: is no setting; did you mean RELAIS_DATA_DIR?",
		"RELAIS_BIN":                   "warning: RELAIS_BIN: is no setting; remove it",
		"RELAIS_WHATEVER_ELSE":         "warning: RELAIS_WHATEVER_ELSE: is no setting; remove it",
		"RELAIS_SERVICE_HOST":          "",
		"RELAIS_PORT_8081_TCP_ADDR":    "",
		"RELAIS_FAULT":                 "",
		"RELAIS_TELEGRAM_TOKEN_FILE_X": "RELAIS_TELEGRAM_TOKEN_FILE_X: is no setting; did you mean RELAIS_TELEGRAM_TOKEN_FILE?",
	} {
		_, problems := Load("", []string{name + "=x"}, files{})
		if got := all(problems); !strings.HasPrefix(got, want) || (want == "") != (got == "") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestFilesThatAreNoSettings(t *testing.T) {
	for text, want := range map[string]string{
		"data_dir: x\n\ttabs: y\n":                    "relais.yaml, line 2: is not YAML here",
		"- data_dir\n":                                "relais.yaml, line 1: is not a list of settings",
		"just words":                                  "relais.yaml, line 1: is not a list of settings",
		"data_dir: [a, b]":                            "RELAIS_DATA_DIR (data_dir in relais.yaml, line 1): must be a plain value",
		"data_dir: {a: b}":                            "RELAIS_DATA_DIR (data_dir in relais.yaml, line 1): must be a plain value",
		"data_dir: &x y\n":                            "must be a plain value",
		"data_dir: a\n---\nstore: b\n":                "a second document",
		"data_dir: a\nstore: badger\ndata_dir: b\n":   "line 3): is given a second time (first, line 1); keep one",
		"telegrm:\n  token: x\n":                      "unknown setting telegrm",
		"telegram:\n  tokn: x\n":                      "line 2: unknown setting telegram_tokn; did you mean telegram_token?",
		"RELAIS_DATA_DIR: x\n":                        "unknown setting RELAIS_DATA_DIR; did you mean data_dir?",
		"telegram:\n  deep:\n    token: x":            "unknown setting telegram_deep",
		"telegram_token: 1:a\ntelegram_token_file: x": "is given twice, directly and as a file",
	} {
		_, problems := Load("", nil, yamlFile(text))
		if got := blocking(problems); !strings.Contains(got, want) || len(problems) != 1 {
			t.Errorf("%q: %s", text, got)
		}
	}
	if _, problems := Load("", nil, yamlFile("\ufeff# nothing\n\n---\n# still nothing\n")); len(problems) > 0 {
		t.Error(all(problems))
	}
}

func TestServeNeedsAChannel(t *testing.T) {
	base := []string{"RELAIS_MASTER_KEY_FILE=/k"}
	telegram := "RELAIS_TELEGRAM_TOKEN=1:abc"
	slack := []string{"RELAIS_SLACK_BOT_TOKEN=xoxb-1", "RELAIS_SLACK_APP_TOKEN=xapp-1", "RELAIS_SLACK_TEAM_ID=T1", "RELAIS_SLACK_STAFF_CHANNEL=C1", "RELAIS_SLACK_STAFF=U1=admin"}
	for name, c := range map[string]struct {
		env  []string
		want []string
	}{
		"nothing":            {nil, []string{"RELAIS_TELEGRAM_TOKEN (telegram_token): missing"}},
		"telegram":           {append(base, telegram), nil},
		"slack":              {append(slack, base...), nil},
		"both":               {append(append(slack, base...), telegram), nil},
		"slack, http":        {append(base, slack[0], "RELAIS_SLACK_SIGNING_SECRET=abc", slack[2], slack[3], slack[4]), nil},
		"half of slack":      {append(base, telegram, slack[0]), []string{"RELAIS_SLACK_APP_TOKEN", "RELAIS_SLACK_STAFF_CHANNEL", "RELAIS_SLACK_TEAM_ID", "RELAIS_SLACK_STAFF"}},
		"slack, no token":    {append(base, telegram, slack[3]), []string{"RELAIS_SLACK_BOT_TOKEN"}},
		"only a team and id": {append(base, telegram, slack[2]), nil},
	} {
		cfg, _ := Load("", c.env, files{})
		got := cfg.RequireServe()
		if len(got) != len(c.want) {
			t.Errorf("%s: %s", name, all(got))
			continue
		}
		for i, w := range c.want {
			if !strings.HasPrefix(got[i].String(), w) {
				t.Errorf("%s: %s", name, all(got))
			}
		}
	}
}

func TestWebhooks(t *testing.T) {
	for env, want := range map[string]string{
		"RELAIS_TELEGRAM_WEBHOOK_URL=http://relais.example.org/telegram/webhook":  "must start with https://",
		"RELAIS_TELEGRAM_WEBHOOK_URL=http://127.0.0.1:9/telegram/webhook":         "",
		"RELAIS_TELEGRAM_WEBHOOK_URL=https://relais.example.org/telegram/webhook": "",
		"RELAIS_TELEGRAM_WEBHOOK_SECRET=pas d'espace":                             "must be 1 to 256 letters",
	} {
		_, problems := Load("", []string{env, "RELAIS_TELEGRAM_WEBHOOK_SECRET_X=", "RELAIS_TELEGRAM_WEBHOOK_SECRET=word"}[:2], files{})
		if want == "" {
			want = "RELAIS_TELEGRAM_WEBHOOK_SECRET (telegram_webhook_secret): missing"
		}
		if got := blocking(problems); !strings.Contains(got, want) {
			t.Errorf("%s: %s", env, got)
		}
	}
	_, problems := Load("", []string{"RELAIS_TELEGRAM_WEBHOOK_SECRET=word"}, files{})
	if len(problems) != 1 || !problems[0].Warning {
		t.Error(all(problems))
	}
}

// TestTheTagsAreWhole keeps the struct and its manual together.
func TestTheTagsAreWhole(t *testing.T) {
	contract := strings.Fields(`DATA_DIR STORE HTTP_ADDR TIMEZONE CONTENT_DIR MASTER_KEY_FILE TELEGRAM_TOKEN TELEGRAM_API_URL TELEGRAM_WEBHOOK_URL
		TELEGRAM_WEBHOOK_SECRET TELEGRAM_RATE TELEGRAM_CHAT_RATE PERSON_RATE SLACK_BOT_TOKEN SLACK_APP_TOKEN SLACK_API_URL SLACK_SIGNING_SECRET
		SLACK_STAFF_CHANNEL SLACK_CARE_CHANNEL SLACK_TEAM_ID SLACK_STAFF COOP_NAME CONTRIBUTION DECLARATION_DUE_DAY
		COOP_CONTACT DUTY STAFF_NAMES LOG_LEVEL PUBLIC_URL`)
	table := Table()
	for _, name := range contract {
		if !strings.Contains(table, "| `RELAIS_"+name+"` | `"+strings.ToLower(name)+"` |") {
			t.Errorf("%s is not in the table", name)
		}
	}
	for _, s := range settings() {
		name, _, _ := strings.Cut(s.check, " ")
		if s.doc == "" || s.group == "" || readers[name] == nil || (s.def == "" && s.sample == "") {
			t.Errorf("%s: a tag is missing", s.env)
		}
		if _, wrong := s.read(s.def); s.def != "" && wrong != "" {
			t.Errorf("%s: the default is refused: %s", s.env, wrong)
		}
	}
	if len(settings()) != len(contract) {
		t.Error("a setting is not in the contract")
	}
}

// TestTheExampleIsAValidFile loads it as it is, and with every default
// uncommented; the file kept in the repository is the same.
func TestTheExampleIsAValidFile(t *testing.T) {
	if c, problems := Load("", nil, yamlFile(Example())); len(problems) > 0 || c.DueDay != 5 {
		t.Error(all(problems))
	}
	open := Example()
	for _, s := range settings() {
		if s.def != "" {
			open = strings.Replace(open, "\n#"+s.key+": ", "\n"+s.key+": ", 1)
		}
	}
	plain, _ := Load("", nil, files{})
	c, problems := Load("", nil, yamlFile(open))
	if len(problems) > 0 || fmt.Sprint(c) != fmt.Sprint(plain) {
		t.Errorf("%s\n%+v", all(problems), c)
	}
	if b, err := os.ReadFile("relais.example.yaml"); err != nil || string(b) != Example() {
		t.Errorf("relais.example.yaml is not what Example writes: %v", err)
	}
}

func TestTheServiceFileNamesOnlySettings(t *testing.T) {
	b, err := os.ReadFile("relais.service")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range regexp.MustCompile(`RELAIS_[A-Z_]+`).FindAllString(string(b), -1) {
		if _, _, ok := named(settings(), keyOf(name)); !ok {
			t.Errorf("%s is no setting", name)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("data_dir: x\n", "RELAIS_DATA_DIR=y")
	f.Add(Example(), "RELAIS_SLACK_STAFF=U1=admin,,U2=advisor")
	f.Add("slack_staff: {U1: admin}\ntelegram: {token: \"1:a\"}\n", "RELAIS_X")
	f.Add("a: &a\n  <<: *a\n", "RELAIS_CONTRIBUTION=,")
	f.Fuzz(func(t *testing.T, text, env string) {
		c, problems := Load("", []string{env}, yamlFile(text))
		if c.Zone == nil || c.DueDay < 1 || c.DueDay > 28 || c.TelegramRate <= 0 || c.HTTPAddr == "" || c.Contribution.IsNegative() || !c.Store.IsSet() {
			t.Errorf("%+v", c)
		}
		for _, p := range problems {
			if p.Text == "" || strings.ContainsRune(p.String(), '\n') {
				t.Errorf("%q", p.String())
			}
		}
	})
}
