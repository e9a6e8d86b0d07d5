package slack

import (
	"context"
	"encoding/json"
	"time"

	goslack "github.com/slack-go/slack"
)

const (
	// horizon is how far back missed messages are looked for: less than the
	// eight days for which the store remembers an input's id, so that nothing
	// counts twice.
	horizon = 7 * 24 * time.Hour
	// cards is how old a card may be whose thread is looked at.
	cards = 21 * 24 * time.Hour
	// overlap is added to the gap, against clocks that differ.
	overlap = 10 * time.Minute
)

// lookBack asks for a look through the threads, after a pause. Slack offers an
// event four times within six minutes; what staff wrote during a longer outage
// is only in the channel.
func (c *Channel) lookBack(pause time.Duration) {
	select {
	case c.missed <- pause:
	default: // one is coming already
	}
}

// reconcile looks back each time it is asked to, until ctx ends.
func (c *Channel) reconcile(ctx context.Context) {
	var done time.Time // everything before is known
	for {
		select {
		case <-ctx.Done():
			return
		case pause := <-c.missed:
			if !wait(ctx, pause) {
				return
			}
		}
		begun := time.Now()
		from := begun.Add(-horizon)
		if t := done.Add(-overlap); t.After(from) {
			from = t
		}
		n, err := c.catchUp(ctx, from)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			c.log.Warn("slack: the look back was cut short", "error", err.Error())
			if !undecidable(err) {
				c.lookBack(c.timing.behind)
			}
		default:
			done = begun
		}
		if n > 0 {
			c.log.Info("slack: missed messages were taken in", "count", n)
		}
	}
}

// catchUp takes in what staff wrote in threads since a time. Clicks leave no
// trace in a channel and cannot be caught up; who clicked saw Slack's warning.
func (c *Channel) catchUp(ctx context.Context, from time.Time) (n int, err error) {
	rooms := []string{c.opt.StaffChannel}
	if c.opt.CareChannel != "" && c.opt.CareChannel != c.opt.StaffChannel {
		rooms = append(rooms, c.opt.CareChannel)
	}
	for _, room := range rooms {
		var threads []string
		err := c.each(ctx, room, "", stamp(time.Now().Add(-cards)), func(m goslack.Message) {
			if m.LatestReply > stamp(from) {
				threads = append(threads, m.Timestamp)
			}
		})
		if err != nil {
			return n, err
		}
		for _, thread := range threads {
			if !wait(ctx, c.timing.page) {
				return n, ctx.Err()
			}
			k, err := c.catchUpThread(ctx, room, thread, stamp(from))
			if n += k; err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

func (c *Channel) catchUpThread(ctx context.Context, room, thread, from string) (n int, err error) {
	var list []message
	err = c.each(ctx, room, thread, from, func(m goslack.Message) {
		if _, staff := c.opt.Staff[m.User]; staff && m.Timestamp > from {
			list = append(list, written(room, m))
		}
	})
	for i := range list {
		if err != nil {
			break
		}
		switch list[i].Subtype {
		case "", "file_share", "thread_broadcast", "me_message":
			r := c.said(ctx, envelope{TeamID: c.team()}, &list[i])
			if err = r.err; r.fresh {
				n++
				c.finish(r)
			}
		}
	}
	return n, err
}

// written is a message of the history in the form of an event.
func written(room string, m goslack.Message) message {
	out := message{Type: "message", Subtype: m.SubType, Channel: room, User: m.User, BotID: m.BotID, Text: m.Text,
		TS: m.Timestamp, Thread: m.ThreadTimestamp, Parent: m.ParentUserId, Team: m.Team}
	for range m.Files {
		out.Files = append(out.Files, nil)
	}
	out.Blocks, _ = json.Marshal(m.Blocks)
	return out
}
