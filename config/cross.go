package config

import (
	"encoding/base64"
	"errors"
	"path/filepath"
	"strings"
)

// crossCheck looks at what the settings say together, and at the places that
// they name.
func (l *load) crossCheck(c Config) {
	if c.TelegramWebhookURL != "" && !c.TelegramWebhookSecret.IsSet() && !l.hasProblem("RELAIS_TELEGRAM_WEBHOOK_SECRET") {
		l.add("RELAIS_TELEGRAM_WEBHOOK_SECRET", "missing; a webhook address needs it, for example the output of: openssl rand -hex 32")
	}
	if c.TelegramWebhookURL == "" && c.TelegramWebhookSecret.IsSet() && !l.hasProblem("RELAIS_TELEGRAM_WEBHOOK_URL") {
		l.warn("RELAIS_TELEGRAM_WEBHOOK_SECRET", "does nothing without RELAIS_TELEGRAM_WEBHOOK_URL")
	}
	if c.TelegramChatRate > c.TelegramRate {
		l.warn("RELAIS_TELEGRAM_CHAT_RATE", "is above RELAIS_TELEGRAM_RATE, which then holds")
	}
	l.checkDirs(c)
	if c.MasterKeyFile == "" {
		return
	}
	if _, err := MasterKey(l.files, c.MasterKeyFile); err != nil {
		l.add("RELAIS_MASTER_KEY_FILE", err.Error())
	} else if info, err := l.files.Stat(c.MasterKeyFile); err == nil && info.Mode().Perm()&0o070 != 0 {
		l.warn("RELAIS_MASTER_KEY_FILE", "the group of the file may read it; chmod 600 it")
	}
	if rel, err := filepath.Rel(c.DataDir, c.MasterKeyFile); err == nil && filepath.IsLocal(rel) {
		l.warn("RELAIS_MASTER_KEY_FILE", "lies in the data directory: whoever copies that can read everything; keep it elsewhere")
	}
}

func (l *load) checkDirs(c Config) {
	if info, err := l.files.Stat(c.DataDir); err == nil && !info.IsDir() {
		l.add("RELAIS_DATA_DIR", "is a file; name a directory")
	}
	if c.ContentDir == "" {
		return
	}
	if info, err := l.files.Stat(c.ContentDir); err != nil {
		l.add("RELAIS_CONTENT_DIR", "the directory cannot be read: "+reason(err))
	} else if !info.IsDir() {
		l.add("RELAIS_CONTENT_DIR", "is a file; name a directory")
	}
}

// MasterKey reads the 32 bytes of a master key file (base64). Its error says
// what to do and does not quote the file.
func MasterKey(files Files, path string) ([]byte, error) {
	b, err := files.ReadFile(path)
	if err != nil {
		return nil, errors.New("the file cannot be read: " + reason(err) + "; to make one: " + makeKey)
	}
	if info, err := files.Stat(path); err == nil && info.Mode().Perm()&0o007 != 0 {
		return nil, errors.New("everybody on this machine may read the file; chmod 600 it")
	}
	text := strings.TrimRight(trim(string(b)), "=")
	text = strings.NewReplacer("-", "+", "_", "/").Replace(text)
	key, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil || len(key) != 32 {
		return nil, errors.New("the file must hold 32 bytes in base64; to make one: " + makeKey)
	}
	return key, nil
}

// add reports a problem of a setting, with the place where it was given.
func (l *load) add(env, text string) {
	s, _, _ := named(l.all, keyOf(env))
	v := l.given[env]
	l.problems = append(l.problems, about(s, given{file: v.file, line: v.line, suffix: v.suffix}, text))
}

func (l *load) warn(env, text string) {
	l.add(env, text)
	l.problems[len(l.problems)-1].Warning = true
}

func (l *load) hasProblem(env string) bool {
	for _, p := range l.problems {
		if strings.TrimSuffix(p.Env, "_FILE") == env {
			return true
		}
	}
	return false
}
