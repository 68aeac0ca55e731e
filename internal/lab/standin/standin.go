// Package standin takes the place of ip, nft and their like in a lab on a machine that
// does not have them: what a learner or a script types there is done over netlink, as far
// as it changes the network or asks for one of its tables.
package standin

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"time"

	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Programs are those that can be stood in for.
var Programs = []string{"bridge", "conntrack", "ip", "iptables", "iptables-save", "nft", "sysctl"}

// Missing are those of the programs that this machine does not have.
func Missing() (all []string) {
	for _, program := range Programs {
		if _, err := exec.LookPath(program); err != nil {
			all = append(all, program)
		}
	}
	return all
}

// Read makes of a command line what it does, in the namespace that the process is in.
// argv[0] is one of Programs. The error says what is understood here.
func Read(argv []string) (do func() error, err error) {
	netns, argv := elsewhere(argv)
	if see := looks[argv[0]](argv[1:]); see != nil {
		return func() error { return show(netns, see) }, nil
	}
	c, err := change.Parse(netns, argv...)
	if err == nil {
		return func() error {
			var here change.Machine
			defer here.Close()
			return c.Apply(context.Background(), &here)
		}, nil
	}
	return nil, say.Join(say.Err("%s is not installed here. Its place is taken by nstutor, which understands what changes the network, with its words in full, and what shows it: `ip addr`, `ip route get`, `bridge link`, `sysctl KEY`, `nft list`, `nft monitor trace`, `iptables -S`, `iptables-save`, `conntrack -L`, `conntrack -E` and the like",
		"这台机器没有安装 %s，由 nstutor 代劳：改动网络的命令（词要写全），以及查看网络的命令：`ip addr`、`ip route get`、`bridge link`、`sysctl KEY`、`nft list`、`nft monitor trace`、`iptables -S`、`iptables-save`、`conntrack -L`、`conntrack -E` 等", argv[0]), err)
}

// Refusal is what the program itself says where it does not do what it is told, and the
// status that it exits with then.
type Refusal struct {
	Words  string
	Status int
}

func (r Refusal) Error() string { return r.Words }

// show prints what is to be seen in a namespace.
func show(netns string, see look) error {
	var here change.Machine
	defer here.Close()
	ns, err := here.NS(netns)
	if err != nil {
		return err
	}
	lines, err := see(ns)
	for _, line := range lines {
		if _, err := os.Stdout.WriteString(line + "\n"); err != nil {
			return err
		}
	}
	return err
}

// elsewhere reads `ip -n NAME …`: the namespace, and the command without it.
func elsewhere(argv []string) (netns string, rest []string) {
	if len(argv) > 3 && argv[0] == "ip" && (argv[1] == "-n" || argv[1] == "-netns") {
		return argv[2], append([]string{"ip"}, argv[3:]...)
	}
	return "", argv
}

// Exec is the command behind `ip netns exec`, with the namespace before it.
func Exec(argv []string) (command []string, ok bool) {
	if len(argv) > 4 && strings.Join(argv[:3], " ") == "ip netns exec" {
		return argv[3:], true
	}
	return nil, false
}

// follow prints what goes on and on, until the process is stopped.
func follow(lines func() ([]string, error)) error {
	for {
		fresh, err := lines()
		if err != nil {
			return err
		}
		for _, line := range fresh {
			if _, err := os.Stdout.WriteString(line + "\n"); err != nil {
				return err
			}
		}
		time.Sleep(followTime)
	}
}

// followTime is how often what goes on and on is asked for.
const followTime = 100 * time.Millisecond
