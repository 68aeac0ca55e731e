package lab

import (
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// hear makes this process's ignored signals those of this process alone. Who
// starts it under nohup(1), or in the background of a script, has SIGHUP, SIGINT
// or SIGQUIT ignored, and that is inherited over exec(2): a shell in the lab would
// outlive its terminal, and ^C end nothing in it. A signal that is caught goes
// back to its default instead. What is caught here is dropped, as it was before.
func hear() {
	for _, s := range []os.Signal{unix.SIGHUP, unix.SIGINT, unix.SIGQUIT} {
		if signal.Ignored(s) {
			signal.Notify(make(chan os.Signal, 1), s) // nobody reads: Notify never waits
		}
	}
}
