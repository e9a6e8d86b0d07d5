package telegram

import (
	"strings"

	"github.com/go-telegram/bot/models"

	"github.com/coopconnexion/relais/bot"
	"github.com/coopconnexion/relais/flows"
)

// Limits of inline keyboards (Bot API; callback data in bytes).
const (
	maxData    = 64
	maxRow     = 8
	maxButtons = 100
)

// keyboard renders rows of buttons; nil when there are none. A button that
// Telegram would refuse is our fault: the letter is rejected here, with a code.
func keyboard(rows [][]flows.Button) (*models.InlineKeyboardMarkup, error) {
	var out [][]models.InlineKeyboardButton
	n := 0
	for _, row := range rows {
		var line []models.InlineKeyboardButton
		for _, b := range row {
			k, err := button(b)
			if err != nil {
				return nil, err
			}
			if len(line) == maxRow { // too many for a line of Telegram's: go on below
				out, line = append(out, line), nil
			}
			line = append(line, k)
			n++
		}
		if len(line) > 0 {
			out = append(out, line)
		}
	}
	if n > maxButtons {
		return nil, &bot.RejectedError{Cause: "too_many_buttons"}
	}
	if n == 0 {
		return nil, nil
	}
	return &models.InlineKeyboardMarkup{InlineKeyboard: out}, nil
}

func button(b flows.Button) (models.InlineKeyboardButton, error) {
	k := models.InlineKeyboardButton{Text: strings.TrimSpace(validText(b.Label))}
	switch {
	case k.Text == "":
		return k, &bot.RejectedError{Cause: "button_without_label"}
	case b.URL != "":
		if !webAddress(b.URL) {
			return k, &bot.RejectedError{Cause: "button_url"}
		}
		k.URL = b.URL
	case b.Data == "":
		return k, &bot.RejectedError{Cause: "button_without_data"}
	case len(b.Data) > maxData:
		return k, &bot.RejectedError{Cause: "button_data_too_long"}
	default:
		k.CallbackData = b.Data
	}
	return k, nil
}
