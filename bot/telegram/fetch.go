package telegram

import (
	"context"
	"errors"
	"io"
	"net/http"
	"path"
	"strings"

	tg "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/flows"
)

// maxDownload is the largest file that Telegram gives to a bot.
const maxDownload = 20 << 20

// Fetch implements [bot.Fetcher]. The content must be read before ctx ends.
func (c *Channel) Fetch(ctx context.Context, f flows.FileRef) (io.ReadCloser, error) {
	if f.Channel != Name || f.ID == "" {
		return nil, &bot.RejectedError{Cause: "address"}
	}
	if f.Size > maxDownload {
		return nil, &bot.RejectedError{Cause: "file_too_big"}
	}
	var file *models.File
	err := c.call(ctx, callTimeout, func(ctx context.Context) (err error) {
		file, err = c.api.GetFile(ctx, &tg.GetFileParams{FileID: f.ID})
		return err
	})
	if err != nil {
		return nil, final(err)
	}
	return c.download(ctx, c.api.FileDownloadLink(file))
}

func (c *Channel) download(ctx context.Context, link string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
	if err != nil {
		return nil, &bot.RejectedError{Cause: "file"} // the error would name the token
	}
	e := &evidence{}
	req = req.WithContext(context.WithValue(req.Context(), evidenceKey{}, e))
	resp, err := c.client.Do(req)
	if err != nil {
		return nil, translate(errors.New("no answer"), e)
	}
	if resp.StatusCode == http.StatusOK {
		return resp.Body, nil
	}
	resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusTooManyRequests:
		return nil, &bot.RetryError{Cause: "429"}
	case http.StatusNotFound, http.StatusBadRequest:
		return nil, &bot.RejectedError{Cause: "file"}
	}
	return nil, &bot.UnknownError{Cause: "download", Answered: true}
}

// photoRef names the largest size of a photo.
func photoRef(sizes []models.PhotoSize) *flows.FileRef {
	best := sizes[0]
	for _, s := range sizes {
		if s.Width*s.Height > best.Width*best.Height {
			best = s
		}
	}
	return &flows.FileRef{
		Channel: Name, ID: best.FileID, Name: "photo.jpg", Mime: "image/jpeg",
		Size: int64(best.FileSize), Photo: true,
	}
}

// documentRef names a document, by a name that is safe to keep.
func documentRef(d *models.Document) *flows.FileRef {
	name := cleanName(path.Base(strings.ReplaceAll(d.FileName, "\\", "/")))
	if name == "" || name == "." || name == "/" {
		name = "document"
	}
	return &flows.FileRef{
		Channel: Name, ID: d.FileID, Name: name, Mime: cleanName(d.MimeType), Size: d.FileSize,
	}
}
