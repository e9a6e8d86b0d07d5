package config

import (
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// reader reads the text of a setting: the text in its normal form, or what is
// wrong with it and the fix. The words after the name of the check are its
// arguments.
type reader func(text string, args []string) (normal, wrong string)

// readers are the checks that the tags name.
var readers = map[string]reader{
	"place": readText, "dir": readText, "text": readText, "store": readStore,
	"percent": readPercent, "int": readInt, "rate": readRate, "bool": readBool,
	"zone": readZone, "addr": readAddr, "url": readURL, "https": readHTTPS, "public": readPublic, "level": readLevel,
	"names": readNames, "staff": readStaff, "id": readID,
	"telegram": readTelegram, "token": readToken, "secret": readSecret, "webhooksecret": readWebhookSecret,
}

// read checks the text of a setting. A token that was put into the wrong place
// is recognised first, whatever the place.
func (s setting) read(text string) (normal, wrong string) {
	name, rest, _ := strings.Cut(s.check, " ")
	if home, what := tokenHome(text); home != "" && home != s.env {
		return "", "this looks like " + what + "; move it to " + home
	}
	return readers[name](text, strings.Fields(rest))
}

var telegramToken = regexp.MustCompile(`^[0-9]{5,}:[A-Za-z0-9_-]{20,}$`)

// tokenHome says where a token belongs, by its shape.
func tokenHome(text string) (env, what string) {
	switch {
	case strings.HasPrefix(text, "xoxb-"):
		return "RELAIS_SLACK_BOT_TOKEN", "a Slack bot token"
	case strings.HasPrefix(text, "xapp-"):
		return "RELAIS_SLACK_APP_TOKEN", "a Slack app token"
	case telegramToken.MatchString(text):
		return "RELAIS_TELEGRAM_TOKEN", "a Telegram token"
	}
	return "", ""
}

func readText(text string, args []string) (string, string) {
	limit := 4096
	if len(args) > 0 {
		limit, _ = strconv.Atoi(args[0])
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", "must be one line without control characters"
	}
	if len([]rune(text)) > limit {
		return "", "must have at most " + strconv.Itoa(limit) + " characters"
	}
	return text, ""
}

func readStore(text string, _ []string) (string, string) {
	if strings.EqualFold(text, "badger") {
		return "badger", ""
	}
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") || u.Host == "" {
		return "", "must be badger, or an address such as postgres://user@host/database"
	}
	return text, ""
}

// readPercent reads "10%", "10 %", "10", "12,5 %". A bare number below 1 may
// mean a tenth or a tenth of a percent: it is refused.
func readPercent(text string, _ []string) (string, string) {
	const fix = "must be a percentage from 0 to 100, for example 10%"
	number, sign := strings.CutSuffix(trim(text), "%")
	d, err := decimal.NewFromString(strings.Replace(trim(number), ",", ".", 1))
	if err != nil || strings.ContainsAny(number, "eE+") || d.IsNegative() || d.GreaterThan(decimal.NewFromInt(100)) {
		return "", fix
	}
	if !sign && d.IsPositive() && d.LessThan(decimal.NewFromInt(1)) {
		return "", "is below 1 without a % sign; write 10% for a tenth, 0.1% for a thousandth"
	}
	return d.String(), ""
}

func readInt(text string, args []string) (string, string) {
	low, _ := strconv.Atoi(args[0])
	high, _ := strconv.Atoi(args[1])
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		return "", "must be a whole number from " + args[0] + " to " + args[1]
	}
	return strconv.Itoa(n), ""
}

func readRate(text string, args []string) (string, string) {
	high, _ := strconv.ParseFloat(args[0], 64)
	f, err := strconv.ParseFloat(strings.Replace(text, ",", ".", 1), 64)
	if err != nil || !(f > 0 && f <= high) {
		return "", "must be a number above 0, at most " + args[0]
	}
	return strconv.FormatFloat(f, 'g', -1, 64), ""
}

func readBool(text string, _ []string) (string, string) {
	switch strings.ToLower(text) {
	case "true", "yes", "oui", "on", "1":
		return "true", ""
	case "false", "no", "non", "off", "0":
		return "false", ""
	}
	return "", "must be true or false"
}

func readZone(text string, _ []string) (string, string) {
	if _, err := time.LoadLocation(text); err != nil || text == "Local" {
		return "", "is no known time zone; write one such as Europe/Paris or Indian/Reunion"
	}
	return text, ""
}

func readAddr(text string, _ []string) (string, string) {
	_, port, err := net.SplitHostPort(text)
	n, bad := strconv.Atoi(port)
	if err != nil || bad != nil || n < 0 || n > 65535 {
		return "", "must be an address and a port, for example 127.0.0.1:8081"
	}
	return text, ""
}

func readURL(text string, _ []string) (string, string) {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
		return "", "must be an address that starts with https://"
	}
	return text, ""
}

// readHTTPS refuses plain HTTP, which Telegram refuses too, except to this
// machine itself.
func readHTTPS(text string, _ []string) (string, string) {
	return overHTTPS(text, "Telegram calls nothing else")
}

// readPublic is the start of the links that people open: https, and nothing
// after the path, because the rest of the link is put behind it.
func readPublic(text string, _ []string) (string, string) {
	if u, err := url.Parse(text); err == nil && (u.RawQuery != "" || u.Fragment != "" || u.User != nil) {
		return "", "must be an address such as https://relais.example.org, without ?, # or @"
	}
	text, wrong := overHTTPS(text, "what people answer there is private")
	return strings.TrimRight(text, "/"), wrong
}

func overHTTPS(text, why string) (string, string) {
	if _, wrong := readURL(text, nil); wrong != "" {
		return "", wrong
	}
	u, _ := url.Parse(text)
	ip := net.ParseIP(u.Hostname())
	if u.Scheme == "http" && u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", "must start with https://: " + why
	}
	return text, ""
}

func readLevel(text string, _ []string) (string, string) {
	switch l := strings.ToLower(text); l {
	case "debug", "info", "warn", "error":
		return l, ""
	case "warning":
		return "warn", ""
	}
	return "", "must be debug, info, warn or error"
}
