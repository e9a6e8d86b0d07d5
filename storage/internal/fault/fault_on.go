//go:build faults

package fault

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
)

// plan is the point named by the environment and the passage that kills.
var plan = sync.OnceValues(func() (string, int64) {
	name, nth, _ := strings.Cut(os.Getenv("RELAIS_FAULT"), ":")
	n, err := strconv.ParseInt(nth, 10, 64)
	if err != nil {
		n = 1
	}
	return name, n
})

var passed atomic.Int64

// Point kills the process with SIGKILL when RELAIS_FAULT is "name:n" and this
// is the n-th passage at that name.
func Point(name string) {
	want, n := plan()
	if name != want || passed.Add(1) != n {
		return
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // the signal is on its way: nothing more may happen
}
