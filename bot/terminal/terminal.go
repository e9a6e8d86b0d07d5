// Package terminal holds the same conversation as the messaging channels in a
// terminal: lines in, lines out. Buttons are numbered; typing the number taps
// the button, typing anything else says it.
package terminal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/flows"
)

// Name is the channel's name.
const Name = "terminal"

// Options is what a Channel needs.
type Options struct {
	In  io.Reader
	Out io.Writer
	// Account is the id of the one person who types; empty: "1".
	Account string
	// Name is how the person is called, if the channel knows.
	Name string
	// Session distinguishes the inputs of one run from those of another on
	// the same store; empty: the time of New in nanoseconds.
	Session string
	// Settled waits until the answers to what was typed are delivered; it is
	// called after each line, so that a typed number means the newest buttons
	// even when the input is a file. nil: no waiting.
	Settled func(context.Context)
	Now     func() time.Time
}

// Channel is a conversation in a terminal. It implements bot.Channel.
type Channel struct {
	opt   Options
	pause time.Duration // before a refused line is offered again, doubled each time

	mu    sync.Mutex // guards what follows, and keeps lines whole
	count int        // ids of messages, both ways
	shown map[string][]flows.Button
	last  string // the message whose buttons are numbered
	err   error  // of writing
}

var _ bot.Channel = (*Channel)(nil)

// New prepares a conversation.
func New(o Options) *Channel {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Account == "" {
		o.Account = "1"
	}
	if o.Session == "" {
		o.Session = strconv.FormatInt(o.Now().UnixNano(), 36)
	}
	return &Channel{opt: o, pause: 200 * time.Millisecond, shown: map[string][]flows.Button{}}
}

// Name is "terminal".
func (c *Channel) Name() string { return Name }

// Account is where the person is heard.
func (c *Channel) Account() flows.Account { return flows.Account{Channel: Name, ID: c.opt.Account} }

// Pace has no limits: nobody is disturbed.
func (c *Channel) Pace() bot.Pace { return bot.Pace{} }

// Run reads lines until the end of the input, "/quitter", or the end of ctx.
func (c *Channel) Run(ctx context.Context, in bot.Intake) error {
	lines := make(chan string)
	ended := make(chan error, 1)
	go func() {
		s := bufio.NewScanner(c.opt.In)
		s.Buffer(nil, 1<<20)
		for s.Scan() {
			select {
			case lines <- s.Text():
			case <-ctx.Done():
				return
			}
		}
		ended <- s.Err()
	}()
	c.print("Tapez votre message, ou le numéro d’un bouton. Pour finir : /quitter")
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-ended:
			if err != nil {
				return fmt.Errorf("terminal: reading: %w", err)
			}
			return nil
		case line := <-lines:
			line = strings.TrimSpace(line)
			if line == "/quitter" {
				return nil
			}
			if line != "" {
				c.give(ctx, in, line)
			}
		}
	}
}

// give hands one line to the store and shows the short answer to a tap.
func (c *Channel) give(ctx context.Context, in bot.Intake, line string) {
	out, err := c.take(ctx, in, c.input(line))
	switch {
	case err != nil && ctx.Err() != nil:
	case err != nil:
		c.print("⚠️ Votre message n’a pas été enregistré. Envoyez-le de nouveau.")
	case out.Toast != "":
		c.print("» " + out.Toast)
	}
	if c.opt.Settled != nil {
		c.opt.Settled(ctx)
	}
}

// take offers an input again for a few seconds when the store refuses.
func (c *Channel) take(ctx context.Context, in bot.Intake, input flows.Input) (flows.Outcome, error) {
	for pause := c.pause; ; pause *= 2 {
		out, err := in.Take(ctx, input)
		if err == nil || bot.Permanent(err) || pause > 16*c.pause {
			return out, err
		}
		select {
		case <-ctx.Done():
			return out, ctx.Err()
		case <-time.After(pause):
		}
	}
}

// input reads a line: the number of a button, "/start CODE", or words.
func (c *Channel) input(line string) flows.Input {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count++
	id := strconv.Itoa(c.count)
	in := flows.Input{
		ID: "terminal:" + c.opt.Session + ":" + id, At: c.opt.Now(), Role: flows.RolePerson,
		Kind: flows.KindText, From: c.Account(), Name: c.opt.Name, Text: line, Message: id,
	}
	if n, err := strconv.Atoi(line); err == nil && n >= 1 && n <= len(c.shown[c.last]) {
		in.Kind, in.Text, in.Message = flows.KindTap, "", c.last
		in.Button = c.shown[c.last][n-1].Data
		return in
	}
	if word, code, ok := strings.Cut(line, " "); ok && word == "/start" {
		in.Code = strings.TrimSpace(code)
	}
	return in
}

// Deliver prints one letter.
func (c *Channel) Deliver(_ context.Context, l flows.Letter) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := ""
	switch {
	case l.Op == flows.OpSend && l.Send != nil:
		c.count++
		id = strconv.Itoa(c.count)
		c.show(id, "", l.Send.Text, l.Send.Rows)
		if l.Send.Blob != "" {
			c.write("  [fichier : " + printable(l.Send.FileName) + "]")
		}
	case l.Op == flows.OpEdit && l.Edit != nil:
		if l.Target == "" {
			return "", nil
		}
		c.show(l.Target, "(message modifié) ", l.Edit.Text, l.Edit.Rows)
	case l.Op == flows.OpReact && l.React != nil:
		c.write("  " + printable(l.React.Emoji))
	case l.Op == flows.OpPost && l.Post != nil:
		c.count++
		id = strconv.Itoa(c.count)
		c.showPost(l.Post)
	default:
		return "", &bot.RejectedError{Cause: "unsupported_" + string(l.Op)}
	}
	if c.err != nil {
		return "", errors.Join(bot.ErrStop, errors.New("terminal: cannot write"))
	}
	return id, nil
}

// show prints a message with its buttons numbered from 1; they replace the
// numbers of the messages before. The lock is held.
func (c *Channel) show(id, prefix string, text flows.Rich, rows [][]flows.Button) {
	c.write("")
	c.write(prefix + printable(text.String()))
	var buttons []flows.Button
	for _, row := range rows {
		var labels []string
		for _, b := range row {
			if b.Data == "" {
				labels = append(labels, printable(b.Label)+" : "+printable(b.URL))
				continue
			}
			buttons = append(buttons, b)
			labels = append(labels, fmt.Sprintf("[%d] %s", len(buttons), printable(b.Label)))
		}
		c.write("  " + strings.Join(labels, "  "))
	}
	switch {
	case len(buttons) > 0:
		c.shown = map[string][]flows.Button{id: buttons}
		c.last = id
	case c.last == id:
		delete(c.shown, id)
	}
}

// showPost prints what staff would read, so that nothing is hidden. The lock
// is held.
func (c *Channel) showPost(p *flows.Post) {
	c.write("")
	if p.Card == nil {
		c.write("[équipe] " + printable(p.Text.String()))
		return
	}
	c.write("[équipe] " + printable(p.Card.Title))
	if text := printable(p.Card.Body.String()); text != "" {
		c.write("  " + strings.ReplaceAll(text, "\n", "\n  "))
	}
}

func (c *Channel) print(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.write(printable(line))
}

// write prints one line and keeps the first error. The lock is held.
func (c *Channel) write(line string) {
	if _, err := fmt.Fprintln(c.opt.Out, line); err != nil && c.err == nil {
		c.err = err
	}
}

// printable drops what could move the cursor or change the colours.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r >= 0x20 && r != 0x7f && (r < 0x80 || r > 0x9f) {
			return r
		}
		return -1
	}, s)
}
