package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"nstutor/diag/explain"
	"nstutor/diag/explain/machine"
	"nstutor/diag/probe"
	"nstutor/internal/nsenter"
)

// maxPayload is what the greatest IPv4 packet has room for behind its header of
// 20 bytes and ICMP's of 8.
const maxPayload = 65535 - 20 - 8

// explain says why a ping, a connection or a datagram is not answered, on any machine.
func (a *app) explain() *cobra.Command {
	var output, from string
	var noProbe, df, causes, verified bool
	var size int
	var sport uint16
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "explain TARGET",
		Short: "Say where and why a packet to TARGET dies, and the smallest fix",
		Long: `Follow a packet to TARGET and its reply from namespace to namespace, asking the
kernel at every hop, then send one and compare. Nothing is changed.

TARGET is HOST for a ping; HOST:PORT or tcp://HOST:PORT for a connection, which
is opened and closed without a byte of data; udp://HOST:PORT for a datagram (an
empty one; to port 53 a question); http://HOST[:PORT][/PATH] for a connection and
what is answered on it. HOST is an IPv4 address, or a name that is looked up as
the namespace would: by the hosts and resolv.conf of its container, where it is
one's.

--from names the namespace where the packet starts: a name of ` + "`ip netns`" + `, a path, a
process (pid:378, or 378), or a container of Docker, containerd, podman, CRI-O,
LXC, systemd-nspawn or Mininet by its name or the beginning of its ID, or a pod;
container:NAME is a container whatever else has the name. No daemon is asked.

The answer comes in this order: the verdict in one sentence; the way there and
back, a namespace a line, with what was seen on the wire; the lines of the
kernel's tables that prove the fault; the fix, ready to paste; what would still
be broken after it; and what the probe itself says.

With --verify the fix of a ping is tried: the namespaces on its way are copied into a
lab that vanishes again; the same ping fails there, the commands are run as they are
printed, and request and reply arrive; no command can be left out; and what the fix
opens, closes or reroutes besides is listed. Only then it counts as verified. What
was not copied is said.

It takes root to enter another namespace and to read the packet filter.

The exit status is 0 when the packet is answered, 1 when it is not or when that
cannot be told, and 2 when the question cannot be asked.`,
		Example: `  nstutor explain 192.168.6.160 --from ns1
  nstutor explain 10.244.1.7 --from pid:4711 --size 1472 --df
  nstutor explain db:5432 --from web
  nstutor explain udp://10.96.0.10:53 --from web
  nstutor explain 10.244.2.9 --from pod1 --verify
  nstutor explain example.com --no-probe -o json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if causes && len(args) == 0 {
				return nil
			}
			return oneTarget(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if output != "text" && output != "json" {
				return fmt.Errorf("output %q: choose -o text or -o json", output)
			}
			if causes {
				return listCauses(os.Stdout, output, a.language(""))
			}
			if size < 0 || size > maxPayload {
				return fmt.Errorf("--size %d: an echo carries 0 to %d bytes", size, maxPayload)
			}
			asked, err := parseTarget(args[0])
			if err != nil {
				return err
			}
			if asked.proto == 0 && sport != 0 {
				return fmt.Errorf("--sport %d: a ping has no port; ask about HOST:PORT", sport)
			}
			if asked.proto == unix.IPPROTO_TCP && size != 0 {
				return fmt.Errorf("--size %d: a connection is opened without data", size)
			}
			if timeout <= 0 && !noProbe {
				return fmt.Errorf("--timeout %s: the probe needs some time to wait, such as 2s; --no-probe sends none", timeout)
			}
			world := machine.New()
			defer world.Close()
			node, err := world.Open(from)
			if err != nil {
				return cannotOpen(from, err)
			}
			req := explain.Request{
				From: node, Proto: asked.proto, Port: asked.port, SrcPort: sport, URL: asked.url,
				Size: size, DF: df, Probe: !noProbe, Timeout: timeout,
			}
			answer, err := answerTo(cmd.Context(), world, asked.host, req)
			if err != nil {
				return err
			}
			told := telling{app: a, json: output == "json", answer: answer}
			if verified {
				err = told.tried(cmd.Context(), world, req)
			} else {
				err = told.all(world)
			}
			if err != nil {
				return err
			}
			if answer.Verdict != explain.Delivered {
				return status(exitBroken)
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "text or json")
	cmd.Flags().BoolVar(&causes, "causes", false, "list all causes that an answer can name, and the table that shows each")
	cmd.Flags().StringVar(&from, "from", "", "where the packet starts: a name under /run/netns, a container or pod, pid:N, or a path (default: here)")
	cmd.Flags().BoolVar(&noProbe, "no-probe", false, "only predict: send nothing, wait for nothing")
	cmd.Flags().BoolVar(&verified, "verify", false, "try the fix of a ping in a private copy of the network, and say what else it changes")
	cmd.Flags().Uint16Var(&sport, "sport", 0, "the port that the connection or the datagram comes from (0: one that the kernel would choose)")
	cmd.Flags().IntVar(&size, "size", 0, "payload of the echo or the datagram in bytes, as ping -s says it (0: ping's 56)")
	cmd.Flags().BoolVar(&df, "df", false, "let no router fragment the packet, as ping -M do")
	cmd.Flags().DurationVar(&timeout, "timeout", 4*time.Second, "how long to wait for the probe")
	return cmd
}

// answerTo explains the way to a host, or why its name has no address.
func answerTo(ctx context.Context, world *machine.Machine, host string, req explain.Request) (explain.Answer, error) {
	dest, err := destination(ctx, req.From, host)
	if failed, ok := errors.AsType[*probe.NameError](err); ok && failed.Outcome == probe.NoResolver && len(failed.Servers) > 0 && failed.Servers[0].Addr().Is4() {
		return explain.ExplainName(ctx, world, req, failed)
	}
	if err != nil {
		return explain.Answer{}, err
	}
	req.Dest = dest
	return explain.Explain(ctx, world, req)
}

func oneTarget(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return pingable("")
	}
	_, err := parseTarget(args[0])
	return err
}

// destination is the address of a name, as the namespace that pings knows it.
func destination(ctx context.Context, node *machine.Space, name string) (netip.Addr, error) {
	dest, err := probe.ResolveAs(ctx, node.NS, node.Process, name)
	switch {
	case err != nil && node.Name != "":
		return dest, fmt.Errorf("%s: %w", node.Title(), err)
	case err != nil:
		return dest, err
	case !dest.Is4():
		return dest, fmt.Errorf("%s is an IPv6 address; explain follows IPv4 only", dest)
	case dest.IsMulticast() || dest == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return dest, fmt.Errorf("%s is the address of many; explain follows a packet to one", dest)
	}
	return dest, nil
}

// cannotOpen says in one sentence why a namespace cannot be pinged from.
func cannotOpen(from string, err error) error {
	pid, isProcess := strings.CutPrefix(from, "pid:")
	called, isContainer := strings.CutPrefix(from, "container:")
	several, isAmbiguous := errors.AsType[*machine.Ambiguous](err)
	switch {
	case isAmbiguous:
		return fmt.Errorf("--from %s: %w", from, several)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("--from %s: permission denied: entering another namespace takes root", from)
	case errors.Is(err, fs.ErrNotExist) && isProcess:
		return fmt.Errorf("--from %s: there is no process %s", from, pid)
	case errors.Is(err, machine.ErrNobody) && isContainer:
		return fmt.Errorf("--from %s: no container or pod that runs here is called %s", from, called)
	case errors.Is(err, fs.ErrNotExist) && !strings.Contains(from, "/"):
		return fmt.Errorf("--from %s: there is no /run/netns/%[1]s, and no container or pod is called so; name one, a namespace of `ip netns`, pid:N or a path", from)
	case errors.Is(err, fs.ErrNotExist) && !filepath.IsAbs(from):
		return fmt.Errorf("--from %s: there is no such file, and no pod is called so", from)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("--from %s: there is no such file", from)
	case errors.Is(err, nsenter.ErrNoNamespace), errors.Is(err, unix.EINVAL):
		return fmt.Errorf("--from %s: this is no network namespace", from)
	}
	return fmt.Errorf("--from: %w", err)
}
