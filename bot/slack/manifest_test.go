package slack

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// scopesOf says what each method of the Web API needs
// (https://docs.slack.dev/reference/methods).
var scopesOf = map[string][]string{
	"auth.test":                    nil,
	"chat.postMessage":             {"chat:write"},
	"chat.postEphemeral":           {"chat:write"},
	"chat.update":                  {"chat:write"},
	"conversations.history":        {"channels:history", "groups:history", "files:read"},
	"conversations.replies":        {"channels:history", "groups:history", "files:read"},
	"files.getUploadURLExternal":   {"files:write"},
	"files.completeUploadExternal": {"files:write"},
	"upload":                       nil,
	"reactions.add":                {"reactions:write"},
	"users.info":                   {"users:read"},
	"views.open":                   nil,
}

type manifest struct {
	Display  struct{ Name, Description string } `yaml:"display_information"`
	Features struct {
		Commands []struct{ Command, URL string } `yaml:"slash_commands"`
	}
	OAuth struct {
		Scopes struct{ Bot []string }
	} `yaml:"oauth_config"`
	Settings struct {
		Events struct {
			URL string   `yaml:"request_url"`
			Bot []string `yaml:"bot_events"`
		} `yaml:"event_subscriptions"`
		Interactivity struct {
			Enabled bool   `yaml:"is_enabled"`
			URL     string `yaml:"request_url"`
		}
		Socket bool `yaml:"socket_mode_enabled"`
	}
}

// called lists the methods that the sources of this package call.
func called(t *testing.T) []string {
	t.Helper()
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	re := regexp.MustCompile(`c\.call(?:Within)?\(ctx,(?: [^",]+,)? "([a-zA-Z.]+)"`)
	var out []string
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		src, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range re.FindAllStringSubmatch(string(src), -1) {
			out = append(out, m[1])
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestManifest(t *testing.T) {
	methods := called(t)
	if len(methods) != len(scopesOf) {
		t.Errorf("methods called: %v", methods)
	}
	for name, text := range map[string]string{"socket": Manifest, "http": ManifestHTTP} {
		var m manifest
		if err := yaml.Unmarshal([]byte(text), &m); err != nil {
			t.Fatal(name, err)
		}
		want := []string{"commands"}
		for _, method := range methods {
			scopes, ok := scopesOf[method]
			if !ok {
				t.Errorf("%s: which scopes does %s need?", name, method)
			}
			want = append(want, scopes...)
		}
		slices.Sort(want)
		want = slices.Compact(want)
		slices.Sort(m.OAuth.Scopes.Bot)
		if !slices.Equal(want, m.OAuth.Scopes.Bot) {
			t.Errorf("%s: scopes %v, want %v", name, m.OAuth.Scopes.Bot, want)
		}
		if !slices.Equal(m.Settings.Events.Bot, []string{"message.channels", "message.groups"}) {
			t.Errorf("%s: events %v", name, m.Settings.Events.Bot)
		}
		if n := len([]rune(m.Display.Description)); m.Display.Name != "Relais" || n == 0 || n > 140 || !m.Settings.Interactivity.Enabled {
			t.Errorf("%s: %+v", name, m)
		}
		if len(m.Features.Commands) != 1 || m.Features.Commands[0].Command != "/relais" {
			t.Errorf("%s: commands %v", name, m.Features.Commands)
		}
		http := !m.Settings.Socket
		if http != (name == "http") || http != strings.HasSuffix(m.Settings.Events.URL, "/slack/events") ||
			http != strings.HasSuffix(m.Settings.Interactivity.URL, "/slack/interactions") ||
			http != strings.HasSuffix(m.Features.Commands[0].URL, "/slack/commands") {
			t.Errorf("%s: addresses %+v", name, m.Settings)
		}
	}
}
