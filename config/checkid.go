package config

import (
	"regexp"
	"sort"
	"strings"
)

var (
	userID      = regexp.MustCompile(`^[UW][A-Z0-9_]+$`)
	slackID     = regexp.MustCompile(`^[A-Z][A-Z0-9_]+$`)
	botToken    = regexp.MustCompile(`^[0-9]+:[A-Za-z0-9_-]+$`)
	webhookWord = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)
)

// roles are those of the allow-list.
var roles = map[string]bool{"admin": true, "advisor": true, "referent": true}

// pairs reads "U123=admin, U456=advisor". Commas, semicolons and line ends
// separate; the value is checked by value.
func pairs(text, example string, value func(string) (string, string)) (string, string) {
	seen := map[string]string{}
	for _, item := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' || r == '\n' }) {
		if item = trim(item); item == "" {
			continue
		}
		id, v, ok := strings.Cut(item, "=")
		id, v = trim(id), trim(v)
		switch {
		case !ok:
			return "", "must be a list such as " + example
		case !userID.MatchString(id):
			return "", "must name people by their Slack user id (U…, in their profile: Copy member ID), for example " + example
		case seen[id] != "":
			return "", "names the same person twice; keep one"
		}
		v, wrong := value(v)
		if wrong != "" {
			return "", wrong
		}
		seen[id] = v
	}
	out := make([]string, 0, len(seen))
	for id, v := range seen {
		out = append(out, id+"="+v)
	}
	sort.Strings(out)
	return strings.Join(out, ","), ""
}

func readStaff(text string, _ []string) (string, string) {
	return pairs(text, "U123=admin,U456=advisor", func(role string) (string, string) {
		if role = strings.ToLower(role); !roles[role] {
			return "", "must give each person the role admin, advisor or referent"
		}
		return role, ""
	})
}

func readNames(text string, _ []string) (string, string) {
	return pairs(text, "U123=Amina,U456=Luc", func(name string) (string, string) {
		if name == "" || strings.Contains(name, "=") {
			return "", "must give each person a name, for example U123=Amina"
		}
		return readText(name, []string{"80"})
	})
}

// readID reads an id of Slack; args[0] are the letters that it may start with.
func readID(text string, args []string) (string, string) {
	if !slackID.MatchString(text) || !strings.Contains(args[0], text[:1]) {
		return "", "must be the id, not the name: it starts with " + strings.Join(strings.Split(args[0], ""), " or ") + " (in Slack, at the bottom of its details)"
	}
	return text, ""
}

func readTelegram(text string, _ []string) (string, string) {
	if strings.HasPrefix(text, "bot") && botToken.MatchString(text[3:]) {
		return "", "must not start with the word bot; give the token alone, as @BotFather writes it"
	}
	if !botToken.MatchString(text) {
		return "", "must be digits, a colon and letters, as @BotFather writes it (123456:ABC…)"
	}
	return text, ""
}

// readToken reads a token of Slack; args[0] is how it starts.
func readToken(text string, args []string) (string, string) {
	if !strings.HasPrefix(text, args[0]) || len(text) == len(args[0]) || strings.ContainsFunc(text, blankOrControl) {
		return "", "must be one word that starts with " + args[0]
	}
	return text, ""
}

func readSecret(text string, _ []string) (string, string) {
	if strings.ContainsFunc(text, blankOrControl) {
		return "", "must be one word without spaces"
	}
	return text, ""
}

func readWebhookSecret(text string, _ []string) (string, string) {
	if !webhookWord.MatchString(text) {
		return "", "must be 1 to 256 letters, digits, _ and - (Telegram accepts nothing else)"
	}
	return text, ""
}

func blankOrControl(r rune) bool { return r <= ' ' || r == 0x7f || r == '\u00a0' }

// trim takes white space away from both ends, also the no-break space and the
// byte order mark that a copied token may bring along.
func trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool {
		return r <= ' ' || r == '\u00a0' || r == '\u202f' || r == '\u200b' || r == '\ufeff'
	})
}
