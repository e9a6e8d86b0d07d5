package main

import (
	"net/http"

	privatepage "github.com/coopconnexion/relais/bot/private"
)

// servePrivate serves members' private pages, where the settings say under
// which address people reach them.
func (a *app) servePrivate(mux *http.ServeMux) error {
	if a.set.PageURL == "" {
		return nil
	}
	pages, err := privatepage.New(privatepage.Options{URL: a.set.PageURL, Holder: a.store.Holder, View: a.book.PageFor, Intake: a.intake,
		Now: a.now, Zone: a.set.Zone, Logger: a.log})
	if err != nil {
		return err
	}
	mux.Handle("/prive/", pages)
	return nil
}
