package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/coopconnexion/relais/config"
	"github.com/coopconnexion/relais/flows"
)

// openWhole serves the demo with its private pages: the address is known
// before the program is made, as in relais demo. Each of before is called once
// it is made, and nothing runs yet.
func openWhole(t testing.TB, o demoOptions, before ...func(*demo)) (*demo, page) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	o.PageURL = "http://" + server.Listener.Addr().String()
	d, err := openDemo(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	handler, err := d.handler()
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = handler
	for _, f := range before {
		f(d)
	}
	stop := startDemo(t, d)
	server.Start()
	t.Cleanup(func() {
		d.page.EndStreams()
		server.Close()
		stop()
	})
	return d, page{t, server.URL}
}

// careOf is what the check-ins keep of a member of the demo.
func careOf(t testing.TB, d *demo, member string) flows.Care {
	t.Helper()
	id, ok, err := d.app.store.Owner(t.Context(), flows.Account{Channel: "web", ID: member})
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	p, err := d.app.store.Person(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	c, ok := flows.CareOf(&p)
	if !ok {
		t.Fatalf("%s has no check-ins", member)
	}
	return c
}

// TestServeHasThePrivatePage where the settings say how people reach it, and
// not otherwise.
func TestServeHasThePrivatePage(t *testing.T) {
	for address, want := range map[string]int{"https://relais.example.org": http.StatusGone, "": http.StatusNotFound} {
		cfg, _ := config.Load("", []string{"RELAIS_DATA_DIR=" + t.TempDir(), "RELAIS_PUBLIC_URL=" + address}, config.Disk{})
		s, err := openServer(t.Context(), cfg, quiet())
		if err != nil {
			t.Fatal(err)
		}
		rec := httptest.NewRecorder()
		s.mux.ServeHTTP(rec, httptest.NewRequest("GET", "/prive/unknown0unknown", nil))
		if rec.Code != want {
			t.Errorf("with the address %q: %d, want %d", address, rec.Code, want)
		}
		if err := s.app.close(); err != nil {
			t.Error(err)
		}
	}
}
