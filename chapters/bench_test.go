package chapters_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"nstutor/chapters"
	"nstutor/internal/lab"
	"nstutor/steps"
)

// mainLine is chapter 2 without its branches, and a lab at its beginning.
func mainLine(b *testing.B) (*lab.Lab, []steps.Action) {
	b.Helper()
	l, err := lab.New(b.Context(), lab.Options{Fast: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(l.Close)
	course := chapters.All()
	player := steps.NewPlayer(l, course)
	if err := player.Goto(b.Context(), "2.1"); err != nil {
		b.Fatal(err)
	}
	var actions []steps.Action
	for step := range course.Steps() {
		if strings.HasPrefix(step.ID, "2.") && !strings.HasPrefix(step.ID, "2.B") {
			actions = append(actions, step.Action)
		}
	}
	if len(actions) != 12 {
		b.Fatalf("chapter 2 has %d actions", len(actions))
	}
	return l, actions
}

// cable is how many changes at the beginning of chapter 2 make a cable and lay
// it. Moving and deleting a device waits for every CPU (synchronize_net), some
// 20 ms each, whoever asks for it.
const cable = 2

// BenchmarkChapter2 makes the twelve changes of chapter 2 and takes them back
// in reverse: as the program does, reading the state once for each round, and
// with a child process for each command, as typing them does. Those look at
// nothing. Once more it does so without the cable.
func BenchmarkChapter2(b *testing.B) {
	b.Run("by-netlink", func(b *testing.B) { byNetlink(b, 0) })
	b.Run("by-ip-commands", func(b *testing.B) { byCommands(b, 0) })
	b.Run("cable-laid/by-netlink", func(b *testing.B) { byNetlink(b, cable) })
	b.Run("cable-laid/by-ip-commands", func(b *testing.B) { byCommands(b, cable) })
}

// byNetlink makes the first changes before the clock runs.
func byNetlink(b *testing.B, first int) {
	l, actions := mainLine(b)
	for _, a := range actions[:first] {
		if err := a.Change(l).Apply(b.Context(), l); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		was, err := steps.ReadState(b.Context(), l)
		if err != nil {
			b.Fatal(err)
		}
		for _, a := range actions[first:] {
			if err := a.Change(l).Apply(b.Context(), l); err != nil {
				b.Fatal(err)
			}
		}
		for _, a := range slices.Backward(actions[first:]) {
			if err := a.Change(l).Undo(b.Context(), l, was.Before); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func byCommands(b *testing.B, first int) {
	for _, program := range []string{"ip", "sysctl"} {
		if _, err := exec.LookPath(program); err != nil {
			b.Logf("%s is not installed: there is nothing to compare with", program)
			return
		}
	}
	l, actions := mainLine(b)
	var lines []string
	for i, a := range actions {
		command := a.Change(l).Command()
		switch {
		case i < first:
			typed(b, l, command.String())
		case !slices.Contains(command.Argv, "ping"): // 2.12's would be measured by its round trip
			lines = append(lines, command.String())
		}
	}
	lines = append(lines, inverses[:len(inverses)-first]...)
	for b.Loop() {
		for _, line := range lines {
			typed(b, l, line)
		}
	}
}

// inverses take the main line of chapter 2 back.
var inverses = []string{
	"ip route del 172.20.1.10 dev veth-ns1",
	"sysctl -w net.ipv4.conf.veth-ns1.forwarding=0",
	"sysctl -w net.ipv4.conf.veth-ns1.proxy_arp=0",
	"ip netns exec ns1 ip link set lo down",
	"ip netns exec ns1 ip addr del 127.0.0.1/8 dev lo",
	"ip netns exec ns1 ip route del default via 172.20.1.1 dev ns1-eth0",
	"ip netns exec ns1 ip link set ns1-eth0 down",
	"ip netns exec ns1 ip addr del 172.20.1.10/24 dev ns1-eth0",
	"ip link set veth-ns1 down",
	"ip netns exec ns1 ip link set ns1-eth0 netns host",
	"ip link del veth-ns1",
}

// typed runs a command line on the node. None of these needs a shell.
func typed(b *testing.B, l *lab.Lab, line string) {
	b.Helper()
	cmd, err := l.Command(b.Context(), lab.Host, strings.Fields(line)...)
	if err != nil {
		b.Fatal(err)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%s: %v\n%s", line, err, out)
	}
}
