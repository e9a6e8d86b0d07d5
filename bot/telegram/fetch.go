package telegram

import (
	"context"
	"errors"
	"io"
	"net/http"

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
