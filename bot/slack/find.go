package slack

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	goslack "github.com/slack-go/slack"

	"github.com/coopconnexion/relais/flows"
)

// Find looks a letter up in its channel or thread by the metadata of its
// message (by the name of its file, if it has one: files carry no metadata).
// Edits and reactions may be repeated without harm, so they are never "found".
func (c *Channel) Find(ctx context.Context, l flows.Letter) (string, bool, error) {
	if l.Op != flows.OpPost && l.Op != flows.OpSend || l.Post == nil && l.Send == nil {
		return "", false, nil
	}
	want := 1
	switch p := l.Post; {
	case p == nil:
		want = len(textParts(l.Send.Text, false))
	case p.Card == nil:
		want = len(textParts(p.Text, p.FromPerson))
	case p.Update && l.Target != "":
		return "", false, nil
	default:
		parts, err := cardParts(p.Card)
		if err != nil {
			return "", false, err
		}
		want = len(parts)
		if p.Thread == "" {
			l.Target = ""
		}
	}
	if fileName(l) != "" {
		want = 1
	}
	channel, thread, err := c.place(l)
	if err != nil {
		return "", false, err
	}
	there, err := c.posted(ctx, l, channel, thread)
	if undecidable(err) {
		c.log.Warn("slack: an attempt could not be looked up", "error", err.Error())
		return "", false, nil
	}
	if err != nil || there[0] == "" || len(there) < want {
		return "", false, err
	}
	return messageID(channel, there[0]), true, nil
}

// clockSkew is how far Slack's clock may be from ours.
const clockSkew = 5 * time.Minute

// posted lists the messages of a letter that are in Slack: part -> ts. Parts
// after the first are in its thread.
func (c *Channel) posted(ctx context.Context, l flows.Letter, channel, thread string) (map[int]string, error) {
	there := map[int]string{}
	note := func(m goslack.Message) {
		if n, ok := partOf(l, m); ok && there[n] == "" {
			there[n] = m.Timestamp
		}
	}
	oldest := stamp(since(l.Created))
	if err := c.each(ctx, channel, thread, oldest, note); err != nil {
		return nil, err
	}
	if ts := there[0]; thread == "" && ts != "" {
		if err := c.each(ctx, channel, ts, oldest, note); err != nil {
			return nil, err
		}
	}
	return there, nil
}

// since is the time to look from. Slack dates messages by its own clock, which
// a store with a moved clock (a demo, a test) knows nothing of.
func since(created time.Time) time.Time {
	if limit := time.Now().Add(-time.Hour); created.After(limit) {
		return limit
	}
	return created.Add(-clockSkew)
}

// stamp is a time as Slack writes it; the zero time is the beginning.
func stamp(t time.Time) string {
	if t.Unix() <= 0 {
		return "0"
	}
	return strconv.FormatInt(t.Unix(), 10) + ".000000"
}

// partOf reports whether m is a part of the letter, and which.
func partOf(l flows.Letter, m goslack.Message) (int, bool) {
	if name := fileName(l); name != "" {
		for _, f := range m.Files {
			if f.Name == name {
				return 0, true
			}
		}
	}
	if m.Metadata.EventType != eventType {
		return 0, false
	}
	want := metadata(l, 0).EventPayload
	got := m.Metadata.EventPayload
	if got["letter"] != want["letter"] || got["created"] != want["created"] {
		return 0, false
	}
	s, _ := got["part"].(string)
	n, err := strconv.Atoi(s)
	return n, err == nil
}

// maxPages bounds a look through a channel: 200 messages a page.
const maxPages = 20

var errPages = errors.New("slack: too many messages to look through")

// each reads a thread, or a channel when there is none, since a time.
func (c *Channel) each(ctx context.Context, channel, thread, oldest string, f func(goslack.Message)) error {
	cursor := ""
	for range maxPages {
		page, next, err := c.page(ctx, channel, thread, oldest, cursor)
		if err != nil {
			return err
		}
		for _, m := range page {
			f(m)
		}
		if cursor = next; cursor == "" {
			return nil
		}
	}
	return errPages
}

func (c *Channel) page(ctx context.Context, channel, thread, oldest, cursor string) (page []goslack.Message, next string, err error) {
	if thread != "" {
		err = c.call(ctx, "conversations.replies", func(ctx context.Context) (err error) {
			page, _, next, err = c.api.GetConversationRepliesContext(ctx, &goslack.GetConversationRepliesParameters{
				ChannelID: channel, Timestamp: thread, Oldest: oldest, Cursor: cursor,
				Limit: 200, Inclusive: true, IncludeAllMetadata: true,
			})
			return err
		})
		return page, next, err
	}
	err = c.call(ctx, "conversations.history", func(ctx context.Context) error {
		res, err := c.api.GetConversationHistoryContext(ctx, &goslack.GetConversationHistoryParameters{
			ChannelID: channel, Oldest: oldest, Cursor: cursor,
			Limit: 200, Inclusive: true, IncludeAllMetadata: true,
		})
		if err == nil {
			page, next = res.Messages, res.ResponseMetaData.NextCursor
		}
		return err
	})
	return page, next, err
}

// fileName is the name under which the file of a letter is kept in Slack, or
// "". It holds the letter's id, so that the message can be found again; staff
// see the title, which is the plain name.
func fileName(l flows.Letter) string {
	blob, name := "", ""
	switch {
	case l.Post != nil:
		blob, name = l.Post.Blob, l.Post.FileName
	case l.Send != nil:
		blob, name = l.Send.Blob, l.Send.FileName
	}
	if blob == "" {
		return ""
	}
	name = fileTitle(name)
	base, ext := name, ""
	if i := strings.LastIndexByte(name, '.'); i > 0 {
		base, ext = name[:i], name[i:]
	}
	return base + "~" + strconv.FormatUint(l.ID, 36) + "-" + strconv.FormatInt(l.Created.UnixMilli(), 36) + ext
}

// fileTitle is the name of a file without paths, controls or undue length.
func fileTitle(name string) string {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune("/\\:*?\"<>|\n\t", r) {
			return '-'
		}
		return r
	}, clean(name))
	if name = strings.TrimSpace(name); name == "" {
		return "document"
	}
	if size(name) > 100 {
		ext := name[max(strings.LastIndexByte(name, '.'), 0):]
		if len(ext) > 10 {
			ext = ""
		}
		name = ellipsis(name, 90) + ext
	}
	return name
}
