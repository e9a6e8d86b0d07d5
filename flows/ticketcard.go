package flows

var ticketWhy = map[string]string{
	"asked":    "demande à parler à quelqu'un",
	"meeting":  "préfère un rendez-vous au questionnaire",
	"misses":   "n'arrive pas à avancer",
	"minor15":  "a 15 ans : une personne répond, pas le robot",
	"said":     "a écrit un message",
	"staff":    "conversation ouverte par l'équipe",
	"erase":    "demande l'effacement de ses données",
	"crisis":   "a envoyé un message inquiétant",
	"gone":     "a bloqué le robot : plus aucun message ne passe",
	"failed":   "un message n'a pas pu lui être remis",
	"question": "pose une question sans réponse",
}

// ticketText is the card of a request for a human. A crisis card says who and
// how to reach, never what was written.
func (t *turn) ticketText(key string) (title string, body Rich, actions []Action) {
	k := t.ticket(key)
	if k.Why == "callback" {
		return t.callbackText(k)
	}
	title = "À contacter : " + t.shownName()
	if k.Why == "crisis" {
		title = "Message inquiétant : " + t.shownName()
	}
	body = B(t.shownName()).Add(T(" " + ticketWhy[k.Why] + "."))
	body = body.Line(T(t.statusWords() + " · " + t.channelWords()))
	if t.p.Profile.Phone != "" {
		body = body.Add(T(" · " + t.p.Profile.Phone))
	}
	body = body.Line(T("Âge : " + t.ageWords()))
	if k.Why == "crisis" {
		body = body.Para(T("Appelez maintenant. N'évaluez pas seul·e : le 3114 conseille aussi les proches et les professionnels. Danger immédiat : 15."))
	}
	switch {
	case !k.Closed.IsZero():
		body = body.Para(T("Conversation close."))
		return title, body, nil
	case k.Held != "":
		body = body.Para(T("Pris en charge par " + t.name(k.Held) + ". Le robot se tait : vos réponses dans ce fil arrivent à la personne."))
		return title, body, []Action{{ID: "close", Label: "Clore"}}
	}
	return title, body, []Action{{ID: "take", Label: "Prendre en charge", Style: "primary"}, {ID: "close", Label: "Clore"}}
}

// callbackText is a request to be called back: a name, how to reach the person,
// and nothing else.
func (t *turn) callbackText(k *Ticket) (title string, body Rich, actions []Action) {
	title = "À rappeler : " + t.shownName()
	reach := t.p.Profile.Phone
	if reach == "" {
		reach = t.channelWords()
	}
	body = B(t.shownName()).Add(T(" souhaite être rappelé·e. " + reach))
	switch {
	case !k.Closed.IsZero():
		return title, body.Para(T("Clos.")), nil
	case k.Taken != "":
		return title, body.Para(T(t.name(k.Taken) + " rappelle.")), []Action{{ID: "close", Label: "Clore"}}
	}
	return title, body, []Action{{ID: "take", Label: "Je rappelle", Style: "primary"}}
}

// ticket is the person's ticket of this card key.
func (t *turn) ticket(key string) *Ticket {
	for i := range t.p.Tickets {
		if t.p.Tickets[i].Key == key {
			return &t.p.Tickets[i]
		}
	}
	return &Ticket{Key: key}
}
