package main

import (
	"net/http/httptest"
	"testing"
)

// openWhole serves the demo with its private pages: the address is known
// before the program is made, as in relais demo.
func openWhole(t testing.TB, o demoOptions) (*demo, page) {
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
	stop := startDemo(t, d)
	server.Start()
	t.Cleanup(func() {
		d.page.EndStreams()
		server.Close()
		stop()
	})
	return d, page{t, server.URL}
}
