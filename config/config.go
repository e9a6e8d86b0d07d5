// Package config holds the settings of one installation. One struct is
// everything: the tags of a field are its names, its default, its check and its
// page of the manual. [Load] reads relais.yaml and the environment (the
// environment wins) and reports every problem at once; [Table] and [Example]
// write the manual from the same tags.
//
// No value of a secret, nor any value that could be a secret in the wrong
// place, is ever part of a [Problem].
package config

import (
	"log/slog"
	"time"
	_ "time/tzdata" // RELAIS_TIMEZONE must be known on machines without zone files

	"github.com/shopspring/decimal"
)

// Config is the settings of one installation. The tags of a field:
//
//   - env: its name in the environment; in relais.yaml it is the same without
//     RELAIS_ and in lower case
//   - envDefault: what holds when it is not given
//   - check: how its text is read, see check.go
//   - group and doc: the manual
//   - sample: what the generated example shows when there is no default
//
// A field of type [Secret] may also be given as the path of a file, by the
// same name with _FILE (in relais.yaml: _file).
type Config struct {
	DataDir       string `env:"RELAIS_DATA_DIR" envDefault:"./data" check:"place" group:"Store" doc:"Directory of the store."`
	Store         Secret `env:"RELAIS_STORE" envDefault:"badger" check:"store" sample:"postgres://relais@db/relais" group:"Store" doc:"The engine: badger (embedded), or the address of a PostgreSQL database."`
	MasterKeyFile string `env:"RELAIS_MASTER_KEY_FILE" check:"text 4096" sample:"/etc/relais/master.key" group:"Store" doc:"File with the master key: 32 random bytes in base64, mode 0600, kept and backed up apart from the data directory. Without it nothing can be read. Not set: master.key in the data directory, made at the first start, which is good for a trial only."`
	ContentDir    string `env:"RELAIS_CONTENT_DIR" check:"dir" sample:"/etc/relais/content" group:"Store" doc:"Directory of texts, questionnaires and fact sheets that replace the embedded ones, file by file."`

	CoopName     string            `env:"RELAIS_COOP_NAME" envDefault:"la coopérative" check:"text 80" group:"The co-operative" doc:"Its name, as people read it in a sentence."`
	CoopContact  string            `env:"RELAIS_COOP_CONTACT" envDefault:"l'accueil de la coopérative" check:"text 200" group:"The co-operative" doc:"How to reach a human without the assistant (a place, a telephone number), as people read it in a sentence."`
	Contribution decimal.Decimal   `env:"RELAIS_CONTRIBUTION" envDefault:"10%" check:"percent" group:"The co-operative" doc:"The co-operative's share of the revenue."`
	DueDay       int               `env:"RELAIS_DECLARATION_DUE_DAY" envDefault:"5" check:"int 1 28" group:"The co-operative" doc:"Day of the next month on which a declaration is due (1 to 28)."`
	Zone         *time.Location    `env:"RELAIS_TIMEZONE" envDefault:"Europe/Paris" check:"zone" group:"The co-operative" doc:"Time zone of the calendar and of the speaking hours."`
	Duty         bool              `env:"RELAIS_DUTY" envDefault:"false" check:"bool" group:"The co-operative" doc:"true when somebody of the team answers a page about a crisis at any hour. People are promised a call back only then."`
	StaffNames   map[string]string `env:"RELAIS_STAFF_NAMES" envKeyValSeparator:"=" check:"names" sample:"U123=Amina,U456=Luc" group:"The co-operative" doc:"First names of staff, as people read them, by Slack user id."`

	TelegramToken         Secret  `env:"RELAIS_TELEGRAM_TOKEN" check:"telegram" sample:"123456:ABC…" group:"Telegram" doc:"The bot's token, given by @BotFather. Empty: no Telegram."`
	TelegramAPIURL        string  `env:"RELAIS_TELEGRAM_API_URL" envDefault:"https://api.telegram.org" check:"url" group:"Telegram" doc:"Where the Bot API answers."`
	TelegramWebhookURL    string  `env:"RELAIS_TELEGRAM_WEBHOOK_URL" check:"https" sample:"https://relais.example.org/telegram/webhook" group:"Telegram" doc:"Public address at which Telegram reaches us. Empty: long polling, which needs no public address."`
	TelegramWebhookSecret Secret  `env:"RELAIS_TELEGRAM_WEBHOOK_SECRET" check:"webhooksecret" sample:"a-long-random-word" group:"Telegram" doc:"Word that comes with each webhook call: 1 to 256 letters, digits, _ and -. Needed with a webhook address."`
	TelegramRate          float64 `env:"RELAIS_TELEGRAM_RATE" envDefault:"25" check:"rate 100000" group:"Telegram" doc:"Messages a second to all chats together. Telegram allows about 30."`
	TelegramChatRate      float64 `env:"RELAIS_TELEGRAM_CHAT_RATE" envDefault:"1" check:"rate 100000" group:"Telegram" doc:"Messages a second to one chat, after a burst of 5."`
	PersonRate            int     `env:"RELAIS_PERSON_RATE" envDefault:"60" check:"int 0 1000000" group:"Telegram" doc:"Inputs a minute from one person before the flood guard speaks once and counts. 0: off."`

	SlackBotToken      Secret            `env:"RELAIS_SLACK_BOT_TOKEN" check:"token xoxb-" sample:"xoxb-…" group:"Slack" doc:"Bot User OAuth Token of the Slack app. Empty: no Slack."`
	SlackAppToken      Secret            `env:"RELAIS_SLACK_APP_TOKEN" check:"token xapp-" sample:"xapp-…" group:"Slack" doc:"App-Level Token with connections:write, for Socket Mode (no public address needed)."`
	SlackSigningSecret Secret            `env:"RELAIS_SLACK_SIGNING_SECRET" check:"secret" sample:"0123…" group:"Slack" doc:"Signing Secret of the app. When set, Slack calls /slack/events, /slack/interactions and /slack/commands instead of Socket Mode."`
	SlackAPIURL        string            `env:"RELAIS_SLACK_API_URL" envDefault:"https://slack.com/api/" check:"url" group:"Slack" doc:"Where the Web API answers."`
	SlackTeamID        string            `env:"RELAIS_SLACK_TEAM_ID" check:"id TE" sample:"T0123456" group:"Slack" doc:"The only workspace that is heard."`
	SlackStaffChannel  string            `env:"RELAIS_SLACK_STAFF_CHANNEL" check:"id CG" sample:"C0123456" group:"Slack" doc:"Id of the channel of cards and threads."`
	SlackCareChannel   string            `env:"RELAIS_SLACK_CARE_CHANNEL" check:"id CG" sample:"C0456789" group:"Slack" doc:"Id of the private channel of requests for contact. Empty: the staff channel."`
	SlackStaff         map[string]string `env:"RELAIS_SLACK_STAFF" envKeyValSeparator:"=" check:"staff" sample:"U123=admin,U456=advisor,U789=referent" group:"Slack" doc:"Who may act: Slack user id = admin, advisor or referent. Nobody else can do anything."`

	HTTPAddr  string     `env:"RELAIS_HTTP_ADDR" envDefault:"127.0.0.1:8081" check:"addr" group:"Process" doc:"Address of /healthz, /readyz, /metrics, the webhooks and the private page."`
	PublicURL string     `env:"RELAIS_PUBLIC_URL" check:"public" sample:"https://relais.example.org" group:"Process" doc:"The https address under which people reach RELAIS_HTTP_ADDR, through a proxy that passes /prive/ on (nothing else is needed from outside, webhooks apart) and does not log it. Members answer longer questions and see their own curve there. Empty: no private page, these questions are asked in the conversation."`
	LogLevel  slog.Level `env:"RELAIS_LOG_LEVEL" envDefault:"info" check:"level" group:"Process" doc:"debug, info, warn or error. No level ever writes what people say."`
}

// Telegram reports whether people can be heard on Telegram.
func (c Config) Telegram() bool { return c.TelegramToken.IsSet() }

// Slack reports whether staff can be heard on Slack.
func (c Config) Slack() bool { return c.SlackBotToken.IsSet() }

// RequireServe lists what is missing for relais serve: at least one of
// Telegram and Slack, whole.
func (c Config) RequireServe() []Problem {
	var out []Problem
	need := func(ok bool, env, fix string) {
		if !ok {
			out = append(out, missing(env, fix))
		}
	}
	if !c.Telegram() && !c.Slack() {
		need(false, "RELAIS_TELEGRAM_TOKEN", "give the token of @BotFather, or RELAIS_SLACK_BOT_TOKEN, or both")
	}
	if !c.Slack() {
		need(!c.SlackAppToken.IsSet() && !c.SlackSigningSecret.IsSet() && c.SlackStaffChannel == "" && len(c.SlackStaff) == 0,
			"RELAIS_SLACK_BOT_TOKEN", "other settings of Slack are given; give the Bot User OAuth Token (xoxb-…), or remove them")
		return out
	}
	need(c.SlackAppToken.IsSet() || c.SlackSigningSecret.IsSet(), "RELAIS_SLACK_APP_TOKEN",
		"give the App-Level Token (xapp-…) for Socket Mode, or RELAIS_SLACK_SIGNING_SECRET for HTTP events")
	need(c.SlackStaffChannel != "", "RELAIS_SLACK_STAFF_CHANNEL", "give the id of the staff channel (C…)")
	need(c.SlackTeamID != "", "RELAIS_SLACK_TEAM_ID", "give the id of the workspace (T…)")
	need(len(c.SlackStaff) > 0, "RELAIS_SLACK_STAFF", "name who may act, for example U123=admin")
	return out
}

// makeKey makes a master key file.
const makeKey = "(umask 077; head -c 32 /dev/urandom | base64 > master.key)"
