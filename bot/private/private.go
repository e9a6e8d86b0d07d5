// Package private serves a member's private page on the co-operative's own
// server: scales to answer, or the member's own curve. A link works for one
// opening, on one device, for a short time; a button opens it, so that the
// preview of a link opens nothing. There is no account and no script, and no
// token, name or answer ever goes to a log.
//
// What the page shows and what is done with the answers belongs to flows
// ([flows.Page], [flows.KindPage]); this package carries it.
package private

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/flows"
)

const (
	cookieName = "relais_prive"
	maxBody    = 64 << 10 // bytes of a form; the longest scales need about 2 KB
	// takeTimeout bounds how long one input may take to reach the disk.
	takeTimeout = time.Minute
	// slowest is how long a browser may take to send a form.
	slowest = 30 * time.Second
	// sentFor is how long a second tap on «Envoyer» is answered like the first:
	// longer than any link lives.
	sentFor = time.Hour
)

// Options says what the pages are made of. All but Logger must be set.
type Options struct {
	// URL is the address under which people reach the server, without /prive/.
	// Behind https, the cookie is sent over https only.
	URL string
	// Holder finds the person whom a link's token leads to; ok is false when it
	// leads to nobody.
	Holder func(ctx context.Context, token string) (p flows.Person, ok bool, err error)
	// View says what the page of a token shows at a time, to a session.
	View func(p *flows.Person, token, session string, at time.Time) flows.Page
	// Intake takes the opening and the answers.
	Intake bot.Intake
	Now    func() time.Time
	// Zone is where the hours on the page are told.
	Zone   *time.Location
	Logger *slog.Logger
}

// Pages serves everything under /prive/.
type Pages struct {
	opts   Options
	prefix string // path of the public address
	secure bool
	mux    *http.ServeMux

	sending sync.Mutex
	sent    map[string]time.Time // sessions that have sent, so that a second tap hears the same
}

// New makes the pages. It fails when an option is missing or the address
// cannot be read.
func New(o Options) (*Pages, error) {
	if o.Holder == nil || o.View == nil || o.Intake == nil || o.Now == nil || o.Zone == nil {
		return nil, errors.New("private: Holder, View, Intake, Now and Zone must be set")
	}
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" {
		return nil, errors.New("private: URL must be the address under which people reach the server")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	p := &Pages{opts: o, prefix: strings.TrimRight(u.EscapedPath(), "/"), secure: u.Scheme == "https", mux: http.NewServeMux(), sent: map[string]time.Time{}}
	p.mux.HandleFunc("GET /prive/icon.svg", icon)
	p.mux.HandleFunc("GET /prive/{token}", p.show)
	p.mux.HandleFunc("POST /prive/{token}/ouvrir", p.open)
	p.mux.HandleFunc("POST /prive/{token}/envoyer", p.send)
	p.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { p.render(w, http.StatusGone, closed) })
	return p, nil
}

// policy lets the page use its own style, send its own form, and nothing else.
var policy = "default-src 'none'; style-src '" + styleHash + "'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// ServeHTTP implements [http.Handler].
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	// A server that cannot set a deadline (a test's recorder) does without.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(slowest))
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	p.mux.ServeHTTP(w, r)
}

// shape is what a token looks like; anything else leads to nobody without a
// look into the store.
var shape = regexp.MustCompile(`^[A-Za-z0-9]{8,64}$`)

// visit is one request on its way.
type visit struct {
	token, session string
	at             time.Time
	person         flows.PersonID
	page           flows.Page
}

// look finds what the link of a request shows now. A link that leads nowhere
// looks exactly like one that is closed.
func (p *Pages) look(r *http.Request) (visit, error) {
	v := visit{token: r.PathValue("token"), at: p.opts.Now(), page: flows.Page{Closed: true}}
	if c, err := r.Cookie(cookieName); err == nil {
		v.session = c.Value
	}
	if !shape.MatchString(v.token) {
		return v, nil
	}
	holder, ok, err := p.opts.Holder(r.Context(), v.token)
	if err != nil || !ok {
		return v, err
	}
	v.person, v.page = holder.ID, p.opts.View(&holder, v.token, v.session, v.at)
	return v, nil
}

// show answers a plain look at the link: it changes nothing.
func (p *Pages) show(w http.ResponseWriter, r *http.Request) {
	v, err := p.look(r)
	switch {
	case err != nil:
		p.later(w, "look")
	case v.page.Closed:
		p.render(w, http.StatusGone, closed)
	case v.page.Waiting:
		p.render(w, http.StatusOK, p.door(v))
	case v.page.Curve != nil:
		p.render(w, http.StatusOK, p.curve(v))
	default:
		p.render(w, http.StatusOK, p.scales(v))
	}
}

// open makes the session of the one browser that may see the page. Of two that
// open at the same time, the flow knows one.
func (p *Pages) open(w http.ResponseWriter, r *http.Request) {
	v, err := p.look(r)
	if err == nil && v.page.Waiting {
		session := rand.Text()
		if err = p.take(r, v, map[string]string{"do": "open", "session": session}); err == nil {
			r.Header.Del("Cookie")
			r.AddCookie(&http.Cookie{Name: cookieName, Value: session})
			v, err = p.look(r)
		}
	}
	switch {
	case errors.Is(err, bot.ErrPermanent): // erased a moment ago
		p.render(w, http.StatusGone, closed)
	case err != nil:
		p.later(w, "open")
	case v.page.Closed || v.page.Waiting:
		p.render(w, http.StatusGone, closed)
	default:
		http.SetCookie(w, p.cookie(v, int(v.page.Expires.Sub(v.at)/time.Second)+1))
		w.Header().Set("Location", p.place(v.token))
		w.WriteHeader(http.StatusSeeOther)
	}
}

// cookie holds the session, for this link alone.
func (p *Pages) cookie(v visit, seconds int) *http.Cookie {
	return &http.Cookie{Name: cookieName, Value: v.session, Path: p.place(v.token), MaxAge: seconds,
		HttpOnly: true, Secure: p.secure, SameSite: http.SameSiteStrictMode}
}

func (p *Pages) place(token string) string { return p.prefix + "/prive/" + token }

// send gives the answers to the flow: only values that the page offered.
func (p *Pages) send(w http.ResponseWriter, r *http.Request) {
	if status := parse(r); status != http.StatusOK {
		p.render(w, status, again)
		return
	}
	p.sending.Lock()
	defer p.sending.Unlock()
	v, err := p.look(r)
	switch {
	case err != nil:
		p.later(w, "look")
		return
	case v.page.Closed && p.hasSent(v):
		p.render(w, http.StatusOK, sent)
		return
	case len(v.page.Scales) == 0:
		p.render(w, http.StatusGone, unsent)
		return
	}
	fields := answersOf(v.page.Scales, r.PostForm)
	fields["do"], fields["session"] = "send", v.session
	if err := p.take(r, v, fields); errors.Is(err, bot.ErrPermanent) {
		p.render(w, http.StatusGone, unsent)
		return
	} else if err != nil {
		p.later(w, "send")
		return
	}
	p.sent[v.token+"/"+v.session] = v.at
	p.render(w, http.StatusOK, sent)
}

// parse reads the form. One that cannot be read is not an empty one: that
// would count as passing over every question.
func parse(r *http.Request) (status int) {
	err := r.ParseForm()
	var big *http.MaxBytesError
	switch {
	case errors.As(err, &big):
		return http.StatusRequestEntityTooLarge
	case err != nil, !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded"):
		return http.StatusBadRequest
	}
	return http.StatusOK
}

// hasSent reports whether this session has sent its answers a moment ago. The
// caller holds the lock.
func (p *Pages) hasSent(v visit) bool {
	for key, at := range p.sent {
		if v.at.Sub(at) > sentFor {
			delete(p.sent, key)
		}
	}
	_, ok := p.sent[v.token+"/"+v.session]
	return ok
}

// answersOf keeps the answers that the page offered. What was passed over, or
// is no choice of ours, is no answer.
func answersOf(scales []flows.PageScale, form url.Values) map[string]string {
	fields := map[string]string{}
	for _, s := range scales {
		for _, item := range s.Items {
			for _, c := range item.Choices {
				if c.Value == form.Get(item.Name) {
					fields[item.Name] = c.Value
				}
			}
		}
	}
	return fields
}

// take gives an input to the program. A browser that goes away at this moment
// must not part what is kept from what was answered.
func (p *Pages) take(r *http.Request, v visit, fields map[string]string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), takeTimeout)
	defer cancel()
	fields["token"] = v.token
	_, err := p.opts.Intake.Take(ctx, flows.Input{ID: "page/" + rand.Text(), At: v.at, Role: flows.RoleSystem, Kind: flows.KindPage, About: v.person, Fields: fields})
	return err
}

// later says that it did not work and can be tried again. The cause could name
// a person: the store writes it to its own log.
func (p *Pages) later(w http.ResponseWriter, what string) {
	p.opts.Logger.Error("private page: not done", "what", what)
	p.render(w, http.StatusServiceUnavailable, again)
}
