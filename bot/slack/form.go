package slack

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"

	goslack "github.com/slack-go/slack"
)

// The names inside our forms.
const (
	formCallback = "relais_reason"
	reasonBlock  = "reason"
	reasonField  = "text"
	maxFormTitle = 24 // title, submit and close of a view, in characters
)

// sealed is the private metadata of a form: what is decided, for whom the form
// was opened, and a code that only we can make.
type sealed struct {
	Card     string `json:"c"`
	Action   string `json:"a"`
	Version  int    `json:"v"`
	Required bool   `json:"r,omitempty"`
	Team     string `json:"t"`
	User     string `json:"u"`
	Message  string `json:"m"` // the card's message, CHANNEL:ts
	Code     string `json:"s,omitempty"`
}

func (c *Channel) codeOf(s sealed) string {
	s.Code = ""
	b, _ := json.Marshal(s)
	mac := hmac.New(sha256.New, c.key)
	mac.Write(b)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// openSealed reads the metadata of a form, if it is ours and this user's.
func (c *Channel) openSealed(metadata string, i *interaction) (sealed, bool) {
	var s sealed
	if json.Unmarshal([]byte(metadata), &s) != nil {
		return s, false
	}
	ok := hmac.Equal([]byte(s.Code), []byte(c.codeOf(s)))
	return s, ok && s.User == i.User.ID && s.Team == i.Team.ID && validCard(s.Card)
}

// form is the view that asks for the reason of an action.
func (c *Channel) form(i *interaction, p press, label string) (goslack.ModalViewRequest, error) {
	s := sealed{Card: p.Card, Action: p.Action, Version: p.Version, Required: p.Required,
		Team: i.Team.ID, User: i.User.ID, Message: messageID(i.channel(), i.ts())}
	s.Code = c.codeOf(s)
	metadata, err := json.Marshal(s)
	if err != nil || size(string(metadata)) > maxMetadata {
		return goslack.ModalViewRequest{}, errors.New("slack: the form's metadata is too long")
	}
	if strings.TrimSpace(label) == "" {
		label = "Votre réponse"
	}
	field := goslack.NewPlainTextInputBlockElement(nil, reasonField).WithMultiline(true).WithMaxLength(maxSection)
	block := goslack.NewInputBlock(reasonBlock, plainText(p.Ask, 2000), nil, field).WithOptional(!p.Required)
	return goslack.ModalViewRequest{
		Type: goslack.VTModal, CallbackID: formCallback, PrivateMetadata: string(metadata),
		Title: plainText(label, maxFormTitle), Submit: plainText("Envoyer", maxFormTitle),
		Close: plainText("Annuler", maxFormTitle), Blocks: goslack.Blocks{BlockSet: []goslack.Block{block}},
	}, nil
}

// trimmed is the text of a form's field: forms hold plain text, no markup.
func trimmed(s string) string { return strings.TrimSpace(clean(s)) }
