package lab

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/internal/cni"
	"nstutor/internal/lab/standin"
	"nstutor/internal/say"
)

// applets are the small programs that run inside the lab as processes of
// their own, called by name like any other command.
var applets = map[string]func(args []string) error{
	"web":      web,
	"tell":     tell,
	"pause":    pause,
	"sidecar":  sidecar,
	"cni":      func(args []string) error { return cni.Main(args, os.Getenv("PATH")+standInPath) },
	enterNetns: execInNetns,
}

// Dispatch runs the applet this process was called as, and exits. It returns
// when the process was called as something else.
func Dispatch() {
	name := filepath.Base(os.Args[0])
	applet, ok := applets[name]
	if slices.Contains(standin.Programs, name) {
		applet, ok = standIn(name), true
	}
	if !ok {
		return
	}
	err := applet(os.Args[1:])
	var refusal standin.Refusal
	if errors.As(err, &refusal) {
		fmt.Fprintln(os.Stderr, refusal.Words)
		os.Exit(refusal.Status)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %s\n", filepath.Base(os.Args[0]), say.Quote(err).In(say.Locale()))
		os.Exit(1)
	}
	os.Exit(0)
}

// standIn does what a program would that is missing. It must not take itself for one.
func standIn(name string) func([]string) error {
	return func(args []string) error {
		argv := append([]string{name}, args...)
		if command, ok := standin.Exec(argv); ok {
			return execInNetns(command)
		}
		os.Setenv("PATH", strings.TrimSuffix(os.Getenv("PATH"), standInPath))
		do, err := standin.Read(argv)
		if err != nil {
			return err
		}
		return do()
	}
}

// webPage is the page that the lab's web server gives to a client, who has reached
// it at the address server.
func webPage(client, server string) string {
	return "<h1>Welcome to web!</h1>\n" + visit(client, server)
}

// visit says who has come to whom.
func visit(client, server string) string {
	return "client=" + client + "\nserver=" + server + "\n"
}

// ReadVisit reads in an answer of the lab's servers which client address they have
// seen, and at which address of theirs. It is not ok for any other text.
func ReadVisit(answer string) (client, server string, ok bool) {
	for _, word := range strings.Fields(answer) {
		if value, is := strings.CutPrefix(word, "client="); is {
			client = value
		}
		if value, is := strings.CutPrefix(word, "server="); is {
			server = value
		}
	}
	return client, server, client != "" && server != ""
}

// web serves one page on every address, at port 80 or the one given. The page
// says which client address the server saw, and at which of its own.
func web(args []string) error {
	addr := ":80"
	if len(args) > 0 {
		addr = ":" + args[0]
	}
	listener, err := net.Listen("tcp4", addr)
	if err != nil {
		return err
	}
	server := http.Server{
		ReadTimeout:  5 * time.Second,
		WriteTimeout: 5 * time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			client, _, _ := net.SplitHostPort(r.RemoteAddr)
			server := ""
			if own, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
				server, _, _ = net.SplitHostPort(own.String())
			}
			io.WriteString(w, webPage(client, server))
		}),
	}
	err = server.Serve(listener)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// pause does nothing until it is told to end, like the pause container.
func pause([]string) error {
	done := make(chan os.Signal, 1)
	signal.Notify(done, unix.SIGTERM, unix.SIGINT)
	<-done
	return nil
}
