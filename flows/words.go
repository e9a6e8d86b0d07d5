package flows

import (
	"strings"

	"github.com/coopconnexion/relais/flows/french"
)

// command reads "/declarer octobre". The name is folded to a known command.
func command(text string) (name, arg string, ok bool) {
	text = strings.TrimSpace(text)
	if !strings.HasPrefix(text, "/") {
		return "", "", false
	}
	name, arg, _ = strings.Cut(text[1:], " ")
	name, _, _ = strings.Cut(name, "@")
	name = french.Fold(name)
	if known, ok := commandNames[name]; ok {
		return known, strings.TrimSpace(arg), true
	}
	return "unknown", "", true
}

// commandNames maps what people type to the command.
var commandNames = map[string]string{
	"start": "start", "demarrer": "start", "commencer": "start",
	"menu": "menu", "accueil": "menu",
	"aide": "help", "help": "help", "sos": "help",
	"annuler": "cancel", "cancel": "cancel", "stop": "cancel", "quitter": "cancel",
	"declarer": "declare", "declaration": "declare", "declare": "declare",
	"declarations": "list", "mesdeclarations": "list",
	"questionnaire": "pretest", "test": "pretest", "projet": "pretest",
	"parler": "human", "humain": "human", "contact": "human", "personne": "human",
	"question": "question", "estimer": "simulate", "calculer": "simulate", "simulation": "simulate", "pause": "pause", "reprendre": "continue",
	"comment je vais": "how-am-i", "commentjevais": "how-am-i", "comment": "how-am-i", "bienetre": "how-am-i",
	"effacer bien etre": "care-erase", "effacerbienetre": "care-erase",
	"mesdonnees": "data", "donnees": "data", "effacer": "erase", "moins": "fewer", "rappels": "fewer",
}

// bareCommand reads a command typed without its slash, outside questions.
func bareCommand(text string) (string, bool) {
	switch french.Fold(text) {
	case "menu", "accueil", "retour":
		return "menu", true
	case "bonjour", "salut", "slt", "bjr", "bonsoir", "hello", "coucou", "cc", "yo", "start":
		return "hello", true
	case "aide", "help", "au secours", "aidez moi", "aide moi":
		return "help", true
	case "annuler", "stop", "arreter", "arrete":
		return "cancel", true
	case "declarer", "declaration", "je veux declarer", "faire ma declaration", "declarer mon mois", "ma declaration", "je declare":
		return "declare", true
	case "mes declarations":
		return "list", true
	case "parler a quelqu un", "je veux parler a quelqu un", "humain", "un humain", "une personne", "un conseiller", "parler a un conseiller", "parler a une personne", "quelqu un", "je veux parler a un humain", "conseiller", "rdv", "rendez vous", "un rdv", "je veux un rdv", "je voudrais un rdv", "je veux un rendez vous", "je voudrais un rendez vous", "prendre rdv", "prendre rendez vous", "rappelez moi", "appelez moi", "je veux qu on m appelle":
		return "human", true
	case "questionnaire", "commencer", "le questionnaire", "je commence":
		return "pretest", true
	case "reprendre", "continuer", "je reprends", "on continue":
		return "continue", true
	case "comment je vais", "bien etre":
		return "how-am-i", true
	case "pause":
		return "pause", true
	case "effacer":
		return "care-erase", true
	case "mes donnees":
		return "data", true
	case "moins de rappels":
		return "fewer", true
	case "merci", "merci beaucoup", "ok merci", "super merci", "mrc", "ok", "d accord", "super", "parfait", "top", "cool":
		return "thanks", true
	}
	return "", false
}

// command carries out a command, typed or tapped. It reports whether it did.
func (t *turn) command(name, arg string) bool {
	switch name {
	case "start":
		t.start()
		return true
	case "help":
		t.help()
		return true
	case "human":
		t.human(arg)
		return true
	case "cancel":
		t.cancel()
		return true
	case "erase":
		t.erase(arg)
		return true
	}
	if !t.consented() {
		t.remember(name, arg)
		t.admitted()
		return true
	}
	return t.memberCommand(name, arg)
}
