package flows

// HideCare takes the check-ins out of a person's document before somebody of
// the team reads it: they are the member's own, who sees them on the private
// page.
func HideCare(p *Person) {
	modules := cloneMap(p.Modules)
	delete(modules, careModule)
	p.Modules = modules
}
