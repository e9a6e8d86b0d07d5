package slack

import _ "embed"

// Manifest is the app manifest to paste at https://api.slack.com/apps, for
// Socket Mode.
//
//go:embed manifest.yaml
var Manifest string

// ManifestHTTP is the same app for signed HTTP events: its addresses must be
// replaced before pasting.
//
//go:embed manifest_http.yaml
var ManifestHTTP string
