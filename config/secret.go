package config

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is a value that is never shown: whatever prints, logs or encodes it
// writes a fixed word. Only [Secret.Reveal] gives the value. It is held behind
// a pointer, so that a printer that walks over unexported fields shows an
// address.
type Secret struct{ value *string }

// NewSecret hides a value. White space around it is not part of it.
func NewSecret(v string) Secret {
	if v = trim(v); v == "" {
		return Secret{}
	}
	return Secret{&v}
}

// Reveal gives the value, for the one place that needs it.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsSet reports whether there is a value.
func (s Secret) IsSet() bool { return s.value != nil }

// String says whether there is a value.
func (s Secret) String() string {
	if s.value == nil {
		return "[not set]"
	}
	return "[secret]"
}

// GoString is what %#v prints.
func (s Secret) GoString() string { return s.String() }

// Format prints the fixed word whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText is what JSON and YAML write.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue is what slog writes.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// UnmarshalText takes the value.
func (s *Secret) UnmarshalText(b []byte) error {
	*s = NewSecret(string(b))
	return nil
}
