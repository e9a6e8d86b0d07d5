// Package telegram carries messages between people and the assistant over the
// Telegram Bot API.
//
// The intake is our own: an update is confirmed to Telegram (the polling offset
// moves, or the webhook answers 200) only once the store has it on disk. The
// library go-telegram/bot gives the types and the method calls; its own loop
// confirms before it handles, so it is not used. Only private chats are
// listened to.
package telegram

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	tg "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/flows"
)

// Name is the channel's name in accounts and files.
const Name = "telegram"

// DefaultAPI is where Telegram's own Bot API answers.
const DefaultAPI = "https://api.telegram.org"

// Options is what the channel is made of. Only Token is required.
type Options struct {
	Token  string
	APIURL string // default DefaultAPI
	// Rate is messages a second to everybody (default 25), ChatRate to one chat
	// (default 1, after a burst of 5).
	Rate, ChatRate float64
	// WebhookURL is where Telegram reaches us; empty: long polling.
	WebhookURL string
	// WebhookSecret must come with each webhook call (1-256 of A-Z a-z 0-9 _ -).
	WebhookSecret string
	HTTPClient    *http.Client // its Timeout is ignored: each call has its own
	Blobs         bot.Blobs    // opens files to send; nil: letters with a file are refused
	Logger        *slog.Logger
	Now           func() time.Time
	// Alarm is told, with a fixed code, what a person should look at. May be nil.
	Alarm func(code string)
	// Late says that a reply to this account will leave only in some seconds:
	// the text then gets an emoji at once. May be nil.
	Late func(flows.Account) bool
}

// Channel is the Telegram channel. Make it with New.
type Channel struct {
	opt    Options
	botID  int64
	client *http.Client
	api    *tg.Bot

	intake  atomic.Pointer[bot.Intake]
	answers chan answer
	parts   partMemory
	poison  poisonCount
	leaving sync.Map // groups that are being left, by id

	meMu sync.Mutex
	me   string
}

// secretForm is what Telegram accepts as a webhook secret.
var secretForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)

// New makes the channel. It makes no call yet.
func New(o Options) (*Channel, error) {
	o.Token = strings.TrimSpace(o.Token)
	if o.Token == "" {
		return nil, errors.New("telegram: the token is empty: set RELAIS_TELEGRAM_TOKEN")
	}
	if o.WebhookURL != "" && !secretForm.MatchString(o.WebhookSecret) {
		return nil, errors.New("telegram: a webhook needs a secret of 1 to 256 letters, digits, _ or -: set RELAIS_TELEGRAM_WEBHOOK_SECRET")
	}
	if o.APIURL == "" {
		o.APIURL = DefaultAPI
	}
	o.APIURL = strings.TrimRight(strings.TrimSpace(o.APIURL), "/")
	if o.Rate <= 0 {
		o.Rate = 25
	}
	if o.ChatRate <= 0 {
		o.ChatRate = 1
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	c := &Channel{opt: o, client: newClient(o.HTTPClient), answers: make(chan answer, 4096)}
	id, _, _ := strings.Cut(o.Token, ":")
	c.botID, _ = strconv.ParseInt(id, 10, 64)
	api, err := tg.New(o.Token, tg.WithSkipGetMe(), tg.WithServerURL(o.APIURL),
		tg.WithHTTPClient(time.Minute, c.client), tg.WithErrorsHandler(func(error) {}))
	if err != nil {
		return nil, errors.New("telegram: the token is not usable")
	}
	c.api = api
	return c, nil
}

// Name implements [bot.Channel].
func (c *Channel) Name() string { return Name }

// Pace is how fast Telegram may be spoken to with these options: 10 messages a
// second are kept for replies, or two fifths of a smaller or larger rate.
func (c *Channel) Pace() bot.Pace {
	return bot.Pace{
		PerSecond: c.opt.Rate, Reserve: c.opt.Rate * 2 / 5,
		PerAddress: c.opt.ChatRate, Burst: 5,
	}
}

// Me returns the bot's user name, for deep links. It is asked once.
func (c *Channel) Me(ctx context.Context) (string, error) {
	c.meMu.Lock()
	defer c.meMu.Unlock()
	if c.me != "" {
		return c.me, nil
	}
	var u *models.User
	err := c.call(ctx, callTimeout, func(ctx context.Context) (err error) {
		u, err = c.api.GetMe(ctx)
		return err
	})
	if err != nil {
		return "", err
	}
	c.me = u.Username
	return c.me, nil
}

// Run receives updates until ctx ends. It implements [bot.Channel].
func (c *Channel) Run(ctx context.Context, in bot.Intake) error {
	c.intake.Store(&in)
	defer c.intake.Store(nil)
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	for range answerers {
		wg.Go(func() { c.answerLoop(ctx) })
	}
	defer wg.Wait()
	defer cancel()
	if err := c.prepare(ctx); err != nil {
		return err
	}
	wg.Go(func() { c.setCommands(ctx) })
	if c.opt.WebhookURL != "" {
		<-ctx.Done()
		return nil
	}
	return c.poll(ctx, in)
}

// allowed are the updates we ask for.
var allowed = []string{"message", "edited_message", "callback_query", "my_chat_member"}

// prepare sets the way updates come in. A webhook must be set, so it insists;
// polling begins even when taking an old webhook away failed: if there was one,
// the first poll says so.
func (c *Channel) prepare(ctx context.Context) error {
	if c.opt.WebhookURL == "" {
		err := c.dropWebhook(ctx)
		if errors.Is(err, bot.ErrStop) {
			c.alarm("token")
			return err
		}
		if err != nil && ctx.Err() == nil {
			c.opt.Logger.Warn("telegram: webhook not removed", "cause", err.Error())
		}
		return nil
	}
	return c.insist(ctx, "setWebhook", func(ctx context.Context) error {
		_, err := c.api.SetWebhook(ctx, &tg.SetWebhookParams{
			URL: c.opt.WebhookURL, SecretToken: c.opt.WebhookSecret, AllowedUpdates: allowed,
		})
		return err
	})
}

// dropWebhook takes an old webhook away, keeping the updates that wait.
func (c *Channel) dropWebhook(ctx context.Context) error {
	return c.call(ctx, callTimeout, func(ctx context.Context) error {
		_, err := c.api.DeleteWebhook(ctx, &tg.DeleteWebhookParams{})
		return err
	})
}

// setCommands shows the menu beside the text field; without it everything works.
func (c *Channel) setCommands(ctx context.Context) {
	err := c.call(context.WithoutCancel(ctx), endTimeout, func(ctx context.Context) error {
		_, err := c.api.SetMyCommands(ctx, &tg.SetMyCommandsParams{Commands: commands()})
		return err
	})
	if err != nil && ctx.Err() == nil {
		c.opt.Logger.Warn("telegram: commands not set", "cause", err.Error())
	}
}

// commands is the menu that Telegram shows beside the text field.
func commands() []models.BotCommand {
	return []models.BotCommand{
		{Command: "menu", Description: "Voir ce que je peux faire"},
		{Command: "declarer", Description: "Déclarer mon mois"},
		{Command: "aide", Description: "Obtenir de l'aide"},
		{Command: "pause", Description: "Continuer plus tard"},
		{Command: "annuler", Description: "Arrêter ce qui est en cours"},
		{Command: "mesdonnees", Description: "Voir ou effacer mes données"},
	}
}

// insist repeats a call until it succeeds; it gives up only when ctx ends or
// Telegram refuses us.
func (c *Channel) insist(ctx context.Context, what string, f func(context.Context) error) error {
	for n := 1; ; n++ {
		err := c.call(ctx, callTimeout, f)
		if err == nil || ctx.Err() != nil {
			return nil
		}
		if errors.Is(err, bot.ErrStop) {
			c.alarm("token")
			return err
		}
		c.opt.Logger.Warn("telegram: call failed, trying again", "call", what, "cause", err.Error())
		pause := wait(n)
		var retry *bot.RetryError
		if errors.As(err, &retry) && retry.After > pause {
			pause = min(retry.After, time.Hour)
		}
		rest(ctx, pause)
	}
}

func (c *Channel) alarm(code string) {
	if c.opt.Alarm != nil {
		c.opt.Alarm(code)
	}
}

// rest waits, and reports false when ctx ended first.
func rest(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
