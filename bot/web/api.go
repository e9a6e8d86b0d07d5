package web

import (
	"context"
	"crypto/rand"
	"embed"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/flows"
)

// maxBody is the largest JSON request, in bytes.
const maxBody = 64 << 10

// takeTimeout bounds how long one input may take to reach the disk.
const takeTimeout = time.Minute

//go:embed page
var embedded embed.FS

// api answers the page. It is design C6 plus a few fields of its own.
type api struct {
	*Demo
	in bot.Intake
}

func (a *api) routes() http.Handler {
	page, err := fs.Sub(embedded, "page")
	if err != nil {
		panic(err) // the embedded folder has another name: a mistake of the build
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, page, "index.html")
	})
	mux.Handle("GET /page/", http.StripPrefix("/page/", http.FileServerFS(page)))
	mux.Handle("GET /api/people", answer(a.people))
	mux.Handle("GET /api/chat", answer(a.chat))
	mux.Handle("POST /api/say", answer(a.say))
	mux.Handle("POST /api/tap", answer(a.tap))
	mux.Handle("POST /api/file", answer(a.file))
	mux.HandleFunc("GET /api/file/{id}", a.serveFile)
	mux.Handle("GET /api/desk", answer(a.deskView))
	mux.Handle("POST /api/desk/act", answer(a.deskAct))
	mux.Handle("POST /api/desk/say", answer(a.deskSay))
	mux.Handle("GET /api/clock", answer(a.clock))
	mux.Handle("POST /api/clock", answer(a.moveClock))
	mux.HandleFunc("GET /api/events", a.events)
	mux.Handle("/api/", answer(func(*http.Request) (any, error) {
		return nil, &apiError{status: http.StatusNotFound, text: "cette adresse n’existe pas."}
	}))
	return mux
}

// apiError is an answer that says what is wrong, in French, and in which field.
type apiError struct {
	status      int
	field, text string
	kept        bool // the input is safe: it must not be sent again
}

func (e *apiError) Error() string {
	if e.field == "" {
		return e.text
	}
	return e.field + " : " + e.text
}

// badField is a request that must be put right in one field.
func badField(field, text string) error {
	return &apiError{status: http.StatusBadRequest, field: field, text: text}
}

// answer turns a function into a handler that speaks JSON.
func answer(f func(*http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxFile+maxBody)
		v, err := f(r)
		if err != nil {
			writeError(w, err)
			return
		}
		writeJSON(w, http.StatusOK, v)
	})
}

func writeError(w http.ResponseWriter, err error) {
	e := &apiError{}
	if !errors.As(err, &e) {
		e = &apiError{status: http.StatusServiceUnavailable, text: "Relais n’a pas pu répondre. Réessayez."}
	}
	writeJSON(w, e.status, map[string]any{"error": e.Error(), "field": e.field, "kept": e.kept})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the reader has gone: nobody to tell
}

// read decodes a JSON body.
func read[T any](r *http.Request) (T, error) {
	var v T
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil || len(body) > maxBody {
		return v, &apiError{status: http.StatusRequestEntityTooLarge, text: "ce message est trop long."}
	}
	err = json.Unmarshal(body, &v)
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) && wrong.Field != "" {
		return v, badField(strings.ToLower(wrong.Field), "cette valeur n’a pas la bonne forme.")
	}
	if err != nil {
		return v, badField("body", "ce n’est pas du JSON.")
	}
	return v, nil
}

// take gives an input to the program, lets shown put it on the screen before
// any answer can be, and waits until its effects are delivered.
func (a *api) take(r *http.Request, lock string, in flows.Input, shown func() error) (flows.Outcome, error) {
	in.ID = ChannelName + ":" + rand.Text()
	in.At = a.opts.Clock.Now()
	out, err := a.keep(r.Context(), lock, in, shown)
	if err != nil {
		return out, err
	}
	if err := a.opts.Settle(r.Context()); err != nil {
		return out, &apiError{status: http.StatusServiceUnavailable, text: "c’est bien reçu, mais la réponse tarde.", kept: true}
	}
	return out, nil
}

// keep is the part of take under the lock of the phone or of the desk.
func (a *api) keep(ctx context.Context, lock string, in flows.Input, shown func() error) (flows.Outcome, error) {
	unlock := a.locks.lock(lock)
	defer unlock()
	// A page that is closed at this moment must not part what is kept from what
	// is shown.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), takeTimeout)
	defer cancel()
	out, err := a.in.Take(ctx, in)
	if err != nil {
		a.opts.Logger.Error("demo input not kept", "kind", in.Kind, "input", in.ID)
		return out, &apiError{status: http.StatusServiceUnavailable, text: "Relais n’a pas pu garder ce message. Réessayez."}
	}
	if in.Role == flows.RolePerson {
		if err := a.screens.learn(out.Person, in.From.ID, true); err != nil {
			return out, err
		}
	}
	return out, shown()
}
