package slack

import (
	"context"
	"errors"
	"sync"
	"time"

	goslack "github.com/slack-go/slack"

	"github.com/coopconnexion/relais/bot"
)

// account is who acts, taken from Slack's own payload only.
type account struct {
	team string // the workspace of the event
	home string // the workspace of the user; empty: the same
	user string
}

// register remembers what users.info said of the staff.
type register struct {
	mu   sync.Mutex
	seen map[string]profile
}

type profile struct {
	name string // displayed name
	why  string // why the account is refused; empty: it is welcome
	at   time.Time
}

func (r *register) get(user string) (profile, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, ok := r.seen[user]
	return p, ok
}

func (r *register) put(user string, p profile) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen == nil {
		r.seen = map[string]profile{}
	}
	r.seen[user] = p
}

// errRefused says that an account may not act. The reason is for the audit.
type errRefused struct{ why string }

func (e *errRefused) Error() string { return "slack: account refused: " + e.why }

// admit decides whether an account may act, and gives its displayed name. An
// *errRefused is final; any other error means that Slack could not say, and
// then nobody acts (fail closed).
func (c *Channel) admit(ctx context.Context, a account) (string, error) {
	team := c.team()
	switch {
	case team == "":
		return "", errors.New("slack: our own workspace is not known yet")
	case a.team != team:
		return "", c.refuse(a, "other_team")
	case a.home != "" && a.home != team:
		return "", c.refuse(a, "stranger")
	}
	if _, ok := c.opt.Staff[a.user]; !ok || a.user == "" {
		return "", c.refuse(a, "not_on_the_list")
	}
	p, err := c.profile(ctx, a.user)
	if err != nil {
		return "", err
	}
	if p.why != "" {
		return "", c.refuse(a, p.why)
	}
	return p.name, nil
}

// refuse counts, and writes the audit line: ids of Slack accounts, no words.
func (c *Channel) refuse(a account, why string) error {
	c.refused.Add(1)
	c.log.Warn("slack: account refused", "audit", true, "team", a.team, "user", a.user, "why", why)
	return &errRefused{why: why}
}

// profile asks users.info at most every ten minutes about one account.
func (c *Channel) profile(ctx context.Context, user string) (profile, error) {
	if p, ok := c.staff.get(user); ok && c.now().Sub(p.at).Abs() < c.timing.recheck {
		return p, nil
	}
	var u *goslack.User
	err := c.callWithin(ctx, c.timing.lookup, "users.info", func(ctx context.Context) (err error) {
		u, err = c.api.GetUserInfoContext(ctx, user)
		return err
	})
	if code(err) == "user_not_found" || code(err) == "user_not_visible" {
		p := profile{why: "not_found", at: c.now()}
		c.staff.put(user, p)
		return p, nil
	}
	if unsupported(err) {
		// Not Slack itself, which always knows this method: the list decides.
		c.log.Warn("slack: users.info is not known here, the list of staff decides alone")
		p := profile{at: c.now()}
		c.staff.put(user, p)
		return p, nil
	}
	if err != nil {
		return profile{}, err
	}
	p := profile{name: displayName(u), why: objection(u, c.team()), at: c.now()}
	c.staff.put(user, p)
	return p, nil
}

func objection(u *goslack.User, team string) string {
	switch {
	case u.Deleted:
		return "deactivated"
	case u.IsBot || u.IsAppUser:
		return "bot"
	case u.IsStranger:
		return "stranger"
	case u.IsRestricted || u.IsUltraRestricted:
		return "guest"
	case u.TeamID != "" && u.TeamID != team:
		return "other_team"
	}
	return ""
}

func displayName(u *goslack.User) string {
	for _, n := range []string{u.Profile.DisplayName, u.Profile.RealName, u.RealName} {
		if n = ellipsis(clean(n), 80); n != "" {
			return n
		}
	}
	return ""
}

// greet asks about all staff once, so that the first click is not slowed down
// and a missing permission is seen at the start.
func (c *Channel) greet(ctx context.Context) error {
	for user := range c.opt.Staff {
		_, err := c.profile(ctx, user)
		if errors.Is(err, bot.ErrStop) { // among them a missing permission
			return err
		}
		if err != nil {
			// It is asked again when the account acts.
			c.log.Warn("slack: users.info failed", "error", err.Error())
			return nil
		}
	}
	return nil
}

// nameOf is the displayed name of a staff member when it is known already.
func (c *Channel) nameOf(user string) string {
	p, _ := c.staff.get(user)
	return p.name
}

// recent remembers the last keys it was asked about, for side effects that
// should happen once (a form, a word of warning). Inputs do not rely on it.
type recent struct {
	mu    sync.Mutex
	seen  map[string]bool
	order []string
}

const maxRecent = 4096

// first is true the first time a key is asked about.
func (r *recent) first(key string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen[key] {
		return false
	}
	if r.seen == nil {
		r.seen = map[string]bool{}
	}
	if len(r.order) == maxRecent {
		delete(r.seen, r.order[0])
		r.order = r.order[1:]
	}
	r.seen[key] = true
	r.order = append(r.order, key)
	return true
}

// forget lets a key be first again.
func (r *recent) forget(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.seen, key)
}
