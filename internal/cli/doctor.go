package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"nstutor/diag/probe"
	"nstutor/diag/wire"
	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/steps"
)

// finding is one line of the doctor's answer.
type finding struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Needed bool   `json:"needed"` // the course does not run without it
	Detail string `json:"detail"`
	Advice string `json:"advice,omitempty"` // what to do when it is not OK
}

// doctor says what this machine allows.
func (a *app) doctor() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say what this machine allows, and what to do about what it does not",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output != "text" && output != "json" {
				return fmt.Errorf("output %q: choose -o text or -o json", output)
			}
			err := a.inLab(func() error {
				return tell(os.Stdout, output, append(examineLab(cmd.Context()), examineTools()...))
			})
			var refused *lab.Refusal
			if errors.As(err, &refused) {
				lab := finding{"isolated network", false, true, refused.Err.Error(), refused.Advice}
				return tell(os.Stdout, output, append([]finding{kernel(), lab}, examineTools()...))
			}
			return err
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "text or json")
	return cmd
}

// tell prints the findings; the status is 1 when something needed is missing.
func tell(w io.Writer, output string, findings []finding) error {
	ok := true
	for _, f := range findings {
		ok = ok && (f.OK || !f.Needed)
	}
	if output == "json" {
		if err := writeJSON(w, map[string]any{"schema": 1, "ok": ok, "findings": findings}); err != nil {
			return err
		}
	} else if err := tellText(w, findings, ok); err != nil {
		return err
	}
	if !ok {
		return status(exitBroken)
	}
	return nil
}

func tellText(w io.Writer, findings []finding, ok bool) error {
	var b strings.Builder
	for _, f := range findings {
		mark := "ok  "
		switch {
		case !f.OK && f.Needed:
			mark = "FAIL"
		case !f.OK:
			mark = "-   "
		}
		fmt.Fprintf(&b, "%s %-22s %s\n", mark, f.Name, f.Detail)
		if !f.OK && f.Advice != "" {
			fmt.Fprintf(&b, "     %-22s %s\n", "", f.Advice)
		}
	}
	if ok {
		b.WriteString("\nThe whole course runs here.\n")
	} else {
		b.WriteString("\nThe course does not run here yet: see FAIL above.\n")
	}
	_, err := io.WriteString(w, say.CleanLines(b.String()))
	return err
}

func kernel() finding {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return finding{Name: "kernel", Detail: err.Error()}
	}
	return finding{Name: "kernel", OK: true, Detail: "Linux " + unix.ByteSliceToString(u.Release[:])}
}

// examineLab tries in a real lab what the course does in one.
func examineLab(ctx context.Context) []finding {
	start := time.Now()
	l, err := lab.New(ctx, lab.Options{})
	if err != nil {
		return []finding{kernel(), {"isolated network", false, true, err.Error(),
			"the namespaces could be made, but not what belongs in them; \"not supported\" means that this kernel has no veth devices (CONFIG_VETH)"}}
	}
	defer l.Close()
	findings := []finding{kernel(), {"isolated network", true, true,
		fmt.Sprintf("%s, ready in %d ms", lab.Born(), time.Since(start).Milliseconds()), ""}}
	if lab.Open() {
		findings = append(findings, finding{"protection", false, false, "the lab runs as root without a user namespace",
			"the network, processes and host name are the lab's own, and the kernel's settings are read-only; but what you type there is root's on this machine's files and disks. To keep these apart as well, allow user namespaces: " + lab.Wanting()})
	}
	for _, trial := range trials {
		f := finding{Name: trial.name, OK: true, Needed: true, Detail: trial.detail}
		if err := trial.try(ctx, l); err != nil {
			f.OK, f.Detail, f.Advice = false, err.Error(), trial.advice
		}
		findings = append(findings, f)
	}
	return findings
}

// trials are what the lessons need of the kernel.
var trials = []struct {
	name, detail, advice string
	try                  func(context.Context, *lab.Lab) error
}{
	{"ping", "raw ICMP socket in the lab", "the kernel refuses raw sockets even to the lab's own root: is a seccomp filter set?", tryPing},
	{"capture", "packet socket in the lab", "the kernel refuses packet sockets: is it built with CONFIG_PACKET, or is a seccomp filter set?", tryCapture},
	{"bridge", "bridge devices", "load the module: `sudo modprobe bridge`", func(ctx context.Context, l *lab.Lab) error {
		return steps.BridgeAdd{Netns: lab.Host, Name: "br-doctor"}.Change(l).Apply(ctx, l)
	}},
	{"address translation", "nat table and MASQUERADE", "load the modules: `sudo modprobe -a nf_tables nft_masq nft_chain_nat xt_MASQUERADE iptable_nat`", func(ctx context.Context, l *lab.Lab) error {
		return steps.Masquerade{Netns: lab.Host, Src: "172.20.1.10"}.Change(l).Apply(ctx, l)
	}},
}

func tryPing(ctx context.Context, l *lab.Lab) error {
	ns, err := l.NS(lab.Host)
	if err != nil {
		return err
	}
	if r := probe.Ping(ctx, ns, probe.Echo{To: "192.168.6.1", Timeout: l.PingTimeout()}); r.Outcome != probe.Replied {
		return errors.New(r.Message)
	}
	return nil
}

func tryCapture(_ context.Context, l *lab.Lab) error {
	ns, err := l.NS(lab.Host)
	if err != nil {
		return err
	}
	tap, err := wire.Capture(ns, wire.Filter{})
	if err != nil {
		return err
	}
	tap.Close()
	return nil
}

// tools are the programs a learner may want to type; the course itself needs
// none of them.
var tools = []struct {
	name    string
	version []string
	without string
}{
	{"ip", []string{"-V"}, "the course runs; to type `ip` commands yourself, install iproute2"},
	{"iptables", []string{"-V"}, "the course runs: its rules go in over netlink; to type them yourself, install iptables"},
	{"nft", []string{"-v"}, "the course runs; to list its rules yourself, install nftables"},
	{"ping", []string{"-V"}, "the course has its own; to ping yourself, install iputils-ping"},
	{"nsenter", []string{"-V"}, "the course runs; to enter namespaces by PID yourself, install util-linux"},
	{"conntrack", []string{"-V"}, "the course runs; to list tracked connections yourself, install conntrack"},
}

func examineTools() []finding {
	var findings []finding
	for _, tool := range tools {
		f := finding{Name: tool.name, Advice: tool.without}
		path, err := exec.LookPath(tool.name)
		if err != nil {
			f.Detail = "not installed"
			findings = append(findings, f)
			continue
		}
		f.OK, f.Detail = true, path
		if out, err := exec.Command(path, tool.version...).CombinedOutput(); err == nil {
			first, _, _ := strings.Cut(string(out), "\n")
			f.Detail = first
		}
		findings = append(findings, f)
	}
	return findings
}
