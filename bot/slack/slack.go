// Package slack is the desk of the staff on Slack: cards with decisions, one
// thread per person, and nothing else.
//
// # How staff use it
//
// A card arrives in the staff channel (or, for requests for contact, in the
// care channel). Its buttons decide; a button that needs a reason opens a
// form. What staff write in the thread of a card goes to the person, and is
// marked 📤 once it was passed on. Three things are never sent: a message that
// starts with "//" or "!" is an internal note, marked 🔒 (a later line that
// starts so is left out); files; and whatever is written outside a thread.
//
// # What is promised
//
// An event is confirmed to Slack only after [bot.Intake] has it on disk. The
// ids of inputs are the same at each delivery, so the store counts an event
// once. Who may act is decided on the team and the user id of Slack's own
// payload, never on a name. Every letter carries its id in the message's
// metadata, so that an attempt of unknown outcome can be looked up ([Channel.Find]).
package slack

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"io"
	"log"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	goslack "github.com/slack-go/slack"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/flows"
)

// Options is what a Channel needs. BotToken and StaffChannel are required, and
// one of AppToken (Socket Mode) and SigningSecret (HTTP events).
type Options struct {
	BotToken string // xoxb-…
	AppToken string // xapp-…, for Socket Mode
	// APIURL is the address of the Web API; empty: https://slack.com/api/.
	APIURL string
	// SigningSecret chooses HTTP events ([Channel.Handler]) over Socket Mode.
	SigningSecret string
	// StaffChannel and CareChannel are channel ids (C…, G…). Without a care
	// channel, requests for contact go to the staff channel.
	StaffChannel, CareChannel string
	// TeamID is the only workspace that is heard; empty: the bot's own.
	TeamID string
	// Staff is the allow-list: user id -> role. Nobody else can do anything.
	Staff map[string]string
	// HTTPClient makes the calls; nil: one that follows no redirect.
	HTTPClient *http.Client
	// Blobs opens the files that letters attach; nil: letters go without them.
	Blobs bot.Blobs
	// Unknown recognises the error of [bot.Intake] that says that the thread
	// or the card belongs to no person; nil: no error does.
	Unknown func(error) bool
	Logger  *slog.Logger
	Now     func() time.Time
}

// Channel is the desk on Slack. It implements bot.Channel and bot.Finder.
type Channel struct {
	opt    Options
	api    *goslack.Client
	log    *slog.Logger
	now    func() time.Time
	timing timing
	key    []byte // signs the private metadata of forms

	take    sync.Mutex // inputs are given one at a time, in order of arrival
	intake  atomic.Pointer[bot.Intake]
	self    atomic.Pointer[identity]
	up      atomic.Bool
	refused atomic.Uint64
	staff   register
	once    recent
	tasks   sync.WaitGroup
	missed  chan time.Duration // asks for a look back, after a pause
}

var (
	_ bot.Channel = (*Channel)(nil)
	_ bot.Finder  = (*Channel)(nil)
)

// timing gathers the delays, so that tests can shorten them.
type timing struct {
	call     time.Duration // one call of the Web API
	lookup   time.Duration // users.info before an input: Slack waits 3 s in all
	modal    time.Duration // views.open: the trigger lives 3 s
	recheck  time.Duration // how old the answer of users.info may be
	ping     time.Duration // a socket without a ping for so long is dead
	backoff  time.Duration // first pause before connecting again
	backoffX time.Duration // longest pause
	again    time.Duration // pause between two tries of a store that refuses
	behind   time.Duration // pause before looking back for what was missed
	page     time.Duration // pause between two calls of a look back (50 a minute)
}

func defaults() timing {
	return timing{
		call: 20 * time.Second, lookup: 2 * time.Second, modal: 2500 * time.Millisecond,
		recheck: 10 * time.Minute, ping: 30 * time.Second,
		backoff: 500 * time.Millisecond, backoffX: 15 * time.Second,
		again: 300 * time.Millisecond, behind: time.Minute, page: 1200 * time.Millisecond,
	}
}

// identity is who we are for Slack.
type identity struct{ team, user, bot string }

// New prepares a channel. The error names the option that is missing.
func New(o Options) (*Channel, error) {
	o.BotToken, o.AppToken = strings.TrimSpace(o.BotToken), strings.TrimSpace(o.AppToken)
	o.SigningSecret = strings.TrimSpace(o.SigningSecret)
	switch {
	case o.BotToken == "":
		return nil, errors.New("slack: BotToken is missing (RELAIS_SLACK_BOT_TOKEN)")
	case o.StaffChannel == "":
		return nil, errors.New("slack: StaffChannel is missing (RELAIS_SLACK_STAFF_CHANNEL)")
	case o.AppToken == "" && o.SigningSecret == "":
		return nil, errors.New("slack: AppToken or SigningSecret is missing (RELAIS_SLACK_APP_TOKEN, RELAIS_SLACK_SIGNING_SECRET)")
	}
	if o.APIURL == "" {
		o.APIURL = goslack.APIURL
	}
	if !strings.HasSuffix(o.APIURL, "/") {
		o.APIURL += "/"
	}
	if o.HTTPClient == nil {
		o.HTTPClient = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Unknown == nil {
		o.Unknown = func(error) bool { return false }
	}
	mac := hmac.New(sha256.New, []byte(o.BotToken))
	mac.Write([]byte("relais form v1"))
	c := &Channel{opt: o, log: o.Logger, now: o.Now, timing: defaults(), key: mac.Sum(nil),
		missed: make(chan time.Duration, 1)}
	c.api = goslack.New(o.BotToken, goslack.OptionAPIURL(o.APIURL),
		goslack.OptionAppLevelToken(o.AppToken), goslack.OptionHTTPClient(o.HTTPClient),
		goslack.OptionLog(log.New(io.Discard, "", 0)))
	return c, nil
}

// Name is flows.DeskChannel.
func (c *Channel) Name() string { return flows.DeskChannel }

// Pace is what Slack tolerates: about one message a second in one channel.
func (c *Channel) Pace() bot.Pace { return bot.Pace{PerAddress: 1, Burst: 1} }

// Connected reports whether the socket is up or, over HTTP, whether Slack has
// accepted our token.
func (c *Channel) Connected() bool { return c.up.Load() }

// Refused counts the acts of accounts that are not on the allow-list.
func (c *Channel) Refused() uint64 { return c.refused.Load() }

// Run receives what staff do until ctx ends. Its error, which wraps
// bot.ErrStop, means that a person must act: a refused token, the wrong
// workspace, a missing permission.
func (c *Channel) Run(ctx context.Context, in bot.Intake) error {
	if c.opt.CareChannel == "" {
		c.log.Warn("slack: no care channel: all staff see the requests for contact")
	}
	if len(c.opt.Staff) == 0 {
		c.log.Warn("slack: the list of staff is empty: everyone is refused")
	}
	defer c.tasks.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c.intake.Store(&in)
	defer c.intake.Store(nil)
	defer c.up.Store(false)
	if err := c.identify(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	if err := c.greet(ctx); err != nil {
		return err
	}
	c.tasks.Go(func() { c.reconcile(ctx) })
	if c.opt.SigningSecret != "" {
		c.up.Store(true)
		c.lookBack(0)
		<-ctx.Done()
		return nil
	}
	return c.runSocket(ctx)
}

// identify asks Slack who we are, again and again while it cannot answer.
func (c *Channel) identify(ctx context.Context) error {
	for pause := c.timing.backoff; ; pause = min(2*pause, c.timing.backoffX) {
		var res *goslack.AuthTestResponse
		err := c.call(ctx, "auth.test", func(ctx context.Context) (err error) {
			res, err = c.api.AuthTestContext(ctx)
			return err
		})
		if err == nil {
			return c.recognise(res)
		}
		if errors.Is(err, bot.ErrStop) || ctx.Err() != nil {
			return err
		}
		var retry *bot.RetryError
		if errors.As(err, &retry) && retry.After > pause {
			pause = min(retry.After, c.timing.backoffX)
		}
		c.log.Warn("slack: auth.test failed, trying again", "error", err.Error())
		if !wait(ctx, pause) {
			return ctx.Err()
		}
	}
}

func (c *Channel) recognise(res *goslack.AuthTestResponse) error {
	if c.opt.TeamID != "" && res.TeamID != "" && res.TeamID != c.opt.TeamID {
		return errors.Join(errors.New("slack: the bot token belongs to another workspace than RELAIS_SLACK_TEAM_ID"), bot.ErrStop)
	}
	c.self.Store(&identity{team: res.TeamID, user: res.UserID, bot: res.BotID})
	return nil
}

// team is the only workspace that may act, or "" while nobody knows.
func (c *Channel) team() string {
	if c.opt.TeamID != "" {
		return c.opt.TeamID
	}
	if id := c.self.Load(); id != nil {
		return id.team
	}
	return ""
}

// wait pauses; it is false when ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
