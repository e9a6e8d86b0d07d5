package web

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/coopconnexion/relais/flows"
)

// maxText is the longest text one may type, in UTF-16 units: Telegram's limit.
const maxText = 4096

// message is a bubble as the API gives it.
type message struct {
	ID       string      `json:"id"`
	From     string      `json:"from"`
	By       string      `json:"by,omitempty"`
	Text     string      `json:"text"`
	Rich     flows.Rich  `json:"rich"`
	At       time.Time   `json:"at"`
	Buttons  []button    `json:"buttons"`
	File     *fileAnswer `json:"file"`
	Reaction *string     `json:"reaction"`
}

// button is a button of a message; Row is the line it stands on.
type button struct {
	ID    string `json:"id"`
	Label string `json:"label"`
	URL   string `json:"url,omitempty"`
	Row   int    `json:"row"`
}

type fileAnswer struct {
	Name  string `json:"name"`
	URL   string `json:"url"`
	Image bool   `json:"image,omitempty"`
}

func messages(list []*bubble) []message {
	out := make([]message, 0, len(list))
	for _, b := range list {
		out = append(out, b.message())
	}
	return out
}

func (b *bubble) message() message {
	id := strconv.FormatInt(b.ID, 10)
	m := message{
		ID: id, From: b.From, By: b.By, At: b.At,
		Text: b.Text.String(), Rich: b.Text, Buttons: []button{},
	}
	for i, row := range b.Rows {
		for _, x := range row {
			m.Buttons = append(m.Buttons, button{ID: x.Data, Label: x.Label, URL: x.URL, Row: i})
		}
	}
	if b.File != nil {
		m.File = &fileAnswer{
			Name: b.File.Name, URL: "/api/file/" + id,
			Image: strings.HasPrefix(b.File.Mime, "image/") && inert(b.File.Mime),
		}
	}
	if b.Reaction != "" {
		m.Reaction = &b.Reaction
	}
	return m
}

func (a *api) people(*http.Request) (any, error) { return a.opts.People, nil }

func (a *api) chat(r *http.Request) (any, error) {
	p, err := a.person(r.URL.Query().Get("person"))
	if err != nil {
		return nil, err
	}
	return map[string]any{"messages": messages(a.screens.chat(p.Account.ID))}, nil
}

// say is a text typed on a phone.
func (a *api) say(r *http.Request) (any, error) {
	q, err := read[struct{ Person, Text string }](r)
	if err != nil {
		return nil, err
	}
	p, err := a.person(q.Person)
	if err != nil {
		return nil, err
	}
	if err := checkText(q.Text, true); err != nil {
		return nil, err
	}
	in := a.heard(p, flows.KindText)
	in.Text, in.Code = q.Text, startCode(q.Text)
	_, err = a.take(r, p.Account.ID, in, func() error { return a.own(p, in, nil) })
	return struct{}{}, err
}

// tap is a button tapped on a phone.
func (a *api) tap(r *http.Request) (any, error) {
	q, err := read[struct{ Person, Message, Button string }](r)
	if err != nil {
		return nil, err
	}
	p, err := a.person(q.Person)
	if err != nil {
		return nil, err
	}
	known, offered := a.screens.offered(p.Account.ID, q.Message, q.Button)
	if !known {
		return nil, badField("message", "ce message n’est pas sur ce téléphone.")
	}
	if !offered {
		return nil, badField("button", "ce message n’a pas ce bouton.")
	}
	in := a.heard(p, flows.KindTap)
	in.Message, in.Button = q.Message, q.Button
	out, err := a.take(r, p.Account.ID, in, func() error { return nil })
	return map[string]string{"toast": out.Toast}, err
}

// file is a photo or a document sent from a phone.
func (a *api) file(r *http.Request) (any, error) {
	f, err := a.receive(r)
	if err != nil {
		return nil, err
	}
	in := a.heard(f.person, flows.KindFile)
	in.Text, in.File = f.caption, &f.ref
	_, err = a.take(r, f.person.Account.ID, in, func() error {
		return a.own(f.person, in, &attachment{Name: f.ref.Name, Mime: f.ref.Mime, Upload: f.ref.ID})
	})
	if err != nil && a.screens.hasNoUpload(f.person.Account.ID, f.ref.ID) {
		err = errors.Join(err, a.uploads.drop(f.ref.ID))
	}
	return struct{}{}, err
}

// received is what a multipart upload held.
type received struct {
	person  Person
	caption string
	ref     flows.FileRef
}

// receive reads an upload, part by part, so that no file is held in memory.
func (a *api) receive(r *http.Request) (f received, err error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return f, badField("file", "envoyez un formulaire avec « person » et « file ».")
	}
	defer func() {
		if err != nil && f.ref.ID != "" {
			err = errors.Join(err, a.uploads.drop(f.ref.ID))
		}
	}()
	var person string
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			break
		}
		if err == nil {
			err = a.part(part, &f, &person)
		}
		if err != nil {
			return f, uploadError(err)
		}
	}
	if f.person, err = a.person(person); err != nil {
		return f, err
	}
	if f.ref.ID == "" || f.ref.Size == 0 {
		return f, badField("file", "choisissez un fichier qui n’est pas vide.")
	}
	return f, checkText(f.caption, false)
}

// part reads one part of an upload into f, or the person's id into person.
func (a *api) part(part *multipart.Part, f *received, person *string) (err error) {
	switch part.FormName() {
	case "person":
		*person, err = field(part)
	case "text":
		f.caption, err = field(part)
	case "file":
		if f.ref.ID != "" {
			return badField("file", "envoyez un seul fichier à la fois.")
		}
		f.ref, err = a.store(part, part.FileName(), part.Header.Get("Content-Type"))
	}
	return err
}

// store keeps an uploaded file. Its type is read from its content; the one that
// was declared counts only where the content does not say.
func (a *api) store(r io.Reader, name, declared string) (flows.FileRef, error) {
	id, size, kind, err := a.uploads.keep(r)
	if err != nil {
		return flows.FileRef{}, err
	}
	if !inert(kind) {
		if kind, _, err = mime.ParseMediaType(declared); err != nil || inert(kind) {
			kind = "application/octet-stream"
		}
	}
	return flows.FileRef{
		Channel: ChannelName, ID: id, Name: cleanName(name), Mime: kind, Size: size,
		Photo: strings.HasPrefix(kind, "image/") && inert(kind),
	}, nil
}

func uploadError(err error) error {
	var e *apiError
	if errors.As(err, &e) {
		return err
	}
	if tooBig := (*http.MaxBytesError)(nil); errors.Is(err, errTooLarge) || errors.As(err, &tooBig) {
		return &apiError{status: http.StatusRequestEntityTooLarge, field: "file", text: "ce fichier dépasse 20 Mo."}
	}
	return badField("file", "ce fichier n’est pas arrivé entier.")
}

// field reads a short field of a form.
func field(r io.Reader) (string, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxBody))
	return string(b), err
}

// heard is the start of an input from a phone.
func (a *api) heard(p Person, k flows.Kind) flows.Input {
	in := flows.Input{Role: flows.RolePerson, Kind: k, From: p.Account, Name: p.Name}
	if k != flows.KindTap {
		in.Message = strconv.FormatInt(a.screens.newID(), 10)
	}
	return in
}

// own shows a person's own message on their phone.
func (a *api) own(p Person, in flows.Input, f *attachment) error {
	id, err := strconv.ParseInt(in.Message, 10, 64)
	if err != nil {
		return err
	}
	var text flows.Rich
	if in.Text != "" {
		text = flows.T(in.Text)
	}
	_, err = a.screens.show(bubble{
		ID: id, Phone: p.Account.ID, From: fromPerson, Text: text, At: a.opts.Clock.Now(), File: f,
	})
	a.hub.publish(topicPerson, p.ID)
	return err
}

// startCode is the argument of "/start CODE".
func startCode(text string) string {
	f := strings.Fields(text)
	if len(f) == 2 && f[0] == "/start" {
		return f[1]
	}
	return ""
}
