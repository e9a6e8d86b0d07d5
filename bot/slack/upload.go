package slack

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"time"

	goslack "github.com/slack-go/slack"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/flows"
)

const (
	// maxFile bounds what is held in memory: Telegram gives bots at most 20 MB.
	maxFile = 25 << 20
	// blobTries is how often a file that is not there yet is waited for: it
	// may still be on its way from the person's channel.
	blobTries = 10
)

// deliverFile posts the text with its file. done is false when there is no
// file any more, so that the text must go alone.
func (c *Channel) deliverFile(ctx context.Context, l flows.Letter, parts []part, blob, name string) (id string, done bool, err error) {
	data, err := c.readBlob(ctx, l, blob)
	if err != nil || data == nil {
		return "", false, err
	}
	channel, thread, err := c.place(l)
	if err != nil {
		return "", false, err
	}
	fileID, err := c.putFile(ctx, fileName(l), data)
	if err != nil {
		return "", false, unsent(err)
	}
	params := goslack.CompleteUploadExternalParameters{
		Files:   []goslack.FileSummary{{ID: fileID, Title: fileTitle(name)}},
		Channel: channel, ThreadTimestamp: thread, InitialComment: comment(parts),
	}
	err = c.call(ctx, "files.completeUploadExternal", func(ctx context.Context) error {
		_, err := c.api.CompleteUploadExternalContext(ctx, params)
		return err
	})
	if err != nil {
		return "", false, err
	}
	// Slack does not say which message it made; the id is a convenience, so an
	// error here must not look like a failed delivery.
	if there, err := c.posted(ctx, l, channel, thread); err == nil && there[0] != "" {
		id = messageID(channel, there[0])
	}
	return id, true, nil
}

// comment is the whole text of a letter as one string: a comment has no blocks.
func comment(parts []part) string {
	var texts []string
	for _, p := range parts {
		for _, b := range p.blocks {
			if s, ok := b.(*goslack.SectionBlock); ok {
				texts = append(texts, s.Text.Text)
			}
		}
	}
	return strings.Join(texts, "\n")
}

// readBlob returns nil when the file is gone for good.
func (c *Channel) readBlob(ctx context.Context, l flows.Letter, blob string) ([]byte, error) {
	if c.opt.Blobs == nil {
		return nil, nil
	}
	r, err := c.opt.Blobs.OpenBlob(ctx, l.Person, blob)
	if err == nil {
		defer r.Close()
		var data []byte
		if data, err = io.ReadAll(io.LimitReader(r, maxFile+1)); err == nil {
			if len(data) == 0 || len(data) > maxFile {
				return nil, nil
			}
			return data, nil
		}
	}
	if l.Attempts < blobTries {
		return nil, &bot.RetryError{After: 10 * time.Second, Cause: "file_not_here_yet"}
	}
	return nil, nil
}

// putFile makes the first two of the three steps: nobody sees the file yet.
func (c *Channel) putFile(ctx context.Context, name string, data []byte) (string, error) {
	var up *goslack.GetUploadURLExternalResponse
	err := c.call(ctx, "files.getUploadURLExternal", func(ctx context.Context) (err error) {
		up, err = c.api.GetUploadURLExternalContext(ctx, goslack.GetUploadURLExternalParameters{FileName: name, FileSize: len(data)})
		return err
	})
	if err != nil {
		return "", err
	}
	err = c.callWithin(ctx, 3*c.timing.call, "upload", func(ctx context.Context) error {
		return c.api.UploadToURL(ctx, goslack.UploadToURLParameters{
			UploadURL: up.UploadURL, Reader: bytes.NewReader(data), Filename: name,
		})
	})
	return up.FileID, err
}

// unsent turns an unknown outcome of a step that shows nothing into a retry.
func unsent(err error) error {
	var retry *bot.RetryError
	var rejected *bot.RejectedError
	if errors.As(err, &retry) || errors.As(err, &rejected) || errors.Is(err, bot.ErrStop) {
		return err
	}
	return &bot.RetryError{After: 10 * time.Second, Cause: "upload_interrupted"}
}
