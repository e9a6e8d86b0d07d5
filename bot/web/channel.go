package web

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/flows"
)

// deskLock is the name of the desk's lock; no account has a name with a space.
const deskLock = "the desk"

// phones carries letters to the phones of the page.
type phones struct{ *Demo }

// Name is "web".
func (p *phones) Name() string { return ChannelName }

// Run waits: inputs come through the page's handler. When ctx ends, so do the
// pages' event streams, which would otherwise hold up a server that stops.
func (p *phones) Run(ctx context.Context, _ bot.Intake) error { return p.wait(ctx) }

func (d *Demo) wait(ctx context.Context) error {
	<-ctx.Done()
	d.hub.close()
	return nil
}

// Deliver shows, edits or marks a message on the phone of l.To. A letter that
// had arrived before its result was lost is not shown twice.
func (p *phones) Deliver(ctx context.Context, l flows.Letter) (string, error) {
	unlock := p.locks.lock(l.To.ID)
	defer unlock()
	if l.Attempts > 1 || l.Ambiguous {
		if id, found, _ := p.Find(ctx, l); found {
			return id, nil
		}
	}
	id, err := p.carry(l)
	if err != nil {
		return "", err
	}
	if err := p.screens.learn(l.Person, l.To.ID, false); err != nil {
		return "", err
	}
	p.hub.publish(topicPerson, p.apiID(l.To.ID))
	return id, nil
}

// carry does what one letter asks of a phone.
func (p *phones) carry(l flows.Letter) (string, error) {
	phone := l.To.ID
	switch {
	case l.Op == flows.OpSend && l.Send != nil:
		b := bubble{
			Phone: phone, Person: l.Person, Letter: l.ID, From: fromBot, By: l.Send.By,
			Text: l.Send.Text, At: p.opts.Clock.Now(), Rows: l.Send.Rows,
			File: stored(l.Send.Blob, l.Send.FileName),
		}
		if b.By != "" {
			b.From = fromStaff
		}
		id, err := p.screens.show(b)
		return strconv.FormatInt(id, 10), err
	case l.Op == flows.OpEdit && l.Edit != nil:
		return "", p.screens.change(phone, l.Target, func(b *bubble) {
			b.Text, b.Rows = l.Edit.Text, l.Edit.Rows
		})
	case l.Op == flows.OpReact && l.React != nil:
		return "", p.screens.change(phone, l.React.Message, func(b *bubble) { b.Reaction = l.React.Emoji })
	}
	return "", &bot.RejectedError{Cause: "unsupported_operation"}
}

// Find reports whether a new message has arrived on its phone.
func (p *phones) Find(_ context.Context, l flows.Letter) (string, bool, error) {
	if l.Op != flows.OpSend {
		return "", false, nil
	}
	id, found := p.screens.arrived(l.To.ID, l)
	return strconv.FormatInt(id, 10), found, nil
}

// Fetch opens a file that was sent from a phone.
func (p *phones) Fetch(_ context.Context, f flows.FileRef) (io.ReadCloser, error) {
	r, err := p.uploads.open(f.ID)
	if err != nil {
		return nil, &bot.RejectedError{Cause: "file_not_found"}
	}
	return r, nil
}

// desk carries cards and thread lines to the staff desk of the page.
type desk struct{ *Demo }

// Name is [flows.DeskChannel].
func (k *desk) Name() string { return flows.DeskChannel }

// Run waits, as that of the phones does.
func (k *desk) Run(ctx context.Context, _ bot.Intake) error { return k.wait(ctx) }

// Deliver shows a card, replaces it, or adds a line to the person's thread.
func (k *desk) Deliver(ctx context.Context, l flows.Letter) (string, error) {
	if l.Op != flows.OpPost || l.Post == nil || (l.Post.Card == nil && l.Post.Thread == "" && len(l.Post.Text) == 0) {
		return "", &bot.RejectedError{Cause: "unsupported_operation"}
	}
	unlock := k.locks.lock(deskLock)
	defer unlock()
	if l.Attempts > 1 || l.Ambiguous {
		if id, found, _ := k.Find(ctx, l); found && !l.Post.Update {
			return id, nil
		}
	}
	id, err := k.post(l)
	if err != nil {
		return "", err
	}
	k.hub.publish(topicDesk, "")
	return strconv.FormatInt(id, 10), nil
}

// post does what one letter asks of the desk.
func (k *desk) post(l flows.Letter) (int64, error) {
	p := l.Post
	if p.Card != nil {
		c := *p.Card
		if c.Person == "" {
			c.Person = l.Person
		}
		if c.ID == "" {
			c.ID = fmt.Sprintf("%s:%s", c.Person, p.Key)
		}
		if c.At.IsZero() && !p.Update {
			c.At = k.opts.Clock.Now()
		}
		return k.screens.pin(c, p.Room.ID, l.ID)
	}
	return k.screens.show(bubble{
		Person: l.Person, Letter: l.ID, From: lineFrom(p), By: k.staffName(p.By), Text: p.Text,
		At: k.opts.Clock.Now(), File: stored(p.Blob, p.FileName),
	})
}

// Find reports whether a card or a line has been posted.
func (k *desk) Find(_ context.Context, l flows.Letter) (string, bool, error) {
	id, found := k.screens.arrived("", l)
	return strconv.FormatInt(id, 10), found, nil
}

// staffName is how a staff member is shown; ids that are not of this desk stay.
func (d *Demo) staffName(id string) string {
	if s, err := d.staff(id); err == nil {
		return s.Name
	}
	return id
}

func lineFrom(p *flows.Post) string {
	switch {
	case p.FromPerson:
		return fromPerson
	case p.By != "":
		return fromStaff
	}
	return fromBot
}

// stored is the attachment of a stored file, or nil.
func stored(blob, name string) *attachment {
	if blob == "" {
		return nil
	}
	return &attachment{Name: cleanName(name), Blob: blob}
}
