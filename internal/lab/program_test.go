package lab_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"nstutor/internal/lab"
)

// program is a small nstutor: a guardian and, inside, a lab that makes a mess,
// says "ready", and waits to be ended. Its arguments are the mode to be born in
// and what else to do.
func program(args []string) {
	if lab.Inside() {
		if err := inside(args[1:]); err != nil {
			fmt.Println("failed:", err)
			os.Exit(1)
		}
		return
	}
	code, err := lab.EnterAs(args[0])
	if err != nil {
		fmt.Println("failed:", err)
		os.Exit(2)
	}
	os.Exit(code)
}

// cleanExit is the status of an inside that was asked to end.
const cleanExit = 7

func inside(args []string) error {
	ended := make(chan os.Signal, 8)
	signal.Notify(ended, unix.SIGTERM, unix.SIGHUP, unix.SIGINT)
	l, err := lab.New(context.Background(), lab.Options{})
	if err != nil {
		return err
	}
	if err := mess(l); err != nil {
		return err
	}
	for _, arg := range args {
		if err := pranks[arg](); err != nil {
			return fmt.Errorf("%s: %w", arg, err)
		}
	}
	fmt.Println("ready")
	if len(args) == 0 {
		go quitWhenAsked(l)
	}
	os.Exit(128 + int((<-ended).(unix.Signal)))
	return nil
}

func quitWhenAsked(l *lab.Lab) {
	if line, _ := bufio.NewReader(os.Stdin).ReadString('\n'); line == "quit\n" {
		l.Close()
		os.Exit(cleanExit)
	}
}

// mess is what a learner can do: to the lab, to the namespace around it, to the
// file system, and a daemon that nobody has to end.
func mess(l *lab.Lab) error {
	if err := l.AddNetns("ns1"); err != nil {
		return err
	}
	host, err := l.NS(lab.Host)
	if err != nil {
		return err
	}
	web, err := l.Spawn(lab.Host, "web", "web")
	if err != nil {
		return err
	}
	if comm, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", web.PID())); err != nil || string(comm) != "web\n" {
		return fmt.Errorf("/proc has %q as process %d: %w", comm, web.PID(), err)
	}
	return errors.Join(
		host.Do(func() error { return scribble("lab0") }),
		scribble("mess0"),
		unix.Mount("tmpfs", "/mnt", "tmpfs", 0, ""),
		os.MkdirAll("/etc/netns/ns1", 0o755),
		os.WriteFile("/etc/netns/ns1/resolv.conf", []byte("nameserver 192.0.2.1\n"), 0o644),
		os.WriteFile("/run/left-behind", nil, 0o644),
		run("/proc/self/exe", "daemon"),
		byCommand("ip", "netns", "add", "learner"),
		byCommand("iptables", "-t", "nat", "-A", "POSTROUTING", "-j", "MASQUERADE"),
	)
}

// scribble changes a bit of everything in the current network namespace.
func scribble(name string) error {
	err := netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: name, TxQLen: -1}, PeerName: name + "p"})
	if err != nil {
		return err
	}
	link, err := netlink.LinkByName(name)
	if err != nil {
		return err
	}
	addr, err := netlink.ParseAddr("198.51.100.77/24")
	if err != nil {
		return err
	}
	rule := netlink.NewRule()
	rule.Priority, rule.Table = 77, 77
	return errors.Join(
		netlink.AddrAdd(link, addr),
		netlink.LinkSetUp(link),
		netlink.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Dst: netlink.NewIPNet(net.IPv4(192, 0, 2, 7))}),
		netlink.RuleAdd(rule),
		dropRule("mess"),
		os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0),
		os.WriteFile("/proc/sys/net/ipv4/conf/all/rp_filter", []byte("2"), 0),
		os.WriteFile("/proc/sys/net/ipv4/ip_default_ttl", []byte("33"), 0),
	)
}

func run(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, out)
	}
	return nil
}

// byCommand runs a command where it is installed.
func byCommand(name string, args ...string) error {
	if _, err := exec.LookPath(name); err != nil {
		return nil
	}
	return run(name, args...)
}

// daemon starts itself once more in a session of its own and ends, so that
// nobody is its parent.
func daemon(args []string) {
	if len(args) == 0 {
		cmd := exec.Command("/proc/self/exe", "daemon", "stay")
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		if err := cmd.Start(); err != nil {
			os.Exit(1)
		}
		return
	}
	signal.Ignore(unix.SIGTERM, unix.SIGHUP, unix.SIGINT, unix.SIGQUIT)
	select {}
}

// contained is a program in a container that hides a part of /proc, or makes
// the settings read-only. Its arguments are which, and the program's.
func contained(args []string) {
	hide := map[string]func() error{
		"hidden": func() error { return unix.Mount("tmpfs", "/proc/tty", "tmpfs", 0, "") },
		"read-only": func() error {
			return errors.Join(unix.Mount("/proc/sys", "/proc/sys", "", unix.MS_BIND, ""),
				unix.Mount("", "/proc/sys", "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""))
		},
	}
	if err := hide[args[0]](); err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
	if err := unix.Exec("/proc/self/exe", append([]string{"/proc/self/exe", "program"}, args[1:]...), os.Environ()); err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
}

// pranks are what an inside can do to the terminal.
var pranks = map[string]func() error{
	// As a full-screen program does.
	"raw": func() error {
		modes, err := unix.IoctlGetTermios(0, unix.TCGETS)
		if err != nil {
			return err
		}
		modes.Lflag &^= unix.ICANON | unix.ECHO | unix.ISIG
		modes.Oflag &^= unix.OPOST
		return unix.IoctlSetTermios(0, unix.TCSETS, modes)
	},
	// As a shell with job control does.
	"foreground": func() error {
		cmd := exec.Command("/proc/self/exe", "daemon", "stay")
		cmd.Stdin = os.Stdin
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Foreground: true, Ctty: 0}
		return cmd.Start()
	},
}
