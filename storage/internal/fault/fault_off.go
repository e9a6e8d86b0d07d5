//go:build !faults

package fault

// Point does nothing: the program was not built with the tag "faults".
func Point(string) {}
