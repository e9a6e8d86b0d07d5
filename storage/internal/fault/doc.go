// Package fault lets the crash tests kill the process at named points. Without
// the build tag "faults" a point costs nothing and the environment is not read.
package fault
